"""The status map as it was last stated, though certificates have changed since.

No copy of it is kept in the database: a status record only grows, and each event says when it was recorded, so the map
of any statement can be read from the records of today. A process keeps the last map and brings it up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from hallmark.kernel import canonical
from hallmark.ledger.sorted_map import SortedMap
from hallmark.office.registry.models import StateRecord
from hallmark.office.registry.state import DatabaseState
from hallmark.statement.certificate import status_digest


@dataclass(frozen=True, slots=True, eq=False)  # one statement has one map, and what is made from it is kept with it
class Stated:
    """The entry that stated the status, for which time in ms since 1970 UTC, and the map under its root."""

    entry: int
    at: int
    leaves: Mapping[str, bytes]
    register: SortedMap


_NOTHING = Stated(-1, 0, {}, SortedMap({}))
_lock = Lock()
_kept = _NOTHING


def last_stated() -> Stated | None:
    """Return the last statement of the status; None where there is none, or the records do not give its root."""
    global _kept  # noqa: PLW0603 - one map a process
    row = StateRecord.objects.filter(pk="status").values_list("entry", "record").first()
    if row is None:
        return None
    entry, record = row[0], canonical.decode(bytes(row[1]))
    with _lock:
        if _kept.entry == entry and _kept.register.root == record["root"]:
            return _kept
        for known in (_kept, _NOTHING):  # a kept map may be of another database
            if known.entry < entry:
                leaves = {**known.leaves, **_changed(known.entry, entry, record["at"])}
                register = SortedMap(leaves)
                if register.root == record["root"]:
                    _kept = Stated(entry, record["at"], leaves, register)
                    return _kept
    return None


def _changed(since: int, entry: int, at: int) -> dict[str, bytes]:
    """Return the leaves of certificates that changed after entry `since`, as of `entry`, which told the time `at`."""
    state = DatabaseState()
    leaves: dict[str, bytes] = {}
    rows = StateRecord.objects.filter(family="leaf", entry__gt=since).values_list("key", "entry", "record")
    for key, changed, leaf in rows.iterator(chunk_size=10_000):
        number = key.removeprefix("leaf/")
        if changed <= entry:
            leaves[number] = canonical.decode(bytes(leaf))["digest"]
            continue
        record = state.get(f"certificate/{number}") or {"history": []}
        if history := history_at(record, at):
            leaves[number] = status_digest({**record, "history": history})
    return leaves


def history_at(record: Mapping[str, Any], at: int) -> list[Mapping[str, Any]]:
    """Return the events of a status record that were recorded at `at`, ms since 1970 UTC."""
    return [event for event in record["history"] if event["recorded_at"] <= at]
