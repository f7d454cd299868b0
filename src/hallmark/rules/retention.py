"""Rules of evidence: what a case rests on is kept for as long as the scheme says, and erased once.

Whatever a statement about a case names is evidence of that case from then on: documents, agreement, records and
reports of tests, findings, answers. Evidence that no case named is under no retention. The ground given for erasing is
said to everybody and shortens nothing: a duty to erase personal data waits until the retention is over (Personal
Information Protection Law art. 47). Years are those of the edition that the case was applied under; evidence of several
cases is kept for each of them.

1. Evidence is erased once (`ErasedBefore`); that it was its issuer's to erase is for whoever keeps it to know.
2. While a case is under way or an appeal is pending, nothing of it is erased (Regulation art. 21, `CaseNotEnded`).
3. It is kept through the day that lies `retention_years` after the case ended (17065 7.12, `KeptAfterCase`).
4. It is kept through the day that lies `retention_after_end_years` after the end of the certificate: its last day, or
   the day on which its withdrawal or cancellation was recorded (Measures on Certification Bodies,
   `KeptAfterCertificate`).
5. Where neither the scheme nor its owner gives these numbers, nothing is erased (`RetentionNotSet`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import Refusal
from hallmark.rules.act import Act
from hallmark.rules.edition import Edition
from hallmark.rules.state import Changes, Record
from hallmark.scheme.parameters import NoSuchParameter, NotSet
from hallmark.statement.shape import evidence_in

AFTER_CASE = "retention_years"
AFTER_CERTIFICATE = "retention_after_end_years"

_ENDED = ("withdrawn", "declined", "closed", "refused", "certified")
_OVER = ("withdrawn", "cancelled")


class ErasedBefore(Refusal):
    """What is erased stays so, on the ground first given."""

    en = "The evidence {address} was erased already, by {by}. There is nothing to do."
    zh = "证据 {address} 已由 {by} 销毁，无需再次办理。"


class CaseNotEnded(Refusal):
    """The file of a case is complete until the case has ended, and beyond."""

    article = "Regulation on Certification and Accreditation art. 21; ISO/IEC 17065:2012 7.12"
    en = "The evidence {address} belongs to case {case}, which has not ended. It cannot be erased before that."
    zh = "证据 {address} 属于尚未终结的案件 {case}。终结之前不得销毁。"


class KeptAfterCase(Refusal):
    """Records are kept for a time after the case."""

    article = "ISO/IEC 17065:2012 7.12; Measures on Supervision of Inspection and Testing Bodies"
    en = (
        "The evidence {address} belongs to case {case}, which ended on {ended}. "
        "It must be kept until {until}; erase it after that day."
    )
    zh = "证据 {address} 属于案件 {case}，该案于 {ended} 终结。须保存至 {until}，该日之后方可销毁。"


class KeptAfterCertificate(Refusal):
    """Records are kept for a time after the certificate."""

    article = "Measures on Certification Bodies: records kept two years after a certificate ends"
    en = (
        "The evidence {address} belongs to certificate {number}, whose end is {ended}. "
        "It must be kept until {until}; erase it after that day."
    )
    zh = "证据 {address} 属于证书 {number}，其终止日为 {ended}。须保存至 {until}，该日之后方可销毁。"


class RetentionNotSet(Refusal):
    """Nobody has said how long records are kept."""

    article = "ISO/IEC 17065:2012 7.12"
    en = (
        "Evidence of case {case} cannot be erased: edition {edition} of scheme {scheme} sets no {parameter}. "
        "Have the scheme owner set it."
    )
    zh = "案件 {case} 的证据不得销毁：方案 {scheme} 的版本 {edition} 未设定 {parameter}。请方案所有者设定。"


def named_by(case: str, claims: Mapping[str, Any]) -> Changes:
    """Return the records which say that the evidence in `claims` belongs to `case`; one key each, never a list."""
    return {f"evidence/{named['address'].hex()}/{case}": {} for named in evidence_in(claims)}


def is_not_erased(act: Act) -> None:
    """Rule 1."""
    address = act.claims["address"].hex()
    if erased := act.state.get(f"erased/{address}"):
        raise ErasedBefore(address=address, by=erased["by"])


def case_has_ended(act: Act) -> None:
    """Rule 2."""
    for name, case in _cases(act):
        if case["stage"] not in _ENDED or (case["appeal"] or {}).get("outcome") == "pending":
            raise CaseNotEnded(address=act.claims["address"].hex(), case=name)


def case_is_long_over(act: Act) -> None:
    """Rules 3 and 5."""
    for name, case in _cases(act):
        edition = Edition.of_case(act.state, case)
        ended = edition.date_at(case["ended_at"])
        until = instant.add_years(ended, _years(edition, AFTER_CASE, name))
        if edition.date_at(act.now) <= until:
            raise KeptAfterCase(address=act.claims["address"].hex(), case=name, ended=ended, until=until)


def certificate_is_long_over(act: Act) -> None:
    """Rules 4 and 5."""
    for name, case in _cases(act):
        if number := case.get("certificate"):
            edition = Edition.of_case(act.state, case)
            ended = _end_of(act.need(f"certificate/{number}", "certificate", number), edition)
            until = instant.add_years(ended, _years(edition, AFTER_CERTIFICATE, name))
            if edition.date_at(act.now) <= until:
                raise KeptAfterCertificate(address=act.claims["address"].hex(), number=number, ended=ended, until=until)


def _cases(act: Act) -> Iterator[tuple[str, Record]]:
    """Yield the cases that named the evidence, with their records."""
    for key, _ in act.state.scan(f"evidence/{act.claims['address'].hex()}/"):
        name = key.rsplit("/", 1)[1]
        yield name, act.need(f"case/{name}", "case", name)


def _end_of(certificate: Record, edition: Edition) -> date:
    """Return the last day of a certificate; a withdrawal dated back does not bring it forward."""
    last, until = certificate["history"][-1], instant.parse_date(certificate["valid_until"])
    return min(until, edition.date_at(last["recorded_at"])) if last["status"] in _OVER else until


def _years(edition: Edition, parameter: str, case: str) -> int:
    try:
        return edition.number(parameter)
    except (NotSet, NoSuchParameter):
        raise RetentionNotSet(
            case=case, scheme=edition.scheme.id, edition=edition.scheme.edition, parameter=parameter
        ) from None


def erase_evidence(act: Act) -> None:
    """Effect: the evidence is known to be erased, and on what ground."""
    act.put(f"erased/{act.claims['address'].hex()}", {"ground": act.claims["ground"], "by": act.issuer})


RULES = {
    "evidence.erased": (
        is_not_erased,
        case_has_ended,
        case_is_long_over,
        certificate_is_long_over,
        erase_evidence,
    ),
}
