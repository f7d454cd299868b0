"""Reports on paper. The shapes below are what the caller hands in; where a field answers a clause, it says which.

A test report has what ISO/IEC 17025:2017 clause 7.8 lists, an audit report what ISO/IEC 17020:2012 clause 7.4 does. The
mark is on neither: it is not for reports (ISO/IEC 17030). Text is in both languages, numbers are text, dates are civil.

A test report is in one of three states: a manufacturer's own `pre-test`, which has no laboratory; the `draft` that
tester and signatory read before they sign; and the report as `issued`, which is the draft, its signatures and its place
on the ledger. `markup` shows the same as HTML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.paper.certificate import DEMONSTRATION
from hallmark.paper.typesetting import Attachment, spell, typeset
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
    Shape,
    Whole,
    Words,
)
from hallmark.verify.attachment import MAX_CONTENT

RECORD = "record.hallmark"
"""The name of the signed record inside a report's PDF."""

DEVELOPMENT = Text(
    "开发账本：本报告仅供试用，不具任何效力。", "Development ledger: this report is a trial and has no effect."
)
STATES: Mapping[str, Text] = {
    "pre-test": Text(
        "自测结果，不是实验室报告，不具任何效力。",
        "A pre-test: not a laboratory's report, without effect.",
    ),
    "draft": Text("草稿，未签署，不具任何效力。", "Draft, not signed, without effect."),
    "issued": Text("", ""),
}
STATEMENTS: Mapping[str, tuple[Text, ...]] = {
    "pre-test": (
        Text(
            "结果仅与所检样品有关；自测结果不得用作检测报告。",
            "Results relate only to the items tested. A pre-test must not be used as a test report.",
        ),
    ),
    "report": (
        Text(
            "结果仅与所检样品有关；未经本实验室书面批准，不得部分复制。",
            "Results relate only to the items tested. Not to be copied except in full without the laboratory's written "
            "approval.",
        ),
        Text(
            "产品名称、型号、版本及声明由委托方提供，实验室不对其真实性负责；构建文件的摘要由实验室核对。",
            "Name, model, version and declaration of the product come from the customer, and the laboratory does not "
            "answer for them; the digests of the builds were checked by the laboratory.",
        ),
        Text(
            "报告编号采用 Hallmark 自有格式，末位为校验字符。",
            "The number of this report has a format of Hallmark's own; its last character is a check character.",
        ),
    ),
}
SEALS: Mapping[bool, Text] = {
    True: Text("本文件带有实验室的电子签章（PAdES）。", "This file carries the laboratory's electronic seal (PAdES)."),
    False: Text(
        "本文件未加电子签章；真伪以账本条目为准。",
        "This file carries no electronic seal; the entry of the ledger says what is genuine.",
    ),
}
SPELLED = Text("\\u{…} 代表此处字体所没有的字符。", "\\u{…} stands for a character that the fonts here do not have.")

CERTAINTIES: Mapping[str, Text] = {
    "primary": Text("已读原文", "text read"),
    "stated": Text("有出处", "stated"),
    "inferred": Text("推断", "inferred"),
    "general": Text("通行做法", "general practice"),
    "unknown": Text("出处不明", "no source"),
}
OBLIGATIONS: Mapping[str, Text] = {
    "shall": Text("应", "shall"),
    "should": Text("宜", "should"),
    "may": Text("可", "may"),
}
METHODS: Mapping[str, Text] = {
    "auto": Text("自动", "automatic"),
    "instrument": Text("仪器", "instrument"),
    "inspection": Text("检查", "inspection"),
    "document": Text("文件审查", "document review"),
    "interview": Text("访谈", "interview"),
    "witness": Text("见证", "witnessed"),
}
RESULTS: Mapping[str, Text] = {
    "conforms": Text("符合", "conforms"),
    "nonconforming": Text("不符合", "nonconforming"),
    "pass": Text("符合", "pass"),
    "fail": Text("不符合", "fail"),
    "inconclusive": Text("无法判定", "inconclusive"),
    "inspection-needed": Text("待人工判定", "inspection needed"),
    "not-applicable": Text("不适用", "not applicable"),
    "not-run": Text("未检测", "not run"),
    "error": Text("检测错误", "error"),
}
_GRADES: Mapping[str, Text] = {"major": Text("严重", "major"), "minor": Text("一般", "minor")}
_PROGRESS: Mapping[str, Text] = {"open": Text("未关闭", "open"), "closed": Text("已关闭", "closed")}
ISOLATION_LEVELS: Mapping[str, Text] = {
    "bubblewrap": Text("隔离运行", "isolated"),
    "limits": Text("仅限制资源", "resource limits only"),
    "none": Text("未隔离", "not isolated"),
    "manual": Text("人工", "by hand"),
}

