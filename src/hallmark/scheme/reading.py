"""Read one line of a scheme from its TOML table: the annotations of the model are the format.

Nothing is coerced. A table has the fields of its class, all that have no default and none that are unknown.
"""

from __future__ import annotations

import functools
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.scheme.errors import (
    INTEGER,
    LIST,
    TABLE,
    TEXT,
    BadDate,
    BadScheme,
    LimitWithoutProvenance,
    MissingKey,
    MissingTranslation,
    NotAChoice,
    UnknownKey,
    WrongKind,
)
from hallmark.scheme.model import Parameter, Value

_WORDS = ("text", "set", "flag")
_DECIMAL = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}")


class Place(NamedTuple):
    """Where a value stands: the file, and the path of keys inside it."""

    file: str
    key: str

    def at(self, key: object) -> Place:
        """Return the place of `key` inside this one."""
        return Place(self.file, f"{self.key}.{key}" if self.key else str(key))

    def breach(self, error: type[BadScheme], **facts: object) -> BadScheme:
        """Return the error that names this place."""
        return error(file=self.file, key=self.key, **facts)


def read_line(cls: type, table: object, place: Place) -> Any:
    """Return the `cls` that `table` describes; raises the `BadScheme` that names the place of the first breach."""
    if not isinstance(table, dict):
        raise place.breach(WrongKind, expected=TABLE)
    shape = _shape(cls)
    for key in table:
        if key not in shape:
            raise place.at(key).breach(UnknownKey, allowed=", ".join(shape))
    for key, (_, required) in shape.items():
        if required and key not in table:
            breach = LimitWithoutProvenance if (cls, key) == (Parameter, "provenance") else MissingKey
            raise place.at(key).breach(breach)
    values = {key: _read(shape[key][0], value, place.at(key)) for key, value in table.items() if key != "value"}
    if "value" in table:
        values["value"] = read_value(values["unit"], table["value"], place.at("value"))
    return cls(**values)


def read_value(unit: str, raw: object, place: Place) -> Value:
    """Return the value of a parameter in `unit`; decimals are text, lists become tuples; raises `WrongKind`."""
    if unit == "flag" and isinstance(raw, bool):
        return raw
    if unit == "text" and isinstance(raw, str) and raw:
        return raw
    if unit == "set" and isinstance(raw, list | tuple) and all(isinstance(word, str) for word in raw):
        return tuple(raw)
    if unit not in _WORDS:
        if isinstance(raw, list | tuple) and raw:
            return tuple(_number(each, place) for each in raw)
        return _number(raw, place)
    raise place.breach(WrongKind, expected=Text(f"单位为 {unit} 的值", f"a value in {unit}"))


@functools.cache
def _shape(cls: type) -> Mapping[str, tuple[Any, bool]]:
    """Return the annotation of each field of `cls`, and whether it is required."""
    hints = typing.get_type_hints(cls)
    return {each.name: (hints[each.name], each.default is MISSING) for each in fields(cls)}


def _read(kind: Any, value: object, place: Place) -> Any:
    if kind is Text:
        return _text(value, place)
    if kind is date:
        return _date(value, place)
    if isinstance(kind, types.UnionType):  # X | None; TOML has no null, so the key is there or it is not
        return _read(typing.get_args(kind)[0], value, place)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise place.breach(WrongKind, expected=LIST)
        return tuple(_read(typing.get_args(kind)[0], each, place.at(n)) for n, each in enumerate(value))
    if is_dataclass(kind):
        return read_line(typing.cast("type", kind), value, place)
    if issubclass(kind, StrEnum):
        if value not in list(kind):
            raise place.breach(NotAChoice, value=value, allowed=", ".join(kind))
        return kind(value)
    if type(value) is not kind:
        raise place.breach(WrongKind, expected={str: TEXT, int: INTEGER, bool: "true | false"}[kind])
    return value


def _text(value: object, place: Place) -> Text:
    if not isinstance(value, dict):
        raise place.breach(WrongKind, expected="{ zh, en }")
    for key in value:
        if key not in Text._fields:
            raise place.at(key).breach(UnknownKey, allowed="zh, en")
    for language in Text._fields:
        words = value.get(language)
        if not isinstance(words, str) or not words.strip():
            raise place.breach(MissingTranslation, language=language)
    return Text(**value)


def _date(value: object, place: Place) -> date:
    try:
        return instant.parse_date(typing.cast("str", value))
    except instant.NotADate:
        raise place.breach(BadDate, value=value) from None


def _number(raw: object, place: Place) -> int | Decimal:
    if type(raw) is int:
        return raw
    if isinstance(raw, str) and _DECIMAL.fullmatch(raw):
        return Decimal(raw)
    raise place.breach(WrongKind, expected=Text("整数，或写成文本的小数", "an integer, or a decimal as text"))
