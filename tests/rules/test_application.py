"""From application to agreement."""

from __future__ import annotations

import hashlib

import pytest

from hallmark.rules.application import (
    AgreementDiffers,
    ApplicationIncomplete,
    BodyNotDesignated,
    BodyNotImpartial,
    GroundNotGiven,
    NotInScheme,
    NotYourCase,
    ProductTooLong,
    StepOutOfOrder,
)
from hallmark.rules.certificate import NotSignedOff
from hallmark.rules.edition import EditionNotInForce
from hallmark.rules.market import ProductTypeUnknown, RegisteredTwice
from world.cast import build, evidence, org
from world.market import Market


def test_a_case_is_opened_once(market):
    case = market.apply()
    with pytest.raises(RegisteredTwice):
        market.submit("application.submitted", "jade", case, market.application())


def test_an_edition_that_was_never_adopted_takes_no_applications(market):
    with pytest.raises(EditionNotInForce):
        market.apply(edition="1999")


def test_an_edition_takes_no_applications_before_its_date(cfp):
    from world.market import Market

    market = Market(cfp, "CFP-01").open(applies_from="2026-04-01")
    with pytest.raises(EditionNotInForce):
        market.apply()
    market.pass_time(days=31)
    market.apply()


def test_level_and_claims_are_those_of_the_scheme(market, cfp):
    with pytest.raises(NotInScheme, match="level 1"):
        market.apply(level="1")
    with pytest.raises(NotInScheme, match="claim bogus"):
        market.apply(declares=["bogus"])
    chip = Market(cfp, "CFP-02").open()
    with pytest.raises(NotInScheme, match="level bogus"):
        chip.apply(level="bogus")
    levels = cfp.levels[cfp.types["CFP-02"].levels].levels
    _, number = chip.certified(level=levels[0].id)
    assert record(chip, number)["product_type"]["level"]["id"] == levels[0].id


def record(market, number):
    from hallmark.statement import envelope

    statements = (envelope.parse(encoded).draft for encoded, _ in market.ledger)
    return next(each.public for each in statements if (each.kind.name, each.subject) == ("certificate.issued", number))


def test_every_product_type_can_be_certified(cfp):
    for product_type in cfp.types:
        market = Market(cfp, product_type).open()
        market.pass_time(days=1)
        _, number = market.certified()
        cited = {each["id"]: each.get("edition") for each in record(market, number)["standards"]}
        assert all(cited[each.standard] or not each.edition for each in cfp.types[product_type].standards)


def test_a_product_that_fits_on_no_certificate_is_told_at_once(market):
    builds = [build(f"part-{number}", str(number).encode()) | {"name": "组件" * 100} for number in range(100)]
    product = market.application()["product"] | {"builds": builds}
    with pytest.raises(ProductTooLong):
        market.apply(product=product)
    small = [each | {"name": "component"} for each in builds]
    market.apply(product=product | {"builds": small})


def test_an_applicant_may_withdraw_until_there_is_a_certificate(signed_off):
    market, case = signed_off
    market.submit(
        "application.withdrawn", "lotus", case, {"reason": "-"}, approvals={"applicant_representative": "alice"}
    )
    with pytest.raises(NotSignedOff):
        market.issue(case)


def test_a_type_outside_the_catalogue_is_refused(market):
    with pytest.raises(ProductTypeUnknown):
        market.apply(product_type="CFP-99")


def test_a_body_without_designation_takes_no_application(market):
    with pytest.raises(BodyNotDesignated):
        market.apply(body=org("southern"))


def test_a_designation_that_ran_out_does_not_count(market):
    market.designate("southern", "certification", "2026-01-01", "2026-02-01")
    with pytest.raises(BodyNotDesignated):
        market.apply(body=org("southern"))


