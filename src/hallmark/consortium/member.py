"""What a member signs while an epoch runs. Pure: the node stores the state that comes back, durably, and then signs.

A member never signs

1. without a seat in the epoch's constitution (`NotAMember`);
2. after a restart, before n - f peers, or all where there are fewer, told it what they last saw of it (`NotAwake`);
   where one of them shows a signature of its own that its store does not know of, the store was rolled back, and it
   never signs again under these keys (`StoreRolledBack`);
3. in an epoch that it sealed (`EpochSealed`).

It *witnesses* a checkpoint (phase 1) if

4. the checkpoint's origin is that of its epoch (`OtherOrigin`), and it has no extension lines (`SaysMore`);
5. the checkpoint is not older than the last one it witnessed (`CheckpointIsOld`);
6. the checkpoint is exactly its own tree grown by the entries handed in (`NotGrownFromHere`);
7. those entries are admitted by its own run of the rules (the breach of the rule).

It *mirrors* a checkpoint (phase 2) if rules 1 to 4 hold and

8. a quorum witnessed the checkpoint (`QuorumNotReached`): that is its quorum certificate;
9. the checkpoint is not older than the last one it mirrored (`CheckpointIsOld`);
10. its own tree, all of whose entries it stored, has reached the checkpoint (`EntriesNotHeld`) and begins with it
    (`NotGrownFromHere`, `NotConsistent`).

To sign the same again is always allowed: an answer may have been lost. How epochs change is in `succession`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Ballot, Head, OtherConstitution, Record
from hallmark.kernel import canonical
from hallmark.kernel.errors import Malformed, Refusal, Unavailable
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash, verify_consistency

Replay = Callable[[Sequence[bytes]], None]
"""Runs the rules over new entries on top of all before; raises the breach of the first that is not admitted."""


class NotAMember(Refusal):
    """Only members of the epoch sign in it."""

    en = "{member} has no seat in epoch {epoch} and signs nothing there. Wait for the epoch that admits it."
    zh = "{member} 在纪元 {epoch} 中没有席位，不能签署。请等待接纳其加入的纪元。"


class NotAwake(Unavailable):
    """After a restart a member first hears from its peers."""

    en = (
        "{member} was restarted and does not sign before {needed} peers told what they last saw of it. Reach the peers."
    )
    zh = "{member} 已重启，在 {needed} 个成员告知其最后所见之前不签署。请联络各成员。"


class StoreRolledBack(Refusal):
    """Peers hold signatures of this member that its own store does not know of."""

    en = "{peer} saw signatures of {member} that its store lacks: the store was rolled back. Give the member new keys."
    zh = "{peer} 持有 {member} 自身存储中没有的签名：其存储已被回退。请为该成员更换密钥。"


class EpochSealed(Refusal):
    """A sealed epoch is over for this member."""

    en = "{member} sealed epoch {epoch} and signs no more in it. Start the next epoch."
    zh = "{member} 已封存纪元 {epoch}，不再于其中签署。请启动下一纪元。"


class OtherOrigin(Refusal):
    """The checkpoint is of another epoch or another ledger."""

    en = "The checkpoint is of {origin}; members sign for {wanted} now. Send it to the sequencer of that epoch."
    zh = "该检查点属于 {origin}；成员现为 {wanted} 签署。请与该纪元的定序者核对。"


class SaysMore(Refusal):
    """A member signs for entries, not for what else a checkpoint may say."""

    en = "The checkpoint has extension lines, which members do not sign. Send it without them."
    zh = "该检查点含有扩展行，成员不予签署。请去除后重新发送。"


class CheckpointIsOld(Refusal):
    """A member signs forwards only."""

    en = "The checkpoint has {size} entries; this member signed for {signed} already. Send the newest checkpoint."
    zh = "该检查点含 {size} 个条目；本成员已签至 {signed} 个。请发送最新检查点。"


class NotGrownFromHere(Refusal):
    """The checkpoint is not what this member's tree becomes."""

    en = "The checkpoint at {size} is not this member's tree with the entries sent. Keep it: it may prove a fork."
    zh = "大小为 {size} 的检查点并非由本成员的树加上所送条目而成。请保留：它可能证明分叉。"


