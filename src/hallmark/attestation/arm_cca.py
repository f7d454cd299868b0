"""Arm CCA attestation tokens (Arm DEN0137, Realm Management Monitor 1.0, section A7.2; draft-ffm-rats-cca-token).

Evidence: `token`, a collection of two sets of claims, each in a COSE_Sign1. The platform attestation key (CPAK) signed
the one, whose challenge is the hash of the realm attestation key (RAK); that key signed the other, whose challenge the
realm chose. Collateral: `cpak`, the platform's public key as its maker endorses it, a SubjectPublicKeyInfo in DER. No
certificate vouches for it, so that it is itself the trust anchor: a policy names every platform it relies on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hallmark.attestation import cbor, cose, signature
from hallmark.attestation.claims import NO_VALIDITY, REVOCATION, VENDOR_CHAIN, Claims, Fact
from hallmark.attestation.errors import BadEvidence, BrokenBinding, UntrustedRoot
from hallmark.kernel.text import Text

FAMILY = "arm-cca"

_TOKEN = Text("Arm CCA 令牌", "Arm CCA token")
_PLATFORM = Text("Arm CCA 平台令牌", "Arm CCA platform token")
_REALM = Text("Arm CCA 领域令牌", "Arm CCA realm token")
_CPAK = Text("平台证明密钥（CPAK）", "platform attestation key (CPAK)")
_RAK = Text("领域证明密钥（RAK）", "realm attestation key (RAK)")

_SIGN1 = b"\xd2"  # tag 18
_HASH_SIZES = (32, 48, 64)
_RANDOM = 0x01  # the kind of an instance's identifier (RFC 9711 section 4.2.1)
_SECURED = "secured"
_LIFECYCLES = {
    0x00: "unknown",
    0x10: "assembly-and-test",
    0x20: "rot-provisioning",
    0x30: _SECURED,
    0x40: "non-rot-debug",
    0x50: "recoverable-rot-debug",
    0x60: "decommissioned",
}
_RAK_HASHES: Mapping[str, Callable[[bytes], Any]] = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim's key and type, the sizes a byte string may have if not any, and whether the claim may be absent."""

    key: int
    kind: type[Any]
    sizes: tuple[int, ...] = ()
    optional: bool = False


_PROFILE = _Claim(265, str, optional=True)
_PLATFORM_CLAIMS = {
    "profile": _PROFILE,
    "challenge": _Claim(10, bytes, _HASH_SIZES),
    "instance_id": _Claim(256, bytes, (33,)),
    "lifecycle": _Claim(2395, int),
    "implementation_id": _Claim(2396, bytes, (32,)),
    "components": _Claim(2399, list),
    "config": _Claim(2401, bytes),
    "hash": _Claim(2402, str),
}
_COMPONENT_CLAIMS = {
    "type": _Claim(1, str, optional=True),
    "measurement": _Claim(2, bytes, _HASH_SIZES),
    "version": _Claim(4, str, optional=True),
    "signer": _Claim(5, bytes, _HASH_SIZES),
    "hash": _Claim(6, str, optional=True),
}
_REALM_CLAIMS = {
    "profile": _PROFILE,
    "challenge": _Claim(10, bytes, (64,)),
    "personalization_value": _Claim(44235, bytes, (64,)),
    "hash": _Claim(44236, str),
    "public_key": _Claim(44237, bytes),
    "initial_measurement": _Claim(44238, bytes, _HASH_SIZES),
    "extensible_measurements": _Claim(44239, list),
    "public_key_hash": _Claim(44240, str),
}
_EXTENSIBLE = 4  # measurements that the realm extends


def _point(data: bytes, what: Text) -> ec.EllipticCurvePublicKey:
    """Return the key in `data`, an uncompressed point of P-384; raises `BadEvidence`."""
    if data[:1] != b"\x04":
        raise _bad(what, "公钥不是未压缩的点", "its public key is no uncompressed point")
    return signature.point(ec.SECP384R1(), data[1:], what)


# Profiles of platform and realm, and how the realm's key is written under them: in RMM 1.0, then as before it and in
# published samples still.
_PROFILES: Mapping[tuple[str | None, str | None], Callable[[bytes, Text], ec.EllipticCurvePublicKey]] = {
    ("tag:arm.com,2023:cca_platform#1.0.0", "tag:arm.com,2023:realm#1.0.0"): cose.parse_key,
    ("http://arm.com/CCA-SSD/1.0.0", None): _point,
}


def verify(
    evidence: Mapping[str, bytes],
    collateral: Mapping[str, bytes],
    anchors: frozenset[bytes],
    at: int,  # noqa: ARG001 - one signature for every format
) -> Claims:
    """Return the claims of a token; neither it nor the platform's key has a date, so that `at` decides nothing here.

    In order: the collection holds the two tokens and no more; CPAK is one of `anchors` and signed the platform's; both
    have the claims of a profile known here, and claims besides are passed over, as it says; the platform's challenge is
    the hash of RAK; RAK signed the realm's, whose challenge is the report data. In any lifecycle but *secured* the
    platform counts as debugged. Raises `BadEvidence`, `UntrustedRoot`, `BadEvidenceSignature`, `BrokenBinding`.
    """
    platform_token, realm_token = _tokens(evidence["token"])
    cpak = _endorsed(collateral["cpak"])
    anchor = signature.fingerprint(cpak)
    if anchor not in anchors:
        raise UntrustedRoot(what=_PLATFORM, root=anchor.hex())
    platform_token.verify(cpak)
    platform = _claims(cbor.decode(platform_token.payload, _PLATFORM), _PLATFORM_CLAIMS, _PLATFORM)
    realm = _claims(cbor.decode(realm_token.payload, _REALM), _REALM_CLAIMS, _REALM)
    rak = _bound_key(platform, realm)
    realm_token.verify(rak)
    measurements, facts = _shown(platform, realm)
    return Claims(
        format="arm-cca",
        family=FAMILY,
        measurements=measurements,
        report_data=realm["challenge"],
        signers=(signature.fingerprint(rak), anchor),
        debug=facts["lifecycle"] != _SECURED,
        facts=facts,
        missing=(VENDOR_CHAIN, REVOCATION, NO_VALIDITY),
    )