@pytest.mark.parametrize(("holder", "party"), [("northern", "lotus"), ("lotus", "northern")])
def test_a_body_tied_to_the_applicant_is_refused(market, holder, party):
    claims = {"interest_in": org(party), "nature": "ownership", "from": "2020-01-01"}
    market.submit("interest.declared", holder, org(holder), claims)
    with pytest.raises(BodyNotImpartial):
        market.apply()


def test_an_incomplete_application_is_not_accepted(market):
    documents = market.application()["documents"]
    case = market.apply(documents=documents[1:])
    with pytest.raises(ApplicationIncomplete, match=documents[0]["document"]):
        market.accept(case)
    market.submit("application.supplemented", "lotus", case, {"documents": documents[:1]})
    market.accept(case)


def test_only_the_body_chosen_accepts(market):
    case = market.apply()
    claims = {"agreement": evidence("agreement")}
    with pytest.raises(NotYourCase):
        market.submit("application.accepted", "southern", case, claims, approvals={"case_officer": "dora"})


def test_a_declined_application_goes_no_further(market):
    case = market.apply()
    market.submit(
        "application.declined", "northern", case, {"reasons": "out of scope"}, approvals={"case_officer": "dora"}
    )
    with pytest.raises(StepOutOfOrder):
        market.accept(case)


def test_a_declined_application_may_be_appealed(market):
    case = market.apply()
    market.submit(
        "application.declined", "northern", case, {"reasons": "out of scope"}, approvals={"case_officer": "dora"}
    )
    market.submit(
        "appeal.lodged", "lotus", case, {"grounds": "it is in scope"}, approvals={"applicant_representative": "alice"}
    )
    assert market.case(case)["appeal"]["outcome"] == "pending"


def test_another_applicant_cannot_sign_the_agreement(market):
    case = market.apply()
    market.accept(case)
    with pytest.raises(NotYourCase):
        market.agree(case, applicant="jade")


def test_the_agreement_signed_is_the_agreement_offered(market):
    case = market.apply()
    market.accept(case)
    with pytest.raises(AgreementDiffers):
        market.submit(
            "agreement.signed",
            "lotus",
            case,
            {"agreement": hashlib.sha256(b"other").digest()},
            approvals={"applicant_representative": "alice"},
        )


def test_nothing_is_planned_before_the_agreement(market):
    case = market.apply()
    market.accept(case)
    with pytest.raises(StepOutOfOrder):
        market.plan(case)


def test_an_applicant_may_withdraw(market):
    case = market.planned()
    market.submit(
        "application.withdrawn",
        "lotus",
        case,
        {"reason": "product stopped"},
        approvals={"applicant_representative": "alice"},
    )
    with pytest.raises(StepOutOfOrder):
        market.receive(case)


def test_a_case_is_closed_when_its_day_has_passed_and_not_before(market):
    case = market.planned()
    close = {"ground": "deadline_passed", "reasons": "no sample came"}
    with pytest.raises(GroundNotGiven):
        market.submit("application.closed", "northern", case, close, approvals={"case_officer": "dora"})
    market.pass_time(days=61)
    market.submit("application.closed", "northern", case, close, approvals={"case_officer": "dora"})
    assert market.case(case)["stage"] == "closed"


def test_a_case_is_closed_for_an_overdue_nonconformity(market):
    case = market.planned()
    market.raise_nonconformity(case)
    close = {"ground": "nonconformity_overdue", "reasons": "no answer"}
    with pytest.raises(GroundNotGiven):
        market.submit("application.closed", "northern", case, close, approvals={"case_officer": "dora"})
    market.pass_time(days=31)
    market.submit("application.closed", "northern", case, close, approvals={"case_officer": "dora"})


def test_a_case_is_not_closed_on_a_whim(market):
    case = market.planned()
    with pytest.raises(GroundNotGiven):
        market.submit(
            "application.closed",
            "northern",
            case,
            {"ground": "agreement_ended", "reasons": "-"},
            approvals={"case_officer": "dora"},
        )
