"""One member's node: it decides by the consortium's rules, stores what it decided, and only then signs.

One lock is held from the decision to the signature, and one transaction holds entries, records and the member's state.
How epochs change is in `ceremony`, how a node hears from its peers in `follow`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hallmark.consortium import finality, member
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Head, Record
from hallmark.consortium.finality import ARCHIVE, MIRROR, WITNESS
from hallmark.consortium.judgement import Judgement
from hallmark.consortium.member import (
    EntriesNotHeld,
    MemberState,
    NotGrownFromHere,
    OtherOrigin,
    StoreRolledBack,
    Trace,
    check_signs,
)
from hallmark.consortium.sealing import Announcement
from hallmark.kernel import keys
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import NotConsistent, WrongPathLength, leaf_hash, verify_consistency
from hallmark.ledger.note import Note, Signature, VerifierKey
from hallmark.ledger.tile import Tile
from hallmark.node import protocol, sighting
from hallmark.node.archive import Archive
from hallmark.node.errors import BadRequest, EntriesMissing, NotHere, OldSizeDiffers, TooLarge, TwoHeads
from hallmark.node.protocol import Message, Offer
from hallmark.node.replay import Clock, StoreState, check_start_is_stated, pass_on, replay, try_out, voted
from hallmark.node.sighting import MIRRORED, WITNESSED, Sighting
from hallmark.node.store import Pair, Store, entries_of
from hallmark.rules.state import State
from hallmark.scheme.model import Scheme
from hallmark.statement import envelope, sealing
from hallmark.statement.sealing import NotOpened, Sealed

MAX_PENDING = 16 * 2**20  # bytes of entries handed in and not witnessed
_STATE, _CONSTITUTION, _RETIRED = "member", "constitution", "retired"
CERTIFICATE, CHECKPOINT, PREPARES, CONSENT = "certificate", "checkpoint", "prepares", "consent"

Agreed = Callable[[State, Constitution], Constitution]
"""Reads from the state which constitution the votes on the ledger have made of the one in force."""


@dataclass(frozen=True, slots=True)
class Signers:
    """A member's private keys, or where they are."""

    witness: keys.Signer
    mirror: keys.Signer
    archive: keys.Signer


@dataclass(frozen=True, slots=True)
class Setting:
    """What a node is given from outside: the time, the schemes it holds, how votes are read, and archived evidence."""

    clock: Clock
    schemes: Mapping[bytes, Scheme]
    agreed: Agreed = voted
    archive: Archive | None = None


