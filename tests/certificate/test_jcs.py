"""JSON with one reading (RFC 7493) and one writing (RFC 8785)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate.jcs import BadJson, encode, parse


def test_names_stand_in_the_order_of_their_utf_16_code_units():
    """RFC 8785 section 3.2.3."""
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert [json.loads(encode(value))[name] for name in json.loads(encode(value))] == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_texts_are_escaped_as_little_as_json_allows():
    """RFC 8785 section 3.2.2.2, and the example of section 3.2.4 but its numbers."""
    assert encode('\u20ac$\x0f\nA\'B"\\\\"/') == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    assert encode("\b\t\f\r\x7f\u2028") == b'"\\b\\t\\f\\r\x7f\xe2\x80\xa8"'
    assert encode({"literals": [None, True, False]}) == b'{"literals":[null,true,false]}'


def test_integers_reach_as_far_as_every_reader_does():
    assert encode([2**53, -(2**53), 0]) == b"[9007199254740992,-9007199254740992,0]"


@pytest.mark.parametrize("value", [1.0, 1.5, float("nan"), 2**53 + 1, "\ud800", {"\udfff": 1}, {1: 2}, b"x", object()])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(BadJson):
        encode([value])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b"1.0",
        b"1e2",
        b"NaN",
        b"Infinity",
        b"9007199254740993",
        b'"\\ud800"',
        b'{"\\udead":1}',
        b"1" * 5000,
        b"[" * 100_000,
        b"[" * 70 + b"]" * 70,
        b"{} {}",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_two_readers_could_read_otherwise_is_refused(data):
    with pytest.raises(BadJson):
        parse(data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_and_is_written_the_same_again(value):
    data = encode(value)
    assert parse(data) == value
    assert encode(parse(data)) == data


@given(st.binary(max_size=60))
def test_hostile_bytes_never_raise_anything_but_ours(data):
    try:
        parse(data)
    except BadJson:
        return
