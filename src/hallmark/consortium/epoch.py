"""Epochs: the record that starts one, the votes on it, and the chain of starts that leads from any epoch to today's.

An epoch is a stretch of the ledger under one constitution, one origin and one sequencer. The tree goes on through all
of them; only the origin changes. Epochs are numbered without gaps, since each is started once, by the members of the
one before: attempts at a start may fail, epochs do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from hallmark.consortium.constitution import Constitution, Member
from hallmark.kernel import canonical, hashing, keys
from hallmark.kernel.errors import Malformed, Refusal, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import EMPTY, MAX_SIZE

NO_PARENT = bytes(hashing.SIZE)
_RECORD = "hallmark/epoch/1"
_PREPARE = "hallmark/prepare/1"
_COMMIT = "hallmark/commit/1"
MAX_NUMBER = 2**31 - 1


class BadEpoch(Malformed):
    """The value is no epoch record or no start of an epoch."""

    en = "This is not the start of an epoch: {why}. Fetch it again from a member."
    zh = "这不是有效的纪元启动记录：{why}。请重新向成员获取。"


class BadMemberSignature(Unverified):
    """A signature that names a member does not verify under that member's key."""

    en = "The signature of the member {member} does not verify: {why}. Do not rely on any part of this object."
    zh = "成员 {member} 的签名未通过验证：{why}。请勿信赖该对象的任何内容。"


class NotTheNextEpoch(Refusal):
    """An epoch follows the one before it, by number and by digest."""

    en = "The record of epoch {epoch} does not follow on this epoch {current}. Fetch the chain of starts in between."
    zh = "纪元 {epoch} 的记录并非接续本处纪元 {current}。请获取其间的启动链条。"


class OtherConstitution(Refusal):
    """The record names the digest of another constitution."""

    en = "The constitution is not the one that epoch {epoch} is started under. Fetch the one the record names."
    zh = "该章程并非启动纪元 {epoch} 所依据的章程。请获取记录所指的章程。"


class TooManyChanges(Refusal):
    """At most f members change from one epoch to the next."""

    en = "{changes} seats change at once, and at most {most} may. Spread the changes over several epochs."
    zh = "一次变更 {changes} 个席位，至多可变更 {most} 个。请分多个纪元进行。"


class OtherLedger(Refusal):
    """A constitution stays that of one ledger, and of development or not."""

    en = "The constitution is of another ledger, or makes a development ledger a real one. Found a new ledger."
    zh = "新章程属于另一账本，或将开发账本转为正式账本。请创立新账本。"


class Head(NamedTuple):
    """The first `size` entries of a ledger, with their 32-byte root."""

    size: int
    root: bytes

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Head:
        """Return what `checkpoint` says, without its origin."""
        return cls(checkpoint.size, checkpoint.root)


START = Head(0, EMPTY)


