"""Arm CCA tokens made here, the root of our own authority being the platform's attestation key."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from attestation.makers import REPORT_DATA, Authority, ec_key, raw, xy
from hallmark.attestation.formats import Bundle
from hallmark.kernel import canonical

RAK = ec_key(70)
PROFILES = "tag:arm.com,2023:cca_platform#1.0.0", "tag:arm.com,2023:realm#1.0.0"
BEFORE = "http://arm.com/CCA-SSD/1.0.0"
EAT_COLLECTION, CMW_COLLECTION = b"\xd9\x01\x8f", b"\xd9\x03\x8b"
SIGN1 = b"\xd2"
ES256, ES384, ES512 = -7, -35, -36
_HASHES = {ES256: hashes.SHA256(), ES384: hashes.SHA384(), ES512: hashes.SHA512()}
_CURVES = {"secp256r1": (1, ES256), "secp384r1": (2, ES384), "secp521r1": (3, ES512)}


def cose_key(key: ec.EllipticCurvePrivateKey, **parameters: object) -> bytes:
    """The public key as a COSE_Key; `parameters` are `alg` and `key_ops`, or coordinates in place of the right ones."""
    point, (curve, _) = xy(key), _CURVES[key.curve.name]
    numbers = {"crv": -1, "x": -2, "y": -3, "alg": 3, "key_ops": 4}
    fields = {"crv": curve, "x": point[: len(point) // 2], "y": point[len(point) // 2 :]} | parameters
    return canonical.encode({1: 2, **{numbers[name]: value for name, value in fields.items()}})


def sign1(key: ec.EllipticCurvePrivateKey, claims: object, algorithm: int = 0, header=None, unprotected=None) -> bytes:
    """A tagged COSE_Sign1 over `claims`, under the algorithm of the key's curve unless told."""
    algorithm = algorithm or _CURVES[key.curve.name][1]
    protected, payload = canonical.encode(header or {1: algorithm}), canonical.encode(claims)
    message = canonical.encode(["Signature1", protected, b"", payload])
    return SIGN1 + canonical.encode([protected, unprotected or {}, payload, raw(key, message, _HASHES[algorithm])])


# Claims by name: key, and the value they have unless told; those that are the whole's to say are None.
PLATFORM: dict[str, tuple[int, object]] = {
    "challenge": (10, None),
    "instance_id": (256, b"\x01" + b"\x1d" * 32),
    "profile": (265, PROFILES[0]),
    "lifecycle": (2395, 0x3003),
    "implementation_id": (2396, b"\x1e" * 32),
    "components": (2399, None),
    "config": (2401, b"\xcf" * 4),
    "hash": (2402, "sha-256"),
}
REALM: dict[str, tuple[int, object]] = {
    "challenge": (10, None),
    "profile": (265, PROFILES[1]),
    "personalization_value": (44235, b"\x5a" * 64),
    "hash": (44236, "sha-256"),
    "public_key": (44237, None),
    "initial_measurement": (44238, b"\x4d" * 32),
    "extensible_measurements": (44239, [bytes([index]) * 32 for index in range(4)]),
    "public_key_hash": (44240, "sha-256"),
}
COMPONENT: dict[str, tuple[int, object]] = {
    "type": (1, "RMM"),
    "measurement": (2, b"\x52" * 32),
    "version": (4, "1.0"),
    "signer": (5, b"\x53" * 32),
}


def claims(made: dict[str, tuple[int, object]], **changes: object) -> dict[int, object]:
    """A set of claims; a change to None leaves one out."""
    values = {name: value for name, (_, value) in made.items()} | changes
    return {made[name][0]: value for name, value in values.items() if value is not None}


def component(**changes: object) -> dict[int, object]:
    return claims(COMPONENT, **changes)


def platform_claims(challenge: bytes, **changes: object) -> dict[int, object]:
    components = [component(), component(type="AP_BL2", measurement=b"\x54" * 48)]
    return claims(PLATFORM, **{"challenge": challenge, "components": components} | changes)


def realm_claims(key: bytes, report_data: bytes, **changes: object) -> dict[int, object]:
    return claims(REALM, **{"challenge": report_data, "public_key": key} | changes)


def collection(platform: bytes, realm: bytes, head: bytes = CMW_COLLECTION) -> bytes:
    typed = {44234: [263, platform], 44241: [263, realm]}
    return head + canonical.encode({44234: platform, 44241: realm} if head == EAT_COLLECTION else typed)


def cpak(public) -> bytes:
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def arm_cca(
    authority: Authority,
    report_data: bytes = REPORT_DATA,
    *,
    rak: ec.EllipticCurvePrivateKey = RAK,
    key: bytes = b"",
    platform: dict[str, object] | None = None,
    realm: dict[str, object] | None = None,
    head: bytes = CMW_COLLECTION,
) -> Bundle:
    """A token of a realm whose key is `rak`, written into it as `key`, with changes to the two sets of claims."""
    key = key or cose_key(rak)
    bound = {"challenge": hashlib.sha256(key).digest()} | (platform or {})
    first = sign1(authority.root_key, platform_claims(**bound))
    second = sign1(rak, realm_claims(key, report_data, **(realm or {})))
    return Bundle(
        "arm-cca", {"token": collection(first, second, head)}, {"cpak": cpak(authority.root_key.public_key())}
    )
