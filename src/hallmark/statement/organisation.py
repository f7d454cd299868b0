"""Statements about organisations and their keys. The name of an applicant is for members only.

`seal` is the X.509 certificate (DER) under which the organisation seals its pages, so that the ledger vouches for it.
"""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, members, optional, public
from hallmark.statement.shape import NAME, ORGANISATION, PROSE, PUBLIC_KEY, Flag, Octets, OneOf, Words

_REGISTRARS = (Role.OPERATOR, Role.OWNER)

KINDS = (
    Kind(
        "organisation.registered",
        Text("机构登记", "Organisation registered"),
        _REGISTRARS,
        ORGANISATION,
        (
            public("role", OneOf((Role.BODY, Role.LABORATORY, Role.JURISDICTION, Role.OWNER))),
            public("name", NAME),
            public("address", Words(400)),
            optional(public("code", Words(8, r"[A-Z0-9]{2,8}"))),
            public("key", PUBLIC_KEY),
            public("hosted", Flag()),
            optional(public("seal", Octets(0, 2048))),
        ),
    ),
    Kind(
        "applicant.registered",
        Text("申请方登记", "Applicant registered"),
        (*_REGISTRARS, Role.BODY),
        ORGANISATION,
        (
            members("name", NAME),
            members("address", Words(400)),
            public("key", PUBLIC_KEY),
            public("hosted", Flag()),
        ),
    ),
    Kind(
        "organisation.rekeyed",
        Text("机构换钥", "Organisation rekeyed"),
        _REGISTRARS,
        ORGANISATION,
        (
            public("key", PUBLIC_KEY),
            public("hosted", Flag()),
            optional(public("seal", Octets(0, 2048))),
            public("reason", PROSE),
        ),
    ),
)
