"""Words for people, always in both languages."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["en", "zh"]


class Text(NamedTuple):
    """One sentence or name in Chinese and English."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """Return the words in `language`."""
        return self.zh if language == "zh" else self.en
