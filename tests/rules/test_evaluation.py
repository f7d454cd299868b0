"""Plan, sample, type test."""

from __future__ import annotations

import pytest

from hallmark.kernel import identifier
from hallmark.rules.admission import ApprovalMissing, OnePersonTwoFunctions
from hallmark.rules.application import NotYourCase, StepOutOfOrder
from hallmark.rules.evaluation import (
    BuildsDiffer,
    DatesImpossible,
    ItemsDiffer,
    LaboratoryNotQualified,
    ReportUnknown,
    SampleUnknown,
)
from hallmark.rules.market import RegisteredTwice
from hallmark.rules.personnel import PersonNotCompetent, PersonNotImpartial
from hallmark.scheme.model import Module
from world.cast import build, org, person


def _sample(seed):
    return identifier.from_seed("SAMPLE", seed.encode())


def _report(seed):
    return identifier.from_seed("REPORT", seed.encode())


def test_a_laboratory_without_designation_is_not_planned(agreed):
    market, case = agreed
    with pytest.raises(LaboratoryNotQualified):
        market.plan(case, laboratory="zenith")


def test_a_laboratory_that_lost_its_designation_cannot_report(planned):
    market, case = planned
    sample = market.receive(case)
    claims = {"activity": "testing", "scheme": "cfp", "product_types": ["CFP-01"], "reason": "incident"}
    market.submit("designation.ended", "bank", org("meridian"), claims)
    with pytest.raises(LaboratoryNotQualified):
        market.test(case, sample)


def test_an_auditor_who_is_not_competent_is_not_planned(agreed):
    market, case = agreed
    with pytest.raises(PersonNotCompetent):
        market.plan(case, team={"mallory": "auditor"})


def test_an_auditor_whose_competence_ran_out_is_not_planned(agreed):
    market, case = agreed
    market.record_competence("northern", "kate", "auditor", "2025-01-01", "2026-03-01")
    with pytest.raises(PersonNotCompetent):
        market.plan(case, team={"kate": "auditor"})


def test_an_auditor_with_an_interest_is_not_planned(agreed):
    market, case = agreed
    claims = {"interest_in": org("lotus"), "nature": "consultancy", "from": "2026-01-01"}
    market.submit("interest.declared", "northern", person("erin"), claims)
    with pytest.raises(PersonNotImpartial):
        market.plan(case)


def test_an_interest_declared_under_another_registration_counts(agreed):
    market, case = agreed
    market.enrol("erin2")
    market.record_competence("northern", "erin2", "reviewer")
    claims = {"interest_in": org("lotus"), "nature": "consultancy", "from": "2026-01-01"}
    market.submit("interest.declared", "northern", person("erin2"), claims)
    market.submit("person.merged", "operator", person("erin2"), {"into": person("erin"), "reason": "one person"})
    with pytest.raises(PersonNotImpartial):
        market.plan(case)


def test_a_sample_is_received_between_application_and_today_and_tested_after(planned):
    market, case = planned
    for day in ("2026-01-01", market.day(1)):
        with pytest.raises(DatesImpossible):
            market.receive(case, received_on=day)
    sample = market.receive(case)
    market.pass_time(days=1)
    early = {"started_on": market.day(-1), "finished_on": market.today}
    market.receive(case)
    market.test(case, sample, **early)


def test_a_laboratory_reports_on_samples_that_it_received_itself(planned):
    market, case = planned
    sample = market.receive(case)
    market.designate("zenith", "testing")
    market.plan(case, laboratory="zenith")
    market.record_competence("zenith", "ivan", "tester")
    market.record_competence("zenith", "judy", "authorised_signatory")
    report = market.test_report(case, sample, identifier.from_seed("REPORT", b"zenith"))
    staff = {"tester": "ivan", "authorised_signatory": "judy"}
    with pytest.raises(SampleUnknown):
        market.submit("test.reported", "zenith", case, report, approvals=staff)


def test_a_plan_does_not_end_in_the_past(agreed):
    market, case = agreed
    with pytest.raises(DatesImpossible):
        market.plan(case, days=-1)


