"""A consortium on the ledger: founding, seats, proposals, votes, epochs, forks."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from hallmark.consortium.constitution import DEFAULT_THRESHOLDS, Member, ProposalKind, QuorumNotReached, Threshold
from hallmark.consortium.epoch import BadMemberSignature, Head, NotTheNextEpoch, Start, TooFewConsents
from hallmark.consortium.epoch import Record as Epoch
from hallmark.consortium.governance import (
    NoVote,
    ProposalLapsed,
    ProposalWithoutEffect,
    VotedBefore,
)
from hallmark.consortium.member import NotAMember
from hallmark.consortium.succession import ConstitutionNotAgreed
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note, sign
from hallmark.ledger.sorted_map import SortedMap
from hallmark.rules import consortium
from hallmark.rules.consortium import (
    AppraisalLapsed,
    ConsortiumOfAnother,
    ConsortiumStands,
    FounderMissing,
    NoConsortium,
    NoFork,
    NotAppraised,
    NotPresented,
    NotVotedFor,
    NotYourSeat,
    OtherEvidence,
    OtherPolicy,
    ProductNotCertified,
    ProposedBefore,
)
from hallmark.rules.register import status_leaves
from world.cast import org
from world.consortium import (
    CODE,
    FOUNDERS,
    admit,
    appraise,
    consent,
    constitution,
    found,
    next_epoch,
    node_key,
    present,
    propose,
    seat,
    spelled,
    start,
    vote,
)


@pytest.fixture
def consort(market):
    """A market with a consortium of four."""
    found(market)
    return market


def test_a_consortium_is_founded_once_by_all_who_signed_the_identical_start(consort):
    assert consortium.epoch_of(consort.state).epoch == 1
    assert consortium.constitution_of(consort.state).names == set(map(org, FOUNDERS))
    with pytest.raises(ConsortiumStands):
        found(consort)


def test_one_founder_who_signed_another_start_blocks_it(market):
    with pytest.raises(FounderMissing, match=org("southern")):
        found(market, signers=FOUNDERS[:3])


@pytest.mark.parametrize("other", [{"rules": 2}, {"development": False}])
def test_a_constitution_is_for_this_ledger(market, other):
    if "development" in other:
        other["members"] = tuple(
            Member(each.name, f"family-{at}", *each.keys) for at, each in enumerate(map(seat, FOUNDERS))
        )
    with pytest.raises(ConsortiumOfAnother):
        found(market, constitution(**other))


def test_a_founder_signs_with_both_keys(market):
    agreed = constitution()
    record = Epoch.first(agreed, Head(len(market.ledger), bytes(32)))
    whole = start(record, agreed, FOUNDERS)
    mirror, _ = whole.commits[org("southern")]
    for pair in ((mirror, bytes(2420)), (bytes(64), whole.commits[org("southern")][1])):
        broken = Start(whole.ballot, agreed, {**whole.commits, org("southern"): pair})
        with pytest.raises(BadMemberSignature):
            market.submit("consortium.founded", "operator", org("operator"), {"start": broken.encode()})


def test_the_first_epoch_has_no_past(market):
    agreed = constitution()
    with pytest.raises(ConsortiumOfAnother):
        found(market, agreed, record=Epoch(2, bytes(32), Head(0, bytes(32)), agreed.digest))


def test_nothing_is_proposed_before_there_is_a_consortium(market):
    with pytest.raises(NoConsortium):
        market.submit(
            "proposal.made", "bank", org("bank"), {"about": bytes(32), "kind": "code", "digest": CODE, "reason": "-"}
        )


def test_who_is_no_member_neither_proposes_nor_votes_nor_appraises(consort):
    with pytest.raises(NotAMember):
        propose(consort, "zenith", "code", digest=hashlib.sha256(b"new").digest())
    proposal = propose(consort, "bank", "code", digest=hashlib.sha256(b"new").digest())
    with pytest.raises(NotAMember):
        vote(consort, "zenith", proposal)
    presented = present(consort, "zenith")
    with pytest.raises(NotAMember):
        appraise(consort, "zenith", presented)


def test_a_seat_is_asked_for_in_ones_own_name_and_in_this_epoch(consort):
    with pytest.raises(NotYourSeat):
        present(consort, "zenith", seat("lotus"))
    with pytest.raises(NotYourSeat):
        present(consort, "zenith", epoch=2)


def test_a_node_gets_in_by_evidence_votes_and_the_next_epoch(consort):
    admit(consort, "zenith")
    assert org("zenith") not in consortium.constitution_of(consort.state).names
    next_epoch(consort)
    assert org("zenith") in consortium.constitution_of(consort.state).names
    assert consortium.epoch_of(consort.state).epoch == 2


def admission(consort, who="zenith", by="bank", generation=1):
    return propose(consort, by, "admission", member=org(who), seat=spelled(seat(who, generation)))


def test_keys_without_evidence_are_not_proposed_and_not_voted_for(consort):
    with pytest.raises(NotPresented):
        admission(consort)
    presented = present(consort, "zenith")
    with pytest.raises(NotPresented):
        admission(consort, generation=2)
    with pytest.raises(NotAppraised):
        admission(consort)
    appraise(consort, "bank", presented)
    proposal = admission(consort)
    with pytest.raises(NotAppraised):
        vote(consort, "northern", proposal)
    vote(consort, "northern", proposal, favour=False)


def test_a_member_that_refused_the_evidence_neither_proposes_nor_votes_for_it(consort):
    presented = present(consort, "zenith")
    appraise(consort, "bank", presented, accepted=False)
    with pytest.raises(NotAppraised):
        admission(consort)
    appraise(consort, "northern", presented)
    proposal = admission(consort, by="northern")
    with pytest.raises(NotAppraised):
        vote(consort, "bank", proposal)


def test_an_acceptance_counts_as_long_as_the_policy_says(consort):
    presented = present(consort, "zenith")
    for who in ("bank", "northern"):
        appraise(consort, who, presented, until=consort.clock + 120_000)
    proposal = admission(consort)
    consort.pass_time(seconds=120)
    vote(consort, "bank", proposal)
    consort.pass_time(seconds=1)
    with pytest.raises(AppraisalLapsed):
        vote(consort, "northern", proposal)
    appraise(consort, "southern", presented, until=consort.clock - 1)
    with pytest.raises(AppraisalLapsed):
        vote(consort, "southern", proposal)


def test_an_acceptance_of_an_earlier_epoch_counts_no_more(consort):
    presented = present(consort, "zenith")
    for who in FOUNDERS:
        appraise(consort, who, presented)
    code = propose(consort, "bank", "code", digest=hashlib.sha256(b"new").digest())
    for who in FOUNDERS[:3]:
        vote(consort, who, code)
    next_epoch(consort)
    with pytest.raises(NotPresented):
        admission(consort)


def test_other_evidence_for_the_same_keys_is_appraised_anew(consort):
    presented = present(consort, "zenith")
    appraise(consort, "bank", presented)
    consort.pass_time()
    assert present(consort, "zenith", title="another quote") == presented
    with pytest.raises(NotAppraised):
        admission(consort)
    with pytest.raises(OtherEvidence):
        appraise(consort, "bank", presented)
    appraise(consort, "bank", presented, title="another quote")
    admission(consort)


def test_evidence_is_appraised_once_and_by_the_policy_agreed_on(consort):
    presented = present(consort, "zenith")
    with pytest.raises(OtherPolicy):
        appraise(consort, "bank", presented, policy=bytes(32))
    appraise(consort, "bank", presented)
    with pytest.raises(VotedBefore):
        appraise(consort, "bank", presented, accepted=False)


def test_a_vote_stands_and_nobody_votes_on_their_own_removal(consort):
    proposal = propose(consort, "bank", "code", digest=hashlib.sha256(b"new").digest())
    vote(consort, "northern", proposal, favour=False)
    with pytest.raises(VotedBefore):
        vote(consort, "northern", proposal)
    removal = propose(consort, "bank", "removal", member=org("southern"))
    with pytest.raises(NoVote):
        vote(consort, "southern", removal)


def test_a_proposal_is_made_once_and_changes_something(consort):
    new = hashlib.sha256(b"new").digest()
    propose(consort, "bank", "code", digest=new)
    with pytest.raises(ProposedBefore):
        propose(consort, "northern", "code", digest=new)
    with pytest.raises(ProposalWithoutEffect):
        propose(consort, "bank", "code", digest=CODE)


def test_too_few_votes_change_nothing(consort):
    admit(consort, "zenith", voters=FOUNDERS[:2])
    assert consortium.successor(consort.state) == constitution()
    with pytest.raises(ConstitutionNotAgreed):
        next_epoch(consort, constitution(members=tuple(map(seat, (*FOUNDERS, "zenith")))))


def test_an_epoch_is_started_by_a_quorum_and_follows_the_one_before(consort):
    with pytest.raises(QuorumNotReached):
        next_epoch(consort, signers=FOUNDERS[:2])
    agreed = consortium.successor(consort.state)
    claims = {"start": start(Epoch(3, bytes(32), Head(1, bytes(32)), agreed.digest), agreed, FOUNDERS).encode()}
    with pytest.raises(NotTheNextEpoch):
        consort.submit("epoch.started", "operator", org("operator"), claims)


@pytest.mark.parametrize(("threshold", "consenting"), [(Threshold.QUORUM, 3), (Threshold.ALL, 4)])
def test_members_exchange_the_sequencer_by_consents_beside_the_ledger(market, threshold, consenting):
    first = constitution(thresholds={**DEFAULT_THRESHOLDS, ProposalKind.SEQUENCER: threshold})
    found(market, first)
    new = node_key("zenith", "sequencer").public
    changed = replace(first, sequencer=new)
    for few in (FOUNDERS[: consenting - 1], (*FOUNDERS[: consenting - 1], "zenith")):
        with pytest.raises(TooFewConsents):
            next_epoch(market, changed, FOUNDERS, consent(market, new, few))
    with pytest.raises(ConstitutionNotAgreed):
        next_epoch(market, changed, FOUNDERS)
    enough = consent(market, new, FOUNDERS[:consenting])
    with pytest.raises(ConstitutionNotAgreed):
        next_epoch(market, replace(changed, code=(bytes(32),)), FOUNDERS, enough)
    code = hashlib.sha256(b"release 2").digest()
    proposal = propose(market, "bank", "code", digest=code)
    for voter in FOUNDERS[:3]:
        vote(market, voter, proposal)
    with pytest.raises(ConstitutionNotAgreed):
        next_epoch(market, changed, FOUNDERS, enough)
    next_epoch(market, replace(consortium.successor(market.state), sequencer=new), consents=enough)
    assert consortium.constitution_of(market.state).sequencer == new
    assert code in consortium.constitution_of(market.state).code


def test_members_vote_for_another_appraisal_policy_and_appraise_by_it_from_the_next_epoch_on(consort):
    policy = hashlib.sha256(b"least firmware 8").digest()
    proposal = propose(consort, "bank", "policy", digest=policy)
    for who in FOUNDERS:
        vote(consort, who, proposal)
    presented = present(consort, "zenith")
    with pytest.raises(OtherPolicy):
        appraise(consort, "bank", presented, policy=policy)
    next_epoch(consort)
    assert consortium.constitution_of(consort.state).attestation == policy
    presented = present(consort, "zenith", epoch=2)
    with pytest.raises(OtherPolicy):
        appraise(consort, "bank", presented)
    appraise(consort, "bank", presented, policy=policy)


def test_what_the_operator_says_of_the_ledger_any_member_says_too_and_nobody_else(consort):
    def say(kind, who, **claims):
        consort.submit(kind, who, org(who), claims)

    for who in ("bank", "northern"):
        consort.clock += 60_000
        say("time.told", who, utc_ms=consort.clock)
        leaves = status_leaves(consort.state)
        say("status.stated", who, size=len(leaves), root=SortedMap(leaves).root, at=consort.clock)
    with pytest.raises(NotAMember):
        say("time.told", "zenith", utc_ms=consort.clock + 1)
    with pytest.raises(NotAMember):
        next_epoch(consort, by="zenith")
    next_epoch(consort, by="bank")
    assert consortium.epoch_of(consort.state).epoch == 2


def test_proposals_about_an_old_constitution_lapse(consort):
    pending = propose(consort, "bank", "code", digest=hashlib.sha256(b"other").digest())
    admit(consort, "zenith")
    next_epoch(consort)
    with pytest.raises(ProposalLapsed):
        vote(consort, "bank", pending)


def test_an_edition_is_adopted_after_the_vote_and_not_before(consort, cfp):
    adoption = {
        "scheme": cfp.id,
        "edition": cfp.edition,
        "digest": cfp.digest,
        "profile": cfp.default_profile,
        "applies_from": "2026-01-01",
        "parameters": [],
    }
    consort.state.apply({f"scheme/{cfp.id}": {"editions": []}})  # as if it had never been adopted
    with pytest.raises(NotVotedFor):
        consort.submit("scheme.adopted", "bank", org("bank"), adoption)
    proposal = propose(consort, "bank", "scheme", digest=cfp.digest)
    for who in FOUNDERS[:3]:
        vote(consort, who, proposal)
    consort.submit("scheme.adopted", "bank", org("bank"), adoption)


def test_the_rules_are_those_of_the_constitution(consort, monkeypatch):
    monkeypatch.setattr("hallmark.rules.ledger.VERSION", 2)
    with pytest.raises(NotVotedFor):
        consort.submit("rules.adopted", "operator", org("operator"), {"rules": 2, "reason": "-"})
    proposal = propose(consort, "bank", "rules", rules=2)
    for who in FOUNDERS[:3]:
        vote(consort, who, proposal)
    next_epoch(consort)
    consort.submit("rules.adopted", "operator", org("operator"), {"rules": 2, "reason": "-"})


def test_a_constitution_may_ask_for_certified_products(certified):
    market, number = certified
    found(market, constitution(members=tuple(seat(who, product=number) for who in FOUNDERS), certified_products=True))
    for product in ("", number):
        presented = present(market, "zenith", seat("zenith", product=product))
        appraise(market, "bank", presented)
    with pytest.raises(ProductNotCertified):
        propose(market, "bank", "admission", member=org("zenith"), seat=spelled(seat("zenith")))
    admit(market, "zenith", FOUNDERS[:3], seat("zenith", generation=2, product=number))
    next_epoch(market)
    assert org("zenith") in consortium.constitution_of(market.state).names


def test_the_withdrawal_of_its_product_s_certificate_puts_a_member_out_at_the_next_epoch(certified):
    market, number = certified
    _, other = market.certified()
    members = (*(seat(who, product=number) for who in FOUNDERS), seat("zenith", product=other))
    found(market, constitution(members=members, certified_products=True), (*FOUNDERS, "zenith"))
    with pytest.raises(ConstitutionNotAgreed):
        next_epoch(market, constitution(members=members[:4], certified_products=True), FOUNDERS)
    market.set_status("withdrawn", other)
    assert org("zenith") in consortium.constitution_of(market.state).names
    next_epoch(market, signers=FOUNDERS)
    assert consortium.constitution_of(market.state).names == set(map(org, FOUNDERS))


def test_a_certificate_that_ran_out_after_the_epoch_was_begun_keeps_nobody_from_stating_its_start(certified):
    market, number = certified
    _, other = market.certified()
    members = (*(seat(who, product=number) for who in FOUNDERS), seat("zenith", product=other))
    first = constitution(members=members, certified_products=True)
    found(market, first, (*FOUNDERS, "zenith"))
    market.set_status("withdrawn", other)
    market.pass_time(days=4 * 365)
    with pytest.raises(ConstitutionNotAgreed):
        next_epoch(market, first, FOUNDERS)
    next_epoch(market, constitution(members=members[:4], certified_products=True), FOUNDERS)
    assert consortium.constitution_of(market.state).names == set(map(org, FOUNDERS))


def test_of_members_on_one_withdrawn_product_so_many_go_at_once_as_may(certified):
    market, number = certified
    members = tuple(seat(who, product=number) for who in (*FOUNDERS, "jade"))
    found(market, constitution(members=members, certified_products=True), (*FOUNDERS, "jade"))
    market.set_status("withdrawn", number)
    assert len(set(map(org, (*FOUNDERS, "jade"))) - consortium.successor(market.state).names) == 1


def checkpoint(root, size=10, origin="hallmark/simulated-market/development/e1", who="operator"):
    text = Checkpoint(origin, size, root).text
    return Note(text, (sign(text, origin, node_key(who, "sequencer")),)).encode()


def test_two_heads_of_one_size_are_proof_for_everybody(consort):
    claims = {"first": checkpoint(b"a" * 32), "second": checkpoint(b"b" * 32)}
    consort.submit("fork.shown", "meridian", org("meridian"), claims)
    assert len(list(consort.state.scan("fork/"))) == 1


@pytest.mark.parametrize(
    "second",
    [checkpoint(b"a" * 32), checkpoint(b"b" * 32, size=11)],
    ids=["the same", "another size"],
)
def test_what_can_both_be_true_is_no_fork(consort, second):
    with pytest.raises(NoFork):
        consort.submit("fork.shown", "bank", org("bank"), {"first": checkpoint(b"a" * 32), "second": second})


def test_heads_that_the_sequencer_did_not_sign_prove_nothing(consort):
    from hallmark.ledger.note import BadNoteSignature, Unsigned

    claims = {"first": checkpoint(b"a" * 32), "second": checkpoint(b"b" * 32, who="mallory")}
    with pytest.raises((BadNoteSignature, Unsigned)):
        consort.submit("fork.shown", "bank", org("bank"), claims)
