"""Canonical CBOR, RFC 8949 section 4.2: one value, one encoding; what has two readings is refused.

Values are int (64 bit), bytes, str, bool, None, list, dict with int, str or bytes keys, and tag 18 (COSE_Sign1). No
floats, no indefinite lengths, no other tags: to a general reader tags are instructions (28 and 29 unfold 150 bytes into
gigabytes, 35 compiles an expression), so bytes from outside reach no such reader. Encoding a decoded value always gives
the bytes it was decoded from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from hallmark.kernel.errors import Malformed

MAX_DEPTH = 24
COSE_SIGN1 = 18

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLE_VALUES = {20: False, 21: True, 22: None}
_SIMPLE_BYTES = {value: bytes([_SIMPLE << 5 | number]) for number, value in _SIMPLE_VALUES.items()}
_LEAST = {24: 24, 25: 2**8, 26: 2**16, 27: 2**32}  # five low bits -> the smallest number that needs their 1 to 8 bytes
_LIMIT = 2**64
_KEYS = (int, str, bytes)
_BYTE = [bytes([value]) for value in range(256)]


class NotCanonical(Malformed):
    """The bytes are not CBOR, or CBOR that a second reader could read otherwise."""

    en = "The {what} is not canonical CBOR: {why}. Encode it by RFC 8949 section 4.2 and send it again."
    zh = "{what}不是规范 CBOR：{why}。请按 RFC 8949 第 4.2 节编码后重新提交。"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged value; the only tag is `COSE_SIGN1`."""

    tag: int
    value: Any


def encode(value: object, *, what: str = "value") -> bytes:
    """Return the canonical bytes of `value`; raises `NotCanonical` for a value the format does not hold."""
    return _encode(value, what, 0)


def decode(data: bytes, *, what: str = "object") -> Any:
    """Return the value whose canonical encoding is `data`; raises `NotCanonical`."""
    reader = _Reader(data, what)
    value = reader.item(0)
    if reader.at != len(data):
        reader.refuse("bytes follow its end")
    return value


def _encode(value: Any, what: str, depth: int) -> bytes:
    kind = type(value)
    if kind is str:
        try:
            text = str.encode(value)
        except UnicodeEncodeError:
            raise NotCanonical(what=what, why="text with a lone surrogate") from None
        return _head(_TEXT, len(text)) + text
    if kind is bytes:
        return _head(_BYTES, len(value)) + bytes(value)
    if kind is int:
        if not -_LIMIT <= value < _LIMIT:
            raise NotCanonical(what=what, why="an integer beyond 64 bits")
        return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
    if kind is bool or value is None:
        return _SIMPLE_BYTES[value]
    if depth == MAX_DEPTH:
        raise NotCanonical(what=what, why=f"nested deeper than {MAX_DEPTH}")
    if kind is dict:
        for key in value:
            if type(key) not in _KEYS:
                raise NotCanonical(what=what, why=f"a {type(key).__name__} as map key")
        # Bytewise order of the encoded keys (4.2.1), not the older length-first order.
        pairs = sorted([(_encode(key, what, depth), _encode(item, what, depth + 1)) for key, item in value.items()])
        return _head(_MAP, len(pairs)) + b"".join([key + item for key, item in pairs])
    if kind is list or kind is tuple:
        return _head(_LIST, len(value)) + b"".join([_encode(item, what, depth + 1) for item in value])
    if kind is Tag and value.tag == COSE_SIGN1:
        return _head(_TAG, COSE_SIGN1) + _encode(value.value, what, depth + 1)
    raise NotCanonical(what=what, why=f"a {kind.__name__} has no place in it")


def _head(major: int, number: int) -> bytes:
    """Return the first bytes of an item: its major type and the shortest form of its number."""
    if number < 24:
        return _BYTE[major << 5 | number]
    power = ((number.bit_length() - 1) // 8).bit_length()  # the number takes 1, 2, 4 or 8 bytes
    return _BYTE[major << 5 | 24 + power] + number.to_bytes(1 << power)


class _Reader:
    """Reads items from `data` at `at`; each rule of section 4.2 is checked where its bytes are read."""

    def __init__(self, data: bytes, what: str) -> None:
        self.data = data
        self.what = what
        self.at = 0

    def refuse(self, why: str) -> NoReturn:
        raise NotCanonical(what=self.what, why=f"{why} (before byte {self.at})")

    def take(self, size: int) -> bytes:
        start = self.at
        end = start + size
        if end > len(self.data):
            self.refuse("it ends too early")
        self.at = end
        return self.data[start:end]

    def number(self, info: int) -> int:
        """Return the number that follows a first byte whose five low bits are `info`, 24 or more."""
        if info > 27:
            self.refuse("an indefinite or reserved length")
        number = int.from_bytes(self.take(1 << info - 24))
        if number < _LEAST[info]:
            self.refuse("a number not in its shortest form")
        return number

    def item(self, depth: int) -> Any:
        first = self.take(1)[0]
        major, number = first >> 5, first & 31
        if number >= 24:
            number = self.number(number)
        if major == _TEXT:
            try:
                return self.take(number).decode()
            except UnicodeDecodeError:
                self.refuse("text that is not UTF-8")
        if major == _BYTES:
            return self.take(number)
        if major == _UNSIGNED:
            return number
        if major == _NEGATIVE:
            return -1 - number
        if major == _SIMPLE:
            if number not in _SIMPLE_VALUES:
                self.refuse("a float, or a simple value other than false, true and null")
            return _SIMPLE_VALUES[number]
        if depth == MAX_DEPTH:
            self.refuse(f"nested deeper than {MAX_DEPTH}")
        if major == _LIST:
            return [self.item(depth + 1) for _ in range(number)]
        if major == _MAP:
            return self.map(number, depth + 1)
        if number != COSE_SIGN1:
            self.refuse(f"tag {number} has no place in it")
        return Tag(COSE_SIGN1, self.item(depth + 1))

    def map(self, size: int, depth: int) -> dict[Any, Any]:
        """Return a map of `size` pairs whose encoded keys ascend."""
        pairs: dict[Any, Any] = {}
        last = b""
        for _ in range(size):
            start = self.at
            key = self.item(depth)
            if type(key) not in _KEYS:
                self.refuse(f"a {type(key).__name__} as map key")
            encoded = self.data[start : self.at]
            if encoded <= last:
                self.refuse("map keys out of order, or one that comes twice")
            last = encoded
            pairs[key] = self.item(depth)
        return pairs
