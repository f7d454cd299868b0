"""What workers do for an organisation, and stopping it."""

from __future__ import annotations

from typing import Any

from ninja import Router

from hallmark.api.identity import Request, signed_in
from hallmark.api.schema import Index, Json, Reply
from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Act, reach
from hallmark.office.jobs import queries, services
from hallmark.office.jobs.clock import now

router = Router(auth=signed_in, tags=["jobs"])

CANCEL = Act(Text("取消任务", "cancel a job"))


class JobReply(Reply):
    """A job: `state` is waiting, running, done, failed or cancelled; `error` says in both languages why it failed."""

    job: int
    kind: str
    state: str
    attempts: int
    progress: Json
    result: Any
    error: Json | None


@router.get("/jobs/{job}", response=JobReply, summary="How far a job is")
def show_job(request: Request, job: Index) -> Json:
    """Return a job of an organisation of yours."""
    return _job(queries.find(job, request.auth.organisations))


@router.post("/jobs/{job}/cancel", response=JobReply, summary="Stop a job")
def cancel_job(request: Request, job: Index) -> Json:
    """End a job that waits, and ask the worker of a running one to stop."""
    reach(request.auth, CANCEL)
    services.cancel(job, request.auth.organisations, at=now())
    return _job(queries.find(job, request.auth.organisations))


def _job(row: Any) -> Json:
    running = row.lease_until_ms > now()
    return {
        "job": row.pk,
        "kind": row.kind,
        "state": row.outcome or ("running" if running else "waiting"),
        "attempts": row.attempts,
        "progress": row.progress,
        "result": row.result,
        "error": row.error,
    }
