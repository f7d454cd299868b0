"""Claims as JSON: the same shapes, with bytes written as lower-case hexadecimal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind
from hallmark.statement.shape import BadClaim, Either, ListOf, MapOf, Octets, Record, Shape


def read_claims(kind: Kind, claims: object) -> dict[str, Any]:
    """Return the claims that a JSON object writes for `kind`; raises `BadClaim`. Their shapes are checked later."""
    if not isinstance(claims, dict):
        raise BadClaim(claim="claims", why=Text("应为对象", "an object is wanted"))
    return {name: read(kind.named(name).shape, value, name) for name, value in claims.items()}


def write_claims(kind: Kind, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return `claims` of `kind` as a JSON object."""
    return {name: write(value) for name, value in claims.items() if kind.named(name)}


def read(shape: Shape, value: Any, claim: str) -> Any:
    """Return what JSON `value` means where `shape` is wanted; raises `BadClaim`."""
    match shape:
        case Octets():
            return _octets(value, claim)
        case ListOf(item=item) if isinstance(value, list):
            return [read(item, each, f"{claim}[{index}]") for index, each in enumerate(value)]
        case MapOf(item=item) if isinstance(value, dict):
            return {key: read(item, each, f"{claim}[{key}]") for key, each in value.items()}
        case Record(fields=fields, optional=optional) if isinstance(value, dict):
            known = {**fields, **optional}
            return {
                name: read(known[name], each, f"{claim}.{name}") if name in known else each
                for name, each in value.items()
            }
        case Either(shapes=shapes):
            return _either(shapes, value, claim)
    return value


def write(value: Any) -> Any:
    """Return a claim's value as JSON."""
    match value:
        case bytes():
            return value.hex()
        case dict():
            return {key: write(item) for key, item in value.items()}
        case list() | tuple():
            return [write(item) for item in value]
    return value


def _octets(value: Any, claim: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except (TypeError, ValueError):
        raise BadClaim(claim=claim, why=Text("应为十六进制文字", "hexadecimal text is wanted")) from None


def _either(shapes: tuple[Shape, ...], value: Any, claim: str) -> Any:
    for shape in shapes:
        try:
            read_value = read(shape, value, claim)
            shape.check(read_value, claim)
        except BadClaim:
            continue
        return read_value
    raise BadClaim(claim=claim, why=Text("与所要求的任一形式均不符", "it has none of the shapes wanted"))
