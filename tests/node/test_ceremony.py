"""An epoch follows another over HTTP: called for, sealed, prepared, committed, entered; nothing final is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hallmark.consortium import epoch, finality
from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import Head, Record
from hallmark.node.ceremony import call_message
from hallmark.node.convening import convene
from hallmark.node.errors import NotFinal, Refused
from hallmark.node.protocol import Offer
from node.network import Network, constitution, eventually, head_over, offer, signers, told


def calls(network, attempt, names="abc"):
    message = call_message(network.epoch[0], attempt)
    return {name: signers(name).witness.sign(message) for name in names}


def succeed(network, attempt=1, agreed=None, patience=5):
    """Carry an attempt through, and let the sequencer go on in the new epoch."""
    agreed = agreed or network.epoch[1]
    start = convene(network.peers(), network.epoch, attempt, calls(network, attempt), agreed, patience)
    network.epoch = (start.ballot.record, agreed)
    network.sequencer.enter(*network.epoch)
    return start


def test_the_next_epoch_goes_on_from_what_is_final(network, story):
    network.append(story.ledger[:20])
    start = succeed(network)
    assert start.ballot.record.base == Head(20, network.store.tree.root)
    assert {node.state.epoch for node in network.nodes.values()} == {2}
    final = network.append(story.ledger[20:])
    assert finality.check_final(final, *network.epoch).checkpoint.origin == "ledger.example/simulated/e2"
    chain = [*network.peer("d").starts(1)]

    assert epoch.follow(Record.first(network.first), network.first, chain, archive=True) == network.epoch


def test_what_was_witnessed_beyond_the_base_is_given_back_with_all_it_did(network, story):
    network.append(story.ledger[:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    network.now = told(story.ledger[:20])
    for name in "ab":
        offer(network, name, story.ledger[:20], 10)
    assert network.sizes()["a"] == 20
    succeed(network)
    assert set(network.sizes().values()) == {10}
    network.append(story.ledger[10:])
    eventually(lambda: set(network.sizes().values()) == {len(story.ledger)})


def test_a_sealed_member_signs_no_more_in_its_epoch(network, story):
    network.append(story.ledger[:5])
    entries = [encoded for encoded, _ in story.ledger]
    peer = network.peer("a")
    seal = peer.seal(1, calls(network, 1))
    assert seal.verify(*network.epoch).mirrored.size == 5
    with pytest.raises(Refused) as refused:
        peer.witness(Offer(5, (), head_over(network, entries[:5])))
    assert refused.value.facts["code"] == "epoch-sealed"


def test_neither_a_stranger_nor_f_members_end_an_epoch(network, story):
    network.append(story.ledger[:5])
    for names in ("", "ab", "xyz"):
        with pytest.raises(Refused) as refused:
            network.peer("a").seal(1, calls(network, 1, names))
        assert refused.value.facts["code"] == "too-few-calls"
    forged = dict.fromkeys("abc", bytes(64))
    with pytest.raises(Refused) as refused:
        network.peer("a").seal(1, forged)
    assert refused.value.facts["code"] == "bad-member-signature"
    for other in (calls(network, 2), {}):
        with pytest.raises(Refused):
            network.peer("a").seal(1, other)
    network.append(story.ledger[5:10])


def test_an_attempt_without_a_quorum_fails_and_another_succeeds(network, story):
    network.append(story.ledger[:10])
    network.stop(*"efg")
    with pytest.raises(QuorumNotReached):
        succeed(network, attempt=1, patience=0.2)
    with pytest.raises(NotFinal):
        network.append(story.ledger[10:], patience=0.5)
    for name in "efg":
        network.start(name)
    network.wake(*"efg")
    succeed(network, attempt=2)
    network.append([])
    assert network.store.tree.size == 10


def test_a_member_that_missed_the_change_follows_and_signs_in_the_new_epoch(network, story):
    network.append(story.ledger[:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    network.stop("g")
    network.append(story.ledger[10:20])
    succeed(network)
    network.append(story.ledger[20:30])
    network.start("g")
    network.wake("g")
    network.catch_up("g")
    state = network.nodes["g"].state
    assert (state.epoch, state.tree.size, network.nodes["g"].published) == (2, 30, 30)
    network.stop("a", "b")
    network.append(story.ledger[30:])


def test_a_sealed_member_that_lacks_the_base_fetches_it_and_prepares(network, story):
    network.append(story.ledger[:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    network.stop(*"fg")
    network.append(story.ledger[10:20])
    for name in "fg":
        network.start(name)
    network.wake(*"fg")
    network.stop(*"ab")
    for name in "fg":
        network.peer(name).seal(1, calls(network, 1))
        network.catch_up(name)
        assert network.nodes[name].store.tree.size == 20
        assert network.nodes[name].state.tree.size == 10
    start = succeed(network)
    assert start.ballot.record.base.size == 20
    network.append(story.ledger[20:])


def test_a_constitution_that_the_votes_did_not_make_is_not_prepared(network, story):
    network.append(story.ledger[:5])
    with pytest.raises(QuorumNotReached):
        succeed(network, agreed=constitution("abcdefh"), patience=0.2)


def test_a_member_exchanged_by_vote_signs_from_the_next_epoch_on(tmp_path, cfp, story):
    changed = constitution("abcdefh")
    with Network(tmp_path, cfp, agreed=lambda _state, _constitution: changed) as network:
        network.wake()
        network.append(story.ledger[:10])
        network.names = "abcdefgh"
        network.start("h")
        network.wake("h")
        network.names = "abcdefg"
        succeed(network, agreed=changed)
        network.names = "abcdefgh"
        network.catch_up("h")
        network.names = "abcdefh"
        network.sequencer.close()
        network.resume()
        network.stop("a", "b")
        network.append(story.ledger[10:])
        with pytest.raises(Refused) as refused:
            network.peer("g").witness(Offer(10, (), head_over(network, [encoded for encoded, _ in story.ledger[:10]])))
        assert refused.value.facts["code"] == "not-a-member"


def test_a_start_without_commits_of_a_quorum_or_without_the_base_moves_nobody(network, story):
    network.append(story.ledger[:5])
    network.stop("g")
    start = succeed(network)
    for path in network.folder.glob("g.sqlite*"):
        path.unlink()
    network.start("g")
    few = replace(start, commits=dict([*start.commits.items()][:4]))
    for shown, code in ((few, "quorum-not-reached"), (start, "entries-not-held")):
        with pytest.raises(Refused) as refused:
            network.peer("g").start(shown)
        assert refused.value.facts["code"] == code
    assert network.nodes["g"].state.epoch == 1
