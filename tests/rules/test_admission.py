"""What every statement must satisfy."""

from __future__ import annotations

import dataclasses

import pytest

from hallmark.kernel.keys import ED25519, ESP256, BadKey, BadSignature
from hallmark.rules import admission
from hallmark.rules.act import NotRegistered, NotYetFounded
from hallmark.rules.admission import (
    AdmittedBefore,
    IssuerNotEntitled,
    MadeTooEarly,
    MadeTooLate,
    NotDisclosed,
    WrongEnvironment,
)
from hallmark.rules.consortium import NoConsortium
from hallmark.rules.ledger import FoundersNotDistinct, LedgerFoundedTwice, RulesUnknown, TimeNotIncreasing
from hallmark.rules.market import AlgorithmNotAllowed
from hallmark.statement import kinds
from hallmark.statement.approval import BadApproval
from hallmark.statement.disclosure import WrongDisclosure
from world.cast import key, name, org, person, public
from world.market import Market

INTEREST = {"interest_in": org("jade"), "nature": "other", "from": "2026-01-01"}


def declare(market, **options):
    return market.prepare("interest.declared", "northern", person("kate"), INTEREST, **options)


def test_every_kind_has_rules():
    assert set(admission.RULES) == set(kinds.KINDS)


def test_nothing_happens_before_genesis(cfp):
    with pytest.raises(NotYetFounded):
        Market(cfp, "CFP-01").pass_time()


def test_genesis_happens_once(market):
    with pytest.raises(LedgerFoundedTwice):
        market.found()


def test_genesis_names_rules_that_are_known(cfp):
    with pytest.raises(RulesUnknown):
        Market(cfp, "CFP-01").found(rules=99)


def founder(who, **other):
    return {"id": org(who), "name": name(who), "address": "1", "key": public(key(who)), **other}


def test_the_founders_of_a_ledger_are_different_organisations(cfp):
    with pytest.raises(FoundersNotDistinct, match=org("bank")):
        Market(cfp, "CFP-01").found(owners=[founder("bank"), founder("bank", key=public(key("other")))])
    with pytest.raises(FoundersNotDistinct):
        Market(cfp, "CFP-01").found(owners=[founder("bank", key=public(key("operator")))])


def test_the_founders_of_a_ledger_have_keys_that_it_allows(cfp):
    with pytest.raises(AlgorithmNotAllowed):
        Market(cfp, "CFP-01").found(algorithms=[ESP256])
    with pytest.raises(BadKey):
        Market(cfp, "CFP-01").found(owners=[founder("bank", key={"algorithm": ED25519, "material": bytes(32)})])


def test_genesis_is_signed_by_the_operator_it_names(cfp):
    market = Market(cfp, "CFP-01")
    with pytest.raises(BadSignature):
        market.admit(*_genesis(market, signer=key("mallory")))


def _genesis(market, **options):
    market.found()
    encoded, _ = market.ledger.pop()
    market.state._records.clear()
    from hallmark.statement import envelope

    claims = envelope.parse(encoded).draft.public
    return market.prepare("ledger.founded", "operator", org("operator"), claims, **options)


def test_a_statement_of_another_environment_is_refused(market):
    with pytest.raises(WrongEnvironment):
        market.admit(*declare(market, environment="production"))


def test_a_statement_is_admitted_once(market):
    statement = declare(market)
    market.admit(*statement)
    with pytest.raises(AdmittedBefore):
        market.admit(*statement)


def test_a_second_signature_on_the_same_content_is_a_replay(market):
    statement, disclosures = declare(market)
    market.admit(statement, disclosures)
    again = dataclasses.replace(statement, encoded=statement.encoded + b"")
    with pytest.raises(AdmittedBefore):
        market.admit(again, disclosures)


def test_an_unregistered_organisation_is_refused(market):
    with pytest.raises(NotRegistered):
        market.submit("interest.declared", "nobody", person("kate"), INTEREST)


