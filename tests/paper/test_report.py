"""Test and audit reports on paper."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hallmark.paper.report import AUDIT_REPORT, RECORD, TEST_REPORT, BadReport, render_audit_report, render_test_report
from hallmark.paper.signature import attachment, sign, verify
from hallmark.paper.typesetting import GlyphMissing

Reading = Callable[[bytes], str]


def _said(value: object) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _said(item)
        case list():
            for item in value:
                yield from _said(item)
        case bytes():
            yield value.hex()
        case bool():
            pass
        case _:
            yield "".join(str(value).split())


# Codes that the page says in words.
_WORDS = {
    "stated": "有出处stated",
    "general": "通行做法generalpractice",
    "auto": "自动automatic",
    "bubblewrap": "隔离运行isolated",
    "inspection-needed": "待人工检查inspectionneeded",
    "not-applicable": "不适用notapplicable",
    "cfp": "CFP",
}


def _lacking(report: dict[str, Any], text: str) -> list[str]:
    return [each for each in (_WORDS.get(code, code) for code in _said(report)) if each not in text]


def test_a_test_report_says_everything_it_was_handed(tested: dict[str, Any], at: int, text_of: Reading) -> None:
    text = text_of(render_test_report(tested, at))
    assert _lacking(tested, text) == []
    assert "Resultsrelateonlytotheitemstested" in text
    assert "第1页，共2页Page1of2" in text
    assert text.index("Endofreport") > text.index("Signatures")
    assert text.count(tested["number"]) >= 3


def test_an_audit_report_says_everything_it_was_handed(audited: dict[str, Any], at: int, text_of: Reading) -> None:
    text = text_of(render_audit_report(audited, at))
    assert _lacking(audited, text) == []
    assert "recordedofflineonsite" in text
    assert "Endofreport" in text


@pytest.mark.parametrize("name", TEST_REPORT.fields)
def test_a_test_report_without_one_of_its_fields_is_refused(name: str, tested: dict[str, Any], at: int) -> None:
    del tested[name]
    with pytest.raises(BadReport) as refused:
        render_test_report(tested, at)
    assert f"report.{name}" in refused.value.explain("zh")


@pytest.mark.parametrize("name", AUDIT_REPORT.fields)
def test_an_audit_report_without_one_of_its_fields_is_refused(name: str, audited: dict[str, Any], at: int) -> None:
    del audited[name]
    with pytest.raises(BadReport):
        render_audit_report(audited, at)


def test_a_report_with_an_unknown_verdict_or_certainty_is_refused(tested: dict[str, Any], at: int) -> None:
    for change in ({"verdict": "excellent"}, {"clauses": [{"standard": "X", "certainty": "sure"}]}, {"score": "9"}):
        wrong = copy.deepcopy(tested)
        wrong["items"][0] |= change
        with pytest.raises(BadReport):
            render_test_report(wrong, at)


def test_an_amended_report_names_the_one_it_replaces(tested: dict[str, Any], at: int, text_of: Reading) -> None:
    original = tested["number"]
    tested["amends"] = {"report": original, "reason": {"zh": "更正地址", "en": "address corrected"}}
    text = text_of(render_test_report(tested, at))
    assert f"Thisreportamendsandreplaces{original}" in text
    assert "addresscorrected" in text


def test_a_report_shows_no_mark_and_says_when_it_is_a_trial(tested: dict[str, Any], at: int, text_of: Reading) -> None:
    assert "fictitious" not in text_of(render_test_report(tested, at))
    trial = text_of(render_test_report(tested, at, development=True, demonstration=True))
    assert "fictitious" in trial
    assert "Developmentledger" in trial


def test_hostile_words_and_very_long_ones_are_printed_as_they_are(
    tested: dict[str, Any], at: int, text_of: Reading
) -> None:
    item = copy.deepcopy(tested["items"][1])
    words = "#panic() *a _b `c $d [ ] // /* \\"
    item["reason"] = {"zh": words, "en": words + "!"}
    item["findings"] = [f"{i:03d}-" + "f" * 390 for i in range(60)]
    item["values"] = {words: words}
    tested["items"] += [item] + [{**item, "id": f"X-{i}", "findings": []} for i in range(40)]
    text = text_of(render_test_report(tested, at))
    plain = "".join(words.split())
    assert text.count(plain) >= 41 * 4
    assert text.count("f") >= 60 * 390
    assert all(f"X-{i}" in text for i in range(40))


def test_a_report_without_a_glyph_is_refused(tested: dict[str, Any], at: int) -> None:
    tested["items"][0]["findings"] = ["\U0001f600"]
    with pytest.raises(GlyphMissing):
        render_test_report(tested, at)


def test_the_record_is_inside_and_the_report_can_be_sealed(
    tested: dict[str, Any], audited: dict[str, Any], at: int, signer: Any, seal: bytes
) -> None:
    for pdf in (render_test_report(tested, at, record=b"record"), render_audit_report(audited, at, record=b"record")):
        assert attachment(pdf, RECORD) == b"record"
        verify(sign(pdf, signer, seal, at), [seal], at)


def test_the_same_report_gives_the_same_bytes(tested: dict[str, Any], at: int) -> None:
    assert render_test_report(tested, at) == render_test_report(copy.deepcopy(tested), at)
