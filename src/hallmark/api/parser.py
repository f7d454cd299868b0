"""Bodies as JSON with one reading: no name twice, no NaN, no fractions, no surrogates, no deep nesting (RFC 7493)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from hallmark.api.errors import BadBody, WrongMediaType
from hallmark.kernel.text import Text, quoted

MAX_DEPTH = 24
_JSON = "application/json"


class StrictParser(Parser):
    """Reads what ninja hands to the operations."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the value in the body; raises `WrongMediaType`, `BadBody`."""
        if request.content_type != _JSON:
            raise WrongMediaType(given=(request.content_type or "?")[:100], wanted=_JSON)
        return read(request.body)


def read(data: bytes) -> Any:
    """Return the JSON value in `data`; raises `BadBody`."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_object, parse_float=_fraction, parse_constant=_fraction)
    except RecursionError:
        raise BadBody(why=_DEEP) from None
    except ValueError as error:
        raise BadBody(why=quoted(error)) from None
    _check(value, 0)
    return value


_DEEP = Text(f"嵌套超过 {MAX_DEPTH} 层", f"it is nested deeper than {MAX_DEPTH}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadBody(why=Text("同一名称出现两次", "a name comes twice"))
    return value


def _fraction(text: str) -> NoReturn:
    raise BadBody(why=Text(f"{text[:40]} 不是整数", f"{text[:40]} is not a whole number"))


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadBody(why=_DEEP)
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise BadBody(why=Text("文字含空字符或半个字符", "text holds a NUL or half a character"))
    elif isinstance(value, dict):
        for name, item in value.items():
            _check(name, depth)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
