"""Epochs: the record that starts one, the votes on it, and the chain of starts that leads from any epoch to today's.

An epoch is a stretch of the ledger under one constitution, one origin and one sequencer. The tree goes on through all
of them; only the origin changes. Epochs are numbered without gaps, since each is started once, by the members of the
one before: attempts at a start may fail, epochs do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from hallmark.consortium.constitution import Constitution, Member, ProposalKind
from hallmark.kernel import canonical, hashing, keys
from hallmark.kernel.errors import Malformed, Refusal, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import EMPTY, MAX_SIZE

NO_PARENT = bytes(hashing.SIZE)
_RECORD = "hallmark/epoch/1"
_PREPARE = "hallmark/prepare/1"
_COMMIT = "hallmark/commit/1"
_CONSENT = "hallmark/consent/1"
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


class TooFewConsents(Refusal):
    """Another sequencer without votes on the ledger takes as many members as there votes would."""

    en = "{consents} members consented to another sequencer, and {needed} must. Collect the consents that are missing."
    zh = "已有 {consents} 个成员同意更换定序者，须达 {needed} 个。请收集所缺同意。"


class SequencerStays(Refusal):
    """Members consent to another sequencer, not to the one there is."""

    en = "The key consented to is that of the present sequencer. Leave the consents out, or name another key."
    zh = "所同意的密钥即现定序者的密钥。请去除该同意，或指明另一密钥。"


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
class Consent:
    """What members sign, beside the ledger, that another key shall be the `sequencer`'s: it may let no vote through.

    As many as must vote for a proposal of kind `sequencer` are that vote, in the epoch in which they sign.
    """

    sequencer: keys.PublicKey
    signatures: Mapping[str, bytes]

    @staticmethod
    def message(record: Record, sequencer: keys.PublicKey) -> bytes:
        """Return what a member signs with its witness key in the epoch of `record`."""
        return canonical.encode([_CONSENT, [record.digest, sequencer.material]])

    def check(self, record: Record, constitution: Constitution) -> None:
        """Raise unless enough members of the epoch of `record` consented.

        Raises `SequencerStays`, `BadMemberSignature`, `TooFewConsents`, and as `Constitution.check`: who was shown a
        consent insists on it, so it must be one under which an epoch can begin.
        """
        if self.sequencer == constitution.sequencer:
            raise SequencerStays
        self.under(constitution).check()
        message = self.message(record, self.sequencer)
        signers = verified(message, self.signatures, constitution, "witness")
        needed = constitution.count(constitution.thresholds[ProposalKind.SEQUENCER])
        if len(signers) < needed:
            raise TooFewConsents(consents=len(signers), needed=needed)

    def under(self, agreed: Constitution) -> Constitution:
        """Return what the votes on the ledger `agreed` on, with the sequencer consented to and nothing else changed."""
        return replace(agreed, sequencer=self.sequencer)

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode([self.sequencer.material, dict(self.signatures)])

    @classmethod
    def parse(cls, data: bytes) -> Consent:
        """Return the consent whose only encoding is `data`; raises `NotCanonical`, `BadEpoch`."""
        match canonical.decode(data, what=Text("同意", "consent")):
            case [bytes(material), dict(signatures)]:
                return cls(keys.PublicKey(keys.ED25519, material), _signatures(signatures))
        raise BadEpoch(why=Text("同意不是密钥加签名", "a consent is not a key and signatures"))


@dataclass(frozen=True, slots=True)
class Start:
    """How an epoch was started: the ballot, its constitution, and who committed; commits hold two signatures each.

    `consents` are there where its sequencer is not the one that the votes on the ledger have made.
    """

    ballot: Ballot
    constitution: Constitution
    commits: Mapping[str, tuple[bytes, bytes]]
    consents: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def consent(self) -> Consent | None:
        """The consent to the sequencer, if it takes one."""
        return Consent(self.constitution.sequencer, self.consents) if self.consents else None

    def is_of(self, agreed: Constitution) -> bool:
        """Tell whether its constitution is what votes on the ledger `agreed` on, but for a sequencer consented to."""
        return self.constitution == (self.consent.under(agreed) if self.consent else agreed)

    def verify(self, parent: Record, constitution: Constitution, *, archive: bool = False) -> None:
        """Raise unless a quorum of `constitution`, under which `parent` ran, committed to this start.

        Ed25519 is checked, or with `archive` ML-DSA-44. Raises `NotTheNextEpoch`, `OtherConstitution`,
        `BadMemberSignature`, `QuorumNotReached`, and as `check_change` and `Consent.check`.
        """
        record = self.ballot.record
        if not record.follows(parent):
            raise NotTheNextEpoch(epoch=record.epoch, current=parent.epoch)
        if record.constitution != self.constitution.digest:
            raise OtherConstitution(epoch=record.epoch)
        check_change(constitution, self.constitution)
        if self.consent:
            self.consent.check(parent, constitution)
        signatures = {name: pair[archive] for name, pair in self.commits.items()}
        purpose = "archive" if archive else "mirror"
        constitution.check_quorum(verified(self.ballot.commit_message, signatures, constitution, purpose))

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        commits = {name: list(pair) for name, pair in self.commits.items()}
        consents = [dict(self.consents)] if self.consents else []
        value = [self.ballot.to_value(), self.constitution.encode(), commits, *consents]
        return canonical.encode(value, what=Text("纪元启动记录", "epoch start"))

    @classmethod
    def parse(cls, data: bytes) -> Start:
        """Return the start whose only encoding is `data`; raises `NotCanonical`, `BadEpoch`, `BadConstitution`."""
        match canonical.decode(data, what=Text("纪元启动记录", "epoch start")):
            case [ballot, bytes(constitution), dict(commits), *rest] if len(rest) <= 1 and all(rest):
                pairs = {_name(name): _pair(value) for name, value in commits.items()}
                consents = _signatures(rest[0]) if rest else {}
                return cls(Ballot.from_value(ballot), Constitution.parse(constitution), pairs, consents)
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


def _signatures(value: object) -> dict[str, bytes]:
    if isinstance(value, dict) and all(type(each) is bytes for each in value.values()):
        return {_name(name): signature for name, signature in value.items()}
    raise BadEpoch(why=Text("同意并非按成员列出的签名", "its consents are not signatures by members' names"))


def _pair(value: Any) -> tuple[bytes, bytes]:
    match value:
        case [bytes(mirror), bytes(archive)]:
            return mirror, archive
    raise BadEpoch(why=Text("一项提交并非两个签名", "a commit is not two signatures"))
