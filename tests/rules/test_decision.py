"""Who may review, decide and sign off, on what, and when."""

from __future__ import annotations

import pytest

from hallmark.rules.admission import ApprovalMissing, ApprovalNotAsked
from hallmark.rules.application import BodyNotDesignated, BodyNotImpartial, NotYourCase, StepOutOfOrder
from hallmark.rules.certificate import NotSignedOff
from hallmark.rules.decision import (
    AppealJudgeInvolved,
    AppealTooLate,
    CaseChanged,
    EvaluatorDecides,
    EvaluatorReviews,
    IsolationTooWeak,
    ItemNotPassed,
    JudgeDecides,
    LegMissing,
    NonconformityOpen,
    NothingExamined,
    PersonsNotDistinct,
    ReviewerDecides,
    ReviewOutdated,
    SignatoryInvolved,
)
from hallmark.rules.evaluation import LaboratoryNotImpartial
from hallmark.rules.personnel import PersonNotCompetent, PersonNotImpartial
from hallmark.statement.approval import BadApproval
from world.cast import org, person


def test_an_evaluator_cannot_review(evaluated):
    market, case = evaluated
    market.record_competence("northern", "erin", "reviewer")
    with pytest.raises(EvaluatorReviews):
        market.review(case, who="erin")


def test_an_evaluator_enrolled_twice_cannot_review_under_the_other_name(evaluated):
    market, case = evaluated
    market.enrol("erin2")
    market.record_competence("northern", "erin2", "reviewer")
    market.submit("person.merged", "operator", person("erin2"), {"into": person("erin"), "reason": "one person"})
    with pytest.raises(EvaluatorReviews):
        market.review(case, who="erin2")


def test_a_merger_found_after_the_review_still_stops_the_decision(evaluated):
    market, case = evaluated
    market.enrol("frank2")
    market.record_competence("northern", "frank2", "decision_maker")
    market.review(case)
    market.submit("person.merged", "operator", person("frank"), {"into": person("frank2"), "reason": "one person"})
    with pytest.raises(ReviewerDecides):
        market.decide(case, who="frank2")


def test_an_evaluator_cannot_decide(evaluated):
    market, case = evaluated
    market.record_competence("northern", "erin", "decision_maker")
    market.review(case)
    with pytest.raises(EvaluatorDecides):
        market.decide(case, who="erin")


def test_the_reviewer_cannot_decide(evaluated):
    market, case = evaluated
    market.record_competence("northern", "frank", "decision_maker")
    market.review(case)
    with pytest.raises(ReviewerDecides):
        market.decide(case, who="frank")


@pytest.mark.parametrize("who", ["erin", "frank", "grace"])
def test_whoever_acted_before_cannot_sign_off(evaluated, who):
    market, case = evaluated
    market.record_competence("northern", who, "responsible_person")
    market.review(case)
    market.decide(case)
    with pytest.raises(SignatoryInvolved):
        market.sign_off(case, who=who)


def test_a_decision_needs_a_review(evaluated):
    market, case = evaluated
    with pytest.raises(ReviewOutdated):
        market.decide(case)


def test_a_decision_names_the_case_as_it_is(evaluated):
    market, case = evaluated
    before = market.digest(case)
    market.review(case)
    with pytest.raises(CaseChanged):
        market.decide(case, case_digest=before)


def test_a_review_is_outdated_by_anything_new(evaluated):
    market, case = evaluated
    market.review(case)
    market.raise_nonconformity(case)
    with pytest.raises(ReviewOutdated):
        market.decide(case, outcome="refuse")


def test_nothing_is_granted_while_a_nonconformity_is_open(evaluated):
    market, case = evaluated
    market.raise_nonconformity(case)
    with pytest.raises(NonconformityOpen):
        market.review(case)


def test_nothing_is_granted_without_an_audit(market):
    case = market.planned()
    market.test(case, market.receive(case))
    with pytest.raises(LegMissing):
        market.review(case)


def test_nothing_is_reviewed_without_any_report(market):
    case = market.planned()
    with pytest.raises(LegMissing):
        market.review(case, recommendation="refuse")


