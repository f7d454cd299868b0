"""Stating the status of all certificates: every hour, and within minutes where one has changed.

It is stated hourly also when nothing changed: the statement says how fresh the knowledge is, and a verifier that has
none from the last hours must answer that it cannot tell. After a change it is stated once for all changes of the same
few minutes, and not at all where the hourly statement came in between.
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
_GATHERED = 5 * instant.MINUTE
_COMMITTED = instant.SECOND * 30  # a statement of the last moment is on the ledger by then


def forget() -> None:
    """Drop nothing: what was stated is on the ledger, and what is still to be stated does no harm."""


def follow(rows: Iterable[Entry]) -> None:
    """Have the status stated soon after statements about certificates.

    All those of the same five minutes share one job, which is due when they are over; so it is neither repeated nor put
    off by the next one, and following the same entries again asks for nothing new.
    """
    for row in rows:
        if row.kind.startswith("certificate."):
            window = row.told_ms // _GATHERED
            due = (window + 1) * _GATHERED + _COMMITTED
            jobs.enqueue(CHANGED, {}, at=due, dedupe=f"{CHANGED} {window}")


def state_hourly(run: Run) -> None:
    """State the status and come back in an hour, which is arranged first: a failure must not be the last statement."""
    jobs.schedule(HOURLY, run.payload["subject"], run.clock() + instant.HOUR)
    if registry.size():
        _state(run)


def state_changed(run: Run) -> None:
    """State the status, unless what is stated is what is so."""
    state = DatabaseState()
    stated = state.get("status")
    if stated is None or stated["root"] != SortedMap(status_leaves(state)).root:
        _state(run)


def _state(run: Run) -> None:
    with sequencer.turn(), run.conclude():
        statements.state_status(at=run.clock())
