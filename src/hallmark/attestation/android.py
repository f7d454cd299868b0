"""Android key attestation (source.android.com, "Key and ID attestation": KeyDescription, schema versions 1 to 400).

Evidence: `chain`, PEM or DER, leaf first, up to Google's root. Collateral: `status_list`, the JSON Google publishes for
serial numbers. Google signs neither the list nor its date: it is worth as much as whoever handed it in, so its digest
is among the claims, for a policy to name those it knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cryptography import x509

from hallmark.attestation import chain, der, json_text
from hallmark.attestation.claims import REVOCATION, UNSIGNED_STATUS_LIST, Claims, Fact
from hallmark.attestation.der import Node
from hallmark.attestation.errors import BadEvidence, Revoked
from hallmark.kernel import hashing
from hallmark.kernel.text import Text

FAMILY = "android"

_CHAIN = Text("Android 密钥证明", "Android key attestation")
_STATUS_LIST = Text("Android 状态列表", "Android status list")

_DESCRIPTION = "1.3.6.1.4.1.11129.2.1.17"
_SOFTWARE = "software"
_LEVELS = {0: _SOFTWARE, 1: "trusted-environment", 2: "strongbox"}
_BOOT_STATES = {0: "verified", 1: "self-signed", 2: "unverified", 3: "failed"}
_ORIGINS = {0: "generated", 1: "derived", 2: "imported", 3: "reserved", 4: "securely-imported"}
_REFUSED = ("REVOKED", "SUSPENDED")
# Explicit tags of an AuthorizationList.
_ORIGIN, _ROOT_OF_TRUST, _APPLICATION = 702, 704, 709
_PATCHES: Mapping[str, int] = {"os_version": 705, "os_patch": 706, "vendor_patch": 718, "boot_patch": 719}


def verify(
    evidence: Mapping[str, bytes], collateral: Mapping[str, bytes], anchors: frozenset[bytes], at: int
) -> Claims:
    """Return the claims of an attested key as of `at` ms.

    In order: the chain holds and ends in `anchors`; the leaf alone carries a key description (another one above it
    would come from an application's own key); no certificate stands in the status list. Raises `BadEvidence`,
    `Revoked` and what `chain.verify` raises.
    """
    certificates = chain.load(evidence["chain"], _CHAIN)
    signers = chain.verify(certificates, anchors, at, _CHAIN)
    described = [chain.extension(certificate, _DESCRIPTION) for certificate in certificates]
    if described[0] is None or any(item is not None for item in described[1:]):
        why = Text("密钥描述不在且仅在叶证书中", "the leaf, and it alone, must carry a key description")
        raise BadEvidence(what=_CHAIN, why=why)
    claims = _claims(described[0], signers)
    if "status_list" not in collateral:
        return replace(claims, missing=(REVOCATION,))
    listed = collateral["status_list"]
    _check_status(certificates, json_text.decode(listed, _STATUS_LIST))
    facts = {**claims.facts, "status_list": hashing.sha256(listed)}
    return replace(claims, facts=facts, missing=(UNSIGNED_STATUS_LIST,))


def _claims(description: bytes, signers: tuple[bytes, ...]) -> Claims:
    version, level, _, key_level, challenge, _, software, hardware, *_ = _at_least(8, der.parse(description, _CHAIN))
    enforced, application = _tagged(hardware), _tagged(software).get(_APPLICATION)
    levels = {"security_level": _named(level, _LEVELS), "key_security_level": _named(key_level, _LEVELS)}
    facts: dict[str, Fact] = {"version": version.integer(), **levels}
    measurements: dict[str, bytes] = {}
    boot_verified = False
    if _ROOT_OF_TRUST in enforced:
        boot_key, locked, state, *more = _at_least(3, enforced[_ROOT_OF_TRUST])
        facts |= {"device_locked": locked.boolean(), "boot_state": _named(state, _BOOT_STATES)}
        measurements["verified_boot_key"] = boot_key.octets()
        if more:  # from schema version 3 on
            measurements["verified_boot_hash"] = more[0].octets()
        verified = facts["device_locked"] is True and facts["boot_state"] == "verified"
        boot_verified = verified and _SOFTWARE not in levels.values()  # which cannot know, whatever it writes
    if _ORIGIN in enforced:
        facts["origin"] = _ORIGINS.get(enforced[_ORIGIN].integer(), "unknown")
    if application is not None:
        packages, digests, *_ = _at_least(2, der.parse(application.octets(), _CHAIN))
        names = [_at_least(1, package)[0].octets() for package in packages.children(der.SET)]
        facts["packages"] = b",".join(names).decode(errors="replace")
        signed_by = enumerate(digests.children(der.SET))
        measurements |= {f"application_signer {number}": digest.octets() for number, digest in signed_by}
    return Claims(
        format="android-key",
        family=FAMILY,
        measurements=measurements,
        report_data=challenge.octets(),
        signers=signers,
        boot_verified=boot_verified,
        tcb={name: enforced[tag].integer() for name, tag in _PATCHES.items() if tag in enforced},
        facts=facts,
    )


def _at_least(number: int, node: Node) -> list[Node]:
    """Return the elements of a SEQUENCE that has `number` or more: later schema versions append."""
    nodes = node.children()
    if len(nodes) < number:
        node.refuse("字段不全", "its key description lacks fields")
    return nodes


def _tagged(node: Node) -> dict[int, Node]:
    """Return the entries of an AuthorizationList by tag number."""
    nodes = node.children()
    entries = {entry.tag: entry.inner() for entry in nodes if entry.kind == der.CONTEXT}
    if len(entries) != len(nodes):
        node.refuse("授权列表的标签重复或类型不符", "an authorisation list has a tag twice, or one of another class")
    return entries


def _named(node: Node, names: Mapping[int, str]) -> str:
    number = node.integer(der.ENUMERATED)
    if number not in names:
        node.refuse("枚举值未知", "an enumerated value is unknown")
    return names[number]


def _check_status(certificates: Sequence[x509.Certificate], status: dict[str, object]) -> None:
    """Raise `Revoked` where the list names a certificate by its serial number, in lower-case hexadecimal."""
    entries = json_text.member(status, "entries", dict, _STATUS_LIST)
    for certificate in certificates:
        serial = f"{certificate.serial_number:x}"
        if serial in entries and json_text.member(entries[serial], "status", str, _STATUS_LIST) in _REFUSED:
            raise Revoked(what=_CHAIN, serial=serial)
