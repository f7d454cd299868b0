"""Starting, stopping and scheduling work. It is written in the caller's transaction: it stands or falls with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F

from hallmark.office.jobs import policies
from hallmark.office.jobs.errors import Cancelled, WorkerLost, told
from hallmark.office.jobs.models import Deadline, Job, Outcome

_BATCH = 200
_ATTEMPTS = 5


def enqueue(
    kind: str,
    payload: Mapping[str, Any],
    *,
    at: int,
    owner: str = "",
    dedupe: str = "",
    max_attempts: int = _ATTEMPTS,
) -> Job:
    """Have a worker do `kind` with `payload` from the time `at` in ms on, and return the job.

    Where `dedupe` was used before, the job is that one, even if it has ended. `owner` is the organisation that may see
    and cancel it.
    """
    fields = {"kind": kind, "payload": payload, "owner": owner, "due_ms": at, "max_attempts": max_attempts}
    if dedupe:
        return Job.objects.get_or_create(dedupe=dedupe, defaults=fields)[0]
    return Job.objects.create(**fields)


def cancel(job_id: int, organisations: Collection[str], *, at: int) -> None:
    """End a waiting job at once, and ask the worker of a running one to stop; raises `NoSuchJob`."""
    job = policies.may_see(job_id, organisations)
    with transaction.atomic():
        Job.objects.filter(pk=job.pk, outcome=Outcome.OPEN).update(cancel=True)
        Job.objects.filter(pk=job.pk, outcome=Outcome.OPEN, lease_until_ms__lte=at).update(
            outcome=Outcome.CANCELLED, error=told(Cancelled()), ended_ms=at
        )


def schedule(kind: str, subject: str, due_ms: int) -> None:
    """Have the job `kind` start for `subject` at `due_ms`, instead of the time it had."""
    Deadline.objects.update_or_create(kind=kind, subject=subject, done=False, defaults={"due_ms": due_ms})


def withdraw(kind: str, subject: str) -> None:
    """Have nothing fall due any more."""
    Deadline.objects.filter(kind=kind, subject=subject, done=False).delete()


def tick(at: int) -> int:
    """Turn deadlines that are due at `at` into jobs, give up jobs that no worker survives; return how many were due.

    A job is made once for a kind, subject and time, also when the deadlines are projected again.
    """
    with transaction.atomic():
        due = Deadline.objects.select_for_update(skip_locked=True).filter(done=False, due_ms__lte=at)
        deadlines = list(due.order_by("due_ms", "pk")[:_BATCH])
        for deadline in deadlines:
            enqueue(
                deadline.kind,
                {"subject": deadline.subject, "due_ms": deadline.due_ms},
                at=at,
                dedupe=f"{deadline.kind} {deadline.subject} {deadline.due_ms}",
            )
        Deadline.objects.filter(pk__in=[deadline.pk for deadline in deadlines]).update(done=True)
        abandoned = Job.objects.filter(outcome=Outcome.OPEN, attempts__gte=F("max_attempts"), lease_until_ms__lte=at)
        for job in abandoned.select_for_update(skip_locked=True):
            Job.objects.filter(pk=job.pk).update(
                outcome=Outcome.FAILED, error=told(WorkerLost(attempts=job.attempts)), ended_ms=at
            )
    return len(deadlines)


def forget(before_ms: int) -> None:
    """Delete jobs that ended, and deadlines that were due, before `before_ms`; `dedupe` keys stay used."""
    Job.objects.filter(ended_ms__lt=before_ms, dedupe="").delete()
    Deadline.objects.filter(done=True, due_ms__lt=before_ms).delete()
