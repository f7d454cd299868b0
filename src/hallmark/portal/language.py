"""The language of a page: its address says which, and the switch leads to the same page under the other."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import translate_url
from django.utils import translation

from hallmark.kernel.text import Language

CODES: dict[Language, str] = {"zh": "zh-hans", "en": "en"}
NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}


def current() -> Language:
    """Return the language of the page being made."""
    return "en" if translation.get_language() == CODES["en"] else "zh"


def other() -> Language:
    """Return the one that the page is not in."""
    return "zh" if current() == "en" else "en"


def address_in(request: HttpRequest, language: Language) -> str:
    """Return the address of the page asked for in `language`, with its question."""
    return translate_url(request.get_full_path(), CODES[language])
