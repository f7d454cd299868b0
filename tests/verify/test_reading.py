"""What is known of a certificate on a day, and when nobody can tell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hallmark.certificate.status import Status
from hallmark.kernel import instant
from hallmark.verify.certificate import CLOCKS_DIFFER, verify_certificate
from verify.register import Register, parsed, state_status


def reading(register, number, at=None, **options):
    """Return the answer to the question whether the certificate is in force at `at`, or now."""
    at = register.now if at is None else at
    return verify_certificate(register.form(number).encode(), parsed(), at, **options)


def ms(year, month, day, hour=0, minute=0, second=0):
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() * 1000)


def test_knowledge_just_fresh_enough_counts_and_a_millisecond_more_does_not(certified):
    market, number = certified
    register = Register(market)
    fresh = reading(register, number, register.now + instant.DAY)
    stale = reading(register, number, register.now + instant.DAY + 1)
    assert (fresh.status, fresh.age) == (Status.IN_FORCE, instant.DAY)
    assert (stale.status, stale.age) == (Status.UNKNOWN, instant.DAY + 1)
    assert "24 hours" in stale.why.en
    assert "24 小时" in stale.why.zh


def test_the_reader_says_how_old_is_too_old(certified):
    market, number = certified
    register = Register(market)
    at = register.now + 2 * instant.DAY
    assert reading(register, number, at, fresh_for=2 * instant.DAY).status is Status.IN_FORCE
    assert reading(register, number, at, fresh_for=instant.HOUR).status is Status.UNKNOWN


def test_clocks_may_differ_by_five_minutes_and_no_more(certified):
    market, number = certified
    register = Register(market)
    assert reading(register, number, register.now - CLOCKS_DIFFER).status is Status.IN_FORCE
    behind = reading(register, number, register.now - CLOCKS_DIFFER - 1)
    assert behind.status is Status.UNKNOWN
    assert "clock" in behind.why.en


def test_a_past_day_is_answered_from_what_is_known_today(certified):
    market, number = certified
    then = market.clock
    market.pass_time(days=20)
    market.set_status("suspended", number)
    state_status(market)
    register = Register(market)
    assert reading(register, number, then, now=register.now).status is Status.IN_FORCE
    assert reading(register, number, register.now).status is Status.SUSPENDED


def test_a_day_to_come_is_not_answered(certified):
    market, number = certified
    register = Register(market)
    tomorrow = reading(register, number, register.now + 10 * instant.HOUR, now=register.now)
    assert tomorrow.status is Status.UNKNOWN
    assert "not come yet" in tomorrow.why.en


@pytest.mark.parametrize(
    ("event", "status"),
    [("suspended", Status.SUSPENDED), ("withdrawn", Status.WITHDRAWN), ("cancelled", Status.CANCELLED)],
)
def test_a_change_of_status_is_read_from_the_day_it_takes_effect(certified, event, status):
    market, number = certified
    market.pass_time(days=10)
    market.set_status(event, number)
    state_status(market)
    register = Register(market)
    start = instant.start_of(instant.parse_date(market.today), 480)
    before = reading(register, number, start - 1, now=register.now)
    after = reading(register, number, start, now=register.now)
    assert before.status is Status.IN_FORCE
    assert (after.status, after.reading.since, after.reading.reason_code) == (status, market.today, "operator")


@pytest.mark.parametrize("event", ["withdrawn", "cancelled"])
def test_what_is_never_undone_stays_known_however_old_the_knowledge_is(certified, event):
    market, number = certified
    market.set_status(event, number)
    state_status(market)
    register = Register(market)
    assert reading(register, number, register.now + 400 * instant.DAY).status is Status(event)


def test_a_suspension_may_have_been_lifted_since(certified):
    market, number = certified
    market.set_status("suspended", number)
    state_status(market)
    register = Register(market)
    assert reading(register, number).status is Status.SUSPENDED
    assert reading(register, number, register.now + 30 * instant.DAY).status is Status.UNKNOWN


def test_a_restored_certificate_is_in_force_again(certified):
    market, number = certified
    market.pass_time(days=10)
    market.set_status("suspended", number)
    market.set_status("restored", number)
    state_status(market)
    assert reading(Register(market), number).status is Status.IN_FORCE


def test_the_last_day_of_validity_is_valid_to_its_last_millisecond_in_the_schemes_own_time(certified):
    market, number = certified
    register = Register(market)
    assert register.record(number)["valid_until"] == "2029-03-04"
    end = ms(2029, 3, 4, 16)  # midnight at +08:00
    years = 2_000 * instant.DAY
    last = reading(register, number, end - 1, fresh_for=years)
    over = reading(register, number, end, fresh_for=years)
    assert last.status is Status.IN_FORCE
    assert (over.status, over.reading.since) == (Status.EXPIRED, "2029-03-05")


def test_expiry_needs_no_fresh_knowledge(certified):
    market, number = certified
    assert reading(Register(market), number, ms(2029, 3, 4, 16)).status is Status.EXPIRED


def test_before_its_first_day_a_certificate_is_not_yet_in_force(certified):
    market, number = certified
    register = Register(market)
    first = ms(2026, 3, 3, 16)  # 4 March at +08:00
    assert register.record(number)["valid_from"] == "2026-03-04"
    assert reading(register, number, first - 1, now=register.now).status is Status.NOT_YET
    assert reading(register, number, first, now=register.now).status is Status.IN_FORCE
