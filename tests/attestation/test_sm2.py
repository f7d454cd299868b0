"""SM2 against the published example, and against wrong signatures of every kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attestation.makers import sm2_point, sm2_sign
from hallmark.attestation import sm2
from hallmark.attestation.errors import BadEvidenceSignature
from hallmark.kernel.text import Text

# GM/T 0003.5-2012 (GB/T 32918.5-2017), annex A: signature on the recommended curve.
IDENTITY = b"1234567812345678"
MESSAGE = b"message digest"
SECRET = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
PUBLIC = (
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
WHAT = Text("报告", "report")


def test_the_published_signature_verifies() -> None:
    sm2.verify(PUBLIC, IDENTITY, MESSAGE, R, S, WHAT)
    assert sm2_point(SECRET) == PUBLIC


def test_the_published_digest_of_identity_and_message() -> None:
    digest = sm2.sm3(sm2.identity_digest(IDENTITY, PUBLIC) + MESSAGE)
    assert digest.hex() == "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"


@pytest.mark.parametrize(
    ("public", "identity", "message", "r", "s"),
    [
        (PUBLIC, IDENTITY, MESSAGE, R ^ 1, S),
        (PUBLIC, IDENTITY, MESSAGE, R, S ^ 1),
        (PUBLIC, IDENTITY, b"message digests", R, S),
        (PUBLIC, b"HYGON-SSD-PEK", MESSAGE, R, S),
        (PUBLIC, IDENTITY, MESSAGE, R + sm2.N, S),
        (PUBLIC, IDENTITY, MESSAGE, R, sm2.N - S),
        (PUBLIC, IDENTITY, MESSAGE, 0, S),
        (PUBLIC, IDENTITY, MESSAGE, R, 0),
        (PUBLIC, IDENTITY, MESSAGE, S, sm2.N - S),  # r + s = 0
        ((PUBLIC[0], PUBLIC[1] ^ 1), IDENTITY, MESSAGE, R, S),
        ((0, 0), IDENTITY, MESSAGE, R, S),
        ((PUBLIC[0] + sm2.P, PUBLIC[1]), IDENTITY, MESSAGE, R, S),
        (PUBLIC, bytes(1 << 13), MESSAGE, R, S),
    ],
)
def test_anything_else_is_refused(public, identity, message, r, s) -> None:
    with pytest.raises(BadEvidenceSignature):
        sm2.verify(public, identity, message, r, s, WHAT)


@settings(max_examples=25, deadline=None, database=None)
@given(st.integers(1, sm2.N - 2), st.binary(max_size=40), st.integers(1, sm2.N - 1))
def test_what_is_signed_verifies(secret, message, nonce) -> None:
    r, s = sm2_sign(secret, IDENTITY, message, nonce)
    if r and s and (r + s) % sm2.N:
        sm2.verify(sm2_point(secret), IDENTITY, message, r, s, WHAT)
