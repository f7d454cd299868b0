"""A status is a reading of a record on a day; nothing happens because time passes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate.status import STATUS_RECORD, Status, read, read_on
from hallmark.kernel import identifier, instant
from hallmark.statement.shape import BadClaim


def event(status, effective_on):
    return {"status": status, "effective_on": effective_on, "recorded_at": 0, "reason_code": "x"}


def record(*history, offset=480):
    return {
        "record": bytes(32),
        "body": identifier.from_seed("ORG", b"body"),
        "offset_minutes": offset,
        "scheme": "cfp",
        "edition": "2022.1",
        "product_type": "CFP-01",
        "valid_from": "2026-03-04",
        "valid_until": "2029-03-04",
        "history": [event("in-force", "2026-03-04"), *history],
    }


@pytest.mark.parametrize(
    ("history", "day", "status", "since"),
    [
        ((), "2026-03-03", "not-yet", "2026-03-04"),
        ((), "2026-03-04", "in-force", "2026-03-04"),
        ((), "2029-03-04", "in-force", "2026-03-04"),
        ((), "2029-03-05", "expired", "2029-03-05"),
        ((event("suspended", "2027-01-01"),), "2026-12-31", "in-force", "2026-03-04"),
        ((event("suspended", "2027-01-01"),), "2027-01-01", "suspended", "2027-01-01"),
        ((event("suspended", "2027-01-01"),), "2029-03-05", "expired", "2029-03-05"),
        ((event("suspended", "2027-01-01"), event("in-force", "2027-02-01")), "2027-02-01", "in-force", "2027-02-01"),
        ((event("withdrawn", "2027-01-01"),), "2029-03-05", "withdrawn", "2027-01-01"),
        ((event("cancelled", "2029-03-04"),), "2029-03-05", "cancelled", "2029-03-04"),
        ((event("suspended", "2027-01-01"), event("withdrawn", "2027-01-01")), "2027-01-01", "withdrawn", "2027-01-01"),
    ],
)
def test_the_last_event_in_effect_counts_and_the_last_day_is_valid(history, day, status, since):
    reading = read_on(record(*history), date.fromisoformat(day))
    assert (str(reading.status), reading.since) == (status, since)


@pytest.mark.parametrize("offset", [-840, -480, 0, 480, 840])
def test_a_day_ends_where_the_scheme_is(offset):
    end = instant.start_of(date(2029, 3, 5), offset)
    assert read(record(offset=offset), end - 1).status is Status.IN_FORCE
    assert read(record(offset=offset), end).status is Status.EXPIRED


@given(st.integers(-(10**18), 10**18))
def test_any_instant_gives_a_reading_or_lies_outside_the_calendar(at):
    try:
        reading = read(record(), at)
    except instant.OutOfCalendar:
        return
    assert reading.status in {Status.NOT_YET, Status.IN_FORCE, Status.EXPIRED}


@pytest.mark.parametrize(
    "change",
    [
        {"history": []},
        {"history": [event("expired", "2026-03-04")]},
        {"history": [event("unknown", "2026-03-04")]},
        {"offset_minutes": 841},
        {"valid_until": "2029-3-4"},
        {"record": bytes(31)},
        {"more": 1},
    ],
)
def test_a_record_of_another_shape_is_refused(change):
    with pytest.raises(BadClaim):
        STATUS_RECORD.check({**record(), **change}, "status")


def test_every_status_has_words_in_both_languages():
    assert len({status.words for status in Status}) == len(Status)
