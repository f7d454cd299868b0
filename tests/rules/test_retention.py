"""Evidence of a case is kept for as long as the scheme says; what no case named is its owner's to erase."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from hallmark.kernel import instant
from hallmark.rules.retention import (
    CaseNotEnded,
    ErasedBefore,
    KeptAfterCase,
    KeptAfterCertificate,
    RetentionNotSet,
)
from hallmark.scheme.model import Module
from hallmark.statement.shape import Either, ListOf, MapOf, Record, evidence_in
from world.cast import evidence, org
from world.market import Market

YEAR = 365.25
OFFICER = {"case_officer": "dora"}
MAKER = {"applicant_representative": "alice"}


def erase(market, title="agreement", who="northern", ground="retention"):
    claims = {"address": evidence(title)["address"], "ground": ground, "reason": "kept for as long as asked"}
    return market.submit("evidence.erased", who, org(who), claims)


def is_erased(market, title="agreement"):
    return market.state.get(f"erased/{evidence(title)['address'].hex()}") is not None


def wait_until(market, day):
    """Let it be 09:00 on a civil day in the market."""
    market.clock = instant.start_of(instant.parse_date(day), 480) + 8 * instant.HOUR
    market.pass_time(seconds=3600)
    assert market.today == day


def later(market, years, days=0):
    """Return the civil date `years` and `days` from today in the market."""
    return instant.add_days(instant.add_years(instant.parse_date(market.today), years), days).isoformat()


def declined(market):
    case = market.apply()
    market.submit("application.declined", "northern", case, {"reasons": "out of scope"}, approvals=OFFICER)
    return case, evidence_of(market, case)


def type_tested(market):
    """Return a case whose profile asks for the type test alone, evaluated."""
    case = market.planned()
    market.pass_time(days=2)
    market.test(case, market.receive(case))
    return case


def evidence_of(market, case):
    return market.case(case)["documents"][0]["address"]


def erase_at(market, address, who="lotus"):
    claims = {"address": address, "ground": "retention", "reason": "its time is over"}
    return market.submit("evidence.erased", who, org(who), claims)


@pytest.fixture(params=["news-2019", "rules-2022"])
def under(request, cfp):
    """A market under each reading of the rules."""
    return Market(cfp, "CFP-01").open(profile=request.param)


def test_evidence_that_no_case_named_is_erased_once(market):
    erase(market, "a draft")
    with pytest.raises(ErasedBefore):
        erase(market, "a draft", "meridian")


def test_no_statement_of_a_running_case_loses_its_evidence(under):
    market = under
    audited = market.edition().requires(Module.AUDIT)
    case = market.evaluated() if audited else type_tested(market)
    held = [("agreement", "northern"), ("result record", "meridian"), ("report.pdf", "meridian")]
    if audited:
        held += [("photo.jpg", "northern"), ("audit photos", "northern"), ("new list", "lotus")]
    for title, who in held:
        with pytest.raises(CaseNotEnded, match=case):
            erase(market, title, who)
    with pytest.raises(CaseNotEnded):
        erase_at(market, evidence_of(market, case))
    market.review(case)
    market.decide(case)
    with pytest.raises(CaseNotEnded):
        erase(market)
    market.sign_off(case)
    with pytest.raises(CaseNotEnded):
        erase(market)
    market.issue(case)
    with pytest.raises(KeptAfterCase):
        erase(market)
    erase(market, "unrelated")


def test_a_document_that_was_added_later_belongs_to_the_case_too(market):
    documents = market.application()["documents"]
    case = market.apply(documents=documents[1:])
    market.submit("application.supplemented", "lotus", case, {"documents": documents[:1]})
    with pytest.raises(CaseNotEnded):
        erase_at(market, documents[0]["address"])


def test_a_case_without_certificate_is_kept_for_six_years_after_its_end(under):
    market = under
    _, address = declined(market)
    last, next_day = later(market, 6), later(market, 6, days=1)
    with pytest.raises(KeptAfterCase):
        erase_at(market, address)
    wait_until(market, last)
    with pytest.raises(KeptAfterCase, match=last):
        erase_at(market, address)
    wait_until(market, next_day)
    erase_at(market, address)
    market.pass_time()
    with pytest.raises(ErasedBefore):
        erase_at(market, address)


def test_the_day_is_that_of_the_schemes_offset(market):
    _, address = declined(market)
    midnight = instant.start_of(instant.parse_date(later(market, 6, days=1)), 480)
    market.clock = midnight - 2000
    market.pass_time(seconds=1)
    with pytest.raises(KeptAfterCase):
        erase_at(market, address)
    market.pass_time(seconds=1)
    erase_at(market, address)


def test_nothing_is_erased_under_an_appeal(market):
    case, address = declined(market)
    market.submit("appeal.lodged", "lotus", case, {"grounds": "it is in scope"}, approvals=MAKER)
    market.pass_time(days=7 * YEAR)
    with pytest.raises(CaseNotEnded):
        erase_at(market, address)


def test_an_appeal_upheld_opens_the_case_and_its_evidence_again(market):
    case, address = declined(market)
    market.submit("appeal.lodged", "lotus", case, {"grounds": "it is in scope"}, approvals=MAKER)
    claims = {"case_digest": market.digest(case), "outcome": "upheld", "reasons": "it is"}
    market.submit("appeal.decided", "northern", case, claims, approvals={"decision_maker": "kate"})
    market.pass_time(days=7 * YEAR)
    with pytest.raises(CaseNotEnded):
        erase_at(market, address)


def test_six_years_after_the_decision_also_cover_two_years_after_the_certificate(certified):
    market, _ = certified
    last, next_day = later(market, 6), later(market, 6, days=1)
    wait_until(market, last)
    with pytest.raises(KeptAfterCase):
        erase(market)
    wait_until(market, next_day)
    erase(market)
    assert is_erased(market)


def short(cfp, **parameters):
    """A market whose owner keeps cases for a year, so that the certificate decides."""
    return Market(cfp, "CFP-01", {"retention_years": 1, **parameters}).open()


def test_evidence_of_a_certificate_is_kept_for_two_years_after_its_last_day(cfp):
    market = short(cfp)
    _, number = market.certified()
    end = market.state.get(f"certificate/{number}")["valid_until"]
    last = instant.add_years(instant.parse_date(end), 2)
    wait_until(market, last.isoformat())
    with pytest.raises(KeptAfterCertificate, match=str(last)):
        erase(market)
    wait_until(market, instant.add_days(last, 1).isoformat())
    erase(market)


@pytest.mark.parametrize("event", ["withdrawn", "cancelled"])
def test_a_certificate_that_ended_early_is_kept_from_the_day_this_was_recorded(cfp, event):
    market = short(cfp)
    _, number = market.certified()
    start = market.today
    market.pass_time(days=200)
    market.set_status(event, number, effective_on=start)  # dated back, which shortens nothing
    last, next_day = later(market, 2), later(market, 2, days=1)
    wait_until(market, last)
    with pytest.raises(KeptAfterCertificate, match=last):
        erase(market)
    wait_until(market, next_day)
    erase(market)


def test_a_suspended_certificate_has_not_ended(cfp):
    market = short(cfp)
    _, number = market.certified()
    market.set_status("suspended", number)
    wait_until(market, later(market, 3))
    with pytest.raises(KeptAfterCertificate):
        erase(market)


def test_evidence_of_two_cases_is_kept_for_the_later_one(market):
    market.apply(applicant="jade")  # the documents of the simulated market are the same files
    _, address = declined(market)
    market.pass_time(days=7 * YEAR)
    with pytest.raises(CaseNotEnded):
        erase_at(market, address)


@pytest.mark.parametrize("ground", ["personal-data", "PIPL-47", "court-order"])
def test_no_ground_shortens_the_retention(certified, ground):
    market, _ = certified
    with pytest.raises(KeptAfterCase):
        erase(market, ground=ground)


@pytest.mark.parametrize("gap", ["no value", "no line"])
@pytest.mark.parametrize("parameter", ["retention_years", "retention_after_end_years"])
def test_without_a_number_nothing_is_ever_erased(cfp, gap, parameter):
    lines = dict(cfp.parameters)
    if gap == "no line":
        del lines[parameter]
    else:
        lines[parameter] = replace(lines[parameter], value=None)
    market = Market(
        replace(cfp, parameters=lines, digest=sha256(f"{gap} {parameter}".encode()).digest()), "CFP-01"
    ).open()
    market.certified()
    market.pass_time(days=50 * YEAR)
    with pytest.raises(RetentionNotSet, match=parameter):
        erase(market)
    erase(market, "unrelated")


def test_a_statement_writes_one_small_record_for_each_file_it_names(market):
    application = market.application()
    statement, disclosures = market.prepare("application.submitted", "lotus", CASE, application)
    changes = market.admit(statement, disclosures)
    named = {key: record for key, record in changes.items() if key.startswith("evidence/")}
    assert named == {f"evidence/{each['address'].hex()}/{CASE}": {} for each in application["documents"]}


CASE = "CASE-4BBARBHN-BFJD2F3X-S"


def test_every_claim_that_names_a_file_is_found():
    from hallmark.statement.kinds import KINDS

    def sample(shape):
        """Return a value with one of everything the shape may hold, and how many files it names."""
        match shape:
            case Record(fields, optional) if {"address", "sha256"} <= fields.keys():
                return dict.fromkeys([*fields, *optional], b""), 1
            case Record(fields, optional):
                parts = {name: sample(each) for name, each in {**fields, **optional}.items()}
                return {name: value for name, (value, _) in parts.items()}, sum(found for _, found in parts.values())
            case ListOf(item):
                value, found = sample(item)
                return [value], found
            case MapOf(_, item):
                value, found = sample(item)
                return {"a": value}, found
            case Either(shapes):
                return max((sample(each) for each in shapes), key=lambda each: each[1])
        return None, 0

    naming = set()
    for kind in KINDS.values():
        for claim in kind.claims:
            value, found = sample(claim.shape)
            assert len(list(evidence_in({claim.name: value}))) == found
            naming |= {kind.name} if found else set()
    assert naming >= {"application.accepted", "application.submitted", "test.reported", "audit.reported"}
