"""AMD SEV-SNP attestation reports, versions 2, 3 and 5 (AMD 56860, SNP firmware ABI, table ATTESTATION_REPORT).

Evidence: `report`, 1,184 bytes. Collateral: `chain`, PEM or DER of VCEK, ASK and ARK, or of VLEK, ASVK and ARK, leaf
first; `revocation_lists`, the list AMD publishes under the ARK. The certificate extensions are those of AMD 57230 (VCEK
certificate and KDS interface).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hallmark.attestation import chain, der, signature
from hallmark.attestation.claims import REVOCATION, Claims, Fact
from hallmark.attestation.errors import BrokenBinding
from hallmark.attestation.reader import Reader
from hallmark.kernel.text import Text

FAMILY = "amd-sev-snp"
SIZE = 0x4A0

_REPORT = Text("SEV-SNP 报告", "SEV-SNP report")
_SIGNER = Text("SEV-SNP 签名密钥", "SEV-SNP signing key")

_VERSIONS = (2, 3, 5)
_SIGNED = 0x2A0
_COMPONENT = 72  # bytes of r and of s, little-endian
_ECDSA_P384_SHA384 = 1
_VCEK, _VLEK = 0, 1
_TURIN = 0x1A  # the first CPU family with the longer TCB version

_ARC = "1.3.6.1.4.1.3704.1."
_HARDWARE_ID, _PROVIDER_ID = f"{_ARC}4", f"{_ARC}5"
# Security versions: name -> (byte of the TCB version, extension of the certificate).
_TCB: Mapping[str, tuple[int, str]] = {
    "boot_loader": (0, f"{_ARC}3.1"),
    "tee": (1, f"{_ARC}3.2"),
    "snp": (6, f"{_ARC}3.3"),
    "microcode": (7, f"{_ARC}3.8"),
}
_TCB_TURIN: Mapping[str, tuple[int, str]] = {
    "fmc": (0, f"{_ARC}3.9"),
    "boot_loader": (1, f"{_ARC}3.1"),
    "tee": (2, f"{_ARC}3.2"),
    "snp": (3, f"{_ARC}3.3"),
    "microcode": (7, f"{_ARC}3.8"),
}
# Bits of what the host says of the platform, and of the guest policy.
_PLATFORM: Mapping[str, int] = {
    "smt_enabled": 0,
    "tsme_enabled": 1,
    "ecc_enabled": 2,
    "rapl_disabled": 3,
    "ciphertext_hiding": 4,
    "alias_check_complete": 5,
}
_POLICY: Mapping[str, int] = {
    "smt_allowed": 16,
    "migration_agent_allowed": 18,
    "debug_allowed": 19,
    "single_socket": 20,
}


@dataclass(frozen=True, slots=True)
class Report:
    """A report taken apart, before any signature is looked at."""

    version: int
    signing_key: int
    tcb: bytes  # the reported one, which the certificate is for
    other_tcbs: tuple[bytes, ...]  # the current and committed ones, and that at the guest's launch
    family: int | None
    chip: bytes
    report_data: bytes
    measurements: Mapping[str, bytes]
    facts: Mapping[str, Fact]
    r: int
    s: int

    @property
    def layout(self) -> Mapping[str, tuple[int, str]]:
        return _TCB_TURIN if self.family is not None and self.family >= _TURIN else _TCB


def parse(data: bytes) -> Report:
    """Return the report in `data`; raises `BadEvidence`."""
    reader = Reader(data, _REPORT)
    version, guest_svn, policy = reader.number(4), reader.number(4), reader.number(8)
    if version not in _VERSIONS:
        reader.refuse("版本不受支持", "its version is not supported")
    family_id, image_id, vmpl = reader.take(16), reader.take(16), reader.number(4)
    if reader.number(4) != _ECDSA_P384_SHA384:
        reader.refuse("签名算法不受支持", "its signature algorithm is not supported")
    current, platform, flags = reader.take(8), reader.number(8), reader.number(4)
    reader.take(4)
    report_data = reader.take(64)
    names = {"measurement": 48, "host_data": 32, "id_key_digest": 48, "author_key_digest": 48}
    measurements = {name: reader.take(size) for name, size in names.items()}
    report_id = reader.take(32)
    reader.take(32)  # the migration agent's report
    tcb = reader.take(8)
    family = reader.number(1) if version > 2 else None
    reader.at = 0x1A0
    chip, committed = reader.take(64), reader.take(8)
    reader.take(8)  # builds
    launch = reader.take(8)
    reader.take(_SIGNED - reader.at)
    r, s = reader.number(_COMPONENT), reader.number(_COMPONENT)
    reader.zeros(SIZE - reader.at)
    reader.end()
    facts: dict[str, Fact] = {"vmpl": vmpl, "guest_svn": guest_svn, "family_id": family_id, "image_id": image_id}
    facts |= {"report_id": report_id, "chip_id": chip}
    for word, bits in ((platform, _PLATFORM), (policy, _POLICY)):
        facts |= {name: bool(word >> bit & 1) for name, bit in bits.items()}
    others = current, committed, launch
    return Report(version, flags >> 2 & 7, tcb, others, family, chip, report_data, measurements, facts, r, s)


def verify(
    evidence: Mapping[str, bytes], collateral: Mapping[str, bytes], anchors: frozenset[bytes], at: int
) -> Claims:
    """Return the claims of a report as of `at` ms.

    In order: the chain holds and ends in `anchors`; no certificate of it is revoked; the certificate's kind is the one
    the report names; its key signed the report; its security versions and, for a VCEK, its chip are the report's. The
    security versions claimed are the least of those reported, current, committed (the host may go back to them) and at
    the guest's launch. Raises `BadEvidence`, `BadEvidenceSignature`, `BrokenBinding` and what `chain.verify` and
    `check_revocation` raise.
    """
    return verify_report(evidence["report"], collateral, anchors, at)


def verify_report(data: bytes, collateral: Mapping[str, bytes], anchors: frozenset[bytes], at: int) -> Claims:
    """As `verify`, for the bytes of the report alone."""
    report = parse(data)
    certificates = chain.load(collateral["chain"], _SIGNER)
    signers = chain.verify(certificates, anchors, at, _SIGNER)
    missing: tuple[str, ...] = (REVOCATION,)
    if "revocation_lists" in collateral:
        lists = chain.load_lists(collateral["revocation_lists"], _SIGNER)
        chain.check_revocation(certificates[1:], lists, at)  # AMD publishes none of single chips
        missing = ()
    leaf = certificates[0]
    _check_kind(report, leaf)
    public: Any = leaf.public_key()
    signature.verify_ecdsa(public, report.r, report.s, data[:_SIGNED], hashes.SHA384(), _REPORT)
    _check_tcb(report, leaf)
    versions = report.tcb, *report.other_tcbs
    tcb = {name: min(each[at_byte] for each in versions) for name, (at_byte, _) in report.layout.items()}
    return Claims(
        format="sev-snp",
        family=FAMILY,
        measurements=report.measurements,
        report_data=report.report_data,
        signers=signers,
        debug=bool(report.facts["debug_allowed"]),
        tcb=tcb | {"guest_svn": int(report.facts["guest_svn"])},
        facts={"version": report.version, **report.facts, **_provider(leaf)},
        missing=missing,
    )


def _provider(leaf: x509.Certificate) -> dict[str, Fact]:
    """Return the provider for whose machines AMD has made a VLEK; a VCEK names none."""
    provider = chain.extension(leaf, _PROVIDER_ID)
    return {} if provider is None else {"provider": der.parse(provider, _SIGNER).expect(der.IA5).decode("latin-1")}


def _check_kind(report: Report, leaf: x509.Certificate) -> None:
    """Raise `BrokenBinding` unless `leaf` is of the kind that the report names and, a VCEK, of its chip."""
    chip, provider = chain.extension(leaf, _HARDWARE_ID), chain.extension(leaf, _PROVIDER_ID)
    if report.signing_key == _VCEK and chip is not None and provider is None:
        # A host may have its reports leave the chip out; a Turin's certificate names the 8 bytes that are not zero.
        if any(report.chip) and chip.ljust(len(report.chip), b"\x00") != report.chip:
            raise _alien(Text("证书属于另一芯片", "it is of another chip"))
    elif not (report.signing_key == _VLEK and provider is not None and chip is None):
        raise _alien(Text("证书类型与报告所称不符", "it is not of the kind that the report names"))


def _check_tcb(report: Report, leaf: x509.Certificate) -> None:
    for name, (at_byte, oid) in report.layout.items():
        value = chain.extension(leaf, oid)
        if value is None or der.parse(value, _SIGNER).integer() != report.tcb[at_byte]:
            raise _alien(Text(f"安全版本 {name} 不符", f"its security version {name} is another"))


def _alien(why: Text) -> BrokenBinding:
    return BrokenBinding(what=_SIGNER, whole=_REPORT, why=why)
