"""JSON as vendors sign or publish it: one reading only, so a member that comes twice is refused (RFC 7493)."""

from __future__ import annotations

import json
from typing import Any

from hallmark.attestation.errors import BadEvidence
from hallmark.kernel.text import Text


def decode(data: bytes, what: Text) -> dict[str, Any]:
    """Return the JSON object in `data`; raises `BadEvidence`."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise BadEvidence(what=what, why=Text("成员重复", "a member comes twice"))
        return members

    try:
        value = json.loads(data.decode(), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise BadEvidence(what=what, why=Text("不是 JSON", "it is not JSON")) from None
    if not isinstance(value, dict):
        raise BadEvidence(what=what, why=Text("不是 JSON 对象", "it is no JSON object"))
    return value


def member(value: Any, name: str, kind: type, what: Text) -> Any:
    """Return the member `name` of the object `value` if it is of `kind`; raises `BadEvidence`."""
    item = value.get(name) if isinstance(value, dict) else None
    if type(item) is not kind:
        raise BadEvidence(
            what=what, why=Text(f"成员 {name} 缺失或类型不符", f"its member {name} is absent or of another type")
        )
    return item
