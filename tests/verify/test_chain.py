"""A reader with an old trust bundle comes to today's by what the members signed, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.consortium import finality
from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import BadMemberSignature, Ballot, Head, NotTheNextEpoch, Record, TooManyChanges
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.verify import bundle as bundles
from hallmark.verify import chain
from hallmark.verify.bundle import Attested, Issuer, TrustBundle
from world.cast import org
from world.consortium import FOUNDERS, constitution, node_key, seat, start
from world.ledger import ENVIRONMENT

FIRST = constitution()
SECOND = FIRST.with_members([seat("bank"), seat("northern"), seat("meridian"), seat("harbour")])
THIRD = SECOND.with_members([*SECOND.members[:3], *map(seat, ("southern",))])
SIZE = 40


def record(before, agreed):
    return Record(before.epoch + 1, before.digest, Head(SIZE, bytes(32)), agreed.digest)


ONE = Record.first(FIRST)
TWO = record(ONE, SECOND)


def starts():
    return [start(ONE, FIRST, FOUNDERS), start(TWO, SECOND, FOUNDERS[:3])]


def chained(*given):
    return canonical.encode([each.encode() for each in given])


@pytest.fixture
def old():
    log = finality.log_key(ONE, FIRST).name
    names = {log: Text("运营方", "Operator"), **{org(who): Text(who, who.title()) for who in FOUNDERS}}
    policy = finality.policy_text(ONE, FIRST)
    issuers = {"z6Mk" + "a" * 44: Issuer(org("northern"), Text("北方", "Northern"))}
    return TrustBundle.parse(bundles.write(ENVIRONMENT, policy, names, development=True, issuers=issuers))


def test_the_chain_leads_to_the_members_of_today(old):
    data, epochs = chain.follow(old, chained(*starts()))
    news = TrustBundle.parse(data)
    assert epochs == 1
    assert set(news.policy.witnesses) == SECOND.names
    assert news.policy.logs[0].name == SECOND.origin(2)
    assert news.issuers == old.issuers


def test_names_stay_those_that_were_trusted_and_a_newcomer_has_none_yet(old):
    news = TrustBundle.parse(chain.follow(old, chained(*starts()))[0])
    assert news.vouchers[org("bank")] == Text("bank", "Bank")
    assert news.vouchers[org("harbour")] == Text(org("harbour"), org("harbour"))
    assert news.vouchers[SECOND.origin(2)] == Text("运营方", "Operator")


def test_a_bundle_of_today_stays_what_it_is(old):
    data, epochs = chain.follow(old, chained(starts()[0]))
    assert epochs == 0 and TrustBundle.parse(data) == replace(old, fingerprint=TrustBundle.parse(data).fingerprint)


def attested(bundle):
    """The bundle, in which every founder's node is attested."""
    how = {org(who): Attested("tpm", 3, 1_795_863_000_000) for who in FOUNDERS}
    policy = finality.policy_text(ONE, FIRST)
    return TrustBundle.parse(bundles.write(ENVIRONMENT, policy, bundle.vouchers, development=True, attested=how))


def test_how_a_node_is_attested_stays_known_with_its_seat_and_of_others_nothing_is(old):
    news = TrustBundle.parse(chain.follow(attested(old), chained(*starts()))[0])
    assert set(news.attested) == SECOND.names - {org("harbour")}


def test_a_member_with_new_keys_is_attested_no_more(old):
    rotated = FIRST.with_members([seat(who, 2 if who == "bank" else 1) for who in FOUNDERS])
    two = record(ONE, rotated)
    chain_of_two = chained(starts()[0], start(two, rotated, FOUNDERS[:3]))
    news = TrustBundle.parse(chain.follow(attested(old), chain_of_two)[0])
    assert set(news.attested) == FIRST.names - {org("bank")}


def test_a_chain_of_other_members_is_not_followed(old):
    other = constitution(members=tuple(seat(who, 2) for who in FOUNDERS))
    with pytest.raises(chain.NotOnTheChain):
        chain.follow(old, chained(start(Record.first(other), other, FOUNDERS)))


def test_a_start_that_too_few_committed_to_leads_nowhere(old):
    with pytest.raises(QuorumNotReached):
        chain.follow(old, chained(starts()[0], start(TWO, SECOND, FOUNDERS[:2])))


def test_newcomers_cannot_vote_themselves_in(old):
    ballot = Ballot(1, TWO)
    strangers = {
        org(who): tuple(node_key("harbour", each).sign(ballot.commit_message) for each in ("mirror", "archive"))
        for who in FOUNDERS[:3]
    }
    with pytest.raises(BadMemberSignature):
        chain.follow(old, chained(starts()[0], replace(starts()[1], commits=strangers)))


def test_an_epoch_cannot_be_left_out(old):
    three = record(TWO, THIRD)
    with pytest.raises(NotTheNextEpoch):
        chain.follow(old, chained(starts()[0], start(three, THIRD, FOUNDERS[:3])))


def test_a_majority_cannot_be_exchanged_at_once(old):
    other = FIRST.with_members([seat("bank"), *(seat(who, 2) for who in FOUNDERS[1:])])
    with pytest.raises(TooManyChanges):
        chain.follow(old, chained(starts()[0], start(record(ONE, other), other, FOUNDERS[:3])))


def test_a_claimed_constitution_with_the_same_mirrors_gives_its_author_nothing(old):
    lax = replace(FIRST, certified_products=True)
    forged = start(Record.first(lax), lax, ())
    news = FIRST.with_members([*FIRST.members[:3], seat("harbour")])
    with pytest.raises(QuorumNotReached):
        chain.follow(old, chained(forged, start(record(Record.first(lax), news), news, FOUNDERS[:1])))


@given(st.one_of(st.binary(max_size=60), st.lists(st.binary(max_size=20), max_size=3).map(canonical.encode)))
def test_whatever_the_bytes_the_parser_refuses_in_its_own_words(data):
    with pytest.raises(HallmarkError):
        chain.parse(data)
