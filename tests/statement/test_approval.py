"""Approvals: one person, one function, one content; the other form, another site or another key is refused."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel import hashing, identifier
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ED25519, ESP256, ML_DSA_44, PublicKey, SoftwareSigner
from hallmark.statement import envelope
from hallmark.statement.approval import Approval, BadApproval, approve, challenge
from hallmark.statement.envelope import Draft
from hallmark.statement.shape import BadClaim

SITE = "approve.example"
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
GRACE, HENRY = (identifier.from_seed("PERSON", name) for name in (b"grace", b"henry"))
KEY = SoftwareSigner.from_seed(b"g" * 32)
PASSKEY = SoftwareSigner.generate(ESP256)


def draft(kind: str = "decision.made", **changes: Any) -> Draft:
    claims = {
        "decision.made": {"case_digest": b"d" * 32, "outcome": "grant", "reasons": "as recommended"},
        "review.recommended": {"case_digest": b"d" * 32, "recommendation": "grant", "reasons": "as recommended"},
    }[kind]
    place = {
        "environment": "test",
        "issuer": identifier.from_seed("ORG", b"northern"),
        "subject": identifier.from_seed("CASE", b"1"),
        "issued_at": 1_780_000_000,
    }
    made, _ = envelope.compose(kind, claims={**claims, **changes.pop("claims", {})}, salt=lambda: b"s" * 16, **place)
    return replace(made, **changes)


DIGEST = draft().approval_digest
OTHERS = {
    "environment": draft(environment="live"),
    "kind": draft("review.recommended"),
    "issuer": draft(issuer=identifier.from_seed("ORG", b"southern")),
    "subject": draft(subject=identifier.from_seed("CASE", b"2")),
    "time": draft(issued_at=1_780_000_001),
    "public claim": draft(claims={"case_digest": b"e" * 32}),
    "members' claim": draft(claims={"reasons": "otherwise"}),
    "members' digest sealed": draft(members={}, sealed=draft().members),
}


def assertion(
    content: bytes = DIGEST,
    *,
    site: str = SITE,
    origin: str = "",
    made: str = "webauthn.get",
    flags: int = 0x05,
    signer: SoftwareSigner = PASSKEY,
    function: str = "decision_maker",
    client: bytes | None = None,
    tail: bytes = b"",
) -> Approval:
    """Return what an authenticator answers; Web Authentication level 2, sections 5.8.1 and 6.1."""
    asked = base64.urlsafe_b64encode(challenge(content, GRACE, function)).rstrip(b"=").decode()
    fields = {"type": made, "challenge": asked, "origin": origin or f"https://{site}", "crossOrigin": False}
    client_data = json.dumps(fields).encode() if client is None else client
    data = hashing.sha256(site.encode()) + bytes([flags]) + (7).to_bytes(4) + tail
    signed = data + hashing.sha256(client_data)
    if signer.public.algorithm == ESP256:
        signature = signer._private.sign(signed, ec.ECDSA(hashes.SHA256()))
    else:
        signature = signer.sign(signed)
    return Approval(GRACE, function, signer.public.id, signature, (data, client_data))


def refused(approval: Approval, key: PublicKey, digest: bytes = DIGEST, site: str | None = None) -> str:
    with pytest.raises(BadApproval) as caught:
        approval.verify(key, digest, site)
    assert "Electronic Signature Law" in str(caught.value)
    assert GRACE in caught.value.explain("zh") or HENRY in caught.value.explain("zh")
    return str(caught.value)


@pytest.mark.parametrize("algorithm", [ED25519, ESP256, ML_DSA_44])
def test_a_person_approves_with_a_key_of_any_algorithm(algorithm: int) -> None:
    signer = SoftwareSigner.generate(algorithm)
    approval = approve(DIGEST, GRACE, "decision_maker", signer)
    approval.verify(signer.public, DIGEST)
    assert Approval.from_value(approval.to_value()) == approval
    refused(replace(approval, signature=approval.signature[::-1]), signer.public)


@pytest.mark.parametrize("signer", [PASSKEY, KEY], ids=["ES256", "EdDSA"])
def test_a_person_approves_with_an_authenticator(signer: SoftwareSigner) -> None:
    approval = assertion(signer=signer)
    approval.verify(signer.public, DIGEST, SITE)
    assertion(signer=signer, flags=0x9D, tail=b"\xa0").verify(signer.public, DIGEST, SITE)
    assert Approval.from_value(approval.to_value()) == approval


@pytest.mark.parametrize("other", OTHERS)
def test_an_approval_is_not_one_of_another_statement(other: str) -> None:
    digest = OTHERS[other].approval_digest
    refused(approve(DIGEST, GRACE, "decision_maker", KEY), KEY.public, digest)
    assert "not this content" in refused(assertion(), PASSKEY.public, digest, SITE)
    approve(digest, GRACE, "decision_maker", KEY).verify(KEY.public, digest)
    assertion(digest).verify(PASSKEY.public, digest, SITE)


@pytest.mark.parametrize("change", [{"function": "responsible_person"}, {"person": HENRY}], ids=str)
def test_an_approval_is_not_one_in_another_function_or_of_another_person(change: dict[str, str]) -> None:
    refused(replace(approve(DIGEST, GRACE, "decision_maker", KEY), **change), KEY.public)
    assert "not this content" in refused(replace(assertion(), **change), PASSKEY.public, DIGEST, SITE)


def test_an_approval_is_not_one_with_another_key() -> None:
    approval = approve(DIGEST, GRACE, "decision_maker", KEY)
    other = SoftwareSigner.from_seed(b"h" * 32)
    assert "another key" in refused(approval, other.public)
    refused(replace(approval, key_id=other.public.id), other.public)
    refused(replace(assertion(), key_id=KEY.public.id), KEY.public, DIGEST, SITE)


def test_a_key_approves_only_in_the_form_it_was_enrolled_for() -> None:
    plain, passkey = approve(DIGEST, GRACE, "decision_maker", PASSKEY), assertion()
    plain.verify(PASSKEY.public, DIGEST)
    assert "another form" in refused(plain, PASSKEY.public, DIGEST, SITE)
    assert "another form" in refused(passkey, PASSKEY.public, DIGEST)
    refused(replace(plain, assertion=passkey.assertion), PASSKEY.public, DIGEST, SITE)
    refused(replace(passkey, assertion=None), PASSKEY.public)


def test_a_signature_over_the_bare_digest_is_no_approval() -> None:
    for message in (DIGEST, challenge(DIGEST, GRACE, "decision_maker"), b"hallmark/approval/1" + DIGEST):
        refused(Approval(GRACE, "decision_maker", KEY.public.id, KEY.sign(message)), KEY.public)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"site": "evil.example"}, "another site"),
        ({"site": "evil.example", "origin": f"https://{SITE}"}, "another site"),
        ({"origin": "https://evil.example"}, "another site"),
        ({"origin": f"http://{SITE}"}, "another site"),
        ({"origin": f"https://sub.{SITE}"}, "another site"),
        ({"origin": f"https://{SITE}:8443"}, "another site"),
        ({"origin": f"https://{SITE}/"}, "another site"),
        ({"made": "webauthn.create"}, "not this content"),
        ({"flags": 0x01}, "not verified by"),
        ({"flags": 0x04}, "not verified by"),
        ({"flags": 0x00}, "not verified by"),
        ({"function": "reviewer"}, "not this content"),
    ],
    ids=str,
)
def test_an_assertion_of_another_site_purpose_or_without_the_person_is_refused(wrong: Any, words: str) -> None:
    approval = assertion(**wrong)
    assert words in refused(replace(approval, function="decision_maker"), PASSKEY.public, DIGEST, SITE)


def _client(**changes: object) -> bytes:
    fields = json.loads(assertion().assertion[1])
    return json.dumps({**fields, **changes}).encode()


GIVEN = json.loads(assertion().assertion[1])["challenge"]


@pytest.mark.parametrize(
    "client",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"{}",
        b"{",
        b"\xff\xfe",
        b"[" * 2000,
        b'{"type":"webauthn.get","origin":"https://approve.example"}',
        _client(challenge=None),
        _client(challenge=GIVEN + "="),
        _client(challenge=GIVEN.swapcase()),
        _client(challenge=base64.b64encode(challenge(DIGEST, GRACE, "decision_maker")).decode()),
        _client(challenge=[GIVEN]),
        _client(origin=None),
        _client(origin=[f"https://{SITE}"]),
        _client(type=None),
    ],
    ids=lambda client: ascii(client)[:60],
)
def test_client_data_that_says_something_else_is_refused_although_signed(client: bytes) -> None:
    refused(assertion(client=client), PASSKEY.public, DIGEST, SITE)


@pytest.mark.parametrize("part", [0, 1, 2], ids=["authenticator data", "client data", "signature"])
def test_a_changed_byte_of_an_assertion_is_refused(part: int) -> None:
    approval = assertion()
    parts = (*approval.assertion, approval.signature)
    for at in range(len(parts[part])):
        changed = list(parts)
        changed[part] = parts[part][:at] + bytes([parts[part][at] ^ 1]) + parts[part][at + 1 :]
        other = replace(approval, assertion=(changed[0], changed[1]), signature=changed[2])
        refused(other, PASSKEY.public, DIGEST, SITE)


@pytest.mark.parametrize("size", [0, 32, 33, 36])
def test_authenticator_data_is_complete(size: int) -> None:
    approval = assertion()
    short = (approval.assertion[0][:size], approval.assertion[1])
    signed = short[0] + hashing.sha256(short[1])
    signature = PASSKEY._private.sign(signed, ec.ECDSA(hashes.SHA256()))
    refused(replace(approval, assertion=short, signature=signature), PASSKEY.public, DIGEST, SITE)


def test_authenticators_choose_either_s() -> None:
    approval = assertion()
    r, s = decode_dss_signature(approval.signature)
    for either in (s, N - s):
        replace(approval, signature=encode_dss_signature(r, either)).verify(PASSKEY.public, DIGEST, SITE)
    refused(replace(approval, signature=r.to_bytes(32) + min(s, N - s).to_bytes(32)), PASSKEY.public, DIGEST, SITE)


def test_half_an_assertion_is_no_approval() -> None:
    value = assertion().to_value()
    for name in ("authenticator_data", "client_data"):
        with pytest.raises(BadClaim, match="half"):
            Approval.from_value({key: item for key, item in value.items() if key != name})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(-9, 9), inner),
    max_leaves=6,
)


@given(VALUES, st.sampled_from(list(assertion().to_value())))
@settings(max_examples=50)
def test_any_value_for_an_approval_raises_nothing_but_our_errors(value: object, field: str) -> None:
    for hostile in (value, {**assertion().to_value(), field: value}, {**assertion().to_value(), "more": value}):
        try:
            Approval.from_value(hostile).verify(PASSKEY.public, DIGEST, SITE)
        except HallmarkError:
            continue
        raise AssertionError(hostile)


JSON = st.recursive(
    st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=9
)


@settings(max_examples=50)
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_client_data_raises_nothing_but_our_errors(client: bytes) -> None:
    refused(assertion(client=client, signer=KEY), KEY.public, DIGEST, SITE)
