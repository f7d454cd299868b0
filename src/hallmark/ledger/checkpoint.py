"""Checkpoints (C2SP tlog-checkpoint): what a log says of itself, as the text of a signed note."""

from __future__ import annotations

from dataclasses import dataclass

from hallmark.kernel.errors import Malformed
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import EMPTY, MAX_SIZE
from hallmark.ledger.note import FORBIDDEN, from_base64, from_decimal, to_base64

_LINES = 3


class BadCheckpoint(Malformed):
    """The text is not that of a checkpoint."""

    article = "C2SP tlog-checkpoint"
    en = "This is not a checkpoint: {why}. Fetch it again from the log or a mirror."
    zh = "这不是有效的检查点：{why}。请从日志或镜像重新获取。"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log named `origin` has `size` entries with the 32-byte `root`; `extensions` are opaque further lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line or FORBIDDEN.search(line):
                raise BadCheckpoint(why=Text("有一行为空或含控制字符", "a line is empty or holds control characters"))
        if not 0 <= self.size <= MAX_SIZE:
            raise BadCheckpoint(why=Text("其大小超出范围", "its size is out of range"))
        if len(self.root) != SIZE:
            raise BadCheckpoint(why=Text("其根不是 32 字节", "its root is not 32 bytes"))
        if self.size == 0 and self.root != EMPTY:
            raise BadCheckpoint(why=Text("空日志的根不同", "an empty log has another root"))

    @property
    def text(self) -> str:
        """The text of the note."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Return the checkpoint whose text is `text`; raises `BadCheckpoint`."""
        lines = text.split("\n")
        if len(lines) <= _LINES or lines.pop():
            raise BadCheckpoint(why=Text("不足三行", "it has fewer than three lines"))
        origin, spelled, root, *extensions = lines
        size = from_decimal(spelled)
        if size is None:
            raise BadCheckpoint(why=Text("第二行不是十进制数", "its second line is not a number in decimal"))
        return cls(origin, size, from_base64(root) or b"", tuple(extensions))
