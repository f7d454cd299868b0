"""Rules of the on-site audit and of nonconformities; where it stands in the evaluation, `evaluation` says.

1. The scheme asks for an audit (`StepOutOfOrder`), and whoever reports it was planned (Regulation art. 21,
   `PersonNotCompetent`).
2. A report gives a finding on every mandatory item and on no foreign one; a nonconformity is of an item that is
   prescribed (Regulation art. 21, `ItemsDiffer`).
3. A report names exactly the nonconformities raised, and each nonconforming mandatory item has one that is not closed
   (17065 7.4.6, `NonconformitiesDiffer`).
4. Nonconformities are numbered in order (`NumberOutOfOrder`), due within the time the scheme sets (`DueTooLate`), and
   closed only after an answer (`NotAnswered`).
"""

from __future__ import annotations

from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Code, Text
from hallmark.rules import person
from hallmark.rules.act import THINGS, Act, NotRegistered, day
from hallmark.rules.application import issuer_is_applicant, issuer_is_body, out_of_order
from hallmark.rules.evaluation import (
    ItemsDiffer,
    dates_are_possible,
    evaluators,
    is_planned,
    report_is_new,
    require_items,
)
from hallmark.rules.personnel import PersonNotCompetent, approvers_are_competent
from hallmark.scheme.model import Module
from hallmark.statement.words import named


class NonconformitiesDiffer(Refusal):
    """Every nonconformity is told to the client, and every finding has one."""

    article = "ISO/IEC 17065:2012 7.4.6"
    en = "The audit report and the nonconformities raised do not agree: {why}."
    zh = "审核报告与已提出的不符合项不一致：{why}。"


class NumberOutOfOrder(Refusal):
    """Nonconformities are numbered without gaps."""

    en = "The next nonconformity has number {expected}, not {given}."
    zh = "下一不符合项编号应为 {expected}，而非 {given}。"


class DueTooLate(Refusal):
    """The scheme sets the longest time for a correction."""

    en = "A {grade} nonconformity must be due between today and {latest}, not on {due}."
    zh = "{grade} 不符合项的期限应在今日至 {latest} 之间，而非 {due}。"


class NotAnswered(Refusal):
    """A nonconformity is closed or rejected on the applicant's answer."""

    en = "Nonconformity {number} is {status}; this needs it to be {wanted}."
    zh = "不符合项 {number} 处于 {status} 状态；此操作要求 {wanted}。"


def audit_items_are_prescribed(act: Act) -> None:
    """Rule 2."""
    require_items(act, Module.AUDIT, set(act.claims["findings"]))


def audit_is_planned(act: Act) -> None:
    """Rule 1."""
    if not act.edition.requires(Module.AUDIT):
        raise out_of_order(act, Text("该方案形态没有审核", "this profile has no audit"))
    planned = {person.resolve(act.state, member["person"]) for member in act.case["team"]}
    for function, name in act.approvers.items():
        if name not in planned:
            words = named(function).words
            raise PersonNotCompetent(
                person=name,
                organisation=act.issuer,
                function=Code(function, Text(f"计划内的{words.zh}", f"planned {words.en}")),
                product_type=act.case["product_type"],
                today=act.today,
            )


def nonconformities_agree(act: Act) -> None:
    """Rule 3."""
    raised = act.case["nonconformities"]
    told = {str(number) for number in act.claims["nonconformities"]}
    if told != set(raised):
        raise NonconformitiesDiffer(
            why=Text(
                f"提出的为 {sorted(raised)}，报告的为 {sorted(told)}",
                f"raised {sorted(raised)}, reported {sorted(told)}",
            )
        )
    required = {each["requirement"] for each in raised.values() if each["status"] != "closed"}
    mandatory = {item.id for item in act.edition.decisive(act.case, Module.AUDIT)}
    for item, finding in act.claims["findings"].items():
        if finding == "nonconforming" and item in mandatory and item not in required:
            raise NonconformitiesDiffer(
                why=Text(
                    f"{item} 判为不符合，但没有针对它的未关闭不符合项",
                    f"{item} is nonconforming, and no nonconformity on it is open",
                )
            )


