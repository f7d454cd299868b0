"""Canonical CBOR: what is held comes back bit for bit, what has two readings is refused."""

from __future__ import annotations

import re
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import canonical
from hallmark.kernel.canonical import COSE_SIGN1, MAX_DEPTH, NotCanonical, Tag, decode, encode

# RFC 8949 appendix A, every example. First those whose values the format holds.
HELD: list[tuple[str, Any]] = [
    ("00", 0),
    ("01", 1),
    ("0a", 10),
    ("17", 23),
    ("1818", 24),
    ("1819", 25),
    ("1864", 100),
    ("1903e8", 1000),
    ("1a000f4240", 1000000),
    ("1b000000e8d4a51000", 1000000000000),
    ("1bffffffffffffffff", 18446744073709551615),
    ("3bffffffffffffffff", -18446744073709551616),
    ("20", -1),
    ("29", -10),
    ("3863", -100),
    ("3903e7", -1000),
    ("f4", False),
    ("f5", True),
    ("f6", None),
    ("40", b""),
    ("4401020304", bytes([1, 2, 3, 4])),
    ("60", ""),
    ("6161", "a"),
    ("6449455446", "IETF"),
    ("62225c", '"\\'),
    ("62c3bc", "\u00fc"),
    ("63e6b0b4", "\u6c34"),
    ("64f0908591", "\U00010151"),
    ("80", []),
    ("83010203", [1, 2, 3]),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("98190102030405060708090a0b0c0d0e0f101112131415161718181819", list(range(1, 26))),
    ("a0", {}),
    ("a201020304", {1: 2, 3: 4}),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
    ("826161a161626163", ["a", {"b": "c"}]),
    ("a56161614161626142616361436164614461656145", {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}),
]
# Then those that it does not: floats, simple values, tags, indefinite lengths.
NOT_HELD = [
    "c249010000000000000000", "c349010000000000000000", "f90000", "f98000", "f93c00", "fb3ff199999999999a", "f93e00",
    "f97bff", "fa47c35000", "fa7f7fffff", "fb7e37e43c8800759c", "f90001", "f90400", "f9c400", "fbc010666666666666",
    "f97c00", "f97e00", "f9fc00", "fa7f800000", "fa7fc00000", "faff800000", "fb7ff0000000000000",
    "fb7ff8000000000000", "fbfff0000000000000", "f7", "f0", "f818", "f8ff",
    "c074323031332d30332d32315432303a30343a30305a", "c11a514b67b0", "c1fb41d452d9ec200000", "d74401020304",
    "d818456449455446", "d82076687474703a2f2f7777772e6578616d706c652e636f6d", "5f42010243030405ff",
    "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff", "9f01820203820405ff", "83018202039f0405ff",
    "83019f0203ff820405", "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf61610161629f0203ffff",
    "826161bf61626163ff", "bf6346756ef563416d7421ff",
]  # fmt: skip

NOT_SHORTEST = [
    "1800", "1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "3900ff", "3b0000000000000000",
    "5800", "580161", "590001ff", "7800", "780161", "9800", "990000", "9a00000000", "b800", "b9000161", "d812",
    "d90012f6", "da00000012f6",
]  # fmt: skip
NOT_UTF8 = [
    "61ff", "62c0af", "63eda080", "66eda081edb080", "64f4908080", "61c3", "62e282",
]  # fmt: skip
KEYS = {
    "the same key twice": "a201000100",
    "the same text twice": "a2616100616100",
    "true beside 1": "a20100f500",
    "1.0 beside 1": "a20100f93c0000",
    "keys out of order": "a202000100",
    "text keys out of order": "a2616200616100",
    "longer text before shorter": "a262616100616200",
    "older length-first order": "a3010020001864" + "00",
    "text before bytes": "a2616100416100",
    "a list as key": "a18000",
    "a map as key": "a1a000",
    "null as key": "a1f600",
    "a tag as key": "a1d20000",
}
ENDS = {
    "nothing": "",
    "a byte too many": "0000",
    "half a number": "19",
    "text too short": "626100"[:4],
    "a list without its last item": "820100"[:4],
    "a map without its last value": "a101",
    "a tag without content": "d2",
    "a break alone": "ff",
    "reserved length": "1c",
    "reserved map length": "be",
}

KEY = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=4) | st.binary(max_size=4)
SCALAR = st.none() | st.booleans() | KEY
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEY, inner, max_size=4)
        | inner.map(lambda value: Tag(COSE_SIGN1, value))
    ),
    max_leaves=12,
)