def decisive(market, case):
    from hallmark.scheme.model import Module

    return market.edition().decisive(market.case(case), Module.TYPE_TEST)[0].id


@pytest.mark.parametrize("verdict", ["fail", "inconclusive", "inspection-needed", "not-run", "error"])
def test_a_product_with_a_decisive_item_not_passed_is_not_granted(market, verdict):
    case = market.planned()
    sample = market.receive(case)
    item = decisive(market, case)
    report = market.test_report(case, sample, "unused")
    market.test(case, sample, verdicts={**report["verdicts"], item: verdict})
    market.audit(case)
    with pytest.raises(ItemNotPassed, match=item):
        market.review(case)


@pytest.mark.parametrize("leg", ["test", "audit"])
def test_a_leg_in_which_nothing_applied_earns_nothing(market, leg):
    case = market.planned()
    sample = market.receive(case)
    found = {"test": "verdicts", "audit": "findings"}
    other = {each: {} for each in found}
    report = {"test": market.test_report(case, sample, "unused"), "audit": market.audit_report(case, "unused")}[leg]
    other[leg] = {found[leg]: dict.fromkeys(report[found[leg]], "not-applicable")}
    market.test(case, sample, **other["test"])
    market.audit(case, **other["audit"])
    with pytest.raises(NothingExamined):
        market.review(case)


def tie(market, who, nature="employment"):
    holder = {"meridian": org, "erin": person, "ivan": person, "frank": person}[who](who)
    owner = "meridian" if who in ("meridian", "ivan") else "northern"
    claims = {"interest_in": org("lotus"), "nature": nature, "from": market.today}
    market.submit("interest.declared", owner, holder, claims)


@pytest.mark.parametrize("who", ["erin", "ivan", "frank"])
def test_an_interest_declared_after_the_evaluation_stops_the_grant_and_not_a_refusal(evaluated, who):
    market, case = evaluated
    market.review(case)
    tie(market, who)
    with pytest.raises(PersonNotImpartial, match=person(who)):
        market.decide(case)
    market.decide(case, outcome="refuse")


def test_a_laboratory_tied_to_the_applicant_is_not_planned_and_its_report_earns_nothing(evaluated, market):
    evaluated_market, case = evaluated
    evaluated_market.review(case)
    tie(evaluated_market, "meridian", "ownership")
    with pytest.raises(LaboratoryNotImpartial):
        evaluated_market.decide(case)
    tie(market, "meridian", "ownership")
    with pytest.raises(LaboratoryNotImpartial):
        market.planned()


def test_an_interest_declared_after_the_decision_stops_the_sign_off(evaluated):
    market, case = evaluated
    market.review(case)
    market.decide(case)
    tie(market, "erin")
    with pytest.raises(PersonNotImpartial):
        market.sign_off(case)


def test_who_acts_for_the_applicant_does_not_decide_for_the_body(market):
    market.record_competence("northern", "kate", "decision_maker")
    market.enrol("oscar")
    market.record_competence("lotus", "oscar", "applicant_representative")
    market.record_competence("northern", "oscar", "reviewer")
    case = market.evaluated()
    with pytest.raises(PersonNotImpartial, match="employment"):
        market.review(case, who="oscar")


def test_a_tie_to_the_person_who_acts_for_the_applicant_counts(evaluated):
    market, case = evaluated
    claims = {"interest_in": person("alice"), "nature": "family", "from": "2020-01-01"}
    market.submit("interest.declared", "northern", person("grace"), claims)
    market.review(case)
    with pytest.raises(PersonNotImpartial, match="family"):
        market.decide(case)


def test_a_body_that_lost_its_designation_or_gained_a_stake_after_the_decision_issues_nothing(signed_off, evaluated):
    market, case = signed_off
    ending = {"activity": "certification", "scheme": "cfp", "product_types": ["CFP-01"], "reason": "lost"}
    market.submit("designation.ended", "bank", org("northern"), ending)
    with pytest.raises(BodyNotDesignated):
        market.issue(case)
    market, case = evaluated
    market.review(case)
    market.decide(case)
    stake = {"interest_in": org("lotus"), "nature": "ownership", "from": market.today}
    market.submit("interest.declared", "northern", org("northern"), stake)
    with pytest.raises(BodyNotImpartial):
        market.sign_off(case)


