"""Statements of a scheme owner about schemes and designations."""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, optional, public
from hallmark.statement.shape import (
    CODE,
    DAY,
    DIGEST,
    ORGANISATION,
    PROSE,
    Either,
    Flag,
    ListOf,
    OneOf,
    Record,
    Whole,
    Words,
)

ACTIVITIES = ("certification", "testing")

_WORD = Either((Whole(-(2**53)), Words(200), Flag()))
_VALUE = Either((_WORD, ListOf(_WORD, 1, 50)))
_PARAMETER = Record({"name": CODE, "value": _VALUE, "basis": PROSE})

KINDS = (
    Kind(
        "scheme.adopted",
        Text("方案采用", "Scheme adopted"),
        (Role.OWNER,),
        ORGANISATION,
        (
            public("scheme", CODE),
            public("edition", CODE),
            public("digest", DIGEST),
            public("profile", CODE),
            public("applies_from", DAY),
            optional(public("previous_until", DAY)),
            public("parameters", ListOf(_PARAMETER)),
        ),
    ),
    Kind(
        "designation.granted",
        Text("指定授予", "Designation granted"),
        (Role.OWNER,),
        ORGANISATION,
        (
            public("activity", OneOf(ACTIVITIES)),
            public("scheme", CODE),
            public("product_types", ListOf(CODE, 1, 100)),
            public("valid_from", DAY),
            public("valid_until", DAY),
            public("basis", PROSE),
        ),
    ),
    Kind(
        "designation.ended",
        Text("指定终止", "Designation ended"),
        (Role.OWNER,),
        ORGANISATION,
        (
            public("activity", OneOf(ACTIVITIES)),
            public("scheme", CODE),
            public("product_types", ListOf(CODE, 1, 100)),
            public("reason", PROSE),
        ),
    ),
)
