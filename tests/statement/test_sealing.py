"""Sealed disclosures: who is named opens them, beside the statement they were sealed for, and nobody else."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.statement import disclosure, sealing
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.sealing import (
    BLOCK,
    KEY_SIZE,
    MAX_SIZE,
    BadSealed,
    BadSealingKey,
    NotOpened,
    Sealed,
    seal,
)

STATEMENT, OTHER = b"s" * 32, b"o" * 32
KEYS = {name: X25519PrivateKey.from_private_bytes(name.encode() * 32) for name in "abc"}
PUBLIC = {name: key.public_key().public_bytes_raw() for name, key in KEYS.items()}
HIDDEN = (Disclosure(b"1" * 16, "outputs", [{"amount": 7_000}]), Disclosure(b"2" * 16, "signatures", [bytes(64)]))


@pytest.fixture
def sealed():
    return seal(HIDDEN, STATEMENT, {name: PUBLIC[name] for name in "ab"}, os.urandom(KEY_SIZE))


def test_the_published_vector_of_the_suite_opens():
    """RFC 9458, appendix A: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM without associated data.

    RFC 9180 has no vector of this suite without associated data.
    """
    recipient = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("3c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a")
    )
    request = "00034745540568747470730b6578616d706c652e636f6d012f"
    info = "6d6573736167652f626874747020726571756573740001002000010001"
    encapsulated = (
        "010020000100014b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b472"
        "6374e469135906992e1268c594d2a10c695d858c40a026e7965e7d86b83dd440b2c0185204b4d63525"
    )
    header = 7
    opened = sealing.SUITE.decrypt(bytes.fromhex(encapsulated)[header:], recipient, bytes.fromhex(info))
    assert opened.hex() == request


def test_each_member_named_opens_it_and_no_other(sealed):
    for name in "ab":
        assert sealed.open(STATEMENT, name, KEYS[name]) == HIDDEN
    with pytest.raises(NotOpened):
        sealed.open(STATEMENT, "c", KEYS["c"])


def test_it_opens_beside_its_own_statement_for_its_own_member_alone(sealed):
    with pytest.raises(NotOpened):
        sealed.open(OTHER, "a", KEYS["a"])
    with pytest.raises(NotOpened):
        sealed.open(STATEMENT, "b", KEYS["a"])
    with pytest.raises(NotOpened):
        Sealed(sealed.box, {"b": sealed.keys["a"]}).open(STATEMENT, "b", KEYS["a"])


def test_a_box_under_another_statements_key_does_not_open(sealed):
    another = seal(HIDDEN, OTHER, {"a": PUBLIC["a"]}, os.urandom(KEY_SIZE))
    with pytest.raises(NotOpened):
        Sealed(another.box, sealed.keys).open(STATEMENT, "a", KEYS["a"])


def test_a_member_passes_it_on_to_one_that_came_later(sealed):
    later = sealed.pass_on(STATEMENT, "a", KEYS["a"], {"c": PUBLIC["c"]})
    assert (later.box, {*later.keys}) == (sealed.box, {"c"})
    assert later.open(STATEMENT, "c", KEYS["c"]) == HIDDEN
    with pytest.raises(NotOpened):
        sealed.pass_on(STATEMENT, "c", KEYS["c"], {"c": PUBLIC["c"]})


@given(st.data())
def test_no_changed_bit_opens(data):
    encoded = bytearray(seal(HIDDEN, STATEMENT, {"a": PUBLIC["a"]}, b"k" * KEY_SIZE).encode())
    place = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[place // 8] ^= 1 << place % 8
    with pytest.raises(HallmarkError):
        Sealed.parse(bytes(encoded)).open(STATEMENT, "a", KEYS["a"])


@given(st.integers(1, 2**53), st.integers(1, 2**53))
def test_its_length_does_not_tell_an_amount(one, other):
    lengths = {
        len(seal([Disclosure(bytes(16), "outputs", [{"amount": each}])], STATEMENT, PUBLIC, bytes(KEY_SIZE)).encode())
        for each in (one, other)
    }
    assert len(lengths) == 1


@given(st.binary(max_size=3 * BLOCK))
def test_padding_is_taken_away_again_and_has_one_form(content):
    padded = sealing.pad(content)
    assert len(padded) % BLOCK == 0 < len(padded) - len(content)
    assert sealing.unpad(padded) == content
    with pytest.raises(BadSealed):
        sealing.unpad(padded + bytes(BLOCK))


@given(st.binary(max_size=200))
def test_bytes_are_read_as_what_they_are_or_refused(data):
    try:
        beside = sealing.read(data)
    except HallmarkError:
        return
    assert sealing.write(beside) == data


@given(
    st.fixed_dictionaries(
        {
            "box": st.one_of(st.just(bytes(BLOCK + 16)), st.binary(max_size=40), st.none()),
            "keys": st.dictionaries(
                st.one_of(st.text(max_size=3), st.integers(0, 9)), st.one_of(st.just(bytes(80)), st.binary(max_size=3))
            ),
        },
        optional={"more": st.none()},
    )
)
def test_what_is_read_is_exactly_what_was_written(value):
    data = canonical.encode(value)
    try:
        sealed = Sealed.parse(data)
    except BadSealed:
        return
    assert sealed.encode() == data
    assert "more" not in value and all(len(key) == 80 for key in sealed.keys.values())


def test_both_forms_are_read_back(sealed):
    assert sealing.read(sealing.write(HIDDEN)) == HIDDEN
    assert sealing.read(sealing.write(sealed)) == sealed
    assert sealing.in_clear(disclosure.encode(HIDDEN)) == HIDDEN and sealing.in_clear(sealed.encode()) == ()


def test_there_is_a_limit_and_something_in_it(sealed):
    with pytest.raises(BadSealed):
        Sealed.parse(Sealed(bytes(MAX_SIZE - MAX_SIZE % BLOCK + 16), sealed.keys).encode())
    for empty in (Sealed(b"", sealed.keys), Sealed(sealed.box, {}), Sealed(bytes(16), sealed.keys)):
        with pytest.raises(BadSealed):
            Sealed.parse(empty.encode())


@pytest.mark.parametrize("key", [bytes(32), b"\1" + bytes(31), b"short"], ids=["zero", "small order", "short"])
def test_nothing_is_sealed_to_what_is_no_key(key):
    with pytest.raises(BadSealingKey):
        seal(HIDDEN, STATEMENT, {"a": key}, bytes(KEY_SIZE))
