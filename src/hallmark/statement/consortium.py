"""Statements of the consortium: how it was founded, who asks for a seat, what members propose, and how epochs follow.

A member is an organisation of any role, named by its identifier; seats, starts and constitutions are in the encodings
of the consortium (docs/spec/consortium.md).
"""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.statement.kind import MEMBERS, Kind, Role, optional, public
from hallmark.statement.shape import CODE, DIGEST, EVIDENCE, ORGANISATION, PROSE, Flag, Id, Octets, OneOf, Record, Whole

PROPOSALS = ("admission", "removal", "rotation", "code", "rules", "scheme", "sequencer", "policy")

_START = Octets(0, 60_000)
_NOTE = Octets(0, 16_384)
_SEAT = Record(
    {
        "name": ORGANISATION,
        "family": CODE,
        "witness": Octets(32),
        "mirror": Octets(32),
        "archive": Octets(1312),
    },
    {"product": Id()},
)

KINDS = (
    Kind(
        "consortium.founded",
        Text("联盟创立", "Consortium founded"),
        (Role.OPERATOR,),
        ORGANISATION,
        (public("start", _START),),
    ),
    Kind(
        "node.presented",
        Text("节点证据提交", "Node presented"),
        MEMBERS,
        ORGANISATION,
        (
            public("seat", _SEAT),
            public("epoch", Whole(1)),
            public("nonce", DIGEST),
            public("size", Whole(1)),
            public("evidence", EVIDENCE),
        ),
    ),
    Kind(
        "node.appraised",
        Text("节点证据鉴定", "Node appraised"),
        MEMBERS,
        ORGANISATION,
        (
            public("presented", DIGEST),
            public("evidence", DIGEST),
            public("policy", DIGEST),
            public("accepted", Flag()),
            public("code", CODE),
            public("reason", PROSE),
            public("until", Whole()),
        ),
    ),
    Kind(
        "proposal.made",
        Text("提案", "Proposal made"),
        MEMBERS,
        ORGANISATION,
        (
            public("about", DIGEST),
            public("kind", OneOf(PROPOSALS)),
            optional(public("member", ORGANISATION)),
            optional(public("seat", _SEAT)),
            optional(public("digest", DIGEST)),
            optional(public("withdrawn", Flag())),
            optional(public("rules", Whole(1))),
            public("reason", PROSE),
        ),
    ),
    Kind(
        "vote.cast",
        Text("表决", "Vote cast"),
        MEMBERS,
        ORGANISATION,
        (public("proposal", DIGEST), public("favour", Flag()), optional(public("reason", PROSE))),
    ),
    Kind(
        "epoch.started",
        Text("纪元启动", "Epoch started"),
        MEMBERS,
        ORGANISATION,
        (public("start", _START),),
    ),
    Kind(
        "fork.shown",
        Text("分叉举证", "Fork shown"),
        MEMBERS,
        ORGANISATION,
        (public("first", _NOTE), public("second", _NOTE)),
    ),
)
