"""A manufacturer tests at home with the laboratory's kit."""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from defusedxml.ElementTree import parse

from hallmark.lab import record as lab_record
from hallmark.lab import runner
from hallmark.lab.isolation import Isolation
from hallmark.paper.report import RECORD
from hallmark.verify.attachment import attachment

APP = Path(__file__).parents[2] / "demo" / "app"
SAMPLE = ("test", "CFP-01", APP / "reference-payment-1.0.0.apk", "--declaration", APP / "declaration.json")


@pytest.fixture
def desk(desks):
    return desks("alice")


def test_every_item_has_its_verdict_and_its_clause_and_reports_are_written(desk, tmp_path, text_of):
    code, said, err = desk.say(*SAMPLE, "--report", tmp_path / "reports", "--seed", "00" * 32)
    assert code == 10  # what a device or a person must decide is undecided at home
    assert "JR/T 0092-2019" in said
    assert "· signature done" in err
    assert "self-check" in err
    record = lab_record.decode((tmp_path / "reports" / "record.cbor").read_bytes())
    for line in record.requirements:
        assert line.id in said
    assert json.loads((tmp_path / "reports" / "report.json").read_text())["digest"] == record.digest.hex()
    assert json.loads((tmp_path / "reports" / "report.sarif").read_text())["version"] == "2.1.0"
    assert parse(tmp_path / "reports" / "report.junit.xml").getroot().tag == "testsuite"
    page = (tmp_path / "reports" / "report.html").read_text()
    paper = (tmp_path / "reports" / "report.pdf").read_bytes()
    assert attachment(paper, RECORD) == record.encode()
    for text in ("".join(page.split()), text_of(paper)):
        assert "withouteffect" in text
        assert record.digest.hex() in text
        assert all(line.id in text for line in record.requirements)


def test_what_is_no_package_is_told_once_and_every_item_names_its_source(desk, tmp_path):
    (tmp_path / "readme.md").write_text("no package")
    for language, why, again, source in (
        ("en", "This is not a readable package", "(as above)", "Our own choice, declared as such"),
        ("zh", "这不是可读取的软件包", "（同上）", "本系统自定，并如实声明"),
    ):
        _, said, err = desk.say("test", "CFP-01", tmp_path / "readme.md", language=language)
        lines = [line.strip() for line in said.splitlines()]
        assert not any(
            one == other and why in one for one, other in pairwise(line for line in lines if " CLI-" not in line)
        )
        assert again in lines
        (item,) = (line for line in lines if "CLI-20" in line)
        assert item.endswith(f"(should; {source})")
        assert "-)" not in said
    assert "自检" in err


def test_without_a_typesetter_the_other_reports_are_written(desk, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    code, said, _ = desk.say(*SAMPLE, "--report", tmp_path)
    assert code == 10
    assert "No PDF was made: " in said
    assert "hallmark[paper]" in said
    assert (tmp_path / "report.html").exists()
    assert not (tmp_path / "report.pdf").exists()


def test_a_test_without_a_sandbox_says_so(desk, monkeypatch):
    for level, isolated in ((Isolation.LIMITS, False), (runner.isolation_here(), True)):
        if isolated and level is not Isolation.BUBBLEWRAP:
            pytest.skip("bubblewrap does not work here: apt-get install bubblewrap")
        monkeypatch.setattr(runner, "isolation_here", lambda level=level: level)
        code, said, _ = desk.say(*SAMPLE, language="zh")
        assert code == 10
        assert ("未隔离" in said) is not isolated


def test_a_product_that_fails_ends_with_1(desk, tmp_path):
    sample = tmp_path / "changed.apk"
    content = bytearray((APP / "reference-payment-1.0.0.apk").read_bytes())
    content[len(content) // 2] ^= 1
    sample.write_bytes(content)
    code, said, _ = desk.say("--json", "test", "CFP-01", sample, "--declaration", APP / "declaration.json")
    assert (code, json.loads(said)["conclusion"]) == (1, "fail")


def test_what_cannot_be_tested_is_told(desk, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.apk").symlink_to(APP / "reference-payment-1.0.0.apk")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "text.json").write_text("nothing")
    apk = APP / "reference-payment-1.0.0.apk"
    assert desk.refused("test", "CFP-99", apk) == (6, "no-kit")
    for sample in ("absent.apk", "link.apk", "pipe"):
        assert desk.refused("test", "CFP-01", tmp_path / sample) == (3, "sample-refused")
    for declaration in ("list.json", "text.json", "absent.json"):
        assert desk.refused("test", "CFP-01", apk, "--declaration", tmp_path / declaration) == (3, "bad-file")
    assert desk.refused("test", "CFP-01", apk, "--scheme", "other") == (6, "no-such-scheme")
    assert desk.refused("test", "CFP-01", apk, "--seed", "odd") == (3, "bad-argument")
    (tmp_path / "file").touch()
    assert desk.refused("test", "CFP-01", apk, "--report", tmp_path / "file") == (8, "no-access")