def test_a_rejected_appeal_is_not_lodged_again(market):
    case = market.planned()
    sample = market.receive(case)
    market.test(case, sample, failing=(decisive(market, case),))
    market.review(case, recommendation="refuse")
    market.decide(case, outcome="refuse")
    appeal(market, case, outcome="rejected")
    with pytest.raises(StepOutOfOrder, match="rejected"):
        appeal(market, case, outcome="rejected")


def test_who_upheld_an_appeal_does_not_decide_anew(market):
    case = market.planned()
    sample = market.receive(case)
    market.test(case, sample, failing=(decisive(market, case),))
    market.review(case, recommendation="refuse")
    market.decide(case, outcome="refuse")
    appeal(market, case)
    market.review(case, recommendation="refuse")
    with pytest.raises(JudgeDecides):
        market.decide(case, who="kate", outcome="refuse")
    market.decide(case, outcome="refuse")


def test_a_merger_found_after_the_sign_off_stops_the_certificate_until_others_decide(signed_off):
    market, case = signed_off
    merger = {"into": person("grace"), "reason": "one human"}
    market.submit("person.merged", "operator", person("frank"), merger)
    with pytest.raises(PersonsNotDistinct):
        market.issue(case)
    market.record_competence("northern", "kate", "reviewer")
    market.review(case, who="kate")
    with pytest.raises(NotSignedOff):
        market.issue(case)
    market.decide(case)
    market.sign_off(case)
    market.issue(case)


def test_a_product_that_failed_is_refused_and_that_is_final(market):
    case = market.planned()
    sample = market.receive(case)
    market.test(case, sample, failing=(decisive(market, case),))
    market.review(case, recommendation="refuse")
    market.decide(case, outcome="refuse")
    assert market.case(case)["stage"] == "refused"
    with pytest.raises(StepOutOfOrder):
        market.sign_off(case)


def test_a_decider_may_not_grant_what_was_not_earned_even_after_a_review(market):
    case = market.planned()
    sample = market.receive(case)
    market.test(case, sample, failing=(decisive(market, case),))
    market.review(case, recommendation="refuse")
    with pytest.raises(LegMissing):
        market.decide(case, outcome="grant")


def test_a_laboratory_report_needs_full_isolation(market):
    case = market.planned()
    market.test(case, market.receive(case), kit={"id": "kit", "version": "1", "isolation": "limits"})
    market.audit(case)
    with pytest.raises(IsolationTooWeak):
        market.review(case)


def test_a_body_whose_designation_ended_cannot_decide(evaluated):
    market, case = evaluated
    market.review(case)
    market.submit(
        "designation.ended",
        "bank",
        org("northern"),
        {
            "activity": "certification",
            "scheme": "cfp",
            "product_types": ["CFP-01"],
            "reason": "lost",
        },
    )
    with pytest.raises(BodyNotDesignated):
        market.decide(case)


def test_a_body_with_a_stake_in_the_applicant_cannot_decide(evaluated):
    market, case = evaluated
    market.review(case)
    market.submit(
        "interest.declared",
        "northern",
        org("northern"),
        {"interest_in": org("lotus"), "nature": "ownership", "from": market.today},
    )
    with pytest.raises(BodyNotImpartial):
        market.decide(case)


def test_a_reviewer_with_an_interest_in_the_applicant_is_refused(evaluated):
    market, case = evaluated
    market.submit(
        "interest.declared",
        "northern",
        person("frank"),
        {"interest_in": org("lotus"), "nature": "family", "from": "2020-01-01"},
    )
    with pytest.raises(PersonNotImpartial):
        market.review(case)


@pytest.mark.parametrize(("ended", "refused"), [("2024-03-10", True), ("2024-02-20", False)])
def test_an_interest_cools_off_in_two_years(evaluated, ended, refused):
    market, case = evaluated
    market.submit(
        "interest.declared",
        "northern",
        person("frank"),
        {"interest_in": org("lotus"), "nature": "consultancy", "from": "2020-01-01", "until": ended},
    )
    if refused:
        with pytest.raises(PersonNotImpartial):
            market.review(case)
    else:
        market.review(case)


