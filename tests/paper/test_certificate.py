"""A certificate on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hallmark.paper.certificate import MACHINE_FORM, check_record, render_certificate
from hallmark.paper.signature import attachment
from hallmark.paper.typesetting import FONTS, GlyphMissing, NotTypeset, check_glyphs
from hallmark.statement.certificate import record_digest
from hallmark.statement.shape import BadClaim

HOSTILE = (
    "#panic()",
    '#read("certificate.typ")',
    "#import sys",
    "*bold _under",
    "`raw",
    "$x^2",
    "[ ] ] ] )",
    "= heading <label>",
    "@reference",
    "// comment /* more",
    "\\u{1F600} \\",
    '"; }); #{',
    "{{data}} ${data} %s",
)
_NOT_PRINTED = ("id", "offset_minutes", "case_digest", "profile", "mode")


def _leaves(value: object, key: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, item in value.items():
                if name not in _NOT_PRINTED:
                    yield from _leaves(item, name)
        case list():
            for item in value:
                yield from _leaves(item, key)
        case bytes():
            yield value.hex()
        case _:
            yield "".join(str(value).split())


def test_the_page_says_everything_the_record_says(
    number: str, record: dict[str, Any], at: int, text_of: Callable[[bytes], str]
) -> None:
    said = text_of(render_certificate(number, record, b"form", at, page="https://register.example/c/1"))
    wanted = [
        *_leaves(record),
        number,
        "CFP-01",
        "型式试验prototypeinspection(typetest)",
        "现场审核on-siteaudit",
        "获证后监督surveillance",
        "CFP2022.1",
        *(each["id"].replace(" ", "") + "-" + each["edition"] for each in record["standards"]),
        record_digest(number, record).hex(),
        "hallmark-verify",
        "https://register.example/c/1",
    ]
    assert [each for each in wanted if each not in said] == []


def test_the_file_is_pdf_a_3u_on_one_page_and_dated_as_told(page: bytes) -> None:
    assert b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>" in page
    assert b"/Type/Pages/Count 1/" in page
    assert b"/CreationDate(D:20260601080000Z)" in page


def test_the_same_record_gives_the_same_bytes(
    number: str, record: dict[str, Any], machine_form: bytes, at: int, page: bytes
) -> None:
    assert render_certificate(number, record, machine_form, at) == page
    assert render_certificate(number, record, machine_form, at + 1000) != page


def test_the_machine_form_is_inside_and_the_verifier_finds_it(page: bytes, sealed: bytes, machine_form: bytes) -> None:
    for pdf in (page, sealed):
        assert attachment(pdf, MACHINE_FORM) == machine_form
    assert b"/AFRelationship/Data" in page


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_printed_as_it_is(
    name: str, number: str, record: dict[str, Any], at: int, text_of: Callable[[bytes], str]
) -> None:
    record["product"]["name"] = {"zh": name, "en": f"EN {name}"}
    record["product"]["model"] = name
    record["factory"] = {"name": {"zh": name, "en": name}, "address": name}
    said = text_of(render_certificate(number, record, b"form", at))
    assert said.count("".join(name.split())) >= 5


def test_a_long_record_flows_on_and_loses_nothing(
    number: str, record: dict[str, Any], at: int, text_of: Callable[[bytes], str]
) -> None:
    product = record["product"]
    product["builds"] = [{**product["builds"][0], "role": f"part-{i}", "name": f"{i}-" + "n" * 190} for i in range(30)]
    product["model"], product["function"] = "M" * 100, "功能，" * 300
    record["factory"] = {"name": {"zh": "厂" * 200, "en": "F" * 200}, "address": "a" * 400}
    pdf = render_certificate(number, record, b"form", at)
    assert b"/Type/Pages/Count 1/" not in pdf
    # Between the parts of a value that goes on over a page, the foot of the page comes: count instead.
    said = text_of(pdf)
    for letter, least in (("M", 100), ("厂", 200), ("F", 200), ("a", 400), ("n", 5700)):
        assert said.count(letter) >= least
    assert said.count("功能，") + said.count("功能\uff0c") >= 300
    assert "第1页，共" in said


@pytest.mark.parametrize("character", ["\U0001f600", "\u200b", "\u202e", "\u0301", "\ue000"])
def test_a_character_without_a_glyph_is_refused_not_printed_as_a_box(
    character: str, number: str, record: dict[str, Any], at: int
) -> None:
    record["manufacturer"] = {**record["manufacturer"], "address": f"x{character}"}
    with pytest.raises((GlyphMissing, BadClaim)) as refused:
        render_certificate(number, record, b"form", at)
    assert isinstance(refused.value, BadClaim) or f"U+{ord(character):04X}" in refused.value.explain("zh")


def test_rare_names_and_foreign_letters_are_printed() -> None:
    check_glyphs({"names": ["喆䶮祎堃", "陳銘華", "Škoda Łódź Ångström", "Ελλάς", "Москва", "“Xi’an” — 100 % ≤ €5 №"]})
    assert sum(font.stat().st_size for font in FONTS) < 6_000_000


def test_parties_that_are_one_are_named_once(
    number: str, record: dict[str, Any], at: int, text_of: Callable[[bytes], str]
) -> None:
    record["factory"] = record["manufacturer"] = record["applicant"]
    said = text_of(render_certificate(number, record, b"form", at))
    assert "申请人、生产者、生产企业" in said
    assert said.count(record["applicant"]["address"].replace(" ", "")) == 1


def test_a_trial_says_so_and_nothing_else_does(
    number: str, record: dict[str, Any], at: int, page: bytes, text_of: Callable[[bytes], str]
) -> None:
    trial = text_of(render_certificate(number, record, b"form", at, development=True, demonstration=True))
    assert "Developmentledger" in trial
    assert "fictitious" in trial
    assert "Development" not in text_of(page)


def test_a_mark_and_a_code_are_drawn(number: str, record: dict[str, Any], at: int, page: bytes) -> None:
    square = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path d="M0 0h1v1H0z"/></svg>'
    assert render_certificate(number, record, b"form", at, qr_svg=square, mark_svg=square) != page
    with pytest.raises(NotTypeset):
        render_certificate(number, record, b"form", at, qr_svg="<svg")


def test_a_record_that_is_not_whole_is_refused(number: str, record: dict[str, Any]) -> None:
    check_record(number, record)
    for name in record:
        with pytest.raises(BadClaim):
            check_record(number, {each: value for each, value in record.items() if each != name})
    with pytest.raises(BadClaim):
        check_record(number, {**record, "grade": "A"})
    with pytest.raises(BadClaim):
        check_record("CFP-NORTH-2026-01-000042-A", record)
