"""An epoch follows another over HTTP: called for, sealed, prepared, committed, entered; nothing final is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from hallmark.consortium import epoch, finality, succession
from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import Ballot, Consent, Head, OtherConstitution, Record, TooFewConsents
from hallmark.kernel.keys import SoftwareSigner
from hallmark.node import follow
from hallmark.node.ceremony import call_message
from hallmark.node.convening import convene
from hallmark.node.errors import NotFinal, NotHere, Refused
from hallmark.node.node import Signers
from hallmark.node.protocol import Offer
from node.network import NAMES, Network, constitution, eventually, head_over, offer, signers, told
from world import consortium as on_ledger
from world.cast import org
from world.market import Market


def calls(network, attempt, names="abc"):
    message = call_message(network.epoch[0], attempt)
    return {name: signers(name).witness.sign(message) for name in names}


def succeed(network, attempt=1, patience=5):
    """Carry an attempt through, and let the sequencer go on in the new epoch."""
    start = convene(network.peers(), network.epoch, attempt, calls(network, attempt), patience=patience)
    network.epoch = (start.ballot.record, start.constitution)
    network.sequencer.enter(*network.epoch)
    return start


def keys_of(identifier):
    """Return the node's keys of a founder of the market's consortium."""
    (who,) = (each for each in on_ledger.FOUNDERS if org(each) == identifier)
    return Signers(*(on_ledger.node_key(who, purpose) for purpose in ("witness", "mirror", "archive")))


def consents(network, sequencer, names="abcde"):
    message = Consent.message(network.epoch[0], sequencer)
    return Consent(sequencer, {name: signers(name).witness.sign(message) for name in names})


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


def test_a_sealed_member_keeps_what_slow_peers_sent_of_the_base(network, story, monkeypatch):
    monkeypatch.setattr("hallmark.node.protocol.CHUNK_SIZE", 2000)
    monkeypatch.setattr("hallmark.node.follow._PATIENCE", 0)
    network.append(story.ledger[:10])
    network.stop("g")
    network.append(story.ledger[10:])
    node = network.start("g")
    network.wake("g")
    network.peer("g").seal(1, calls(network, 1))
    sizes = []
    for peer in network.peers("g")[:3]:
        follow.catch_up(node, [peer])
        sizes.append(node.store.tree.size)
    assert sizes[0] < sizes[1] < sizes[2] < len(story.ledger)


def test_a_constitution_that_the_votes_did_not_make_is_not_prepared(network, story):
    network.append(story.ledger[:5])
    eventually(lambda: set(network.sizes().values()) == {5})
    seals = [network.peer(name).seal(1, calls(network, 1)) for name in "abcde"]
    made = succession.propose(network.nodes["a"].state, [each.seal for each in seals], constitution("abcdefh"))
    with pytest.raises(Refused) as refused:
        network.peer("a").prepare(Ballot(1, made), seals)
    assert refused.value.facts["code"] == "constitution-not-agreed"


def test_more_seals_than_members_are_not_read(network, story):
    network.append(story.ledger[:5])
    seals = [network.peer(name).seal(1, calls(network, 1)) for name in "abcde"]
    ballot = Ballot(1, succession.propose(network.nodes["a"].state, [each.seal for each in seals], network.epoch[1]))
    for signed in ([], seals[:1] * 8):
        with pytest.raises(Refused) as refused:
            network.peer("a").prepare(ballot, signed)
        assert refused.value.facts["code"] == "bad-request"


def only_certified_by(network, story, name, witnesses):
    """Let a quorum witness more, of whose certificate one member alone hears: the sequencer stopped there."""
    network.append(story.ledger[:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    network.now = max(network.now, told(story.ledger[:20]))
    signed = [line for each in witnesses for line in offer(network, each, story.ledger[:20], 10)]
    entries = [encoded for encoded, _ in story.ledger[:20]]
    network.peer(name).mirror(head_over(network, entries).with_signatures(signed))


def test_a_base_that_one_member_alone_can_prove_is_fetched_from_the_witnesses(network, story):
    only_certified_by(network, story, "a", "abcde")
    network.nodes["a"].chunk = lambda _message: (_ for _ in ()).throw(NotHere(what="entries"))
    real = network.nodes["a"].note
    network.nodes["a"].note = lambda slot: real("checkpoint") if slot == "certificate" else real(slot)
    seals = [network.peer(name).seal(1, calls(network, 1)) for name in NAMES]
    ballot = Ballot(1, succession.propose(network.nodes["b"].state, [each.seal for each in seals], network.epoch[1]))
    assert ballot.record.base.size == 20
    for _ in range(2):
        network.catch_up("f")
        assert network.nodes["f"].store.tree.size in (10, 20)
        with suppress(Refused):
            prepared = network.peer("f").prepare(ballot, seals)
    signers("f").witness.public.verify(ballot.prepare_message, prepared)


def test_what_the_votes_made_is_read_up_to_the_base_and_not_where_each_node_stands(tmp_path, cfp, story):
    changed, few = constitution("abcdefh"), 10**6

    def agreed(state, now):
        return changed if sum(1 for _ in state.scan("")) > few else now

    with Network(tmp_path, cfp, agreed=agreed) as network:
        network.wake()
        only_certified_by(network, story, "a", "abcde")
        few = sum(1 for _ in network.nodes["a"].state_at(10).scan(""))
        assert agreed(network.nodes["a"].state_at(20), network.first) == changed
        start = convene(network.peers(), network.epoch, 1, calls(network, 1), patience=5)
        assert start.constitution == changed


def test_a_sequencer_is_exchanged_by_the_consents_of_a_quorum(network, story):
    network.append(story.ledger[:10])
    other = SoftwareSigner.from_seed(b"another log".ljust(32, b"."))
    for names, code in (("abcd", "too-few-consents"), ("abcdx", "too-few-consents")):
        with pytest.raises(TooFewConsents):
            convene(network.peers(), network.epoch, 1, calls(network, 1), consents(network, other.public, names), 0.2)
        with pytest.raises(Refused) as refused:
            network.peer("a").consent(consents(network, other.public, names))
        assert refused.value.facts["code"] == code
    seals = [network.peer(name).seal(1, calls(network, 1)) for name in "abcde"]
    made = Consent(other.public, {}).under(network.epoch[1])
    ballot = Ballot(1, succession.propose(network.nodes["a"].state, [each.seal for each in seals], made))
    with pytest.raises(Refused) as refused:
        network.peer("a").prepare(ballot, seals)
    assert refused.value.facts["code"] == "constitution-not-agreed", "nobody showed it enough consents"
    start = convene(network.peers(), network.epoch, 2, calls(network, 2), consents(network, other.public), 5)
    network.epoch = (start.ballot.record, start.constitution)
    assert {node.state.constitution.sequencer for node in network.nodes.values()} == {other.public}
    with pytest.raises(NotFinal):
        network.sequencer.append([], 0.5)
    network.sequencer.close()
    network.resume(other)
    network.append(story.ledger[10:])
    chain = [*network.peer("d").starts(1)]
    assert epoch.follow(Record.first(network.first), network.first, chain, archive=True) == network.epoch


def test_who_was_shown_the_consents_prepares_nothing_without_them(network, story):
    network.append(story.ledger[:10])
    other = SoftwareSigner.from_seed(b"another log".ljust(32, b"."))
    network.peer("a").consent(consents(network, other.public))
    network.stop("a")
    network.start("a")
    network.wake("a")
    seals = [network.peer(name).seal(1, calls(network, 1)) for name in "abcde"]
    ballot = Ballot(1, succession.propose(network.nodes["a"].state, [each.seal for each in seals], network.epoch[1]))
    with pytest.raises(Refused) as refused:
        network.peer("a").prepare(ballot, seals)
    assert refused.value.facts["code"] == "constitution-not-agreed"
    network.peer("b").prepare(ballot, seals)


def test_a_start_is_not_entered_without_the_consents_that_it_takes(network, story):
    network.append(story.ledger[:10])
    network.stop("g")
    other = SoftwareSigner.from_seed(b"another log".ljust(32, b"."))
    start = convene(network.peers(), network.epoch, 1, calls(network, 1), consents(network, other.public), 5)
    network.start("g")
    network.wake("g")
    with pytest.raises(Refused) as refused:
        network.peer("g").start(replace(start, consents={}))
    assert refused.value.facts["code"] == "constitution-not-agreed"
    network.peer("g").start(start)
    assert network.nodes["g"].state.constitution.sequencer == other.public


def test_an_attempt_that_may_have_started_the_epoch_is_carried_on_with_its_consents(network, story):
    network.append(story.ledger[:10])
    eventually(lambda: set(network.sizes().values()) == {10})
    other = SoftwareSigner.from_seed(b"another log".ljust(32, b"."))
    consent = consents(network, other.public)
    seals = [network.peer(name).seal(1, calls(network, 1)) for name in NAMES]
    made = consent.under(network.epoch[1])
    ballot = Ballot(1, succession.propose(network.nodes["a"].state, [each.seal for each in seals], made))
    for name in NAMES:
        network.peer(name).consent(consent)
    prepares = {name: network.peer(name).prepare(ballot, seals) for name in NAMES}
    network.peer("a").commit(ballot, prepares)
    with pytest.raises(OtherConstitution):
        succeed(network, attempt=2)
    start = convene(network.peers(), network.epoch, 3, calls(network, 3), consent, 5)
    assert start.constitution.sequencer == other.public


def test_the_first_head_of_an_epoch_covers_the_statement_of_its_start(tmp_path, cfp):
    """Else a vote that comes first counts for the epoch before, and the start never again is what the votes made."""
    market = Market(cfp, "CFP-01").open()
    first = on_ledger.constitution()
    on_ledger.found(market, record=Record.first(first))
    before = len(market.ledger)
    names = tuple(sorted(first.names))
    with Network(tmp_path, cfp, names=names, first=first) as network:
        for name in names:
            network.nodes[name].signers = keys_of(name)
        network.wake()
        network.sequencer.close()
        network.resume(on_ledger.node_key("operator", "sequencer"))
        network.append(market.ledger)
        message = call_message(network.epoch[0], 1)
        called = {name: keys_of(name).witness.sign(message) for name in names}
        start = convene(network.peers(), network.epoch, 1, called, patience=5)
        network.epoch = (start.ballot.record, start.constitution)
        network.sequencer.enter(*network.epoch)
        proposal = on_ledger.propose(market, "bank", "code", digest=bytes(32))
        with pytest.raises(NotFinal, match="start-not-stated"):
            network.append(market.ledger[before:], 2)
        market.submit("epoch.started", "operator", org("operator"), {"start": start.encode()})
        network.append(market.ledger[before + 1 :])
        assert network.nodes[names[0]].state_at(len(market.ledger)).get(f"proposal/{proposal.hex()}")


def test_a_member_exchanged_by_vote_signs_from_the_next_epoch_on(tmp_path, cfp, story):
    changed = constitution("abcdefh")
    with Network(tmp_path, cfp, agreed=lambda _state, _constitution: changed) as network:
        network.wake()
        network.append(story.ledger[:10])
        network.names = "abcdefgh"
        network.start("h")
        network.wake("h")
        network.names = "abcdefg"
        succeed(network)
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
