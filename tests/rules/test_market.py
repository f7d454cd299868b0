"""Who is in the market."""

from __future__ import annotations

import dataclasses

import pytest

from hallmark.kernel.keys import BadKey, SoftwareSigner
from hallmark.rules import person as persons
from hallmark.rules.admission import AdmittedBefore
from hallmark.rules.application import BodyNotImpartial
from hallmark.rules.decision import EvaluatorReviews
from hallmark.rules.market import (
    AlgorithmNotAllowed,
    CodeTaken,
    DesignationMisplaced,
    EditionAdoptedTwice,
    FunctionMisplaced,
    InterestNotYours,
    KeyTaken,
    MergeImpossible,
    NotTheOwner,
    PeriodReversed,
    PersonServesAnotherBody,
    ProductTypeUnknown,
    RegisteredTwice,
    SchemeNotHeld,
)
from hallmark.scheme.parameters import FixedBySource, NoSuchParameter
from hallmark.statement import envelope
from hallmark.statement.approval import approve
from world.cast import key, name, org, person, public
from world.market import Market


def organisation(**claims):
    key = SoftwareSigner.from_seed(bytes(32))
    return {"role": "body", "name": name("x"), "address": "x", "key": public(key), "hosted": False, **claims}


def test_an_organisation_is_registered_once(market):
    with pytest.raises(RegisteredTwice):
        market.submit("organisation.registered", "bank", org("northern"), organisation())


def test_a_code_belongs_to_one_body(market):
    with pytest.raises(CodeTaken):
        market.submit("organisation.registered", "bank", org("new"), organisation(code="NORTH"))


def test_a_person_is_enrolled_once(market):
    with pytest.raises(RegisteredTwice):
        market.enrol("alice")


def test_a_key_is_of_an_algorithm_that_genesis_allows(cfp):
    market = Market(cfp, "CFP-01")
    market.found(algorithms=[-19])
    key = public(SoftwareSigner.generate(-9))
    with pytest.raises(AlgorithmNotAllowed):
        market.submit("organisation.registered", "bank", org("new"), organisation(key=key))


def test_a_new_key_does_not_undo_a_merger(evaluated):
    market, case = evaluated
    market.enrol("erin2")
    market.record_competence("northern", "erin2", "reviewer")
    market.submit("person.merged", "operator", person("erin2"), {"into": person("erin"), "reason": "one human"})
    rekeying = {"key": {"key": public(key("another"))}, "reason": "lost"}
    market.submit("person.rekeyed", "operator", person("erin2"), rekeying)
    with pytest.raises(MergeImpossible):
        market.submit("person.merged", "operator", person("erin"), {"into": person("erin2"), "reason": "back"})
    claims = {"case_digest": market.digest(case), "recommendation": "grant", "reasons": "read"}
    draft, disclosures = market.draft("review.recommended", "northern", case, claims)
    approval = approve(draft.approval_digest, person("erin2"), "reviewer", key("another"))
    with pytest.raises(EvaluatorReviews):
        market.admit(envelope.parse(envelope.sign(draft, [approval], key("northern"))), disclosures)


def test_what_persons_approved_is_admitted_once_whoever_signs_it_again(certified):
    market, number = certified
    claims = {"effective_on": market.today, "reason_code": "operator", "reason": "decided"}
    draft, disclosures = market.draft("certificate.suspended", "northern", number, claims)
    approval = approve(draft.approval_digest, person("grace"), "decision_maker", key("grace"))
    market.admit(envelope.parse(envelope.sign(draft, [approval], key("northern"))), disclosures)
    market.set_status("restored", number, who="kate")
    again = dataclasses.replace(approval, signature=bytes(64))  # another spelling of the approvals
    with pytest.raises(AdmittedBefore):
        market.admit(envelope.parse(envelope.sign(draft, [again], key("northern"))), disclosures)


def test_two_registrations_that_turn_out_to_be_one_person_serve_one_body(evaluated):
    market, case = evaluated
    market.enrol("frank2")
    market.record_competence("southern", "frank2", "reviewer")
    market.submit("person.merged", "operator", person("frank2"), {"into": person("frank"), "reason": "one human"})
    with pytest.raises(PersonServesAnotherBody):
        market.review(case)


def test_a_competence_is_in_a_function_of_the_place_and_an_applicant_records_nobody_of_a_body(market):
    with pytest.raises(FunctionMisplaced):
        market.record_competence("lotus", "mallory", "decision_maker")
    with pytest.raises(PersonServesAnotherBody):
        market.record_competence("lotus", "grace", "applicant_representative")


def test_an_interest_is_declared_by_its_holder_or_employer_and_can_end(market):
    stake = {"interest_in": org("lotus"), "nature": "ownership", "from": "2020-01-01"}
    for holder in (org("northern"), person("grace")):
        with pytest.raises(InterestNotYours):
            market.submit("interest.declared", "jade", holder, stake)
    market.submit("interest.declared", "northern", org("northern"), stake)
    with pytest.raises(BodyNotImpartial):
        market.apply()
    market.submit("interest.declared", "northern", org("northern"), stake | {"until": "2021-01-01"})
    market.submit("interest.declared", "bank", person("grace"), stake | {"from": "9998-01-01", "until": "9999-12-31"})
    market.certified()


