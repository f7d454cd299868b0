"""Words for people, always in both languages."""

from __future__ import annotations

from typing import Literal, NamedTuple, Self

Language = Literal["en", "zh"]

_MOST_QUOTED = 200


class Text(NamedTuple):
    """One sentence or name in Chinese and English."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """Return the words in `language`."""
        return self.zh if language == "zh" else self.en


class Code(str):
    """A word of the data, such as `case_officer`: programs read it as it is, people in their `words`."""

    __slots__ = ("words",)
    words: Text

    def __new__(cls, code: str, words: Text) -> Self:
        self = super().__new__(cls, code)
        self.words = words
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[str, Text]]:
        return type(self), (str(self), self.words)

    def in_language(self, language: Language) -> str:
        """Return the words in `language`."""
        return self.words.in_language(language)


def quoted(words: object) -> Text:
    """Return what a library or another program said, in its own words, set apart as such for readers of Chinese."""
    said = str(words).strip().rstrip(".")[:_MOST_QUOTED]
    return Text(f"程序报告“{said}”", said)
