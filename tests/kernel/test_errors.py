"""Errors: two languages, facts in their places, and every error of the pure core held to it without running it."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import pytest

import hallmark
from hallmark.kernel.errors import HallmarkError, Malformed, Refusal
from hallmark.kernel.text import Text

SOURCE = Path(hallmark.__file__).parent
CORE = ("kernel", "statement", "scheme", "ledger", "rules", "attestation", "consortium", "certificate", "verify")
FAMILIES = ("HallmarkError", "Malformed", "Unverified", "Refusal", "Missing", "Forbidden", "Unavailable")


class ApplePeeled(Refusal):
    """An example."""

    article = "Orchard Act art. 3"
    en = "{who} peeled {what}."
    zh = "{who}削了{what}。"


def test_a_sentence_is_filled_in_the_reader_s_language() -> None:
    error = ApplePeeled(who="Frank", what=Text("苹果", "an apple"))
    assert error.explain("en") == str(error) == "Frank peeled an apple. [Orchard Act art. 3]"
    assert error.explain("zh") == "Frank削了苹果。 [Orchard Act art. 3]"


def test_a_code_is_the_class_s_name_in_words() -> None:
    assert (ApplePeeled.code, Malformed.code, HallmarkError.code) == ("apple-peeled", "malformed", "error")


def test_a_fact_that_nobody_gave_is_a_question_mark_and_braces_in_facts_stay() -> None:
    assert ApplePeeled(who="{what} {0} %s").explain() == "{what} {0} %s peeled ?. [Orchard Act art. 3]"


def test_an_error_travels_between_processes() -> None:
    error = ApplePeeled(who="Frank", what=Text("苹果", "an apple"))
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert (type(other), other.facts, other.explain("zh")) == (ApplePeeled, error.facts, error.explain("zh"))


@dataclass
class Sentences:
    """An error class as it is written."""

    place: str
    bases: list[str]
    en: str
    zh: str
    code: str


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for room in CORE:
        for path in sorted((SOURCE / room).rglob("*.py")):
            yield str(path.relative_to(SOURCE)), ast.parse(path.read_text("utf-8"))


def _constant(body: list[ast.stmt], name: str) -> str:
    for statement in body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if isinstance(target, ast.Name) and target.id == name and statement.value is not None:
            return str(ast.literal_eval(statement.value))
    return ""


def _errors() -> tuple[dict[str, Sentences], list[str]]:
    """Return the error classes of the core by name, with inherited sentences, and all their names, twice if twice."""
    written = {
        (place, node.name): node
        for place, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    errors: dict[str, Sentences] = {}
    names: list[str] = []
    left = dict(written)
    while True:
        found = {
            key: node
            for key, node in left.items()
            if node.name == "HallmarkError" or any(_name(base) in errors for base in node.bases)
        }
        if not found:
            return errors, names
        for (place, name), node in found.items():
            del left[place, name]
            above = [errors[_name(base)] for base in node.bases if _name(base) in errors]
            sentences = [
                next(filter(None, [_constant(node.body, each), *(getattr(base, each) for base in above)]), "")
                for each in ("en", "zh")
            ]
            code = _constant(node.body, "code") or re.sub("([A-Z])", r"-\1", name).lower().lstrip("-")
            errors[name] = Sentences(place, [_name(base) for base in node.bases], *sentences, code)
            names.append(name)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


ERRORS, NAMES = _errors()


def _fields(sentence: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(sentence) if field is not None}


def _raised() -> Iterator[tuple[str, str, set[str]]]:
    """Yield place, error and facts wherever an error of the core is made."""
    for place, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in ERRORS:
                assert not node.args, f"{place}:{node.lineno}: facts have names"
                if all(keyword.arg for keyword in node.keywords):
                    yield f"{place}:{node.lineno}", _name(node.func), {str(each.arg) for each in node.keywords}
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name | ast.Attribute):
                yield from ((f"{place}:{node.lineno}", name, set()) for name in (_name(node.exc),) if name in ERRORS)


def test_the_walk_sees_what_python_sees() -> None:
    for name, sentences in ERRORS.items():
        if sentences.place.startswith(("kernel", "statement")):
            module = __import__("hallmark." + sentences.place[:-3].replace("/", "."), fromlist=[name])
            error = getattr(module, name)
            assert (error.en, error.zh, error.code) == (sentences.en, sentences.zh, sentences.code) or (
                name == "HallmarkError"
            )
    assert set(FAMILIES) < set(ERRORS)


def test_no_two_errors_of_the_core_share_a_name_or_a_code() -> None:
    assert [name for name, times in Counter(NAMES).items() if times > 1] == []
    codes = Counter(sentences.code for sentences in ERRORS.values())
    assert [code for code, times in codes.items() if times > 1] == []


@pytest.mark.parametrize("name", sorted(set(ERRORS) - set(FAMILIES)))
def test_an_error_has_sentences_of_its_own_in_both_languages(name: str) -> None:
    error = ERRORS[name]
    family = {ERRORS[each].en for each in FAMILIES}
    assert error.en not in family, error.place
    assert re.search(r"[\u4e00-\u9fff]", error.zh), error.place
    assert not re.search(r"[\u4e00-\u9fff]", error.en), error.place
    assert error.en.endswith(".") or error.en.endswith("}"), error.place
    assert error.zh.endswith(("。", "}")), error.place


def test_a_sentence_mentions_only_facts_that_are_given_where_it_is_raised() -> None:
    unknown = [
        f"{place}: {name} does not say {', '.join(sorted(missing))}"
        for place, name, facts in _raised()
        if (missing := (_fields(ERRORS[name].en) | _fields(ERRORS[name].zh)) - facts)
    ]
    assert unknown == []