class EntriesNotHeld(Refusal):
    """Who mirrors holds everything."""

    en = "The certificate covers {size} entries and this member holds {held}. Send the entries first."
    zh = "该证书覆盖 {size} 个条目，本成员持有 {held} 个。请先发送条目。"


class BadFirstTree(Malformed):
    """The tree is not the one that the epoch goes on from."""

    en = "The epoch goes on from {wanted} entries with another root. Fetch the entries up to there and verify them."
    zh = "该纪元自 {wanted} 个条目处继续，其根与所给不同。请获取至该处的条目并验证。"


class BadMemberState(Malformed):
    """The stored bytes are no member's state."""

    en = "The stored state of this member cannot be read. Do not restore an older copy; give the member new keys."
    zh = "无法读取本成员所存状态。请勿恢复旧副本；请为该成员更换密钥。"


@dataclass(frozen=True, slots=True)
class Witness:
    """To be signed with the witness key: a co-signature of `checkpoint`."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Mirror:
    """To be signed with the mirror and the archive key: a co-signature of `checkpoint`."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Certificate:
    """A quorum certificate: a checkpoint and the members whose witness co-signatures of it were verified."""

    checkpoint: Checkpoint
    signers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a member's signatures, as numbers that only grow within an epoch."""

    epoch: int
    witnessed: int
    mirrored: int
    attempt: int = 0
    prepared: int = 0
    committed: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """All in the order of the fields."""
        return self.epoch, self.witnessed, self.mirrored, self.attempt, self.prepared, self.committed

    def exceeds(self, other: Trace) -> bool:
        """Tell whether this knows of a signature that `other` does not."""
        if self.epoch != other.epoch:
            return self.epoch > other.epoch
        return any(mine > theirs for mine, theirs in zip(self.numbers, other.numbers, strict=True))


@dataclass(frozen=True, slots=True)
class MemberState:
    """All that a member must not forget.

    `record` and `constitution` are the epoch's; `tree` holds every entry it witnessed, `mirrored` is the highest head
    under a quorum certificate that it mirrored, the epoch's base at first. Of the change to the next epoch: `attempt`,
    the highest it took part in (0: the epoch is not sealed), the ballot it `prepared` last, and the highest it
    `committed` to.
    """

    name: str
    record: Record
    constitution: Constitution
    tree: Frontier
    mirrored: Head
    attempt: int = 0
    prepared: Ballot | None = None
    committed: Ballot | None = None
    awake: bool = True

    @property
    def epoch(self) -> int:
        """The number of the epoch."""
        return self.record.epoch

    @property
    def origin(self) -> str:
        """The origin of the epoch's checkpoints."""
        return self.constitution.origin(self.epoch)

    @property
    def trace(self) -> Trace:
        """What this store knows of its own signatures."""
        ballots = (ballot.attempt if ballot else 0 for ballot in (self.prepared, self.committed))
        return Trace(self.epoch, self.tree.size, self.mirrored.size, self.attempt, *ballots)

    def encode(self) -> bytes:
        """Return the canonical bytes to store: everything but the constitution, which is stored by its digest."""
        ballots = [ballot.to_value() if ballot else None for ballot in (self.prepared, self.committed)]
        tree, mirrored = self.tree.to_value(), list(self.mirrored)
        return canonical.encode([self.name, self.record.to_value(), tree, mirrored, self.attempt, *ballots])

    @classmethod
    def parse(cls, data: bytes, constitution: Constitution) -> MemberState:
        """Return the state read back from the store, asleep (rule 2), in the epoch of `constitution`.

        Raises `NotCanonical`, `BadMemberState`, `BadEpoch`, `BadFrontier`, `OtherConstitution`.
        """
        match canonical.decode(data, what=Text("成员状态", "member state")):
            case [
                str(name),
                record,
                tree,
                [int(size), bytes(root)],
                int(attempt),
                prepared,
                committed,
            ] if type(size) is type(attempt) is int:
                state = cls(
                    name,
                    Record.from_value(record),
                    constitution,
                    Frontier.from_value(tree),
                    Head(size, root),
                    attempt,
                    None if prepared is None else Ballot.from_value(prepared),
                    None if committed is None else Ballot.from_value(committed),
                    awake=False,
                )
                if state.record.constitution != constitution.digest:
                    raise OtherConstitution(epoch=state.epoch)
                if state.encode() == data:
                    return state
        raise BadMemberState


