"""What the next epoch's constitution is, as a node reads it from its ledger."""

from __future__ import annotations

import hashlib

import pytest

from hallmark.node.replay import voted
from world.consortium import FOUNDERS, constitution, found, next_epoch, propose, vote
from world.market import Market


@pytest.fixture
def consort(cfp):
    market = Market(cfp, "CFP-01").open()
    found(market)
    return market


def test_votes_make_the_next_constitution_and_nothing_less_does(consort):
    code = hashlib.sha256(b"release 2").digest()
    proposal = propose(consort, "bank", "code", digest=code)
    for voter in FOUNDERS[:2]:
        vote(consort, voter, proposal)
    assert voted(consort.state, constitution()) == constitution()
    vote(consort, FOUNDERS[2], proposal)
    assert code in voted(consort.state, constitution()).code


def test_a_constitution_that_the_ledger_does_not_show_yet_stands(cfp, consort):
    assert voted(Market(cfp, "CFP-01").open().state, constitution()) == constitution()
    proposal = propose(consort, "bank", "code", digest=hashlib.sha256(b"release 2").digest())
    for voter in FOUNDERS[:3]:
        vote(consort, voter, proposal)
    news = voted(consort.state, constitution())
    assert voted(consort.state, news) == news
    next_epoch(consort)
    assert voted(consort.state, news) == news
