"""The law of admission as the rules themselves tell it: each room's numbered docstring and the refusals it names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from hallmark.consortium import constitution, governance, member, succession
from hallmark.kernel import keys
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.rules import (
    admission,
    application,
    certificate,
    consortium,
    decision,
    edition,
    evaluation,
    ledger,
    market,
    money,
    personnel,
    retention,
)
from hallmark.scheme import parameters
from hallmark.statement import approval, shape

_CHAPTERS: tuple[tuple[ModuleType, Text], ...] = (
    (admission, Text("每一条声明", "Every statement")),
    (application, Text("申请与协议", "Application and agreement")),
    (evaluation, Text("检测与检查", "Test and audit")),
    (personnel, Text("人员", "Persons")),
    (decision, Text("复核、决定与签发", "Review, decision and sign-off")),
    (certificate, Text("证书", "Certificates")),
    (market, Text("机构、人员与方案", "Organisations, persons and schemes")),
    (retention, Text("证据的保存与销毁", "Keeping and erasing evidence")),
    (money, Text("货币与支付", "Money and payments")),
    (ledger, Text("账本本身", "The ledger itself")),
    (consortium, Text("联盟", "The consortium")),
)
_OTHERS = (edition, parameters, keys, approval, shape, governance, member, succession, constitution)
_RULE = re.compile(r"^(\d+)\. (.+?)(?=^\d+\. |^\S(?<!\d)|\Z)", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"`([A-Za-z.]+)`")
_ASIDE = re.compile(r" ?\((?:[^()]*; |[^()]*, )?(?:`[^()]*)\)")
_FACT = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Breach:
    """A refusal: its code, the article it rests on, and its sentence with a gap for each fact."""

    code: str
    article: str
    sentence: Text


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its number, its words as the code's own documentation has them, and what refuses under it."""

    number: int
    words: str
    breaches: tuple[Breach, ...]
    chapters: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The rules about one subject, in the order in which they are applied."""

    id: str
    title: Text
    rules: tuple[Rule, ...]


@cache
def chapters() -> tuple[Chapter, ...]:
    """Return the whole law."""
    return tuple(Chapter(_name(module), title, tuple(_rules(module))) for module, title in _CHAPTERS)


def _rules(module: ModuleType) -> Iterator[Rule]:
    known: Mapping[str, object] = {
        name: value
        for each in (*_OTHERS, *(each for each, _ in _CHAPTERS), module)
        for name, value in vars(each).items()
    }
    titles = {_name(each): title for each, title in _CHAPTERS}
    for number, text in _RULE.findall(inspect.getdoc(module) or ""):
        named = _NAME.findall(text)
        errors = [known[name] for name in named if name in known]
        breaches = tuple(
            Breach(error.code, error.article, Text(_gapped(error.zh), _gapped(error.en)))
            for error in errors
            if isinstance(error, type) and issubclass(error, HallmarkError)
        )
        words = " ".join(_ASIDE.sub("", " ".join(text.split())).replace("`", "").split())
        yield Rule(int(number), words, breaches, tuple(titles[name] for name in named if name in titles))


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _gapped(sentence: str) -> str:
    return _FACT.sub("[…]", sentence)
