"""JSON with one reading and one writing: I-JSON in (RFC 7493), the JSON Canonicalization Scheme out (RFC 8785).

Numbers are whole and at most 2^53 in size: the formats here have no others, and fractions are where writers differ.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

MAX_DEPTH = 64
_LARGEST = 2**53


class BadJson(Malformed):
    """The bytes are not JSON with one reading, or the value has no canonical form here."""

    article = "RFC 7493; RFC 8785"
    en = "This is not JSON with exactly one reading: {why}. Fetch the file again from whoever wrote it."
    zh = "这不是含义唯一的 JSON：{why}。请向出具方重新获取该文件。"


def parse(data: bytes) -> Any:
    """Return the value in `data`, UTF-8; raises `BadJson` for names that come twice, fractions, lone surrogates."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_float=_fraction, parse_constant=_fraction)
    except (ValueError, RecursionError):
        raise BadJson(why=Text("语法有误", "its syntax is wrong")) from None
    _ordered(value, 0)
    return value


def encode(value: object) -> bytes:
    """Return the canonical bytes of `value`; raises `BadJson`."""
    text = json.dumps(_ordered(value, 0), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _ordered(value: Any, depth: int) -> Any:
    """Return `value` with the names of its objects in the order of their UTF-16 code units."""
    if depth > MAX_DEPTH:
        raise BadJson(why=Text(f"嵌套超过 {MAX_DEPTH} 层", f"it is nested deeper than {MAX_DEPTH}"))
    match value:
        case None | bool():
            return value
        case str():
            _utf16(value)
            return value
        case int() if -_LARGEST <= value <= _LARGEST:
            return value
        case list() | tuple():
            return [_ordered(item, depth + 1) for item in value]
        case dict() if all(isinstance(name, str) for name in value):
            return {name: _ordered(value[name], depth + 1) for name in sorted(value, key=_utf16)}
    raise BadJson(why=Text("含有不允许的数或类型", "it holds a number or a type that has no place in it"))


def _utf16(text: str) -> bytes:
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise BadJson(why=Text("文字含有孤立代理项", "a text holds a lone surrogate")) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadJson(why=Text("有名称重复出现", "a name comes twice"))
    return value


def _fraction(text: str) -> NoReturn:
    raise BadJson(why=Text(f"{text[:20]} 不是整数", f"{text[:20]} is not a whole number"))
