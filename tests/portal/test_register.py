"""Searching the register, one certificate's page, and what can be taken away."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from hallmark.certificate.form import MachineForm
from hallmark.kernel import identifier
from hallmark.portal.views import register as register_views
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.certificate import verify_certificate
from hallmark.verify.file import verify_file
from world.cast import org

pytestmark = pytest.mark.django_db


def get(path: str, expected: int = 200, **question: str) -> str:
    answer = Client(SERVER_NAME="localhost").get(path, question)
    assert answer.status_code == expected, path
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()


def shown(page: str, numbers: list[str]) -> list[int]:
    """Return which of the certificates a page lists."""
    return [place for place, number in enumerate(numbers) if f'register/{number}"' in page]


def test_the_register_is_searched_in_both_languages(register: Any) -> None:
    for path, text in (("/register/", "莲花键盘"), ("/en/register/", "lotus product 3"), ("/register/", "LW-3")):
        assert shown(get(path, q=text), register.numbers) == [2]
    assert shown(get("/register/", q="莲花"), register.numbers) == [0, 1, 2, 3]


def test_a_whole_number_leads_to_the_certificate(register: Any) -> None:
    number = register.numbers[1]
    for spelled in (number, number.lower(), f" {number} "):
        answer = Client(SERVER_NAME="localhost").get("/en/register/", {"q": spelled})
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/en/register/{number}")


def test_filters_narrow_what_is_shown(register: Any) -> None:
    numbers = register.numbers
    assert shown(get("/register/", status="suspended"), numbers) == [1]
    assert shown(get("/register/", status="in-force"), numbers) == [0]
    assert shown(get("/register/", status="withdrawn", q="莲花"), numbers) == [2]
    assert shown(get("/register/", body=org("northern")), numbers) == [0, 1, 2, 3]
    assert shown(get("/register/", body=org("southern")), numbers) == []
    assert shown(get("/register/", type="CFP-01"), numbers) == [0, 1, 2, 3]
    assert shown(get("/register/", type="CFP-02"), numbers) == []


def test_nothing_found_says_what_to_try(register: Any) -> None:
    page = get("/en/register/", q="no such product")
    assert "No certificate matches" in page
    assert "check character" in page
    assert "There is no such page" in get("/en/register/", page="3")


def test_a_field_that_means_nothing_is_said_and_left_out(register: Any) -> None:
    page = get("/en/register/", type="<b>", status="gone", page="0")
    assert "Some of the question was left out" in page
    assert "The product type cannot be &lt;b&gt;" in page
    assert "The status cannot be gone" in page
    assert shown(page, register.numbers) == [0, 1, 2, 3]
    assert "状态不能为 gone" in get("/register/", status="gone")
    assert "cannot be gone" in get("/register.csv", 400, status="gone")


def test_long_lists_have_pages(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from hallmark.office.registry import search

    for module in (search, register_views):
        monkeypatch.setattr(module, "PAGE_SIZE", 1)
    first, third = get("/register/", q="莲花"), get("/register/", q="莲花", page="3")
    assert shown(first, register.numbers) == [3]
    assert shown(third, register.numbers) == [1]
    assert 'rel="next" href="?q=%E8%8E%B2%E8%8A%B1&amp;page=4"' in third
    assert 'rel="prev" href="?q=%E8%8E%B2%E8%8A%B1&amp;page=2"' in third
    assert 'aria-current="page" href="?q=%E8%8E%B2%E8%8A%B1&amp;page=3"' in third


@pytest.mark.parametrize(
    ("place", "last", "expected"),
    [(1, 1, [1]), (1, 9, [1, 2, 0, 9]), (5, 9, [1, 0, 4, 5, 6, 0, 9]), (9, 9, [1, 0, 8, 9]), (2, 3, [1, 2, 3])],
)
def test_the_ends_and_the_neighbours_are_offered(place: int, last: int, expected: list[int]) -> None:
    assert register_views.pages(place, last) == expected


def test_what_was_found_is_taken_as_csv(register: Any) -> None:
    text = get("/register.csv", status="suspended")
    assert text.startswith("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["number"] == register.numbers[1]
    assert (row["status"], row["product_zh"], row["product_type"]) == ("suspended", "莲花收银台", "CFP-01")


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    assert [register_views._cell(text) for text in ("=1+1", "+1", "-1", "@x", "1.0", "")] == [
        "'=1+1", "'+1", "'-1", "'@x", "1.0", "",
    ]  # fmt: skip


def test_what_was_found_is_taken_as_json(register: Any) -> None:
    rows = json.loads(get("/register.json"))
    assert [row["number"] for row in rows] == register.numbers[::-1]
    assert rows[0]["record"]["product"]["name"]["zh"] == "莲花令牌"
    assert json.loads(get("/register.json", q="nothing at all")) == []


def test_a_certificate_shows_its_record_history_and_proofs(register: Any) -> None:
    page = get(f"/en/register/{register.numbers[1]}")
    for words in (
        "Lotus product 2", "莲花收银台", "LW-2", "suspended", "decided after supervision", "Certificate suspended",
        "Certificate issued", "Northern", "Meridian", "JR/T 0092-2019", "Inclusion path", "hallmark/simulated-market",
        "Status leaf", "REPORT-",
    ):  # fmt: skip
        assert words in page, words
    assert page.index("Certificate issued") < page.index("Certificate suspended")
    assert "证书暂停" in get(f"/register/{register.numbers[1]}")


def test_what_is_taken_away_proves_the_certificate(register: Any) -> None:
    number = register.numbers[0]
    client = Client(SERVER_NAME="localhost")
    form = client.get(f"/register/{number}/certificate.hallmark")
    assert form.headers["Content-Disposition"] == f'attachment; filename="{number}.hallmark"'
    bundle = client.get("/trust-bundle.json").content
    answer = verify_certificate(form.content, TrustBundle.parse(bundle), register.now)
    assert (answer.number, str(answer.status)) == (number, "in-force")
    record = client.get(f"/register/{number}/record.json").json()
    assert record["digest"] == answer.record_digest.hex()
    assert record["record"]["product"]["builds"][0]["sha256"] == answer.record["product"]["builds"][0]["sha256"].hex()
    assert MachineForm.parse(form.content).issued.encoded
    code = client.get(f"/register/{number}/certificate.txt")
    issued, _ = verify_file(code.content, TrustBundle.parse(bundle), register.now)
    assert (issued.number, issued.record_digest) == (number, answer.record_digest)


def test_the_printed_code_is_drawn(register: Any) -> None:
    pytest.importorskip("segno", reason="the extra `paper` is not installed")
    answer = Client(SERVER_NAME="localhost").get(f"/register/{register.numbers[0]}/code.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.content.startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')


def test_a_mistyped_number_is_told_from_one_never_issued(register: Any) -> None:
    number = register.numbers[0]
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    page = get(f"/en/register/{wrong}", 404)
    assert "the check character does not match" in page
    assert "Absence can be proven, too" in page
    never = identifier.complete("CFP-NORTH-2026-01-999999")
    page = get(f"/en/register/{never}", 404)
    assert "no such certificate was ever issued" in page
    assert "Absence can be proven, too" in page
    assert "不存在也可以证明" in get(f"/register/{never}", 404)
    for name in ("certificate.hallmark", "certificate.pdf", "certificate.txt", "code.svg", "record.json"):
        get(f"/register/{never}/{name}", 404)


def test_a_hostile_number_is_shown_as_text(register: Any) -> None:
    page = get("/en/register/%3Cscript%3Ealert(1)%3C%2Fscript%3E", 404)
    assert "<script>alert" not in page


def test_a_status_that_was_not_stated_since_says_when_to_come_back(register: Any) -> None:
    from hallmark.office.registry.models import Entry, StateRecord

    newest = Entry.objects.order_by("-index").first().index
    StateRecord.objects.filter(pk=f"certificate/{register.numbers[0]}").update(entry=newest + 1)
    page = get(f"/en/register/{register.numbers[0]}")
    assert "within a minute or so" in page
    assert "certificate.hallmark" not in page
    get(f"/register/{register.numbers[0]}/certificate.hallmark", 503)
