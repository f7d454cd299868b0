"""Every page answers in both languages, works without scripts, and says what is so."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

pytestmark = pytest.mark.django_db

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def paths(number: str) -> list[str]:
    """Return an address of every page."""
    return [
        "/",
        "/register/",
        f"/register/{number}",
        "/check/",
        "/scheme/cfp/",
        "/scheme/cfp/rules/",
        "/scheme/cfp/values/",
        "/scheme/cfp/types/CFP-01/",
        "/ledger/",
        "/ledger/3",
        "/consortium/",
    ]


def get(path: str, status: int = 200) -> str:
    """Return the page at `path`."""
    answer = Client(SERVER_NAME="localhost").get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


class Reader(HTMLParser):
    """What a page consists of: its language, headings, elements with their attributes, and text by language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, str]] = []
        self.words: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.elements.append((tag, given))
        if tag not in {"meta", "link", "input", "img", "br", "path"}:
            inherited = self._open[-1][1] if self._open else ""
            self._open.append((tag, given.get("lang") or inherited))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open and self._open[-1][0] not in {"script", "style", "pre", "code"}:
            self.words.append((self._open[-1][1], data.strip()))

    def all(self, tag: str) -> list[dict[str, Any]]:
        """Return the attributes of all elements with this tag."""
        return [given for name, given in self.elements if name == tag]


def test_every_page_is_there_in_both_languages(register: Any) -> None:
    for path in paths(register.numbers[0]):
        chinese, english = Reader(get(path)), Reader(get(f"/en{path}"))
        assert chinese.all("html")[0]["lang"] == "zh-Hans"
        assert english.all("html")[0]["lang"] == "en"
        assert len(chinese.all("h1")) == len(english.all("h1")) == 1
        switches = [link for link in chinese.all("a") if link.get("class") == "switch"]
        assert switches == [{"class": "switch", "href": f"/en{path}", "hreflang": "en", "lang": "en"}]
        # Names of companies, laws and standards are data; the page's own words are in its language.
        own = [words for language, words in chinese.words if language == "zh-Hans"]
        assert sum(bool(CHINESE.search(words)) for words in own) > len(own) / 3, path


def test_an_english_page_says_in_chinese_only_what_is_a_name(register: Any) -> None:
    """On pages whose data is in both languages too, no Chinese is left that is not marked as such."""
    for path in ("/", "/check/", "/register/?q=nothing", "/scheme/cfp/values/", "/ledger/"):
        page = Reader(get(f"/en{path}"))
        assert [words for language, words in page.words if language == "en" and CHINESE.search(words)] == []


def test_the_switch_keeps_the_question(register: Any) -> None:
    page = Reader(get("/en/register/?q=lotus&status=suspended"))
    (switch,) = [link for link in page.all("a") if link.get("class") == "switch"]
    assert switch["href"] == "/register/?q=lotus&status=suspended"


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(register: Any) -> None:
    for path in paths(register.numbers[0]):
        page = Reader(get(path))
        for tag, given in page.elements:
            assert not {"style", "onclick", "onload"} & given.keys(), path
            address = given.get("src") or (given.get("href") if tag == "link" else "") or ""
            assert not address.startswith(("http", "//")), path
        for script in page.all("script"):
            assert "src" in script or script["type"] == "application/octet-stream"
            assert "src" not in script or script["integrity"].startswith("sha256-")


def test_every_field_has_a_label_and_every_page_a_way_past_the_head(register: Any) -> None:
    for path in paths(register.numbers[0]):
        page = Reader(get(path))
        labelled = {label["for"] for label in page.all("label")}
        fields = [*page.all("input"), *page.all("select"), *page.all("textarea")]
        assert {field["id"] for field in fields} <= labelled
        assert page.all("a")[0] == {"class": "skip", "href": "#main"}
        ids = [given["id"] for _, given in page.elements if "id" in given]
        assert len(ids) == len(set(ids)), path


def test_a_development_ledger_says_so_on_every_page(register: Any) -> None:
    for path in paths(register.numbers[0]):
        assert "仅由一家运营方的密钥担保" in get(path)
        assert "One operator's key vouches" in html.unescape(get(f"/en{path}"))


def test_pages_may_be_kept_only_if_asked_for_again_and_files_that_never_change_for_good(register: Any) -> None:
    client = Client(SERVER_NAME="localhost")
    assert client.get("/").headers["Cache-Control"] == "no-cache"
    assert client.get("/log/checkpoint").headers["Cache-Control"] == "no-store"
    page = client.get("/check/").content.decode()
    (source,) = re.findall(r'src="(/check/verifier-[^"]+)"', page)
    assert "immutable" in client.get(source).headers["Cache-Control"]


def test_an_address_with_nothing_behind_it_gets_a_helpful_page(register: Any) -> None:
    assert "没有这个页面" in get("/nowhere", 404)
    assert "There is no such page" in get("/en/nowhere/at/all", 404)
    for path in ("/en/scheme/none/", "/en/scheme/cfp/types/CFP-99/", "/en/ledger/99999", "/en/scheme/none/rules/"):
        assert "This cannot be shown" in get(path, 404)


def test_before_the_ledger_is_founded_the_pages_say_so(db: None, server: Any) -> None:
    assert "not founded yet" in get("/en/")
    assert "No certificate has been issued yet" in get("/en/register/")
    assert "This cannot be shown" in get("/en/ledger/", 404)
    get("/en/check/")
    get("/trust-bundle.json", 404)
    get("/log/checkpoint", 404)


def test_the_api_is_not_answered_with_pages(register: Any) -> None:
    answer = Client(SERVER_NAME="localhost").get("/api/nothing")
    assert answer.status_code == 404
    assert b"<html" not in answer.content


def test_no_view_is_left_untried() -> None:
    names = {name for name in get_resolver().namespace_dict if name in {"files", "portal"}}
    assert names == {"files", "portal"}
