"""Test and audit reports on paper."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from hallmark.paper.markup import write_test_report
from hallmark.paper.report import AUDIT_REPORT, RECORD, TEST_REPORTS, BadReport, render_audit_report, render_test_report
from hallmark.paper.signature import attachment, sign, verify
from hallmark.verify.attachment import MAX_CONTENT, NotOurPdf

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
    "inspection-needed": "待人工判定inspectionneeded",
    "not-applicable": "不适用notapplicable",
    "cfp": "CFP",
    "issued": "签发Issued",
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


def test_the_web_page_says_everything_that_the_paper_says(tested: dict[str, Any]) -> None:
    tested["amends"] = {"report": tested["number"], "changes": [{"item": "CLI-02", "was": "pass", "verdict": "fail"}]}
    tested["external"] = [{"provider": tested["customer"], "items": ["CLI-04"]}]
    page = write_test_report(tested, development=True)
    text = "".join(html.unescape(re.sub("<[^>]+>", "", page)).split())
    assert _lacking(tested, text) == []
    assert "Developmentledger" in text
    assert "Developmentledger" not in "".join(write_test_report(tested).split())


def test_an_audit_report_says_everything_it_was_handed(audited: dict[str, Any], at: int, text_of: Reading) -> None:
    text = text_of(render_audit_report(audited, at))
    assert _lacking(audited, text) == []
    assert "recordedofflineonsite" in text
    assert "Endofreport" in text


@pytest.mark.parametrize("name", [*TEST_REPORTS["issued"].fields])
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
    for change in ({"verdict": "excellent"}, {"clauses": [{"place": "X", "certainty": "sure"}]}, {"score": "9"}):
        wrong = copy.deepcopy(tested)
        wrong["items"][0] |= change
        with pytest.raises(BadReport):
            render_test_report(wrong, at)


def test_an_amended_report_names_the_one_it_replaces(tested: dict[str, Any], at: int, text_of: Reading) -> None:
    original = tested["number"]
    changes = [{"item": "CLI-02", "was": "pass", "verdict": "fail"}, {"item": "CLI-07", "verdict": "not-run"}]
    tested["amends"] = {"report": original, "changes": changes}
    text = text_of(render_test_report(tested, at))
    assert f"Thisreportamendsandreplaces{original}" in text
    assert "CLI-02符合pass→不符合fail" in text
    assert "CLI-07未检测notrun" in text
    tested["amends"]["changes"] = []
    assert "Noverdicthaschanged" in text_of(render_test_report(tested, at))


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


def test_as_many_findings_and_files_as_an_item_can_have_are_printed_however_long_their_words(
    tested: dict[str, Any], audited: dict[str, Any], at: int, text_of: Reading
) -> None:
    findings = [f"{i:03d}:" + " org.example.payment.Wallet$Inner.sign" * 10 for i in range(101)]
    tested["items"][0]["findings"] = findings
    audited["items"][0]["evidence"] = [line[:200] for line in findings]
    for page, words in ((render_test_report(tested, at), 10), (render_audit_report(audited, at), 5)):
        text = text_of(page)
        assert all(f"{line[:4]}org" in text for line in findings)
        assert text.count("$") >= words * len(findings)


def test_characters_without_a_glyph_are_spelled_and_the_page_says_so(
    tested: dict[str, Any], at: int, text_of: Reading
) -> None:
    assert "standsforacharacter" not in text_of(render_test_report(tested, at))
    tested["items"][0]["findings"] = ["assets/\U0001f600.png"]
    tested["items"][0]["values"] = {"\u0e01": "\u0627"}
    text = text_of(render_test_report(tested, at))
    assert r"assets/\u{1F600}.png" in text
    assert r"\u{E01}=\u{627}" in text
    assert "standsforacharacter" in text


def _before(tested: dict[str, Any], state: str) -> dict[str, Any]:
    known = TEST_REPORTS[state]
    return {name: value for name, value in tested.items() if name in {*known.fields, *known.optional}} | {
        "state": state
    }


def test_a_draft_says_the_same_as_the_report_and_that_nobody_signed_it(
    tested: dict[str, Any], at: int, text_of: Reading
) -> None:
    draft = _before(tested, "draft")
    text = text_of(render_test_report(draft, at))
    assert _lacking({**draft, "state": ""}, text) == []
    assert text.count("Draft,notsigned") == 2
    assert "Judy" not in text
    assert "4712" not in text
    assert "seal" not in text
    with pytest.raises(BadReport):
        render_test_report({**draft, "signatures": tested["signatures"]}, at)


def test_a_pre_test_is_no_test_report(tested: dict[str, Any], at: int, text_of: Reading) -> None:
    home = _before(tested, "pre-test")
    text = text_of(render_test_report(home, at, record=b"record"))
    assert _lacking({**home, "state": ""}, text) == []
    assert "notalaboratory'sreport" in text
    for absent in ("TESTREPORT", "REPORT-", "Meridian", "Signatures", "Customer", "seal"):
        assert absent not in text
    with pytest.raises(BadReport):
        render_test_report({**home, "number": tested["number"]}, at)


def test_a_report_says_whether_it_is_sealed(tested: dict[str, Any], at: int, text_of: Reading) -> None:
    assert "carriesnoelectronicseal" in text_of(render_test_report(tested, at))
    assert "carriesthelaboratory'selectronicseal" in text_of(render_test_report(tested, at, sealed=True))


def test_a_record_too_large_for_a_page_stays_outside(tested: dict[str, Any], at: int, text_of: Reading) -> None:
    largest = Random(1).randbytes(MAX_CONTENT)
    assert attachment(render_test_report(tested, at, record=largest), RECORD) == largest
    page = render_test_report(tested, at, record=bytes(MAX_CONTENT + 1))
    assert "notinsidethisfile" in text_of(page)
    with pytest.raises(NotOurPdf):
        attachment(page, RECORD)


@pytest.mark.parametrize("count", [1, 70, 400])
def test_every_item_has_its_verdict_however_many_there_are(
    count: int, tested: dict[str, Any], at: int, text_of: Reading
) -> None:
    one = tested["items"][3]
    verdicts = [("pass", "fail", "inconclusive", "not-run", "error")[number % 5] for number in range(count)]
    tested["items"] = [{**one, "id": f"X-{number:03d}", "verdict": said} for number, said in enumerate(verdicts)]
    text = text_of(render_test_report(tested, at))
    for verdict, words in (("pass", "符合pass"), ("fail", "不符合fail"), ("error", "检测错误error")):
        assert text.count(words) >= verdicts.count(verdict)
    assert all(text.count(f"X-{number:03d}") == 1 for number in range(count))


def test_the_record_is_inside_and_the_report_can_be_sealed(
    tested: dict[str, Any], audited: dict[str, Any], at: int, signer: Any, seal: bytes
) -> None:
    for pdf in (render_test_report(tested, at, record=b"record"), render_audit_report(audited, at, record=b"record")):
        assert attachment(pdf, RECORD) == b"record"
        verify(sign(pdf, signer, seal, at), [seal], at)


def test_the_same_report_gives_the_same_bytes(tested: dict[str, Any], at: int) -> None:
    assert render_test_report(tested, at) == render_test_report(copy.deepcopy(tested), at)
