"""The final ledger as anybody reads it, from any node: a node that lies is found out and passed over.

The chain of starts leads from the pinned constitution to the present epoch, a quorum's co-signatures to the head, and
the tiles under it to every entry.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from hallmark.consortium import epoch, finality
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Head, Record
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.tile import WIDTH, TiledLog
from hallmark.node.client import Peer
from hallmark.node.errors import NothingFinal
from hallmark.statement import envelope
from hallmark.statement.envelope import Statement

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Reading:
    """What is final in the epoch of `record`, under its `constitution`; every method raises as `TiledLog` does."""

    record: Record
    constitution: Constitution
    log: TiledLog

    @property
    def size(self) -> int:
        """How many entries are final."""
        return len(self.log)

    @property
    def root(self) -> bytes:
        """The root of their tree, 32 bytes."""
        return self.log.root()

    @cached_property
    def genesis(self) -> Statement:
        """The first entry, which names the environment of all others."""
        return envelope.parse(self.log.entry(0))

    def find(self, entry: bytes) -> int | None:
        """Return where `entry` became part of the ledger in this epoch, or None."""
        start = self.record.base.size
        entries = enumerate(self.log.entries(start, self.size), start)
        return next((at for at, each in entries if each == entry), None)

    def told(self, size: int) -> int:
        """Return the last time told among the first `size` entries, in ms since 1970 UTC."""
        for start in range((size - 1) // WIDTH * WIDTH, -1, -WIDTH):
            for entry in reversed([*self.log.entries(start, min(start + WIDTH, size))]):
                draft = envelope.parse(entry).draft
                if draft.kind.name == "time.told":
                    told: int = draft.public["utc_ms"]
                    return told
        return self.genesis.draft.issued_at * instant.SECOND


def read(peers: Sequence[Peer], first: Constitution) -> Reading:
    """Return the newest reading that any of `peers` gives; raises `NothingFinal`."""
    record, constitution = present_epoch(peers, first)
    newest: Reading | None = None
    for peer in peers:
        try:
            head = _final(peer, record, constitution)
            if head.size > (newest.size if newest else 0):
                newest = Reading(record, constitution, TiledLog(peer.tile, *head))
        except HallmarkError as error:
            _log.info("nothing from %s: %s", peer.name, error)
    if newest is None:
        raise NothingFinal(epoch=record.epoch)
    return newest


def present_epoch(peers: Sequence[Peer], first: Constitution) -> tuple[Record, Constitution]:
    """Return the newest epoch that any of `peers` can prove to follow from the `first` constitution."""
    record, constitution = Record.first(first), first
    for peer in peers:
        with suppress(HallmarkError):
            record, constitution = epoch.follow(record, constitution, peer.starts(record.epoch))
    return record, constitution


def _final(peer: Peer, record: Record, constitution: Constitution) -> Head:
    """Return the final head that `peer` shows: of this epoch, or, before its first, the head that it goes on from."""
    note = peer.note("checkpoint")
    if note and Checkpoint.parse(note.text).origin == constitution.origin(record.epoch):
        return Head.of(finality.check_final(note, record, constitution).checkpoint)
    return record.base
