"""Reports and exports say what the record says, in both languages, and nothing a sample wrote runs in them."""

from __future__ import annotations

import html.parser
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from hallmark.kernel.hashing import sha256
from hallmark.kernel.text import Text
from hallmark.lab import export, report
from hallmark.lab.kit import Judgement, KnownAnswer, Verdict
from hallmark.lab.record import HandJudgement, Measured, Record
from hallmark.lab.sandbox import State
from hallmark.lab.verdict import Requirement
from hallmark.paper.markup import write_test_report
from hallmark.paper.report import RESULTS, render_test_report

if TYPE_CHECKING:
    from collections.abc import Mapping

EVIL = "</script><script>alert(1)</script>\x00\x1b\ufffe<b>"


def line(name: str, obligation: str = "shall") -> Requirement:
    return Requirement(name, Text(f"项目{name}", f"Item {name}"), Text("准则", "Criterion"), obligation, "auto",
                       ("GM/T 0005-2021 5.1 [stated]",), {"alpha": "0.01"})  # fmt: skip


def record_with(verdicts: Mapping[str, Verdict], reason: str = "because") -> Record:
    file = {
        "role": "bits",
        "name": "a.bin",
        "size": 3,
        "sha256": "ab" * 32,
        "sm3": "cd" * 32,
        "media": "",
        "bit_order": "",
    }
    return Record(
        kit={"id": "planted", "version": "1", "digest": "ef" * 32},
        sample={"product": "芯片", "model": "C1", "version": "1", "declaration": {"note": reason}, "files": [file]},
        session={
            "isolation": "bubblewrap",
            "seed": b"s",
            "at": 1_700_000_000_000,
            "python": "3.11",
            "machine": "Linux",
            "libraries": {"numpy": "2"},
        },
        self_check=(KnownAnswer("one", "1", "1"),),
        measurements=(Measured("count", State.DONE, "", "{}"),),
        requirements=tuple(line(name) for name in verdicts),
        judgements={
            name: Judgement(verdict, Text(f"因为{reason}", reason), (f"finding {reason}",), {"p": 0.5})
            for name, verdict in verdicts.items()
        },
    )


ALL = record_with({verdict.value: verdict for verdict in Verdict})


def described(record: Record) -> dict:
    return report.describe(record, {"person-a": "Ann"})


def test_the_report_says_of_every_item_what_the_record_says() -> None:
    said = described(ALL)
    assert [(item["id"], item["verdict"]) for item in said["items"]] == [(each.value, each.value) for each in Verdict]
    assert said["conclusion"] == ALL.conclusion.value
    first = said["items"][0]
    assert first["clauses"] == [{"place": "GM/T 0005-2021 5.1", "certainty": "stated"}]
    assert (first["values"], first["limits"]) == ({"p": "0.5"}, {"alpha": "0.01"})
    assert first["findings"] == ["finding because"]
    assert said["record"] == {"sha256": sha256(ALL.encode()), "size": len(ALL.encode()), "digest": ALL.digest}
    assert "2023-11-14T22:13:20.000Z" in [each["value"] for each in said["conditions"]]


def test_what_was_left_out_is_named() -> None:
    said = [each["en"] for each in described(ALL)["deviations"]]
    assert said == [
        "Not tested: not-run.",
        "Tested and not decidable: inconclusive.",
        "Left to a person, and not judged: inspection-needed.",
        "The test broke: error.",
    ]
    assert described(record_with({"A": Verdict.PASS}))["deviations"] == []


def test_only_an_isolated_session_makes_a_laboratory_report() -> None:
    alone = replace(ALL, session={**ALL.session, "isolation": "limits"})
    assert "did not run isolated (limits)" in described(alone)["deviations"][0]["en"]
    assert described(alone)["methods"][0]["isolation"] == "limits"


def test_a_persons_judgement_is_shown_beside_the_machines() -> None:
    judged = ALL.judged(HandJudgement("inspection-needed", "person-a", Verdict.FAIL, "seal broken", 5, ("12" * 32,)))
    (item,) = [item for item in described(judged)["items"] if "by_hand" in item]
    assert (item["verdict"], item["machine"]) == ("fail", "inspection-needed")
    assert item["by_hand"] == [
        {
            "person": "person-a",
            "name": "Ann",
            "verdict": "fail",
            "reason": "seal broken",
            "at": "1970-01-01T00:00:00.005Z",
            "evidence": [bytes.fromhex("12" * 32)],
        }
    ]


def test_an_uncertainty_stands_apart_from_the_values() -> None:
    measured = Judgement(Verdict.PASS, Text("值", "value"), values={"rate": "0.1", "uncertainty": "±0.01, k = 2"})
    (item,) = described(replace(record_with({"A": Verdict.PASS}), judgements={"A": measured}))["items"]
    assert (item["values"], item["uncertainty"]) == ({"rate": "0.1"}, "±0.01, k = 2")


