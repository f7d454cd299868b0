"""Reports and exports say what the record says, in both languages, and nothing a sample wrote runs in them."""

from __future__ import annotations

import html.parser
import json
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from hallmark.kernel.text import Text
from hallmark.lab import export, report
from hallmark.lab.kit import Judgement, KnownAnswer, Verdict
from hallmark.lab.record import HandJudgement, Measured, Record
from hallmark.lab.sandbox import State
from hallmark.lab.verdict import Requirement

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
    page = Page(report.to_html(ALL))
    text = "".join(page.words)
    for words in report.VERDICTS.values():
        assert words.zh in text
        assert words.en in text
    assert "GM/T 0005-2021 5.1 [stated]" in text
    assert "2023-11-14T22:13:20" in text
    assert ALL.digest.hex() in text
    assert page.links == []
    assert "script" not in page.tags


def test_nothing_that_a_sample_wrote_becomes_markup() -> None:
    page = Page(report.to_html(record_with({"A": Verdict.FAIL}, EVIL)))
    assert "script" not in page.tags
    assert "alert(1)" in "".join(page.words)


def test_only_an_isolated_session_makes_a_laboratory_report() -> None:
    assert "not isolated" not in report.to_html(ALL)
    alone = replace(ALL, session={**ALL.session, "isolation": "limits"})
    assert "not isolated" in report.to_html(alone)


def test_a_persons_judgement_is_shown_beside_the_machines() -> None:
    judged = ALL.judged(HandJudgement("inspection-needed", "person-a", Verdict.FAIL, "seal broken", 5, ("12" * 32,)))
    text = report.to_html(judged)
    assert "seal broken" in text
    assert "12" * 32 in text


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
