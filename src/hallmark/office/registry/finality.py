"""When what was ordered is final, and so becomes entries, records and projections.

Where one operator keeps the ledger that is at once, and nothing of this is used. A consortium's nodes are asked after
the order is committed, for a head is signed only over what is durable; whatever process asks, what it makes final is
taken in once. A process that dies in between leaves rows that wait, and the next one to ask offers them again.

A new epoch is begun by the members, without this server. It learns of it when nodes refuse the old origin; it then
takes in what the epoch is based on, gives up what was ordered beyond, and states the start on the ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from threading import Lock, local
from time import monotonic
from typing import cast

from django.conf import settings
from django.db import connection, transaction

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Head, Record, Start, follow
from hallmark.consortium.member import CheckpointIsOld, OtherOrigin
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import Signer
from hallmark.kernel.text import quoted
from hallmark.ledger import tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.tile import TiledLog
from hallmark.node import folder
from hallmark.node.client import Peer
from hallmark.node.errors import ClockApart, EntriesLost, MessageNotTrusted, NotFinal, OldSizeDiffers
from hallmark.node.judging import Jury
from hallmark.node.quorum import Quorum
from hallmark.node.store import Pair
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import hosted, log, projection, sequencer
from hallmark.office.registry.errors import GivenUp, LedgerDiffers, NodesUnknown, NotFinalYet, NotTheSequencer
from hallmark.office.registry.models import Draft, Entry, Ordered
from hallmark.office.registry.models import Head as OrderHead
from hallmark.office.registry.sequencer import Admitted

OFFERED = "ledger.offered"
"""The job that offers again what no quorum made final at once."""

_log = logging.getLogger(__name__)
_PATIENCE = 15  # seconds
PATIENCE_TO_JUDGE = 5  # seconds
PATIENCE_IN_TURN = 1  # seconds, in which no other statement is ordered
_AGAIN_MS = 5_000
# What nodes say of a later epoch, with the log's key or another; and of a head that another process overtook.
_ELSEWHERE = {OtherOrigin.code, MessageNotTrusted.code}
_OVERTAKEN = {CheckpointIsOld.code, OldSizeDiffers.code}
_carrying = Lock()
_quorums: dict[bytes, Quorum] = {}
_compared = local()


def arrange(size: int, digest: bytes) -> None:
    """Settle the first `size` entries once the transaction is committed; a worker does where this process cannot."""
    jobs.schedule(OFFERED, "ledger", wall_clock() + _AGAIN_MS)
    transaction.on_commit(partial(settle, size, digest))


def settle(size: int, digest: bytes) -> None:
    """Return when the first `size` entries are final and so, the last one with this digest.

    One thread of a process carries a head; what others ordered meanwhile goes with the next one, and if that failed
    while they waited, it failed for them. While heads fail, that one thread alone waits for the nodes. Raises
    `NotFinalYet`, `GivenUp`, `NodesUnknown`, `NotTheSequencer`, `LedgerDiffers`, `LedgerBusy`.
    """
    began = monotonic()
    try:
        with _chance_to_carry():
            _failure.check(size, began)
            while (head := _offered()).final < size and head.pairs:
                _carry(head)
    except NotFinal as error:
        raise NotFinalYet(index=size - 1, reasons=error.facts["reasons"]) from error
    if not Entry.objects.filter(pk=size - 1, digest=digest).exists():
        raise GivenUp


def question(head: OrderHead, admitted: Admitted) -> _Offered:
    """Return what nodes are asked about a batch: what waits and the batch on top, in the turn that holds `head`."""
    base, before = sequencer.waiting(head)
    return _Offered(sequencer.epoch(head), base, [*before, *admitted.pairs])


def judge(asked: _Offered, patience: float) -> None:
    """Ask the nodes whether they would admit all of it.

    Raises `SealedNotAdmitted`, `NotJudged` after `patience` seconds, `NodesUnknown`, `NotTheSequencer`.
    """
    Jury(_signer(*asked.epoch), asked.epoch, nodes(), wall_clock).judge(asked, patience)


def offer() -> None:
    """Offer again what waits, if any does; where the nodes do not take it, that is arranged again.

    Nodes witness nothing whose last time is past, so what waited for long gets another one on top.
    """
    with _carrying, suppress(NotFinal):
        try:
            _carry_all()
        except NotFinal as error:
            if ClockApart.code not in _codes(error):
                raise
            sequencer.tell_time()
            _carry_all()


def _carry_all() -> None:
    while Ordered.objects.exists():
        _carry(_offered())


@dataclass
class _Failure:
    """The last head that did not become final, for those who waited meanwhile."""

    error: NotFinal | None = None
    size: int = 0
    at: float = 0

    @property
    def last(self) -> NotFinal | None:
        """The error where a head failed lately, and none became final since."""
        return self.error if monotonic() - self.at < 2 * _PATIENCE else None

    def check(self, size: int, began: float) -> None:
        """Raise it where it covered `size` entries and came after `began`."""
        if self.error and self.size >= size and self.at > began:
            raise self.error


_failure = _Failure()


@contextmanager
def _chance_to_carry() -> Iterator[None]:
    """Hold the lock; while another thread has it and heads fail, raise the last `NotFinal` at once."""
    last = _failure.last
    if not _carrying.acquire(blocking=last is None) and last:
        raise last
    try:
        yield
    finally:
        _carrying.release()


def _carry(head: _Offered) -> None:
    """Let a head be final and so; raises `NotFinal`, after which it is offered again by a worker."""
    quorum = _quorum(*head.epoch)
    try:
        _compare(quorum, head)
        note = quorum.certify(head, _PATIENCE)
    except EntriesLost as error:
        raise LedgerDiffers(size=error.facts["size"]) from error
    except NotFinal as error:
        codes = _codes(error)
        if codes & _ELSEWHERE and _enter_epochs(*head.epoch):
            return
        if codes & _OVERTAKEN and _offered().tree.size > head.tree.size:
            return
        jobs.schedule(OFFERED, "ledger", wall_clock() + _AGAIN_MS)
        _failure.error, _failure.size, _failure.at = error, head.tree.size, monotonic()
        raise
    _failure.error = None
    with sequencer.turn():
        projection.follow(sequencer.conclude(Head.of(Checkpoint.parse(note.text)), note=note.encode()))
        if not Ordered.objects.exists():
            jobs.withdraw(OFFERED, "ledger")


def _codes(error: NotFinal) -> frozenset[str]:
    """Return the codes of the reasons that nodes gave."""
    return frozenset(cast("dict[str, str]", error.facts["codes"]).values())


def _compare(quorum: Quorum, head: _Offered) -> None:
    """Ask the nodes what they confirmed, once for each connection to the database: behind a new one may be another.

    A connection does not outlive the server's leading, so what is read over one that was compared has lost nothing.
    Raises `EntriesLost`, `NotFinal`.
    """
    here = (connection.connection, head.epoch[0].digest)
    if getattr(_compared, "here", None) != here:
        quorum.compare(head, _offered, _PATIENCE)
        _compared.here = here


@dataclass(frozen=True)
class _Offered:
    """The ledger up to what waits: what is final comes from the files and tables, the rest is held."""

    epoch: tuple[Record, Constitution]
    base: Frontier
    pairs: list[Pair]

    @property
    def final(self) -> int:
        """How many entries are final."""
        return self.base.size

    @cached_property
    def tree(self) -> Frontier:
        """The tree over all."""
        return self.base.extend(leaf_hash(entry) for entry, _ in self.pairs)

    def chunk(self, start: int, end: int, size: int) -> list[Pair]:
        """Return entries; a node that is far behind has them read from the database, in its lane's thread."""
        chosen: list[Pair] = []
        for pair in self._pairs(start, end):
            size -= len(pair[0]) + len(pair[1])
            if chosen and size < 0:
                break
            chosen.append(pair)
        return chosen

    def _pairs(self, start: int, end: int) -> Iterator[Pair]:
        if start < self.final:
            rows = Entry.objects.filter(index__gte=start, index__lt=end).order_by("index")
            try:
                for encoded, disclosures in rows.values_list("encoded", "disclosures").iterator(chunk_size=1_000):
                    yield bytes(encoded), bytes(disclosures)
            finally:
                connection.close()
        yield from self.pairs[max(start - self.final, 0) : end - self.final]

    def root(self, size: int) -> bytes:
        """Return a root."""
        return self._log.root(size)

    def prove_consistency(self, old: int, size: int) -> list[bytes]:
        """Return a proof; what waits has tiles only here."""
        return self._log.prove_consistency(old, size)

    @cached_property
    def _log(self) -> TiledLog:
        fresh = [entry for entry, _ in self.pairs]
        tiles = {place.path: content for place, content in tile.append(log.read, self.final, fresh)}
        return TiledLog(lambda path: tiles.get(path) or log.read(path), self.tree.size, self.tree.root)