def begin(name: str, record: Record, constitution: Constitution, tree: Frontier) -> MemberState:
    """Return the state of `name`, a member or one that only follows, at the start of an epoch that it trusts.

    `tree` is computed from all entries up to the record's base, which it verified and stored. Raises
    `OtherConstitution`, `BadFirstTree`.
    """
    if record.constitution != constitution.digest:
        raise OtherConstitution(epoch=record.epoch)
    if (tree.size, tree.root) != record.base:
        raise BadFirstTree(wanted=record.base.size)
    return MemberState(name, record, constitution, tree, record.base)


def wake(state: MemberState, seen: Iterable[tuple[str, Trace]]) -> MemberState:
    """Return the state that signs again, given what peers showed of this member's own signatures (rule 2).

    Raises `StoreRolledBack`, `NotAwake`.
    """
    traces = {peer: trace for peer, trace in seen if peer in state.constitution.names and peer != state.name}
    for peer, trace in traces.items():
        if trace.exceeds(state.trace):
            raise StoreRolledBack(peer=peer, member=state.name)
    needed = min(state.constitution.quorum, len(state.constitution.members) - 1)  # the latter of fewer than four
    if len(traces) < needed:
        raise NotAwake(member=state.name, needed=needed)
    return replace(state, awake=True)


def witness(
    state: MemberState, checkpoint: Checkpoint, entries: Sequence[bytes], replay: Replay
) -> tuple[MemberState, Witness]:
    """Phase 1: return the state to store and then the co-signature to give (rules 1 to 7); raises the breach."""
    check_signs(state)
    _check_signs_in(state, checkpoint)
    if checkpoint.size < state.tree.size:
        raise CheckpointIsOld(size=checkpoint.size, signed=state.tree.size)
    tree = state.tree.extend(map(leaf_hash, entries))
    if checkpoint != Checkpoint(state.origin, tree.size, tree.root):
        raise NotGrownFromHere(size=checkpoint.size)
    replay(entries)
    return replace(state, tree=tree), Witness(checkpoint)


def mirror(state: MemberState, certificate: Certificate, proof: Sequence[bytes] = ()) -> tuple[MemberState, Mirror]:
    """Phase 2: return the state to store, with its certificate, and the co-signature to give (rules 1 to 4, 8 to 10).

    `proof` is the consistency proof from the certificate's tree to that of this member. Raises the breach.
    """
    check_signs(state)
    checkpoint = certificate.checkpoint
    _check_signs_in(state, checkpoint)
    state.constitution.check_quorum(certificate.signers)
    if checkpoint.size < state.mirrored.size:
        raise CheckpointIsOld(size=checkpoint.size, signed=state.mirrored.size)
    if checkpoint.size > state.tree.size:
        raise EntriesNotHeld(size=checkpoint.size, held=state.tree.size)
    if checkpoint.size == state.tree.size:
        if checkpoint.root != state.tree.root:
            raise NotGrownFromHere(size=checkpoint.size)
    else:
        verify_consistency(checkpoint.size, state.tree.size, checkpoint.root, state.tree.root, proof)
    return replace(state, mirrored=Head.of(checkpoint)), Mirror(checkpoint)


def check_awake(state: MemberState) -> None:
    """Raise the breach of rule 1 or 2."""
    if state.constitution.member(state.name) is None:
        raise NotAMember(member=state.name, epoch=state.epoch)
    if not state.awake:
        raise NotAwake(member=state.name, needed=state.constitution.quorum)


def check_signs(state: MemberState) -> None:
    """Raise the breach of rule 1, 2 or 3."""
    check_awake(state)
    if state.attempt:
        raise EpochSealed(member=state.name, epoch=state.epoch)


def _check_signs_in(state: MemberState, checkpoint: Checkpoint) -> None:
    """Rule 4."""
    if checkpoint.origin != state.origin:
        raise OtherOrigin(origin=checkpoint.origin[:200], wanted=state.origin)
    if checkpoint.extensions:
        raise SaysMore
