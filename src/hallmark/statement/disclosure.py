"""Disclosures: the salted claims that travel beside a statement to those who may read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.kernel import canonical, hashing
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text

SALT_SIZE = 16


class BadDisclosure(Malformed):
    """The value is not a disclosure."""

    en = "This is not a disclosure: {why}. A disclosure is [16-byte salt, claim name, value]."
    zh = "这不是有效的披露：{why}。披露应为[16 字节盐, 声明项名, 值]。"


class WrongDisclosure(Unverified):
    """A disclosure does not belong to the statement."""

    en = "The disclosure of {claim} does not match the statement: {why}. Send the disclosures made with this statement."
    zh = "{claim} 的披露与声明不符：{why}。请提交与该声明一同生成的披露。"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One claim with the 128-bit salt that hides it until it is disclosed."""

    salt: bytes
    name: str
    value: Any

    @property
    def digest(self) -> bytes:
        """32 bytes that stand in the statement for the claim."""
        return hashing.digest_of("hallmark/claim/1", [self.salt, self.name, self.value])

    def to_value(self) -> list[object]:
        """Return the disclosure as a CBOR value."""
        return [self.salt, self.name, self.value]

    @classmethod
    def from_value(cls, value: object) -> Disclosure:
        """Return the disclosure in a CBOR value; raises `BadDisclosure`."""
        match value:
            case [bytes(salt), str(name), content] if len(salt) == SALT_SIZE:
                return cls(salt, name, content)
        raise BadDisclosure(why=Text("其组成部分的类型不符", "its parts are not of these types"))


def open_claims(digests: Mapping[str, bytes], disclosures: Iterable[Disclosure]) -> dict[str, Any]:
    """Return the claims whose digests are given; raises `WrongDisclosure` for one that matches none or comes twice."""
    claims: dict[str, Any] = {}
    for disclosure in disclosures:
        if disclosure.name in claims:
            raise WrongDisclosure(claim=disclosure.name, why=Text("出现两次", "it came twice"))
        if digests.get(disclosure.name) != disclosure.digest:
            raise WrongDisclosure(claim=disclosure.name, why=Text("其摘要不同", "its digest is another one"))
        claims[disclosure.name] = disclosure.value
    return claims


def encode(disclosures: Iterable[Disclosure]) -> bytes:
    """Return the canonical bytes of `disclosures`."""
    return canonical.encode([disclosure.to_value() for disclosure in disclosures])


def decode(data: bytes) -> tuple[Disclosure, ...]:
    """Return the disclosures in `data`; raises `NotCanonical`, `BadDisclosure`."""
    values = canonical.decode(data, what=Text("披露", "disclosures"))
    if not isinstance(values, list):
        raise BadDisclosure(why=Text("应为列表", "a list is wanted"))
    return tuple(Disclosure.from_value(value) for value in values)
