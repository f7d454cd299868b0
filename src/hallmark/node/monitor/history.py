"""What happened so far, as triggers ask for it: cases, certificates, keys, each with the time that was told.

A case is known to strangers by its identifier, its applicant, its product type and the kinds of its statements. Which
case a certificate came out of is not public, but its reports are, and each of them is in one case.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hallmark.statement.approval import Approval

_ENDED = ("application.declined", "application.closed", "decision.made")
_REPORTS = ("test.reported", "audit.reported")


@dataclass(frozen=True, slots=True)
class Event:
    """One statement: `told` is the ledger's time and `made` its own, ms since 1970 UTC; `claims` all that are known."""

    index: int
    told: int
    made: int
    kind: str
    issuer: str
    subject: str
    claims: Mapping[str, Any]
    approvals: tuple[Approval, ...] = ()


@dataclass(slots=True)
class Case:
    """A case: who applied for which type, with the statements about it; `product` is known where it is disclosed."""

    name: str
    applicant: str
    product_type: str
    product: Mapping[str, Any] | None
    events: list[Event] = field(default_factory=list)
    certificate: str = ""

    def last(self, *kinds: str) -> Event | None:
        """Return the last statement of these kinds."""
        return next((event for event in reversed(self.events) if event.kind in kinds), None)

    @property
    def body(self) -> str:
        """The body, from its first statement on, or nothing."""
        own = ("application.accepted", "application.declined", "evaluation.planned", "decision.made")
        return next((event.issuer for event in self.events if event.kind in own), "")

    @property
    def evaluation(self) -> int | None:
        """How long the evaluation took, from plan to last report by told time, in ms."""
        plan, report = self.last("evaluation.planned"), self.last(*_REPORTS)
        return report.told - plan.told if plan and report else None

    @property
    def ended(self) -> Event | None:
        """What ended the case without a certificate; a decision counts unless it is known to grant one."""
        last = self.last(*_ENDED)
        granted = last is not None and last.claims.get("outcome") == "grant"
        return None if granted or self.certificate else last


@dataclass(slots=True)
class History:
    """What happened so far."""

    cases: dict[str, Case] = field(default_factory=dict)
    by_applicant: dict[str, list[Case]] = field(default_factory=lambda: defaultdict(list))
    reports: dict[str, Case] = field(default_factory=dict)
    issued: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    spans: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """How long the evaluations behind a body's certificates took, in ms, ascending."""
    statuses: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    evaluations: dict[tuple[str, str], list[Event]] = field(default_factory=lambda: defaultdict(list))
    rekeyed: dict[str, Event] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Let an event have happened."""
        match event.kind:
            case "application.submitted":
                claims = event.claims
                case = Case(event.subject, event.issuer, claims["product_type"], claims.get("product"))
                self.cases[event.subject] = case
                self.by_applicant[event.issuer].append(case)
            case "certificate.issued":
                self.issued[event.issuer].append(event)
                if origin := self.case_of(event):
                    origin.certificate = event.subject
                    if (span := origin.evaluation) is not None:
                        insort(self.spans[event.issuer], span)
            case "organisation.rekeyed" | "person.rekeyed":
                self.rekeyed[event.subject] = event
        if event.kind.startswith("certificate."):
            self.statuses[event.subject].append(event)
        if found := self.cases.get(event.subject):
            found.events.append(event)
            if event.kind in _REPORTS:
                self.reports[event.claims["report"]] = found
                for person in {approval.person for approval in event.approvals}:
                    self.evaluations[person, found.applicant].append(event)

    def case_of(self, issued: Event) -> Case | None:
        """Return the case that a certificate came out of."""
        return next((self.reports[each] for each in issued.claims["reports"] if each in self.reports), None)


def since(events: list[Event], told: int) -> Iterator[Event]:
    """Yield the last of `events`, those from `told` on, newest first."""
    for event in reversed(events):
        if event.told < told:
            return
        yield event
