"""Fixed binary layouts, read in order: the structures of vendors' firmware."""

from __future__ import annotations

from typing import Literal, NoReturn

from hallmark.attestation.errors import BadEvidence
from hallmark.kernel.text import Text

Order = Literal["big", "little"]


class Reader:
    """Takes fields from `data`, front to back; every refusal is `BadEvidence` about `what`."""

    def __init__(self, data: bytes, what: Text, order: Order = "little") -> None:
        self.data = data
        self.what = what
        self.order: Order = order
        self.at = 0

    def refuse(self, zh: str, en: str) -> NoReturn:
        raise BadEvidence(what=self.what, why=Text(zh, en))

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        start, self.at = self.at, self.at + size
        if self.at > len(self.data):
            self.refuse("内容过短", "it ends too early")
        return self.data[start : self.at]

    def number(self, size: int) -> int:
        """Return the next `size` bytes as an unsigned integer."""
        return int.from_bytes(self.take(size), self.order)

    def sized(self, size: int) -> bytes:
        """Return a byte string that follows its length, an integer of `size` bytes."""
        return self.take(self.number(size))

    def zeros(self, size: int) -> None:
        """Pass over `size` bytes that no signature covers and that must therefore be zero."""
        if any(self.take(size)):
            self.refuse("保留字节不为零", "reserved bytes are not zero")

    def end(self) -> None:
        """Refuse bytes that follow."""
        if self.at != len(self.data):
            self.refuse("结尾之后还有字节", "bytes follow its end")
