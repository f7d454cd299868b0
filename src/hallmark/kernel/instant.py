"""Instants and civil dates in integers: milliseconds since 1970 UTC, and ISO dates at a scheme's fixed offset.

The core has no clock: every instant is handed in. No floats, no time zone database.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(  # in years that are years everywhere on earth
    "(?!000[01]|9999)[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class NotADate(Malformed):
    """The text is no ISO 8601 calendar date."""

    en = "{text} is not a calendar date. Write it as YYYY-MM-DD."
    zh = "{text}不是日历日期。请写作 YYYY-MM-DD。"


class NotATime(Malformed):
    """The text is no RFC 3339 time."""

    en = "The time is RFC 3339, in the years 2 to 9998, such as 2026-03-04T12:00:00Z; not {text}."
    zh = "时间须为 RFC 3339 格式（如 2026-03-04T12:00:00Z），年份在 0002 至 9998 之间；{text} 不符。"


class OutOfCalendar(Malformed):
    """The instant or date lies where the calendar has no days."""

    en = "{what} is outside the years 1 to 9999. Correct the date."
    zh = "{what}超出公元 1 至 9999 年。请更正日期。"


def parse_date(text: str) -> date:
    """Return the date written YYYY-MM-DD; raises `NotADate` for every other spelling."""
    try:
        value = date.fromisoformat(text)
    except (ValueError, TypeError):
        raise NotADate(text=text) from None
    if value.isoformat() != text:
        raise NotADate(text=text)
    return value


def civil_date(utc_ms: int, offset_minutes: int) -> date:
    """Return the calendar date at `utc_ms` for clocks `offset_minutes` ahead of UTC; raises `OutOfCalendar`."""
    return _moment(utc_ms, offset_minutes).date()


def start_of(day: date, offset_minutes: int) -> int:
    """Return the instant, in ms, at which `day` begins at that offset."""
    return (day - _EPOCH.date()).days * DAY - offset_minutes * MINUTE


def add_years(day: date, years: int) -> date:
    """Return the same day `years` later, 28 February for 29 in a common year; raises `OutOfCalendar`."""
    year = day.year + years
    if not MINYEAR <= year <= MAXYEAR:
        raise OutOfCalendar(what=Text(f"{day} 加 {years} 年", f"{day} and {years} years"))
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def add_days(day: date, days: int) -> date:
    """Return the day `days` later; raises `OutOfCalendar`."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise OutOfCalendar(what=Text(f"{day} 加 {days} 日", f"{day} and {days} days")) from None


def parse(text: str) -> int:
    """Return the ms since 1970 UTC of an RFC 3339 time; raises `NotATime`."""
    try:
        return (datetime.fromisoformat(text.upper() if _TIME.fullmatch(text) else "") - _EPOCH) // timedelta(
            milliseconds=1
        )
    except (ValueError, OverflowError):
        raise NotATime(text=text) from None


def to_text(utc_ms: int) -> str:
    """Return `utc_ms` as RFC 3339 text in UTC, milliseconds kept; raises `OutOfCalendar`."""
    return _moment(utc_ms, 0).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def shown(utc_ms: int, offset_minutes: int) -> str:
    """Return an instant to the minute as people read it, followed by its zone: `2026-03-04 20:00 UTC+8`.

    Raises `OutOfCalendar`.
    """
    hours, minutes = divmod(abs(offset_minutes), 60)
    zone = f"UTC{'-' if offset_minutes < 0 else '+'}{hours}" + (f":{minutes:02}" if minutes else "")
    return f"{_moment(utc_ms, offset_minutes):%Y-%m-%d %H:%M} {zone}"


def _moment(utc_ms: int, offset_minutes: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=utc_ms, minutes=offset_minutes)
    except OverflowError:
        raise OutOfCalendar(what=Text(f"自 1970 年起 {utc_ms} 毫秒", f"{utc_ms} ms since 1970")) from None
