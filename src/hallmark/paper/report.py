"""Reports on paper. The shapes below are what the caller hands in; where a field answers a clause, it says which.

A test report has what ISO/IEC 17025:2017 clause 7.8 lists, an audit report what ISO/IEC 17020:2012 clause 7.4 does. The
mark is on neither: it is not for reports (ISO/IEC 17030). Text is in both languages, numbers are text, dates are civil.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.paper.certificate import DEMONSTRATION, DEVELOPMENT
from hallmark.paper.typesetting import Attachment, typeset
from hallmark.statement import plain
from hallmark.statement.evaluation import FINDINGS, GRADES, ISOLATIONS, VERDICTS
from hallmark.statement.shape import (
    CODE,
    DAY,
    DIGEST,
    NAME,
    PARTY,
    PRODUCT,
    PROSE,
    BadClaim,
    Flag,
    Id,
    ListOf,
    MapOf,
    OneOf,
    Record,
    Whole,
    Words,
)

RECORD = "record.hallmark"
"""The name of the signed record inside a report's PDF."""

CERTAINTIES: Mapping[str, Text] = {
    "primary": Text("已读原文", "text read"),
    "stated": Text("有出处", "stated"),
    "inferred": Text("推断", "inferred"),
    "general": Text("通行做法", "general practice"),
    "unknown": Text("出处不明", "no source"),
}
_OBLIGATIONS: Mapping[str, Text] = {
    "shall": Text("应", "shall"),
    "should": Text("宜", "should"),
    "may": Text("可", "may"),
}
_METHODS: Mapping[str, Text] = {
    "auto": Text("自动", "automatic"),
    "instrument": Text("仪器", "instrument"),
    "inspection": Text("检查", "inspection"),
    "document": Text("文件审查", "document review"),
    "interview": Text("访谈", "interview"),
    "witness": Text("见证", "witnessed"),
}
_RESULTS: Mapping[str, Text] = {
    "conforms": Text("符合", "conforms"),
    "nonconforming": Text("不符合", "nonconforming"),
    "pass": Text("符合", "pass"),
    "fail": Text("不符合", "fail"),
    "inconclusive": Text("无法判定", "inconclusive"),
    "inspection-needed": Text("待人工检查", "inspection needed"),
    "not-applicable": Text("不适用", "not applicable"),
    "not-run": Text("未检测", "not run"),
    "error": Text("检测出错", "error"),
}
_GRADES: Mapping[str, Text] = {"major": Text("严重", "major"), "minor": Text("一般", "minor")}
_STATES: Mapping[str, Text] = {"open": Text("未关闭", "open"), "closed": Text("已关闭", "closed")}
_ISOLATIONS: Mapping[str, Text] = {
    "bubblewrap": Text("隔离运行", "isolated"),
    "limits": Text("仅限制资源", "resource limits only"),
    "none": Text("未隔离", "not isolated"),
    "manual": Text("人工", "by hand"),
}

TEXT = Record({"zh": PROSE, "en": PROSE})
_SCHEME = Record({"id": CODE, "edition": CODE, "name": NAME})
_TYPE = Record({"id": CODE, "name": NAME})
_PERSON = Record({"function": NAME, "name": NAME})
_SIGNATURE = Record({"function": NAME, "name": NAME, "on": DAY}, {"person": Id(("PERSON",))})
_AMENDS = Record({"report": Id(("REPORT",)), "reason": TEXT})
_CLAUSE = Record(
    {"standard": Words(100), "certainty": OneOf(tuple(CERTAINTIES))}, {"edition": Words(40), "clause": Words(100)}
)
_ITEM = Record(
    {
        "id": CODE,
        "title": NAME,
        "clauses": ListOf(_CLAUSE, 0, 20),
        "obligation": OneOf(tuple(_OBLIGATIONS)),
        "method": OneOf(tuple(_METHODS)),
        "verdict": OneOf(VERDICTS),
        "reason": TEXT,
    },
    {"values": MapOf(Words(80), Words(200)), "findings": ListOf(Words(400)), "uncertainty": TEXT},
)
_CHECK = Record(
    {"id": CODE, "title": NAME, "clauses": ListOf(_CLAUSE, 0, 20), "finding": OneOf(FINDINGS), "note": TEXT},
    {"evidence": ListOf(Words(200))},
)
_NONCONFORMITY = Record(
    {
        "number": Whole(1, 500),
        "grade": OneOf(GRADES),
        "requirement": CODE,
        "finding": PROSE,
        "due": DAY,
        "state": OneOf(tuple(_STATES)),
    }
)

