"""Seven nodes on HTTP: what a quorum re-verified becomes final, and nothing else does."""

from __future__ import annotations

import time

import pytest

from hallmark.consortium import finality
from hallmark.consortium.member import NotAwake
from hallmark.ledger import note
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.policy import QuorumMissing
from hallmark.ledger.tile import TiledLog
from hallmark.node.errors import NotFinal, Refused
from hallmark.node.protocol import Offer
from hallmark.rules.state import digest_of
from hallmark.statement import disclosure
from hallmark.statement.envelope import parse
from node.network import eventually, head_over, log_key, offer, pairs_of, told


def test_statements_become_final_and_every_node_holds_the_same_state(network, story):
    middle = len(story.ledger) // 2
    first = network.append(story.ledger[:middle])
    final = network.append(story.ledger[middle:])
    assert Checkpoint.parse(first.text).size == middle
    for archive in (False, True):
        endorsed = finality.check_final(final, *network.epoch, archive=archive)
        assert endorsed.checkpoint.size == len(story.ledger)
        assert len(endorsed.cosigned) >= 5
    eventually(lambda: all(node.published == len(story.ledger) for node in network.nodes.values()))
    digests = {digest_of(node.state_at(len(story.ledger))) for node in network.nodes.values()}
    assert digests == {digest_of(story.state)}


def test_the_read_path_of_any_node_proves_an_entry(network, story):
    network.append(story.ledger)
    eventually(lambda: network.nodes["d"].published == len(story.ledger))
    peer = network.peer("d")
    note = peer.note("checkpoint")
    checkpoint = finality.check_final(note, *network.epoch).checkpoint
    log = TiledLog(peer.tile, checkpoint.size, checkpoint.root)
    assert [*log.entries(0, len(log))] == [encoded for encoded, _ in story.ledger]


def test_a_node_keeps_no_disclosure_that_the_rules_do_not_read(network, story):
    network.append(story.ledger)
    sealed = 0
    store = network.nodes["a"].store
    with store.lock:
        kept = [*store.pairs(0, len(story.ledger))]
    for (encoded, handed_in), (_, hidden) in zip(story.ledger, kept, strict=True):
        names = {each.name for each in disclosure.decode(hidden)}
        assert names == set(parse(encoded).draft.members)
        sealed += len(handed_in) - len(names)
    assert sealed, "the market hands in sealed claims too"


def test_what_a_rule_forbids_no_honest_node_signs(network, story):
    network.append(story.ledger[:1])
    operator = parse(story.ledger[0][0]).draft.subject
    late, disclosures = story.prepare("time.told", "operator", operator, {"utc_ms": 1})
    with pytest.raises(NotFinal) as failed:
        network.append([(late.encoded, disclosures)])
    codes = failed.value.facts["codes"]
    assert set(codes.values()) == {"time-not-increasing"}
    assert len(codes) > 2, "more than may lie"
    assert set(network.sizes().values()) == {1}


def test_a_statement_whose_claims_are_hidden_from_the_rules_is_refused(network, story):
    index = next(at for at, (encoded, _) in enumerate(story.ledger) if parse(encoded).draft.members)
    network.append(story.ledger[:index])
    with pytest.raises(NotFinal) as failed:
        network.append([(story.ledger[index][0], ())])
    assert set(failed.value.facts["codes"].values()) == {"not-disclosed"}


def test_two_heads_of_one_size_are_refused_by_every_node_and_are_public_proof(network, story):
    network.append(story.ledger[:2])
    eventually(lambda: set(network.sizes().values()) == {2})
    lie = head_over(network, [story.ledger[0][0], b"another"])
    for name in network.names:
        with pytest.raises(Refused) as refused:
            network.peer(name).witness(Offer(2, (), lie))
        assert refused.value.facts["code"] == "two-heads"
        one, another = network.peer(name).forks()[0]
        key = finality.log_key(*network.epoch)
        assert one.verify([key]) == another.verify([key]) == (key,)
        heads = [Checkpoint.parse(note.text) for note in (one, another)]
        assert {(head.origin, head.size) for head in heads} == {(network.origin, 2)}
        assert {head.root for head in heads} == {network.store.tree.root, Checkpoint.parse(lie.text).root}


