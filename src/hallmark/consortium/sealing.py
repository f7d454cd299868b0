"""A member announces the key to which confidential claims are sealed for it.

`[member, digest of the epoch's record, key, signature]`; the witness key signs `["hallmark/sealing/1", [the first
three]]`. Attestation binds the witness key to the code that runs, and the witness key this one to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import BadMemberSignature, Record, verified
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError, Malformed
from hallmark.kernel.keys import Signer
from hallmark.kernel.text import Text

KEY_SIZE = 32  # X25519, RFC 7748


class BadAnnouncement(Malformed):
    """The bytes announce no sealing key."""

    en = "This announces no sealing key. Ask the member's node for {path}."
    zh = "这不是密封密钥的公告。请向该成员的节点请求 {path}。"


@dataclass(frozen=True, slots=True)
class Announcement:
    """The sealing `key` of a member in the epoch whose record has the digest `epoch`; not verified by being read."""

    member: str
    epoch: bytes
    key: bytes
    signature: bytes = b""

    def signed(self, witness: Signer) -> Announcement:
        """Return it signed by the member's witness key."""
        return Announcement(self.member, self.epoch, self.key, witness.sign(self._message))

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode([self.member, self.epoch, self.key, self.signature])

    @classmethod
    def parse(cls, data: bytes) -> Announcement:
        """Return the announcement in `data`; raises `BadAnnouncement`, `NotCanonical`."""
        match canonical.decode(data, what=Text("密封密钥公告", "announcement of a sealing key")):
            case [str(member), bytes(epoch), bytes(key), bytes(signature)] if len(key) == KEY_SIZE:
                return cls(member, epoch, key, signature)
        raise BadAnnouncement(path="/sealing")

    def verify(self, record: Record, constitution: Constitution) -> None:
        """Raise `BadMemberSignature` unless a member of this very epoch announced it."""
        if self.epoch != record.digest:
            raise BadMemberSignature(member=self.member, why=Text("属于另一纪元", "it is of another epoch"))
        if not verified(self._message, {self.member: self.signature}, constitution, "witness"):
            raise BadMemberSignature(member=self.member, why=Text("它没有席位", "it has no seat"))

    @property
    def _message(self) -> bytes:
        return canonical.encode(["hallmark/sealing/1", [self.member, self.epoch, self.key]])


def recipients(announced: Iterable[bytes], record: Record, constitution: Constitution) -> dict[str, bytes]:
    """Return the sealing keys by member, as far as `announced` shows them under the members' signatures.

    What does not verify is passed over. Raises `QuorumNotReached` where fewer than n - f members are left: what fewer
    can open does not become final.
    """
    keys: dict[str, bytes] = {}
    for data in announced:
        try:
            announcement = Announcement.parse(data)
            announcement.verify(record, constitution)
        except HallmarkError:
            continue
        keys[announcement.member] = announcement.key
    constitution.check_quorum(keys)
    return keys
