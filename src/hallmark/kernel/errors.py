"""The one shape of every error: a code, the facts, and sentences in both languages.

A subclass is one thing that can go wrong. It carries three sentences (what happened, why, what to do next) in
English and Chinese; faces render them, nobody parses them. The families say who has to act:

- `Malformed`: the bytes are not what they claim to be; send other bytes.
- `Unverified`: a signature, digest or proof does not check; do not trust the object.
- `Refusal`: well-formed and genuine, but a rule forbids it; the article is named.
- `Missing`: the thing named is not there.
- `Forbidden`: this person may not do this.
- `Unavailable`: nothing is wrong with the request; try again, or install what is missing.
"""

from __future__ import annotations

from typing import ClassVar

from hallmark.kernel.text import Code, Text
from hallmark.kernel.text import Language as Language  # part of this face


class HallmarkError(Exception):
    """Base of all errors that a person may see; `facts` fill the sentences, each `Text` or `Code` in their language.

    A fact that is words is never a plain string, or it would stand in the other language's sentence untranslated.
    """

    code: ClassVar[str] = "error"
    article: ClassVar[str] = ""
    en: ClassVar[str] = "Something went wrong. The reason is not known. Report what you did."
    zh: ClassVar[str] = "发生错误，原因不明。请报告您的操作。"

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.explain("en"))

    def __init_subclass__(cls) -> None:
        if "code" not in cls.__dict__:
            cls.code = "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("-")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.facts)

    def explain(self, language: Language = "en") -> str:
        """Return what happened, why and what to do next, followed by the article where there is one."""
        facts = _Facts(
            (name, fact.in_language(language) if isinstance(fact, Text | Code) else fact)
            for name, fact in self.facts.items()
        )
        sentence = (self.zh if language == "zh" else self.en).format_map(facts)
        return f"{sentence} [{self.article}]" if self.article else sentence


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


def _rebuild(cls: type[HallmarkError], facts: dict[str, object]) -> HallmarkError:
    return cls(**facts)


class Malformed(HallmarkError):
    """The bytes are not what they claim to be."""

    en = "This is not a valid {what}: {why}. Send one that is."
    zh = "这不是有效的{what}：{why}。请提交有效内容。"


class Unverified(HallmarkError):
    """A signature, digest or proof does not check."""

    en = "The {what} does not verify: {why}. Do not rely on it."
    zh = "{what}未通过验证：{why}。请勿信赖。"


class Refusal(HallmarkError):
    """A rule forbids it."""

    en = "Not allowed: {why}."
    zh = "不允许：{why}。"


class Missing(HallmarkError):
    """The thing named is not there."""

    en = "There is no {what} {which}. Check the identifier."
    zh = "不存在{what} {which}。请核对编号。"


class Forbidden(HallmarkError):
    """This person may not do this."""

    en = "You may not {what}: {why}. Ask someone who may."
    zh = "您无权{what}：{why}。请联系有权限的人员。"


class Unavailable(HallmarkError):
    """Nothing is wrong with the request."""

    en = "{what} is not available now: {why}. {next}"
    zh = "{what}暂不可用：{why}。{next}"
