"""What a stranger can follow: of every ledger the same records as members, as far as public claims make them."""

from __future__ import annotations

import pytest

from hallmark.consortium.constitution import Constitution
from hallmark.kernel.keys import BadSignature
from hallmark.rules import public
from hallmark.rules.act import NotRegistered
from hallmark.rules.admission import AdmittedBefore, IssuerNotEntitled
from hallmark.rules.certificate import NotYourCertificate
from hallmark.rules.consortium import NotAppraised
from hallmark.rules.state import MemoryState
from hallmark.statement import envelope
from hallmark.statement.approval import BadApproval
from portal.filled import state_status
from world import consortium as founders
from world.cast import key, org, person
from world.market import Market

SAME = ("ledger", "consortium", "presented/", "proposal/", "person/", "certificate/", "leaf/", "status", "scheme/")


@pytest.fixture
def market(cfp):
    market = Market(cfp, "CFP-01").open()
    numbers = [market.certified()[1] for _ in range(2)]
    market.set_status("suspended", numbers[0])
    founders.found(market)
    founders.admit(market, "zenith")
    founders.next_epoch(market)
    state_status(market)
    return market


def followed(market):
    state = MemoryState({market.scheme.digest: market.scheme})
    for encoded, _ in market.ledger:
        state.apply(public.admit(state, envelope.parse(encoded)))
    return state


def test_a_stranger_comes_to_the_records_that_members_have(market):
    state = followed(market)
    for prefix in SAME:
        assert dict(state.scan(prefix)) == dict(market.state.scan(prefix)) != {}, prefix
    for place, record in market.state.scan("organisation/"):
        assert (state.get(place) or {})["key"] == record["key"]


def refused(market, breach, *statement, **options):
    prepared, _ = market.prepare(*statement, **options)
    with pytest.raises(breach):
        public.admit(followed(market), prepared)


def test_a_stranger_sees_who_may_not_say_what(market):
    (number, *_) = (place.removeprefix("certificate/") for place, _ in market.state.scan("certificate/"))
    change = {"effective_on": market.today, "reason_code": "operator", "reason": "-"}
    refused(market, NotYourCertificate, "certificate.withdrawn", "southern", number, change)
    refused(market, IssuerNotEntitled, "certificate.withdrawn", "lotus", number, change)
    interest = {"interest_in": org("jade"), "nature": "other", "from": "2026-01-01"}
    refused(market, BadSignature, "interest.declared", "northern", org("northern"), interest, signer=key("southern"))
    case = market.evaluated()
    review = {"case_digest": market.digest(case), "recommendation": "grant", "reasons": "-"}
    prepared, _ = market.prepare("review.recommended", "northern", case, review, approvals={"reviewer": "frank"})
    public.admit(followed(market), prepared)
    market.submit(
        "person.rekeyed",
        "operator",
        person("frank"),
        {
            "key": {
                "key": {
                    "algorithm": key("new").public.algorithm,
                    "material": key("new").public.material,
                }
            },
            "reason": "lost",
        },
    )
    with pytest.raises(BadApproval):
        public.admit(followed(market), prepared)
    refused(market, NotRegistered, "interest.declared", "nobody", org("nobody"), interest)
    vote = {"proposal": bytes(32), "favour": True}
    refused(market, NotRegistered, "vote.cast", "bank", org("bank"), vote)


def test_a_stranger_sees_a_statement_that_was_admitted_before_and_votes_without_an_appraisal(market):
    state = followed(market)
    with pytest.raises(AdmittedBefore):
        public.admit(state, envelope.parse(market.ledger[5][0]))
    founders.present(market, "zenith", founders.seat("zenith", 2), epoch=2, title="new keys")
    seat = founders.spelled(founders.seat("zenith", 2))
    about = market.state.get("consortium")["constitution"]
    claims = {
        "about": Constitution.parse(about).digest,
        "kind": "rotation",
        "member": org("zenith"),
        "seat": seat,
        "reason": "-",
    }
    refused(market, NotAppraised, "proposal.made", "bank", org("bank"), claims)