def test_a_reviewer_of_another_type_is_not_competent(evaluated):
    market, case = evaluated
    market.submit(
        "competence.ended", "northern", person("frank"), {"function": "reviewer", "scheme": "cfp", "reason": "-"}
    )
    with pytest.raises(PersonNotCompetent):
        market.review(case)


def test_a_review_needs_the_reviewers_own_approval(evaluated):
    market, case = evaluated
    claims = {"case_digest": market.digest(case), "recommendation": "grant", "reasons": "read"}
    with pytest.raises(ApprovalMissing):
        market.submit("review.recommended", "northern", case, claims)


def test_another_function_does_not_serve(evaluated):
    market, case = evaluated
    claims = {"case_digest": market.digest(case), "recommendation": "grant", "reasons": "read"}
    with pytest.raises(ApprovalNotAsked):
        market.submit("review.recommended", "northern", case, claims, approvals={"auditor": "erin"})


def test_the_operator_cannot_approve_for_a_person(evaluated):
    from hallmark.statement import envelope
    from hallmark.statement.approval import approve
    from world.cast import key

    market, case = evaluated
    claims = {"case_digest": market.digest(case), "recommendation": "grant", "reasons": "read"}
    draft, disclosures = market.draft("review.recommended", "northern", case, claims)
    forged = approve(draft.approval_digest, person("frank"), "reviewer", key("operator"))
    statement = envelope.parse(envelope.sign(draft, [forged], key("northern")))
    with pytest.raises(BadApproval):
        market.admit(statement, disclosures)


def test_another_body_cannot_decide(evaluated):
    market, case = evaluated
    claims = {"case_digest": market.digest(case), "outcome": "grant", "reasons": "-"}
    with pytest.raises(NotYourCase):
        market.submit("decision.made", "southern", case, claims, approvals={"decision_maker": "grace"})


@pytest.fixture
def refused(market):
    case = market.planned()
    market.test(case, market.receive(case), failing=(decisive(market, case),))
    market.review(case, recommendation="refuse")
    market.decide(case, outcome="refuse")
    return market, case


def appeal(market, case, who="kate", outcome="upheld"):
    market.submit(
        "appeal.lodged",
        "lotus",
        case,
        {"grounds": "the wrong build was tested"},
        approvals={"applicant_representative": "alice"},
    )
    market.submit(
        "appeal.decided",
        "northern",
        case,
        {"case_digest": market.digest(case), "outcome": outcome, "reasons": "checked"},
        approvals={"decision_maker": who},
    )


def test_an_appeal_upheld_reopens_the_evaluation(refused):
    market, case = refused
    appeal(market, case)
    assert market.case(case)["stage"] == "planned"


def test_an_appeal_rejected_changes_nothing(refused):
    market, case = refused
    appeal(market, case, outcome="rejected")
    assert market.case(case)["stage"] == "refused"


def test_the_decision_maker_cannot_judge_the_appeal(refused):
    market, case = refused
    with pytest.raises(AppealJudgeInvolved):
        appeal(market, case, who="grace")


def test_whoever_upheld_the_appeal_cannot_decide_afterwards(refused):
    market, case = refused
    appeal(market, case)
    market.review(case, recommendation="refuse")
    market.decide(case, outcome="refuse")
    with pytest.raises(AppealJudgeInvolved):
        appeal(market, case)


def test_an_appeal_comes_in_time(refused):
    market, case = refused
    market.pass_time(days=16)
    with pytest.raises(AppealTooLate):
        appeal(market, case)


def test_two_appeals_are_not_pending_at_once(refused):
    market, case = refused
    market.submit("appeal.lodged", "lotus", case, {"grounds": "once"}, approvals={"applicant_representative": "alice"})
    with pytest.raises(StepOutOfOrder):
        market.submit(
            "appeal.lodged", "lotus", case, {"grounds": "twice"}, approvals={"applicant_representative": "alice"}
        )