def _offered() -> _Offered:
    sequencer.publish()  # proofs are made from files
    # This turn locks a row, so it commits, and where replication is synchronous a standby has that and all before it
    # when it ends: no head is signed over what would die with the leader, even if an earlier wait was cut short.
    with sequencer.turn() as head:
        return _Offered(sequencer.epoch(head), *sequencer.waiting(head))


def _quorum(record: Record, constitution: Constitution) -> Quorum:
    """Return the members of an epoch, over connections that this process keeps; raises `NotTheSequencer`."""
    if record.digest not in _quorums:
        signer = _signer(record, constitution)
        forget_nodes()
        _quorums[record.digest] = Quorum(signer, (record, constitution), nodes(), wall_clock)
    return _quorums[record.digest]


def _signer(record: Record, constitution: Constitution) -> Signer:
    """Return what signs heads under `constitution`: members may have voted for another key than the first."""
    for name in (sequencer.LOG_KEY, *(each for each in keys().names() if each.startswith(sequencer.LATER_LOG_KEYS))):
        signer = keys().get_signer(name)
        if signer.public == constitution.sequencer:
            return signer
    raise NotTheSequencer(epoch=record.epoch)


def forget_nodes() -> None:
    """Close this process's connections to nodes."""
    while _quorums:
        _quorums.popitem()[1].close()


