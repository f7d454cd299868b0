"""Ed25519 by one strict rule: published vectors, C2SP's edge cases, and the bytes that libraries disagree on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hallmark.kernel import ed25519
from hallmark.kernel.ed25519 import BadSignature, D, L, P
from hallmark.kernel.keys import SoftwareSigner

# RFC 8032 section 7.1: secret key, public key, message, signature. TEST SHA(abc) signs SHA-512 of "abc".
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]

_ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
_NEUTRAL = (0, 1)


def _encode(point: tuple[int, int]) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _add(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    """RFC 8032 section 5.1.4, in affine coordinates."""
    (x1, y1), (x2, y2) = first, second
    product = D * x1 * x2 * y1 * y2
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P,
    )


def _points_of(y: int) -> set[tuple[int, int]]:
    """The points with that y: two, or one where x is 0."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * _ROOT_OF_MINUS_1 % P
    assert x * x % P == square
    return {(x, y), (-x % P, y)}


SMALL = sorted(point for y in ed25519._SMALL_ORDER_Y for point in _points_of(y))
SIGNER = SoftwareSigner.from_seed(bytes(32))
SIGNATURE = SIGNER.sign(b"message")


def verify(key: bytes = SIGNER.public.material, message: bytes = b"message", signature: bytes = SIGNATURE) -> None:
    ed25519.verify(key, message, signature)


@pytest.mark.parametrize(("seed", "key", "message", "signature"), RFC_8032, ids=["1", "2", "3", "SHA(abc)"])
def test_the_vectors_of_rfc_8032_are_made_and_verified(seed: str, key: str, message: str, signature: str) -> None:
    signer = SoftwareSigner.from_seed(bytes.fromhex(seed))
    assert signer.public.material.hex() == key
    assert signer.sign(bytes.fromhex(message)).hex() == signature
    verify(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))


def test_the_914_edge_cases_fall_as_the_rule_says(samples: Path) -> None:
    """C2SP/CCTV `ed25519`: S is reduced in all of them; 43 have A and R canonical, neither of small order, no residue.

    `low_order_residue` marks those whose equation holds only with cofactor, `reencoded_k` those whose k hashes another
    encoding of A or R than the one given. Components of small order beside a large one (`low_order_component_*`) do no
    harm where the equation holds.
    """
    vectors = json.loads((samples / "ed25519" / "ed25519vectors.json").read_bytes())
    against = {
        "non_canonical_A",
        "non_canonical_R",
        "low_order_A",
        "low_order_R",
        "low_order_residue",
        "reencoded_k",
    }
    wanted = {vector["number"] for vector in vectors if not against & set(vector["flags"] or ())}
    accepted = set()
    for vector in vectors:
        signature = bytes.fromhex(vector["sig"])
        assert int.from_bytes(signature[32:], "little") < L
        try:
            verify(bytes.fromhex(vector["key"]), vector["msg"].encode(), signature)
        except BadSignature:
            continue
        accepted.add(vector["number"])
    assert accepted == wanted
    assert (len(vectors), len(accepted)) == (914, 43)


def test_the_small_order_points_are_the_eight_there_are() -> None:
    assert len(SMALL) == 8
    for point in SMALL:
        doubled = _add(point, point)
        four = _add(doubled, doubled)
        assert _add(four, four) == _NEUTRAL


@pytest.mark.parametrize("point", SMALL, ids=[str(number) for number in range(8)])
def test_a_small_order_key_or_r_is_refused_though_the_equation_holds(point: tuple[int, int]) -> None:
    """With A neutral or of small order, R = -[k]A and S = 0, a signature verifies over many messages."""
    for sign in (0, 1):
        encoding = bytearray(_encode(point))
        encoding[31] ^= sign << 7
        with pytest.raises(BadSignature, match="small order"):
            verify(key=bytes(encoding))
        with pytest.raises(BadSignature, match="small order"):
            verify(signature=bytes(encoding) + bytes(32))


@pytest.mark.parametrize("y", range(P, 2**255))
def test_none_of_the_19_encodings_beyond_the_field_is_canonical(y: int) -> None:
    for sign in (0, 2**255):
        encoding = (y + sign).to_bytes(32, "little")
        with pytest.raises(BadSignature, match="canonically"):
            verify(key=encoding)
        with pytest.raises(BadSignature, match="canonically"):
            verify(signature=encoding + SIGNATURE[32:])


def test_s_and_s_plus_l_are_not_both_signatures() -> None:
    verify()
    s = int.from_bytes(SIGNATURE[32:], "little")
    with pytest.raises(BadSignature, match="reduced"):
        verify(signature=SIGNATURE[:32] + (s + L).to_bytes(32, "little"))


@pytest.mark.parametrize("at", range(64))
def test_a_changed_byte_of_the_signature_is_refused(at: int) -> None:
    changed = bytearray(SIGNATURE)
    changed[at] ^= 1 << at % 8
    with pytest.raises(BadSignature):
        verify(signature=bytes(changed))


def test_another_message_or_key_or_length_is_refused() -> None:
    other = SoftwareSigner.from_seed(b"\1" * 32).public.material
    for wrong in (
        {"message": b"massage"},
        {"key": other},
        {"key": b""},
        {"key": SIGNER.public.material + b"\0"},
        {"signature": b""},
        {"signature": SIGNATURE[:-1]},
        {"signature": SIGNATURE + b"\0"},
    ):
        with pytest.raises(BadSignature):
            verify(**wrong)


def test_a_key_is_a_point_of_the_curve() -> None:
    """Of y = 2 to 12 those that have no x, by Euler's criterion, are the ones that `_points_of` finds no root for."""
    for y in range(2, 13):
        encoding = y.to_bytes(32, "little")
        try:
            ed25519.check_key(encoding)
        except BadSignature:
            with pytest.raises(AssertionError):
                _points_of(y)
        else:
            assert _points_of(y)
    with pytest.raises(BadSignature, match="no point"):
        ed25519.check_key((2).to_bytes(32, "little"))
    ed25519.check_key(SIGNER.public.material)