@pytest.mark.parametrize("who", ["lotus", "meridian", "bank"])
def test_a_kind_is_for_the_roles_that_may_issue_it(market, who):
    with pytest.raises(IssuerNotEntitled):
        market.submit("application.declined", who, market.apply(), {"reasons": "-"})


def test_a_statement_under_a_retired_key_is_refused(market):
    from world.cast import public

    new = {"key": public(key("new key")), "hosted": True, "reason": "rotation"}
    market.submit("organisation.rekeyed", "bank", org("northern"), new)
    with pytest.raises(BadSignature):
        market.admit(*declare(market))
    market.admit(*declare(market, signer=key("new key")))


@pytest.mark.parametrize(("seconds", "error"), [(-86_401, MadeTooLate), (301, MadeTooEarly)])
def test_a_statement_is_of_its_time(market, seconds, error):
    with pytest.raises(error):
        market.admit(*declare(market, issued_at=market.clock // 1000 + seconds))


@pytest.mark.parametrize("seconds", [-86_400, 300])
def test_a_statement_just_in_time_is_admitted(market, seconds):
    market.admit(*declare(market, issued_at=market.clock // 1000 + seconds))


@pytest.mark.parametrize("step", [0, -1])
def test_told_time_only_goes_forward(market, step):
    market.pass_time()
    told = {"utc_ms": market.clock + step}
    with pytest.raises(TimeNotIncreasing):
        market.submit("time.told", "operator", org("operator"), told, issued_at=market.clock // 1000 - 1)


@pytest.mark.parametrize(("who", "error"), [("bank", NoConsortium), ("lotus", IssuerNotEntitled)])
def test_only_the_operator_tells_the_time_where_no_consortium_stands(market, who, error):
    with pytest.raises(error):
        market.submit("time.told", who, org(who), {"utc_ms": market.clock + 1})


def test_rules_must_read_what_members_may_read(market):
    statement, disclosures = declare(market)
    with pytest.raises(NotDisclosed):
        market.admit(statement, disclosures[1:])


def test_a_disclosure_of_another_statement_is_refused(market):
    statement, _ = declare(market)
    _, others = declare(market)
    with pytest.raises(WrongDisclosure):
        market.admit(statement, others)


def test_sealed_claims_need_no_disclosure(market):
    from world.cast import public

    statement, _ = market.prepare(
        "person.enrolled",
        "operator",
        person("new"),
        {"key": {"key": public(key("new"))}, "name": "New", "registration": "no. new"},
    )
    market.admit(statement, ())


def test_an_approval_of_one_case_does_not_serve_another(market):
    first, second = market.planned(), market.planned()
    from hallmark.statement import envelope

    raised = {"grade": "minor", "requirement": "", "finding": "-", "evidence": [], "due": market.day(3)}
    items = market.edition().items(market.case(first), admission.evaluation.Module.AUDIT)
    claims = {**raised, "number": 1, "requirement": items[0].id}
    statement, _ = market.prepare("nonconformity.raised", "northern", first, claims, {"auditor": "erin"})
    draft, disclosures = market.draft("nonconformity.raised", "northern", second, claims)
    replayed = envelope.parse(envelope.sign(draft, statement.approvals, key("northern")))
    with pytest.raises(BadApproval):
        market.admit(replayed, disclosures)


def test_a_refused_statement_changes_nothing(market):
    from hallmark.rules.state import digest_of

    before = digest_of(market.state)
    with pytest.raises(WrongEnvironment):
        market.admit(*declare(market, environment="production"))
    assert digest_of(market.state) == before


def test_a_batch_is_admitted_whole_or_not_at_all(market):
    from hallmark.rules.state import digest_of

    before = digest_of(market.state)
    with pytest.raises(AdmittedBefore):
        admission.admit_batch(market.state, [declare(market)] * 2)
    assert digest_of(market.state) == before
