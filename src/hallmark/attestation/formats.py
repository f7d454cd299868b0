"""The table of evidence formats, and the bundle in which evidence and collateral are archived for re-verification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hallmark.attestation import android, arm_cca, azure_vtpm, binding, dcap, hygon_csv, nitro, sev_snp, tpm
from hallmark.attestation.claims import Claims
from hallmark.attestation.errors import BadEvidence, NoPart
from hallmark.kernel import canonical
from hallmark.kernel.errors import Missing
from hallmark.kernel.text import Text

Parts = Mapping[str, bytes]
_BUNDLE = Text("证据包", "evidence bundle")


class UnknownFormat(Missing):
    """Nobody here reads evidence of this format."""

    en = "Evidence of the format {format} is not known here. Use one of: {known}."
    zh = "无法识别格式为 {format} 的证据。请使用下列格式之一：{known}。"


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is read: its verifier and the names of its parts, True where a part is needed."""

    name: Text
    verify: Callable[[Parts, Parts, frozenset[bytes], int], Claims]
    evidence: Mapping[str, bool]
    collateral: Mapping[str, bool]
    narrow: bool = False  # its field has no room for 64 bytes of report data

    def expected(self, report_data: bytes) -> bytes:
        """Return what the evidence's field must hold for the 64 bytes `report_data`."""
        return binding.fold(report_data) if self.narrow else report_data


_TPM_CHAIN = {"chain": False, "revocation_lists": False}
_SNP_CHAIN = {"chain": True, "revocation_lists": False}
_DCAP = (
    "tcb_info",
    "tcb_info_signature",
    "tcb_info_chain",
    "qe_identity",
    "qe_identity_signature",
    "qe_identity_chain",
)

FORMATS: Mapping[str, Format] = {
    "tpm": Format(
        Text("TPM 2.0 引证", "TPM 2.0 quote"),
        tpm.verify,
        {"quote": True, "signature": True, "public": True, "pcrs": False},
        _TPM_CHAIN,
        narrow=True,
    ),
    "sev-snp": Format(Text("AMD SEV-SNP 报告", "AMD SEV-SNP report"), sev_snp.verify, {"report": True}, _SNP_CHAIN),
    "azure-snp-vtpm": Format(
        Text("Azure 机密虚拟机引证", "quote of an Azure confidential virtual machine"),
        azure_vtpm.verify,
        {"hcl_report": True, "quote": True, "signature": True, "pcrs": False},
        _SNP_CHAIN,
        narrow=True,
    ),
    "nitro": Format(Text("AWS Nitro 证明文档", "AWS Nitro attestation document"), nitro.verify, {"document": True}, {}),
    "hygon-csv": Format(
        Text("海光 CSV 报告", "Hygon CSV report"), hygon_csv.verify, {"report": True}, {"hsk_cek": False, "hrk": False}
    ),
    "android-key": Format(
        Text("Android 密钥证明", "Android key attestation"), android.verify, {"chain": True}, {"status_list": False}
    ),
    "arm-cca": Format(Text("Arm CCA 令牌", "Arm CCA token"), arm_cca.verify, {"token": True}, {"cpak": True}),
    "dcap": Format(
        Text("英特尔 DCAP 引证", "Intel DCAP quote"),
        dcap.verify,
        {"quote": True},
        dict.fromkeys((*_DCAP, "pck_crl", "root_crl"), True),
    ),
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """Evidence of one format with the collateral it was verified with, as a ledger archives them."""

    format: str
    evidence: Parts
    collateral: Parts

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode([self.format, dict(self.evidence), dict(self.collateral)])

    @classmethod
    def decode(cls, data: bytes) -> Bundle:
        """Return the bundle whose encoding is `data`; raises `NotCanonical`, `BadEvidence`."""
        value = canonical.decode(data, what=Text("证据包", "evidence bundle"))
        if not isinstance(value, list) or list(map(type, value)) != [str, dict, dict]:
            raise BadEvidence(what=_BUNDLE, why=Text("结构不符", "it is not a format with two maps of parts"))
        name, evidence, collateral = value
        for parts in (evidence, collateral):
            if not all(type(key) is str and type(part) is bytes for key, part in parts.items()):
                raise BadEvidence(what=_BUNDLE, why=Text("部分不是字节串", "a part is no byte string under a name"))
        return cls(name, evidence, collateral)

    def verify(self, anchors: frozenset[bytes], at: int) -> Claims:
        """Return the claims as of `at` ms since 1970 UTC, from these bytes alone.

        Raises `UnknownFormat`, `NoPart`, `BadEvidence` for a part nobody reads, and what the format's `verify` raises.
        """
        known = FORMATS.get(self.format)
        if known is None:
            raise UnknownFormat(format=self.format, known=", ".join(FORMATS))
        for parts, names in ((self.evidence, known.evidence), (self.collateral, known.collateral)):
            for name, needed in names.items():
                if needed and name not in parts:
                    raise NoPart(what=name)
            if not parts.keys() <= names.keys():
                raise BadEvidence(what=_BUNDLE, why=Text("含未知部分", "it has a part that its format does not know"))
        return known.verify(self.evidence, self.collateral, anchors, at)
