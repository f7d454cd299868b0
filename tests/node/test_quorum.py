"""Heads on their way to seven nodes: one that stands still, lags, lies or is no member costs the others nothing."""

from __future__ import annotations

from threading import Event

import pytest

from hallmark.ledger.checkpoint import Checkpoint
from hallmark.node import node, protocol, quorum
from hallmark.node.client import Peer
from hallmark.node.errors import NotFinal, OldSizeDiffers, Refused
from hallmark.node.quorum import Quorum
from hallmark.node.sequencer import Sequencer, _Stored
from node.network import eventually, log_key, pairs_of


class Halting(Peer):
    """A node that answers nothing until it is told to."""

    def __init__(self, *place):
        super().__init__(*place)
        self.going, self.finished = Event(), []

    def hand_in(self, message):
        self.going.wait()
        super().hand_in(message)

    def finish(self, final):
        self.finished.append(Checkpoint.parse(final.text).size)
        super().finish(final)


class Greedy(Peer):
    """A node that lost everything, as often as it is asked."""

    handed = most = 0

    def hand_in(self, message):
        start, _ = protocol.decode_entries(message.content)
        self.handed = len(message.content) + (self.handed if start else 0)
        self.most = max(self.most, self.handed)

    def witness(self, offer):
        raise OldSizeDiffers(old=offer.old, size=0)


class Stranger(Peer):
    """A node without a seat."""

    def hand_in(self, _message):
        raise Refused(node=self.name, code="not-a-member", detail="")


def replaced(network, kind, name):
    """Let the sequencer reach a node of another kind under that name; return it."""
    peer = kind(name, f"http://127.0.0.1:{network.ports.get(name, 1)}")
    network._peers.append(peer)
    network.sequencer.close()
    others = [*network.peers(name), peer]
    network.sequencer = Sequencer(network.store, log_key(), network.epoch, others, lambda: network.now)
    return peer


def test_a_node_that_stood_still_is_shown_the_newest_head_and_not_each(network, story):
    network.append(story.ledger[:5])
    halting = replaced(network, Halting, "c")
    for size in range(6, 10):
        network.append(story.ledger[size - 1 : size])
    halting.going.set()
    eventually(lambda: halting.finished)
    assert halting.finished == [9]


def test_a_head_that_another_process_overtook_is_told_to_be_old_and_the_newer_one_is_final(network, story):
    network.append(story.ledger[:5])
    ours = _Stored(network.store)
    network.append(story.ledger[5:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    other = Quorum(log_key(), network.epoch, network.peers(), lambda: network.now)
    try:
        for _ in range(2):
            with pytest.raises(NotFinal) as failed:
                other.certify(ours)
            assert set(failed.value.facts["codes"].values()) == {"checkpoint-is-old"}
        assert Checkpoint.parse(other.certify(_Stored(network.store)).text).size == 10
    finally:
        other.close()


def test_those_without_a_seat_do_not_count_among_those_who_refuse(network, story):
    for name in "xyz":
        network._peers.append(Stranger(name, "http://127.0.0.1:1"))
    everybody = [*network._peers[-3:], *network.peers()]
    network.sequencer.close()
    network.sequencer = Sequencer(network.store, log_key(), network.epoch, everybody, lambda: network.now)
    assert Checkpoint.parse(network.append(story.ledger[:5]).text).size == 5


def test_what_is_longer_than_a_node_takes_at_once_becomes_final_by_heads_on_the_way(network, story, monkeypatch):
    times = [at for at, (entry, _) in enumerate(story.ledger) if b"time.told" in entry]
    ledger = story.ledger[: times[1]]
    size = sum(len(entry) + len(hidden) for entry, hidden in pairs_of(ledger))
    monkeypatch.setattr(protocol, "CHUNK_SIZE", size // 20)
    for module in (node, quorum):
        monkeypatch.setattr(module, "MAX_PENDING", size // 4)
    assert Checkpoint.parse(network.append(ledger).text).size == len(ledger)
    store = network.nodes["a"].store
    with store.lock:
        assert sum(store.head(1, each) is not None for each in range(len(ledger))) >= 3


def test_who_lacks_more_than_a_node_takes_at_once_is_left_to_its_peers(network, story, monkeypatch):
    network.append(story.ledger)
    size = sum(len(entry) + len(hidden) for entry, hidden in pairs_of(story.ledger))
    monkeypatch.setattr(protocol, "CHUNK_SIZE", size // 20)
    monkeypatch.setattr(quorum, "MAX_PENDING", size // 4)
    greedy = replaced(network, Greedy, "c")
    for _ in range(2):
        network.sequencer.append([])
    network.sequencer.close()  # whose lanes end what they began
    assert 0 < greedy.most < size // 2