@dataclass(frozen=True)
class Record:
    """What starts `epoch`: digest of the record before, head it goes on from, digest of its constitution."""

    epoch: int
    parent: bytes
    base: Head
    constitution: bytes

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that stand for the record and, through `parent`, for all before it."""
        return hashing.digest_of(_RECORD, self.to_value())

    def __hash__(self) -> int:
        return hash(self.digest)

    def to_value(self) -> list[object]:
        """Return the record as a CBOR value."""
        return [self.epoch, self.parent, self.base.size, self.base.root, self.constitution]

    @classmethod
    def from_value(cls, value: object) -> Record:
        """Return the record in `value`; raises `BadEpoch`."""
        match value:
            case [int(epoch), bytes(parent), int(size), bytes(root), bytes(constitution)]:
                fits = 0 < epoch <= MAX_NUMBER and 0 <= size <= MAX_SIZE and type(epoch) is type(size) is int
                if fits and all(len(digest) == hashing.SIZE for digest in (parent, root, constitution)):
                    return cls(epoch, parent, Head(size, root), constitution)
        raise BadEpoch(
            why=Text(
                "其记录不是两个数和三个 32 字节摘要", "its record is not two numbers and three digests of 32 bytes"
            )
        )

    @classmethod
    def first(cls, constitution: Constitution, base: Head = START) -> Record:
        """Return the record of epoch 1, which a verifier pins: nothing before vouches for it."""
        return cls(1, NO_PARENT, base, constitution.digest)

    def follows(self, parent: Record) -> bool:
        """Tell whether this is a record of the epoch after that of `parent`."""
        return self.epoch == parent.epoch + 1 and self.parent == parent.digest


@dataclass(frozen=True, slots=True)
class Ballot:
    """A record at one attempt to start its epoch."""

    attempt: int
    record: Record

    @property
    def prepare_message(self) -> bytes:
        """What a member signs with its witness key when it prepares."""
        return canonical.encode([_PREPARE, [self.attempt, self.record.digest]])

    @property
    def commit_message(self) -> bytes:
        """What a member signs with its mirror and archive keys when it commits."""
        return canonical.encode([_COMMIT, [self.attempt, self.record.digest]])

    def to_value(self) -> list[object]:
        """Return the ballot as a CBOR value."""
        return [self.attempt, self.record.to_value()]

    @classmethod
    def from_value(cls, value: object) -> Ballot:
        """Return the ballot in `value`; raises `BadEpoch`."""
        match value:
            case [int(attempt), record] if type(attempt) is int and 0 < attempt <= MAX_NUMBER:
                return cls(attempt, Record.from_value(record))
        raise BadEpoch(why=Text("它不是尝试序号加记录", "it is not an attempt and a record"))


@dataclass(frozen=True, slots=True)
class Start:
    """How an epoch was started: the ballot, its constitution, and who committed; commits hold two signatures each."""

    ballot: Ballot
    constitution: Constitution
    commits: Mapping[str, tuple[bytes, bytes]]

    def verify(self, parent: Record, constitution: Constitution, *, archive: bool = False) -> None:
        """Raise unless a quorum of `constitution`, under which `parent` ran, committed to this start.

        Ed25519 is checked, or with `archive` ML-DSA-44. Raises `NotTheNextEpoch`, `OtherConstitution`,
        `BadMemberSignature`, `QuorumNotReached`, and as `check_change`.
        """
        record = self.ballot.record
        if not record.follows(parent):
            raise NotTheNextEpoch(epoch=record.epoch, current=parent.epoch)
        if record.constitution != self.constitution.digest:
            raise OtherConstitution(epoch=record.epoch)
        check_change(constitution, self.constitution)
        signatures = {name: pair[archive] for name, pair in self.commits.items()}
        purpose = "archive" if archive else "mirror"
        constitution.check_quorum(verified(self.ballot.commit_message, signatures, constitution, purpose))

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        commits = {name: list(pair) for name, pair in self.commits.items()}
        return canonical.encode([self.ballot.to_value(), self.constitution.encode(), commits], what="epoch start")

    @classmethod
    def parse(cls, data: bytes) -> Start:
        """Return the start whose only encoding is `data`; raises `NotCanonical`, `BadEpoch`, `BadConstitution`."""
        match canonical.decode(data, what="epoch start"):
            case [ballot, bytes(constitution), dict(commits)]:
                pairs = {_name(name): _pair(value) for name, value in commits.items()}
                return cls(Ballot.from_value(ballot), Constitution.parse(constitution), pairs)
        raise BadEpoch(why=Text("它不是选票、章程和提交", "it is not a ballot, a constitution and commits"))


def follow(
    record: Record, constitution: Constitution, starts: Iterable[Start], *, archive: bool = False
) -> tuple[Record, Constitution]:
    """Return the last epoch to which `starts` lead from a trusted `record` and its `constitution`.

    Each start is committed to by n - f of the members of the epoch before, as TUF roots are signed by the root before.
    Raises `OtherConstitution`, and as `Start.verify`.
    """
    if record.constitution != constitution.digest:
        raise OtherConstitution(epoch=record.epoch)
    for start in starts:
        start.verify(record, constitution, archive=archive)
        record, constitution = start.ballot.record, start.constitution
    return record, constitution


def check_change(old: Constitution, new: Constitution) -> None:
    """Raise unless `new` may follow `old`: it obeys its own rules, is of the same ledger, and at most f seats change.

    A member that goes and one that comes in its place are one seat; so is a member whose keys change. Development
    ledgers, which may have no f, change one seat. Raises `OtherLedger`, `TooManyChanges`, and as `Constitution.check`.
    """
    if new == old:
        return
    new.check()
    if (old.ledger, old.development) != (new.ledger, new.development):
        raise OtherLedger
    gone, come = set(old.members) - set(new.members), set(new.members) - set(old.members)
    changes, most = max(len(gone), len(come)), max(old.faults, 1)
    if changes > most:
        raise TooManyChanges(changes=changes, most=most)


def verified(
    message: bytes, signatures: Mapping[str, bytes], constitution: Constitution, purpose: str
) -> frozenset[str]:
    """Return the members among `signatures`, each of which must verify; names of no member are passed over.

    `purpose` is the key's: witness, mirror or archive. Raises `BadMemberSignature`.
    """
    signers = set()
    for name, signature in signatures.items():
        member = constitution.member(name)
        if member is None:
            continue
        try:
            _key(member, purpose).verify(message, signature)
        except keys.BadSignature as error:
            raise BadMemberSignature(member=name, why=error.facts.get("why")) from None
        signers.add(name)
    return frozenset(signers)


def _key(member: Member, purpose: str) -> keys.PublicKey:
    key: keys.PublicKey = getattr(member, purpose)
    return key


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise BadEpoch(why=Text("有成员名称不是文字", "a member's name is not text"))
    return value


def _pair(value: Any) -> tuple[bytes, bytes]:
    match value:
        case [bytes(mirror), bytes(archive)]:
            return mirror, archive
    raise BadEpoch(why=Text("一项提交并非两个签名", "a commit is not two signatures"))
