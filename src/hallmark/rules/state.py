"""What is so now: records by key, each the last word of an admitted statement.

| key                                          | record                                                       |
|----------------------------------------------|--------------------------------------------------------------|
| `ledger`                                     | environment, algorithms, rules version, last time told       |
| `consortium`                                 | record and constitution of the epoch, proposals adopted      |
| `presented/<digest>`                         | a node's request for a seat, and who accepted its evidence   |
| `proposal/<digest>`                          | a proposal and its votes                                     |
| `fork/<digest>`                              | two checkpoints of one epoch that contradict each other      |
| `organisation/<org>`                         | role, name, code, key                                        |
| `person/<person>`                            | key, relying party, the person it was merged into            |
| `merged/<person>`                            | the registrations that were merged into this one             |
| `competence/<person>/<org>/<function>/<scheme>` | product types and dates                                   |
| `competences/<person>`                       | the keys of the person's competences                         |
| `interest/<holder>/<organisation or person>` | natures and dates                                            |
| `designation/<org>/<activity>/<scheme>`      | dates by product type                                        |
| `scheme/<scheme>`                            | adopted editions, each with a digest of its adoption         |
| `case/<case>`                                | everything a case knows                                      |
| `certificate/<number>`                       | record digest, dates, status, history                        |
| `origin/<number>`                            | the case that a certificate came out of                      |
| `leaf/<number>`                              | digest of that record, its leaf in the status map            |
| `counter/<number without serial>`            | the last serial given                                        |
| `code/<code>`                                | the organisation that holds it                               |
| `report/<report>`                            | the case that a report is of                                 |
| `evidence/<address>/<case>`                  | nothing: a statement about the case named the evidence       |
| `erased/<address>`                           | who erased the evidence, and on what ground                  |
| `currency/<currency>`                        | who founded it, issuer, institutions, unit, limits           |
| `supply/<currency>`                          | the amount issued and not redeemed, in minor units           |
| `note/<digest>`                              | currency, amount, holder's key; once spent, the draft it was |
| `key/<digest>`                               | the organisation or person whose key it is or was            |
| `statement/<digest>`                         | nothing: it was admitted                                     |
| `approved/<digest>`                          | nothing: what persons approved was admitted                  |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from hallmark.kernel import canonical, hashing
from hallmark.scheme.model import Scheme

Record = dict[str, Any]
Changes = dict[str, Record]


class State(Protocol):
    """A view of what is so; the database, a dictionary, or a batch in the making."""

    def get(self, key: str) -> Record | None:
        """Return the record at `key`; the caller may not change it."""
        ...

    def scan(self, prefix: str) -> Iterator[tuple[str, Record]]:
        """Yield keys that begin with `prefix` and their records, in bytewise key order."""
        ...

    def scheme(self, digest: bytes) -> Scheme | None:
        """Return the scheme data whose digest this is, where this node holds it."""
        ...


class MemoryState:
    """A state in a dictionary."""

    def __init__(self, schemes: Mapping[bytes, Scheme]) -> None:
        self._schemes = schemes
        self._records: Changes = {}

    def get(self, key: str) -> Record | None:
        return self._records.get(key)

    def scan(self, prefix: str) -> Iterator[tuple[str, Record]]:
        for key in sorted(key for key in self._records if key.startswith(prefix)):
            yield key, self._records[key]

    def scheme(self, digest: bytes) -> Scheme | None:
        return self._schemes.get(digest)

    def apply(self, changes: Changes) -> None:
        """Make `changes` so."""
        self._records.update(changes)


class Overlay:
    """A state with changes on top that are not so yet: the statements of one batch see each other."""

    def __init__(self, base: State) -> None:
        self._base = base
        self.changes: Changes = {}

    def get(self, key: str) -> Record | None:
        return self.changes[key] if key in self.changes else self._base.get(key)

    def scan(self, prefix: str) -> Iterator[tuple[str, Record]]:
        records = {**dict(self._base.scan(prefix)), **{k: v for k, v in self.changes.items() if k.startswith(prefix)}}
        yield from sorted(records.items())

    def scheme(self, digest: bytes) -> Scheme | None:
        return self._base.scheme(digest)

    def apply(self, changes: Changes) -> None:
        """Lay `changes` on top."""
        self.changes.update(changes)


def digest_of(state: State) -> bytes:
    """Return 32 bytes that two nodes share exactly when all their records are the same."""
    running = hashing.sha256(b"hallmark/state/1")
    for key, record in state.scan(""):
        running = hashing.sha256(running + canonical.encode([key, record]))
    return running
