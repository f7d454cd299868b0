"""Certificates: what they say, how long they last, what may become of them."""

from __future__ import annotations

import pytest

from hallmark.kernel import identifier
from hallmark.ledger.sorted_map import SortedMap
from hallmark.rules.application import BodyNotDesignated, NotYourCase
from hallmark.rules.certificate import (
    EffectiveOutside,
    GrantedTooEarly,
    NotSignedOff,
    NotYourCertificate,
    NumberNotNext,
    RecordDiffers,
    StatusImpossible,
    ValidTooLong,
)
from hallmark.rules.ledger import StatusDiffers, StatusOutOfTime
from hallmark.rules.personnel import PersonNotImpartial
from hallmark.rules.register import status_leaves
from world.cast import key, org, person


def test_a_certificate_needs_a_sign_off(evaluated):
    market, case = evaluated
    market.review(case)
    market.decide(case)
    with pytest.raises(NotSignedOff):
        market.submit("certificate.issued", "northern", number(market, case), {**market.certificate(case)})


def number(market, case):
    from hallmark.kernel import instant
    from hallmark.rules import certificate

    today = instant.parse_date(market.today)
    return certificate.next_number(market.state, market.edition(), market.case(case), today)


def test_one_sign_off_gives_one_certificate(signed_off):
    market, case = signed_off
    market.issue(case)
    with pytest.raises(NotSignedOff):
        market.submit("certificate.issued", "northern", number(market, case), market.certificate(case))


def test_another_body_cannot_issue_it(signed_off):
    market, case = signed_off
    with pytest.raises(NotYourCase):
        market.submit("certificate.issued", "southern", number(market, case), market.certificate(case))


@pytest.mark.parametrize("text", ["CFP-NORTH-2026-01-000002", "CFP-NORTH-2025-01-000001", "CFP-SOUTH-2026-01-000001"])
def test_the_number_is_the_next_one(signed_off, text):
    market, case = signed_off
    with pytest.raises(NumberNotNext):
        market.submit("certificate.issued", "northern", identifier.complete(text), market.certificate(case))


@pytest.mark.parametrize(
    ("claim", "change"),
    [
        ("product", lambda value: {**value, "version": "2.0.0"}),
        ("product", lambda value: {**value, "builds": [{**value["builds"][0], "sha256": bytes(32)}]}),
        ("applicant", lambda value: {**value, "name": {"zh": "别人", "en": "Somebody else"}}),
        ("factory", lambda value: {**value, "address": "elsewhere"}),
        ("standards", lambda value: [*value, {"id": "X", "edition": "1"}]),
        ("mode", lambda value: value[1:]),
        ("reports", lambda value: value[:1]),
        ("laboratories", lambda _: []),
        ("case_digest", lambda _: bytes(32)),
        ("product_type", lambda value: {**value, "id": "CFP-02"}),
        ("scheme", lambda value: {**value, "profile": "rules-2022"}),
    ],
)
def test_a_certificate_says_what_the_case_says(signed_off, claim, change):
    market, case = signed_off
    claims = market.certificate(case)
    with pytest.raises(RecordDiffers, match=claim):
        market.issue(case, **{claim: change(claims[claim])})


def test_three_years_and_no_day_more(signed_off):
    market, case = signed_off
    with pytest.raises(ValidTooLong):
        market.issue(case, valid_until="2029-03-05")
    assert market.certificate(case)["valid_until"] == "2029-03-04"
    market.issue(case)


def test_a_validity_does_not_end_before_it_begins(signed_off):
    market, case = signed_off
    with pytest.raises(ValidTooLong):
        market.issue(case, valid_until="2026-01-01")


@pytest.mark.parametrize("days", [-1, 1])
def test_a_certificate_is_dated_between_decision_and_today(signed_off, days):
    market, case = signed_off
    with pytest.raises(GrantedTooEarly):
        market.issue(case, granted_on=market.day(days), valid_from=market.day(days))


def test_a_certificate_is_suspended_restored_and_withdrawn(certified):
    market, certificate = certified
    market.pass_time(days=10)
    market.set_status("suspended", certificate)
    market.set_status("restored", certificate)
    market.set_status("withdrawn", certificate)
    history = market.state.get(f"certificate/{certificate}")["history"]
    assert [event["status"] for event in history] == ["in-force", "suspended", "in-force", "withdrawn"]


@pytest.mark.parametrize("event", ["suspended", "restored", "withdrawn", "cancelled"])
def test_what_was_withdrawn_stays_so(certified, event):
    market, certificate = certified
    market.set_status("withdrawn", certificate)
    market.pass_time()
    with pytest.raises(StatusImpossible):
        market.set_status(event, certificate)


def test_what_is_in_force_cannot_be_restored(certified):
    market, certificate = certified
    with pytest.raises(StatusImpossible):
        market.set_status("restored", certificate)


def test_only_its_body_changes_a_status(certified):
    market, certificate = certified
    claims = {"effective_on": market.today, "reason_code": "x", "reason": "x"}
    with pytest.raises(NotYourCertificate):
        market.submit("certificate.suspended", "southern", certificate, claims, approvals={"decision_maker": "grace"})


def test_a_body_that_lost_its_designation_suspends_and_does_not_restore(certified):
    market, certificate = certified
    ending = {"activity": "certification", "scheme": "cfp", "product_types": ["CFP-01"], "reason": "lost"}
    market.submit("designation.ended", "bank", org("northern"), ending)
    market.set_status("suspended", certificate)
    with pytest.raises(BodyNotDesignated):
        market.set_status("restored", certificate)


def test_who_has_an_interest_does_not_set_a_status(certified):
    market, certificate = certified
    market.set_status("suspended", certificate)
    tie = {"interest_in": org("lotus"), "nature": "family", "from": "2020-01-01"}
    market.submit("interest.declared", "northern", person("grace"), tie)
    with pytest.raises(PersonNotImpartial):
        market.set_status("restored", certificate)


@pytest.mark.parametrize("effective", ["2026-03-03", "2026-03-05", "2029-03-05"])
def test_a_status_takes_effect_within_the_validity(certified, effective):
    market, certificate = certified
    with pytest.raises(EffectiveOutside):
        market.set_status("suspended", certificate, effective_on=effective)


def state_status(market, **claims):
    leaves = status_leaves(market.state)
    stated = {"size": len(leaves), "root": SortedMap(leaves).root, "at": market.clock, **claims}
    market.submit("status.stated", "operator", org("operator"), stated)


def test_the_status_stated_is_the_status_computed(certified):
    market, _ = certified
    state_status(market)
    assert market.state.get("status")["size"] == 1


@pytest.mark.parametrize("claims", [{"size": 2}, {"root": bytes(32)}])
def test_another_status_is_refused(certified, claims):
    market, _ = certified
    with pytest.raises(StatusDiffers):
        state_status(market, **claims)


def test_a_status_is_stated_for_the_present(certified):
    market, _ = certified
    with pytest.raises(StatusOutOfTime):
        state_status(market, at=market.clock - 1)


def test_a_key_of_another_body_does_not_issue(signed_off):
    from hallmark.kernel.keys import BadSignature

    market, case = signed_off
    statement = market.prepare(
        "certificate.issued", "northern", number(market, case), market.certificate(case), signer=key("southern")
    )
    with pytest.raises(BadSignature):
        market.admit(*statement)
