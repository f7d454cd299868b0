"""Every sentence stands in both languages where it is used, and nothing is said outside of such a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.utils import translation

from hallmark.kernel.text import Text
from hallmark.portal.templatetags import words

ROOM = Path(str(resources.files("hallmark.portal")))
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SAY = re.compile(r'^say "([^"]*)" "([^"]*)"((?: [a-z]+=\S+)*)$')
_MARKUP = re.compile(r"<[^>]*>|&[a-z]+;|aria-[a-z]+=\"[^\"]*\"")
# What is the same in every language: names of files, formats and this product.
_NAMES = re.compile(
    r"Hallmark|verify\.html|hallmark-verify|SHA-256|CSV|JSON|\.(hallmark|(vc\.)?json|untp\.jwt|txt|pdf)|/log/[a-z/]*|UTC"
)


def said(template: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the Chinese, the English and the facts of each sentence of a template."""
    for token in Lexer(template.read_text("utf-8")).tokenize():
        if token.token_type == TokenType.BLOCK and token.contents.startswith("say "):
            match = _SAY.match(token.contents)
            assert match, (template.name, token.contents)
            yield match[1], match[2], match[3]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_says_everything_in_both_languages(template: Path) -> None:
    for zh, en, facts in said(template):
        assert not CHINESE.search(en), en
        if not zh:
            assert en == "{words}"  # the rules' own documentation, whose refusals stand beside it in Chinese
            continue
        assert CHINESE.search(zh) or re.fullmatch(r"[；，。、{}a-z ]+", zh), zh
        holes = set(re.findall(r"\{([a-z]+)\}", zh))
        assert holes == set(re.findall(r"\{([a-z]+)\}", en)) == {fact.split("=")[0] for fact in facts.split()}


@pytest.mark.parametrize(
    "template", [path for path in TEMPLATES if path.name != "verify.html"], ids=lambda path: path.stem
)
def test_nothing_is_said_outside_of_such_a_sentence(template: Path) -> None:
    text = "".join(
        token.contents if token.token_type == TokenType.TEXT else "\0"
        for token in Lexer(template.read_text("utf-8")).tokenize()
    )
    left = _NAMES.sub("", _MARKUP.sub("", re.sub(r"<[^>\0]*(\0[^>\0]*)*>", "", text)))
    assert re.findall(r"\w{2,}", left.replace("\0", " ")) == []


def test_verify_html_says_all_its_words_in_both_languages() -> None:
    text = (ROOM / "templates" / "portal" / "verify.html").read_text("utf-8")
    spoken = re.findall(r'lang="([^"]+)">([^<\n]+)<', text)
    assert [language for language, _ in spoken].count("en") == [language for language, _ in spoken].count("zh-Hans")


def test_the_script_has_all_its_words_in_both_languages() -> None:
    folder = ROOM / "static" / "portal" / "check"
    source = (folder / "words.js").read_text("utf-8")
    pairs = {
        key: (zh, en) for key, zh, en in re.findall(r'"([a-z.\d_-]+)": \[\s*"([^"]*)",\s*"([^"]*)",?\s*\]', source)
    }
    assert len(pairs) == source.count(": [")
    for zh, en in (both for key, both in pairs.items() if key != "comma"):
        assert CHINESE.search(zh) and not CHINESE.search(en)
        assert set(re.findall(r"\{[a-z]+\}", zh)) == set(re.findall(r"\{[a-z]+\}", en))
    page = "".join((folder / name).read_text("utf-8") for name in ("page.js", "verdict.js"))
    assert not CHINESE.search(page)
    for key in re.findall(r'\bsay\("([^"]+)"', page):
        assert key in pairs, key
    for prefix in re.findall(r"\bsay\(`([^$`]+)\$", page):
        assert any(key.startswith(prefix) for key in pairs), prefix


def test_facts_are_escaped_and_words_are_in_the_language_of_the_page() -> None:
    with translation.override("en"):
        assert words.say("编号 {number}", "Number {number}", number="<b>") == "Number &lt;b&gt;"
        assert words.both(Text("莲花", "Lotus")) == 'Lotus <span class="other" lang="zh-Hans">莲花</span>'
        assert words.both({"zh": "<x>", "en": "<x>"}) == "&lt;x&gt;"
    with translation.override("zh-hans"):
        assert words.say("编号 {number}", "Number {number}", number=1) == "编号 1"
        assert words.said({"zh": "莲花", "en": "Lotus"}) == "莲花"


def test_instants_are_shown_at_the_offset_of_the_scheme() -> None:
    assert words.moment(0, 480) == (
        '<time datetime="1970-01-01T00:00:00.000Z">1970-01-01 08:00 <span class="zone">UTC+8</span></time>'
    )
    assert "UTC-3:30" in words.moment(0, -210)
    assert words.moment(None) == "—"
