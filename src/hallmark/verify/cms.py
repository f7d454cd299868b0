"""The CMS object of a seal (RFC 5652), which has one form: a checker builds it again and compares.

Signed attributes are content type, message digest and signing certificate (RFC 5035), as PAdES B-B asks; SHA-256, ECDSA
P-256, one certificate, nothing unsigned.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hallmark.kernel import hashing

_INTEGER, _OCTETS, _SEQUENCE, _SET, _CONTEXT = 0x02, 0x04, 0x30, 0x31, 0xA0

_DATA = bytes.fromhex("06092a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE = bytes.fromhex("060b2a864886f70d010910022f")  # version 2, whose hash is SHA-256 unless it says so
_SHA256 = bytes.fromhex("300b0609608648016503040201")
_ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_VERSION = bytes.fromhex("020101")


def attributes(certificate: bytes, digest: bytes) -> bytes:
    """Return the signed attributes, a DER SET: the bytes under the signature."""
    hashed = _der(_OCTETS, hashing.sha256(certificate))
    each = (
        _attribute(_CONTENT_TYPE, _DATA),
        _attribute(_MESSAGE_DIGEST, _der(_OCTETS, digest)),
        _attribute(_SIGNING_CERTIFICATE, _der(_SEQUENCE, _der(_SEQUENCE, _der(_SEQUENCE, hashed)))),
    )
    return _der(_SET, *sorted(each))


def compose(certificate: bytes, digest: bytes, signature: bytes) -> bytes:
    """Return the object for a DER `certificate`, the 32-byte `digest` of the file and the `signature` r || s."""
    read = x509.load_der_x509_certificate(certificate)
    size = read.serial_number.bit_length() // 8 + 1
    signer = _der(
        _SEQUENCE,
        _VERSION,
        _der(_SEQUENCE, read.issuer.public_bytes(), _der(_INTEGER, read.serial_number.to_bytes(size))),
        _SHA256,
        bytes([_CONTEXT]) + attributes(certificate, digest)[1:],  # the same set under the tag of its place
        _ECDSA_SHA256,
        _der(_OCTETS, to_der(signature)),
    )
    data = _der(
        _SEQUENCE,
        _VERSION,
        _der(_SET, _SHA256),
        _der(_SEQUENCE, _DATA),
        _der(_CONTEXT, certificate),
        _der(_SET, signer),
    )
    return _der(_SEQUENCE, _SIGNED_DATA, _der(_CONTEXT, data))


def to_der(signature: bytes) -> bytes:
    """Return the DER form of a P-256 signature r || s."""
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


def signature_in(cms: bytes) -> bytes:
    """Return what stands where an object has its signature in DER; only `compose` tells whether it is an object."""
    return cms.rpartition(_ECDSA_SHA256)[2][2:]


def _attribute(name: bytes, value: bytes) -> bytes:
    return _der(_SEQUENCE, name, _der(_SET, value))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width) + content
