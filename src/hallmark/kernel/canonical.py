"""Canonical CBOR, RFC 8949 section 4.2: one value, one encoding; what has two readings is refused.

Values are int (64 bit), bytes, str, bool, None, list, dict with int, str or bytes keys, and tag 18 (COSE_Sign1). No
floats, no indefinite lengths, no other tags: to a general reader tags are instructions (28 and 29 unfold 150 bytes into
gigabytes, 35 compiles an expression), so bytes from outside reach no such reader. Encoding a decoded value always gives
the bytes it was decoded from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, NoReturn

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

MAX_DEPTH = 24
MAX_ITEMS = 2**22  # of one value; 60 MB may else be as many empty lists, which take gigabytes here
COSE_SIGN1 = 18

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLE_VALUES = {20: False, 21: True, 22: None}
_SIMPLE_BYTES = {value: bytes([_SIMPLE << 5 | number]) for number, value in _SIMPLE_VALUES.items()}
_LEAST = {24: 24, 25: 2**8, 26: 2**16, 27: 2**32}  # five low bits -> the smallest number that needs their 1 to 8 bytes
_LIMIT = 2**64
_KEYS = (int, str, bytes)
_BYTE = [bytes([value]) for value in range(256)]
_ORDERS_KEPT = 512  # maps with the same keys come again and again
_LONG = 65_536
_VALUE, _OBJECT = Text("值", "value"), Text("对象", "object")
_EARLY_END = Text("提前结束", "it ends too early")
_TOO_MANY = Text(f"多于 {MAX_ITEMS} 项", f"more than {MAX_ITEMS} items")
_TOO_DEEP = Text(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}")
_NO_PLACE = Text(
    "浮点数，或 false、true、null 之外的简单值", "a float, or a simple value other than false, true and null"
)


class NotCanonical(Malformed):
    """The bytes are not CBOR, or CBOR that a second reader could read otherwise."""

    en = "The {what} is not canonical CBOR: {why}. Encode it by RFC 8949 section 4.2 and send it again."
    zh = "{what}不是规范 CBOR：{why}。请按 RFC 8949 第 4.2 节编码后重新提交。"


class _NoPlaceError(Exception):
    """The format does not hold a value; the argument says why."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged value; the only tag is `COSE_SIGN1`."""

    tag: int
    value: Any


def encode(value: object, *, what: Text = _VALUE) -> bytes:
    """Return the canonical bytes of `value`; raises `NotCanonical` for a value the format does not hold."""
    parts: list[bytes] = []
    try:
        _write(value, 0, parts.append)
    except _NoPlaceError as error:
        raise NotCanonical(what=what, why=error.args[0]) from None
    except UnicodeEncodeError:
        raise NotCanonical(what=what, why=Text("文字含有孤立代理项", "text with a lone surrogate")) from None
    encoded = b"".join(parts)
    if len(encoded) > _LONG:
        _in_order.cache_clear()  # its keys may be as long
    return encoded


def decode(data: bytes, *, what: Text = _OBJECT) -> Any:
    """Return the value whose canonical encoding is `data`; raises `NotCanonical`."""
    if len(data) > MAX_ITEMS:
        _check_items(data, what)
    try:
        value, end = _item(data, 0, what, 0)
    except IndexError:
        _refuse(what, _EARLY_END, len(data))
    if end != len(data):
        _refuse(what, Text("结尾之后还有字节", "bytes follow its end"), end)
    return value


def _check_items(data: bytes, what: Text) -> None:
    """Raise `NotCanonical` where there are too many items; whether they are well-formed shows when they are read."""
    items = at = 0
    while at < len(data):
        first = data[at]
        at, number = at + 1, first & 31
        if number >= 24:
            width = 1 << (number - 24 & 3)
            number, at = int.from_bytes(data[at : at + width]), at + width
        if _BYTES <= first >> 5 <= _TEXT:
            at += number
        items += 1
        if items > MAX_ITEMS:
            _refuse(what, _TOO_MANY, at)


def _write(value: Any, depth: int, put: Callable[[bytes], None]) -> None:
    kind = type(value)
    if kind is str:
        content = value.encode()
        put(_head(_TEXT, len(content)))
        put(content)
    elif kind is bytes:
        put(_head(_BYTES, len(value)))
        put(value)
    elif kind is int:
        put(_integer(value))
    elif kind is bool or value is None:
        put(_SIMPLE_BYTES[value])
    elif depth == MAX_DEPTH:
        raise _NoPlaceError(_TOO_DEEP)
    elif kind is dict:
        put(_head(_MAP, len(value)))
        for key, encoded in _in_order(*value):
            put(encoded)
            _write(value[key], depth + 1, put)
    elif kind is list or kind is tuple:
        put(_head(_LIST, len(value)))
        for item in value:
            _write(item, depth + 1, put)
    elif kind is Tag and value.tag == COSE_SIGN1:
        put(_head(_TAG, COSE_SIGN1))
        _write(value.value, depth + 1, put)
    else:
        raise _NoPlaceError(Text(f"不得含有 {kind.__name__}", f"a {kind.__name__} has no place in it"))


