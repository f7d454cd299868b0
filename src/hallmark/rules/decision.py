"""Rules of review, decision, sign-off and appeal.

1. Each names the digest of the case as it is now (`CaseChanged`); a decision follows the review of exactly this file,
   a sign-off the decision, with nothing in between (`ReviewOutdated`).
2. Nothing is granted before every leg that the profile requires is reported (Regulation art. 21, `LegMissing`), every
   decisive item passed or did not apply (`ItemNotPassed`), not all of them did not apply (`NothingExamined`), and every
   nonconformity is closed (17065 7.11, `NonconformityOpen`).
3. A laboratory's kit ran fully isolated (`IsolationTooWeak`).
4. Evaluators, reviewer and decision maker are different natural persons (17065 7.5.1, 7.6.2, `EvaluatorReviews`,
   `EvaluatorDecides`, `ReviewerDecides`), and so is the responsible person who signs off after them (Regulation
   art. 22, `SignatoryInvolved`); who decided an appeal does not decide anew (`JudgeDecides`). A merger found later
   stops the certificate (`PersonsNotDistinct`) until the file is reviewed and decided anew.
5. Who approves is competent for the type on this day; on the day of the grant neither they nor anybody who evaluated
   has an interest in the applicant (`personnel`), and the laboratory has none (`evaluation`).
6. An appeal is lodged in time (`AppealTooLate`), once against each decision, and decided by a person who took no part
   (17065 7.13.5, `AppealJudgeInvolved`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import Frontier
from hallmark.rules import person
from hallmark.rules.act import Act
from hallmark.rules.application import (
    body_is_impartial,
    body_is_still_designated,
    issuer_is_applicant,
    issuer_is_body,
    out_of_order,
    require_stage,
)
from hallmark.rules.edition import Edition
from hallmark.rules.evaluation import laboratory_is_impartial
from hallmark.rules.personnel import approvers_are_competent, require_impartial
from hallmark.scheme.model import Module
from hallmark.statement import kinds
from hallmark.statement.words import named

PASSED = ("pass", "not-applicable")


class CaseChanged(Refusal):
    """The digest named is not the digest of the case now."""

    article = "ISO/IEC 17065:2012 7.5, 7.6"
    en = "The case has changed since you saw it: you name {named}, it is {current}. Read the file again, then repeat."
    zh = "案件在您查阅后已有变化：您所指摘要为 {named}，当前为 {current}。请重新查阅后再办理。"


class ReviewOutdated(Refusal):
    """Something was added after the review or the decision."""

    article = "ISO/IEC 17065:2012 7.5.2"
    en = "{kind} must follow {before} directly: {why}. Let the step before be done again on the whole file."
    zh = "{kind}必须紧随{before}：{why}。请就完整案卷重新办理上一步骤。"


class LegMissing(Refusal):
    """A required leg of the evaluation has no report."""

    article = "Regulation on Certification and Accreditation art. 21"
    en = "The profile {profile} requires {leg}, and there is no report of it. Complete the evaluation first."
    zh = "规则剖面 {profile} 要求{leg}，但尚无报告。请先完成评价。"


class ItemNotPassed(Refusal):
    """A decisive item did not pass."""

    article = "ISO/IEC 17065:2012 7.6.2"
    en = "The product cannot be granted a certificate: {items}. Refuse it, or wait for an amended report."
    zh = "产品不能获证：{items}。请作出不予认证的决定，或等待修改后的报告。"


class NothingExamined(Refusal):
    """A leg in which nothing applied has shown nothing."""

    article = "Regulation on Certification and Accreditation art. 21"
    en = "In report {report} every decisive item is not applicable, so it shows nothing. Evaluate the product."
    zh = "报告 {report} 对所有决定性项目均判为不适用，未证明任何事项。须对产品进行评价。"


class NonconformityOpen(Refusal):
    """A nonconformity is not closed."""

    article = "ISO/IEC 17065:2012 7.11"
    en = "Nonconformities {numbers} are not closed. Close them, or refuse the certificate."
    zh = "不符合项 {numbers} 尚未关闭。请关闭后再办理，或不予认证。"


class IsolationTooWeak(Refusal):
    """The kit did not run isolated from the sample."""

    en = "Report {report} was made with isolation '{isolation}'; a laboratory's report needs 'bubblewrap'. Test again."
    zh = "报告 {report} 的隔离级别为“{isolation}”；实验室报告要求“bubblewrap”。请重新检测。"


class EvaluatorReviews(Refusal):
    """A reviewer was not involved in the evaluation."""

    article = "ISO/IEC 17065:2012 7.5.1"
    en = "{person} took part in the evaluation and cannot review it. Another person must."
    zh = "{person} 参与了评价，不能进行复核。须由他人办理。"


class EvaluatorDecides(Refusal):
    """A decision maker was not involved in the evaluation."""

    article = "ISO/IEC 17065:2012 7.6.2"
    en = "{person} took part in the evaluation and cannot decide on it. Another person must."
    zh = "{person} 参与了评价，不能作出认证决定。须由他人办理。"


class ReviewerDecides(Refusal):
    """Reviewer and decision maker are different persons."""

    article = "ISO/IEC 17065:2012 7.5, 7.6"
    en = "{person} reviewed this case and cannot decide on it. Another person must."
    zh = "{person} 已复核本案，不能再作决定。须由他人办理。"


class JudgeDecides(Refusal):
    """Who upheld an appeal does not decide in the case."""

    article = "ISO/IEC 17065:2012 7.13.5"
    en = "{person} decided an appeal in this case and cannot decide in it. Another person must."
    zh = "{person} 裁决过本案申诉，不能再作认证决定。须由他人办理。"


class SignatoryInvolved(Refusal):
    """The responsible person signs off after the certification personnel, and is none of them."""

    article = "Regulation on Certification and Accreditation art. 22"
    en = "{person} already acted in this case as {function} and cannot sign it off. The responsible person must."
    zh = "{person} 已在本案担任 {function}，不能签发。须由负责人签发。"


class PersonsNotDistinct(Refusal):
    """Two of the case's persons turned out to be one."""

    article = "ISO/IEC 17065:2012 7.5.1, 7.6.2; Regulation on Certification and Accreditation art. 22"
    en = "{person} acted in this case as {first} and as {second}. Let others review, decide and sign off the file anew."
    zh = "{person} 在本案中兼任 {first} 与 {second}。须由他人重新复核、决定并签发。"