def test_a_harmless_pair_takes_no_fork_s_place(network, story):
    network.append(story.ledger[:2])
    eventually(lambda: set(network.sizes().values()) == {2})
    same = Checkpoint(network.origin, 2, network.store.tree.root).text + "more\n"
    harmless = Note(same, (note.sign(same, network.origin, log_key()),))
    lie = head_over(network, [story.ledger[0][0], b"another"])
    for said, code in ((harmless, "says-more"), (lie, "two-heads")):
        with pytest.raises(Refused) as refused:
            network.peer("a").witness(Offer(2, (), said))
        assert refused.value.facts["code"] == code
    ((one, another),) = network.peer("a").forks()
    assert {one.text, another.text} == {lie.text, Checkpoint(network.origin, 2, network.store.tree.root).text}


def test_a_sequencer_that_tells_members_different_things_gets_no_quorum(network, story):
    network.append(story.ledger[:1])
    eventually(lambda: set(network.sizes().values()) == {1})
    for shown, names in ((story.ledger[:2], "abcd"), (story.ledger[:3], "efg")):
        network.now = told(shown)
        signatures = [line for name in names for line in offer(network, name, shown, 1)]
        note = head_over(network, [encoded for encoded, _ in shown])
        assert len(signatures) == len(names)
        with pytest.raises(QuorumMissing):
            finality.certify(note.with_signatures(signatures), *network.epoch)


@pytest.mark.parametrize("dead", ["g", "fg"])
def test_with_one_or_two_dead_nodes_entries_become_final(network, story, dead):
    network.append(story.ledger[:5])
    network.stop(*dead)
    network.append(story.ledger[5:])
    assert set(network.sizes().values()) == {len(story.ledger)}


def test_with_three_dead_nodes_nothing_becomes_final_until_one_is_back(network, story):
    network.append(story.ledger[:5])
    eventually(lambda: set(network.sizes().values()) == {5})
    network.stop(*"efg")
    with pytest.raises(NotFinal):
        network.append(story.ledger[5:20], patience=0.5)
    assert {node.published for node in network.nodes.values()} == {5}
    network.start("g")
    with pytest.raises(NotAwake):
        network.wake("g")  # which hears from four peers only
    network.start("f")
    network.wake(*"fg")
    final = network.append([])
    assert finality.check_final(final, *network.epoch).checkpoint.size == 20


def test_a_hanging_node_keeps_nobody_waiting(network, story):
    network.append(story.ledger[:5])
    with network.nodes["c"].store.lock:  # whoever asks it waits
        start = time.monotonic()
        network.append(story.ledger[5:10])
        network.append(story.ledger[10:15])
        assert time.monotonic() - start < 5
    eventually(lambda: network.append([]) and network.sizes()["c"] == 15)


def test_a_member_waits_while_the_told_time_is_far_from_its_clock_and_later_time_carries_the_batch(network, story):
    network.append(story.ledger[:1])
    times = [at for at, (encoded, _) in enumerate(story.ledger) if parse(encoded).draft.kind.name == "time.told"]
    early, later = times[0] + 1, times[1] + 1
    network.now = told(story.ledger[:early]) + 31_000
    with pytest.raises(NotFinal) as failed:
        network.sequencer.append(pairs_of(story.ledger[1:early]), 0.5)
    assert set(failed.value.facts["codes"].values()) == {"clock-apart"}
    network.now = told(story.ledger[:later]) - 29_000
    network.sequencer.append(pairs_of(story.ledger[early:later]), 20)
    assert max(network.sizes().values()) == later
