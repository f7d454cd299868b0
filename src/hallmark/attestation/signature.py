"""Signatures in the raw forms that firmware writes them in, and public keys by their digest."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hallmark.attestation.errors import BadEvidence, BadEvidenceSignature
from hallmark.kernel import hashing
from hallmark.kernel.text import Text


def fingerprint(public: Any) -> bytes:
    """Return SHA-256 over the SubjectPublicKeyInfo of `public`, 32 bytes."""
    return hashing.sha256(
        public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def check_strength(public: Any, what: Text) -> None:
    """Raise `BadEvidence` for a curve below 224 bits, or another key that is measured in bits below 2,048.

    What is shorter is disallowed by NIST SP 800-131A.
    """
    least = 224 if isinstance(public, ec.EllipticCurvePublicKey) else 2048
    if getattr(public, "key_size", least) < least:
        raise BadEvidence(what=what, why=Text("密钥过短", "a key is too short"))


def point(curve: ec.EllipticCurve, coordinates: bytes, what: Text) -> ec.EllipticCurvePublicKey:
    """Return the public key x || y on `curve`; raises `BadEvidence`."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + coordinates)
    except ValueError:
        raise BadEvidence(what=what, why=Text("公钥不在曲线上", "its public key is no point of the curve")) from None


def verify_ecdsa(public: Any, r: int, s: int, message: bytes, algorithm: hashes.HashAlgorithm, what: Text) -> None:
    """Raise `BadEvidenceSignature` unless (r, s) is the ECDSA signature of `public` over `message`."""
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise BadEvidenceSignature(what=what)
    try:
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(algorithm))
    except (InvalidSignature, ValueError):
        raise BadEvidenceSignature(what=what) from None


def verify_raw_ecdsa(public: Any, raw: bytes, message: bytes, algorithm: hashes.HashAlgorithm, what: Text) -> None:
    """As `verify_ecdsa` for r || s, big-endian, each as long as the curve's order."""
    half = len(raw) // 2
    if not isinstance(public, ec.EllipticCurvePublicKey) or len(raw) != 2 * ((public.curve.key_size + 7) // 8):
        raise BadEvidenceSignature(what=what)
    verify_ecdsa(public, int.from_bytes(raw[:half]), int.from_bytes(raw[half:]), message, algorithm, what)


def verify_rsa(
    public: Any,
    raw: bytes,
    message: bytes,
    algorithm: hashes.HashAlgorithm,
    what: Text,
    scheme: padding.AsymmetricPadding | None = None,
) -> None:
    """Raise `BadEvidenceSignature` unless `raw` is the RSA signature over `message`, PKCS #1 v1.5 unless told.

    Raises `BadEvidence` for a short key.
    """
    if not isinstance(public, rsa.RSAPublicKey):
        raise BadEvidenceSignature(what=what)
    check_strength(public, what)
    try:
        public.verify(raw, message, scheme or padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError):
        raise BadEvidenceSignature(what=what) from None
