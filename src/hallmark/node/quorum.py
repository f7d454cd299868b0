"""A head becomes final: it is signed, and then offered to the members until a quorum witnessed and mirrored it.

Whoever orders entries has stored them before. Heads are a function of what is stored, which only grows within an epoch,
so no size gets two heads, and what was stored before a crash is offered again after it; where the store may be an older
copy, `compare` comes first. Each node has its own lane: one that is slow or dead keeps nobody waiting while a quorum
answers, and gets what it missed with its next turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Event, Lock
from time import monotonic
from typing import Protocol, TypeVar

from hallmark.consortium import finality
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Record
from hallmark.consortium.finality import ARCHIVE, MIRROR, WITNESS
from hallmark.consortium.member import CheckpointIsOld
from hallmark.kernel import keys
from hallmark.kernel.errors import HallmarkError, Unavailable, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, verify_consistency
from hallmark.ledger.note import Note, Signature, sign
from hallmark.node import protocol
from hallmark.node.client import Peer
from hallmark.node.errors import EntriesLost, NotFinal, OldSizeDiffers, Refused, TooLarge
from hallmark.node.node import CERTIFICATE, MAX_PENDING
from hallmark.node.protocol import SEQUENCER, Message, Offer
from hallmark.node.replay import Clock
from hallmark.node.store import Pair

_PAUSE = 0.05  # seconds before a node that gave no answer is asked again; doubled each time, up to a second
_LONGEST_PAUSE = 1.0

Answer = TypeVar("Answer")
Good = TypeVar("Good")


class Source(Protocol):
    """What was ordered, up to the head that is offered; it is read from several threads."""

    @property
    def final(self) -> int:
        """How many entries are known to be final: members that were not heard of are taken to hold these."""
        ...

    @property
    def tree(self) -> Frontier:
        """The tree over all entries."""
        ...

    def chunk(self, start: int, end: int, size: int) -> list[Pair]:
        """Return the first of the entries [start, end), at least one, of about `size` bytes together."""
        ...

    def root(self, size: int) -> bytes:
        """Return the root of the tree over the first `size` entries."""
        ...

    def prove_consistency(self, old: int, size: int) -> list[bytes]:
        """Return the proof that the first `size` entries begin with the first `old`."""
        ...


@dataclass(frozen=True, slots=True)
class _Offered:
    """A head on its way: where its entries are, and its note with the signatures so far."""

    source: Source
    checkpoint: Checkpoint
    note: Note


class Quorum:
    """The members of one epoch, to whom heads are carried; `signer` has the epoch's sequencer key."""

    def __init__(
        self, signer: keys.Signer, epoch: tuple[Record, Constitution], nodes: Iterable[Peer], clock: Clock
    ) -> None:
        self._signer = signer
        self._clock = clock
        self._order = Lock()
        self._lanes = {peer: ThreadPoolExecutor(1, f"lane-{peer.name}") for peer in nodes}
        self._sizes: dict[str, int] = {}
        self._final: Note | None = None
        self._record, self._constitution = epoch

    def close(self) -> None:
        """Let the lanes end."""
        for peer, lane in self._lanes.items():
            lane.shutdown(cancel_futures=True)
            peer.close()

    def enter(self, record: Record, constitution: Constitution) -> None:
        """Go on in the next epoch."""
        with self._order:
            self._record, self._constitution = record, constitution
            self._sizes.clear()

    def compare(self, source: Source, again: Callable[[], Source], patience: float = 30) -> None:
        """Raise `EntriesLost` where what is stored does not begin with all that became final in this epoch.

        A quorum of members shows its newest quorum certificates; nothing is final that none of them covers. What a
        certificate covers was stored before, maybe by another process and after `source` was read, so that is read
        `again` before anything is called lost. Nothing is signed. Raises `NotFinal` after `patience` seconds.
        """
        with self._order:
            size, end = source.tree.size, monotonic() + patience
            seen = self._collect(size, lambda peer: peer.note(CERTIFICATE), self._certified, end)
            newest = max(seen, key=lambda head: head.size, default=None)
            if newest and not _begins_with(source, newest) and not _begins_with(again(), newest):
                raise EntriesLost(size=newest.size, held=size)

    def certify(self, source: Source, patience: float = 30) -> Note:
        """Return the final note of the head over all of `source`, under both keys of the mirrors.

        Raises `NotFinal` after `patience` seconds, or as soon as too many members refuse.
        """
        with self._order:
            return self._certify(source, monotonic() + patience)

    def _certify(self, source: Source, end: float) -> Note:
        tree = source.tree
        checkpoint, note = self._head(tree.size, tree.root)
        head = _Offered(source, checkpoint, note)

        def signed(*purposes: str) -> Callable[[Peer, Sequence[Signature]], list[Signature]]:
            return lambda peer, answer: self._checked(checkpoint, peer, answer, purposes)

        witnessed = self._collect(tree.size, lambda peer: self._witness(peer, head), signed(WITNESS), end)
        certified = replace(head, note=note.with_signatures(witnessed))
        mirrored = self._collect(tree.size, lambda peer: self._mirror(peer, certified), signed(MIRROR, ARCHIVE), end)
        final = note.with_signatures(mirrored)
        finality.check_final(final, self._record, self._constitution)
        self._final = final
        for peer, lane in self._lanes.items():
            lane.submit(self._finish, peer, final)
        return final

    def _finish(self, peer: Peer, final: Note) -> None:
        """Show a node what is final; a lane that stood still has many to show, and the newest will do."""
        if final is self._final:
            peer.finish(final)

    def _witness(self, peer: Peer, head: _Offered) -> Sequence[Signature]:
        """Hand a node what it lacks, and the head; where it says that it is elsewhere, begin from there.

        Where another process offered it more meanwhile, this head is overtaken: `CheckpointIsOld`.
        """
        old = self._sizes.get(peer.name, max(head.source.final, self._record.base.size))
        for _ in range(2):
            if old > head.checkpoint.size:
                self._sizes.pop(peer.name, None)
                raise CheckpointIsOld(size=head.checkpoint.size, signed=old)
            try:
                signatures = self._offer(peer, old, head)
            except OldSizeDiffers as error:
                old = self._sizes[peer.name] = int(str(error.facts["size"]))
            else:
                self._sizes[peer.name] = head.checkpoint.size
                return signatures
        return self._offer(peer, old, head)

    def _mirror(self, peer: Peer, head: _Offered) -> Sequence[Signature]:
        """Show a node the certificate, after the entries if it was too slow for them."""
        if self._sizes.get(peer.name) != head.checkpoint.size:
            self._witness(peer, replace(head, note=Note(head.note.text, head.note.signatures[:1])))
        return peer.mirror(head.note)

    def _head(self, size: int, root: bytes) -> tuple[Checkpoint, Note]:
        checkpoint = Checkpoint(self._constitution.origin(self._record.epoch), size, root)
        return checkpoint, Note(checkpoint.text, (sign(checkpoint.text, checkpoint.origin, self._signer),))

    def _offer(self, peer: Peer, old: int, head: _Offered) -> Sequence[Signature]:
        """Hand a node what it lacks, and the head.

        Where that is more than a node takes at once, it is offered heads on the way as long as none became final here;
        after that its peers have it, so whoever says to lack so much gets no more: `TooLarge`.
        """
        start, size, handed = old, head.checkpoint.size, 0
        while start < size:
            pairs = head.source.chunk(start, size, protocol.CHUNK_SIZE)
            more = sum(len(entry) + len(hidden) for entry, hidden in pairs)
            if handed + more > MAX_PENDING:
                if self._final or start == old:
                    raise TooLarge(size=handed + more, most=MAX_PENDING)
                _, note = self._head(start, head.source.root(start))
                peer.witness(_grown(head.source, old, start, note))
                old, handed = start, 0
            handed += more
            content = protocol.encode_entries(start, pairs)
            message = Message(SEQUENCER, peer.name, protocol.ENTRIES, self._clock() // 1000, content)
            peer.hand_in(message.signed(self._signer))
            start += len(pairs)
        return peer.witness(_grown(head.source, old, size, head.note))

    def _collect(
        self,
        size: int,
        ask: Callable[[Peer], Answer],
        check: Callable[[Peer, Answer], list[Good]],
        end: float,
    ) -> list[Good]:
        """Return what is good in the answers of the first quorum of members, asked about a head of `size` entries."""
        answers: SimpleQueue[tuple[Peer, Answer | HallmarkError]] = SimpleQueue()
        over = Event()
        for peer, lane in self._lanes.items():
            lane.submit(_ask_until, peer, ask, answers, over)
        good: list[Good] = []
        members: set[str] = set()
        reasons: dict[str, HallmarkError] = {}
        try:
            while len(members) < self._constitution.quorum:
                try:
                    peer, answer = answers.get(timeout=max(end - monotonic(), 0))
                    if isinstance(answer, HallmarkError):
                        raise answer
                    good += check(peer, answer)
                    members.update({peer.name}.intersection(self._constitution.names))
                except Empty:
                    raise _not_final(size, reasons) from None
                except HallmarkError as error:
                    reasons[peer.name] = error
                    refused = [name for name, each in reasons.items() if not isinstance(each, Unavailable)]
                    if len(self._constitution.names.intersection(refused)) > self._constitution.faults:
                        raise _not_final(size, reasons) from None
        finally:
            over.set()
        return good

    def _checked(
        self, checkpoint: Checkpoint, peer: Peer, answer: Sequence[Signature], purposes: Sequence[str]
    ) -> list[Signature]:
        """Return one good signature for each purpose; raises `Refused`, `BadNoteSignature`."""
        seat = self._constitution.member(peer.name)
        by_key = {(each.name, each.key_id): each for each in answer}
        good = []
        for purpose in purposes:
            key = seat and finality.cosigner(self._constitution, seat, purpose)
            signature = key and by_key.get((key.name, key.id))
            if not key or not signature:
                raise Refused(
                    node=peer.name,
                    code="no-signature",
                    detail=Text(f"它未作 {purpose} 签名", f"it gave no signature as {purpose}"),
                )
            cosignature.verify(key, checkpoint, signature.value)
            good.append(signature)
        return good

    def _certified(self, _: Peer, note: Note | None) -> list[Checkpoint]:
        """Return the head that a certificate of this epoch covers; raises as `finality.certify`."""
        origin = self._constitution.origin(self._record.epoch)
        if note is None or Checkpoint.parse(note.text).origin != origin:
            return []
        return [finality.certify(note, self._record, self._constitution).checkpoint]


def _grown(source: Source, old: int, size: int, note: Note) -> Offer:
    proof = source.prove_consistency(old, size) if 0 < old < size else []
    return Offer(old, tuple(proof), note)


def _begins_with(source: Source, head: Checkpoint) -> bool:
    size, root = source.tree.size, source.tree.root
    if head.size >= size:
        return (head.size, head.root) == (size, root)
    try:
        verify_consistency(head.size, size, head.root, root, source.prove_consistency(head.size, size))
    except Unverified:
        return False
    return True


def _not_final(size: int, reasons: dict[str, HallmarkError]) -> NotFinal:
    said = {name: str(error.facts.get("code", error.code)) for name, error in reasons.items()}
    text = ", ".join(f"{name}: {code}" for name, code in sorted(said.items())) or "no answer"
    return NotFinal(size=size, reasons=text, codes=said)


def _ask_until(
    peer: Peer,
    ask: Callable[[Peer], Answer],
    answers: SimpleQueue[tuple[Peer, Answer | HallmarkError]],
    over: Event,
) -> None:
    """Put a node's answer into `answers`; one that gives none is asked again until it is `over`."""
    pause = _PAUSE
    while not over.is_set():
        try:
            answers.put((peer, ask(peer)))
        except Unavailable as error:
            answers.put((peer, error))
        except HallmarkError as error:
            answers.put((peer, error))
            return
        else:
            return
        over.wait(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
