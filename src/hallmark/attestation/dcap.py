"""Intel SGX and TDX quotes, verified with archived collateral alone (DCAP).

Evidence: `quote`, with its chain of PCK certificates inside. Collateral, as Intel's service returns it: `tcb_info` and
`qe_identity` (the signed JSON text), `tcb_info_signature` and `qe_identity_signature` (64 bytes), `tcb_info_chain` and
`qe_identity_chain` (PEM), `pck_crl` and `root_crl` (DER).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hallmark.attestation import chain, dcap_tcb, json_text, signature
from hallmark.attestation.claims import Claims, Fact
from hallmark.attestation.dcap_quote import QUOTE, SGX, TDX, Quote, parse
from hallmark.attestation.dcap_tcb import PCK, QE_IDENTITY, TCB_INFO, Platform
from hallmark.attestation.errors import BrokenBinding
from hallmark.kernel.text import Text

FAMILIES = {SGX: "intel-sgx", TDX: "intel-tdx"}

_KEY = Text("证明密钥", "attestation key")
_ENCLAVE = Text("引证飞地报告", "report of the quoting enclave")
_LISTS = Text("吊销列表", "revocation lists")
_STATEMENTS = {SGX: ("SGX", "QE"), TDX: ("TDX", "TD_QE")}
# Per technology: measurements, other fields worth a rule, and where debug shows: (field, bits of its first byte).
_MEASUREMENTS = {
    SGX: ("mr_enclave", "mr_signer", "config_id"),
    TDX: ("mr_td", "mr_seam", "mr_config_id", "mr_owner", "mr_owner_config", "rtmr0", "rtmr1", "rtmr2", "rtmr3"),
}
_FACTS = {SGX: ("attributes", "isv_family_id"), TDX: ("td_attributes", "xfam", "tee_tcb_svn", "mr_service_td")}
_DEBUG = {SGX: ("attributes", 0x02), TDX: ("td_attributes", 0xFF)}
_MIGRATABLE = 29  # bit of a TD's attributes (Intel, "TDX module base architecture specification", ATTRIBUTES)


def verify(
    evidence: Mapping[str, bytes], collateral: Mapping[str, bytes], anchors: frozenset[bytes], at: int
) -> Claims:
    """Return the claims of a quote as of `at` ms.

    In order: the chain of the PCK certificate holds, ends in `anchors` and is not revoked; the PCK key signed the
    quoting enclave's report; that report binds the attestation key; the attestation key signed header and body. TCB
    info and enclave identity are Intel's, in force, about this platform; the enclave and the TDX module are the ones
    identified. The status is the level reached, worsened by an outdated enclave or module. Raises `BadEvidence`,
    `BadEvidenceSignature`, `BrokenBinding`, `NoTcbLevel` and what `chain.verify` and `check_revocation` raise.
    """
    quote = parse(evidence["quote"])
    certificates = chain.load(quote.chain, PCK)
    signers = chain.verify(certificates, anchors, at, PCK)
    lists, root_lists = (chain.load_lists(collateral[name], _LISTS) for name in ("pck_crl", "root_crl"))
    chain.check_revocation(certificates, [*lists, *root_lists], at)
    key = _verify_quote(quote, certificates[0].public_key())
    statements = {}
    for name, title, what in zip(
        ("tcb_info", "qe_identity"), _STATEMENTS[quote.technology], (TCB_INFO, QE_IDENTITY), strict=True
    ):
        signing = chain.load(collateral[f"{name}_chain"], what)
        chain.verify(signing, anchors, at, what)
        chain.check_revocation(signing, root_lists, at)
        raw = collateral[f"{name}_signature"]
        statements[name] = dcap_tcb.load(collateral[name], raw, signing, title, at, what)
    platform = dcap_tcb.platform(certificates[0])
    return _claims(quote, (key, *signers), platform, statements["tcb_info"], statements["qe_identity"])


def _verify_quote(quote: Quote, pck: object) -> bytes:
    """Return the attestation key's fingerprint once PCK -> enclave -> key -> quote holds."""
    signature.verify_raw_ecdsa(pck, quote.qe_signature, quote.qe_report, hashes.SHA256(), _ENCLAVE)
    if quote.qe["report_data"] != hashlib.sha256(quote.key + quote.qe_auth).digest().ljust(64, b"\x00"):
        why = Text("报告数据不是其摘要", "the report data is not its digest")
        raise BrokenBinding(what=_KEY, whole=_ENCLAVE, why=why)
    key = signature.point(ec.SECP256R1(), quote.key, QUOTE)
    signature.verify_raw_ecdsa(key, quote.signature, quote.signed, hashes.SHA256(), QUOTE)
    return signature.fingerprint(key)


def _claims(quote: Quote, signers: tuple[bytes, ...], platform: Platform, info: Any, identity: Any) -> Claims:
    fields, tee_tcb = quote.fields, quote.fields.get("tee_tcb_svn")
    level = dcap_tcb.match_platform(info, platform, tee_tcb)
    parts = [dcap_tcb.match_enclave(identity, quote.qe)]
    if tee_tcb is not None:
        module = dcap_tcb.match_module(info, tee_tcb, fields["mr_signer_seam"], fields["seam_attributes"])
        parts += [module] if module else []
    advisories = sorted({advisory for part in (level, *parts) for advisory in part.advisories})
    facts: dict[str, Fact] = {"version": quote.version, "fmspc": platform.fmspc, "advisories": ",".join(advisories)}
    facts |= {name: fields[name] for name in _FACTS[quote.technology] if name in fields}
    stated = ((info, TCB_INFO), (identity, QE_IDENTITY))
    evaluation = min(json_text.member(each, "tcbEvaluationDataNumber", int, what) for each, what in stated)
    tcb = {"tcb_date": min(part.date for part in (level, *parts)), "tcb_evaluation": evaluation}
    if quote.technology == SGX:
        facts["isv_prod_id"] = int.from_bytes(fields["isv_prod_id"], "little")
        tcb["isv_svn"] = int.from_bytes(fields["isv_svn"], "little")
    else:
        facts["migratable"] = bool(int.from_bytes(fields["td_attributes"], "little") >> _MIGRATABLE & 1)
    flags, bits = _DEBUG[quote.technology]
    return Claims(
        format="dcap",
        family=FAMILIES[quote.technology],
        measurements={name: fields[name] for name in _MEASUREMENTS[quote.technology]},
        report_data=fields["report_data"],
        signers=signers,
        debug=bool(fields[flags][0] & bits),
        tcb=tcb,
        tcb_status=dcap_tcb.converge(level.status, parts),
        facts=facts,
    )
