"""What workers do: the handlers of all rooms by kind of job, gathered here."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.sessions.backends.db import SessionStore

from hallmark.kernel import instant
from hallmark.office.accounts import throttle
from hallmark.office.casework import deadlines
from hallmark.office.evidence import erasure
from hallmark.office.evidence.vault import server_vault
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.worker import Handler, Run
from hallmark.office.registry import finality
from hallmark.office.testing import services as testing
from hallmark.server import status

_KEPT = 30 * instant.DAY


def keep_house(run: Run) -> None:
    """Remove what nobody needs any more, and come back tomorrow."""
    now = run.clock()
    throttle.forget(now - instant.DAY)
    jobs.forget(now - _KEPT)
    server_vault().sweep((now - instant.DAY) / instant.SECOND)
    SessionStore.clear_expired()
    with run.conclude():
        jobs.schedule("house.kept", "server", now + instant.DAY)


def offer(_: Run) -> None:
    """Offer to the consortium's nodes what waits to be final."""
    finality.offer()


HANDLERS: Mapping[str, Handler] = {
    "house.kept": keep_house,
    status.HOURLY: status.state_hourly,
    status.CHANGED: status.state_changed,
    finality.OFFERED: offer,
    erasure.ERASED: erasure.erase,
    testing.JOB: testing.carry_out,
    **dict.fromkeys(deadlines.FAMILIES, deadlines.fall_due),
}
ROUTINES = ("house.kept", status.HOURLY, finality.OFFERED)
"""What every worker sees to from its start on."""
