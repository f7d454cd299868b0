"""The printed code is small, strict, and of a published form."""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate import base45, qr
from hallmark.certificate.preset import DICTIONARY
from hallmark.certificate.qr import BadPrinted, PrintedProof, PrintedReference, TooLargeToPrint
from hallmark.kernel import canonical, identifier
from hallmark.kernel.errors import HallmarkError
from hallmark.statement.shape import BadClaim
from verify.register import Register

NUMBER = identifier.complete("CFP-NORTH-2026-01-000001")
DIGEST = bytes(range(32))
ADDRESS = "https://register.example/certificates/" + NUMBER


def text_of(value, dictionary=DICTIONARY, data=None):
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=dictionary)
    data = canonical.encode(value) if data is None else data
    return "HM1:" + base45.encode(deflater.compress(data) + deflater.flush())


@pytest.fixture
def proof(certified):
    """The printed proof of a certificate as a CBOR value."""
    register, number = Register(certified[0], ("a",)), certified[1]
    issued = register.form(number).issued
    signatures = [[signature.key_id, signature.value] for signature in register.checkpoint.signatures]
    return [1, issued.encoded, issued.index, b"".join(issued.path), len(register.tree), [], signatures]


def test_the_dictionary_is_the_one_that_the_specification_publishes():
    """A dictionary that changes makes every code in print unreadable."""
    assert hashlib.sha256(DICTIONARY).hexdigest() == (
        "16cffebef1d365e4d11c2d84709ce56c2693b88868c93361abecca8c231be8c7"
    )
    text = (Path(__file__).parents[2] / "docs" / "spec" / "certificate.md").read_text("utf-8")
    (block,) = re.findall(r"```base64\n([A-Za-z0-9+/=\n]+)```", text)
    assert b64decode(block) == DICTIONARY


def test_the_dictionary_halves_a_statement(certified):
    market, number = certified
    entry = Register(market).form(number).issued.encoded

    def deflated(dictionary):
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=dictionary)
        return len(deflater.compress(entry) + deflater.flush())

    assert deflated(DICTIONARY) < 0.6 * deflated(b"no help")


def test_a_proof_comes_back(certified):
    register, number = Register(certified[0], ("a", "b")), certified[1]
    issued = register.form(number).issued
    parsed = qr.parse(qr.encode_proof(issued, register.checkpoint))
    assert isinstance(parsed, PrintedProof)
    assert (parsed.issued, parsed.size, parsed.extensions) == (issued, len(register.tree), ())
    assert [value for _, value in parsed.signatures] == [each.value for each in register.checkpoint.signatures]


def test_a_reference_comes_back():
    assert qr.parse(qr.encode_reference(NUMBER, DIGEST, ADDRESS)) == PrintedReference(NUMBER, DIGEST, ADDRESS)


@pytest.mark.parametrize(
    ("number", "digest", "address"),
    [("CFP-1", DIGEST, ADDRESS), (NUMBER, DIGEST[:-1], ADDRESS), (NUMBER, DIGEST, ""), (NUMBER, DIGEST, "x" * 201)],
)
def test_a_reference_names_a_number_a_digest_and_an_address(number, digest, address):
    with pytest.raises(BadClaim):
        qr.encode_reference(number, digest, address)
    with pytest.raises(BadClaim):
        qr.parse(text_of([2, number, digest, address]))


def test_fifteen_hundred_bytes_fit_and_one_more_does_not(proof):
    def fits(extra):
        noise = hashlib.shake_256(b"noise").digest(extra)
        return qr._encode([*proof, noise])

    size = next(extra for extra in range(2_000) if _too_large(fits, extra + 1))
    assert (len(fits(size)) - 4 + 1) // 3 * 2 >= 1_498
    with pytest.raises(TooLargeToPrint):
        fits(size + 1)


def _too_large(fits, extra):
    try:
        fits(extra)
    except TooLargeToPrint:
        return True
    return False


@pytest.mark.parametrize(
    "change",
    [
        lambda value: [3, *value[1:]],
        lambda value: value[:-1],
        lambda value: [*value, 0],
        lambda value: [*value[:1], b"", *value[2:]][:6],
        lambda value: [*value[:2], -1, *value[3:]],
        lambda value: [*value[:2], True, *value[3:]],
        lambda value: [*value[:3], value[3][:-1], *value[4:]],
        lambda value: [*value[:3], bytes(32 * 64), *value[4:]],
        lambda value: [*value[:4], "48", *value[5:]],
        lambda value: [*value[:5], ["a\x00b"], *value[6:]],
        lambda value: [*value[:5], ["a"] * 9, *value[6:]],
        lambda value: [*value[:6], [[b"abc", bytes(64)]]],
        lambda value: [*value[:6], [[b"abcd", 5]]],
        lambda value: [*value[:6], [[b"abcd", b"", b""]]],
        lambda value: [*value[:6], [[b"abcd", b""]] * 257],
        lambda _: {},
        lambda _: [2, NUMBER, DIGEST],
    ],
)
def test_another_shape_is_refused(proof, change):
    qr.parse(text_of(proof))
    with pytest.raises(HallmarkError):
        qr.parse(text_of(change(proof)))


@pytest.mark.parametrize(
    "text",
    ["", "HM1:", "HM2:" + text_of([2])[4:], "hm1:A", " HM1:", "HM1:" + "0" * 2_252, "HM1:é", "HM1:ABC"],
)
def test_what_is_no_code_is_refused(text):
    with pytest.raises(HallmarkError):
        qr.parse(text)


def test_another_dictionary_gives_nothing():
    with pytest.raises(HallmarkError):
        qr.parse(text_of([2, NUMBER, DIGEST, ADDRESS], dictionary=DICTIONARY[::-1]))


def test_a_bomb_does_not_go_off():
    text = text_of(None, data=bytes(1_000_000))
    assert len(text) < 2_000
    with pytest.raises(BadPrinted, match="too much"):
        qr.parse(text)


def test_bytes_after_the_stream_are_refused():
    text = qr.encode_reference(NUMBER, DIGEST, ADDRESS)
    data = base45.decode(text[4:])
    for more in (b"\0", data):
        with pytest.raises(BadPrinted):
            qr.parse("HM1:" + base45.encode(data + more))
    with pytest.raises(BadPrinted):
        qr.parse("HM1:" + base45.encode(data[:-1]))


@given(st.binary(max_size=200))
def test_hostile_content_never_raises_anything_but_ours(data):
    with pytest.raises(HallmarkError):
        qr.parse(text_of(None, data=data))
