"""Transparency log proofs (C2SP tlog-proof): that an entry is in a log, in one text that is checked offline."""

from __future__ import annotations

from dataclasses import dataclass

from hallmark.kernel.errors import Malformed
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import leaf_hash, verify_inclusion
from hallmark.ledger.note import Note, from_base64, from_decimal, to_base64
from hallmark.ledger.policy import Endorsement, Policy

_MAGIC = "c2sp.org/tlog-proof@v1"
_MAX_PATH = 63


class BadLogProof(Malformed):
    """The bytes are not a transparency log proof."""

    article = "C2SP tlog-proof"
    en = "This is not a transparency log proof: {why}. Fetch the proof again."
    zh = "这不是有效的透明日志证明：{why}。请重新获取该证明。"


@dataclass(frozen=True, slots=True)
class Proof:
    """The `path` from the leaf at `index` to the root of the signed checkpoint `signed`.

    `extra` is carried and not authenticated: nothing may be concluded from it.
    """

    index: int
    path: tuple[bytes, ...]
    signed: Note
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Return the text of the proof."""
        lines = [_MAGIC, *([] if self.extra is None else [f"extra {to_base64(self.extra)}"]), f"index {self.index}"]
        lines += map(to_base64, self.path)
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.signed.encode()

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """Return the proof whose only encoding is `data`; raises `BadLogProof`, `BadNote`."""
        head, separator, rest = data.partition(b"\n\n")
        magic, *lines = head.decode(errors="replace").split("\n")
        if not separator or magic != _MAGIC:
            raise BadLogProof(why=Text(f"开头不是 {_MAGIC}", f"it does not begin with {_MAGIC}"))
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = from_base64(lines.pop(0).removeprefix("extra "))
            if extra is None:
                raise BadLogProof(why=Text("附加数据不是 base64", "its extra data is not base64"))
        index = from_decimal(lines.pop(0).removeprefix("index ")) if lines and lines[0].startswith("index ") else None
        if index is None:
            raise BadLogProof(why=Text("没有十进制的位置", "it names no index in decimal"))
        path = tuple(from_base64(line) or b"" for line in lines)
        if len(path) > _MAX_PATH or any(len(item) != SIZE for item in path):
            raise BadLogProof(
                why=Text(
                    "其路径不是至多 63 个 base64 的 32 字节哈希值",
                    "its path is not up to 63 hashes of 32 bytes in base64",
                )
            )
        return cls(index, path, Note.parse(rest), extra)

    def verify(self, entry: bytes, policy: Policy) -> Endorsement:
        """Return the checkpoint under which `entry` is in the log, with its co-signatures.

        Raises as `Policy.verify` and `verify_inclusion` do.
        """
        endorsement = policy.verify(self.signed)
        checkpoint = endorsement.checkpoint
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.path, checkpoint.root)
        return endorsement