TEST_REPORT = Record(
    {
        "number": Id(("REPORT",)),  # d
        "laboratory": PARTY,  # b
        "place": Words(400),  # c
        "customer": PARTY,  # e in the standard's list: name and contact of the customer
        "scheme": _SCHEME,
        "product_type": _TYPE,
        "methods": ListOf(Record({"name": NAME, "id": CODE, "version": CODE, "isolation": OneOf(ISOLATIONS)}), 1),  # f
        "sample": Record({"id": Id(("SAMPLE",)), "condition": TEXT, "seals": ListOf(Words(100))}),  # g
        "product": PRODUCT,  # g
        "received_on": DAY,  # h
        "started_on": DAY,  # i
        "finished_on": DAY,  # i
        "issued_on": DAY,  # j
        "sampling": TEXT,  # k
        "conditions": TEXT,  # 7.8.3.1 a
        "items": ListOf(_ITEM, 1, 1000),  # m
        "decision_rule": TEXT,  # 7.8.6
        "conclusion": OneOf(VERDICTS),  # 7.8.6
        "deviations": ListOf(TEXT),  # n
        "signatures": ListOf(_SIGNATURE, 1, 20),  # o
        "external": ListOf(Record({"provider": PARTY, "items": ListOf(CODE, 1, 1000)})),  # p
        "opinions": ListOf(TEXT),  # 7.8.7
        "record_digest": DIGEST,
    },
    {"amends": _AMENDS},  # 7.8.8
)
AUDIT_REPORT = Record(
    {
        "number": Id(("REPORT",)),
        "body": PARTY,
        "applicant": PARTY,
        "site": Record({"name": Words(200), "address": Words(400)}),
        "occasion": NAME,
        "scheme": _SCHEME,
        "product_type": _TYPE,
        "product": PRODUCT,
        "scope": TEXT,
        "started_on": DAY,
        "finished_on": DAY,
        "issued_on": DAY,
        "offline": Flag(),
        "team": ListOf(_PERSON, 1, 50),
        "present": ListOf(_PERSON, 0, 50),
        "items": ListOf(_CHECK, 1, 1000),
        "nonconformities": ListOf(_NONCONFORMITY, 0, 500),
        "decision_rule": TEXT,
        "conclusion": TEXT,
        "deviations": ListOf(TEXT),
        "opinions": ListOf(TEXT),
        "signatures": ListOf(_SIGNATURE, 1, 20),
        "record_digest": DIGEST,
    },
    {"amends": _AMENDS},
)


class BadReport(Malformed):
    """A report lacks a field that its standard asks for, or has one of the wrong shape."""

    en = "The report cannot be issued: {claim} is wrong: {why}. Complete the record it is made from."
    zh = "报告无法出具：{claim} 有误：{why}。请补全其所依据的记录。"
    article = "ISO/IEC 17025:2017 7.8, ISO/IEC 17020:2012 7.4"


def render_test_report(
    report: Mapping[str, Any],
    at: int,
    *,
    record: bytes | None = None,
    development: bool = False,
    demonstration: bool = False,
) -> bytes:
    """Return a `TEST_REPORT` as PDF/A-3u, dated `at` in ms since 1970 UTC, with the laboratory's `record` inside.

    Raises `BadReport`, `GlyphMissing`, `NotTypeset`, `PaperMissing`.
    """
    return _render("test-report.typ", TEST_REPORT, report, at, record, (development, demonstration))


def render_audit_report(
    report: Mapping[str, Any],
    at: int,
    *,
    record: bytes | None = None,
    development: bool = False,
    demonstration: bool = False,
) -> bytes:
    """Return an `AUDIT_REPORT` as PDF/A-3u, dated `at` in ms since 1970 UTC, with the auditors' `record` inside.

    Raises `BadReport`, `GlyphMissing`, `NotTypeset`, `PaperMissing`.
    """
    return _render("audit-report.typ", AUDIT_REPORT, report, at, record, (development, demonstration))


def _render(
    template: str, shape: Record, report: Mapping[str, Any], at: int, record: bytes | None, told: Sequence[bool]
) -> bytes:
    try:
        shape.check(dict(report), "report")
    except BadClaim as error:
        raise BadReport(**error.facts) from None
    results = Counter(item.get("verdict") or item["finding"] for item in report["items"])
    data = {
        "report": plain.write(dict(report)),
        "notices": [words._asdict() for words, on in zip((DEVELOPMENT, DEMONSTRATION), told, strict=True) if on],
        "count": [{"result": result, "number": results[result]} for result in _RESULTS if results[result]],
        "words": {
            "certainties": _plain(CERTAINTIES),
            "obligations": _plain(_OBLIGATIONS),
            "methods": _plain(_METHODS),
            "results": _plain(_RESULTS),
            "grades": _plain(_GRADES),
            "states": _plain(_STATES),
            "isolations": _plain(_ISOLATIONS),
        },
        "seen": _seen(report["items"]),
    }
    inside = Text("出具本报告所依据的记录。", "The record that this report is made from.")
    attachment = None if record is None else Attachment(RECORD, record, "application/cbor", inside)
    return typeset(template, data, at, attachment)


def _plain(words: Mapping[str, Text]) -> dict[str, dict[str, str]]:
    return {name: text._asdict() for name, text in words.items()}


def _seen(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the certainties that the clauses of `items` have, strongest first."""
    used = {clause["certainty"] for item in items for clause in item["clauses"]}
    return [certainty for certainty in CERTAINTIES if certainty in used]
