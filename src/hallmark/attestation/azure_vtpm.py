"""Azure confidential virtual machines: a vTPM quote whose attestation key is bound into the machine's SEV-SNP report.

Evidence: `hcl_report`, as read from the vTPM's NV index 0x01400001 (learn.microsoft.com, "Guest attestation for
confidential virtual machines"); `quote` (TPMS_ATTEST), `signature` (RSASSA PKCS #1 v1.5, SHA-256, bare), and `pcrs`,
if at hand, as for `tpm`. Collateral: that of `sev_snp`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from hallmark.attestation import json_text, sev_snp, signature, tpm
from hallmark.attestation.claims import Claims
from hallmark.attestation.errors import BadEvidence, BrokenBinding
from hallmark.attestation.reader import Reader
from hallmark.kernel.text import Text

FAMILY = sev_snp.FAMILY  # the hardware that vouches is the same

_HCL = Text("Azure HCL 报告", "Azure HCL report")
_RUNTIME = Text("Azure 运行时声明", "Azure runtime claims")
_QUOTE = Text("Azure vTPM 引证", "Azure vTPM quote")

_SNP = 2
_PARAVISOR = 0  # its privilege level; the system that a tenant brings runs at a lower one
_KEY = "HCLAkPub"
_HASHES = {1: hashlib.sha256, 2: hashlib.sha384, 3: hashlib.sha512}


def verify(
    evidence: Mapping[str, bytes], collateral: Mapping[str, bytes], anchors: frozenset[bytes], at: int
) -> Claims:
    """Return the claims of the machine as of `at` ms.

    In order: the SEV-SNP report verifies, and the firmware that runs the vTPM asked for it, not the system below that;
    its report data is the digest of the runtime claims, padded with zeros; the
    attestation key among those claims signed the quote; the register values, if given, have the quoted digest. Report
    data is the quote's, measurements are both's. Raises what `sev_snp.verify` and `tpm.verify` raise, `BrokenBinding`.
    """
    report, runtime, algorithm = _parse(evidence["hcl_report"])
    machine = sev_snp.verify_report(report, collateral, anchors, at)
    if machine.facts["vmpl"] != _PARAVISOR:
        why = Text("报告并非由运行 vTPM 的固件请求", "something less privileged than the vTPM's firmware asked for it")
        raise BrokenBinding(what=_RUNTIME, whole=_HCL, why=why)
    if machine.report_data != _HASHES[algorithm](runtime).digest().ljust(64, b"\x00"):
        why = Text("报告数据不是其摘要", "the report data is not their digest")
        raise BrokenBinding(what=_RUNTIME, whole=_HCL, why=why)
    claims = json_text.decode(runtime, _RUNTIME)
    key = _attestation_key(claims)
    signature.verify_rsa(key, evidence["signature"], evidence["quote"], hashes.SHA256(), _QUOTE)
    quote = tpm.parse(evidence["quote"])
    configuration = json_text.member(claims, "vm-configuration", dict, _RUNTIME)
    settings = {f"vm {name}": value for name, value in configuration.items() if type(value) in (bool, str)}
    return replace(
        machine,
        format="azure-snp-vtpm",
        measurements={**machine.measurements, **quote.measurements(evidence.get("pcrs"), hashes.SHA256())},
        report_data=quote.extra,
        signers=(signature.fingerprint(key), *machine.signers),
        facts={**machine.facts, **settings, "clock_safe": quote.safe},
    )


def _parse(data: bytes) -> tuple[bytes, bytes, int]:
    """Return SEV-SNP report, runtime claims and the number of their hash; raises `BadEvidence`."""
    reader = Reader(data, _HCL)
    if reader.take(4) != b"HCLA":
        reader.refuse("标记不符", "it does not begin with HCLA")
    reader.take(28)  # version, size, request type, status, reserved
    report = reader.take(sev_snp.SIZE)
    reader.take(8)  # size and version of what follows
    kind, algorithm = reader.number(4), reader.number(4)
    if kind != _SNP or algorithm not in _HASHES:
        reader.refuse("报告类型或摘要算法不受支持", "its report type or hash is not supported")
    runtime = reader.sized(4)
    reader.zeros(len(data) - reader.at)
    return report, runtime, algorithm


def _attestation_key(claims: dict[str, Any]) -> rsa.RSAPublicKey:
    keys = json_text.member(claims, "keys", list, _RUNTIME)
    found = [key for key in keys if isinstance(key, dict) and key.get("kid") == _KEY and key.get("kty") == "RSA"]
    if len(found) != 1:
        raise BadEvidence(what=_RUNTIME, why=Text("缺少唯一的证明密钥", "they do not hold one attestation key"))
    exponent, modulus = (_number(json_text.member(found[0], name, str, _RUNTIME)) for name in ("e", "n"))
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        raise BadEvidence(what=_RUNTIME, why=Text("其模数或指数不可能", "its modulus or exponent cannot be")) from None


def _number(text: str) -> int:
    """Return the integer in base64url without padding (RFC 7518 section 6.3.1)."""
    try:
        return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except ValueError:
        raise BadEvidence(what=_RUNTIME, why=Text("密钥不是 base64url", "a key is not base64url")) from None
