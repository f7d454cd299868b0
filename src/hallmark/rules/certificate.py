"""Rules about certificates.

1. A certificate follows a sign-off directly, of a case of the issuing body (Regulation art. 22, `NotSignedOff`), which
   is still designated (`BodyNotDesignated`) and impartial (`BodyNotImpartial`), by persons who are still known as
   different ones (`PersonsNotDistinct`).
2. Its number is ours, of this scheme, body, year and type, and the next one (`NumberNotNext`).
3. Its record says what the case says and nothing else (17065 7.7, Measures art. 7, `RecordDiffers`).
4. It is granted and valid from no day before the decision, and not later than today (17065 7.7.1, `GrantedTooEarly`).
5. It is valid for the years of the scheme at the most (`ValidTooLong`).
6. It is suspended, restored, withdrawn and cancelled by its body, by persons who are competent and impartial
   (Regulation art. 26, `NotYourCertificate`), along the transitions of the table (`StatusImpossible`); restored only by
   a body that is still designated. Nothing is ever deleted.
7. Record date and effective date are two facts; an effective date lies within the validity and not in the future: what
   is to be so later is stated later (`EffectiveOutside`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hallmark.kernel import identifier, instant
from hallmark.kernel.errors import Refusal
from hallmark.rules.act import Act, day
from hallmark.rules.application import NotYourCase, body_is_impartial, body_is_still_designated
from hallmark.rules.decision import case_digest, evaluation_is_impartial, file_size, persons_are_distinct
from hallmark.rules.edition import Edition
from hallmark.rules.market import RegisteredTwice
from hallmark.rules.personnel import approvers_are_competent
from hallmark.rules.state import Record, State
from hallmark.scheme.explain import Explanation
from hallmark.scheme.model import Standard
from hallmark.statement.certificate import record_digest, status_digest
from hallmark.statement.words import named

_SERIAL_DIGITS = 6

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "certificate.suspended": {"in-force": "suspended"},
    "certificate.restored": {"suspended": "in-force"},
    "certificate.withdrawn": {"in-force": "withdrawn", "suspended": "withdrawn"},
    "certificate.cancelled": {"in-force": "cancelled", "suspended": "cancelled"},
}


class NotSignedOff(Refusal):
    """A certificate follows its sign-off directly."""

    article = "Regulation on Certification and Accreditation art. 22"
    en = "Case {case} is not signed off, or has changed since. The responsible person must sign it off first."
    zh = "案件 {case} 尚未签发，或签发后又有变化。须先由负责人签发。"


class NumberNotNext(Refusal):
    """Numbers are given in order and without gaps."""

    en = "The certificate number must be {expected}, not {given}."
    zh = "证书编号应为 {expected}，而非 {given}。"


class RecordDiffers(Refusal):
    """The certificate says something else than the case."""

    article = "ISO/IEC 17065:2012 7.7.1; Measures on Certificates and Marks art. 7"
    en = "The certificate's {claim} is not what the case established. Prepare the certificate from the case."
    zh = "证书的 {claim} 与案件认定不符。请由案件生成证书。"


class GrantedTooEarly(Refusal):
    """A certificate is not dated before the decision."""

    article = "ISO/IEC 17065:2012 7.7.1 b"
    en = "Granted {granted}, valid from {start}: both must lie between the decision on {decided} and today, {today}."
    zh = "日期（批准 {granted}，生效 {start}）应在决定日 {decided} 与今日 {today} 之间。"


class ValidTooLong(Refusal):
    """The scheme limits the validity."""

    article = "Certification Rules for Fintech Products: validity of three years"
    en = "Valid until {end} is not possible: from {start} the latest day is {latest}."
    zh = "有效期至 {end} 不可行：自 {start} 起最晚为 {latest}。"


class NotYourCertificate(Refusal):
    """Another body issued it."""

    article = "Regulation on Certification and Accreditation art. 26"
    en = "Certificate {number} was issued by {body}. Only that body changes its status."
    zh = "证书 {number} 由 {body} 颁发。仅该机构可变更其状态。"


class StatusImpossible(Refusal):
    """This status does not follow from the present one."""

    article = "ISO/IEC 17065:2012 7.11"
    en = "{kind} is not possible: certificate {number} is {status}."
    zh = "{kind}不可行：证书 {number} 状态为 {status}。"


class EffectiveOutside(Refusal):
    """A status takes effect within the validity, and not before the status it follows."""

    en = "The status cannot take effect on {effective}: it must be between {earliest} and {latest}."
    zh = "状态不能于 {effective} 生效：应在 {earliest} 与 {latest} 之间。"


def next_number(state: State, edition: Edition, case: Mapping[str, Any], today: date) -> str:
    """Return the number that the next certificate of this scheme, body, year and type must have.

    Grammar, ours: SCHEME-BODY-YYYY-TYPE-NNNNNN-C with the check character of `kernel.identifier`.
    """
    series = _series(state, edition, case, today)
    last = (state.get(f"counter/{series}") or {"last": 0})["last"]
    return identifier.complete(f"{series}-{last + 1:0{_SERIAL_DIGITS}d}")


def _series(state: State, edition: Edition, case: Mapping[str, Any], today: date) -> str:
    body = state.get(f"organisation/{case['body']}") or {}
    kind = case["product_type"].rsplit("-", 1)[-1]
    return f"{edition.scheme.id.upper()}-{body.get('code', 'X')}-{today.year}-{kind}"


def record_of(state: State, case: Mapping[str, Any]) -> Record:
    """Return the claims that a certificate of `case` must carry, without its dates and its case."""
    edition = Edition.of_case(state, case)
    explained = edition.explain(case)
    applicant = state.get(f"organisation/{case['applicant']}") or {}
    return {
        "scheme": {
            "id": edition.scheme.id,
            "edition": edition.scheme.edition,
            "name": edition.scheme.title._asdict(),
            "profile": explained.profile.id,
            "offset_minutes": edition.number("civil_offset_minutes"),
        },
        "product_type": _product_type(explained, case["level"]),
        "mode": [*(str(module) for module in explained.profile.required), "surveillance"],
        "applicant": {"name": applicant["name"], "address": applicant["address"]},
        "manufacturer": case["manufacturer"],
        "factory": case["factory"],
        "product": case["product"],
        "standards": [_standard(standard) for _, standard in explained.standards],
        "body": _organisation(state, case["body"]),
        "laboratories": [_organisation(state, name) for name in sorted({t["laboratory"] for t in case["tests"]})],
        "reports": [*(test["report"] for test in case["tests"][-1:]), *(audit["report"] for audit in case["audits"])],
        "case_digest": case_digest(case),
    }


def _product_type(explained: Explanation, level: str | None) -> Record:
    record: Record = {"id": explained.product_type.id, "name": explained.product_type.title._asdict()}
    if level and explained.levels:
        title = explained.levels.levels[explained.levels.rank(level)].title
        record["level"] = {"id": level, "name": title._asdict()}
    return record


def _standard(standard: Standard) -> Record:
    return {"id": standard.id, **({"edition": standard.edition} if standard.edition else {})}


def _organisation(state: State, name: str) -> Record:
    record = state.get(f"organisation/{name}") or {}
    return {"id": name, "name": record["name"], "address": record["address"]}


def case_is_signed_off(act: Act) -> None:
    """Rule 1."""
    case = act.case
    if case["body"] != act.issuer:
        raise NotYourCase(issuer=act.issuer, party=named("body"), case=act.case_id)
    if case["stage"] != "signed_off" or case["signoff"]["place"] != file_size(case):
        raise NotSignedOff(case=act.case_id)


def number_is_next(act: Act) -> None:
    """Rule 2."""
    if act.state.get(f"certificate/{act.subject}"):
        raise RegisteredTwice(which=act.subject)
    expected = next_number(act.state, act.edition, act.case, act.today)
    if act.subject != expected:
        raise NumberNotNext(expected=expected, given=act.subject)


def record_is_the_cases(act: Act) -> None:
    """Rule 3."""
    for claim, value in record_of(act.state, act.case).items():
        if act.claims[claim] != value:
            raise RecordDiffers(claim=claim)


def dates_follow_decision(act: Act) -> None:
    """Rule 4."""
    decided = act.edition.date_at(act.case["decision"]["made_at"])
    granted, start = act.claims["granted_on"], act.claims["valid_from"]
    if not decided <= day(granted) <= day(start) <= act.today:
        raise GrantedTooEarly(granted=granted, start=start, decided=decided, today=act.today)


def validity_is_limited(act: Act) -> None:
    """Rule 5."""
    years = act.edition.number("validity_years")
    start, end = day(act.claims["valid_from"]), day(act.claims["valid_until"])
    latest = instant.add_years(start, years)
    if not start < end <= latest:
        raise ValidTooLong(start=start, end=end, latest=latest)


def certificate_is_the_issuers(act: Act) -> None:
    """Rule 6."""
    record = act.need(f"certificate/{act.subject}", "certificate", act.subject)
    if record["body"] != act.issuer:
        raise NotYourCertificate(number=act.subject, body=record["body"])


def status_may_follow(act: Act) -> None:
    """Rule 6."""
    record = act.need(f"certificate/{act.subject}", "certificate", act.subject)
    status = record["history"][-1]["status"]
    if status not in TRANSITIONS[act.kind]:
        raise StatusImpossible(kind=act.draft.kind.shown, number=act.subject, status=named(status))


def effect_is_within_validity(act: Act) -> None:
    """Rule 7."""
    record = act.need(f"certificate/{act.subject}", "certificate", act.subject)
    earliest, latest = record["history"][-1]["effective_on"], min(day(record["valid_until"]), act.today)
    if not day(earliest) <= day(act.claims["effective_on"]) <= latest:
        raise EffectiveOutside(effective=act.claims["effective_on"], earliest=earliest, latest=latest)


def issue(act: Act) -> None:
    """Effect: the certificate is, and the case has ended."""
    register(act)
    act.put(f"origin/{act.subject}", {"case": act.case_id})
    series, serial, _ = act.subject.rsplit("-", 2)
    act.put(f"counter/{series}", {"last": int(serial)})
    act.put_case(stage="certified", certificate=act.subject)


def register(act: Act) -> None:
    """Effect: the certificate is in force, which anyone can follow; its public claims are those of its case."""
    claims = act.claims
    news = {"status": "in-force", "effective_on": claims["valid_from"], "recorded_at": act.now, "reason_code": "issued"}
    _put_certificate(
        act,
        {
            "record": record_digest(act.subject, act.draft.public),
            "body": act.issuer,
            "offset_minutes": claims["scheme"]["offset_minutes"],
            "scheme": claims["scheme"]["id"],
            "edition": claims["scheme"]["edition"],
            "product_type": claims["product_type"]["id"],
            "valid_from": claims["valid_from"],
            "valid_until": claims["valid_until"],
            "history": [news],
        },
    )


def set_status(act: Act) -> None:
    """Effect: the certificate has another status from the effective date on."""
    record = act.need(f"certificate/{act.subject}", "certificate", act.subject)
    news = {
        "status": TRANSITIONS[act.kind][record["history"][-1]["status"]],
        "effective_on": act.claims["effective_on"],
        "recorded_at": act.now,
        "reason_code": act.claims["reason_code"],
    }
    _put_certificate(act, {**record, "history": [*record["history"], news]})


def _put_certificate(act: Act, record: Record) -> None:
    act.put(f"certificate/{act.subject}", record)
    act.put(f"leaf/{act.subject}", {"digest": status_digest(record)})


_STATUS = (
    certificate_is_the_issuers,
    approvers_are_competent,
    status_may_follow,
    effect_is_within_validity,
    set_status,
)

RULES = {
    "certificate.issued": (
        case_is_signed_off,
        body_is_still_designated,
        body_is_impartial,
        persons_are_distinct,
        evaluation_is_impartial,
        number_is_next,
        record_is_the_cases,
        dates_follow_decision,
        validity_is_limited,
        issue,
    ),
    **dict.fromkeys(TRANSITIONS, _STATUS),
    "certificate.restored": (body_is_still_designated, body_is_impartial, *_STATUS),
}
