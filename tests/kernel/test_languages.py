"""No sentence mixes languages: every place in the source where an error is made gives its words in both, or none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import hallmark
from world.languages import english_in, is_chinese

SOURCE = Path(hallmark.__file__).parent
BOTH = {"Text", "quoted", "reason", "named", "listed", "Code"}
"""What gives words in both languages."""
FOREIGN = {"str", "repr"}
WORD = re.compile(r"[A-Za-z]{2,}")
# Facts that are names and not words, by the field they stand in.
NAMES = {
    "algorithm": {"PKCS #8", "X25519", "ML-DSA-44"},
    "claim": {"subject", "approval", "claims"},
    "code": {"no-signature"},
    "name": {"alpha"},
    "package": {"pyhanko", "typst"},
    "program": {"swtpm"},
}


@cache
def modules() -> dict[str, ast.Module]:
    return {str(path.relative_to(SOURCE)): ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def errors() -> dict[str, ast.ClassDef]:
    """Return every error class of every room by name."""
    classes = [node for tree in modules().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {node.name: node for node in classes if node.name == "HallmarkError"}
    while news := {
        node.name: node
        for node in classes
        if node.name not in found and any(name_of(base) in found for base in node.bases)
    }:
        found |= news
    return found


def sites() -> Iterator[tuple[str, str, ast.expr]]:
    """Yield the place, the field and the value of every fact that an error is made with."""
    for place, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) in errors():
                for fact in node.keywords:
                    if fact.arg is not None:
                        yield f"{place}:{node.lineno}", fact.arg, fact.value


def untranslated(field: str, value: ast.expr) -> Iterator[str]:
    """Yield words that would stand in a sentence of either language."""
    match value:
        case ast.Call(func=function) if name_of(function) in BOTH:
            return
        case ast.Constant(value=str(text)):
            if WORD.search(text) and text not in NAMES.get(field, ()) and not text.startswith(("--", "/")):
                yield text
        case ast.JoinedStr(values=parts):
            yield from (
                part.value
                for part in parts
                if isinstance(part, ast.Constant) and WORD.search(str(part.value)) and " " in str(part.value)
            )
            for part in parts:
                if isinstance(part, ast.FormattedValue):
                    yield from untranslated(field, part.value)
        case ast.Call(func=function) if name_of(function) in FOREIGN and name_of(value.args[0]) in {"error", "why"}:
            yield ast.unparse(value)
        case ast.Attribute(attr="strerror" | "reason" | "message" | "msg"):
            yield ast.unparse(value)
        case ast.BoolOp(values=values):
            for each in values:
                yield from untranslated(field, each)
        case ast.IfExp(body=body, orelse=other):
            yield from untranslated(field, body)
            yield from untranslated(field, other)
        case ast.Call(func=ast.Attribute(value=inner)) | ast.Subscript(value=inner):
            yield from untranslated(field, inner)


def test_every_fact_that_is_words_is_given_in_both_languages() -> None:
    found = list(sites())
    assert len(found) > 1000
    assert [f"{at} {field}: {words}" for at, field, value in found for words in untranslated(field, value)] == []


@pytest.mark.parametrize("name", sorted(errors()))
def test_an_error_s_own_sentences_are_each_in_one_language(name: str) -> None:
    for statement in errors()[name].body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(target, ast.Name) and target.id in {"en", "zh"}:
            sentence = str(ast.literal_eval(statement.value))  # type: ignore[union-attr]
            bare = re.sub(r"\{[a-z_]+\}", " ", sentence)
            if target.id == "zh":
                assert is_chinese(bare) or not WORD.search(bare)
                assert english_in(bare) == []
            else:
                assert not is_chinese(bare)


def test_an_english_sentence_is_seen_where_there_is_one() -> None:
    assert english_in("签名验证失败：it is not 64 bytes。") == ["it is not"]
    assert english_in("请创建：hallmark key create NAME，程序报告“no such file here”。") == []