class AppealTooLate(Refusal):
    """The time for an appeal is over."""

    article = "ISO/IEC 17065:2012 7.13"
    en = "The time to appeal ended on {until}. Apply anew."
    zh = "申诉期限已于 {until} 届满。请重新申请。"


class AppealJudgeInvolved(Refusal):
    """An appeal is decided by a person who took no part."""

    article = "ISO/IEC 17065:2012 7.13.5"
    en = "{person} took part in this case and cannot decide the appeal. Another person must."
    zh = "{person} 参与过本案，不能裁决申诉。须由他人办理。"


def case_digest(case: Mapping[str, Any]) -> bytes:
    """Return the 32-byte RFC 6962 root over the case's statements in ledger order."""
    return Frontier.from_value(case["file"]).root


def file_size(case: Mapping[str, Any]) -> int:
    """Return how many statements the case's file holds."""
    return Frontier.from_value(case["file"]).size


def digest_is_current(act: Act) -> None:
    """Rule 1."""
    current = case_digest(act.case)
    if act.claims["case_digest"] != current:
        raise CaseChanged(named=act.claims["case_digest"].hex()[:16], current=current.hex()[:16])


def follows_review(act: Act) -> None:
    """Rule 1: the last statement of the case is its review."""
    _require_last(act, "review", "review.recommended")


def follows_decision(act: Act) -> None:
    """Rule 1: the last statement of the case is its decision."""
    _require_last(act, "decision", "decision.made")


def _require_last(act: Act, step: str, before: str) -> None:
    record = act.case.get(step)
    if record is None or record["place"] != file_size(act.case):
        why = Text("案卷其后有新增", "the file has grown since") if record else Text("没有该步骤", "there is none")
        raise ReviewOutdated(kind=act.draft.kind.shown, before=kinds.find(before).shown, why=why)