def test_a_plan_is_made_again_until_the_first_report(planned):
    market, case = planned
    market.plan(case, days=90)
    market.test(case, market.receive(case))
    with pytest.raises(StepOutOfOrder):
        market.plan(case)


def test_the_laboratory_planned_receives_the_sample(planned):
    market, case = planned
    with pytest.raises(NotYourCase):
        market.submit("sample.received", "zenith", case, market.reception(case, _sample("one")))


@pytest.mark.parametrize(
    "builds",
    [[build(content=b"another build")], [build(), build(role="library")], [build(role="library")]],
    ids=["another build", "one more", "another role"],
)
def test_the_sample_is_exactly_what_was_declared(planned, builds):
    market, case = planned
    with pytest.raises(BuildsDiffer):
        market.receive(case, builds=builds)


def test_the_report_covers_exactly_what_was_declared(planned):
    market, case = planned
    sample = market.receive(case)
    with pytest.raises(BuildsDiffer):
        market.test(case, sample, builds=[build(content=b"a repaired build")])


def test_a_report_is_on_a_sample_received(planned):
    market, case = planned
    with pytest.raises(SampleUnknown):
        market.submit(
            "test.reported",
            "meridian",
            case,
            market.test_report(case, _sample("never seen"), _report("one")),
            approvals={"tester": "ivan", "authorised_signatory": "judy"},
        )


def test_a_sample_is_received_once(planned):
    market, case = planned
    sample = market.receive(case)
    with pytest.raises(RegisteredTwice):
        market.receive(case, sample=sample)


def test_a_report_number_is_used_once(planned):
    market, case = planned
    sample = market.receive(case)
    report = market.test(case, sample)
    with pytest.raises(RegisteredTwice):
        market.audit(case, report=report)


def test_a_second_report_amends_the_first(planned):
    market, case = planned
    sample = market.receive(case)
    first = market.test(case, sample)
    with pytest.raises(ReportUnknown):
        market.test(case, sample)
    second = market.test(case, sample, amends=first)
    assert [each["report"] for each in market.case(case)["tests"]] == [first, second]


def test_a_report_leaves_no_mandatory_item_out(planned):
    market, case = planned
    sample = market.receive(case)
    verdicts = market.test_report(case, sample, _report("one"))["verdicts"]
    item = market.edition().decisive(market.case(case), Module.TYPE_TEST)[0].id
    with pytest.raises(ItemsDiffer, match=item):
        market.test(case, sample, verdicts={name: value for name, value in verdicts.items() if name != item})


def test_a_report_adds_no_foreign_item(planned):
    market, case = planned
    sample = market.receive(case)
    verdicts = market.test_report(case, sample, _report("one"))["verdicts"]
    with pytest.raises(ItemsDiffer, match="XXX-01"):
        market.test(case, sample, verdicts={**verdicts, "XXX-01": "pass"})


@pytest.mark.parametrize(
    ("start", "end"), [(0, 3), (3, 2), (-20, -19)], ids=["ends tomorrow", "reversed", "before the application"]
)
def test_the_days_of_a_test_are_possible(planned, start, end):
    market, case = planned
    sample = market.receive(case)
    with pytest.raises(DatesImpossible):
        market.test(case, sample, started_on=market.day(start), finished_on=market.day(end))


def test_a_report_needs_tester_and_signatory(planned):
    market, case = planned
    with pytest.raises(ApprovalMissing):
        market.test(case, market.receive(case), approvals={"tester": "ivan"})


def test_tester_and_signatory_are_two_persons(planned):
    market, case = planned
    market.record_competence("meridian", "ivan", "authorised_signatory")
    with pytest.raises(OnePersonTwoFunctions):
        market.test(case, market.receive(case), approvals={"tester": "ivan", "authorised_signatory": "ivan"})


def test_a_tester_is_recorded_by_the_laboratory(planned):
    market, case = planned
    with pytest.raises(PersonNotCompetent):
        market.test(case, market.receive(case), approvals={"tester": "erin", "authorised_signatory": "judy"})
