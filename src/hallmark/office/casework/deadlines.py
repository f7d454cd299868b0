"""What will fall due, read from what is so: a projection into the jobs' table of deadlines.

Nothing happens because time passes: a deadline that falls due tells people, and changes no case. A time limit counts
where the scheme gives it or its owner has set it; without a value there is no deadline. A day that is named counts to
its end, and days are counted from the civil date on which they begin.

The subject of a deadline is the key of its record without the family, and after `#` the part of it: `CASE-…#3` is the
third nonconformity of a case, `ORG-…/testing/cfp#CFP-01` one type of a designation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from hallmark.kernel import instant
from hallmark.office.casework import notices
from hallmark.office.casework.course import is_evaluated
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.models import Deadline
from hallmark.office.jobs.worker import Run
from hallmark.office.registry import queries as registry
from hallmark.office.registry.models import Entry
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.decision import file_size
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record
from hallmark.scheme.model import Module

# How long before an end people are reminded of it is a courtesy of this office; no norm is known, and none is meant.
REMINDER_DAYS = 30


@dataclass(frozen=True, slots=True)
class Due:
    """What may fall due for a subject, and the time in ms at which it does; None where it does not, or no more."""

    kind: str
    subject: str
    at: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit of a stage: so many days from the last of these statements, as long as the case waits for it."""

    kind: str
    parameter: str
    since: tuple[str, ...]
    waits: Callable[[Edition, Record], bool]


def _awaits_report(module: Module, reports: str) -> Callable[[Edition, Record], bool]:
    return lambda edition, case: case["stage"] == "planned" and edition.requires(module) and not case[reports]


def _is_reviewed(case: Record) -> bool:
    return bool(case.get("review")) and case["review"]["place"] == file_size(case)


def _awaits_review(edition: Edition, case: Record) -> bool:
    return case["stage"] == "planned" and not _is_reviewed(case) and is_evaluated(edition, case)


def _awaits_decision(_: Edition, case: Record) -> bool:
    return case["stage"] == "planned" and _is_reviewed(case)


def _appeal(case: Record) -> str:
    return str((case.get("appeal") or {}).get("outcome", ""))


LIMITS = (
    Limit(
        "acceptance.overdue",
        "acceptance_days",
        ("application.submitted", "appeal.decided"),
        lambda _, case: case["stage"] == "submitted",
    ),
    Limit("type_test.overdue", "type_test_days", ("evaluation.planned",), _awaits_report(Module.TYPE_TEST, "tests")),
    Limit("audit.overdue", "audit_days", ("evaluation.planned",), _awaits_report(Module.AUDIT, "audits")),
    Limit(
        "review.overdue",
        "review_days",
        ("test.reported", "audit.reported", "nonconformity.closed", "appeal.decided"),
        _awaits_review,
    ),
    Limit("decision.overdue", "decision_days", ("review.recommended",), _awaits_decision),
    Limit(
        "issue.overdue",
        "certificate_days",
        ("decision.made",),
        lambda _, case: case["stage"] in ("granted", "signed_off"),
    ),
    Limit("appeal.overdue", "appeal_decision_days", ("appeal.lodged",), lambda _, case: _appeal(case) == "pending"),
)

FAMILIES: Mapping[str, str] = {
    **dict.fromkeys((limit.kind for limit in LIMITS), "case"),
    **dict.fromkeys(("evaluation.due", "evaluation.overdue"), "case"),
    **dict.fromkeys(("nonconformity.due", "nonconformity.overdue"), "case"),
    **dict.fromkeys(("appeal.ending", "appeal.closed"), "case"),
    **dict.fromkeys(("certificate.renewable", "certificate.ending", "certificate.expired"), "certificate"),
    "suspension.overdue": "certificate",
    **dict.fromkeys(("designation.ending", "designation.expired"), "designation"),
    **dict.fromkeys(("competence.ending", "competence.expired"), "competence"),
}
"""Every kind of deadline, with the family of records that it is read from."""


def forget() -> None:
    """Drop all deadlines of these kinds. Jobs are made once for a time, so what has fallen due does not do so again."""
    Deadline.objects.filter(kind__in=FAMILIES).delete()


def follow(rows: Iterable[Entry]) -> None:
    """Set the deadlines of everything that these entries are about."""
    state = DatabaseState()
    for family, name in dict.fromkeys(key for row in rows for key in _records_of(row)):
        _set(list(standing(state, family, name)))


def fall_due(run: Run) -> None:
    """Tell people that a deadline has passed, unless it stands no more."""
    kind, subject, at = run.kind, run.payload["subject"], run.payload["due_ms"]
    family, (name, _, part) = FAMILIES[kind], subject.partition("#")
    state = DatabaseState()
    if Due(kind, subject, at) not in standing(state, family, name):
        return
    facts = {"number": int(part)} if kind.startswith("nonconformity.") else {}
    with run.conclude():
        notices.tell_due(state, kind, subject, _concerned(family, name), facts, at)


def standing(state: DatabaseState, family: str, name: str) -> Iterator[Due]:
    """Yield every deadline that a record may have, with its time where it has one now."""
    record = state.get(f"{family}/{name}")
    if record is None:
        return
    match family:
        case "case":
            told = dict(Entry.objects.filter(subject=name).order_by("index").values_list("kind", "told_ms"))
            yield from of_case(Edition.of_case(state, record), name, record, told)
        case "certificate":
            yield from of_certificate(Edition.of_case(state, record), name, record)
        case "designation":
            yield from of_designation(Edition.latest(state, name.rsplit("/", 1)[1]), name, record)
        case "competence":
            yield from of_competence(Edition.latest(state, name.rsplit("/", 1)[1]), name, record)


