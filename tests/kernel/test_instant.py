"""Instants and civil dates: leap days, offsets, years before 1970, and the ends of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import instant
from hallmark.kernel.instant import DAY, NotADate, OutOfCalendar

SHANGHAI = 480
DATES = st.dates(date(1, 1, 3), date(9999, 12, 29))
OFFSETS = st.integers(-14 * 60, 14 * 60)


def test_three_years_from_a_leap_day_end_on_28_february() -> None:
    assert instant.add_years(date(2024, 2, 29), 3) == date(2027, 2, 28)
    assert instant.add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert instant.add_years(date(1896, 2, 29), 4) == date(1900, 2, 28)
    assert instant.add_years(date(2024, 3, 1), 3) == date(2027, 3, 1)
    assert instant.add_years(date(2024, 2, 29), -4) == date(2020, 2, 29)


@given(DATES, st.integers(-3, 3))
def test_adding_years_keeps_month_and_day_but_on_leap_days(day: date, years: int) -> None:
    if not 1 <= day.year + years <= 9999:
        with pytest.raises(OutOfCalendar):
            instant.add_years(day, years)
        return
    later = instant.add_years(day, years)
    assert later.year == day.year + years
    assert (later.month, later.day) in ((day.month, day.day), (2, 28))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-2-29",
        "2023-02-29",
        "20240229",
        "2024-W09-4",
        "2024-060",
        " 2024-02-29",
        "2024-02-29 ",
        "2024-02-29\n",
        "2024-02-29T00:00:00",
        "24-02-29",
        "02024-02-29",
        "0000-01-01",
        "10000-01-01",
        "-001-01-01",
        "２０２４-02-29",
        "2024-02-٢٩",
    ],
)
def test_a_date_has_one_spelling(text: str) -> None:
    assert instant.parse_date("2024-02-29") == date(2024, 2, 29)
    with pytest.raises(NotADate):
        instant.parse_date(text)


@pytest.mark.parametrize("value", [None, 20240229, b"2024-02-29", [], {}, True])
def test_what_is_no_text_is_no_date(value: object) -> None:
    with pytest.raises(NotADate):
        instant.parse_date(value)


@given(DATES)
def test_a_date_comes_back_from_its_text(day: date) -> None:
    assert instant.parse_date(day.isoformat()) == day


@given(DATES, OFFSETS, st.integers(0, DAY - 1))
def test_every_instant_of_a_day_has_its_date(day: date, offset: int, within: int) -> None:
    start = instant.start_of(day, offset)
    assert instant.civil_date(start + within, offset) == day
    assert instant.civil_date(start - 1, offset) == day - timedelta(days=1)
    assert datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=start) == datetime(
        day.year, day.month, day.day, tzinfo=timezone(timedelta(minutes=offset))
    )


def test_the_day_turns_at_midnight_in_the_scheme_s_place_also_before_1970() -> None:
    assert instant.start_of(date(1970, 1, 1), 0) == 0
    assert instant.start_of(date(1970, 1, 1), SHANGHAI) == -8 * instant.HOUR
    assert instant.civil_date(-1, 0) == date(1969, 12, 31)
    assert instant.civil_date(-1, SHANGHAI) == date(1970, 1, 1)
    assert instant.civil_date(-8 * instant.HOUR - 1, SHANGHAI) == date(1969, 12, 31)


@pytest.mark.parametrize(
    ("utc_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1709164799999, "2024-02-28T23:59:59.999Z"),
        (1709164800000, "2024-02-29T00:00:00.000Z"),
        (-62135596800000, "0001-01-01T00:00:00.000Z"),
        (253402300799999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_written_by_rfc_3339(utc_ms: int, text: str) -> None:
    assert instant.to_text(utc_ms) == text


@pytest.mark.parametrize("utc_ms", [-62135596800001, 253402300800000, 2**53, 2**64, -(2**64)])
def test_an_instant_outside_the_calendar_is_refused(utc_ms: int) -> None:
    for read in (instant.to_text, lambda ms: instant.civil_date(ms, 0)):
        with pytest.raises(OutOfCalendar):
            read(utc_ms)


def test_a_date_is_not_moved_out_of_the_calendar() -> None:
    assert instant.add_days(date(9999, 12, 30), 1) == date(9999, 12, 31)
    for day, days in ((date(9999, 12, 31), 1), (date(1, 1, 1), -1), (date(2024, 1, 1), 2**53)):
        with pytest.raises(OutOfCalendar):
            instant.add_days(day, days)
    for day, years in ((date(9998, 1, 1), 3), (date(1, 1, 1), -1), (date(2024, 2, 29), 2**53)):
        with pytest.raises(OutOfCalendar):
            instant.add_years(day, years)
