"""Keys and signatures of the algorithms a ledger's genesis may allow, named by their COSE numbers.

| name      | COSE | public key                   | signature                    |
|-----------|------|------------------------------|------------------------------|
| Ed25519   | -19  | 32 bytes, RFC 8032           | 64 bytes, strict rule        |
| ESP256    | -9   | 65 bytes, SEC 1 uncompressed | 64 bytes r || s, s <= n / 2  |
| ML-DSA-44 | -48  | 1,312 bytes, FIPS 204        | 2,420 bytes                  |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from hallmark.kernel import ed25519 as strict_ed25519
from hallmark.kernel import hashing
from hallmark.kernel.ed25519 import BadSignature as BadSignature  # part of this face
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

ED25519 = -19
ESP256 = -9
ML_DSA_44 = -48

NAMES: Mapping[int, str] = {ED25519: "Ed25519", ESP256: "ESP256", ML_DSA_44: "ML-DSA-44"}

_N_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_P256_SIGNATURE = 64
_NO_KEY = Text("内容不是该算法的密钥", "the bytes are no key of the algorithm")
_NO_PEM = Text("内容不是所支持密钥的 PEM", "it is no PEM of a key that is supported here")
_LOCKED = Text("已加密，须提供口令", "it is encrypted, so its passphrase is needed")
_NOT_LOCKED = Text("未加密，却给出了口令", "it is not encrypted, and a passphrase was given")
_WRONG_PASSWORD = Text("口令不对，或文件已损坏", "the passphrase is another, or the file is damaged")
_IDS_KEPT = 4096  # a node meets the same keys again and again


class BadKey(Malformed):
    """The bytes are no public or private key of the algorithm."""

    en = "This is not a valid {algorithm} key: {why}. Export the key again."
    zh = "这不是有效的 {algorithm} 密钥：{why}。请重新导出密钥。"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: COSE algorithm number and raw bytes; `check` tells whether the bytes are a key at all."""

    algorithm: int
    material: bytes

    @property
    def id(self) -> bytes:
        """32-byte key identifier: SHA-256 over algorithm and bytes."""
        return _id_of(self.algorithm, self.material)

    def check(self) -> None:
        """Raise `BadKey` unless the bytes are a public key of the algorithm."""
        loader = _LOADERS.get(self.algorithm)
        if loader is None:
            raise BadKey(algorithm=self.algorithm, why=Text("不支持该算法", "the algorithm is not supported"))
        try:
            loader(self.material)
        except BadSignature as error:
            raise BadKey(algorithm=NAMES[self.algorithm], why=error.facts["why"]) from None
        except ValueError:
            raise BadKey(algorithm=NAMES[self.algorithm], why=_NO_KEY) from None

    def verify(self, message: bytes, signature: bytes) -> None:
        """Raise `BadSignature` unless `signature` over `message` is this key's."""
        verifier = _VERIFIERS.get(self.algorithm)
        if verifier is None:
            raise BadSignature(why=Text(f"不支持算法 {self.algorithm}", f"algorithm {self.algorithm} is not supported"))
        verifier(self.material, message, signature)


