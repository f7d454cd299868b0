"""The sequencer's side: a batch is stored, its head signed, and then offered until a quorum made it final.

Heads are a function of the stored entries, which only grow within an epoch, so no size gets two heads; what was stored
before a crash is offered again after it. Each node has a lane of its own: a node that is slow or dead keeps nobody
waiting while a quorum answers, and gets what it missed with its next turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Event, Lock
from time import monotonic

from hallmark.consortium import finality
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Record
from hallmark.consortium.finality import ARCHIVE, MIRROR, WITNESS
from hallmark.kernel import keys
from hallmark.kernel.errors import HallmarkError, Unavailable
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note, Signature, sign
from hallmark.node import protocol
from hallmark.node.client import Peer
from hallmark.node.errors import EntriesMissing, NotFinal, OldSizeDiffers, Refused
from hallmark.node.protocol import SEQUENCER, Message, Offer
from hallmark.node.replay import Clock
from hallmark.node.store import Pair, Store

_PAUSE = 0.05  # seconds before a node that gave no answer is asked again; doubled each time, up to a second
_LONGEST_PAUSE = 1.0

Ask = Callable[[Peer], Sequence[Signature]]


class Sequencer:
    """Orders entries in one epoch; `store` is its own, `signer` has the epoch's sequencer key."""

    def __init__(
        self, store: Store, signer: keys.Signer, epoch: tuple[Record, Constitution], nodes: Iterable[Peer], clock: Clock
    ) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._order = Lock()
        self._lanes = {peer: ThreadPoolExecutor(1, f"lane-{peer.name}") for peer in nodes}
        self._sizes: dict[str, int] = {}
        self._record, self._constitution = epoch

    def close(self) -> None:
        """Let the lanes end."""
        for peer, lane in self._lanes.items():
            lane.shutdown(cancel_futures=True)
            peer.close()

    def enter(self, record: Record, constitution: Constitution) -> None:
        """Go on in the next epoch; entries beyond its base are given back. Raises `EntriesMissing`."""
        with self._order, self._store.lock:
            if self._store.tree.size < record.base.size:
                raise EntriesMissing(size=record.base.size, held=self._store.tree.size)
            with self._store.transaction():
                self._store.truncate(record.base.size)
            self._record, self._constitution = record, constitution
            self._sizes.clear()

    def append(self, batch: Sequence[Pair], patience: float = 30) -> Note:
        """Store `batch` as the next entries and return the final note of the head that covers them.

        Without a batch the last head is offered again. Raises `NotFinal` after `patience` seconds, or as soon as too
        many members refuse; the entries then stay, and every later head covers them.
        """
        with self._order:
            with self._store.lock, self._store.transaction():
                for entry, disclosures in batch:
                    self._store.append(entry, disclosures, {})
            return self._finalise(monotonic() + patience)

    def _finalise(self, end: float) -> Note:
        tree = self._store.tree
        checkpoint = Checkpoint(self._constitution.origin(self._record.epoch), tree.size, tree.root)
        note = Note(checkpoint.text, (sign(checkpoint.text, checkpoint.origin, self._signer),))
        witnessed = self._collect(checkpoint, lambda peer: self._witness(peer, checkpoint, note), (WITNESS,), end)
        certificate = note.with_signatures(witnessed)
        mirrored = self._collect(
            checkpoint, lambda peer: self._mirror(peer, checkpoint, certificate), (MIRROR, ARCHIVE), end
        )
        final = note.with_signatures(mirrored)
        finality.check_final(final, self._record, self._constitution)
        for peer, lane in self._lanes.items():
            lane.submit(peer.finish, final)
        return final

    def _witness(self, peer: Peer, checkpoint: Checkpoint, note: Note) -> Sequence[Signature]:
        """Hand a node what it lacks, and the head; where it says that it is elsewhere, begin from there."""
        old = self._sizes.get(peer.name, self._record.base.size)
        for _ in range(2):
            try:
                signatures = self._offer(peer, old, checkpoint, note)
            except OldSizeDiffers as error:
                old = self._sizes[peer.name] = int(str(error.facts["size"]))
            else:
                self._sizes[peer.name] = checkpoint.size
                return signatures
        return self._offer(peer, old, checkpoint, note)

    def _mirror(self, peer: Peer, checkpoint: Checkpoint, certificate: Note) -> Sequence[Signature]:
        """Show a node the certificate, after the entries if it was too slow for them."""
        if self._sizes.get(peer.name) != checkpoint.size:
            self._witness(peer, checkpoint, Note(certificate.text, certificate.signatures[:1]))
        return peer.mirror(certificate)

    def _offer(self, peer: Peer, old: int, checkpoint: Checkpoint, note: Note) -> Sequence[Signature]:
        start = old
        while start < checkpoint.size:
            with self._store.lock:
                pairs = self._store.chunk(start, checkpoint.size, protocol.CHUNK_SIZE)
            content = protocol.encode_entries(start, pairs)
            message = Message(SEQUENCER, peer.name, protocol.ENTRIES, self._clock() // 1000, content)
            peer.hand_in(message.signed(self._signer))
            start += len(pairs)
        with self._store.lock:
            proof = self._store.log.prove_consistency(old, checkpoint.size) if 0 < old < checkpoint.size else []
        return peer.witness(Offer(old, tuple(proof), note))

    def _collect(self, checkpoint: Checkpoint, ask: Ask, purposes: Sequence[str], end: float) -> list[Signature]:
        """Return the signatures for `purposes` of the first quorum of nodes."""
        answers: SimpleQueue[tuple[Peer, Sequence[Signature] | HallmarkError]] = SimpleQueue()
        over = Event()
        for peer, lane in self._lanes.items():
            lane.submit(_ask_until, peer, ask, answers, over)
        signatures: list[Signature] = []
        signers: set[str] = set()
        reasons: dict[str, HallmarkError] = {}
        try:
            while len(signers) < self._constitution.quorum:
                try:
                    peer, answer = answers.get(timeout=max(end - monotonic(), 0))
                    if isinstance(answer, HallmarkError):
                        raise answer
                    signatures += self._checked(checkpoint, peer, answer, purposes)
                    signers.add(peer.name)
                except Empty:
                    raise self._not_final(checkpoint, reasons) from None
                except HallmarkError as error:
                    reasons[peer.name] = error
                    refused = sum(not isinstance(each, Unavailable) for each in reasons.values())
                    if refused > self._constitution.faults:
                        raise self._not_final(checkpoint, reasons) from None
        finally:
            over.set()
        return signatures

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
                raise Refused(node=peer.name, code="no-signature", detail=f"it gave no signature as {purpose}")
            cosignature.verify(key, checkpoint, signature.value)
            good.append(signature)
        return good

    def _not_final(self, checkpoint: Checkpoint, reasons: dict[str, HallmarkError]) -> NotFinal:
        said = {name: str(error.facts.get("code", error.code)) for name, error in reasons.items()}
        text = ", ".join(f"{name}: {code}" for name, code in sorted(said.items())) or "no answer"
        return NotFinal(size=checkpoint.size, reasons=text, codes=said)


def _ask_until(
    peer: Peer, ask: Ask, answers: SimpleQueue[tuple[Peer, Sequence[Signature] | HallmarkError]], over: Event
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
