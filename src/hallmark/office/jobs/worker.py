"""A worker takes one job at a time under a lease, keeps the lease alive, and records the end if the lease is still its.

A worker that dies stops renewing; the lease runs out and another one takes the job, `max_attempts` times at most. Work
done twice is recorded once: the row of the job is the fence, and `Run.conclude` writes effects and end together.
The clocks of all workers must agree to within a fraction of the lease.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from django.db import (
    DatabaseError,
    close_old_connections,
    connection,
    connections,
    transaction,
)
from django.db.models import QuerySet

from hallmark.kernel.errors import HallmarkError, Unavailable
from hallmark.office.jobs import services
from hallmark.office.jobs.clock import Clock
from hallmark.office.jobs.errors import OUT_OF_REACH, Cancelled, HandlerFailed, LeaseLost, told
from hallmark.office.jobs.models import Job, Outcome

LEASE_MS = 60_000
_PROGRESS_MS = 500
_FIRST_PAUSE_MS = 1_000
_LONGEST_PAUSE_MS = 3_600_000
_TICK_MS = 1_000

log = logging.getLogger(__name__)

_CLAIM = """
UPDATE jobs_job SET lease_owner = %s, lease_until_ms = %s, attempts = attempts + 1 WHERE id = (
    SELECT id FROM jobs_job
    WHERE outcome = '' AND due_ms <= %s AND lease_until_ms <= %s AND attempts < max_attempts AND kind IN ({kinds})
    ORDER BY due_ms, id LIMIT 1 {lock}
) RETURNING *
"""


class Run:
    """One attempt at a job, as its handler sees it."""

    def __init__(self, job: Job, clock: Clock, lease_ms: int) -> None:
        self.id: int = job.pk
        self.kind = job.kind
        self.payload: Mapping[str, Any] = job.payload
        self.attempt = job.attempts
        self.is_last = job.attempts >= job.max_attempts
        self.clock = clock
        self.lease_ms = lease_ms
        self._worker = job.lease_owner
        self._said_ms = 0
        self._concluded = False

    @property
    def concluded(self) -> bool:
        """Whether the handler recorded the end itself."""
        return self._concluded

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the work is; raises `Cancelled` and `LeaseLost`, so call it wherever the work may stop."""
        now = self.clock()
        if done < total and now - self._said_ms < _PROGRESS_MS:
            return
        self._said_ms = now
        self.extend(progress={"done": done, "total": total, "note": note})
        if Job.objects.filter(pk=self.id, cancel=True).exists():
            raise Cancelled

    def extend(self, **changes: object) -> None:
        """Hold the job for another lease; raises `LeaseLost`."""
        if not self._mine().update(lease_until_ms=self.clock() + self.lease_ms, **changes):
            raise LeaseLost

    @contextmanager
    def conclude(self, result: object = None) -> Iterator[None]:
        """Open the transaction in which the handler writes its effects and the job ends; raises `LeaseLost` at once."""
        with transaction.atomic():
            self.end(Outcome.DONE, result=result)
            yield
        self._concluded = True

    def end(self, outcome: Outcome, **changes: object) -> None:
        """Record how the attempt ended and give the lease back; raises `LeaseLost`."""
        ended_ms = self.clock() if outcome else None
        if not self._mine().update(outcome=outcome, ended_ms=ended_ms, lease_owner="", lease_until_ms=0, **changes):
            raise LeaseLost

    def _mine(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.id, lease_owner=self._worker, attempts=self.attempt, outcome=Outcome.OPEN)


Handler = Callable[[Run], object]


def work(
    worker_id: str,
    handlers: Mapping[str, Handler],
    clock: Clock,
    *,
    stop: threading.Event | None = None,
    until_idle: bool = False,
    lease_ms: int = LEASE_MS,
    pause_s: float = 1.0,
) -> int:
    """Do the jobs whose kind has a handler until `stop` is set, or until none waits; return how many were taken.

    `worker_id` is this process's alone. A handler's return value is the job's result, as JSON. While the database is
    locked or out of reach, it waits; a job in hand is then taken again once its lease has run out.
    """
    stop = stop or threading.Event()
    taken, ticked = 0, 0
    while not stop.is_set():
        try:
            now = clock()
            if now - ticked >= _TICK_MS:
                services.tick(now)
                ticked = now
            run = claim(worker_id, handlers, clock, lease_ms)
            if run is not None:
                taken += 1
                perform(run, handlers[run.kind])
                continue
            if until_idle:
                break
        except OUT_OF_REACH as error:
            log.warning("worker %s: no database, %s", worker_id, type(error).__name__)
        close_old_connections()
        stop.wait(pause_s)
    return taken


def claim(worker_id: str, handlers: Mapping[str, Handler], clock: Clock, lease_ms: int = LEASE_MS) -> Run | None:
    """Return the next job as this worker's, or None."""
    now = clock()
    kinds = sorted(handlers)
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    sql = _CLAIM.format(kinds=", ".join(["%s"] * len(kinds)) or "NULL", lock=lock)
    with transaction.atomic():
        for job in Job.objects.raw(sql, [worker_id, now + lease_ms, now, now, *kinds]):
            return Run(job, clock, lease_ms)
    return None


def perform(run: Run, handler: Handler) -> None:
    """Run the handler and record how it ended; nothing it raises gets out. Raises `DatabaseError` of the record."""
    with _heartbeat(run):
        try:
            result = handler(run)
            if not run.concluded:
                run.end(Outcome.DONE, result=result)
        except LeaseLost:
            log.warning("job %s %s: lease lost", run.kind, run.id)
        except Cancelled as error:
            _record(run, error, Outcome.CANCELLED)
        except Unavailable as error:
            _retry(run, error)
        except HallmarkError as error:  # the answer would be the same the next time
            _record(run, error, Outcome.FAILED)
        except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the worker lives on
            # The message may name a person; the type and the places do not.
            places = "".join(traceback.format_tb(error.__traceback__))
            log.error("job %s %s: %s\n%s", run.kind, run.id, type(error).__name__, places)  # noqa: TRY400 - see above
            _retry(run, HandlerFailed(error=type(error).__name__))


def _retry(run: Run, error: HallmarkError) -> None:
    """Let the job wait, longer each time, until its attempts are used up."""
    if run.is_last:
        _record(run, error, Outcome.FAILED)
    else:
        pause = min(_FIRST_PAUSE_MS << (run.attempt - 1), _LONGEST_PAUSE_MS)
        _record(run, error, Outcome.OPEN, due_ms=run.clock() + pause)


def _record(run: Run, error: HallmarkError, outcome: Outcome, **changes: object) -> None:
    with suppress(LeaseLost):
        run.end(outcome, error=told(error), **changes)


@contextmanager
def _heartbeat(run: Run) -> Iterator[None]:
    """Renew the lease three times in its length, on a thread with its own connection, while the body runs."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(run.lease_ms / 3_000):
                try:
                    run.extend()
                except LeaseLost:
                    return
                except DatabaseError as error:  # the next beat may get through; if none does, the lease runs out
                    log.warning("job %s %s: no heartbeat, %s", run.kind, run.id, type(error).__name__)
        finally:
            connections.close_all()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
