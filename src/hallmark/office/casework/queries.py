"""Reading a case, asking the rules who may act in it before anybody tries, and reading one's inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.office.accounts import queries as accounts
from hallmark.office.accounts.policies import Actor, reach
from hallmark.office.casework import policies
from hallmark.office.casework.audience import WORDS
from hallmark.office.casework.models import Notice
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.registry import queries as registry
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import application, certificate, decision, evaluation, personnel
from hallmark.rules.act import Act
from hallmark.rules.edition import Edition
from hallmark.rules.state import Overlay, Record
from hallmark.statement import kinds
from hallmark.statement.envelope import Draft
from hallmark.statement.kind import Role

LABORATORY_FUNCTIONS = ("tester", "authorised_signatory")
_UNINVOLVED: Mapping[str, tuple[Callable[[Act], None], ...]] = {
    "reviewer": (decision.reviewer_did_not_evaluate,),
    "decision_maker": (decision.decider_did_not_evaluate, decision.decider_did_not_review),
    "responsible_person": (decision.signatory_is_not_involved,),
}
ACTS: Mapping[str, tuple[str, ...]] = {
    "submitted": (
        "application.supplemented",
        "application.accepted",
        "application.declined",
        "application.withdrawn",
    ),
    "accepted": ("agreement.signed", "application.withdrawn"),
    "agreed": ("evaluation.planned", "application.withdrawn"),
    "planned": (
        "sample.received",
        "test.reported",
        "audit.reported",
        "nonconformity.raised",
        "nonconformity.answered",
        "nonconformity.closed",
        "review.recommended",
        "decision.made",
        "application.withdrawn",
        "application.closed",
    ),
    "granted": ("signoff.made",),
    "signed_off": ("certificate.issued",),
    "refused": ("appeal.lodged", "appeal.decided"),
    "declined": ("appeal.lodged", "appeal.decided"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might act; `excluded_by` is the rule that forbids it."""

    id: str
    name: Text
    excluded_by: HallmarkError | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A case at a time: its record, digest, edition, missing documents, what is overdue and which acts may follow."""

    case: str
    record: Record
    digest: bytes
    edition: Edition
    missing: tuple[str, ...]
    overdue: tuple[int, ...]
    late: bool
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as people read it: about which case, certificate, organisation or person; times in ms."""

    id: str
    kind: str
    subject: str
    words: Text
    made_ms: int
    read_ms: int | None


def view(case: str, *, at: int | None = None) -> View:
    """Return the case as of now; raises `NoSuchCase`."""
    record = registry.case(case)
    edition = Edition.of_case(DatabaseState(), record)
    today = edition.date_at(wall_clock() if at is None else at)
    return View(
        case,
        record,
        decision.case_digest(record),
        edition,
        tuple(application.missing_documents(edition, record)),
        tuple(
            int(number)
            for number, each in record["nonconformities"].items()
            if list(application.overdue([each], today))
        ),
        record["stage"] == "planned" and instant.parse_date(record["evaluate_by"]) < today,
        ACTS.get(record["stage"], ()),
    )


def missing(case: str) -> tuple[str, ...]:
    """Return the ids of the documents that the application lacks; raises `NoSuchCase`."""
    return view(case).missing


def candidates(case: str, function: str, *, at: int | None = None) -> list[Candidate]:
    """Return those whom body or laboratory records in `function`, with the rule that excludes whom it excludes."""
    record = registry.case(case)
    state = Overlay(DatabaseState())
    state.apply({"ledger": {**(state.get("ledger") or {}), "now": wall_clock() if at is None else at}})
    organisation = record.get("laboratory" if function in LABORATORY_FUNCTIONS else "body") or ""
    recorded = (key.split("/")[1:4] for key, _ in state.scan("competence/"))
    people = sorted({person for person, *where in recorded if where == [organisation, function]})
    names = accounts.person_names(people)
    return [
        Candidate(person, Text(name, name), _breach(rules_for(function), state, organisation, case, {function: person}))
        for person in people
        if (name := names.get(person, person))
    ]


def rules_for(function: str) -> tuple[Callable[[Act], None], ...]:
    """Return the rules that whoever acts in `function` must satisfy."""
    return (personnel.approvers_are_competent, *_UNINVOLVED.get(function, ()))


def laboratories(case: str, *, at: int | None = None) -> list[Candidate]:
    """Return all laboratories, with the rule that excludes those it excludes from this case today."""
    record = registry.case(case)
    state = Overlay(DatabaseState())
    state.apply({"ledger": {**(state.get("ledger") or {}), "now": wall_clock() if at is None else at}})
    rules = (evaluation.laboratory_is_qualified,)
    return [
        Candidate(name, Text(**each["name"]), _breach(rules, state, record["body"], case, {}, laboratory=name))
        for key, each in registry.organisations()
        if each["role"] == Role.LABORATORY and (name := key.removeprefix("organisation/"))
    ]


def inbox(actor: Actor, *, unread: bool = False, skip: int = 0, most: int = 100) -> list[Message]:
    """Return the notices for whoever asks, newest first, `most` of them after the first `skip`."""
    reach(actor, policies.SEE_INBOX)
    rows = Notice.objects.filter(policies.addressed_to(actor), kind__in=WORDS)
    if unread:
        rows = rows.filter(read_ms=None)
    return [
        Message(row.id, row.kind, row.subject, _words(row), row.made_ms, row.read_ms)
        for row in rows.order_by("-made_ms", "id")[skip : skip + most]
    ]


def certificate_claims(case: str, *, at: int | None = None) -> tuple[str, dict[str, Any]]:
    """Return number and claims of the certificate that the case has earned, valid from today as long as may be."""
    record = registry.case(case)
    state = DatabaseState()
    edition = Edition.of_case(state, record)
    today = _today(state, record, at)
    claims = {
        "case": case,
        **certificate.record_of(state, record),
        "granted_on": today.isoformat(),
        "valid_from": today.isoformat(),
        "valid_until": instant.add_years(today, edition.number("validity_years")).isoformat(),
    }
    return certificate.next_number(state, edition, record, today), claims


def _words(row: Notice) -> Text:
    zh, en = (
        words.format(subject=row.subject, **{name: _in(fact, language) for name, fact in row.facts.items()})
        for language, words in WORDS[row.kind]._asdict().items()
    )
    return Text(zh, en)


def _in(fact: Any, language: str) -> Any:
    return fact[language] if isinstance(fact, dict) else fact


def _breach(
    rules: tuple[Callable[[Act], None], ...],
    state: Overlay,
    issuer: str,
    case: str,
    approvers: dict[str, str],
    **claims: object,
) -> HallmarkError | None:
    """Return what the rules would say of an act that never happens."""
    draft = Draft("", kinds.find("evaluation.planned"), issuer, case, 0, claims)
    try:
        for rule in rules:
            rule(Act(state, draft, dict(claims), approvers))
    except HallmarkError as breach:
        return breach
    return None


def _today(state: DatabaseState, record: Record, at: int | None) -> date:
    return Edition.of_case(state, record).date_at(wall_clock() if at is None else at)