class Signer(Protocol):
    """Where a private key is: a file, a token, a service. It signs; it never gives the key."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes: ...


class SoftwareSigner:
    """A private key in memory."""

    def __init__(self, private: Any) -> None:
        self._private = private
        if isinstance(private, ed25519.Ed25519PrivateKey):
            self.public = PublicKey(ED25519, private.public_key().public_bytes_raw())
        elif isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
            point = private.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
            self.public = PublicKey(ESP256, point)
        elif isinstance(private, mldsa.MLDSA44PrivateKey):
            self.public = PublicKey(ML_DSA_44, private.public_key().public_bytes_raw())
        else:
            raise BadKey(algorithm=type(private).__name__, why=Text("不支持该算法", "the algorithm is not supported"))

    @classmethod
    def generate(cls, algorithm: int = ED25519) -> SoftwareSigner:
        """Return a new key of the COSE `algorithm`; raises `BadKey`."""
        if algorithm not in _GENERATORS:
            raise BadKey(algorithm=algorithm, why=Text("不支持该算法", "the algorithm is not supported"))
        return cls(_GENERATORS[algorithm]())

    @classmethod
    def from_seed(cls, seed: bytes, algorithm: int = ED25519) -> SoftwareSigner:
        """Return the Ed25519 or ML-DSA-44 key of a 32-byte seed (RFC 8032, FIPS 204); raises `BadKey`."""
        if algorithm not in _FROM_SEED:
            raise BadKey(
                algorithm=NAMES.get(algorithm, algorithm), why=Text("该算法的密钥没有种子", "its keys have no seed")
            )
        try:
            return cls(_FROM_SEED[algorithm](seed))
        except ValueError:
            raise BadKey(algorithm=NAMES[algorithm], why=Text("种子不是 32 字节", "its seed is not 32 bytes")) from None

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None = None) -> SoftwareSigner:
        """Return the key of a PKCS #8 PEM; raises `BadKey`."""
        try:
            return cls(serialization.load_pem_private_key(pem, password))
        except TypeError:  # a password is missing, or one was given for a key that has none
            raise BadKey(algorithm="PKCS #8", why=_LOCKED if password is None else _NOT_LOCKED) from None
        except (ValueError, UnsupportedAlgorithm):
            why = _NO_PEM if password is None else _WRONG_PASSWORD
            raise BadKey(algorithm="PKCS #8", why=why) from None

    def to_pem(self, password: bytes | None = None) -> bytes:
        """Return the key as PKCS #8 PEM, encrypted where a password is given."""
        encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pem: bytes = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        return pem

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message` in the form of the table above."""
        if self.public.algorithm != ESP256:
            signature: bytes = self._private.sign(message)
            return signature
        return from_der(self._private.sign(message, ec.ECDSA(hashes.SHA256())))


@lru_cache(_IDS_KEPT)
def _id_of(algorithm: int, material: bytes) -> bytes:
    return hashing.digest_of("hallmark/key/1", [algorithm, material])


def from_der(signature: bytes) -> bytes:
    """Return a P-256 signature in DER, with either s, as 64 bytes r || s, s <= n / 2; raises `BadSignature`."""
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32) + min(s, _N_P256 - s).to_bytes(32)
    except (ValueError, OverflowError):
        raise BadSignature(why=Text("不是 DER 形式的 P-256 签名", "it is no P-256 signature in DER")) from None


def _load_p256(material: bytes) -> ec.EllipticCurvePublicKey:
    if material[:1] != b"\x04":
        raise ValueError("the point is not uncompressed")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), material)


def _verify_p256(material: bytes, message: bytes, signature: bytes) -> None:
    if len(signature) != _P256_SIGNATURE:
        raise BadSignature(why=Text("长度不是 64 字节", "it is not 64 bytes"))
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if not (0 < r < _N_P256 and 0 < s <= _N_P256 // 2):
        raise BadSignature(
            why=Text("r 或 s 超出范围", "r or s is out of range")
        )  # high s would give one statement two encodings
    try:
        _load_p256(material).verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise BadSignature(why=Text("签名等式不成立", "the equation does not hold")) from None


def _verify_mldsa(material: bytes, message: bytes, signature: bytes) -> None:
    try:
        mldsa.MLDSA44PublicKey.from_public_bytes(material).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise BadSignature(why=Text("签名等式不成立", "the equation does not hold")) from None


_LOADERS: Mapping[int, Callable[[bytes], object]] = {
    ED25519: strict_ed25519.check_key,
    ESP256: _load_p256,
    ML_DSA_44: mldsa.MLDSA44PublicKey.from_public_bytes,
}
_VERIFIERS: Mapping[int, Callable[[bytes, bytes, bytes], None]] = {
    ED25519: strict_ed25519.verify,
    ESP256: _verify_p256,
    ML_DSA_44: _verify_mldsa,
}
_FROM_SEED: Mapping[int, Callable[[bytes], object]] = {
    ED25519: ed25519.Ed25519PrivateKey.from_private_bytes,
    ML_DSA_44: mldsa.MLDSA44PrivateKey.from_seed_bytes,
}
_GENERATORS: Mapping[int, Callable[[], object]] = {
    ED25519: ed25519.Ed25519PrivateKey.generate,
    ESP256: lambda: ec.generate_private_key(ec.SECP256R1()),
    ML_DSA_44: mldsa.MLDSA44PrivateKey.generate,
}