def _tokens(data: bytes) -> tuple[cose.Sign1, cose.Sign1]:
    """Return the platform's token and the realm's; raises `BadEvidence`."""
    match data[:3], cbor.decode(data[3:], _TOKEN):
        case b"\xd9\x01\x8f", {44234: bytes(platform), 44241: bytes(realm), **more} if not more:  # tag 399: RMM 1.0
            pass
        case b"\xd9\x03\x8b", {44234: [263, bytes(platform)], 44241: [263, bytes(realm)], **more} if not more:
            pass  # tag 907: a collection of conceptual messages of type 263, application/eat+cwt
        case _:
            raise _bad(_TOKEN, "不是平台令牌与领域令牌的集合", "it is no collection of a platform and a realm token")
    return _sign1(platform, _PLATFORM), _sign1(realm, _REALM)


def _sign1(data: bytes, what: Text) -> cose.Sign1:
    if data[:1] != _SIGN1:
        raise _bad(what, "不是带标签的 COSE_Sign1", "it is no tagged COSE_Sign1")
    return cose.parse(data[1:], what)


def _endorsed(data: bytes) -> Any:
    try:
        return serialization.load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise _bad(_CPAK, "不是 DER 编码的公钥", "it is no public key in DER") from None


def _claims(claims: Any, expected: Mapping[str, _Claim], what: Text) -> dict[str, Any]:
    """Return the `expected` claims of a map by their names, and no others; raises `BadEvidence`."""
    if not isinstance(claims, dict):
        raise _bad(what, "不是声明的集合", "it is no set of claims")
    found = {name: claims[claim.key] for name, claim in expected.items() if claim.key in claims}
    for name, claim in expected.items():
        if name not in found and not claim.optional:
            raise _bad(what, f"缺少声明 {name}", f"its claim {name} is missing")
        if name in found and not _fits(found[name], claim.kind, claim.sizes):
            raise _bad(what, f"声明 {name} 不合规定", f"its claim {name} has the wrong type or size")
    return found


def _fits(value: Any, kind: type[Any], sizes: tuple[int, ...]) -> bool:
    return type(value) is kind and (not sizes or len(value) in sizes)


def _bound_key(platform: Mapping[str, Any], realm: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """Return the realm's key, whose hash the platform has signed; raises `BadEvidence`, `BrokenBinding`."""
    read = _PROFILES.get((platform.get("profile"), realm.get("profile")))
    digest = _RAK_HASHES.get(realm["public_key_hash"])
    if read is None:
        raise _bad(_TOKEN, "规格（profile）不受支持", "its profile is not supported")
    if digest is None:
        raise _bad(_REALM, "公钥的杂凑算法不受支持", "the hash of its public key is not supported")
    if digest(realm["public_key"]).digest() != platform["challenge"]:
        raise BrokenBinding(what=_RAK, whole=_PLATFORM, why=Text("质询值不是其杂凑", "the challenge is not its hash"))
    return read(realm["public_key"], _RAK)


def _shown(platform: Mapping[str, Any], realm: Mapping[str, Any]) -> tuple[dict[str, bytes], dict[str, Fact]]:
    """Return measurements and facts; raises `BadEvidence`."""
    state, minor = divmod(platform["lifecycle"], 0x100)
    if state not in _LIFECYCLES or platform["instance_id"][0] != _RANDOM:
        raise _bad(_PLATFORM, "生命周期或实例标识不合规定", "its lifecycle or instance identifier is none there is")
    extensible, components = realm["extensible_measurements"], platform["components"]
    if len(extensible) != _EXTENSIBLE or not all(_fits(each, bytes, _HASH_SIZES) for each in extensible):
        raise _bad(_REALM, "可扩展度量值不合规定", "its extensible measurements are not four digests")
    if not components:
        raise _bad(_PLATFORM, "未列软件组件", "it lists no software component")
    identity = "profile", "implementation_id", "instance_id", "config"
    facts: dict[str, Fact] = {name: platform[name] for name in identity}
    facts |= {"lifecycle": _LIFECYCLES[state], "lifecycle_minor": minor, "components": len(components)}
    facts |= {"platform_hash": platform["hash"], "realm_hash": realm["hash"]}
    measurements = {name: realm[name] for name in ("initial_measurement", "personalization_value")}
    measurements |= {f"extensible_measurement {index}": value for index, value in enumerate(extensible)}
    for index, each in enumerate(components):
        component = _claims(each, _COMPONENT_CLAIMS, _PLATFORM)
        measurements[f"component {index}"] = component.pop("measurement")
        facts |= {f"component {index} {name}": value for name, value in component.items()}
    return measurements, facts


def _bad(what: Text, zh: str, en: str) -> BadEvidence:
    return BadEvidence(what=what, why=Text(zh, en))