def nodes() -> list[Peer]:
    """Return the members' nodes, as the operator's file names them; raises `NodesUnknown`."""
    try:
        return folder.peers(Path(settings.HALLMARK_NODES), "")
    except HallmarkError as error:
        raise NodesUnknown(why=quoted(str(error))) from error


def _enter_epochs(record: Record, constitution: Constitution) -> bool:
    """Enter the epochs that the members have begun since, if any node shows one, and state their starts."""
    starts = _starts(record, constitution)
    if not starts:
        return False
    base = starts[-1].ballot.record.base
    with sequencer.turn() as head:
        if sequencer.epoch(head) != (record, constitution):
            return True  # another process entered them, and what it ordered since stays
        projection.follow(sequencer.conclude(base, start=starts[-1].encode()))
        Ordered.objects.all().delete()
        Draft.objects.filter(entry__gte=base.size).update(entry=None)
        claims = [{"start": start.encode()} for start in starts]
        sequencer.append([hosted.keep("epoch.started", each) for each in claims])
    _log.info("epoch %s has begun", starts[-1].ballot.record.epoch)
    return True


def _starts(record: Record, constitution: Constitution) -> list[Start]:
    """Return the starts after `record`, from whichever node shows most; each was committed to by a quorum."""
    longest: list[Start] = []
    for node in nodes():
        starts: list[Start] = []
        try:
            for start in node.starts(record.epoch):
                follow(record, constitution, [*starts, start])
                starts.append(start)
        except HallmarkError as error:
            _log.info("no starts of epochs from %s: %s", node.name, error)
        longest = max(longest, starts, key=len)
        node.close()
    return longest
