"""Telling people what concerns them: a projection of statements, and what deadlines write when they fall due.

A notice is found again by what made it and whom it is for, so that making it twice changes nothing. Made again from the
ledger, notices are the same, except that those which somebody has read are kept: no statement says who has read what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hallmark.kernel import canonical, identifier
from hallmark.office.casework.audience import AUDIENCE, FACTS, To
from hallmark.office.casework.course import Course
from hallmark.office.casework.models import Notice
from hallmark.office.registry import queries as registry
from hallmark.office.registry.models import Entry
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import person
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record

Recipient = tuple[str, str, str]  # organisation, function, person


def forget() -> None:
    """Drop the notices of statements that nobody has read."""
    Notice.objects.filter(read_ms=None).exclude(entry=None).delete()


def follow(rows: Iterable[Entry]) -> None:
    """Tell those whom these entries concern."""
    state = DatabaseState()
    courses: dict[str, Course] = {}
    for row in rows:
        if row.kind not in AUDIENCE:
            continue
        claims = registry.claims(row)
        record = _advance(courses, row, claims) if row.subject.startswith("CASE-") else _concerned(row, claims)
        wanted = [
            to
            for to in AUDIENCE[row.kind]
            if to.when is None or to.when(Edition.of_case(state, record), record, claims)
        ]
        facts = {name: claims[name] for name in FACTS if name in claims}
        _write(state, row.kind, row.subject, record, wanted, facts, row.told_ms, entry=row.index)


def tell_due(state: DatabaseState, kind: str, subject: str, record: Record, facts: Mapping[str, Any], at: int) -> None:
    """Tell those whom a deadline concerns that fell due at `at`, for the case, certificate or holder in `record`."""
    _write(state, kind, subject, record, AUDIENCE[kind], facts, at)


def case_of(certificate: str) -> Record:
    """Return the record of the case out of which a certificate came."""
    issued = Entry.objects.get(kind="certificate.issued", subject=certificate)
    return registry.case(registry.claims(issued)["case"])


def _advance(courses: dict[str, Course], row: Entry, claims: dict[str, Any]) -> Record:
    if row.subject not in courses:
        courses[row.subject] = Course.before(row)
    courses[row.subject].take(row, claims)
    return courses[row.subject].record


def _concerned(row: Entry, claims: Mapping[str, Any]) -> Record:
    """Return the parties to a statement that is about no case."""
    match row.kind.partition(".")[0]:
        case "certificate":
            return registry.case(claims["case"]) if "case" in claims else case_of(row.subject)
        case "designation":
            return {"holder": row.subject}
    return {"person": row.subject, "employer": row.issuer}


def _write(
    state: DatabaseState,
    event: str,
    subject: str,
    record: Record,
    audience: Iterable[To],
    facts: Mapping[str, Any],
    at: int,
    entry: int | None = None,
) -> None:
    if "product" in record:
        product = record["product"]
        facts = {**facts, "product": {name: f"{words} {product['model']}" for name, words in product["name"].items()}}
    notices = [
        Notice(
            id=_identify(event, subject, at if entry is None else entry, to.notice, recipient),
            organisation=recipient[0],
            function=recipient[1],
            person=recipient[2],
            kind=to.notice or event,
            subject=subject.partition("#")[0].partition("/")[0],
            facts=facts,
            entry=entry,
            made_ms=at,
        )
        for to in audience
        for recipient in _recipients(state, to, record)
    ]
    Notice.objects.bulk_create(
        {notice.id: notice for notice in notices}.values(),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["organisation", "function", "person", "kind", "subject", "facts", "entry", "made_ms"],
    )


def _identify(event: str, subject: str, cause: int, notice: str, recipient: Recipient) -> str:
    return identifier.from_seed("NOTICE", canonical.encode([event, subject, cause, notice, list(recipient)]))


def _recipients(state: DatabaseState, to: To, record: Record) -> Iterator[Recipient]:
    match to.party:
        case "team":
            for member in record.get("team") or ():
                if member["function"] == to.function:
                    yield record["body"], "", person.resolve(state, member["person"])
        case "person":
            yield record["employer"], "", person.resolve(state, record["person"])
        case party if record.get(party):
            yield record[party], to.function, ""
