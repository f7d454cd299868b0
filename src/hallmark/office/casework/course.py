"""The course of a case: what was known of it after each of its statements, as far as people are told of it.

The state knows a case as it is now; a projection that is made again needs it as it was.
"""

from __future__ import annotations

from typing import Any

from hallmark.office.registry import queries as registry
from hallmark.office.registry.models import Entry
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record
from hallmark.scheme.model import Module

_STEPS = (
    "application.submitted",
    "evaluation.planned",
    "test.reported",
    "audit.reported",
    "nonconformity.raised",
    "nonconformity.closed",
)


class Course:
    """A case so far; `record` has those fields of the case's record that these statements set."""

    def __init__(self) -> None:
        self.record: Record = {}

    @classmethod
    def before(cls, row: Entry) -> Course:
        """Return the course of the entry's case up to the entry before it."""
        course = cls()
        for step in Entry.objects.filter(subject=row.subject, index__lt=row.index, kind__in=_STEPS).order_by("index"):
            course.take(step, registry.claims(step))
        return course

    def take(self, row: Entry, claims: dict[str, Any]) -> None:
        """Take the next statement of the case into account."""
        record = self.record
        match row.kind:
            case "application.submitted":
                record |= claims
                record |= {"applicant": row.issuer, "opened_at": row.told_ms, "level": claims.get("level")}
                record |= {"tests": [], "audits": [], "nonconformities": {}}
            case "evaluation.planned":
                record |= {"laboratory": claims["laboratory"], "team": claims["team"]}
            case "test.reported":
                record["tests"].append({"verdicts": claims["verdicts"]})
            case "audit.reported":
                record["audits"].append({"findings": claims["findings"]})
            case "nonconformity.raised":
                record["nonconformities"][str(claims["number"])] = {"status": "open"}
            case "nonconformity.closed":
                record["nonconformities"][str(claims["number"])] = {"status": "closed"}


def is_evaluated(edition: Edition, record: Record) -> bool:
    """Tell whether nothing is left to evaluate: every leg reported and nonconformity closed, or a decisive item failed.

    Whether the evaluation earns a certificate is for the rules.
    """
    if record["tests"]:
        verdicts = record["tests"][-1]["verdicts"]
        if any(verdicts.get(item.id) == "fail" for item in edition.decisive(record, Module.TYPE_TEST)):
            return True
    legs = {Module.TYPE_TEST: record["tests"], Module.AUDIT: record["audits"]}
    reported = all(reports for module, reports in legs.items() if edition.requires(module))
    return reported and all(each["status"] == "closed" for each in record["nonconformities"].values())
