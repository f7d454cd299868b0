"""Bringing back from a member's node what this database lost of what a quorum confirmed.

A database that was restored from an older copy may sign nothing, for members confirmed more than it holds. A node has
all of it. Nothing is taken on its word: the entries must be those under a final note of the epoch, and follow on what
is here. Disclosures that no rule reads are not in a node; they stay lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hallmark.consortium import finality as consortium
from hallmark.consortium.epoch import Head, Start
from hallmark.kernel.errors import Missing
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.node.node import CERTIFICATE, CHECKPOINT
from hallmark.node.store import Store
from hallmark.office.registry import bulk, hosted, projection, sequencer
from hallmark.office.registry.errors import LedgerDiffers
from hallmark.office.registry.models import Head as OrderHead
from hallmark.office.registry.models import Ordered
from hallmark.rules import consortium as rules

_AT_ONCE = 10_000


class NoStore(Missing):
    """There is no file to take anything from."""

    en = "{path} is no file. Name the node.sqlite of a node that was stopped, or a copy of it."
    zh = "{path} 不是文件。请指定已停止节点的 node.sqlite 或其副本。"


class NothingFinal(Missing):
    """The store shows nothing that this ledger lacks."""

    en = "The store at {path} has nothing final in an epoch that follows on this ledger's. Take another member's."
    zh = "{path} 处的存储没有承接本账本纪元的终局内容。请改用其他成员的存储。"


def recover(path: Path) -> range:
    """Take in what is final in the store of a stopped node, let what is only certified wait, and return the entries.

    Raises `NoStore`, `NothingFinal`, `LedgerDiffers` where the ledger here is no beginning of the node's, `StoreInUse`,
    and as `Start.verify` and `Policy.verify`.
    """
    if not path.is_file():
        raise NoStore(path=path)
    store = Store(path)
    try:
        with store.lock, sequencer.turn() as head:
            here, _ = sequencer.waiting(head)
            if here.size > store.tree.size or store.log.root(here.size) != here.root:
                raise LedgerDiffers(size=here.size)
            final, certified, starts = _confirmed(store, path, head)
            Ordered.objects.all().delete()
            for begin in range(here.size, certified, _AT_ONCE):
                pairs = store.pairs(begin, min(begin + _AT_ONCE, certified))
                rows = [(index, entry, hidden) for index, (entry, hidden) in enumerate(pairs, begin)]
                bulk.insert(Ordered, ("index", "encoded", "disclosures"), rows)
            start = starts[-1].encode() if starts else None
            entries = sequencer.conclude(Head.of(Checkpoint.parse(final.text)), note=final.encode(), start=start)
            projection.follow(entries)
            _state(starts)
            return entries
    finally:
        store.close()


def _state(starts: Iterable[Start]) -> None:
    """State the starts that are not on the ledger: nodes take nothing before them."""
    state = sequencer.state_ordered()
    stated = rules.epoch_of(state).epoch
    claims = [{"start": start.encode()} for start in starts if start.ballot.record.epoch > stated]
    if claims:
        sequencer.append([hosted.keep("epoch.started", each) for each in claims])


def _confirmed(store: Store, path: Path, head: OrderHead) -> tuple[Note, int, list[Start]]:
    """Return the newest final note, how many entries are certified, and the starts of later epochs than this one."""
    epoch, starts = sequencer.epoch(head), list[Start]()
    notes = {name: Note.parse(content) for name in (CHECKPOINT, CERTIFICATE) if (content := store.slot(name))}
    final: Note | None = None
    certified = 0
    for encoded in (None, *store.starts(epoch[0].epoch)):
        if encoded is not None:
            start = Start.parse(encoded)
            start.verify(*epoch)
            starts.append(start)
            epoch = (start.ballot.record, start.constitution)
            certified = max(certified, start.ballot.record.base.size)
        for name, note in notes.items():
            checkpoint = Checkpoint.parse(note.text)
            if checkpoint.origin == epoch[1].origin(epoch[0].epoch):
                if name == CHECKPOINT:
                    consortium.check_final(note, *epoch)
                    final = note
                else:
                    consortium.certify(note, *epoch)
                certified = max(certified, checkpoint.size)
    if final is None:
        raise NothingFinal(path=path)
    return final, min(certified, store.tree.size), starts
