"""Hostile text: read alike by both verifiers, and shown as nothing but text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.parts import Log, Parts, codes, judge, same, trust
from browser.test_pdf import _FILE, NAMED, pdf, stream
from hallmark.certificate.form import ProvenStatus
from hallmark.ledger.sorted_map import SortedMap
from hallmark.portal.views import check
from hallmark.statement import envelope
from hallmark.statement.certificate import record_digest, status_digest
from hallmark.verify.bundle import Attested, TrustBundle
from hallmark.verify.command import main
from world.cast import key, org

STRANGE = [
    *map(chr, range(0xA1)), "\xad", "\u061c", "\u115f", "\u1680", "\u180e", *map(chr, range(0x2000, 0x2070)), "\u3000",
    "\u3164", "\ufe0f", "\ufeff", "\ufff9", "\U000e0001", "\U000e0041", "\U0001f600",
]  # fmt: skip
SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'\n\u200bGenuine, and in force."


def test_characters_that_are_not_seen_are_read_alike(in_browser: Any) -> None:
    genuine = json.loads(trust())
    files = []
    for character in STRANGE:
        for text in (character, f"a{character}b", character * 100, character * 101):
            changed = json.dumps({**genuine, "environment": text}, ensure_ascii=False)
            files += [changed.encode(), json.dumps({**genuine, "environment": text}).encode()]
    expected = [judge(lambda file=file: TrustBundle.parse(file).fingerprint.hex()) for file in files]
    assert codes(expected) == {"ok", "bad-claim"}
    same(in_browser("bundle", [(file,) for file in files]), expected)


@pytest.fixture
def hostile(parts: Parts) -> bytes:
    """A certificate in force, as a hostile body would have it logged: markup, a line break and length in its texts."""
    number = parts.numbers[0]
    draft = parts.statements[parts.find("certificate.issued", number)].draft
    record = dict(draft.public)
    product = {"name": {"zh": SCRIPT, "en": SCRIPT.ljust(200, "x")}, "model": SCRIPT[:100], "version": "<b>1</b>"}
    record["product"] = {**record["product"], **product}
    statuses = parts.market.state.get(f"certificate/{number}")
    assert statuses is not None
    status = {**statuses, "record": record_digest(number, record)}
    register = SortedMap({number: status_digest(status)})
    claims = {"size": 1, "root": register.root, "at": parts.market.clock}
    stated, _ = parts.market.prepare("status.stated", "operator", org("operator"), claims)
    issued = envelope.sign(draft.__class__(**{**_fields(draft), "public": record}), (), key("northern"))
    issuer = parts.entries[parts.find("organisation.registered", org("northern"))]
    log = Log([issuer, issued, stated.encoded])
    proven = {name: log.prove(place) for place, name in enumerate(("issuer", "issued", "stated"))}
    presence = ProvenStatus(status, register.prove_presence(number))
    return parts.form(number, **proven, status=presence, checkpoint=log.note).encode()


def _fields(draft: Any) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in draft.__dataclass_fields__}


@pytest.fixture
def verify_html(chromium: Browser, tmp_path: Path, parts: Parts) -> Iterator[Page]:
    """The verifier as one file on the disk, opened at the time when the status is fresh."""
    (tmp_path / "verify.html").write_bytes(check.standalone(trust()))
    page = chromium.new_page(locale="en-GB")
    page.clock.set_fixed_time(parts.now / 1000)
    page.goto((tmp_path / "verify.html").as_uri())
    page.evaluate("document.querySelector('button[lang=en]')?.click()")
    yield page
    page.close()


def shown(page: Page, name: str, content: bytes) -> str:
    """Return what the page shows of a file."""
    page.set_input_files("#check-file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.wait_for_selector("section.verdict")
    return page.inner_text("section.verdict")


def test_markup_in_a_certificate_is_shown_as_text_and_runs_nothing(verify_html: Page, hostile: bytes) -> None:
    happened: list[Any] = []
    verify_html.on("dialog", lambda dialog: (happened.append(dialog.message), dialog.dismiss()))
    verify_html.on("request", lambda request: happened.append(request.url))
    text = shown(verify_html, "<img src=x onerror=alert(3)>.hallmark", hostile)
    assert "<img src=x onerror=alert(1)><script>alert(2)</script>" in text
    assert verify_html.locator("#check img, #check script, #check b").count() == 0
    assert verify_html.inner_text("#verdict") == "Genuine and in force"
    width = verify_html.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    assert happened == []


def test_times_have_a_zone_and_a_phone_shows_all_of_it(verify_html: Page, parts: Parts) -> None:
    verify_html.set_viewport_size({"width": 390, "height": 844})
    text = shown(verify_html, "certificate.hallmark", parts.form(parts.numbers[0]).encode())
    assert re.search(r"Status stated on .* [0-9]{2}:[0-9]{2} (UTC|GMT)", text)
    assert verify_html.evaluate("document.documentElement.scrollWidth") <= 390
    outcomes = [box for each in verify_html.locator(".step__outcome").all() if (box := each.bounding_box())]
    assert len({box["x"] + box["width"] for box in outcomes}) == 1  # one column, however long the lines beside it are
    assert {box["height"] for box in outcomes} == {outcomes[0]["height"]}


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            "East (software TPM, self-reported measurement, accepted by 6 members, 2026-11-28); West (not attested)",
        ),
        ("zh", "见证方east（软件 TPM，度量值为自行报告，6 个成员认可，2026-11-28）；见证方west（未证明）"),
    ],
)
def test_who_vouches_and_how_their_nodes_are_attested_is_shown(
    chromium: Browser, tmp_path: Path, parts: Parts, language: str, told: str
) -> None:
    witnesses = {"east": key("east"), "west": key("west")}
    attested = {"east": Attested("tpm", 6, 1_795_863_000_000)}
    trusted = trust(witnesses, 2, attested=attested, development=True)
    (tmp_path / "verify.html").write_bytes(check.standalone(trusted))
    page = chromium.new_page(locale="en-GB")
    page.clock.set_fixed_time(parts.now / 1000)
    page.goto((tmp_path / "verify.html").as_uri())
    page.click(f"button[lang^={language}]")
    form = parts.form(parts.numbers[0], checkpoint=parts.log.cosigned(witnesses)).encode()
    text = shown(page, "certificate.hallmark", form)
    assert told in text
    assert "one operator" not in text and "仅由一家" not in text
    page.close()


@pytest.mark.parametrize(("language", "words"), [("en", "Compare a product file"), ("zh", "比对产品文件")])
def test_a_file_is_chosen_in_the_language_of_the_page(
    verify_html: Page, parts: Parts, language: str, words: str
) -> None:
    verify_html.click(f"button[lang^={language}]")
    shown(verify_html, "certificate.hallmark", parts.form(parts.numbers[0]).encode())
    field = verify_html.get_by_label(words)
    assert (field.get_attribute("type"), field.evaluate("each => getComputedStyle(each).opacity")) == ("file", "0")
    field.focus()
    assert verify_html.locator(".chooser:focus-within").inner_text() == words
    verify_html.set_input_files("#check-build", {"name": "x", "mimeType": "text/plain", "buffer": b"another"})
    expect(verify_html.locator(".verdict [role=status]")).to_contain_text("x")


def test_a_page_that_was_not_checked_has_a_heading_of_its_own(verify_html: Page, parts: Parts) -> None:
    form = parts.form(parts.numbers[0]).encode()
    entry, named = (each.replace(b"a.bin", b"certificate.hallmark") for each in (_FILE, NAMED))
    text = shown(verify_html, "certificate.pdf", pdf(named, entry, stream(form)))
    assert verify_html.inner_text("#verdict") == "Page not checked: it cannot be told"
    assert verify_html.locator("section.verdict--unknown").count() == 1
    assert "nothing on the page is proven" in text
    assert text.index("nothing on the page is proven") < text.index("Genuine and in force")


def test_a_certificate_cannot_add_lines_of_its_own_to_the_command(
    parts: Parts, hostile: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trust.json").write_bytes(trust())
    (tmp_path / "file").write_bytes(hostile)
    main([str(tmp_path / "file"), "--trust", str(tmp_path / "trust.json"), "--language=en"])
    out = capsys.readouterr().out
    assert (
        "  Product: <img src=x onerror=alert(1)><script>alert(2)</script>\"'\ufffd\ufffdGenuine, and in force." in out
    )
    assert not any(line.startswith(("<", "\u200b", "Genuine, and in force.")) for line in out.splitlines()[1:])
