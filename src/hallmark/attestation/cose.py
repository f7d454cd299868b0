"""COSE messages with one signature, and keys (RFC 9052), under ECDSA (RFC 9053 section 2.1).

A key decides on its algorithm: ES256 on P-256, ES384 on P-384, ES512 on P-521, as RFC 9053 suggests, and no other pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hallmark.attestation import cbor, signature
from hallmark.attestation.errors import BadEvidence, BadEvidenceSignature
from hallmark.kernel import canonical
from hallmark.kernel.text import Text

ES256, ES384, ES512 = -7, -35, -36

_ECDSA: Mapping[int, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    ES256: (ec.SECP256R1(), hashes.SHA256()),
    ES384: (ec.SECP384R1(), hashes.SHA384()),
    ES512: (ec.SECP521R1(), hashes.SHA512()),
}
_ALGORITHM = 1  # a header's parameter
_CURVES = {1: ES256, 2: ES384, 3: ES512}  # a key's curve, and the algorithm it is for
_KEY_ALGORITHM, _KEY_OPERATIONS, _VERIFY = 3, 4, 2


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 taken apart, before its signature is looked at."""

    what: Text
    algorithm: int
    protected: bytes
    payload: bytes
    signature: bytes

    def verify(self, public: Any) -> None:
        """Raise `BadEvidenceSignature` unless `public`, a key for this very algorithm, signed the message."""
        curve, digest = _ECDSA[self.algorithm]
        if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != curve.name:
            raise BadEvidenceSignature(what=self.what)
        message = canonical.encode(["Signature1", self.protected, b"", self.payload])
        signature.verify_raw_ecdsa(public, self.signature, message, digest, self.what)


def parse(data: bytes, what: Text) -> Sign1:
    """Return the untagged COSE_Sign1 in `data`, whose headers say its algorithm and no more; raises `BadEvidence`."""
    parts = cbor.decode(data, what)
    if not isinstance(parts, list) or list(map(type, parts)) != [bytes, dict, bytes, bytes] or parts[1]:
        raise _bad(what, "不是 COSE_Sign1", "it is no COSE_Sign1 with an empty unprotected header")
    protected, _, payload, raw = parts
    header = cbor.decode(protected, what)
    for algorithm in _ECDSA:
        if header == {_ALGORITHM: algorithm}:
            return Sign1(what, algorithm, protected, payload, raw)
    raise _bad(what, "签名算法不受支持", "its algorithm is not supported")


def parse_key(data: bytes, what: Text) -> ec.EllipticCurvePublicKey:
    """Return the public key of the COSE_Key in `data`, both of whose coordinates are given in full.

    Raises `BadEvidence`, also where the key is said to be for another algorithm than its curve's, or not for verifying.
    """
    match cbor.decode(data, what):
        case {1: 2, -1: number, -2: bytes(x), -3: bytes(y), **more} if type(number) is int and len(x) == len(y):
            algorithm, uses = _CURVES.get(number), more.get(_KEY_OPERATIONS, [_VERIFY])
            if algorithm is None:
                raise _bad(what, "曲线不受支持", "its curve is not supported")
            if more.get(_KEY_ALGORITHM, algorithm) != algorithm or not isinstance(uses, list) or _VERIFY not in uses:
                raise _bad(what, "密钥的用途或算法不符", "its key is for another algorithm or use")
            return signature.point(_ECDSA[algorithm][0], x + y, what)
    raise _bad(what, "不是椭圆曲线公钥", "it is no public key on an elliptic curve")


def _bad(what: Text, zh: str, en: str) -> BadEvidence:
    return BadEvidence(what=what, why=Text(zh, en))
