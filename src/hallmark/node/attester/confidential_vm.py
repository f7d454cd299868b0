"""The attester of a node in a confidential virtual machine: the kernel's report, with what others verify it with.

No register of it holds the node's code: a report measures what the machine was started from, and it is for who builds
that image to have it run the approved release and nothing else. Nor are keys sealed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hallmark.attestation import chain, dcap_quote, dcap_tcb, sev_snp
from hallmark.attestation.dcap import FAMILIES
from hallmark.attestation.dcap_quote import TDX
from hallmark.attestation.errors import BadEvidence
from hallmark.attestation.formats import FORMATS, Bundle
from hallmark.attestation.reader import Reader
from hallmark.kernel.text import Text, quoted
from hallmark.node.attester import tsm
from hallmark.node.attester.errors import CollateralMissing, NotReported, WrongMachine
from hallmark.node.attester.tsm import Report

Parts = dict[str, bytes]
_TABLE = Text("SEV-SNP 证书表", "SEV-SNP certificate table")
_CERTIFICATE = Text("SEV-SNP 证书", "SEV-SNP certificate")
_COLLATERAL = Text("佐证材料", "collateral")
_ANSWER = Text("英特尔服务的答复", "answer of Intel's service")
# Keys of the table beside a report (AMD 56421, GHCB, MSG_REPORT_REQ), in the order of RFC 9562: VCEK, VLEK, ASK, ARK.
_CERTIFICATES = frozenset(
    UUID(each).bytes
    for each in (
        "63da758d-e664-4564-adc5-f4b93be8accd",
        "a8074bc2-a25a-483e-aae6-39c045a0b8a1",
        "4ab7b379-bbac-4fe4-a02f-05aef327c782",
        "c0b406a4-a803-4952-9743-3fb6014cd0ae",
    )
)
_GUID, _END = 16, bytes(16 + 4 + 4)
# What Intel's service answers is a statement and its signature in one text; only the statement is what was signed.
_ANSWERS = {"tcb_info": b"tcbInfo", "qe_identity": b"enclaveIdentity"}
_ESCAPED = b"-----BEGIN%20"  # a chain as it stands in the headers of that answer


@dataclass(frozen=True, slots=True)
class ConfidentialVm:
    """The machine this runs on, which should be of `family`; `reports` is where its kernel hands out reports."""

    family: str
    reports: Path

    def attest(self, report_data: bytes, collateral: Mapping[str, bytes]) -> Bundle:
        """Return evidence of the machine bound to the 64 bytes `report_data`, with the `collateral` completed.

        Raises `NoDevice`, `NotReported`, `WrongMachine`, `CollateralMissing`, `BadEvidence`.
        """
        report = tsm.report(report_data, self.reports)
        technology = _TECHNOLOGIES.get(report.provider)
        if technology is None or technology.family != self.family:
            raise WrongMachine(named=self.family, found=report.provider)
        if technology.read(report.blob) != report_data:
            raise NotReported(why=Text("报告所含并非所要求的内容", "the report is not on what was asked"))
        parts, missing = technology.complete(dict(collateral), report)
        if missing:
            raise CollateralMissing(what=missing)
        unknown = ", ".join(sorted(parts.keys() - FORMATS[technology.format].collateral.keys()))
        if unknown:
            raise BadEvidence(what=_COLLATERAL, why=Text(f"含未知部分 {unknown}", f"nobody reads its part {unknown}"))
        return Bundle(technology.format, {technology.part: report.blob}, parts)


def _complete_snp(parts: Parts, report: Report) -> tuple[Parts, Text | None]:
    """Add the `chain`: of what the operator archived, where that is not all also of what the host handed over."""
    archived = chain.load(parts["chain"], _CERTIFICATE) if "chain" in parts else ()
    made = _path(archived)
    if not _is_whole(made):
        made = _path([*archived, *_handed_over(report.beside)])
    if _is_whole(made):
        return parts | {"chain": b"".join(each.public_bytes(Encoding.DER) for each in made)}, None
    if made:
        issuer = made[-1].issuer.rfc4514_string()
        return parts, Text(f"证书 {issuer}（chain）", f"the certificate of {issuer} (chain)")
    read = sev_snp.parse(report.blob)
    chip = f"{read.chip.hex()}; " + ", ".join(f"{name} {read.tcb[at]}" for name, (at, _) in read.layout.items())
    return parts, Text(f"该芯片的 VCEK 或 VLEK 证书（chain；{chip}）", f"the chip's VCEK or VLEK (chain; chip {chip})")


def _path(pool: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the first certificate of a chip in `pool`, and above it each one's issuer as far as they are there."""
    authorities = {each.subject: each for each in reversed(pool) if _is_authority(each)}
    made: list[x509.Certificate] = []
    found = next((each for each in pool if not _is_authority(each)), None)
    while found and found not in made:
        made.append(found)
        found = authorities.get(found.issuer)
    return made


