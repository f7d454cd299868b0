"""Reading audits: the checklist of a case, and what was found so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Actor
from hallmark.office.audit import policies
from hallmark.office.audit.models import Audit
from hallmark.office.audit.sheet import Sheet
from hallmark.office.registry import queries as registry
from hallmark.office.registry.policies import may_see_case
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record
from hallmark.scheme.model import Module, RequirementItem


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a checklist: the item, the title of its list, and whether it can fail the product."""

    item: RequirementItem
    title: Text
    decisive: bool

    def write(self) -> dict[str, Any]:
        """Return the line as a pack carries it."""
        return {
            "id": self.item.id,
            "list": self.title._asdict(),
            "title": self.item.title._asdict(),
            "criterion": self.item.criterion._asdict(),
            "clauses": [clause.place for clause in self.item.clauses],
            "obligation": str(self.item.obligation),
            "method": str(self.item.method),
            "decisive": self.decisive,
        }


@dataclass(frozen=True, slots=True)
class View:
    """An audit so far; `open` are the decisive items without a finding.

    `nonconformities` are the drafts of statements by name on the sheet, `report` that of the report; empty until they
    are drawn up. `entry` is where the report stands on the ledger.
    """

    id: str
    case: str
    sheet: Sheet
    lines: tuple[Line, ...]
    open: tuple[str, ...]
    nonconformities: dict[str, str]
    report: str
    entry: int | None


def checklist(actor: Actor, case: str) -> tuple[Line, ...]:
    """Return what is examined on site for a case that is the actor's to see; raises `NoSuchCase`."""
    may_see_case(actor, case)
    return lines_of(registry.case(case))


def lines_of(case: Record) -> tuple[Line, ...]:
    """Return the checklist of a case from the edition that it was applied under."""
    edition = Edition.of_case(DatabaseState(), case)
    decisive = {item.id for item in edition.decisive(case, Module.AUDIT)}
    lists = edition.scheme.checklists
    return tuple(
        Line(item, lists[item.checklist].title, item.id in decisive) for item in edition.items(case, Module.AUDIT)
    )


def audit(actor: Actor, name: str) -> View:
    """Return an audit of one of the actor's bodies; raises `NoSuchAudit`."""
    return view_of(policies.may_see(actor, name))


def audits(actor: Actor, case: str) -> list[View]:
    """Return the audits of a case that the actor may see, oldest first."""
    rows = Audit.objects.filter(case=case, body__in=actor.organisations).order_by("opened_ms", "id")
    return [view_of(row) for row in rows]


def view_of(row: Audit) -> View:
    """Return what is known of an audit."""
    sheet, lines = Sheet.decode(bytes(row.sheet)), lines_of(registry.case(row.case))
    return View(
        row.id,
        row.case,
        sheet,
        lines,
        tuple(line.item.id for line in lines if line.decisive and line.item.id not in sheet.findings),
        dict(row.drafts.get("nonconformities", {})),
        row.drafts.get("report", ""),
        entry_of(row),
    )


def entry_of(row: Audit) -> int | None:
    """Return where the report of an audit stands on the ledger, None while it does not."""
    draft = registry.draft(row.drafts.get("report", ""))
    return draft.entry if draft else None