def test_whatever_a_sample_wrote_can_be_printed() -> None:
    hostile = record_with({"A": Verdict.FAIL}, EVIL + "\u202e" + "x" * 5000)
    judgement = replace(hostile.judgements["A"], findings=tuple(f"{number} " + EVIL for number in range(150)))
    said = described(replace(hostile, judgements={"A": judgement}))
    (item,) = said["items"]
    assert r"\u{0}\u{1B}" in item["reason"]["en"]
    assert r"\u{202E}" in item["reason"]["en"]
    assert item["reason"]["en"].endswith("…")
    assert len(item["findings"]) == 101
    assert "+50" in item["findings"][-1]
    render_test_report({**HOME, **said}, 0)
    assert "script" not in Page(write_test_report({**HOME, **said})).tags


def test_a_limit_that_nobody_set_says_so() -> None:
    record = record_with({"A": Verdict.INCONCLUSIVE})
    unset = replace(record, requirements=(replace(record.requirements[0], limits={"alpha": None}),))
    assert described(unset)["items"][0]["limits"] == {"alpha": "未设定 not set"}


def test_persons_report_without_a_kit() -> None:
    lines = [line("A"), line("B", "should"), line("C")]
    said = report.describe_by_hand(lines, {"A": "pass", "C": "inconclusive"})
    assert [(item["id"], item["verdict"]) for item in said["items"]] == [("A", "pass"), ("C", "inconclusive")]
    assert said["conclusion"] == "inconclusive"
    assert [each["en"] for each in said["deviations"]] == [
        "Tested and not decidable: C.",
        "Items of the scheme, not mandatory and not reported: B.",
    ]


HOME = {
    "state": "pre-test",
    "scheme": {"id": "cfp", "edition": "1", "name": {"zh": "认证", "en": "CFP"}},
    "product_type": {"id": "CFP-01", "name": {"zh": "客户端", "en": "Client"}},
    "standards": [],
    "statements": [{"zh": "仅样品", "en": "only the sample"}],
}


class Page(html.parser.HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_says_every_verdict_in_both_languages_and_loads_nothing() -> None:
    page = Page(write_test_report({**HOME, **described(ALL)}))
    text = "".join(page.words)
    for verdict in Verdict:
        assert RESULTS[verdict].zh in text
        assert RESULTS[verdict].en in text
    assert "GM/T 0005-2021 5.1 有出处 stated" in text
    assert ALL.digest.hex() in text
    assert "not a laboratory's report" in text
    assert page.links == []
    assert "script" not in page.tags


def test_json_is_the_whole_record() -> None:
    value = json.loads(export.to_json(ALL))
    assert value["digest"] == ALL.digest.hex()
    assert [item["verdict"] for item in value["items"]] == [verdict.value for verdict in Verdict]


def test_sarif_keeps_review_and_open_apart_from_pass() -> None:
    [run] = json.loads(export.to_sarif(ALL, "zh"))["runs"]
    kinds = {result["ruleId"]: (result["kind"], result["level"]) for result in run["results"]}
    assert kinds == {
        "pass": ("pass", "none"),
        "fail": ("fail", "error"),
        "inconclusive": ("open", "none"),
        "inspection-needed": ("review", "none"),
        "not-applicable": ("notApplicable", "none"),
        "not-run": ("open", "none"),
        "error": ("open", "none"),
    }
    assert run["tool"]["driver"]["rules"][0]["shortDescription"]["text"] == "项目pass"
    should = replace(ALL, requirements=tuple(replace(each, obligation="should") for each in ALL.requirements))
    levels = {each["level"] for each in json.loads(export.to_sarif(should))["runs"][0]["results"]}
    assert levels == {"none", "warning"}


@pytest.mark.parametrize("reason", ["because", EVIL])
def test_junit_counts_what_it_can_tell_apart(reason: str) -> None:
    suite = ET.fromstring(export.to_junit(record_with({verdict.value: verdict for verdict in Verdict}, reason)))  # noqa: S314 - our own
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "1",
        "errors": "2",
        "skipped": "3",
    }
    assert [len(case) for case in suite] == [0, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("verdict", "result"),
    [(verdict, {"pass": "PASSED", "fail": "FAILED"}.get(verdict, "WARNED")) for verdict in Verdict],
)
def test_in_toto_never_says_passed_for_what_did_not_pass(verdict: Verdict, result: str) -> None:
    statement = json.loads(export.to_in_toto(record_with({"A": verdict})))
    assert statement["predicate"]["result"] == result
    assert statement["subject"] == [{"name": "bits/a.bin", "digest": {"sha256": "ab" * 32}}]
    assert ("A" in statement["predicate"]["passedTests"]) == (verdict is Verdict.PASS)
