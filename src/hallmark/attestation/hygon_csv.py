"""Hygon CSV attestation reports, first form (SM2 with SM3), and Hygon's own certificate forms.

Evidence: `report`, the page of 4,096 bytes, or its first 2,548, that the guest's kernel hands out. Collateral:
`hsk_cek`, the 2,916 bytes that Hygon publishes for a chip's serial number; `hrk`, Hygon's root, 832 bytes. Layouts as
in Hygon's public `csv-rs`; no standard gives them. All integers, coordinates and signatures are little-endian.

The report's fields are masked: each 32-bit word is XORed with the nonce `anonce`. The signature covers the *masked* 180
bytes. The certificate in the report is masked by the kernel, and in clear where an agent has unmasked it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

from hallmark.attestation import sm2
from hallmark.attestation.claims import NO_VALIDITY, REVOCATION, VENDOR_CHAIN, Claims, Fact
from hallmark.attestation.errors import BadEvidence, BadEvidenceSignature, BrokenChain, UntrustedRoot
from hallmark.attestation.reader import Reader
from hallmark.kernel import hashing
from hallmark.kernel.text import Text

FAMILY = "hygon-csv"

_REPORT = Text("海光 CSV 报告", "Hygon CSV report")
_CERTIFICATE = Text("海光证书", "Hygon certificate")

_SIGNED = 180
_REPORT_SIZE = 2548
_PAGE = 4096
_COORDINATE = 72
_SM2_CURVE, _SM2_SIGNATURE = 3, 4
_ROOT_SIZE, _ROOT_SIGNED = 832, 576
_SIZE, _SIGNED_BODY = 2084, 1044
HRK, HSK, PEK, CEK = 0x00, 0x13, 0x1002, 0x1004
# Bits of the guest policy; debugging is allowed unless its bit is set.
_POLICY: Mapping[str, int] = {
    "no_debug": 0,
    "no_key_sharing": 1,
    "encrypted_state": 2,
    "no_send": 3,
    "csv": 5,
    "csv3": 6,
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of Hygon's: `signatures` are pairs (usage of the signer, (r, s))."""

    usage: int
    public: sm2.Point
    identity: bytes
    body: bytes
    signatures: tuple[tuple[int, tuple[int, int]], ...]

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 over x || y, each 32 bytes, big-endian; the policy's anchors name the root by it."""
        return hashing.sha256(b"".join(number.to_bytes(32) for number in self.public))

    def check_signed_by(self, issuer: Certificate) -> None:
        """Raise `BadEvidenceSignature` unless `issuer` signed this certificate."""
        candidates = [pair for usage, pair in self.signatures if usage == issuer.usage]
        if not candidates:
            raise BadEvidenceSignature(what=_CERTIFICATE)
        sm2.verify(issuer.public, issuer.identity, self.body, *candidates[0], _CERTIFICATE)


def parse_root(data: bytes) -> Certificate:
    """Return the HRK or HSK certificate in 832 bytes; raises `BadEvidence`."""
    reader = Reader(data, _CERTIFICATE)
    reader.take(4 + 16 + 16)  # version, its key's identifier, the signing key's
    usage = reader.number(4)
    reader.take(24)
    public, identity = _key(reader)
    reader.take(_ROOT_SIGNED - reader.at)
    pair = _pair(reader)
    reader.zeros(_ROOT_SIZE - reader.at)
    reader.end()
    return Certificate(usage, public, identity, data[:_ROOT_SIGNED], ((HRK, pair),))


def parse_certificate(data: bytes) -> Certificate:
    """Return the CEK or PEK certificate in 2,084 bytes; raises `BadEvidence`."""
    reader = Reader(data, _CERTIFICATE)
    reader.take(4 + 4)  # version, firmware
    usage, _ = reader.number(4), reader.number(4)
    public, identity = _key(reader)
    reader.take(_SIGNED_BODY - reader.at)
    signatures = []
    for _ in range(2):
        signer, algorithm = reader.number(4), reader.number(4)
        pair = _pair(reader)
        reader.zeros(368)
        if algorithm == _SM2_SIGNATURE:
            signatures.append((signer, pair))
    reader.end()
    return Certificate(usage, public, identity, data[:_SIGNED_BODY], tuple(signatures))


