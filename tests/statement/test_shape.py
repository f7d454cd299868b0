"""Shapes: each accepts its values and refuses all others, in two languages and in few words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel import identifier
from hallmark.statement import shape
from hallmark.statement.kind import Role
from hallmark.statement.kinds import KINDS
from hallmark.statement.shape import (
    BadClaim,
    Either,
    Flag,
    Id,
    ListOf,
    MapOf,
    Octets,
    OneOf,
    Record,
    Shape,
    Whole,
    Words,
)

ORG = identifier.from_seed("ORG", b"1")
CASE = identifier.from_seed("CASE", b"1")
SCALARS: list[Any] = [None, True, False, 0, 1, -1, 2**64 - 1, "", "a", b"", b"a", [], {}, [None], {"a": None}, 1.0]

TABLE: list[tuple[Shape, list[Any], list[Any]]] = [
    (
        Words(4),
        ["a", "四个字符", "a\nb", "\U0001f600" * 4, "e\u0301"],
        ["", " ", "\n", "\u3000", "abcde", b"a", 7, None, ["a"]],
    ),
    (Words(), [], ["a\0", "a\t", "a\r", "\x7f.", "a\x85", "a\x9f", "a\u202eb", "a\u2066b", "a\u200fb", "\u061ca"]),
    (Words(8, "[A-Z]{2,8}"), ["AB"], ["A", "ab", "ABCDEFGHI", "AB\n", " AB"]),
    (
        shape.CODE,
        ["a", "CFP-01", "news-2019", "a/b_c.d", "a" * 64],
        ["-a", ".a", "a b", "a:b", "a" * 65, "é", "a\n", ""],
    ),
    (Whole(), [0, 1, 2**53], [-1, 2**53 + 1, True, False, 1.0, "1", None]),
    (Whole(-5, 5), [-5, 0, 5], [-6, 6]),
    (Flag(), [True, False], [0, 1, None, "true"]),
    (Octets(4), [b"abcd"], [b"", b"abc", b"abcde", "abcd", None]),
    (Octets(0, 4), [b"", b"abcd"], [b"abcde", "", None, bytearray(b"a")]),
    (Id(), [ORG, CASE], ["", "ORG", ORG[:-1], ORG.lower(), ORG + "\n", None, 7, b"ORG"]),
    (Id(("ORG",)), [ORG], [CASE]),
    (Id(("ORG", "CASE")), [ORG, CASE], [identifier.from_seed("ORGS", b"")]),
    (
        shape.DAY,
        ["2024-02-29", "0001-01-01", "9999-12-31"],
        ["2023-02-29", "20240229", 20240229, None, b"2024-02-29", []],
    ),
    (OneOf(("a", "b")), ["a", "b"], ["", "ab", "c", 0, None, ["a"], True]),
    (OneOf((Role.BODY,)), ["body", Role.BODY], ["Body", "BODY"]),
    (Either((Whole(), Words())), [1, "a"], [True, -1, "", None, []]),
    (Either((Flag(), ListOf(Flag(), 1))), [True, [False]], [[], [[True]], 1]),
    (ListOf(Flag(), 1, 2), [[True], [True, True]], [[], [True] * 3, [1], True, (True,), {}, None]),
    (
        MapOf(shape.CODE, Whole(), 1, 2),
        [{"a": 1}],
        [{}, {"a": -1}, {"-": 1}, {7: 1}, {"a": 1, "b": 1, "c": 1}, [], None],
    ),
    (
        Record({"a": Flag()}, {"b": Whole()}),
        [{"a": True}, {"a": True, "b": 1}],
        [{}, {"b": 1}, {"a": 1}, {"a": True, "b": None}, {"a": True, "c": 1}, {"a": True, 7: 1}, [], None],
    ),
    (shape.NAME, [{"zh": "北方", "en": "Northern"}], [{"zh": "北方"}, {"zh": "北方", "en": ""}, "Northern"]),
]


@pytest.mark.parametrize(("wanted", "good", "bad"), TABLE, ids=[repr(wanted)[:60] for wanted, _, _ in TABLE])
def test_a_shape_accepts_its_values_and_refuses_others(wanted: Shape, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        wanted.check(value, "claim")
    for value in bad:
        with pytest.raises(BadClaim):
            wanted.check(value, "claim")


def test_an_error_names_the_place_in_two_languages() -> None:
    product = {"name": {"zh": "钱包", "en": "Wallet"}, "model": "1", "version": "1", "builds": []}
    build = {"role": "package", "name": "a.bin", "size": 0, "sha256": bytes(32)}
    with pytest.raises(BadClaim) as caught:
        shape.PRODUCT.check({**product, "builds": [{**build, "size": 1}, build]}, "product")
    assert "The claim product.builds[1].size is wrong: a whole number from 1 to" in caught.value.explain("en")
    assert "声明项 product.builds[1].size 有误：应为 1 至" in caught.value.explain("zh")


SHAPES = [claim.shape for kind in KINDS.values() for claim in kind.claims] + [kind.about for kind in KINDS.values()]
VALUES = st.recursive(
    st.sampled_from(SCALARS) | st.text(max_size=5) | st.just("x" * 70_000) | st.binary(max_size=33),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "zh", "key", "y" * 70_000]) | st.integers(0, 9) | st.binary(max_size=2),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(VALUES)
@settings(max_examples=30)
def test_any_value_raises_nothing_but_a_short_bad_claim(value: object) -> None:
    for wanted in SHAPES:
        try:
            wanted.check(value, "claim")
        except BadClaim as error:
            assert len(error.explain("en")) < 600
            assert len(error.explain("zh")) < 600
