"""AWS Nitro Enclaves attestation documents (AWS Nitro Enclaves user guide, "Verifying the root of trust").

Evidence: `document`, an untagged COSE_Sign1 (RFC 9052) under ES384. It carries its own certificate chain; a certificate
lives three hours, so `at` is the time the document was made. There is no other collateral.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.attestation import cbor, chain, cose
from hallmark.attestation.claims import REVOCATION, Claims, Fact
from hallmark.attestation.errors import BadEvidence
from hallmark.kernel.text import Text

FAMILY = "aws-nitro"

_DOCUMENT = Text("Nitro 证明文档", "Nitro attestation document")
_PCR_SIZES = (32, 48, 64)
# Fields of the document: name -> (type, may it be absent).
_FIELDS: Mapping[str, tuple[type, bool]] = {
    "module_id": (str, False),
    "digest": (str, False),
    "timestamp": (int, False),
    "pcrs": (dict, False),
    "certificate": (bytes, False),
    "cabundle": (list, False),
    "public_key": (bytes, True),
    "user_data": (bytes, True),
    "nonce": (bytes, True),
}
_BOOT_PCRS = (0, 1, 2)  # image, kernel and bootstrap, application: all zero in debug mode


def verify(
    evidence: Mapping[str, bytes],
    collateral: Mapping[str, bytes],  # noqa: ARG001 - one signature for every format
    anchors: frozenset[bytes],
    at: int,
) -> Claims:
    """Return the claims of a document as of `at` ms.

    In order: the document has the fields AWS states; the chain from its certificate over its bundle holds and
    ends in `anchors`; that certificate's key signed it; it was made no later than `at`. Its `user_data` is the report
    data. Raises `BadEvidence`, `BadEvidenceSignature`, `NotYetValid` and what `chain.verify` raises.
    """
    signed = cose.parse(evidence["document"], _DOCUMENT)
    if signed.algorithm != cose.ES384:
        raise _bad("签名算法不是 ES384", "its algorithm is not ES384")
    document = _fields(signed.payload)
    certificates = chain.load(b"".join([document["certificate"], *reversed(document["cabundle"])]), _DOCUMENT)
    signers = chain.verify(certificates, anchors, at, _DOCUMENT)
    signed.verify(certificates[0].public_key())
    made = document["timestamp"]
    chain.check_window(made, max(made, at), at, _DOCUMENT)
    registers: dict[int, bytes] = document["pcrs"]
    facts: dict[str, Fact] = {"module_id": document["module_id"], "timestamp": made}
    facts |= {name: document[name] for name in ("public_key", "nonce") if document.get(name) is not None}
    return Claims(
        format="nitro",
        family=FAMILY,
        measurements={f"pcr {index}": value for index, value in registers.items()},
        report_data=document.get("user_data") or b"",
        signers=signers,
        debug=not any(any(registers.get(index, b"")) for index in _BOOT_PCRS),
        facts=facts,
        missing=(REVOCATION,),
    )


def _fields(payload: bytes) -> dict[str, Any]:
    """Return the document in `payload` once every field has its type; raises `BadEvidence`."""
    document = cbor.decode(payload, _DOCUMENT)
    if not isinstance(document, dict) or not document.keys() <= _FIELDS.keys():
        raise _bad("字段未知", "it has unknown fields")
    for name, (kind, optional) in _FIELDS.items():
        value = document.get(name)
        if type(value) is not kind and not (value is None and optional):
            raise _bad(f"字段 {name} 不合规定", f"its field {name} has the wrong type")
    if document["digest"] != "SHA384":
        raise _bad("摘要算法不是 SHA384", "its digest is not SHA384")
    if not all(type(item) is bytes for item in document["cabundle"]):
        raise _bad("证书束不合规定", "its bundle holds something other than certificates")
    for index, value in document["pcrs"].items():
        if type(index) is not int or not 0 <= index < 32 or type(value) is not bytes or len(value) not in _PCR_SIZES:
            raise _bad("寄存器不合规定", "a register has the wrong number, type or size")
    return document


def _bad(zh: str, en: str) -> BadEvidence:
    return BadEvidence(what=_DOCUMENT, why=Text(zh, en))
