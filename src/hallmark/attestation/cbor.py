"""CBOR as vendors write it (RFC 8949): definite lengths and shortest numbers, but map keys in any order.

`kernel.canonical` reads our own bytes, one encoding a value. Vendors sign theirs as byte strings, so the order of keys
does no harm; keys that come twice would, and are refused, as are tags, floats and indefinite lengths.
"""

from __future__ import annotations

from typing import Any

from hallmark.attestation.reader import Reader
from hallmark.kernel.text import Text

_MAX_DEPTH = 8
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _SIMPLE = 0, 1, 2, 3, 4, 5, 7
_SIMPLE_VALUES = {20: False, 21: True, 22: None}


def decode(data: bytes, what: Text) -> Any:
    """Return the value in `data`; raises `BadEvidence`."""
    reader = Reader(data, what, "big")
    value = _item(reader, 0)
    reader.end()
    return value


def _item(reader: Reader, depth: int) -> Any:
    first = reader.number(1)
    major, number = first >> 5, first & 31
    if number > 27 or depth > _MAX_DEPTH:
        reader.refuse("长度不定或嵌套过深", "a length is indefinite or the nesting too deep")
    if number >= 24:
        size = 1 << number - 24
        number = reader.number(size)
        if number < (24 if size == 1 else 1 << 4 * size):
            reader.refuse("数值不是最短形式", "a number is not in its shortest form")
    if major == _UNSIGNED:
        return number
    if major == _NEGATIVE:
        return -1 - number
    if major == _BYTES:
        return reader.take(number)
    if major == _TEXT:
        try:
            return reader.take(number).decode()
        except UnicodeDecodeError:
            reader.refuse("文本不是 UTF-8", "text is not UTF-8")
    if major == _LIST:
        return [_item(reader, depth + 1) for _ in range(number)]
    if major == _SIMPLE and number in _SIMPLE_VALUES:
        return _SIMPLE_VALUES[number]
    if major != _MAP:
        reader.refuse("含标签、浮点数或未知类型", "it holds a tag, a float or an unknown type")
    pairs: dict[int | str | bytes, Any] = {}
    for _ in range(number):
        key = _item(reader, depth + 1)
        if type(key) not in (int, str, bytes) or key in pairs:
            reader.refuse("映射键重复或类型不当", "a map key comes twice or is no number, text or bytes")
        pairs[key] = _item(reader, depth + 1)
    return pairs
