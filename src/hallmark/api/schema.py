"""What requests and replies are made of, for pydantic and in OpenAPI; and claims' shapes as JSON Schema."""

from __future__ import annotations

import base64
import binascii
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from ninja import Path, Schema
from pydantic import ConfigDict, StringConstraints

from hallmark.api.errors import BadBody
from hallmark.kernel.text import Text
from hallmark.statement.shape import Day, Either, Flag, Id, ListOf, MapOf, Octets, OneOf, Record, Shape, Whole, Words

_IDENTIFIER = r"^[A-Z][A-Z0-9]{0,15}(-[A-Z0-9]{1,32}){1,8}-[0-9A-Z]$"

Identifier = Annotated[str, StringConstraints(pattern=_IDENTIFIER, max_length=96)]
"""An identifier's shape; whether its check character fits is for whoever reads it."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=64)]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=200)]
Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})*$", max_length=8192)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]*={0,2}$", max_length=100_000)]
EXTRACT_TYPE = "application/vnd.hallmark.extract+cbor"
Index = Annotated[int, Path(ge=0, lt=2**53)]
Json = dict[str, Any]


class Body(Schema):
    """What a client sends: exactly these fields, each of exactly this type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Names(Body):
    """A name in both languages."""

    zh: Line
    en: Line

    @property
    def text(self) -> Text:
        """The name as words for people."""
        return Text(self.zh, self.en)


class Key(Body):
    """A public key: COSE algorithm number and raw bytes in hexadecimal."""

    algorithm: int
    material: Hex


class Reply(Schema):
    """What the server answers."""


class Problem(Reply):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    article: str
    facts: Json


def decode(text: str) -> bytes:
    """Return the bytes of base64 text; raises `BadBody`."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadBody(why=Text("base64 有误", "its base64 is wrong")) from None


def encode(data: bytes) -> str:
    """Return bytes as base64 text."""
    return base64.b64encode(data).decode()


def to_json(value: Any) -> Any:
    """Return a line of a scheme, or a collection of them, as JSON: words in both languages, decimals as text."""
    if isinstance(value, Text):
        return value._asdict()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(to_json(item) for item in value)
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, date | Decimal) else value


def of_shape(shape: Shape) -> Json:
    """Return the JSON Schema of a claim's value as `statement.plain` writes it."""
    match shape:
        case Words(most=most, pattern=pattern):
            return {"type": "string", "minLength": 1, "maxLength": most} | (
                {"pattern": f"^(?:{pattern})$"} if pattern else {}
            )
        case Whole(least=least, most=most):
            return {"type": "integer", "minimum": least, "maximum": most}
        case Flag():
            return {"type": "boolean"}
        case Octets(size=size, most=most):
            hexadecimal = {"type": "string", "pattern": "^([0-9a-f]{2})*$", "maxLength": 2 * (size or most)}
            return hexadecimal | ({"minLength": 2 * size} if size else {})
        case Id(prefixes=prefixes):
            return {"type": "string", "pattern": f"^({'|'.join(prefixes)})-" if prefixes else "^[A-Z]", "maxLength": 96}
        case Day():
            return {"type": "string", "format": "date"}
        case OneOf(values=values):
            return {"enum": [str(value) for value in values]}
        case Either(shapes=shapes):
            return {"anyOf": [of_shape(each) for each in shapes]}
        case ListOf(item=item, least=least, most=most):
            return {"type": "array", "items": of_shape(item), "minItems": least, "maxItems": most}
        case MapOf(key=key, item=item, least=least, most=most):
            return {
                "type": "object",
                "propertyNames": of_shape(key),
                "additionalProperties": of_shape(item),
                "minProperties": least,
                "maxProperties": most,
            }
        case Record(fields=wanted, optional=optional):
            return {
                "type": "object",
                "properties": {name: of_shape(each) for name, each in {**wanted, **optional}.items()},
                "required": list(wanted),
                "additionalProperties": False,
            }
    raise TypeError(type(shape).__name__)
