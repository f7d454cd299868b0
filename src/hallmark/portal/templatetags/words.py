"""Words, dates and digests in templates. Every sentence stands in both languages where it is used:

    {% say "共 {count} 张证书" "{count} certificates" count=page.total %}

so that neither can be forgotten, and a test finds any text outside of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from hallmark.kernel import instant
from hallmark.kernel.errors import Language
from hallmark.kernel.text import Text
from hallmark.portal.language import current

register = template.Library()
_LANG = {"zh": "zh-Hans", "en": "en"}
_GROUP = 8


@register.simple_tag
def say(zh: str, en: str, **facts: object) -> SafeString:
    """Return the sentence in the language of the page, its facts escaped."""
    sentence = Text(zh, en).in_language(current())
    return format_html(sentence, **facts) if facts else format_html("{}", sentence) if facts else mark_safe(sentence)  # noqa: S308 - a literal of the template


@register.simple_tag
def lang() -> str:
    """Return the language of the page as HTML names it."""
    return _LANG[current()]


@register.filter
def said(words: Text | Mapping[str, str]) -> str:
    """Return words in the language of the page."""
    return _text(words).in_language(current())


@register.filter
def both(words: Text | Mapping[str, str]) -> SafeString:
    """Return a name in the language of the page, followed by the other where it differs."""
    name = _text(words)
    other: Language = "en" if current() == "zh" else "zh"
    first, second = name.in_language(current()), name.in_language(other)
    if first == second:
        return conditional_escape(first)
    return format_html('{} <span class="other" lang="{}">{}</span>', first, _LANG[other], second)


@register.filter
def moment(utc_ms: int | None, offset_minutes: int = 480) -> SafeString | str:
    """Return an instant to the minute, at a scheme's offset."""
    if utc_ms is None:
        return "—"
    shown, _, zone = instant.shown(utc_ms, offset_minutes).rpartition(" ")
    return format_html(
        '<time datetime="{}">{} <span class="zone">{}</span></time>', instant.to_text(utc_ms), shown, zone
    )


@register.filter
def digest(value: bytes | str) -> SafeString:
    """Return a digest in groups of eight hexadecimal digits, which a person can compare."""
    spelled = value.hex() if isinstance(value, bytes) else value
    groups = " ".join(spelled[at : at + _GROUP] for at in range(0, len(spelled), _GROUP))
    return format_html('<code class="digest">{}</code>', groups)


@register.filter
def grouped(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}"


@register.filter
def look_up(table: Mapping[Any, Any], key: object) -> Any:
    """Return what `table` holds under `key`, else the key itself."""
    return table.get(key, key)


def _text(words: Text | Mapping[str, str]) -> Text:
    return words if isinstance(words, Text) else Text(words["zh"], words["en"])
