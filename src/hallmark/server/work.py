"""What workers do: the handlers of all rooms by kind of job, gathered here."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.sessions.backends.db import SessionStore

from hallmark.kernel import instant
from hallmark.office.accounts import throttle
from hallmark.office.evidence.vault import server_vault
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.worker import Handler, Run
from hallmark.office.testing import services as testing

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


HANDLERS: Mapping[str, Handler] = {
    "house.kept": keep_house,
    testing.JOB: testing.carry_out,
}