def verify(
    evidence: Mapping[str, bytes],
    collateral: Mapping[str, bytes],
    anchors: frozenset[bytes],
    at: int,  # noqa: ARG001 - one signature for every format
) -> Claims:
    """Return the claims of a report; Hygon's certificates carry no dates, so that `at` decides nothing here.

    In order: the chip's endorsement key PEK in the report signed the masked fields; given the collateral, CEK signed
    PEK, HSK signed CEK, HRK signed HSK and itself, each of the right usage, and HRK is one of `anchors`. Raises
    `BadEvidence`, `BadEvidenceSignature`, `BrokenChain`, `UntrustedRoot`.
    """
    reader = Reader(evidence["report"], _REPORT)
    masked, usage_word, algorithm_word = reader.take(_SIGNED), reader.take(4), reader.take(4)
    nonce = reader.take(4)
    r, s = _pair(reader)
    encoded = reader.take(_SIZE)
    reader.take(64 + 32 + 32)  # unsigned: serial number, reserved, a code under a key that the report gives away
    if len(reader.data) != _REPORT_SIZE:
        reader.zeros(_PAGE - _REPORT_SIZE)
        reader.end()
    usage, algorithm = (int.from_bytes(_unmask(word, nonce), "little") for word in (usage_word, algorithm_word))
    if usage != PEK or algorithm != _SM2_SIGNATURE:
        reader.refuse("签名用途或算法不受支持", "its signature's usage or algorithm is not supported")
    if int.from_bytes(encoded[8:12], "little") != PEK:
        encoded = _unmask(encoded, nonce)
    key = parse_certificate(encoded)
    sm2.verify(key.public, key.identity, masked, r, s, _REPORT)
    chain, missing = _check_chain(key, collateral, anchors)
    return _claims(_unmask(masked, nonce), chain, missing)


def _claims(fields: bytes, chain: list[Certificate], missing: tuple[str, ...]) -> Claims:
    reader = Reader(fields, _REPORT)
    owner, vm, version = reader.take(32), reader.take(16), reader.take(16)
    report_data, nonce, measurement, policy = reader.take(64), reader.take(16), reader.take(32), reader.number(4)
    facts: dict[str, Fact] = {"vm_id": vm, "vm_version": version, "nonce": nonce}
    facts |= {name: bool(policy >> bit & 1) for name, bit in _POLICY.items()}
    tcb = {"hsk_version": policy >> 8 & 15, "cek_version": policy >> 12 & 15}
    tcb |= {"api_major": policy >> 16 & 255, "api_minor": policy >> 24}
    return Claims(
        format="hygon-csv",
        family=FAMILY,
        measurements={"measurement": measurement, "user_pubkey_digest": owner},
        report_data=report_data,
        signers=tuple(certificate.fingerprint for certificate in chain),
        debug=not facts["no_debug"],
        tcb=tcb,
        facts=facts,
        missing=missing,
    )


def _check_chain(
    pek: Certificate, collateral: Mapping[str, bytes], anchors: frozenset[bytes]
) -> tuple[list[Certificate], tuple[str, ...]]:
    """Return the certificates from `pek` upwards as far as they go, and the links that are missing."""
    unchecked = (REVOCATION, NO_VALIDITY)
    if not {"hsk_cek", "hrk"} <= collateral.keys():
        return [pek], (VENDOR_CHAIN, *unchecked)
    both = collateral["hsk_cek"]
    hsk, cek, hrk = parse_root(both[:_ROOT_SIZE]), parse_certificate(both[_ROOT_SIZE:]), parse_root(collateral["hrk"])
    if (pek.usage, cek.usage, hsk.usage, hrk.usage) != (PEK, CEK, HSK, HRK):
        why = Text("证书用途不符", "a certificate has the wrong usage")
        raise BrokenChain(what=_REPORT, why=why)
    chain = [pek, cek, hsk, hrk]
    for certificate, issuer in zip(chain, [*chain[1:], hrk], strict=True):
        certificate.check_signed_by(issuer)
    if hrk.fingerprint not in anchors:
        raise UntrustedRoot(what=_REPORT, root=hrk.fingerprint.hex())
    return chain, unchecked


def _key(reader: Reader) -> tuple[sm2.Point, bytes]:
    """Return public key and identity, whose field is 256 bytes long."""
    if reader.number(4) != _SM2_CURVE:
        reader.refuse("曲线不是 SM2", "its curve is not SM2")
    public = reader.number(_COORDINATE), reader.number(_COORDINATE)
    size = reader.number(2)
    identity = reader.take(254)[:size]
    if len(identity) != size:
        reader.refuse("用户标识过长", "its identity is too long")
    if max(public) >= sm2.P:
        raise BadEvidence(what=reader.what, why=Text("公钥不在曲线上", "its public key is no point of the curve"))
    return public, identity


def _pair(reader: Reader) -> tuple[int, int]:
    return reader.number(_COORDINATE), reader.number(_COORDINATE)


def _unmask(data: bytes, nonce: bytes) -> bytes:
    return bytes(byte ^ mask for byte, mask in zip(data, cycle(nonce), strict=False))
