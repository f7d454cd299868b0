"""Status lists of W3C Bitstring Status List 1.0."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.certificate.bitstring import LENGTH, PURPOSES, BadStatusList, encode, is_set, purpose_of
from hallmark.certificate.jose import from_base64url, to_base64url
from hallmark.certificate.status import Status

# The example of the recommendation, section 2.2: 131,072 bits, none set.
EXAMPLE = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"


def bits(encoded):
    return gzip.decompress(from_base64url(encoded[1:]))


def test_the_example_of_the_recommendation_holds_no_bit():
    assert not any(is_set(EXAMPLE, index) for index in (0, 1, 94_567, LENGTH - 1))
    assert bits(EXAMPLE) == bits(encode([]))


def test_bit_zero_is_the_left_most():
    content = bits(encode([0, 9, LENGTH - 1]))
    assert (len(content), content[0], content[1], content[-1]) == (16 * 1024, 0x80, 0x40, 0x01)


@settings(max_examples=20)
@given(st.sets(st.integers(0, LENGTH - 1), max_size=30), st.integers(0, LENGTH - 1))
def test_what_is_set_is_read_and_nothing_else(indexes, other):
    encoded = encode(indexes)
    assert all(is_set(encoded, index) for index in indexes)
    assert is_set(encoded, other) == (other in indexes)


def test_the_same_bits_are_always_the_same_text():
    assert encode([3, 1, 2]) == encode([1, 2, 3, 3])


@pytest.mark.parametrize("index", [-1, LENGTH])
def test_there_is_no_index_outside(index):
    with pytest.raises(BadStatusList):
        encode([index])
    with pytest.raises(BadStatusList):
        is_set(EXAMPLE, index)


def pack(content):
    return "u" + to_base64url(gzip.compress(content, mtime=0))


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        EXAMPLE[1:],
        "z" + EXAMPLE[1:],
        EXAMPLE + "=",
        EXAMPLE[:-1],
        EXAMPLE + "AAAA",
        "u" + "A" * 70_000,
        "u" + to_base64url(bytes(100)),
        pack(bytes(16 * 1024 - 1)),
        pack(bytes(16 * 1024 + 1)),
        pack(bytes(30_000_000)),
    ],
    ids=lambda text: f"{text[:12]} {len(text)}",
)
def test_what_is_no_list_is_refused_and_a_bomb_does_not_go_off(encoded):
    with pytest.raises(BadStatusList):
        is_set(encoded, 0)


def test_each_status_is_set_in_one_list_or_none():
    assert {status: purpose_of(status) for status in Status if purpose_of(status)} == {
        Status.WITHDRAWN: "revocation",
        Status.CANCELLED: "revocation",
        Status.SUSPENDED: "suspension",
    }
    assert PURPOSES == ("revocation", "suspension")
