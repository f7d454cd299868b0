"""The audit's report, and nonconformities from raising to closing."""

from __future__ import annotations

import pytest

from hallmark.rules.act import NotRegistered
from hallmark.rules.application import NotYourCase
from hallmark.rules.audit import DueTooLate, NonconformitiesDiffer, NotAnswered, NumberOutOfOrder
from hallmark.rules.evaluation import ItemsDiffer
from hallmark.rules.personnel import PersonNotCompetent
from hallmark.scheme.model import Module


def test_only_the_planned_auditor_reports(planned):
    market, case = planned
    market.record_competence("northern", "kate", "auditor")
    with pytest.raises(PersonNotCompetent):
        market.audit(case, who="kate")


def test_an_audit_leaves_no_mandatory_item_out(planned):
    market, case = planned
    findings = market.audit_report(case, "unused")["findings"]
    item = market.edition().decisive(market.case(case), Module.AUDIT)[0].id
    with pytest.raises(ItemsDiffer, match=item):
        market.audit(case, findings={name: value for name, value in findings.items() if name != item})


def test_an_audit_tells_every_nonconformity(planned):
    market, case = planned
    market.raise_nonconformity(case)
    with pytest.raises(NonconformitiesDiffer):
        market.audit(case, nonconformities=[])


def test_a_nonconforming_item_has_a_nonconformity(planned):
    market, case = planned
    findings = market.audit_report(case, "unused")["findings"]
    item = market.edition().decisive(market.case(case), Module.AUDIT)[0].id
    with pytest.raises(NonconformitiesDiffer, match=item):
        market.audit(case, findings={**findings, item: "nonconforming"})


def test_a_nonconformity_closed_before_does_not_cover_what_an_audit_finds_now(planned):
    market, case = planned
    item = market.edition().decisive(market.case(case), Module.AUDIT)[0].id
    number = market.raise_nonconformity(case, item)
    market.answer(case, number)
    market.close(case, number)
    findings = market.audit_report(case, "unused")["findings"] | {item: "nonconforming"}
    with pytest.raises(NonconformitiesDiffer, match=item):
        market.audit(case, findings=findings)


def test_nonconformities_are_numbered_in_order(planned):
    market, case = planned
    with pytest.raises(NumberOutOfOrder):
        market.raise_nonconformity(case, number=2)


def test_a_nonconformity_is_about_something_prescribed(planned):
    market, case = planned
    with pytest.raises(ItemsDiffer):
        market.raise_nonconformity(case, requirement="XXX-01")


@pytest.mark.parametrize("days", [-1, 91])
def test_a_major_nonconformity_is_due_within_the_time_of_the_scheme(planned, days):
    market, case = planned
    with pytest.raises(DueTooLate):
        market.raise_nonconformity(case, grade="major", due=market.day(days))


def test_a_nonconformity_is_closed_only_after_an_answer(planned):
    market, case = planned
    number = market.raise_nonconformity(case)
    with pytest.raises(NotAnswered):
        market.close(case, number)


def test_an_answer_that_does_not_convince_is_rejected_and_given_again(planned):
    market, case = planned
    number = market.raise_nonconformity(case)
    market.answer(case, number)
    with pytest.raises(NotAnswered):
        market.answer(case, number)
    reject = {"number": number, "reasons": "no evidence"}
    market.submit("nonconformity.rejected", "northern", case, reject, approvals={"auditor": "erin"})
    market.answer(case, number)
    market.close(case, number)
    assert market.case(case)["nonconformities"]["1"]["status"] == "closed"


def test_a_nonconformity_that_was_never_raised_cannot_be_answered(planned):
    market, case = planned
    with pytest.raises(NotRegistered):
        market.answer(case, 7)


def test_the_body_cannot_answer_for_the_applicant(planned):
    market, case = planned
    number = market.raise_nonconformity(case)
    claims = {"number": number, "cause": "-", "corrective_action": "-", "evidence": []}
    with pytest.raises(NotYourCase):
        market.submit("nonconformity.answered", "jade", case, claims, approvals={"applicant_representative": "charlie"})