@lru_cache(_ORDERS_KEPT, typed=True)  # typed, since 1 equals True, which is no key
def _in_order(*keys: Any) -> list[tuple[Any, bytes]]:
    """Return keys with their encodings, in bytewise order of these (4.2.1), not the older length-first order."""
    return sorted([(key, _key(key)) for key in keys], key=itemgetter(1))


def _key(key: Any) -> bytes:
    if type(key) not in _KEYS:
        raise _NoPlaceError(_no_key(type(key)))
    parts: list[bytes] = []
    _write(key, 0, parts.append)
    return b"".join(parts)


def _integer(value: int) -> bytes:
    if not -_LIMIT <= value < _LIMIT:
        raise _NoPlaceError(Text("整数超过 64 位", "an integer beyond 64 bits"))
    return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)


def _head(major: int, number: int) -> bytes:
    """Return the first bytes of an item: its major type and the shortest form of its number."""
    if number < 24:
        return _BYTE[major << 5 | number]
    power = ((number.bit_length() - 1) // 8).bit_length()  # the number takes 1, 2, 4 or 8 bytes
    return _BYTE[major << 5 | 24 + power] + number.to_bytes(1 << power)


# Each of these returns what stands in `data` at `at`, and where it ends; each rule of section 4.2 is checked where its
# bytes are read, and reading past the end raises `IndexError`. Plain functions: an object that keeps the place takes
# half as long again, and every statement and certificate is read by this.


def _item(data: bytes, at: int, what: Text, depth: int) -> tuple[Any, int]:
    first = data[at]
    at += 1
    major, number = first >> 5, first & 31
    if number >= 24:
        number, at = _number(data, at, what, number)
    if _BYTES <= major <= _TEXT:
        end = at + number
        if end > len(data):
            raise IndexError
        content = data[at:end]
        if major == _BYTES:
            return content, end
        try:
            return content.decode(), end
        except UnicodeDecodeError:
            _refuse(what, Text("文字不是 UTF-8", "text that is not UTF-8"), end)
    if major == _UNSIGNED:
        return number, at
    if major == _NEGATIVE:
        return -1 - number, at
    if major == _SIMPLE:
        if number not in _SIMPLE_VALUES:
            _refuse(what, _NO_PLACE, at)
        return _SIMPLE_VALUES[number], at
    if depth == MAX_DEPTH:
        _refuse(what, _TOO_DEEP, at)
    if major == _LIST:
        items = []
        for _ in range(number):
            item, at = _item(data, at, what, depth + 1)
            items.append(item)
        return items, at
    if major == _MAP:
        return _map(data, at, what, depth + 1, number)
    if number != COSE_SIGN1:
        _refuse(what, Text(f"不得含有标签 {number}", f"tag {number} has no place in it"), at)
    content, at = _item(data, at, what, depth + 1)
    return Tag(COSE_SIGN1, content), at


def _number(data: bytes, at: int, what: Text, info: int) -> tuple[int, int]:
    """Return the number that follows a first byte whose five low bits are `info`, 24 or more."""
    if info > 27:
        _refuse(what, Text("长度不定或为保留值", "an indefinite or reserved length"), at)
    end = at + (1 << info - 24)
    if end > len(data):
        raise IndexError
    number = int.from_bytes(data[at:end])
    if number < _LEAST[info]:
        _refuse(what, Text("数未用最短形式", "a number not in its shortest form"), end)
    return number, end


def _map(data: bytes, at: int, what: Text, depth: int, size: int) -> tuple[dict[Any, Any], int]:
    """Return a map of `size` pairs whose encoded keys ascend."""
    pairs: dict[Any, Any] = {}
    last = b""
    for _ in range(size):
        start = at
        key, at = _item(data, at, what, depth)
        if type(key) not in _KEYS:
            _refuse(what, _no_key(type(key)), at)
        encoded = data[start:at]
        if encoded <= last:
            _refuse(what, Text("映射的键顺序有误或重复", "map keys out of order, or one that comes twice"), at)
        last = encoded
        pairs[key], at = _item(data, at, what, depth)
    return pairs, at


def _no_key(kind: type) -> Text:
    return Text(f"{kind.__name__} 不得作为映射的键", f"a {kind.__name__} as map key")


def _refuse(what: Text, why: Text, at: int) -> NoReturn:
    raise NotCanonical(what=what, why=Text(f"{why.zh}（第 {at} 字节之前）", f"{why.en} (before byte {at})"))