class Node:
    """The node of the member `name` over `store`; a store without a state begins at the `first` constitution, asleep.

    A new store sleeps like an old one: it may be that of a member whose store was lost. Raises as `MemberState.parse`.
    """

    def __init__(self, name: str, store: Store, signers: Signers, first: Constitution, setting: Setting) -> None:
        self.store = store
        self.signers = signers
        self.setting = setting
        self.wanted: Head | None = None  # that the next epoch will go on from, and this node does not hold
        self.leading: Head | None = None  # that the entries of a sealed member are known to lead to
        self.unopened: Head | None = None  # that this node was offered with what it cannot open, and a peer may
        self._taken: dict[bytes, bytes] = {}  # entry -> what a peer that could open it sealed to this node
        self._pending: tuple[int, list[Pair]] = (0, [])
        stored, constitution = store.slot(_STATE), store.slot(_CONSTITUTION)
        if stored is not None and constitution is not None:
            self.state = MemberState.parse(stored, Constitution.parse(constitution))
            return
        first.check()
        begun = member.begin(name, Record.first(first), first, store.tree)
        with self.turn():
            self.keep(replace(begun, awake=False))

    @property
    def name(self) -> str:
        """The member's name."""
        return self.state.name

    @property
    def seconds(self) -> int:
        """The time now, in seconds since 1970 UTC."""
        return self.setting.clock() // 1000

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock and a transaction; if it fails, the state is what it was."""
        with self.store.lock:
            before = self.__dict__.get("state")
            try:
                with self.store.transaction():
                    yield
            except BaseException:
                if before is not None:
                    self.state = before
                raise

    def keep(self, state: MemberState) -> None:
        """Let `state` be the member's; inside a turn."""
        self.store.put_slot(_STATE, state.encode())
        self.store.put_slot(_CONSTITUTION, state.constitution.encode())
        self.state = state

    def recognise(self, seen: Iterable[Sighting]) -> Trace:
        """Return what this node's own keys signed of what a peer shows; raises as `Sighting.verify`."""
        own = {purpose: getattr(self.signers, purpose).public for purpose in (WITNESS, MIRROR)}
        return sighting.together(each.verify(self.name, own, self.state.constitution) for each in seen)

    def wake(self, accounts: Mapping[str, Trace]) -> None:
        """Sign again, given what peers showed of this member; raises `StoreRolledBack`, for ever, and `NotAwake`."""
        with self.store.lock:
            if peer := self.store.slot(_RETIRED):
                raise StoreRolledBack(peer=peer.decode(), member=self.name)
            try:
                self.state = member.wake(self.state, accounts.items())
            except StoreRolledBack as error:
                with self.turn():
                    self.store.put_slot(_RETIRED, str(error.facts["peer"]).encode())
                raise

    # An entry becomes final.

    def hand_in(self, message: Message) -> None:
        """Keep entries until a checkpoint covers them.

        Raises `MessageNotTrusted`, `NotCanonical`, `BadRequest`, `OldSizeDiffers`, `TooLarge`.
        """
        with self.store.lock:
            content = message.open(self.name, protocol.ENTRIES, self.seconds, self.state.constitution)
            start, pairs = protocol.decode_entries(content)
            here, waiting = self.state.tree.size, self._waiting
            if not here <= start <= here + len(waiting):
                raise OldSizeDiffers(old=start, size=here)
            waiting = [*waiting[: start - here], *pairs]
            size = sum(len(entry) + len(hidden) for entry, hidden in waiting)
            if size > MAX_PENDING:
                raise TooLarge(size=size, most=MAX_PENDING)
            self._pending = (here, waiting)

    def take(self, pairs: Sequence[Pair]) -> None:
        """Keep what a peer could open of the entries that wait, sealed to this node; raises `NotOpened`."""
        with self.store.lock:
            waiting = {*entries_of(self._waiting)}
            for entry, hidden in pairs:
                if entry in waiting and sealing.is_sealed(hidden) and self.store.vault:
                    self.store.vault.open(Sealed.parse(hidden), envelope.parse(entry).digest)
                    self._taken[entry] = hidden

    def witness(self, offer: Offer) -> Signature:
        """Phase 1: return the witness co-signature of a checkpoint, by `member.witness` and C2SP tlog-witness.

        Raises `OtherOrigin`, `UnknownLog`, `TwoHeads`, `BadRequest`, `OldSizeDiffers`, `NotConsistent`,
        `EntriesMissing`, `StartNotStated`, `NotOpened`, and as `member.witness` and `replay`.
        """
        with self.store.lock:
            checkpoint = self._checkpoint_here(offer.note)
            note = self._by_sequencer(offer.note)
            self._check_one_head(checkpoint, note)
            if offer.old > checkpoint.size:
                raise BadRequest(why=Text("旧大小大于检查点的大小", "the old size is larger than the checkpoint's"))
            check_signs(self.state)
            tree = self.state.tree
            if offer.old != tree.size:
                raise OldSizeDiffers(old=offer.old, size=tree.size)
            _check_grows(offer, checkpoint, tree.root)
            waiting = self._waiting
            pairs = [
                (entry, self._taken.get(entry, hidden)) for entry, hidden in waiting[: checkpoint.size - tree.size]
            ]
            if tree.size + len(pairs) < checkpoint.size:
                raise EntriesMissing(size=checkpoint.size, held=tree.size + len(pairs))
            try:
                with self.turn():
                    # What a member is told before its first mirrored head is the past.
                    self._grow(checkpoint, pairs, self.setting.clock if self.state.mirrored.size else None)
                    if pairs:
                        check_start_is_stated(self.state_at(checkpoint.size), self.state.epoch)
                    self.store.put_head(self.state.epoch, checkpoint.size, note.encode())
            except NotOpened:
                self.unopened = Head.of(checkpoint)
                raise
            self.unopened, self._taken = None, {}
            self._pending = (checkpoint.size, waiting[len(pairs) :])
            return self._cosign(checkpoint, WITNESS)

    def mirror(self, note: Note) -> tuple[Signature, Signature]:
        """Phase 2: return the mirror co-signatures, Ed25519 and ML-DSA-44, of the checkpoint that a quorum witnessed.

        Raises `OtherOrigin`, `UnknownLog`, `QuorumMissing`, and as `member.mirror`.
        """
        with self.store.lock:
            checkpoint = self._checkpoint_here(note)
            self.accept(note)
            return self._cosign(checkpoint, MIRROR), self._cosign(checkpoint, ARCHIVE)

    def accept(self, note: Note) -> None:
        """Store a quorum certificate as the one mirrored, without signing; raises as `mirror`."""
        with self.store.lock:
            self._checkpoint_here(note)
            state = self.state
            certificate = finality.certify(note, state.record, state.constitution)
            size, proof = certificate.checkpoint.size, list[bytes]()
            if 0 < size < state.tree.size:
                proof = self.store.log.prove_consistency(size)
            with self.turn():
                grown, _ = member.mirror(state, certificate, proof)
                self.keep(grown)
                self.store.put_slot(CERTIFICATE, self._only(note, WITNESS).encode())
                self.store.see(sighting.in_note(note, state.constitution, WITNESSED))

    def finish(self, note: Note) -> None:
        """Publish a checkpoint that is final, under both kinds of key; what is published does not shrink.

        Raises `OtherOrigin`, `UnknownLog`, `QuorumMissing`, `EntriesNotHeld`, `NotGrownFromHere`.
        """
        with self.store.lock:
            checkpoint = self._checkpoint_here(note)
            here = self.state
            finality.check_final(note, here.record, here.constitution)
            finality.check_final(note, here.record, here.constitution, archive=True)
            if checkpoint.size > self.store.tree.size:
                raise EntriesNotHeld(size=checkpoint.size, held=self.store.tree.size)
            if self.store.log.root(checkpoint.size) != checkpoint.root:
                raise NotGrownFromHere(size=checkpoint.size)
            if checkpoint.size > self.published:
                with self.turn():
                    self.store.put_slot(CHECKPOINT, self._only(note, MIRROR, ARCHIVE).encode())
                    self.store.see(sighting.in_note(note, here.constitution, MIRRORED))

    def judge(self, message: Message) -> Judgement:
        """Return what this member finds of entries that the sequencer has not ordered yet; nothing of them is kept.

        Raises `MessageNotTrusted`, `NotCanonical`, `BadRequest`, `OldSizeDiffers`, `NotGrownFromHere`, `NotOpened`,
        and as `check_signs`.
        """
        with self.store.lock:
            content = message.open(self.name, protocol.JUDGED, self.seconds, self.state.constitution)
            start, pairs = protocol.decode_entries(content)
            check_signs(self.state)
            tree = self.state.tree
            if not start <= tree.size <= start + len(pairs):
                raise OldSizeDiffers(old=start, size=tree.size)
            held, fresh = pairs[: tree.size - start], pairs[tree.size - start :]
            if entries_of(held) != entries_of(self.store.pairs(start, tree.size)):
                raise NotGrownFromHere(size=tree.size)
            grown = tree.extend(leaf_hash(entry) for entry, _ in fresh)
            breach = try_out(self.store, self.setting.schemes, fresh)
            found = Judgement(self.name, self.state.record.digest, grown.size, grown.root, breach)
            return found.signed(self.signers.witness)

    # Following without signing.

    def follow(self, pairs: Sequence[Pair], proof: Sequence[bytes], certified: Checkpoint) -> None:
        """Grow by entries of a peer that `proof` shows to be those of a certified checkpoint; nothing is signed.

        Raises `NotConsistent`, `WrongPathLength`, and as `member.witness` and `replay`.
        """
        with self.turn():
            tree = self.state.tree.extend(leaf_hash(entry) for entry, _ in pairs)
            check_leads(tree.size, tree.root, proof, certified.size, certified.root)
            self._grow(Checkpoint(self.state.origin, tree.size, tree.root), pairs, None)

    # What others may read.

    def account(self, name: str, nonce: bytes) -> bytes:
        """Return what this node holds of a member's signatures, signed."""
        with self.store.lock:
            return protocol.encode_account(self.name, name, nonce, self.store.seen(name), self.signers.witness)

    def announce(self) -> Announcement:
        """Return the key to seal to for this member, under its witness key; raises `NotHere`."""
        if self.store.vault is None:
            raise NotHere(what=Text("密封密钥", "sealing key"))
        unsigned = Announcement(self.name, self.state.record.digest, self.store.vault.public)
        return unsigned.signed(self.signers.witness)

    def chunk(self, message: Message) -> bytes:
        """Return entries, with disclosures, to a member that asks, what is sealed sealed to its key.

        Raises `MessageNotTrusted`, `NotHere`, `NotOpened`.
        """
        with self.store.lock:
            content = message.open(self.name, protocol.WANTED, self.seconds, self.state.constitution)
            start, end, key = protocol.decode_wanted(content)
            if end > self.store.tree.size:
                raise NotHere(what=Text(f"条目 {end - 1}", f"entry {end - 1}"))
            pairs = self.store.chunk(start, end, protocol.CHUNK_SIZE)
            stop = start + len(pairs)
            proof = self.store.log.prove_consistency(stop, end) if stop < end else []
        shown = [pass_on(self.store.vault, pair, message.sender, key) for pair in pairs]
        return protocol.encode_chunk(shown, proof)

    def tile(self, path: str) -> bytes:
        """Return a tile or bundle of what is final; raises `BadTilePath`, `NotHere`."""
        with self.store.lock:
            place = Tile.parse(path)
            if (place.index * 256 + place.width) << 8 * max(place.level, 0) > self.published:
                raise NotHere(what=path)
            return self.store.read(path)

    def note(self, slot: str) -> bytes:
        """Return the note that stands at `slot`; raises `NotHere`."""
        with self.store.lock:
            if (note := self.store.slot(slot)) is None:
                raise NotHere(what=slot)
            return note

    def evidence(self, digest: bytes) -> bytes:
        """Return archived evidence; raises `NotHere`."""
        if self.setting.archive is None:
            raise NotHere(what=Text("证据档案", "archive of evidence"))
        return self.setting.archive.get(digest)

    def successor(self, base: Head) -> Constitution:
        """Return the constitution that the votes up to `base` make for the next epoch; raises `EntriesNotHeld`."""
        with self.store.lock:
            self.check_holds(base)
            return self.setting.agreed(self.state_at(base.size), self.state.constitution)

    def check_holds(self, head: Head) -> None:
        """Raise `EntriesNotHeld` unless this node's entries begin with those of `head`."""
        if not self.holds(head):
            raise EntriesNotHeld(size=head.size, held=self.store.tree.size)

    def holds(self, head: Head) -> bool:
        """Tell whether this node's entries begin with those of `head`."""
        with self.store.lock:
            return self.store.tree.size >= head.size and self.store.log.root(head.size) == head.root

    @property
    def published(self) -> int:
        """How many entries are published as final."""
        return published.size if (published := self._published) else 0

    def state_at(self, size: int) -> State:
        """Return the state after the first `size` entries."""
        return StoreState(self.store, self.setting.schemes, size)

    @property
    def _published(self) -> Checkpoint | None:
        note = self.store.slot(CHECKPOINT)
        return Checkpoint.parse(Note.parse(note).text) if note else None

    @property
    def _waiting(self) -> list[Pair]:
        """What was handed in from the tree's size on."""
        start, pairs = self._pending
        return pairs[self.state.tree.size - start :] if self.state.tree.size >= start else []

    def _grow(self, checkpoint: Checkpoint, pairs: Sequence[Pair], clock: Clock | None) -> None:
        """Let the member's rules and the scheme's rules decide over `pairs`, and store them."""

        def run(_entries: Sequence[bytes]) -> None:
            replay(self.store, self.setting.schemes, pairs, clock)

        state, _ = member.witness(self.state, checkpoint, entries_of(pairs), run)
        self.keep(state)

    def _checkpoint_here(self, note: Note) -> Checkpoint:
        checkpoint = Checkpoint.parse(note.text)
        if checkpoint.origin != self.state.origin:
            raise OtherOrigin(origin=checkpoint.origin[:200], wanted=self.state.origin)
        return checkpoint

    def _by_sequencer(self, note: Note) -> Note:
        """Return the note with the sequencer's signature alone; raises `Unsigned`, `BadNoteSignature`."""
        note.verify([finality.log_key(self.state.record, self.state.constitution)])
        return self._only(note)

    def _only(self, note: Note, *purposes: str) -> Note:
        """Return the note with the signatures of the sequencer and of members' keys of these purposes."""
        constitution = self.state.constitution
        known: list[VerifierKey] = [finality.log_key(self.state.record, constitution)]
        known += [
            finality.cosigner(constitution, each, purpose) for purpose in purposes for each in constitution.members
        ]
        return note.only(known)

    def _check_one_head(self, checkpoint: Checkpoint, note: Note) -> None:
        epoch, size = self.state.epoch, checkpoint.size
        before = self.store.head(epoch, size)
        if before and Checkpoint.parse(Note.parse(before).text).root != checkpoint.root:
            with self.turn():
                self.store.put_fork(epoch, size, note.encode())
            raise TwoHeads(size=size)

    def _cosign(self, checkpoint: Checkpoint, purpose: str) -> Signature:
        seat = self.state.constitution.member(self.name)
        if seat is None:
            raise member.NotAMember(member=self.name, epoch=self.state.epoch)
        cosigner = finality.cosigner(self.state.constitution, seat, purpose)
        signer: keys.Signer = getattr(self.signers, purpose)
        return cosignature.sign(checkpoint, cosigner.name, signer, self.seconds)


def check_leads(size: int, root: bytes, proof: Sequence[bytes], end: int, end_root: bytes) -> None:
    """Raise unless the first `size` entries with `root` begin those up to `end`, or are those."""
    if size == end:
        if root != end_root or proof:
            raise NotConsistent(start=0, end=size, size=end, why=Text("其根不同", "they have another root"))
    else:
        verify_consistency(size, end, root, end_root, proof)


def _check_grows(offer: Offer, checkpoint: Checkpoint, root: bytes) -> None:
    if offer.old in (0, checkpoint.size):
        if offer.proof:
            raise WrongPathLength(length=len(offer.proof), wanted=0)
    else:
        verify_consistency(offer.old, checkpoint.size, root, checkpoint.root, offer.proof)