def number_is_next(act: Act) -> None:
    """Rule 4."""
    expected = len(act.case["nonconformities"]) + 1
    if act.claims["number"] != expected:
        raise NumberOutOfOrder(expected=expected, given=act.claims["number"])


def requirement_is_audited(act: Act) -> None:
    """Rule 2 for nonconformities."""
    known = {item.id for module in Module for item in act.edition.items(act.case, module)}
    if act.claims["requirement"] not in known:
        raise ItemsDiffer(
            why=Text(
                f"{act.claims['requirement']} 并非对该产品规定的项目",
                f"{act.claims['requirement']} is not prescribed for this product",
            )
        )


def due_in_time(act: Act) -> None:
    """Rule 4."""
    grade = act.claims["grade"]
    latest = instant.add_days(act.today, act.edition.number(f"nonconformity_{grade}_days"))
    if not act.today <= day(act.claims["due"]) <= latest:
        raise DueTooLate(grade=named(grade), latest=latest, due=act.claims["due"])


def nonconformity_exists(act: Act) -> None:
    """The nonconformity spoken of was raised."""
    if str(act.claims["number"]) not in act.case["nonconformities"]:
        raise NotRegistered(what=THINGS["nonconformity"], which=act.claims["number"])


def awaits_answer(act: Act) -> None:
    """Rule 4: open ones are answered."""
    _require_status(act, "open")


def is_answered(act: Act) -> None:
    """Rule 4: answered ones are closed or rejected."""
    _require_status(act, "answered")


def _require_status(act: Act, wanted: str) -> None:
    number = act.claims["number"]
    status = act.case["nonconformities"][str(number)]["status"]
    if status != wanted:
        raise NotAnswered(number=number, status=named(status), wanted=named(wanted))


def report_audit(act: Act) -> None:
    """Effect: there is an audit report; its approvers have evaluated."""
    claims = act.claims
    news = {"report": claims["report"], "site": claims["site"], "findings": claims["findings"]}
    act.put(f"report/{claims['report']}", {"case": act.subject})
    act.put_case(audits=[*act.case["audits"], news], evaluators=evaluators(act))


def raise_nonconformity(act: Act) -> None:
    """Effect: a nonconformity is open."""
    claims = act.claims
    news = {
        "status": "open",
        "grade": claims["grade"],
        "requirement": claims["requirement"],
        "due": claims["due"],
    }
    numbered = {**act.case["nonconformities"], str(claims["number"]): news}
    act.put_case(nonconformities=numbered, evaluators=evaluators(act))


def set_nonconformity(status: str) -> Any:
    """Return the effect that brings a nonconformity to `status`; whoever judged it has evaluated."""

    def effect(act: Act) -> None:
        number = str(act.claims["number"])
        numbered = dict(act.case["nonconformities"])
        numbered[number] = {**numbered[number], "status": status}
        act.put_case(nonconformities=numbered, evaluators=evaluators(act))

    return effect


_NONCONFORMITY = (is_planned, nonconformity_exists)

RULES = {
    "audit.reported": (
        issuer_is_body,
        is_planned,
        approvers_are_competent,
        audit_is_planned,
        report_is_new,
        dates_are_possible,
        audit_items_are_prescribed,
        nonconformities_agree,
        report_audit,
    ),
    "nonconformity.raised": (
        issuer_is_body,
        is_planned,
        approvers_are_competent,
        number_is_next,
        requirement_is_audited,
        due_in_time,
        raise_nonconformity,
    ),
    "nonconformity.answered": (
        issuer_is_applicant,
        approvers_are_competent,
        *_NONCONFORMITY,
        awaits_answer,
        set_nonconformity("answered"),
    ),
    "nonconformity.rejected": (
        issuer_is_body,
        *_NONCONFORMITY,
        approvers_are_competent,
        is_answered,
        set_nonconformity("open"),
    ),
    "nonconformity.closed": (
        issuer_is_body,
        *_NONCONFORMITY,
        approvers_are_competent,
        is_answered,
        set_nonconformity("closed"),
    ),
}
