"""The small readers of DER and CBOR: one reading, or a refusal."""

from __future__ import annotations

from contextlib import suppress

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.makers import der as element
from attestation.makers import explicit, number, oid
from hallmark.attestation import cbor, der, json_text
from hallmark.attestation.errors import BadEvidence
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text

WHAT = Text("证书", "certificate")


@given(st.integers(0, 2**64))
def test_an_integer_reads_back(value) -> None:
    assert der.parse(number(value), WHAT).integer() == value


@pytest.mark.parametrize(
    "text", ["1.2.840.113741.1.13.1.2.18", "2.5.29.15", "1.3.6.1.4.1.11129.2.1.17", "0.9.0", "2.999.3"]
)
def test_an_identifier_reads_back(text) -> None:
    encoded = bytes.fromhex("0603883703") if text == "2.999.3" else oid(text)
    assert der.parse(encoded, WHAT).oid() == text


def test_a_high_tag_number_reads_back() -> None:
    node = der.parse(explicit(704, number(5)), WHAT)
    assert (node.kind, node.tag, node.inner().integer()) == (der.CONTEXT, 704, 5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02",
        b"\x02\x01",
        b"\x02\x01\x05\x00",  # a byte after the end
        b"\x30\x80\x00\x00",  # indefinite length
        b"\x02\x81\x01\x05",  # a length not in its shortest form
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x85\x01\x00\x00\x00\x00",
        b"\x1f\x1e\x00",  # a low tag number in the high form
        b"\xbf\xff\xff\xff\x7f\x00",
        b"\x1f" + b"\xff" * 1_000_000,  # a tag number that would take minutes to read
    ],
)
def test_what_is_not_der_is_refused(data) -> None:
    with pytest.raises(BadEvidence):
        der.parse(data, WHAT)


@pytest.mark.parametrize("data", [b"\x02\x02\x00\x05", b"\x02\x02\xff\x85", b"\x02\x00"])
def test_an_integer_with_two_encodings_is_refused(data) -> None:
    with pytest.raises(BadEvidence):
        der.parse(data, WHAT).integer()


def test_an_identifier_whose_arc_no_identifier_has_is_refused() -> None:
    with pytest.raises(BadEvidence, match="too large"):
        der.parse(element(6, b"\xff" * 4000 + b"\x7f"), WHAT).oid()


def test_a_boolean_is_00_or_ff() -> None:
    assert der.parse(b"\x01\x01\xff", WHAT).boolean() is True
    with pytest.raises(BadEvidence):
        der.parse(b"\x01\x01\x01", WHAT).boolean()


def test_an_element_of_another_type_is_refused() -> None:
    with pytest.raises(BadEvidence):
        der.parse(element(4, b"x"), WHAT).children()


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused_as_der(data) -> None:
    with suppress(HallmarkError):
        assert b"".join(der.split(data, WHAT)) == data


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=30) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 300) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_cbor_of_another_library_reads_back(value) -> None:
    assert cbor.decode(cbor2.dumps(value), WHAT) == value


def test_map_keys_may_stand_in_any_order() -> None:
    assert cbor.decode(b"\xa2\x62bb\x01\x61a\x02", WHAT) == {"bb": 1, "a": 2}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xa2\x01\x00\x01\x00",  # a key twice
        b"\xa1\xf5\x00",  # a key of another type
        b"\x9f\xff",  # indefinite length
        b"\xd2\x80",  # a tag
        b"\xf9\x3c\x00",  # a float
        b"\x18\x05",  # a number not in its shortest form
        b"\x61\xff",  # no UTF-8
        b"\x81" * 40 + b"\x00",  # nested too deep
        b"\x00\x00",  # a byte after the end
        b"\x9b" + b"\xff" * 8,  # longer than memory
    ],
)
def test_cbor_with_two_readings_is_refused(data) -> None:
    with pytest.raises(BadEvidence):
        cbor.decode(data, WHAT)


@pytest.mark.parametrize("data", [b'{"a": 1, "a": 2}', b"[]", b"{", b"\xff", b"[" * 100000])
def test_json_with_two_readings_is_refused(data) -> None:
    with pytest.raises(BadEvidence):
        json_text.decode(data, WHAT)