TEXT = Record({"zh": PROSE, "en": PROSE})
_SCHEME = Record({"id": CODE, "edition": CODE, "name": NAME})
_TYPE = Record({"id": CODE, "name": NAME})
_PERSON = Record({"function": NAME, "name": NAME})
_SIGNATURE = Record({"function": NAME, "name": NAME}, {"person": Id(("PERSON",)), "on": DAY})
_CLAUSE = Record({"place": Words(200)}, {"certainty": OneOf(tuple(CERTAINTIES))})
_FACT = Record({"name": NAME, "value": PROSE})
_JUDGED = Record(
    {"person": Words(100), "verdict": OneOf(VERDICTS), "reason": PROSE, "at": Words(40), "evidence": ListOf(DIGEST)},
    {"name": Words(200)},
)
_ITEM = Record(
    {
        "id": CODE,
        "title": NAME,
        "clauses": ListOf(_CLAUSE, 0, 20),
        "obligation": OneOf(tuple(OBLIGATIONS)),
        "method": OneOf(tuple(METHODS)),
        "verdict": OneOf(VERDICTS),
    },
    {
        "criterion": TEXT,
        "limits": MapOf(Words(80), Words(400)),
        "reason": TEXT,
        "values": MapOf(Words(80), Words(400)),
        "uncertainty": Words(200),
        "findings": ListOf(Words(400)),
        "machine": OneOf(VERDICTS),  # what the kit said, where persons judged
        "by_hand": ListOf(_JUDGED, 1),
    },
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
        "state": OneOf(tuple(_PROGRESS)),
    }
)

# What a session gives, in a laboratory or at home. Letters are those of ISO/IEC 17025:2017 7.8.2.1.
_SESSION: Mapping[str, Shape] = {
    "state": OneOf(tuple(STATES)),
    "scheme": _SCHEME,
    "product_type": _TYPE,
    "standards": ListOf(Record({"place": Words(200), "title": NAME})),  # f
    "methods": ListOf(
        Record({"id": CODE, "version": CODE, "isolation": OneOf(ISOLATIONS)}, {"digest": DIGEST}), 1
    ),  # f
    "declared": ListOf(_FACT),  # 7.8.2.2
    "files": ListOf(
        Record({"role": Words(200), "name": Words(200), "size": Whole(), "sha256": DIGEST, "sm3": DIGEST}), 0, 10_000
    ),  # g
    "conditions": ListOf(_FACT),  # 7.8.3.1 a
    "items": ListOf(_ITEM, 1, 1000),  # m; the verdict of each is 7.8.6.2
    "decision_rule": TEXT,  # 7.8.6.1
    "conclusion": OneOf(VERDICTS),  # 7.8.3.1 b
    "deviations": ListOf(TEXT),  # n
    "record": Record({"sha256": DIGEST, "size": Whole(1)}, {"digest": DIGEST}),
    "statements": ListOf(TEXT, 1),  # l, 7.8.2.2
}
_KIT: Mapping[str, Shape] = {
    "self_check": Record({"answers": Whole(), "wrong": ListOf(Words(400))}),
    "measurements": ListOf(Record({"name": CODE, "state": CODE}, {"detail": Words(400), "digest": DIGEST})),
}
_LABORATORY: Mapping[str, Shape] = {
    "number": Id(("REPORT",)),  # d
    "laboratory": PARTY,  # b
    "place": Words(400),  # c
    "customer": PARTY,  # e
    "sample": Record({"id": Id(("SAMPLE",)), "condition": PROSE, "seals": ListOf(Words(100))}),  # g
    "custody": ListOf(Record({"event": TEXT, "at": Words(40)}, {"entry": Whole()}), 1),
    "product": PRODUCT,  # g
    "received_on": DAY,  # h
    "started_on": DAY,  # i
    "finished_on": DAY,  # i
    "sampling": TEXT,  # k
    "external": ListOf(Record({"provider": PARTY, "items": ListOf(CODE, 1, 1000)})),  # p
    "opinions": ListOf(TEXT),  # 7.8.7
}
_CHANGE = Record({"item": CODE, "verdict": OneOf(VERDICTS)}, {"was": OneOf(VERDICTS)})
_AMENDS: Mapping[str, Shape] = {
    "amends": Record({"report": Id(("REPORT",)), "changes": ListOf(_CHANGE, 0, 1000)})  # 7.8.8
}
_ISSUE: Mapping[str, Shape] = {
    "issued_on": DAY,  # j
    "signatures": ListOf(_SIGNATURE, 1, 20),  # o
    "entry": Whole(),
}
TEST_REPORTS: Mapping[str, Record] = {
    "pre-test": Record(_SESSION, _KIT),
    "draft": Record({**_SESSION, **_LABORATORY}, {**_KIT, **_AMENDS}),
    "issued": Record({**_SESSION, **_LABORATORY, **_ISSUE}, {**_KIT, **_AMENDS}),
}
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
    {"amends": Record({"report": Id(("REPORT",)), "reason": TEXT})},
)


