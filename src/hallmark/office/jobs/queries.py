"""Reading jobs and deadlines."""

from __future__ import annotations

from collections.abc import Collection

from hallmark.office.jobs import policies
from hallmark.office.jobs.models import Deadline, Job, Outcome


def find(job_id: int, organisations: Collection[str]) -> Job:
    """Return the job of one of `organisations`; raises `NoSuchJob`."""
    return policies.may_see(job_id, organisations)


def waiting(at: int) -> int:
    """Return how many jobs are due at `at` and in no worker's hands: what an operator watches."""
    return Job.objects.filter(outcome=Outcome.OPEN, due_ms__lte=at, lease_until_ms__lte=at).count()


def deadlines(subject: str) -> list[tuple[str, int]]:
    """Return kind and time in ms of what will fall due for `subject`, soonest first."""
    rows = Deadline.objects.filter(subject=subject, done=False).order_by("due_ms", "pk")
    return list(rows.values_list("kind", "due_ms"))
