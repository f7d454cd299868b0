"""The sequencer: it stores a batch as the next entries of the ledger, and lets a quorum make their head final."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Record
from hallmark.kernel import keys
from hallmark.ledger.merkle import Frontier
from hallmark.ledger.note import Note
from hallmark.node.client import Peer
from hallmark.node.errors import EntriesMissing
from hallmark.node.quorum import Quorum
from hallmark.node.replay import Clock
from hallmark.node.store import Pair, Store


class Sequencer:
    """Orders entries in one epoch; `store` is its own, `signer` has the epoch's sequencer key."""

    def __init__(
        self, store: Store, signer: keys.Signer, epoch: tuple[Record, Constitution], nodes: Iterable[Peer], clock: Clock
    ) -> None:
        self._store = store
        self._order = Lock()
        self._quorum = Quorum(signer, epoch, nodes, clock)

    def close(self) -> None:
        """Let the connections go."""
        self._quorum.close()

    def enter(self, record: Record, constitution: Constitution) -> None:
        """Go on in the next epoch; entries beyond its base are given back. Raises `EntriesMissing`."""
        with self._order, self._store.lock:
            if self._store.tree.size < record.base.size:
                raise EntriesMissing(size=record.base.size, held=self._store.tree.size)
            with self._store.transaction():
                self._store.truncate(record.base.size)
            self._quorum.enter(record, constitution)

    def append(self, batch: Sequence[Pair], patience: float = 30) -> Note:
        """Store `batch` as the next entries and return the final note of the head that covers them.

        Without a batch the last head is offered again. Raises `NotFinal` as `Quorum.certify`; the entries then stay,
        and every later head covers them.
        """
        with self._order:
            with self._store.lock, self._store.transaction():
                for entry, disclosures in batch:
                    self._store.append(entry, disclosures, {})
            return self._quorum.certify(_Stored(self._store), patience)


class _Stored:
    """The entries of a store as they are offered."""

    final = 0

    def __init__(self, store: Store) -> None:
        self._store = store
        self.tree: Frontier = store.tree

    def chunk(self, start: int, end: int, size: int) -> list[Pair]:
        with self._store.lock:
            return self._store.chunk(start, end, size)

    def root(self, size: int) -> bytes:
        with self._store.lock:
            return self._store.log.root(size)

    def prove_consistency(self, old: int, size: int) -> list[bytes]:
        with self._store.lock:
            return self._store.log.prove_consistency(old, size)
