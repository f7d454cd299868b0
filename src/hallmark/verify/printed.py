"""Was the certificate on this paper issued? What a printed code proves, offline: issue, and never status.

1. The text is a printed proof (`certificate.qr`); one that only refers to a certificate proves nothing
   (`ProvesNothing`).
2. The checkpoint, whose root follows from entry and path, is of a log in the trust bundle, under its quorum.
3. The entry is a `certificate.issued` of the bundle's environment, by the body its record names (`WrongParts`).

The body's own signature is not checked: its key takes an entry more than a code has room for, and the log admits no
statement without it.
"""

from __future__ import annotations

from hallmark.certificate import qr
from hallmark.certificate.status import Reading, Status
from hallmark.kernel.errors import Unverified
from hallmark.kernel.text import Text
from hallmark.ledger.policy import UnknownLog
from hallmark.statement.certificate import record_digest
from hallmark.verify.answer import Answer
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.certificate import attested, check_body, read_statement, vouchers

_UNNAMED = Text(
    "（码中未载明，可能属于另一纪元）",
    "(which the code does not name; it may be of another epoch than your trust bundle)",
)
_WHY = Text(
    "印刷的二维码只能证明证书曾经颁发；当前状态请查询登记簿或证书文件",
    "a printed code proves that the certificate was issued; for its status ask the register or use the file",
)


class ProvesNothing(Unverified):
    """The code only says where to ask."""

    en = (
        "This code proves nothing; it only refers to certificate {number}, whose record has the digest {digest}. "
        "Ask at {address}."
    )
    zh = "该二维码不证明任何事项，仅指向证书 {number}（记录摘要 {digest}）。请到 {address} 查询。"


def verify_printed(text: str, bundle: TrustBundle) -> Answer:
    """Return what the printed code `text` proves under `bundle`: a record that was issued, its status unknown.

    Raises the first check that fails.
    """
    proof = qr.parse(text)
    if isinstance(proof, qr.PrintedReference):
        raise ProvesNothing(number=proof.number, digest=proof.record_digest.hex(), address=proof.address)
    identifiers = {identifier for identifier, _ in proof.signatures}
    origin = next((key.name for key in bundle.policy.logs if key.id in identifiers), None)
    if origin is None:
        raise UnknownLog(origin=_UNNAMED)
    note = proof.note(origin, [*bundle.policy.logs, *bundle.policy.witnesses.values()])
    endorsement = bundle.verify(note)
    issued = read_statement(proof.issued.encoded, bundle, "certificate.issued")
    check_body(issued)
    record = issued.draft.public
    return Answer(
        number=issued.draft.subject,
        record=record,
        record_digest=record_digest(issued.draft.subject, record),
        reading=Reading(Status.UNKNOWN),
        known_at=None,
        age=None,
        vouched_by=vouchers(endorsement, bundle),
        development=bundle.development,
        why=_WHY,
        attested=attested(endorsement, bundle),
    )
