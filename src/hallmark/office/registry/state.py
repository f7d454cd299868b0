"""The state as the database holds it. That a statement was admitted is said by its entry, and nowhere twice."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import StartsWith
from django.db.models.sql.compiler import SQLCompiler

from hallmark import schemes
from hallmark.kernel import canonical
from hallmark.kernel.text import Text
from hallmark.office.registry import bulk
from hallmark.office.registry.models import Entry, StateRecord
from hallmark.rules.state import Changes, Record
from hallmark.scheme import loader
from hallmark.scheme.model import Scheme

_ADMITTED = "statement/"
_AT_ONCE = 500


class _Beginning(StartsWith):
    """On SQLite by GLOB, which an index serves: its LIKE ignores case."""

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[str | int]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} GLOB %s", [*parameters, f"{glob.escape(str(self.rhs))}*"]


StateRecord._meta.get_field("key").register_lookup(_Beginning)  # noqa: SLF001 - Django documents it


@cache
def held_schemes() -> Mapping[bytes, Scheme]:
    """Return the schemes installed here, by digest."""
    held = (loader.load(schemes.read(name)) for name in schemes.names())
    return {scheme.digest: scheme for scheme in held}


class DatabaseState:
    """The records as of now; what was read is kept for the length of one batch."""

    def __init__(self) -> None:
        self._seen: dict[str, Record | None] = {}

    def load(self, keys: Iterable[str]) -> None:
        """Read the records at `keys` together, so that `get` need not ask for each."""
        wanted = list(keys)
        for start in range(0, len(wanted), _AT_ONCE):
            self._load(wanted[start : start + _AT_ONCE])

    def _load(self, keys: list[str]) -> None:
        self._seen.update(dict.fromkeys(keys))
        digests = [bytes.fromhex(key.removeprefix(_ADMITTED)) for key in keys if key.startswith(_ADMITTED)]
        if digests:
            admitted = Entry.objects.filter(digest__in=digests).values_list("digest", flat=True)
            self._seen.update({_ADMITTED + bytes(digest).hex(): {} for digest in admitted})
        if len(digests) < len(keys):
            for key, record in StateRecord.objects.filter(pk__in=keys).values_list("key", "record"):
                self._seen[key] = canonical.decode(bytes(record), what=Text(key, key))

    def get(self, key: str) -> Record | None:
        if key not in self._seen:
            self._load([key])
        return self._seen[key]

    def scan(self, prefix: str) -> Iterator[tuple[str, Record]]:
        rows = StateRecord.objects.filter(key__startswith=prefix)
        found: list[tuple[str, Any]] = [*rows.values_list("key", "record")]
        if _ADMITTED.startswith(prefix) or prefix.startswith(_ADMITTED):
            found += [(_ADMITTED + bytes(row).hex(), None) for row in Entry.objects.values_list("digest", flat=True)]
        # Collations differ between databases: order here.
        for key, record in sorted(found):
            if key.startswith(prefix):
                yield key, {} if record is None else canonical.decode(bytes(record), what=Text(key, key))

    def scheme(self, digest: bytes) -> Scheme | None:
        return held_schemes().get(digest)


def store(changes: Changes, entry: int) -> None:
    """Make `changes` so, as the word of `entry`."""
    store_all({key: (record, entry) for key, record in changes.items()})


def store_all(changes: Mapping[str, tuple[Record, int]]) -> None:
    """Make each record so at its key, as the word of its entry."""
    bulk.upsert(
        StateRecord,
        ("key", "family", "record", "entry"),
        [
            (key, key.split("/", 1)[0], canonical.encode(record), entry)
            for key, (record, entry) in changes.items()
            if not key.startswith(_ADMITTED)
        ],
    )
