"""Reading test runs."""

from __future__ import annotations

from hallmark.lab import record as lab_record
from hallmark.lab.record import Record
from hallmark.office.accounts.policies import Actor
from hallmark.office.testing import policies
from hallmark.office.testing.errors import RunNotDone
from hallmark.office.testing.models import TestRun


def run(actor: Actor, name: str) -> TestRun:
    """Return a run; raises `NoSuchRun`."""
    return policies.may_see(actor, name)


def runs(actor: Actor, case: str) -> list[TestRun]:
    """Return the runs of a case that the actor may see, newest first."""
    return list(TestRun.objects.filter(case=case, laboratory__in=actor.organisations).order_by("-asked_ms"))


def record(row: TestRun) -> Record:
    """Return the result record of a run that has ended; raises `RunNotDone`."""
    if not row.record:
        raise RunNotDone(run=row.id)
    return lab_record.decode(bytes(row.record))
