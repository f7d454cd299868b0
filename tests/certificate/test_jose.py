"""Credentials enveloped in a JSON Web Signature."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate import jose
from hallmark.certificate.jose import BadEnvelope, BadJws, from_base64url, to_base64url
from hallmark.certificate.multikey import NotEd25519
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ESP256, SoftwareSigner

SIGNER = SoftwareSigner.from_seed(bytes(32))
METHOD = "did:key:z6Mk#z6Mk"
DOCUMENT = {"id": "https://register.example/certificates/1", "name": "证书"}
DATA = jose.envelop(DOCUMENT, METHOD, SIGNER)


def rewritten(**header):
    parts = DATA.decode().split(".")
    head = {**json.loads(from_base64url(parts[0])), **header}
    signed = f"{to_base64url(json.dumps(head).encode())}.{parts[1]}"
    return f"{signed}.{to_base64url(SIGNER.sign(signed.encode()))}".encode()


def test_an_envelope_is_what_rfc_7515_says():
    header, payload, signature = (from_base64url(part) for part in DATA.decode().split("."))
    assert json.loads(header) == {"alg": "EdDSA", "cty": "vc", "typ": "vc+jwt", "kid": METHOD}
    assert json.loads(payload) == DOCUMENT
    SIGNER.public.verify(DATA.rpartition(b".")[0], signature)


def test_an_envelope_opens_under_its_key():
    assert jose.method_of(DATA) == METHOD
    assert jose.verify(DATA, SIGNER.public) == DOCUMENT


def test_the_signature_of_rfc_8037_verifies_under_our_rule():
    """RFC 8037 appendix A.4: the same scheme, over a payload that is no credential."""
    key = SoftwareSigner.from_seed(from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert to_base64url(key.sign(signed)) == expected
    with pytest.raises(BadJws):
        jose.method_of(signed + b"." + expected.encode())


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"alg": "Ed25519"}, {"typ": "JWT"}, {"cty": "x"}, {"kid": 1}, {"jwk": {}}],
)
def test_no_other_header_is_read_however_well_it_is_signed(header):
    assert jose.verify(rewritten(), SIGNER.public) == DOCUMENT
    with pytest.raises(BadJws):
        jose.verify(rewritten(**header), SIGNER.public)


def test_every_changed_character_is_refused():
    for at in range(len(DATA)):
        other = b"A" if DATA[at : at + 1] != b"A" else b"B"
        with pytest.raises(HallmarkError):
            jose.verify(DATA[:at] + other + DATA[at + 1 :], SIGNER.public)


def test_another_key_does_not_open_it():
    with pytest.raises(BadEnvelope):
        jose.verify(DATA, SoftwareSigner.generate().public)
    with pytest.raises(NotEd25519):
        jose.envelop(DOCUMENT, METHOD, SoftwareSigner.generate(ESP256))


@pytest.mark.parametrize("data", [b"", b"..", DATA + b".", DATA + b"=", DATA[:-1], b"\xff", DATA.replace(b".", b". ")])
def test_what_is_no_envelope_is_refused(data):
    with pytest.raises(HallmarkError):
        jose.verify(data, SIGNER.public)


def test_what_is_no_object_is_no_credential():
    parts = DATA.split(b".")
    signed = parts[0] + b"." + to_base64url(b"[]").encode()
    with pytest.raises(BadJws):
        jose.verify(signed + b"." + to_base64url(SIGNER.sign(signed)).encode(), SIGNER.public)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n", max_size=12))
def test_base64url_has_one_spelling_or_none(text):
    data = from_base64url(text)
    assert data is None or to_base64url(data) == text