class BadReport(Malformed):
    """A report lacks a field that its standard asks for, or has one of the wrong shape."""

    en = "The report cannot be issued: {claim} is wrong: {why}. Complete the record it is made from."
    zh = "报告无法出具：{claim} 有误：{why}。请补全其所依据的记录。"
    article = "ISO/IEC 17025:2017 7.8, ISO/IEC 17020:2012 7.4"


def check_test_report(report: Mapping[str, Any]) -> None:
    """Raise `BadReport` unless `report` has what a test report in its state has."""
    _check(TEST_REPORTS.get(str(report.get("state")), TEST_REPORTS["issued"]), report)


def render_test_report(
    report: Mapping[str, Any],
    at: int,
    *,
    record: bytes | None = None,
    sealed: bool = False,
    development: bool = False,
    demonstration: bool = False,
) -> bytes:
    """Return a test report as PDF/A-3u, dated `at` in ms since 1970 UTC, with the laboratory's `record` inside.

    It says whether it is `sealed`: sealing it is for the caller. A record that is too large for a PDF stays outside.
    Raises `BadReport`, `NotTypeset`, `PaperMissing`.
    """
    check_test_report(report)
    inside = record if record is None or len(record) <= MAX_CONTENT else None
    told = {
        STATES[report["state"]]: report["state"] != "issued",
        DEVELOPMENT: development,
        DEMONSTRATION: demonstration,
    }
    more = {"seal": SEALS[sealed]._asdict(), "attached": RECORD if inside is not None else ""}
    return _render("test-report.typ", report, at, inside, told, more)


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
    _check(AUDIT_REPORT, report)
    return _render("audit-report.typ", report, at, record, {DEVELOPMENT: development, DEMONSTRATION: demonstration})


def _check(shape: Record, report: Mapping[str, Any]) -> None:
    try:
        shape.check(dict(report), "report")
    except BadClaim as error:
        raise BadReport(**error.facts) from None


def _render(
    template: str,
    report: Mapping[str, Any],
    at: int,
    record: bytes | None,
    told: Mapping[Text, bool],
    more: Mapping[str, Any] | None = None,
) -> bytes:
    written = plain.write(dict(report))
    spelled = spell(written)
    results = Counter(item.get("verdict") or item["finding"] for item in report["items"])
    data = {
        "report": spelled,
        "spelled": SPELLED._asdict() if spelled != written else None,
        "notices": [words._asdict() for words, on in told.items() if on],
        "count": [{"result": result, "number": results[result]} for result in RESULTS if results[result]],
        "words": {
            "certainties": _plain(CERTAINTIES),
            "obligations": _plain(OBLIGATIONS),
            "methods": _plain(METHODS),
            "results": _plain(RESULTS),
            "grades": _plain(_GRADES),
            "states": _plain(_PROGRESS),
            "isolations": _plain(ISOLATION_LEVELS),
        },
        "seen": _seen(report["items"]),
        **(more or {}),
    }
    inside = Text("出具本报告所依据的记录。", "The record that this report is made from.")
    attachment = None if record is None else Attachment(RECORD, record, "application/cbor", inside)
    return typeset(template, data, at, attachment)


def _plain(words: Mapping[str, Text]) -> dict[str, dict[str, str]]:
    return {name: text._asdict() for name, text in words.items()}


def _seen(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the certainties that the clauses of `items` have, strongest first."""
    used = {clause.get("certainty") for item in items for clause in item["clauses"]}
    return [certainty for certainty in CERTAINTIES if certainty in used]
