"""Identifiers: the check character against published examples, and what it finds and does not find."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import identifier
from hallmark.kernel.identifier import BadIdentifier

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SAMPLE = [identifier.from_seed(prefix, bytes([seed])) for prefix in ("CASE", "ORG") for seed in range(20)]


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("A1-2425G-ABC1234002", "M"),  # IFPI, GRid standard
        ("0000-0000-D07A-0090", "Q"),  # ISO 15706 (ISAN), root and version of one number
        ("0000-0000-D07A-0090-0000-0000", "X"),
        ("0000-0001-8947-0000", "8"),
        ("0000-0001-8947-0000-0000-0000", "D"),
    ],
)
def test_the_check_character_is_that_of_published_numbers_in_iso_7064_mod_37_36(text: str, check: str) -> None:
    assert identifier.check_character(text) == check


def test_every_wrong_letter_or_digit_is_found() -> None:
    for text in SAMPLE:
        assert identifier.parse(text) == text
        for at, right in enumerate(text):
            for wrong in ALPHABET:
                if right not in ("-", wrong):
                    with pytest.raises(BadIdentifier):
                        identifier.parse(text[:at] + wrong + text[at + 1 :])


def test_a_swap_of_neighbours_escapes_only_where_they_follow_each_other_and_then_one_time_in_36() -> None:
    """The check works on a state of 36 values, which a first group of characters can bring to each of them."""
    openings = {identifier.check_character(opening): opening for opening in ("".join(c) for c in _pairs())}
    assert len(openings) == 36
    escaped: dict[tuple[str, str], int] = {}
    for opening in openings.values():
        for first, second in itertools.combinations(ALPHABET, 2):
            same = identifier.check_character(opening + first + second) == identifier.check_character(
                opening + second + first
            )
            escaped[first, second] = escaped.get((first, second), 0) + same
    following = {*itertools.pairwise(ALPHABET), ("0", "Z")}
    assert {pair: times for pair, times in escaped.items() if times} == dict.fromkeys(following, 1)


def _pairs() -> itertools.product[tuple[str, str]]:
    return itertools.product(ALPHABET, repeat=2)


def test_every_swap_of_neighbours_in_the_sample_is_found_unless_they_follow_each_other() -> None:
    for text in SAMPLE:
        characters = [at for at, character in enumerate(text) if character != "-"]
        for left, right in itertools.pairwise(characters):
            gap = abs(ALPHABET.index(text[left]) - ALPHABET.index(text[right]))
            if gap not in (0, 1, 35):
                swapped = list(text)
                swapped[left], swapped[right] = text[right], text[left]
                with pytest.raises(BadIdentifier):
                    identifier.parse("".join(swapped))


def test_a_hyphen_is_not_covered_so_its_place_makes_another_identifier() -> None:
    text = identifier.complete("CASE-12345678-9ABC")
    assert identifier.parse("CASE-1234567-89ABC" + text[-2:]) != text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "CASE",
        "CASE-5",
        "case-12345678-K",
        "CASE--1-0",
        "CASE-1 -0",
        "1CASE-1-0",
        "CASE-1-0\n",
        "CASE-\uff11-0",
        "CASE-\u0661-0",
        "CASE-" + "1" * 33 + "-0",
        "A" * 17 + "-1-0",
        "CASE" + "-1" * 9 + "-0",
        "CASE" + "-" + "-".join(["1" * 32] * 3) + "-0",
        "C" * 100_000,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_other_shapes_are_refused_and_repeated_in_part_only(text: str) -> None:
    with pytest.raises(BadIdentifier) as caught:
        identifier.parse(text, what="case")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("text", ["", "CASE", "case-1", "CASE-", "CASE-l", "CASE-\u0661", "CASE" + "-11111111" * 9])
def test_only_a_shape_without_its_check_character_is_completed(text: str) -> None:
    assert identifier.complete("CASE-5") == "CASE-5-" + identifier.check_character("CASE5")
    with pytest.raises(BadIdentifier):
        identifier.complete(text)


def test_an_identifier_begins_with_the_prefix_wanted() -> None:
    text = identifier.from_seed("ORG", b"")
    assert identifier.parse(text, "ORG") == text
    for prefix in ("OR", "ORGA", "PERSON"):
        with pytest.raises(BadIdentifier, match="begin"):
            identifier.parse(text, prefix)


@given(st.binary(max_size=40), st.sampled_from(["CASE", "ORG", "PERSON", "REPORT", "SAMPLE"]))
def test_a_seed_makes_one_identifier_of_80_bits_without_letters_that_look_like_digits(seed: bytes, prefix: str) -> None:
    text = identifier.from_seed(prefix, seed)
    assert text == identifier.from_seed(prefix, seed) == identifier.parse(text, prefix)
    payload = text.split("-")[1:3]
    assert [len(group) for group in payload] == [8, 8]
    assert not set("ILOU") & set("".join(payload))


@given(st.text(max_size=40) | st.text("ABC019-", max_size=40))
def test_any_text_is_refused_or_returned(text: str) -> None:
    try:
        assert identifier.parse(text) == text
    except BadIdentifier as error:
        assert "不是有效" in error.explain("zh")
