"""How a node asks for a seat by evidence, and how a member appraises that by itself.

What is asked is on the ledger (`node.presented`), so that all members, and whoever verifies years later, appraise the
same evidence as of the same time and come to the same result.

1. The request is final and of the present epoch (`NotOnLedger`), the policy is the one whose digest the constitution
   holds (`PolicyNotAgreed`), the evidence the one that the request names (`WrongEvidence`). Else nothing is appraised.
2. The nonce is the root of the ledger's first `size` entries, and they were there before the request (`NonceNotGiven`):
   nobody knew it before the last of them.
3. Evidence counts `fresh_seconds` of the policy from the time told last among those entries (`EvidenceStale`).
4. The bundle verifies as of the request and shows a state that the policy, and for code the constitution, approves; it
   is bound to epoch, nonce, constitution, and the seat's name and three keys (`hallmark.attestation.appraisal`).
5. It is of the family that the seat names (`OtherFamily`), which has a seat left.

The first rule broken from 2 on is the member's finding: its code and sentence go into `node.appraised`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hallmark.attestation import appraisal, binding
from hallmark.attestation.formats import Bundle
from hallmark.attestation.policy import Policy, Reference
from hallmark.consortium.constitution import Constitution, Member
from hallmark.kernel import hashing, instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.node.attester import families
from hallmark.node.attester.enrolment import FORMAT
from hallmark.node.attester.measurement import PACKAGE, measure
from hallmark.node.attester.registers import OWN, SHARED, State
from hallmark.node.errors import (
    EvidenceStale,
    NonceNotGiven,
    NotOnLedger,
    OtherFamily,
    PolicyNotAgreed,
    WrongEvidence,
)
from hallmark.node.reading import Reading
from hallmark.rules import consortium
from hallmark.statement import envelope

PRESENTED = "node.presented"
_MOST_REASON = 1999  # characters in each language: with the line between them, as many as `statement.shape.PROSE`


@dataclass(frozen=True, slots=True)
class Finding:
    """What a member found: `code` is `affirming`, `warning` or that of the rule broken; it counts `until`, in ms."""

    presented: bytes
    evidence: bytes
    policy: bytes
    accepted: bool
    code: str
    reason: Text
    until: int

    @property
    def claims(self) -> dict[str, object]:
        """The claims of `node.appraised`."""
        return {
            "presented": self.presented,
            "evidence": self.evidence,
            "policy": self.policy,
            "accepted": self.accepted,
            "code": self.code,
            "reason": "\n".join(map(_plain, self.reason)),
            "until": self.until,
        }


def approved(constitution: Constitution) -> dict[str, tuple[Reference, ...]]:
    """Return, by format, the states that a constitution itself approves: its code, measured together with itself.

    A policy cannot name them: the constitution holds the policy's digest, and its own would have to be in there.
    """
    states = [(code.hex(), State(code, constitution.digest)) for code in constitution.code]
    shown = (Reference(name, each.measurements(state)) for name, state in states for each in (OWN, SHARED))
    return {FORMAT: tuple(shown)}


def report_data(reading: Reading, nonce: bytes, seat: Member) -> bytes:
    """Return the 64 bytes that evidence for `seat` carries."""
    identifiers = [key.id for key in seat.keys]
    return binding.report_data(reading.record.epoch, nonce, reading.constitution.digest, seat.name, identifiers)


def collect(
    tpm: Path,
    reading: Reading,
    seat: Member,
    collateral: Mapping[str, bytes],
    package: Path = PACKAGE,
    family: str = families.DEFAULT,
) -> Bundle:
    """Return evidence for `seat` as a `family` has it, of the code in `package`, its nonce the reading's root.

    `tpm` is where the node's TPM is, if its family has one. Raises `NotMeasurable`, `NoAttester`, and as `attesting` or
    `ConfidentialVm.attest`.
    """
    with families.attester(family, tpm, State(measure(package), reading.constitution.digest)) as attester:
        return attester.attest(report_data(reading, reading.root, seat), collateral)


def appraise(reading: Reading, request: bytes, evidence: bytes, policy: Policy) -> Finding:
    """Return what a member finds of the `evidence`, an encoded bundle, for a `request`, the statement's bytes.

    Raises `NotOnLedger`, `PolicyNotAgreed`, `WrongEvidence`, and as `envelope.parse`.
    """
    draft, constitution = envelope.parse(request).draft, reading.constitution
    position = reading.find(request) if draft.kind.name == PRESENTED else None
    claims = draft.public
    if position is None or claims["epoch"] != reading.record.epoch:
        raise NotOnLedger(epoch=reading.record.epoch)
    if policy.digest != constitution.attestation:
        raise PolicyNotAgreed(policy=policy.id)
    if hashing.sha256(evidence) != claims["evidence"]["sha256"]:
        raise WrongEvidence(why=Text("其摘要不同", "its digest is another"))
    name = consortium.seat_digest(reading.record, claims["seat"])
    parts = name, claims["evidence"]["sha256"], policy.digest
    at = max(reading.told(position), draft.issued_at * instant.SECOND)
    size, root, until = claims["size"], b"", 0
    if size <= position:  # read before anything is found: tiles that do not verify are no fault of the node's
        root, until = reading.log.root(size), reading.told(size) + policy.fresh_seconds * instant.SECOND
    try:
        if claims["nonce"] != root:
            raise NonceNotGiven(size=size)
        if at > until:
            raise EvidenceStale(until=instant.to_text(until), at=instant.to_text(at))
        result = _judge(reading, claims, evidence, policy, at)
    except HallmarkError as error:
        return Finding(*parts, False, error.code, Text(error.explain("zh"), error.explain("en")), 0)
    return Finding(*parts, True, result.status, _accepted(result), until)


def _judge(reading: Reading, claims: Mapping[str, Any], evidence: bytes, policy: Policy, at: int) -> appraisal.Result:
    """Return the result of appraising the bundle (rules 4 and 5)."""
    constitution, seat = reading.constitution, Member.from_value({"product": "", **claims["seat"]})
    others = Counter(member.family for member in constitution.members if member.name != seat.name)
    asked = report_data(reading, claims["nonce"], seat)
    agreed = policy.under(approved(constitution))
    result = appraisal.appraise(Bundle.decode(evidence), agreed, asked, at, others, seat.product)
    if result.claims.family != seat.family:
        raise OtherFamily(shown=result.claims.family, named=seat.family)
    return result


def _plain(sentence: str) -> str:
    """Return a sentence as a statement may hold it: names in evidence are of any length and any characters."""
    return "".join(each if each.isprintable() else "?" for each in sentence[:_MOST_REASON])


def _accepted(result: appraisal.Result) -> Text:
    at, links = instant.to_text(result.at), ", ".join(result.claims.missing) or "-"
    return Text(
        f"截至 {at}，证据符合策略 {result.policy} 所批准的状态 {result.reference}；未验证环节：{links}。",
        f"As of {at} the evidence shows the state {result.reference}, approved under {result.policy}; "
        f"links not checked: {links}.",
    )
