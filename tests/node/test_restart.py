"""A node forgets nothing that it signed, catches up after days offline, and never signs from an older store."""

from __future__ import annotations

from contextlib import suppress

import pytest

from hallmark.consortium.member import NotAwake, StoreRolledBack
from hallmark.node import follow
from hallmark.node.errors import NotReached, Refused, StoreInUse
from hallmark.node.protocol import Message, Offer, encode_entries, encode_wanted
from hallmark.node.store import Store
from hallmark.rules.state import digest_of
from node.network import eventually, head_over, signers


def witnessed(network, name):
    """Return up to where a node saw that member a witnessed."""
    return max((each.trace.witnessed for each in network.nodes[name].store.seen("a")), default=0)


def test_a_restarted_node_signs_only_after_its_peers_told_what_they_saw(network, story):
    network.append(story.ledger[:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    network.stop("a")
    node = network.start("a")
    assert node.state.tree.size == 10
    again = Offer(10, (), head_over(network, [encoded for encoded, _ in story.ledger[:10]]))
    with pytest.raises(NotReached) as refused:
        network.peer("a").witness(again)
    assert refused.value.facts["code"] == "not-awake"
    network.wake("a")
    assert network.peer("a").witness(again)
    network.append(story.ledger[10:])


def test_a_node_that_was_offline_catches_up_from_its_peers(network, story):
    network.append(story.ledger[:3])
    network.stop("a")
    for start in range(3, 30, 9):
        network.append(story.ledger[start : start + 9])
    node = network.start("a")
    network.wake("a")
    network.now += 10**10  # days passed; a quorum signed for the time that was told
    network.catch_up("a")
    network.now -= 10**10
    assert (node.state.tree.size, node.state.mirrored.size, node.published) == (30, 30, 30)
    assert digest_of(node.state_at(30)) == digest_of(network.nodes["b"].state_at(30))
    network.append(story.ledger[30:])
    eventually(lambda: network.sizes()["a"] == len(story.ledger))


def test_a_node_catches_up_in_pieces(network, story, monkeypatch):
    monkeypatch.setattr("hallmark.node.protocol.CHUNK_SIZE", 2000)
    network.append(story.ledger[:3])
    network.stop("a")
    network.append(story.ledger[3:])
    network.start("a")
    network.wake("a")
    network.catch_up("a")
    assert network.sizes()["a"] == len(story.ledger)


def test_a_peer_that_is_slow_is_left_for_the_next_who_goes_on_from_there(network, story, monkeypatch):
    monkeypatch.setattr("hallmark.node.protocol.CHUNK_SIZE", 2000)
    monkeypatch.setattr("hallmark.node.follow._PATIENCE", 0)
    network.append(story.ledger[:3])
    network.stop("a")
    network.append(story.ledger[3:])
    node = network.start("a")
    network.wake("a")
    sizes = []
    for peer in network.peers("a"):
        follow.catch_up(node, [peer])
        sizes.append(node.state.tree.size)
    assert 3 < sizes[0] < sizes[1] < sizes[2] < len(story.ledger), "each sent one part, and the next one the next"


def test_a_peer_that_sends_other_entries_is_passed_over(network, story, monkeypatch):
    network.append(story.ledger[:3])
    network.stop("a")
    network.append(story.ledger[3:])
    node = network.start("a")
    network.wake("a")
    peers = network.peers("a")
    liar = peers[0]
    honest = liar.chunk
    liar.chunk = lambda message: (honest(message)[0][::-1], honest(message)[1])
    follow.catch_up(node, [liar])
    assert node.state.tree.size == 3
    follow.catch_up(node, peers)
    assert node.state.tree.size == len(story.ledger)


def test_a_store_that_was_rolled_back_never_signs_again(network, story):
    network.append(story.ledger[:5])
    eventually(lambda: set(network.sizes().values()) == {5})
    network.stop("a")
    network.copy("a")
    network.start("a")
    network.wake("a")
    network.append(story.ledger[5:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    while not any(witnessed(network, name) == 10 for name in "bcdefg"):
        network.append([])
    network.stop("a")
    network.roll_back("a")
    node = network.start("a")
    for _ in range(2):
        with pytest.raises(StoreRolledBack):
            network.wake("a")
    network.stop("a")
    node = network.start("a")
    with pytest.raises(StoreRolledBack):
        node.wake({})  # it remembers, whatever peers say now
    with pytest.raises(NotReached):
        network.peer("a").witness(Offer(5, (), head_over(network, [e for e, _ in story.ledger[:5]])))


def test_a_store_that_was_lost_counts_as_rolled_back(network, story):
    network.append(story.ledger[:5])
    while not any(witnessed(network, name) == 5 for name in "bcdefg"):
        network.append([])
    network.stop("a")
    network.path("a").unlink()
    network.start("a")
    with pytest.raises(StoreRolledBack):
        network.wake("a")


def test_accounts_count_only_if_their_peers_signed_them(network, story):
    network.append(story.ledger[:5])
    network.stop("a")
    node = network.start("a")
    for name in "bcd":
        impostor = signers("g").witness
        network.nodes[name].signers = type(network.nodes[name].signers)(impostor, impostor, impostor)
    with pytest.raises(NotAwake):
        network.wake("a")
    assert not node.state.awake


def test_one_store_has_one_node(network):
    with pytest.raises(StoreInUse):
        Store(network.path("a"))


def test_what_is_not_stored_is_not_signed(network, story, monkeypatch):
    node = network.nodes["a"]

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(node.store, "put_head", fail)
    network.append(story.ledger[:5])  # the others sign
    with pytest.raises(NotReached), suppress(Refused):
        network.peer("a").witness(Offer(0, (), head_over(network, [e for e, _ in story.ledger[:5]])))
    assert (node.state.tree.size, node.store.tree.size) == (0, 0)
    monkeypatch.undo()
    network.append([])
    eventually(lambda: network.sizes()["a"] == 5)


def test_members_alone_get_disclosures(network, story):
    network.append(story.ledger[:5])
    content = encode_wanted(0, 5)
    now = network.now // 1000
    good = Message("b", "a", "wanted", now, content).signed(signers("b").witness)
    pairs, proof = network.peer("a").chunk(good)
    assert ([entry for entry, _ in pairs], proof) == ([encoded for encoded, _ in story.ledger[:5]], [])
    for wrong in (
        Message("b", "a", "wanted", now, content).signed(signers("c").witness),
        Message("b", "c", "wanted", now, content).signed(signers("b").witness),
        Message("b", "a", "wanted", now - 61, content).signed(signers("b").witness),
        Message("x", "a", "wanted", now, content).signed(signers("x").witness),
        Message("b", "a", "entries", now, encode_entries(0, [])).signed(signers("b").witness),
    ):
        with pytest.raises(Refused) as refused:
            network.peer("a").chunk(wrong)
        assert refused.value.facts["code"] == "message-not-trusted"
