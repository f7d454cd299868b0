"""The layout of Intel DCAP quotes, versions 3, 4 and 5; all integers are little-endian.

Intel, "SGX ECDSA quote library API", appendix A, and "TDX DCAP quoting library API", appendix A.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hallmark.attestation.reader import Reader
from hallmark.kernel.text import Text

QUOTE = Text("DCAP 引证", "DCAP quote")

SGX, TDX = "sgx", "tdx"
_ECDSA_P256 = 2
_SGX_TYPE, _TDX_TYPE = 0x00, 0x81
_PCK_CHAIN, _QE_REPORT = 5, 6
_INTEL_QE = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")
_HEADER, _ENCLAVE = 48, 384
# The fields of a report, in order: name -> bytes; names that begin with "_" are reserved.
_ENCLAVE_FIELDS: Mapping[str, int] = {
    "cpu_svn": 16, "misc_select": 4, "_1": 28, "attributes": 16, "mr_enclave": 32, "_2": 32, "mr_signer": 32,
    "_3": 32, "config_id": 64, "isv_prod_id": 2, "isv_svn": 2, "config_svn": 2, "_4": 42, "isv_family_id": 16,
    "report_data": 64,
}  # fmt: skip
_TD_FIELDS: Mapping[str, int] = {
    "tee_tcb_svn": 16, "mr_seam": 48, "mr_signer_seam": 48, "seam_attributes": 8, "td_attributes": 8, "xfam": 8,
    "mr_td": 48, "mr_config_id": 48, "mr_owner": 48, "mr_owner_config": 48, "rtmr0": 48, "rtmr1": 48, "rtmr2": 48,
    "rtmr3": 48, "report_data": 64,
}  # fmt: skip
_TD_15_FIELDS = {**_TD_FIELDS, "tee_tcb_svn_2": 16, "mr_service_td": 48}
# Version 5 names its body: type -> (technology, fields).
_BODIES = {1: (SGX, _ENCLAVE_FIELDS), 2: (TDX, _TD_FIELDS), 3: (TDX, _TD_15_FIELDS)}
_BODY_OF_TEE = {_SGX_TYPE: 1, _TDX_TYPE: 2}


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote taken apart, before any signature is looked at; `qe` are the fields of the quoting enclave's report."""

    version: int
    technology: str
    fields: Mapping[str, bytes]
    signed: bytes
    signature: bytes
    key: bytes
    qe: Mapping[str, bytes]
    qe_report: bytes
    qe_signature: bytes
    qe_auth: bytes
    chain: bytes


def parse(data: bytes) -> Quote:
    """Return the quote in `data`, which zeros may follow; raises `BadEvidence`."""
    reader = Reader(data, QUOTE)
    version, key_type = reader.number(2), reader.number(2)
    tee = reader.number(4) if version > 3 else _SGX_TYPE
    if version not in (3, 4, 5) or key_type != _ECDSA_P256 or tee not in _BODY_OF_TEE:
        reader.refuse("版本、密钥类型或技术不受支持", "its version, key type or technology is not supported")
    reader.at = 12
    if reader.take(16) != _INTEL_QE:
        reader.refuse("引证飞地不是英特尔的", "its quoting enclave is not Intel's")
    reader.at = _HEADER
    number = reader.number(2) if version == 5 else _BODY_OF_TEE[tee]
    technology, layout = _BODIES.get(number, ("", {}))
    if technology != _BODIES[_BODY_OF_TEE[tee]][0] or (version == 5 and reader.number(4) != sum(layout.values())):
        reader.refuse("报告正文类型不符", "its body is not of the type and size that its header names")
    fields = _fields(reader.take(sum(layout.values())), layout)
    signed = data[: reader.at]
    auth = Reader(reader.sized(4), QUOTE)
    reader.zeros(len(data) - reader.at)
    signature, key = auth.take(64), auth.take(64)
    if version > 3:
        if auth.number(2) != _QE_REPORT:
            auth.refuse("认证数据类型不受支持", "its certification data is of a type that is not supported")
        inner = Reader(auth.sized(4), QUOTE)
        auth.end()
        auth = inner
    qe_report, qe_signature, qe_auth = auth.take(_ENCLAVE), auth.take(64), auth.sized(2)
    if auth.number(2) != _PCK_CHAIN:
        auth.refuse("未附 PCK 证书链", "it carries no chain of PCK certificates")
    chain = auth.sized(4)
    auth.end()
    qe = _fields(qe_report, _ENCLAVE_FIELDS)
    return Quote(version, technology, fields, signed, signature, key, qe, qe_report, qe_signature, qe_auth, chain)


def _fields(data: bytes, layout: Mapping[str, int]) -> dict[str, bytes]:
    reader = Reader(data, QUOTE)
    return {name: reader.take(size) for name, size in layout.items()}
