"""Who is in the market."""

from __future__ import annotations

import pytest

from hallmark.kernel.keys import BadKey, SoftwareSigner
from hallmark.rules.market import (
    AlgorithmNotAllowed,
    CodeTaken,
    DesignationMisplaced,
    EditionAdoptedTwice,
    KeyTaken,
    MergeImpossible,
    PeriodReversed,
    PersonServesAnotherBody,
    ProductTypeUnknown,
    RegisteredTwice,
    SchemeNotHeld,
)
from hallmark.scheme.parameters import FixedBySource, NoSuchParameter
from world.market import Market, key, name, org, person, public


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
