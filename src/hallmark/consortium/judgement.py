"""What a member finds of entries that nobody ordered yet: would its rules admit them on top of the ledger?

`[member, digest of the epoch's record, size, root, breach, signature]`; the witness key signs `["hallmark/judgement/1",
[the first five]]`. Size and root are those of the tree with these entries, so a judgement is of nothing else. `breach`
is empty, or the code of the rule that forbids them: never more, since what the rule read may be sealed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import BadMemberSignature, Record, verified
from hallmark.kernel import canonical
from hallmark.kernel.errors import Malformed
from hallmark.kernel.keys import Signer
from hallmark.kernel.text import Text

_BREACH = re.compile(r"[a-z0-9-]{0,100}")  # people are shown it, whoever's node says it


class BadJudgement(Malformed):
    """The bytes are no judgement."""

    en = "This is not a member's judgement. Ask its node again."
    zh = "这不是成员的判定。请重新询问其节点。"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A member's finding, not verified by being read; `epoch` and `root` are 32 bytes."""

    member: str
    epoch: bytes
    size: int
    root: bytes
    breach: str
    signature: bytes = b""

    def signed(self, witness: Signer) -> Judgement:
        """Return it signed by the member's witness key."""
        return Judgement(*self._parts, witness.sign(self._message))

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode([*self._parts, self.signature])

    @classmethod
    def parse(cls, data: bytes) -> Judgement:
        """Return the judgement in `data`; raises `BadJudgement`, `NotCanonical`."""
        match canonical.decode(data, what=Text("判定", "judgement")):
            case [str(member), bytes(epoch), int(size), bytes(root), str(breach), bytes(signature)]:
                if type(size) is int and _BREACH.fullmatch(breach):
                    return cls(member, epoch, size, root, breach, signature)
        raise BadJudgement

    def verify(self, member: str, head: tuple[int, bytes], record: Record, constitution: Constitution) -> None:
        """Raise `BadMemberSignature` unless this member judged the entries up to this head, in this epoch."""
        if (self.member, self.epoch, self.size, self.root) != (member, record.digest, *head):
            raise BadMemberSignature(member=member, why=Text("判定的是另外的条目", "it judged other entries"))
        if not verified(self._message, {member: self.signature}, constitution, "witness"):
            raise BadMemberSignature(member=member, why=Text("它没有席位", "it has no seat"))

    @property
    def _parts(self) -> tuple[str, bytes, int, bytes, str]:
        return self.member, self.epoch, self.size, self.root, self.breach

    @property
    def _message(self) -> bytes:
        return canonical.encode(["hallmark/judgement/1", [*self._parts]])
