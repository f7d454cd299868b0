"""The state as the database holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from hallmark import schemes
from hallmark.kernel import canonical
from hallmark.office.registry.models import StateRecord
from hallmark.rules.state import Changes, Record
from hallmark.scheme import loader
from hallmark.scheme.model import Scheme

_BATCH = 500


@cache
def held_schemes() -> Mapping[bytes, Scheme]:
    """Return the schemes installed here, by digest."""
    held = (loader.load(schemes.read(name)) for name in schemes.names())
    return {scheme.digest: scheme for scheme in held}


class DatabaseState:
    """The records as of now; what was read is kept for the length of one batch."""

    def __init__(self) -> None:
        self._seen: dict[str, Record | None] = {}

    def get(self, key: str) -> Record | None:
        if key not in self._seen:
            row = StateRecord.objects.filter(pk=key).values_list("record", flat=True).first()
            self._seen[key] = None if row is None else canonical.decode(bytes(row), what=key)
        return self._seen[key]

    def scan(self, prefix: str) -> Iterator[tuple[str, Record]]:
        rows = StateRecord.objects.all()
        if prefix:
            rows = rows.filter(family=prefix.split("/", 1)[0], key__startswith=prefix)
        # Collations differ between databases and LIKE ignores case on one of them: order and compare here.
        for key, record in sorted(rows.values_list("key", "record")):
            if key.startswith(prefix):
                yield key, canonical.decode(bytes(record), what=key)

    def scheme(self, digest: bytes) -> Scheme | None:
        return held_schemes().get(digest)


def store(changes: Changes, entry: int) -> None:
    """Make `changes` so, as the word of `entry`."""
    rows = [
        StateRecord(key=key, family=key.split("/", 1)[0], record=canonical.encode(record), entry=entry)
        for key, record in changes.items()
    ]
    StateRecord.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["record", "entry"],
    )
