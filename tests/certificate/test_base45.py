"""Base45 by the vectors of RFC 9285, and nothing that spells the same bytes otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate.base45 import ALPHABET, BadBase45, decode, encode


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")],
)
def test_the_examples_of_rfc_9285_sections_4_3_and_4_4(data, text):
    assert encode(data) == text
    assert decode(text) == data


@pytest.mark.parametrize("text", ["GGW", ":::", "ZZZ", "::", "A", "BB8A", "bb8", "BB8\n", "BB8é", "0X1\x00"])
def test_what_rfc_9285_forbids_is_refused(text):
    with pytest.raises(BadBase45):
        decode(text)


def test_the_largest_groups_that_fit_are_accepted():
    assert decode("FGW") == b"\xff\xff"  # RFC 9285 section 6; GGW is the first that does not fit
    assert decode("U5") == b"\xff"
    with pytest.raises(BadBase45):
        decode("V5")


@given(st.binary(max_size=300))
def test_bytes_come_back(data):
    assert decode(encode(data)) == data


@given(st.text(alphabet=ALPHABET, max_size=60))
def test_text_has_one_spelling_or_none(text):
    try:
        data = decode(text)
    except BadBase45:
        return
    assert encode(data) == text