def refused(data: bytes) -> str:
    with pytest.raises(NotCanonical) as caught:
        decode(data)
    return str(caught.value)


@pytest.mark.parametrize(("encoded", "value"), HELD, ids=[encoded for encoded, _ in HELD])
def test_the_examples_of_rfc_8949_are_read_and_written(encoded: str, value: object) -> None:
    assert decode(bytes.fromhex(encoded)) == value
    assert type(decode(bytes.fromhex(encoded))) is type(value)
    assert encode(value).hex() == encoded


@pytest.mark.parametrize("encoded", NOT_HELD)
def test_the_other_examples_of_rfc_8949_are_refused(encoded: str) -> None:
    refused(bytes.fromhex(encoded))


def test_all_82_examples_of_the_appendix_are_here() -> None:
    assert len(HELD) + len(NOT_HELD) == 82


@pytest.mark.parametrize("encoded", NOT_SHORTEST)
def test_a_number_or_length_has_one_form(encoded: str) -> None:
    assert "shortest" in refused(bytes.fromhex(encoded))


@pytest.mark.parametrize("encoded", NOT_UTF8)
def test_text_is_utf_8_without_surrogates(encoded: str) -> None:
    assert "UTF-8" in refused(bytes.fromhex(encoded))


@pytest.mark.parametrize("name", KEYS)
def test_a_map_has_distinct_plain_keys_in_bytewise_order(name: str) -> None:
    refused(bytes.fromhex(KEYS[name]))


def test_keys_of_all_types_are_ordered_by_their_bytes_not_by_their_length() -> None:
    value = {"a": 0, b"a": 0, "": 0, -1: 0, 100: 0, 10: 0}
    assert encode(value).hex() == "a6" + "".join(key + "00" for key in ("0a", "1864", "20", "4161", "60", "6161"))
    assert cbor2.dumps(value, canonical=True) != encode(value)


def test_a_key_that_equals_another_is_not_taken_for_it() -> None:
    assert encode({1: 0}).hex() == "a10100"
    for key in (True, 1.0):
        with pytest.raises(NotCanonical):
            encode({key: 0})
    assert encode({0: 0}).hex() == "a10000"
    with pytest.raises(NotCanonical):
        encode({False: 0})


def test_maps_with_the_same_keys_in_another_order_are_the_same() -> None:
    one, other = {"b": 1, "a": 2}, {"a": 2, "b": 1}
    long = {"k" * 70_000: 0}
    assert encode(one) == encode(other) == encode(decode(encode(one)))
    assert decode(encode(long)) == long
    assert encode(one) == encode(other)


@pytest.mark.parametrize("name", ENDS)
def test_input_ends_where_its_value_ends(name: str) -> None:
    refused(bytes.fromhex(ENDS[name]))


@pytest.mark.parametrize("tag", [0, 1, 2, 3, 4, 5, 17, 19, 25, 28, 29, 30, 35, 36, 37, 98, 256, 258, 55799, 2**64 - 1])
@pytest.mark.parametrize("content", ["00", "f6", "4101", "6131", "80", "820101", "a0"])
def test_no_tag_but_cose_sign1_is_known(tag: int, content: str) -> None:
    head = encode(tag)
    tagged = bytes([head[0] | 0xC0]) + head[1:] + bytes.fromhex(content)
    assert f"tag {tag}" in refused(tagged)
    assert f"tag {tag}" in refused(b"\x81" + tagged)


def test_cose_sign1_keeps_lists_and_maps_as_they_are() -> None:
    value = Tag(COSE_SIGN1, [b"p", {}, [1, {"a": []}], None])
    assert decode(encode(value)) == value
    assert encode(value) == cbor2.dumps(cbor2.CBORTag(18, [b"p", {}, [1, {"a": []}], None]))


def test_shared_references_do_not_unfold() -> None:
    """19 levels of ten references each would unfold to 10**19 items; a general reader builds that from 800 bytes."""
    levels = b"".join(b"\xd8\x1c\x8a" + (b"\xd8\x1d" + encode(level)) * 10 for level in range(19))
    assert "tag 28" in refused(b"\x94\xd8\x1c\x80" + levels)


@pytest.mark.parametrize("opening", ["81", "a100", "d2"], ids=["lists", "maps", "tags"])
def test_nesting_is_held_to_24_and_refused_beyond(opening: str) -> None:
    deepest = bytes.fromhex(opening) * MAX_DEPTH + b"\x00"
    value = decode(deepest)
    assert encode(value) == deepest
    assert "deeper than 24" in refused(bytes.fromhex(opening) + deepest)
    with pytest.raises(NotCanonical, match="deeper than 24"):
        encode([value])
    refused(bytes.fromhex(opening) * 100_000)


