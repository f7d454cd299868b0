"""Stating the status of all certificates: every hour, and within seconds where one has changed.

It is stated hourly also when nothing changed: the statement says how fresh the knowledge is, and a verifier that has
none from the last hours must answer that it cannot tell. After a change it is stated as soon as a worker is free, but
never twice within a minute for changes alone: what changes meanwhile, thousands of certificates perhaps, waits for the
next statement together.
"""

from __future__ import annotations

from collections.abc import Iterable

from hallmark.kernel import instant
from hallmark.ledger.sorted_map import SortedMap
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.worker import Run
from hallmark.office.registry import queries as registry
from hallmark.office.registry import sequencer
from hallmark.office.registry import services as statements
from hallmark.office.registry.models import Entry
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.register import status_leaves

HOURLY = "status.stated"
CHANGED = "status.changed"
_APART = instant.MINUTE


def forget() -> None:
    """Drop nothing: what was stated is on the ledger, and what is still to be stated does no harm."""


def follow(rows: Iterable[Entry]) -> None:
    """Have the status stated after statements about certificates that it does not cover yet.

    Those that wait for the same statement share one job. Its name holds the statement before it, so a change that comes
    after the next one is never taken for done; following the same entries again asks for nothing new.
    """
    if changes := [row.told_ms for row in rows if row.kind.startswith("certificate.")]:
        last = (DatabaseState().get("status") or {"at": 0})["at"]
        dues: dict[int, int] = {}
        for told in changes:
            if told > last:
                due = max(told, last + _APART)
                dues.setdefault(due // _APART, due)
        for minute, due in dues.items():
            jobs.enqueue(CHANGED, {}, at=due, dedupe=f"{CHANGED} {last} {minute}")


def state_hourly(run: Run) -> None:
    """State the status and come back in an hour, which is arranged first: a failure must not be the last statement."""
    jobs.schedule(HOURLY, run.payload["subject"], run.clock() + instant.HOUR)
    if registry.size():
        _state(run)


def state_changed(run: Run) -> None:
    """State the status, unless it is stated as it is, or was a moment ago: what changed since has a job of its own."""
    state = DatabaseState()
    stated = state.get("status")
    if stated is not None and run.clock() < stated["at"] + _APART:
        return
    if stated is None or stated["root"] != SortedMap(status_leaves(state)).root:
        _state(run)


def _state(run: Run) -> None:
    with sequencer.turn(), run.conclude():
        statements.state_status(at=run.clock())