def may_be_reviewed(act: Act) -> None:
    """Rule 4: until the certificate is issued the file may be reviewed anew."""
    require_stage(act, "planned", "granted", "signed_off")


def may_be_decided(act: Act) -> None:
    """Rule 1."""
    require_stage(act, "planned")


def something_was_evaluated(act: Act) -> None:
    """Rule 2: a review is of at least one report."""
    if not act.case["tests"] and not act.case["audits"]:
        raise LegMissing(profile=act.edition.profile.id, leg=named(Module.TYPE_TEST))


def grant_is_earned(act: Act) -> None:
    """Rules 2 and 3, where the outcome is to grant."""
    if act.claims.get("recommendation", act.claims.get("outcome")) == "grant":
        require_earned(act.edition, act.case)


def require_earned(edition: Edition, case: Mapping[str, Any]) -> None:
    """Raise unless the evaluation of `case` is complete and passed (rules 2 and 3)."""
    for module, reports in ((Module.TYPE_TEST, case["tests"]), (Module.AUDIT, case["audits"])):
        if edition.requires(module) and not reports:
            raise LegMissing(profile=edition.profile.id, leg=named(module))
    if case["tests"]:
        report = case["tests"][-1]
        if report["kit"]["isolation"] not in ("bubblewrap", "manual"):
            raise IsolationTooWeak(report=report["report"], isolation=report["kit"]["isolation"])
        verdicts = {
            item.id: report["verdicts"].get(item.id, "not-run") for item in edition.decisive(case, Module.TYPE_TEST)
        }
        if missed := [f"{item} {verdict}" for item, verdict in verdicts.items() if verdict not in PASSED]:
            raise ItemNotPassed(items=", ".join(missed))
        _require_examined(report["report"], verdicts.values())
    for report in case["audits"]:
        findings = report["findings"]
        _require_examined(report["report"], [findings.get(item.id) for item in edition.decisive(case, Module.AUDIT)])
    if numbers := [n for n, each in case["nonconformities"].items() if each["status"] != "closed"]:
        raise NonconformityOpen(numbers=", ".join(numbers))


def _require_examined(report: str, found: Collection[str | None]) -> None:
    if found and all(each == "not-applicable" for each in found):
        raise NothingExamined(report=report)


def evaluation_is_impartial(act: Act) -> None:
    """Rule 5, where the outcome is to grant."""
    if act.claims.get("outcome", "grant") == "grant":
        laboratory_is_impartial(act)
        for persons in involved(act.case).values():
            for name in persons:
                require_impartial(act, name)


def reviewer_did_not_evaluate(act: Act) -> None:
    """Rule 4."""
    for name in act.approvers.values():
        if name in _resolved(act, act.case["evaluators"]):
            raise EvaluatorReviews(person=name)


def decider_did_not_evaluate(act: Act) -> None:
    """Rule 4."""
    for name in act.approvers.values():
        if name in _resolved(act, act.case["evaluators"]):
            raise EvaluatorDecides(person=name)


def decider_did_not_review(act: Act) -> None:
    """Rule 4."""
    for name in act.approvers.values():
        if name in _resolved(act, involved(act.case).get("review", [])):
            raise ReviewerDecides(person=name)


def decider_did_not_judge(act: Act) -> None:
    """Rule 4."""
    for name in act.approvers.values():
        if name in _resolved(act, involved(act.case)["appeal"]):
            raise JudgeDecides(person=name)


def signatory_is_not_involved(act: Act) -> None:
    """Rule 4."""
    for name in act.approvers.values():
        for function, persons in involved(act.case).items():
            if name in _resolved(act, persons):
                raise SignatoryInvolved(person=name, function=named(function))


def persons_are_distinct(act: Act) -> None:
    """Rule 4, as the mergers stand now."""
    acted: dict[str, str] = {}
    for function, persons in involved(act.case).items():
        for name in _resolved(act, persons):
            if name in acted:
                raise PersonsNotDistinct(person=name, first=named(acted[name]), second=named(function))
            acted[name] = function