def of_case(edition: Edition, name: str, case: Record, told: Mapping[str, int]) -> Iterator[Due]:
    """Yield the deadlines of a case; `told` is when each kind of statement was last made in it, in ms."""
    offset = edition.number("civil_offset_minutes")
    planned = case["stage"] == "planned"
    by = instant.parse_date(case["evaluate_by"]) if planned else None
    yield Due("evaluation.due", name, _start(by, 0, offset))
    yield Due("evaluation.overdue", name, _start(by, 1, offset))
    for number, each in case["nonconformities"].items():
        by = instant.parse_date(each["due"]) if planned and each["status"] != "closed" else None
        yield Due("nonconformity.due", f"{name}#{number}", _start(by, 0, offset))
        yield Due("nonconformity.overdue", f"{name}#{number}", _start(by, 1, offset))
    days = _days(edition, "appeal_days")
    open_to_appeal = case["stage"] in ("refused", "declined") and _appeal(case) in ("", "upheld")
    ended = edition.date_at(case["ended_at"]) if open_to_appeal and days is not None else None
    yield Due("appeal.ending", name, _start(ended, days or 0, offset))
    yield Due("appeal.closed", name, _start(ended, (days or 0) + 1, offset))
    for limit in LIMITS:
        days = _days(edition, limit.parameter)
        counts = days is not None and limit.waits(edition, case)
        since = edition.date_at(max(told.get(kind, 0) for kind in limit.since)) if counts else None
        yield Due(limit.kind, name, _start(since, (days or 0) + 1, offset))


def of_certificate(edition: Edition, name: str, certificate: Record) -> Iterator[Due]:
    """Yield the deadlines of a certificate."""
    offset = certificate["offset_minutes"]
    last = certificate["history"][-1]
    ends = instant.parse_date(certificate["valid_until"]) if last["status"] in ("in-force", "suspended") else None
    window, longest = _days(edition, "renewal_window_days"), _days(edition, "suspension_max_days")
    suspended = instant.parse_date(last["effective_on"]) if last["status"] == "suspended" else None
    yield Due("certificate.renewable", name, None if window is None else _start(ends, -window, offset))
    yield Due("certificate.ending", name, _start(ends, -REMINDER_DAYS, offset))
    yield Due("certificate.expired", name, _start(ends, 1, offset))
    yield Due("suspension.overdue", name, None if longest is None else _start(suspended, longest + 1, offset))


def of_designation(edition: Edition, name: str, designation: Record) -> Iterator[Due]:
    """Yield the deadlines of a designation, for each type of the catalogue."""
    offset = edition.number("civil_offset_minutes")
    for product_type in sorted({*edition.scheme.types, *designation["types"]}):
        period = designation["types"].get(product_type)
        ends = instant.parse_date(period[1]) if period else None
        yield Due("designation.ending", f"{name}#{product_type}", _start(ends, -REMINDER_DAYS, offset))
        yield Due("designation.expired", f"{name}#{product_type}", _start(ends, 1, offset))


def of_competence(edition: Edition, name: str, competence: Record) -> Iterator[Due]:
    """Yield the deadlines of a person's competence."""
    offset = edition.number("civil_offset_minutes")
    ends = instant.parse_date(competence["valid_until"]) if competence["product_types"] else None
    yield Due("competence.ending", name, _start(ends, -REMINDER_DAYS, offset))
    yield Due("competence.expired", name, _start(ends, 1, offset))


def _records_of(row: Entry) -> Iterator[tuple[str, str]]:
    """Yield family and name of the records with deadlines that an entry changed."""
    match row.kind.partition(".")[0]:
        case "certificate":
            yield "certificate", row.subject
            if row.kind == "certificate.issued":
                yield "case", registry.claims(row)["case"]
        case "designation":
            claims = registry.claims(row)
            yield "designation", f"{row.subject}/{claims['activity']}/{claims['scheme']}"
        case "competence":
            claims = registry.claims(row)
            yield "competence", f"{row.subject}/{row.issuer}/{claims['function']}/{claims['scheme']}"
        case _ if row.subject.startswith("CASE-"):
            yield "case", row.subject


def _concerned(family: str, name: str) -> Record:
    """Return the parties to a record."""
    first, *others = name.split("/")
    match family:
        case "case":
            return registry.case(name)
        case "certificate":
            return notices.case_of(name)
        case "designation":
            return {"holder": first}
    return {"person": first, "employer": others[0]}


def _set(dues: list[Due]) -> None:
    """Bring the jobs' table to what stands; most of it is there already."""
    rows = Deadline.objects.filter(kind__in=FAMILIES, subject__in={due.subject for due in dues}, done=False)
    scheduled = {(kind, subject): at for kind, subject, at in rows.values_list("kind", "subject", "due_ms")}
    for due in dues:
        at = scheduled.get((due.kind, due.subject))
        if due.at is None and at is not None:
            jobs.withdraw(due.kind, due.subject)
        elif due.at is not None and due.at != at:
            jobs.schedule(due.kind, due.subject, due.at)


def _days(edition: Edition, parameter: str) -> int | None:
    """Return the days of a time limit; None where nobody has set it, or the scheme does not know it."""
    value = edition.settings.values.get(parameter)
    return value if type(value) is int else None


def _start(day: date | None, shift: int, offset: int) -> int | None:
    """Return the instant at which the day `shift` days after `day` begins; None for no day, or beyond the calendar."""
    if day is None:
        return None
    try:
        return instant.start_of(instant.add_days(day, shift), offset)
    except instant.OutOfCalendar:
        return None
