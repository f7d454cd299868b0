"""Keys of the three algorithms: published vectors, one encoding of each signature, and keys that are none."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hallmark.kernel import keys
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ED25519, ESP256, ML_DSA_44, BadKey, BadSignature, PublicKey, SoftwareSigner

ALGORITHMS = (ED25519, ESP256, ML_DSA_44)
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # order of P-256, SEC 2 section 2.4.2

# RFC 6979 appendix A.2.5, SHA-256: the key, and (message, r, s); the first s is above n / 2.
KEY_6979 = PublicKey(
    ESP256,
    bytes.fromhex(
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    ),
)
SAMPLE = (
    b"sample",
    0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
    0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
)
TEST = (
    b"test",
    0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
    0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
)


def raw(r: int, s: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32)


@pytest.fixture(scope="module", params=ALGORITHMS, ids=[keys.NAMES[number] for number in ALGORITHMS])
def signer(request: pytest.FixtureRequest) -> SoftwareSigner:
    return SoftwareSigner.generate(request.param)


def test_what_a_key_signed_it_verifies_and_nothing_else(signer: SoftwareSigner) -> None:
    signature = signer.sign(b"message")
    signer.public.check()
    signer.public.verify(b"message", signature)
    for message, other in (
        (b"massage", signature),
        (b"", signature),
        (b"message", signer.sign(b"")),
        (b"message", b""),
    ):
        with pytest.raises(BadSignature):
            signer.public.verify(message, other)
    with pytest.raises(BadSignature):
        SoftwareSigner.generate(signer.public.algorithm).public.verify(b"message", signature)


def test_a_changed_byte_of_a_signature_is_refused(signer: SoftwareSigner) -> None:
    signature = signer.sign(b"message")
    for at in range(0, len(signature), max(1, len(signature) // 300)):
        with pytest.raises(BadSignature):
            signer.public.verify(b"message", signature[:at] + bytes([signature[at] ^ 0x40]) + signature[at + 1 :])
    for changed in (signature[:-1], signature + b"\0", b"\0" + signature):
        with pytest.raises(BadSignature):
            signer.public.verify(b"message", changed)


def test_a_signature_has_the_size_that_the_table_states(signer: SoftwareSigner) -> None:
    sizes = {ED25519: (32, 64), ESP256: (65, 64), ML_DSA_44: (1312, 2420)}
    public = signer.public
    assert (len(public.material), len(signer.sign(b""))) == sizes[public.algorithm]


def test_a_key_comes_back_from_its_pem_with_the_password_alone(signer: SoftwareSigner) -> None:
    assert SoftwareSigner.from_pem(signer.to_pem()).public == signer.public
    locked = signer.to_pem(b"word")
    assert SoftwareSigner.from_pem(locked, b"word").public == signer.public
    for password in (None, b"ward"):
        with pytest.raises(BadKey):
            SoftwareSigner.from_pem(locked, password)


def test_a_key_identifier_depends_on_algorithm_and_bytes() -> None:
    assert len({PublicKey(algorithm, material).id for algorithm in ALGORITHMS for material in (b"", b"a")}) == 6


@pytest.mark.parametrize("algorithm", [*ALGORITHMS, 0, -7, -8, 2**64])
@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64, 65, 66, 1311, 1312, 1313])
@pytest.mark.parametrize("byte", [0x00, 0x04, 0xFF])
def test_hostile_keys_raise_nothing_but_our_errors(algorithm: int, size: int, byte: int) -> None:
    """The only one of these that is a key: any 1,312 bytes are an ML-DSA-44 key, and y = 4 repeated is on the curve."""
    key = PublicKey(algorithm, bytes([byte]) * size)
    try:
        key.check()
    except BadKey:
        pass
    else:
        assert (algorithm, size) in {(ML_DSA_44, 1312), (ED25519, 32)}
    for signature in (b"", bytes(64), b"\x01" * 64, bytes(2420)):
        with pytest.raises(BadSignature):
            key.verify(b"message", signature)


@pytest.mark.parametrize(("message", "r", "s"), [SAMPLE, TEST], ids=["sample", "test"])
def test_the_p256_vectors_of_rfc_6979_verify_with_the_lower_s_alone(message: bytes, r: int, s: int) -> None:
    low, high = sorted((s, N - s))
    KEY_6979.verify(message, raw(r, low))
    with pytest.raises(BadSignature, match="out of range"):
        KEY_6979.verify(message, raw(r, high))


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (N, 1), (1, N), (2**256 - 1, 1), (1, N // 2 + 1)])
def test_r_and_s_of_p256_lie_within_their_bounds(r: int, s: int) -> None:
    with pytest.raises(BadSignature, match="out of range"):
        KEY_6979.verify(b"sample", raw(r, s))


def test_a_p256_key_is_an_uncompressed_point_of_the_curve() -> None:
    KEY_6979.check()
    x, y = KEY_6979.material[1:33], KEY_6979.material[33:]
    for material in (
        bytes([2 + y[-1] % 2]) + x,
        bytes([6 + y[-1] % 2]) + x + y,
        b"\4" + x + y[:-1] + bytes([y[-1] ^ 1]),
        b"\4" + bytes(64),
        b"\0",
    ):
        key = PublicKey(ESP256, material)
        with pytest.raises(BadKey):
            key.check()
        with pytest.raises(BadSignature):
            key.verify(TEST[0], raw(*TEST[1:]))


def test_a_der_signature_of_either_s_becomes_the_one_raw_form() -> None:
    _, r, s = SAMPLE
    assert keys.from_der(encode_dss_signature(r, s)) == keys.from_der(encode_dss_signature(r, N - s)) == raw(r, N - s)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        encode_dss_signature(*SAMPLE[1:]) + b"\0",
        encode_dss_signature(1, N + 1),
        encode_dss_signature(2**256, 1),
        bytes.fromhex("30060201ff020101"),
        bytes.fromhex("3007020200010201 01"),
        raw(*TEST[1:]),
    ],
    ids=["empty", "no integers", "trailing byte", "s beyond n", "r too long", "r negative", "r padded", "raw"],
)
def test_what_is_no_strict_der_is_refused(der: bytes) -> None:
    with pytest.raises(BadSignature, match="DER"):
        keys.from_der(der)


def test_an_ml_dsa_key_grows_from_its_seed_as_published() -> None:
    """RFC 9881 appendix C: the example key of the seed 00 01 ... 1f; a key begins with rho, its first 32 bytes."""
    public = SoftwareSigner.from_seed(bytes(range(32)), ML_DSA_44).public
    assert public.material[:32].hex() == "d7b2b47254aae0db45e7930d4a98d2c97d8f1397d1789dafa17024b316e9bec9"


def test_a_seed_makes_no_key_of_an_algorithm_without_seeds_nor_of_another_size() -> None:
    for algorithm in (ESP256, 0):
        with pytest.raises(BadKey):
            SoftwareSigner.from_seed(bytes(32), algorithm)
    for algorithm in (ED25519, ML_DSA_44):
        with pytest.raises(BadKey):
            SoftwareSigner.from_seed(bytes(31), algorithm)
    with pytest.raises(BadKey):
        SoftwareSigner.generate(0)


def _pem(private: x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        _pem(x25519.X25519PrivateKey.generate()),
        _pem(ec.generate_private_key(ec.SECP384R1())),
        # PKCS #8 whose algorithm is 1.2.3.4, which nobody knows.
        b"-----BEGIN PRIVATE KEY-----\nMAwCAQAwBQYDKgMEBAA=\n-----END PRIVATE KEY-----\n",
    ],
    ids=["nothing", "empty", "X25519", "P-384", "unknown algorithm"],
)
def test_a_pem_of_another_key_is_refused(pem: bytes) -> None:
    with pytest.raises(BadKey):
        SoftwareSigner.from_pem(pem)


def test_a_bad_key_is_explained_in_one_sentence_not_in_two() -> None:
    with pytest.raises(HallmarkError) as caught:
        PublicKey(ED25519, bytes(31)).check()
    assert str(caught.value) == "This is not a valid Ed25519 key: the key is not 32 bytes. Export the key again."