def items_of(value: Any) -> int:
    match value:
        case list():
            return 1 + sum(map(items_of, value))
        case dict():
            return 1 + sum(1 + items_of(each) for each in value.values())
        case Tag():
            return 1 + items_of(value.value)
    return 1


@given(VALUE)
def test_as_many_items_as_memory_holds_are_read_and_no_more(value: Any) -> None:
    items, data = items_of(value), encode(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "MAX_ITEMS", min(items, len(data) - 1))
        if items < len(data):
            assert encode(decode(data)) == data
        patch.setattr(canonical, "MAX_ITEMS", items - 1)
        assert "items" in refused(data)


def test_millions_of_empty_lists_are_refused_before_they_are_made() -> None:
    assert "more than 4194304 items" in refused(b"\x9a\x00\x50\x00\x00" + b"\x80" * (5 << 20))


@pytest.mark.parametrize("major", [0x5B, 0x7B, 0x9B, 0xBB])
@pytest.mark.parametrize("length", [2**32, 2**62, 2**63, 2**64 - 1])
def test_a_length_that_no_memory_holds_is_refused_at_once(major: int, length: int) -> None:
    assert "too early" in refused(bytes([major]) + length.to_bytes(8) + b"\x00")


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**64,
        -(2**64) - 1,
        "\ud800",
        {"\udfff": 0},
        {True: 0},
        {None: 0},
        {(1, 2): 0},
        {1.0: 0},
        {2**64: 0},
        {1, 2},
        bytearray(b"a"),
        object,
        Tag(17, 0),
        Tag(COSE_SIGN1, 1.5),
        [[{"a": {"b": 0.5}}]],
    ],
    ids=repr,
)
def test_what_the_format_does_not_hold_is_not_written(value: object) -> None:
    with pytest.raises(NotCanonical):
        encode(value)


@given(VALUE)
def test_every_value_comes_back_and_a_general_reader_reads_the_same(value: object) -> None:
    encoded = encode(value)
    assert decode(encoded) == value
    assert encode(decode(encoded)) == encoded
    assert plain(cbor2.loads(encoded)) == plain(value)


def plain(value: Any) -> object:
    """Return `value` with its types spelt out, so that True is not 1 and either library's tag is the same."""
    match value:
        case Tag(value=content) | cbor2.CBORTag(tag=18, value=content):
            return "tag", plain(content)
        case dict() | cbor2.frozendict():
            return "map", sorted((repr(plain(key)), plain(item)) for key, item in value.items())
        case list() | tuple():
            return "list", [plain(item) for item in value]
    return type(value).__name__, repr(value)


@given(VALUE, st.data())
def test_a_changed_byte_is_refused_or_another_value_with_exactly_those_bytes(
    value: object, data: st.DataObject
) -> None:
    encoded = bytearray(encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    _read_or_refused(bytes(encoded), value)


def test_every_single_byte_change_of_a_statement_like_value_is_refused_or_another_value() -> None:
    value = {
        1: -19,
        3: "text",
        15: {1: b"key", 6: 1_700_000_000, "env": [True, None, {"": 300}]},
    }
    encoded = encode(Tag(COSE_SIGN1, [value, {}]))
    read = 0
    for at in range(len(encoded)):
        for byte in range(256):
            if byte != encoded[at]:
                read += _read_or_refused(encoded[:at] + bytes([byte]) + encoded[at + 1 :], Tag(COSE_SIGN1, [value, {}]))
    assert 0 < read < len(encoded) * 255


def test_every_beginning_of_a_value_is_refused() -> None:
    encoded = encode({"a": [1, 2**40, b"bytes", {"b": Tag(COSE_SIGN1, ["text", None])}]})
    for end in range(len(encoded)):
        assert "too early" in refused(encoded[:end])


@given(st.binary(max_size=64))
def test_whatever_is_refused_is_refused_in_chinese_too(data: bytes) -> None:
    try:
        decode(data)
    except NotCanonical as error:
        assert not re.search("[A-Za-z]{2,} [A-Za-z]", error.explain("zh").replace("RFC 8949", "")), error.explain("zh")


@given(st.binary(max_size=64))
def test_any_bytes_are_refused_or_are_the_encoding_of_their_value(data: bytes) -> None:
    _read_or_refused(data, object())


def _read_or_refused(data: bytes, original: object) -> bool:
    try:
        value = decode(data)
    except NotCanonical:
        return False
    assert encode(value) == data
    assert plain(value) != plain(original)
    return True
