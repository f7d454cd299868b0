"""The status is stated as soon as a certificate has changed, and never twice within a minute for changes alone."""

from __future__ import annotations

import pytest

from hallmark.kernel import instant
from hallmark.ledger.sorted_map import SortedMap
from hallmark.office.jobs.models import Job
from hallmark.office.jobs.worker import work
from hallmark.office.registry import projection, services
from hallmark.office.registry.models import Entry
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.register import status_leaves
from hallmark.server import status
from hallmark.server.work import HANDLERS

pytestmark = pytest.mark.django_db


def stated() -> list[int]:
    """Return when the status was stated, ms."""
    return list(Entry.objects.filter(kind="status.stated").order_by("index").values_list("told_ms", flat=True))


def is_current() -> bool:
    """Tell whether the status last stated is what is so."""
    state = DatabaseState()
    return (state.get("status") or {}).get("root") == SortedMap(status_leaves(state)).root


def work_until(at: int) -> None:
    """Let a worker do what is due at `at`."""
    work("w", HANDLERS, lambda: at, until_idle=True)


def told(way) -> int:
    """Return the time of the last statement."""
    return (DatabaseState().get("ledger") or {})["now"]


def test_a_change_is_stated_at_the_workers_next_turn(way):
    way.certified()
    work_until(told(way))
    assert (len(stated()), is_current()) == (1, True)
    for event in ("suspended", "restored", "withdrawn"):
        way.wait(minutes=5).set_status(event)
        assert not is_current()
        changed = told(way)
        work_until(changed + instant.SECOND)
        assert is_current()
        assert stated()[-1] - changed <= instant.SECOND


def test_changes_of_one_minute_are_stated_together(way, monkeypatch):
    way.certified()
    services.state_status(at=told(way) + 1)
    first = told(way)
    stage = way.stage
    monkeypatch.setattr(stage, "pass_time", lambda **_: None)  # everything happens within the minute
    stage.at = first + 10 * instant.SECOND
    way.set_status("suspended")
    stage.at += 10 * instant.SECOND
    way.set_status("restored")
    assert Job.objects.filter(kind=status.CHANGED, outcome="").exclude(due_ms__lte=first).count() == 1
    work_until(first + 59 * instant.SECOND)
    assert stated() == [first]
    work_until(first + instant.MINUTE)
    assert stated() == [first, first + instant.MINUTE]
    assert is_current()


def test_a_change_after_an_hourly_statement_is_not_taken_for_stated(way, monkeypatch):
    way.certified()
    services.state_status(at=told(way) + 1)
    first, stage = told(way), way.stage
    monkeypatch.setattr(stage, "pass_time", lambda **_: None)
    stage.at = first + 10 * instant.SECOND
    way.set_status("suspended")  # due at first + 60 s
    services.state_status(at=first + 20 * instant.SECOND)  # the hourly one comes in between
    stage.at = first + 30 * instant.SECOND
    way.set_status("restored")  # due at first + 80 s
    work_until(first + instant.MINUTE)
    assert len(stated()) == 2
    assert not is_current()
    work_until(first + 80 * instant.SECOND)
    assert len(stated()) == 3
    assert is_current()


def test_following_the_ledger_again_states_nothing_and_hides_no_later_change(way):
    way.certified()
    work_until(told(way))
    asked = Job.objects.count()
    projection.rebuild()
    assert Job.objects.count() == asked
    way.wait(minutes=5).set_status("suspended")
    work_until(told(way))
    assert is_current()
