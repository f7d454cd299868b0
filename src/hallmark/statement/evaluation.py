"""Statements of the evaluation: plan, sample, type test, audit, nonconformities."""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, members, optional, public
from hallmark.statement.shape import (
    BUILD,
    CASE,
    CODE,
    DAY,
    EVIDENCE,
    ORGANISATION,
    PERSON,
    PROSE,
    Flag,
    Id,
    ListOf,
    MapOf,
    OneOf,
    Record,
    Whole,
    Words,
)

VERDICTS = ("pass", "fail", "inconclusive", "inspection-needed", "not-applicable", "not-run", "error")
FINDINGS = ("conforms", "nonconforming", "not-applicable")
GRADES = ("major", "minor")
# `manual`: no kit ran, persons judged every item.
ISOLATIONS = ("bubblewrap", "limits", "none", "manual")

_REPORT = Id(("REPORT",))
_ASSIGNMENT = Record({"person": PERSON, "function": CODE})

KINDS = (
    Kind(
        "evaluation.planned",
        Text("评价计划", "Evaluation planned"),
        (Role.BODY,),
        CASE,
        (
            members("laboratory", ORGANISATION),
            members("team", ListOf(_ASSIGNMENT, 0, 50)),
            members("evaluate_by", DAY),
        ),
    ),
    Kind(
        "sample.received",
        Text("样品接收", "Sample received"),
        (Role.LABORATORY,),
        CASE,
        (
            public("sample", Id(("SAMPLE",))),
            members("builds", ListOf(BUILD, 1, 100)),
            members("seals", ListOf(Words(100))),
            members("condition", PROSE),
            members("received_on", DAY),
        ),
    ),
    Kind(
        "test.reported",
        Text("型式试验报告", "Type test reported"),
        (Role.LABORATORY,),
        CASE,
        (
            public("report", _REPORT),
            public("sample", Id(("SAMPLE",))),
            optional(public("amends", _REPORT)),
            members("builds", ListOf(BUILD, 1, 100)),
            members("kit", Record({"id": CODE, "version": CODE, "isolation": OneOf(ISOLATIONS)})),
            members("verdicts", MapOf(CODE, OneOf(VERDICTS), 1)),
            members("record", EVIDENCE),
            members("paper", EVIDENCE),
            members("started_on", DAY),
            members("finished_on", DAY),
        ),
    ),
    Kind(
        "audit.reported",
        Text("现场审核报告", "Audit reported"),
        (Role.BODY,),
        CASE,
        (
            public("report", _REPORT),
            members("site", Record({"name": Words(200), "address": Words(400)})),
            members("findings", MapOf(CODE, OneOf(FINDINGS), 1)),
            members("evidence", ListOf(EVIDENCE)),
            members("nonconformities", ListOf(Whole(1), 0, 500)),
            members("started_on", DAY),
            members("finished_on", DAY),
            members("offline", Flag()),
        ),
    ),
    Kind(
        "nonconformity.raised",
        Text("不符合项提出", "Nonconformity raised"),
        (Role.BODY,),
        CASE,
        (
            public("number", Whole(1, 500)),
            members("grade", OneOf(GRADES)),
            members("requirement", CODE),
            members("finding", PROSE),
            members("evidence", ListOf(EVIDENCE)),
            members("due", DAY),
        ),
    ),
    Kind(
        "nonconformity.answered",
        Text("不符合项答复", "Nonconformity answered"),
        (Role.APPLICANT,),
        CASE,
        (
            public("number", Whole(1, 500)),
            members("cause", PROSE),
            members("corrective_action", PROSE),
            members("evidence", ListOf(EVIDENCE)),
        ),
    ),
    Kind(
        "nonconformity.rejected",
        Text("整改不予认可", "Nonconformity answer rejected"),
        (Role.BODY,),
        CASE,
        (public("number", Whole(1, 500)), members("reasons", PROSE)),
    ),
    Kind(
        "nonconformity.closed",
        Text("不符合项关闭", "Nonconformity closed"),
        (Role.BODY,),
        CASE,
        (public("number", Whole(1, 500)), members("verification", PROSE)),
    ),
)