def involved(case: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the persons who acted in the case, by what they did."""
    steps = {step: case[step]["persons"] for step in ("review", "decision", "signoff") if case.get(step)}
    return {"evaluator": case["evaluators"], **steps, "appeal": case["judges"]}


def _resolved(act: Act, persons: list[str]) -> set[str]:
    return {person.resolve(act.state, name) for name in persons}


def is_granted(act: Act) -> None:
    """Only what was granted is signed off."""
    require_stage(act, "granted")


def may_be_appealed(act: Act) -> None:
    """Rule 6."""
    require_stage(act, "refused", "declined")
    until = instant.add_days(act.edition.date_at(act.case["ended_at"]), act.edition.number("appeal_days"))
    if act.today > until:
        raise AppealTooLate(until=until)
    if appeal := act.case["appeal"]:
        outcome = named(appeal["outcome"]).words
        raise out_of_order(act, Text(f"已有申诉，{outcome.zh}", f"an appeal is {outcome.en}"))


def appeal_is_pending(act: Act) -> None:
    """Rule 6."""
    if (act.case["appeal"] or {}).get("outcome") != "pending":
        raise out_of_order(act, Text("没有待决的申诉", "no appeal is pending"))


def judge_took_no_part(act: Act) -> None:
    """Rule 6."""
    for name in act.approvers.values():
        for persons in involved(act.case).values():
            if name in _resolved(act, persons):
                raise AppealJudgeInvolved(person=name)


def _persons(act: Act) -> list[str]:
    return sorted(act.approvers.values())


def _place(act: Act) -> int:
    return file_size(act.case) + 1


def review(act: Act) -> None:
    """Effect: this file was reviewed."""
    news = {"persons": _persons(act), "place": _place(act), "recommendation": act.claims["recommendation"]}
    act.put_case(stage="planned", review=news, decision=None, signoff=None)


def decide(act: Act) -> None:
    """Effect: the decision stands."""
    outcome = act.claims["outcome"]
    stage = "granted" if outcome == "grant" else "refused"
    news = {"persons": _persons(act), "place": _place(act), "outcome": outcome, "made_at": act.now}
    act.put_case(stage=stage, decision=news, ended_at=act.now, appeal=None)


def sign_off(act: Act) -> None:
    """Effect: the responsible person answers for it too; a certificate may be issued."""
    act.put_case(stage="signed_off", signoff={"persons": _persons(act), "place": _place(act)})


def lodge_appeal(act: Act) -> None:
    """Effect: an appeal is pending."""
    act.put_case(appeal={"outcome": "pending", "against": act.case["stage"]})


def decide_appeal(act: Act) -> None:
    """Effect: upheld, the case goes back to before what was appealed against; rejected, it stays."""
    appeal = act.case["appeal"]
    back = {"refused": "planned", "declined": "submitted"}[appeal["against"]]
    act.put_case(
        stage=back if act.claims["outcome"] == "upheld" else act.case["stage"],
        appeal={**appeal, "outcome": act.claims["outcome"]},
        judges=[*act.case["judges"], *_persons(act)],
    )


RULES = {
    "review.recommended": (
        issuer_is_body,
        may_be_reviewed,
        something_was_evaluated,
        digest_is_current,
        approvers_are_competent,
        reviewer_did_not_evaluate,
        grant_is_earned,
        review,
    ),
    "decision.made": (
        issuer_is_body,
        may_be_decided,
        something_was_evaluated,
        digest_is_current,
        follows_review,
        body_is_still_designated,
        body_is_impartial,
        approvers_are_competent,
        decider_did_not_evaluate,
        decider_did_not_review,
        decider_did_not_judge,
        grant_is_earned,
        evaluation_is_impartial,
        decide,
    ),
    "signoff.made": (
        issuer_is_body,
        is_granted,
        digest_is_current,
        follows_decision,
        body_is_still_designated,
        body_is_impartial,
        approvers_are_competent,
        signatory_is_not_involved,
        persons_are_distinct,
        evaluation_is_impartial,
        sign_off,
    ),
    "appeal.lodged": (issuer_is_applicant, approvers_are_competent, may_be_appealed, lodge_appeal),
    "appeal.decided": (
        issuer_is_body,
        digest_is_current,
        appeal_is_pending,
        approvers_are_competent,
        judge_took_no_part,
        decide_appeal,
    ),
}
