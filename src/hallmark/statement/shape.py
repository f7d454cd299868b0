"""The shapes of claims: small data types that check a decoded CBOR value and name the place that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hallmark.kernel import identifier, instant
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

MAX_NAME = 80
"""So much of a name that nobody knows is repeated in an error."""

# C0 without line feed, DEL, C1, and the characters that turn the direction of text (property Bidi_Control, UAX 9).
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class BadClaim(Malformed):
    """A claim is missing, unknown, or not of its shape."""

    en = "The claim {claim} is wrong: {why}. Correct it and prepare the statement again."
    zh = "声明项 {claim} 有误：{why}。请更正后重新准备该声明。"


class Shape(Protocol):
    """A type of claim value."""

    def check(self, value: object, claim: str) -> None:
        """Raise `BadClaim` unless `value` has this shape."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """Text of 1 to `most` code points, not all space, matching `pattern`, with no control character but line feed."""

    most: int = 200
    pattern: str = ""

    def check(self, value: object, claim: str) -> None:
        if not isinstance(value, str) or not 0 < len(value) <= self.most or not value.strip():
            why = Text(f"应为 1 至 {self.most} 个字符的文字", f"text of 1 to {self.most} characters is wanted")
            raise BadClaim(claim=claim, why=why)
        if _CONTROL.search(value):
            raise BadClaim(claim=claim, why=Text("含有控制字符", "it holds a control character"))
        if self.pattern and not re.fullmatch(self.pattern, value):
            why = Text(f"与格式 {self.pattern} 不符", f"it does not match {self.pattern}")
            raise BadClaim(claim=claim, why=why)


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer from `least` to `most`."""

    least: int = 0
    most: int = 2**53

    def check(self, value: object, claim: str) -> None:
        if type(value) is not int or not self.least <= value <= self.most:
            least, most = self.least, self.most
            why = Text(f"应为 {least} 至 {most} 的整数", f"a whole number from {least} to {most} is wanted")
            raise BadClaim(claim=claim, why=why)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: object, claim: str) -> None:
        if type(value) is not bool:
            raise BadClaim(claim=claim, why=Text("应为 true 或 false", "true or false is wanted"))


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes, exactly `size` where given, else at most `most`."""

    size: int = 0
    most: int = 4096

    def check(self, value: object, claim: str) -> None:
        if not isinstance(value, bytes) or (self.size and len(value) != self.size) or len(value) > self.most:
            why = (
                Text(f"应为 {self.size} 字节", f"{self.size} bytes are wanted")
                if self.size
                else Text(f"应为至多 {self.most} 字节", f"at most {self.most} bytes are wanted")
            )
            raise BadClaim(claim=claim, why=why)


@dataclass(frozen=True, slots=True)
class Id:
    """An identifier with check character and one of the `prefixes`."""

    prefixes: tuple[str, ...] = ()

    def check(self, value: object, claim: str) -> None:
        if not isinstance(value, str):
            raise BadClaim(claim=claim, why=Text("应为编号", "an identifier is wanted"))
        try:
            identifier.parse(value, what=claim)
        except identifier.BadIdentifier as error:
            raise BadClaim(claim=claim, why=error.facts["why"]) from None
        if self.prefixes and value.split("-", 1)[0] not in self.prefixes:
            prefixes = ", ".join(self.prefixes)
            raise BadClaim(claim=claim, why=Text(f"应以 {prefixes} 之一开头", f"it does not begin with {prefixes}"))


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar date, YYYY-MM-DD."""

    def check(self, value: object, claim: str) -> None:
        try:
            instant.parse_date(value)  # type: ignore[arg-type]  # what is no text is no date
        except instant.NotADate:
            raise BadClaim(claim=claim, why=Text("应为日历日期 YYYY-MM-DD", "a date YYYY-MM-DD is wanted")) from None


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the `values`."""

    values: tuple[str, ...]

    def check(self, value: object, claim: str) -> None:
        if value not in self.values or not isinstance(value, str):
            values = ", ".join(self.values)
            raise BadClaim(claim=claim, why=Text(f"应为以下之一：{values}", f"one of {values} is wanted"))


@dataclass(frozen=True, slots=True)
class Either:
    """A value of one of several shapes."""

    shapes: tuple[Shape, ...]

    def check(self, value: object, claim: str) -> None:
        for shape in self.shapes:
            try:
                return shape.check(value, claim)
            except BadClaim:
                continue
        raise BadClaim(claim=claim, why=Text("与所要求的任一形式均不符", "it has none of the shapes wanted"))


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of `least` to `most` values of one shape."""

    item: Shape
    least: int = 0
    most: int = 200

    def check(self, value: object, claim: str) -> None:
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            why = Text(f"应为 {self.least} 至 {self.most} 项的列表", f"a list of {self.least} to {self.most} is wanted")
            raise BadClaim(claim=claim, why=why)
        for index, item in enumerate(value):
            self.item.check(item, f"{claim}[{index}]")


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map from text keys of one shape to values of another."""

    key: Shape
    item: Shape
    least: int = 0
    most: int = 1000

    def check(self, value: object, claim: str) -> None:
        if not isinstance(value, dict) or not self.least <= len(value) <= self.most:
            why = Text(f"应为 {self.least} 至 {self.most} 项的映射", f"a map of {self.least} to {self.most} is wanted")
            raise BadClaim(claim=claim, why=why)
        for key, item in value.items():
            self.key.check(key, f"{claim}[key]")
            self.item.check(item, f"{claim}[{key}]")


@dataclass(frozen=True, slots=True)
class Record:
    """A map with exactly these fields; those in `optional` may be left out."""

    fields: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)

    def check(self, value: object, claim: str) -> None:
        if not isinstance(value, dict):
            raise BadClaim(claim=claim, why=Text("应为记录", "a record is wanted"))
        for name, shape in self.fields.items():
            if name not in value:
                raise BadClaim(claim=f"{claim}.{name}", why=Text("缺少该项", "it is missing"))
            shape.check(value[name], f"{claim}.{name}")
        for name, item in value.items():
            if name in self.optional:
                self.optional[name].check(item, f"{claim}.{name}")
            elif name not in self.fields:
                why = Text("此处没有该项", "it is not known here")
                raise BadClaim(claim=f"{claim}.{str(name)[:MAX_NAME]}", why=why)


CASE = Id(("CASE",))
ORGANISATION = Id(("ORG",))
PERSON = Id(("PERSON",))
PARTY_ID = Id(("ORG", "PERSON"))
DIGEST = Octets(32)
DAY = Day()
NAME = Record({"zh": Words(200), "en": Words(200)})
PROSE = Words(4000)
CODE = Words(64, r"[A-Za-z0-9][A-Za-z0-9._/-]*")
PUBLIC_KEY = Record({"algorithm": Whole(-100, -1), "material": Octets(0, 1400)})
PARTY = Record({"name": NAME, "address": Words(400)})
BUILD = Record({"role": CODE, "name": Words(200), "size": Whole(1), "sha256": DIGEST})
PRODUCT = Record(
    {"name": NAME, "model": Words(100), "version": Words(100), "builds": ListOf(BUILD, 1, 100)},
    {"trademark": Words(100), "function": Words(1000)},
)
EVIDENCE = Record({"title": Words(200), "sha256": DIGEST, "size": Whole(1), "address": DIGEST})
DOCUMENT = Record({"document": CODE, "title": Words(200), "sha256": DIGEST, "size": Whole(1), "address": DIGEST})


def evidence_in(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield every evidence or document record in `value`, claims as they are or as JSON, in order."""
    if isinstance(value, Mapping):
        if {"address", "sha256"} <= value.keys():
            yield value
        else:
            for item in value.values():
                yield from evidence_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from evidence_in(item)
