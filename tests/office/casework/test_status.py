"""The status of all certificates is stated every hour, and minutes after it has changed."""

from __future__ import annotations

import pytest

from hallmark.kernel import instant
from hallmark.office.jobs import queries as jobs
from hallmark.office.jobs import services
from hallmark.office.jobs.models import Job
from hallmark.office.jobs.worker import work
from hallmark.office.registry import projection, queries
from hallmark.office.registry import services as statements
from hallmark.office.registry.models import Entry
from hallmark.server import status
from hallmark.server.work import HANDLERS, ROUTINES

pytestmark = pytest.mark.django_db


def stated():
    return Entry.objects.filter(kind="status.stated").count()


def run_until(at):
    work("w", HANDLERS, lambda: at, until_idle=True)


def changes():
    return list(Job.objects.filter(kind=status.CHANGED).order_by("due_ms").values_list("due_ms", "outcome"))


def test_before_genesis_there_is_nothing_to_state_and_it_comes_back():  # first here: the market opens after it
    assert queries.size() == 0
    services.schedule(status.HOURLY, "server", 1_000)
    run_until(1_000)
    assert jobs.deadlines("server") == [(status.HOURLY, 1_000 + instant.HOUR)]
    assert Job.objects.get().outcome == "done"


def test_it_is_stated_every_hour_also_when_nothing_changed(way):
    at = way.stage.at + instant.MINUTE
    services.schedule(status.HOURLY, "server", at)
    for hour in range(3):
        run_until(at + hour * instant.HOUR)
        assert stated() == hour + 1
        assert jobs.deadlines("server") == [(status.HOURLY, at + (hour + 1) * instant.HOUR)]
        run_until(at + hour * instant.HOUR + 1)
        assert stated() == hour + 1


def test_every_worker_sees_to_it_from_its_start():
    assert status.HOURLY in ROUTINES


def test_a_certificate_is_stated_within_minutes_and_then_found(way):
    way.certified()
    ((due, _),) = changes()
    assert 0 < due - way.stage.at <= 6 * instant.MINUTE
    run_until(due - 1)
    assert stated() == 0
    run_until(due)
    assert stated() == 1
    assert queries.record("status")["size"] == 1


def test_changes_of_the_same_minutes_are_stated_once_and_never_put_off(way):
    way.certified()
    first = changes()
    while way.stage.at % (5 * instant.MINUTE) > 2 * instant.MINUTE:
        way.wait(seconds=30)
    way.set_status("suspended").set_status("restored")
    assert len(changes()) <= 2
    assert changes()[0] == first[0]
    run_until(changes()[-1][0])
    assert stated() <= 2


def test_nothing_is_stated_twice_where_the_hourly_statement_came_first(way):
    way.certified()
    ((due, _),) = changes()
    statements.state_status(at=due - 1)
    run_until(due)
    assert (stated(), changes()) == (1, [(due, "done")])


def test_rebuilding_asks_for_no_statement_again(way):
    services.schedule(status.HOURLY, "server", way.stage.at + instant.DAY)
    way.certified()
    run_until(changes()[0][0])
    hourly, before = jobs.deadlines("server"), (stated(), changes())
    projection.rebuild()
    run_until(way.stage.at + instant.HOUR)
    assert (stated(), changes()) == before
    assert jobs.deadlines("server") == hourly


def test_a_failure_does_not_end_the_hours(way, monkeypatch):
    def broken(**_):
        raise ValueError

    monkeypatch.setattr(statements, "state_status", broken)
    at = way.stage.at + instant.MINUTE
    services.schedule(status.HOURLY, "server", at)
    for second in range(60):
        run_until(at + second * instant.SECOND)
    assert Job.objects.get(kind=status.HOURLY).outcome == "failed"
    monkeypatch.undo()
    ((_, again),) = jobs.deadlines("server")
    run_until(again)
    assert stated() == 1
