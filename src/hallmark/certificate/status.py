"""What a certificate's status is on a day: a reading of its status record. Nothing happens because time passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.statement.shape import CODE, DAY, DIGEST, ORGANISATION, ListOf, OneOf, Record, Whole


class Status(StrEnum):
    """The answers a reader may get; `UNKNOWN` is never the same as withdrawn."""

    IN_FORCE = "in-force"
    NOT_YET = "not-yet"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def words(self) -> Text:
        """The words for people."""
        return _TITLES[self]


_TITLES = {
    Status.IN_FORCE: Text("有效", "in force"),
    Status.NOT_YET: Text("尚未生效", "not yet in force"),
    Status.SUSPENDED: Text("暂停", "suspended"),
    Status.WITHDRAWN: Text("撤销", "withdrawn"),
    Status.CANCELLED: Text("注销", "cancelled"),
    Status.EXPIRED: Text("过期", "expired"),
    Status.UNKNOWN: Text("无法判断", "cannot tell"),
}

_RECORDED = ("in-force", "suspended", "withdrawn", "cancelled")
_EVENT = Record({"status": OneOf(_RECORDED), "effective_on": DAY, "recorded_at": Whole(), "reason_code": CODE})
STATUS_RECORD = Record(
    {
        "record": DIGEST,
        "body": ORGANISATION,
        "offset_minutes": Whole(-840, 840),
        "scheme": CODE,
        "edition": CODE,
        "product_type": CODE,
        "valid_from": DAY,
        "valid_until": DAY,
        "history": ListOf(_EVENT, 1, 1000),
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A status, the day since when it holds, and why."""

    status: Status
    since: str = ""
    reason_code: str = ""


def read(record: Mapping[str, Any], at: int) -> Reading:
    """Return the status at `at`, ms since 1970 UTC, by the effective dates of a checked status record."""
    today = instant.civil_date(at, record["offset_minutes"])
    return read_on(record, today)


def read_on(record: Mapping[str, Any], today: date) -> Reading:
    """Return the status on a civil day of the scheme; the last day of validity is still valid."""
    effective = [event for event in record["history"] if instant.parse_date(event["effective_on"]) <= today]
    if not effective:
        return Reading(Status.NOT_YET, record["valid_from"], "issued")
    last = effective[-1]
    reading = Reading(Status(last["status"]), last["effective_on"], last["reason_code"])
    ends = instant.parse_date(record["valid_until"])
    if reading.status in (Status.IN_FORCE, Status.SUSPENDED) and today > ends:
        return Reading(Status.EXPIRED, instant.add_days(ends, 1).isoformat(), "validity-ended")
    return reading
