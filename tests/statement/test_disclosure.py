"""Disclosures: the claim that was meant, with its own salt, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import canonical
from hallmark.kernel.canonical import NotCanonical, Tag
from hallmark.statement import disclosure
from hallmark.statement.disclosure import BadDisclosure, Disclosure, WrongDisclosure, open_claims

GRADE = Disclosure(b"a" * 16, "grade", "minor")
FINDING = Disclosure(b"b" * 16, "finding", "the list is out of date")
DIGESTS = {each.name: each.digest for each in (GRADE, FINDING)}


def test_disclosures_open_the_claims_they_were_made_for() -> None:
    assert open_claims(DIGESTS, [FINDING, GRADE]) == {"grade": "minor", "finding": "the list is out of date"}
    assert open_claims(DIGESTS, [GRADE]) == {"grade": "minor"}
    assert open_claims(DIGESTS, []) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GRADE, value="major"),
        replace(GRADE, value=FINDING.value),
        replace(GRADE, salt=FINDING.salt),
        replace(GRADE, salt=b"c" * 16),
        replace(GRADE, salt=b""),
        replace(GRADE, name="finding"),
        replace(GRADE, name="due"),
        replace(FINDING, name="grade"),
        replace(GRADE, value=None),
        replace(GRADE, value=["minor"]),
    ],
    ids=repr,
)
def test_another_value_salt_or_name_opens_nothing(wrong: Disclosure) -> None:
    with pytest.raises(WrongDisclosure):
        open_claims(DIGESTS, [wrong])


def test_digests_do_not_open_in_each_other_s_place() -> None:
    with pytest.raises(WrongDisclosure):
        open_claims({"grade": FINDING.digest, "finding": GRADE.digest}, [GRADE, FINDING])


def test_a_claim_is_disclosed_once() -> None:
    with pytest.raises(WrongDisclosure, match="twice"):
        open_claims(DIGESTS, [GRADE, GRADE])


def test_true_and_1_and_text_and_bytes_have_different_digests() -> None:
    assert len({replace(GRADE, value=value).digest for value in (True, 1, "1", b"1", [1], None, False, 0, "")}) == 9


def test_the_same_value_under_another_salt_cannot_be_recognised() -> None:
    assert GRADE.digest != replace(GRADE, salt=b"c" * 16).digest


def test_disclosures_come_back_from_their_bytes() -> None:
    assert disclosure.decode(disclosure.encode([GRADE, FINDING])) == (GRADE, FINDING)
    assert disclosure.decode(disclosure.encode([])) == ()


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "text",
        [[]],
        [None],
        [GRADE.to_value()[:2]],
        [[*GRADE.to_value(), None]],
        [[b"a" * 15, "grade", "minor"]],
        [[b"a" * 17, "grade", "minor"]],
        [["a" * 16, "grade", "minor"]],
        [[b"a" * 16, b"grade", "minor"]],
        [[b"a" * 16, 7, "minor"]],
        [{"salt": b"a" * 16}],
        GRADE.to_value(),
        Tag(18, [GRADE.to_value()]),
    ],
    ids=repr,
)
def test_other_values_are_no_disclosures(value: object) -> None:
    with pytest.raises(BadDisclosure):
        disclosure.decode(canonical.encode(value))


@given(st.binary(max_size=80))
def test_any_bytes_raise_nothing_but_our_errors(data: bytes) -> None:
    for hostile in (data, disclosure.encode([GRADE, FINDING])[: len(data)] + data):
        try:
            opened = disclosure.decode(hostile)
        except (NotCanonical, BadDisclosure):
            continue
        assert disclosure.encode(opened) == hostile