def _is_whole(path: Sequence[x509.Certificate]) -> bool:
    return bool(path) and path[-1].issuer == path[-1].subject


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    except chain.UNREADABLE as error:
        raise BadEvidence(what=_CERTIFICATE, why=quoted(error)) from None


def _handed_over(table: bytes) -> Iterator[x509.Certificate]:
    """Yield the certificates in the table beside a report; a host that keeps none hands over none."""
    entries = Reader(table, _TABLE)
    while table and not table.startswith(_END, entries.at):
        key, content = entries.take(_GUID), Reader(table, _TABLE)
        content.at, size = entries.number(4), entries.number(4)
        if key in _CERTIFICATES and size:
            yield from chain.load(content.take(size), _CERTIFICATE)


def _complete_dcap(parts: Parts, report: Report) -> tuple[Parts, Text | None]:
    """Take apart what is archived as Intel's service answered it."""
    for name, member in _ANSWERS.items():
        answer = parts.get(name, b"").strip()
        if answer.startswith(opening := b'{"%s":' % member):
            parts[name], _, signature = answer.removeprefix(opening).rpartition(b',"signature":')
            parts[f"{name}_signature"] = _unhex(signature.strip(b'"} '), name)
        if parts.get(f"{name}_chain", b"").startswith(_ESCAPED):
            parts[f"{name}_chain"] = unquote_to_bytes(parts[f"{name}_chain"])
    missing = ", ".join(name for name in FORMATS["dcap"].collateral if name not in parts)
    if not missing:
        return parts, None
    pck = chain.load(dcap_quote.parse(report.blob).chain, dcap_tcb.PCK)[0]
    about = f"FMSPC {dcap_tcb.platform(pck).fmspc.hex().upper()}; {pck.issuer.rfc4514_string()}"
    return parts, Text(f"{missing}（{about}）", f"{missing} ({about})")


def _unhex(digits: bytes, name: str) -> bytes:
    try:
        return bytes.fromhex(digits.decode())
    except ValueError:
        why = Text(f"{name} 中的签名不是十六进制", f"the signature in {name} is not written in hex")
        raise BadEvidence(what=_ANSWER, why=why) from None


@dataclass(frozen=True, slots=True)
class _Technology:
    """A provider's report: what it is called, the report data in it, its collateral completed, and what is missing."""

    family: str
    format: str
    part: str
    read: Callable[[bytes], bytes]
    complete: Callable[[Parts, Report], tuple[Parts, Text | None]]


_TECHNOLOGIES: Mapping[str, _Technology] = {
    "sev_guest": _Technology(
        sev_snp.FAMILY, "sev-snp", "report", lambda blob: sev_snp.parse(blob).report_data, _complete_snp
    ),
    "tdx_guest": _Technology(
        FAMILIES[TDX], "dcap", "quote", lambda blob: dcap_quote.parse(blob).fields["report_data"], _complete_dcap
    ),
}
