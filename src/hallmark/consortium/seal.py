"""A seal as it travels: what a member reports of its epoch, its signature, and the evidence for what it reports.

A member could otherwise report a head that nobody certified and strand the others on it. Encoding, canonical CBOR:

    [member, digest of the sealed epoch's record, attempt, size, root, ballot or null,
     signature, note or null, {member: signature of the ballot's prepare}]

The witness key signs `["hallmark/seal/1", [the first six]]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hallmark.consortium import finality
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import MAX_NUMBER, Ballot, Head, NotTheNextEpoch, Record, verified
from hallmark.consortium.succession import Seal
from hallmark.kernel import canonical, hashing
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import MAX_SIZE
from hallmark.ledger.note import Note

_DOMAIN = "hallmark/seal/1"


class BadSeal(Malformed):
    """The value is no seal."""

    en = "This is not a seal of an epoch: {why}. Ask the member for it again."
    zh = "这不是有效的纪元封存：{why}。请重新向该成员索取。"


class SealWithoutEvidence(Unverified):
    """A seal reports what its evidence does not show."""

    en = "The seal of {member} reports {what} without a certificate for it. Leave it out, and keep it as evidence."
    zh = "{member} 的封存所报{what}缺少相应证书。请不予采用，并保留作为证据。"


@dataclass(frozen=True, slots=True)
class SignedSeal:
    """A seal, its signature, the note that certifies its head (none for the epoch's base), its ballot's prepares."""

    seal: Seal
    signature: bytes
    certificate: Note | None = None
    prepares: Mapping[str, bytes] = field(default_factory=dict)

    def verify(self, record: Record, constitution: Constitution) -> Seal:
        """Return the seal if its member signed it, in the epoch of `record`, and the evidence shows what it reports.

        Raises `SealWithoutEvidence`, `NotTheNextEpoch`, `BadMemberSignature`, `QuorumNotReached`, and as
        `finality.certify`.
        """
        seal = self.seal
        if not verified(message(seal), {seal.member: self.signature}, constitution, "witness"):
            raise SealWithoutEvidence(member=seal.member, what=Text("一名成员的席位", "a member's seat"))
        if seal.mirrored != record.base:
            certified = self.certificate and finality.certify(self.certificate, record, constitution).checkpoint
            if not certified or Head.of(certified) != seal.mirrored:
                raise SealWithoutEvidence(
                    member=seal.member, what=Text(f"{seal.mirrored.size} 条条目", f"{seal.mirrored.size} entries")
                )
        if seal.committed:
            if not seal.committed.record.follows(record):
                raise NotTheNextEpoch(epoch=seal.committed.record.epoch, current=record.epoch)
            ballot = seal.committed
            constitution.check_quorum(verified(ballot.prepare_message, self.prepares, constitution, "witness"))
        return seal

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        note = self.certificate.encode() if self.certificate else None
        value = [*value_of(self.seal), self.signature, note, dict(self.prepares)]
        return canonical.encode(value, what=Text("纪元封存", "seal"))

    @classmethod
    def parse(cls, data: bytes) -> SignedSeal:
        """Return the seal whose only encoding is `data`; raises `NotCanonical`, `BadSeal`, `BadEpoch`, `BadNote`."""
        match canonical.decode(data, what=Text("纪元封存", "seal")):
            case [
                str(member),
                bytes(sealed),
                int(attempt),
                int(size),
                bytes(root),
                ballot,
                bytes(signature),
                note,
                dict(prepares),
            ] if type(attempt) is type(size) is int:
                fits = 0 < attempt <= MAX_NUMBER and 0 <= size <= MAX_SIZE and len(sealed) == len(root) == hashing.SIZE
                named = all(type(name) is str and type(value) is bytes for name, value in prepares.items())
                if fits and named and (note is None or type(note) is bytes):
                    committed = None if ballot is None else Ballot.from_value(ballot)
                    seal = Seal(member, sealed, attempt, Head(size, root), committed)
                    return cls(seal, signature, None if note is None else Note.parse(note), prepares)
        raise BadSeal(why=Text("字段与封存记录不符", "its fields are not those of a seal"))


def message(seal: Seal) -> bytes:
    """Return what the member signs with its witness key."""
    return message_of(value_of(seal))


def message_of(value: list[object]) -> bytes:
    """Return the same, given the seal's first six parts."""
    return canonical.encode([_DOMAIN, value])


def value_of(seal: Seal) -> list[object]:
    """Return the first six parts of a seal, which are what is signed."""
    ballot = seal.committed.to_value() if seal.committed else None
    return [seal.member, seal.sealed, seal.attempt, seal.mirrored.size, seal.mirrored.root, ballot]
