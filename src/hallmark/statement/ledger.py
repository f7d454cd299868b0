"""Statements about the ledger itself."""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.statement.kind import MEMBERS, Kind, Role, public
from hallmark.statement.shape import (
    CODE,
    DIGEST,
    NAME,
    ORGANISATION,
    PROSE,
    PUBLIC_KEY,
    Flag,
    ListOf,
    Record,
    Whole,
    Words,
)

_FOUNDER = Record({"id": ORGANISATION, "name": NAME, "address": Words(400), "key": PUBLIC_KEY})

KINDS = (
    Kind(
        "ledger.founded",
        Text("账本创立", "Ledger founded"),
        (Role.OPERATOR,),
        ORGANISATION,
        (
            public("development", Flag()),
            public("algorithms", ListOf(Whole(-100, -1), 1, 8)),
            public("rules", Whole(1)),
            public("operator", _FOUNDER),
            public("owners", ListOf(_FOUNDER, 1, 8)),
        ),
    ),
    Kind(
        "time.told",
        Text("报时", "Time told"),
        MEMBERS,
        ORGANISATION,
        (public("utc_ms", Whole()),),
    ),
    Kind(
        "rules.adopted",
        Text("规则采用", "Rules adopted"),
        (Role.OPERATOR,),
        ORGANISATION,
        (public("rules", Whole(1)), public("reason", PROSE)),
    ),
    Kind(
        "status.stated",
        Text("状态公布", "Status stated"),
        MEMBERS,
        ORGANISATION,
        (public("size", Whole()), public("root", DIGEST), public("at", Whole())),
    ),
    Kind(
        "evidence.erased",
        Text("证据销毁", "Evidence erased"),
        (Role.OPERATOR, Role.BODY, Role.LABORATORY, Role.APPLICANT),
        ORGANISATION,
        (public("address", DIGEST), public("ground", CODE), public("reason", PROSE)),
    ),
)