def test_a_scheme_is_its_owners(market):
    market.submit("organisation.registered", "bank", org("rival"), organisation(role="owner", key=public(key("rival"))))
    granted = {
        "activity": "testing",
        "scheme": "cfp",
        "product_types": ["CFP-01"],
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
        "basis": "-",
    }
    with pytest.raises(NotTheOwner):
        market.submit("designation.granted", "rival", org("zenith"), granted)
    with pytest.raises(NotTheOwner):
        market.submit("organisation.registered", "operator", org("x"), organisation(role="owner", key=public(key("x"))))


def test_a_key_is_one_organisations_or_one_persons_for_good(market):
    with pytest.raises(KeyTaken, match=org("lotus")):
        market.submit("organisation.registered", "bank", org("new"), organisation(key=public(key("lotus"))))
    enrolment = {"key": {"key": public(key("alice"))}, "name": "Alice", "registration": "no. 2"}
    with pytest.raises(KeyTaken, match=person("alice")):
        market.submit("person.enrolled", "operator", person("alice2"), enrolment)
    rekeying = {"key": public(key("northern anew")), "hosted": True, "reason": "yearly"}
    market.submit("organisation.rekeyed", "bank", org("northern"), rekeying)
    with pytest.raises(KeyTaken, match=org("northern")):
        market.submit("organisation.registered", "bank", org("new"), organisation(key=public(key("northern"))))


@pytest.mark.parametrize("material", [bytes(32), b"\x01" + bytes(31), b"short", b"\xff" * 32])
def test_a_key_is_a_key(market, material):
    with pytest.raises(BadKey):
        market.submit(
            "organisation.registered",
            "bank",
            org("new"),
            organisation(key={"algorithm": -19, "material": material}),
        )


def merge(market, one, into):
    market.submit("person.merged", "operator", person(one), {"into": person(into), "reason": "one person"})


def test_a_person_is_merged_once_and_into_another(market):
    with pytest.raises(MergeImpossible):
        merge(market, "alice", "alice")
    merge(market, "alice", "bob")
    with pytest.raises(MergeImpossible):
        merge(market, "alice", "charlie")
    with pytest.raises(MergeImpossible):
        merge(market, "charlie", "alice")


def test_certification_personnel_serve_one_body(market):
    with pytest.raises(PersonServesAnotherBody):
        market.record_competence("southern", "frank", "reviewer")


def test_a_person_may_change_to_another_body_when_the_first_ended(market):
    market.submit(
        "competence.ended", "northern", person("frank"), {"function": "reviewer", "scheme": "cfp", "reason": "left"}
    )
    market.record_competence("southern", "frank", "reviewer")


def test_a_person_enrolled_twice_does_not_serve_two_bodies(market):
    market.enrol("frank2")
    merge(market, "frank2", "frank")
    with pytest.raises(PersonServesAnotherBody):
        market.record_competence("southern", "frank2", "auditor")


def test_a_laboratory_person_may_serve_two_laboratories(market):
    market.record_competence("zenith", "ivan", "tester")


def test_a_period_ends_no_earlier_than_it_begins(market):
    with pytest.raises(PeriodReversed):
        market.record_competence("northern", "kate", "auditor", "2026-05-01", "2026-04-30")
    with pytest.raises(PeriodReversed):
        market.designate("southern", "certification", "2026-05-01", "2026-04-30")


@pytest.mark.parametrize(("who", "activity"), [("meridian", "certification"), ("northern", "testing")])
def test_a_designation_fits_the_role(market, who, activity):
    with pytest.raises(DesignationMisplaced):
        market.designate(who, activity)


def test_a_designation_names_types_of_the_catalogue(market):
    market.product_type = "CFP-99"
    with pytest.raises(ProductTypeUnknown):
        market.designate("southern", "certification")


def test_a_scheme_that_is_not_held_is_not_adopted(market):
    with pytest.raises(SchemeNotHeld):
        market.adopt_scheme(digest=bytes(32), edition="next")


def test_an_adopted_edition_is_never_edited(market):
    market.pass_time()
    with pytest.raises(EditionAdoptedTwice):
        market.adopt_scheme()


def adopt(cfp, parameters):
    market = Market(cfp, "CFP-01", parameters)
    market.found()
    market.adopt_scheme()


def test_what_the_sources_give_is_not_for_the_operator_to_set(cfp):
    with pytest.raises(FixedBySource):
        adopt(cfp, {"validity_years": 5})


def test_a_parameter_that_the_scheme_does_not_have_cannot_be_set(cfp):
    with pytest.raises(NoSuchParameter):
        adopt(cfp, {"speed_of_light": 1})


def test_a_competence_under_a_scheme_with_a_slash_in_its_id_is_read(market):
    place = f"competence/{person('mallory')}/{org('lotus')}/applicant_representative/national/pilot"
    held = {"product_types": ["A"], "valid_from": "2026-01-01", "valid_until": "2027-01-01"}
    market.state.apply({place: held, f"competences/{person('mallory')}": {"keys": [place]}})
    assert list(persons.competences(market.state, person("mallory"))) == [
        (org("lotus"), "applicant_representative", held)
    ]
