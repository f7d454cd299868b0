"""Confidential money among seven nodes: they run the rules inside, and nothing of it is readable anywhere else."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import BadMemberSignature
from hallmark.consortium.judgement import BadJudgement, Judgement
from hallmark.consortium.sealing import Announcement, BadAnnouncement, recipients
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.merkle import leaf_hash
from hallmark.node import client, follow
from hallmark.node.client import Peer
from hallmark.node.errors import NotFinal, NotHere, NotJudged, StoreLocked
from hallmark.node.judging import Jury
from hallmark.node.monitor.finding import Weight
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.threshold import DEFAULTS
from hallmark.node.node import Node
from hallmark.node.replay import StoreState, replay, try_out
from hallmark.node.store import Store
from hallmark.rules import admission
from hallmark.rules.confidential import SealedNotAdmitted
from hallmark.rules.state import MemoryState, digest_of
from hallmark.statement import envelope
from hallmark.statement.sealing import NotOpened, seal
from node.network import NAMES, Network, constitution, eventually, log_key, offer, pairs_of, signers, vault
from node.test_ceremony import succeed
from world.cast import key
from world.consortium import found as found_consortium
from world.consortium import next_epoch
from world.market import Market
from world.money import currency, found, ids_of, issue, payment, transfer

AMOUNT = 0x1234_5678_9ABC  # six bytes that nothing else has
LIMITS = {"note": 2**52, "supply": 2**53}
SECRETS = {
    "amount": AMOUNT.to_bytes(6),
    "amount in digits": str(AMOUNT).encode(),
    "holder": key("purse").public.material,
    "holder in digits": key("purse").public.material.hex().encode(),
}


@pytest.fixture(scope="module")
def opened(cfp):
    """A market with a consortium and a confidential currency in which a purse holds a note."""
    market = Market(cfp, "CFP-01").open()
    found_consortium(market)
    found(market, confidential=True, limits=LIMITS)
    market.note = issue(market, ("purse", AMOUNT))[0]
    return market


@pytest.fixture
def paying(opened):
    return copied(opened)


def copied(market):
    twin = Market(market.scheme, market.product_type)
    state = MemoryState({market.scheme.digest: market.scheme})
    state.apply(dict(market.state.scan("")))
    twin.__dict__.update(market.__dict__, ledger=[*market.ledger], state=state)
    return twin


def sealed(ledger, names=NAMES):
    """Return part of a market's ledger with what is confidential sealed to the members of these names."""
    return [(entry, beside(entry, hidden, names)) for entry, hidden in ledger]


def beside(entry, hidden, names=NAMES):
    statement = envelope.parse(entry)
    if not statement.draft.kind.name.startswith("money."):
        return hidden
    members = {name: vault(name).public for name in names}
    return seal(hidden, statement.digest, members, hashlib.sha256(entry).digest())


def pay(market, *pairs, note=None):
    """Return a transfer of the purse's note, not admitted, with its disclosures."""
    statement, hidden = payment(market, [note or market.note], ["purse"], pairs or [("bob", AMOUNT)])
    return statement.encoded, hidden


class After:
    """What a network's sequencer holds, and more on top that it has not ordered."""

    final = 0

    def __init__(self, network, ledger):
        store, more = network.store, pairs_of(ledger)
        self._pairs = [*store.pairs(0, store.tree.size), *more]
        self.tree = store.tree.extend(leaf_hash(entry) for entry, _ in more)

    def chunk(self, start, end, _size):
        return self._pairs[start:end]

    def root(self, _size):
        raise AssertionError("nobody asks for another root than that of all")

    def prove_consistency(self, _old, _size):
        raise AssertionError("nobody asks for a proof of what is not ordered")


def judge(network, ledger, peers=None, patience=10):
    """Ask the nodes whether they would admit part of a ledger on top."""
    jury = Jury(log_key(), network.epoch, peers or network.peers(), lambda: network.now)
    jury.judge(After(network, ledger), patience)


def found_in(content):
    return {name for name, secret in SECRETS.items() if secret in content}


# What becomes final.


def test_seven_nodes_finalise_what_they_alone_can_read_in_one_state(network, paying):
    transfer(paying, [paying.note], ["purse"], [("bob", AMOUNT - 1), ("purse", 1)])
    network.append(sealed(paying.ledger))
    eventually(lambda: all(node.published == len(paying.ledger) for node in network.nodes.values()))
    states = [node.state_at(len(paying.ledger)) for node in network.nodes.values()]
    assert {digest_of(state) for state in states} == {digest_of(paying.state)}


def test_nothing_of_it_is_readable_in_files_in_tiles_or_on_the_wire(network, paying, monkeypatch):
    wire = []
    ask = client.Peer._ask_on

    def heard(peer, connection, method, path, body):
        answer = ask(peer, connection, method, path, body)
        wire.extend([body or b"", answer.body])
        return answer

    monkeypatch.setattr(client.Peer, "_ask_on", heard)
    network.stop("g")
    network.append(sealed(paying.ledger))
    judge(network, sealed([pay(paying)]))
    with pytest.raises(SealedNotAdmitted):
        judge(network, sealed([pay(paying, ("purse", AMOUNT + 1))]))
    network.start("g")
    network.wake("g")
    network.catch_up("g")
    assert network.sizes()["g"] == len(paying.ledger)
    assert sum(map(len, wire)) > 7 * sum(len(entry) for entry, _ in paying.ledger)
    assert not found_in(b"".join(wire))
    files = [path for path in network.folder.iterdir() if path.stat().st_size]
    assert {path.name[0] for path in files} == {*NAMES, "s"}
    assert not any(found_in(path.read_bytes()) for path in files)


def test_what_the_search_looks_for_is_there_where_it_is_not_sealed(tmp_path, cfp, opened):
    market = Market(cfp, "CFP-01").open()
    found(market, limits=LIMITS)
    issue(market, ("purse", AMOUNT))
    store = Store(tmp_path / "open.sqlite", vault("a"))
    with store.transaction():
        replay(store, {cfp.digest: cfp}, pairs_of(market.ledger))
    store.close()
    assert found_in((tmp_path / "open.sqlite").read_bytes()) == {"amount", "holder"}


# Before it is ordered.


def test_a_double_spend_is_refused_before_it_is_ordered_and_nobody_says_what_it_was(network, paying):
    network.append(sealed(paying.ledger))
    first, second = pay(paying), pay(paying, ("mallory", AMOUNT))
    judge(network, sealed([first]))
    with pytest.raises(SealedNotAdmitted) as refused:
        judge(network, sealed([first, second]))
    assert refused.value.facts == {"rule": "note-spent"}
    network.append(sealed([first]))
    with pytest.raises(SealedNotAdmitted):
        judge(network, sealed([second]))
    assert {node.state.tree.size for node in network.nodes.values()} <= {len(paying.ledger), len(paying.ledger) + 1}


@pytest.mark.parametrize(("amount", "breach"), [(AMOUNT + 1, "not-conserved"), (2**52 + 1, "note-too-large")])
def test_of_what_only_members_read_the_name_of_the_rule_is_all_that_leaves(network, paying, amount, breach):
    network.append(sealed(paying.ledger))
    with pytest.raises(SealedNotAdmitted) as refused:
        judge(network, sealed([pay(paying, ("purse", amount))]))
    assert refused.value.facts == {"rule": breach}


def test_a_quorum_judges_and_no_fewer(network, paying):
    network.append(sealed(paying.ledger))
    eventually(lambda: set(network.sizes().values()) == {len(paying.ledger)})
    network.stop("a", "b")
    judge(network, sealed([pay(paying)]))
    network.stop("c")
    with pytest.raises(NotJudged, match="not-reached"):
        judge(network, sealed([pay(paying)]))


class Liar(Peer):
    """A member's node that finds what it likes, under its own key."""

    breach = "note-spent"

    def judge(self, message):
        judgement = replace(super().judge(message), breach=self.breach)
        return judgement.signed(signers(self.name).witness)


class Forger(Peer):
    """A node that shows another member's judgement as its own."""

    def judge(self, message):
        return replace(super().judge(message), member="a")


def with_liars(network, kind, names):
    lying = [kind(name, f"http://127.0.0.1:{network.ports[name]}") for name in names]
    network._peers += lying
    return [*(peer for peer in network.peers() if peer.name not in names), *lying]


def test_f_liars_neither_let_through_nor_refuse(network, paying):
    network.append(sealed(paying.ledger))
    judge(network, sealed([pay(paying)]), with_liars(network, Liar, "fg"))
    with pytest.raises(SealedNotAdmitted, match="note-spent"):
        judge(network, sealed([pay(paying)]), with_liars(network, Liar, "efg"))
    yes = type("Yes", (Liar,), {"breach": ""})
    with pytest.raises(SealedNotAdmitted, match="not-conserved"):
        judge(network, sealed([pay(paying, ("bob", 1))]), with_liars(network, yes, "fg"))


def test_a_judgement_counts_for_who_signed_it(network, paying):
    network.append(sealed(paying.ledger))
    with pytest.raises(NotJudged, match="bad-member-signature"):
        judge(network, sealed([pay(paying)]), with_liars(network, Forger, "efg"))
    judgement = Judgement("a", network.epoch[0].digest, 5, bytes(32), "").signed(signers("a").witness)
    assert Judgement.parse(judgement.encode()) == judgement
    judgement.verify("a", (5, bytes(32)), *network.epoch)
    for other in ({"breach": "note-spent"}, {"signature": bytes(64)}):
        with pytest.raises(BadMemberSignature):
            replace(judgement, **other).verify("a", (5, bytes(32)), *network.epoch)
    for head in ((6, bytes(32)), (5, b"1" * 32)):
        with pytest.raises(BadMemberSignature):
            judgement.verify("a", head, *network.epoch)
    with pytest.raises(BadJudgement):
        Judgement.parse(replace(judgement, breach="x" * 101).encode())


def test_only_the_sequencer_asks_for_judgements(network, paying):
    network.append(sealed(paying.ledger))
    stranger = Jury(signers("a").witness, network.epoch, network.peers(), lambda: network.now)
    with pytest.raises(NotJudged, match="message-not-trusted"):
        stranger.judge(After(network, sealed([pay(paying)])), 10)


# A sequencer that lies.


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        (lambda market: sealed([pay(market, ("purse", AMOUNT + 1))]), "sealed-not-admitted"),
        (lambda market: [pay(market)], "not-sealed"),
        (lambda market: sealed([pay(market)], "x"), "not-opened"),
        (lambda market: [(pay(market)[0], beside(market.ledger[-1][0], market.ledger[-1][1]))], "not-opened"),
    ],
    ids=["more than there was", "in the clear", "sealed to nobody", "sealed beside another"],
)
def test_what_the_rules_forbid_once_ordered_is_signed_by_no_node_and_told_to_nobody(network, paying, forged, code):
    network.append(sealed(paying.ledger))
    eventually(lambda: set(network.sizes().values()) == {len(paying.ledger)})
    ledger = forged(paying)
    for name in network.names:
        with pytest.raises(HallmarkError) as refused:
            offer(network, name, [*sealed(paying.ledger), *ledger], len(paying.ledger))
        assert refused.value.facts["code"] == code
        assert not found_in(refused.value.explain().encode())
    with pytest.raises(NotFinal):
        network.append(ledger, patience=1)
    assert set(network.sizes().values()) == {len(paying.ledger)}


def test_nothing_that_is_not_confidential_is_taken_sealed(network, cfp):
    market = Market(cfp, "CFP-01").open()
    found(market, limits=LIMITS)
    issue(market, ("purse", AMOUNT))
    with pytest.raises(NotFinal) as failed:
        network.append(sealed(market.ledger), patience=2)
    assert set(failed.value.facts["codes"].values()) == {"sealed-without-need"}


# Later.


def test_a_node_goes_on_after_a_restart_with_its_key_and_with_no_other(network, paying):
    network.append(sealed(paying.ledger))
    eventually(lambda: set(network.sizes().values()) == {len(paying.ledger)})
    network.stop("a", "b", "c")
    for name in "ab":
        network.start(name)
    network.wake("a", "b")
    network.append(sealed([pay(paying)]))
    store = Store(network.path("c"), vault("c", generation=2))
    with pytest.raises(StoreLocked):
        store.record(f"note/{paying.note.hex()}", store.tree.size)
    store.close()
    store = Store(network.path("c"))
    with pytest.raises(StoreLocked):
        store.record(f"note/{paying.note.hex()}", store.tree.size)
    assert store.record("ledger", store.tree.size)["now"] == paying.clock
    store.close()


def test_what_some_cannot_open_they_take_from_who_could_and_witness_it_too(network, paying):
    network.append(paying.ledger[:-1])
    network.stop("a")  # with it four of seven could open it, and five must witness
    with ThreadPoolExecutor(1) as thread:
        final = thread.submit(network.append, sealed(paying.ledger[-1:], "abcde"))
        for name in "fg":
            eventually(lambda name=name: network.nodes[name].unopened)
            network.catch_up(name)
        final.result()
    eventually(lambda: {*network.sizes().values()} == {len(paying.ledger)})
    assert not any(node.unopened for node in network.nodes.values())


def test_what_a_liar_passes_on_is_not_taken(network, paying):
    network.append(paying.ledger[:-1])
    with pytest.raises(NotFinal):
        network.append(sealed(paying.ledger[-1:], "abcd"), patience=2)
    node, (entry, hidden) = network.nodes["g"], paying.ledger[-1]
    for names in ("f", "abc"):
        with pytest.raises(NotOpened):
            node.take([(entry, beside(entry, hidden, names).encode())])
    other = paying.ledger[0]
    node.take([(other[0], beside(entry, hidden, "g").encode())])
    assert node._taken == {}
    network.catch_up("g")
    assert [*node._taken] == [entry]


def test_a_member_to_whom_it_was_not_sealed_gets_it_from_the_others(network, paying):
    network.append(paying.ledger[:-1])
    network.append(sealed(paying.ledger[-1:], "abcde"))
    assert {network.sizes()[name] for name in "fg"} == {len(paying.ledger) - 1}
    for name in "fg":
        network.catch_up(name)
    assert {*network.sizes().values()} == {len(paying.ledger)}
    network.stop("a", "b")
    network.append(sealed([pay(paying)], "cdefg"))


def test_a_member_that_came_later_reads_what_was_sealed_before_and_co_signs(tmp_path, cfp, paying):
    changed = constitution("abcdefh")
    with Network(tmp_path, cfp, agreed=lambda _state, _constitution: changed) as network:
        network.wake()
        network.append(sealed(paying.ledger))
        network.names = "abcdefgh"
        network.start("h")
        network.wake("h")
        network.names = NAMES
        succeed(network)
        network.names = "abcdefgh"
        network.catch_up("h")
        assert digest_of(network.nodes["h"].state_at(len(paying.ledger))) == digest_of(paying.state)
        network.names = "abcdefh"
        network.sequencer.close()
        network.resume()
        network.stop("a", "b")
        before = len(paying.ledger)
        next_epoch(paying)
        network.append(paying.ledger[before:])
        judge(network, sealed([pay(paying)], "cdefh"))
        network.append(sealed([pay(paying)], "cdefh"))


def test_a_node_without_a_sealing_key_announces_none_and_takes_what_is_open(network, paying, cfp):
    network.stop("g")
    network.append(sealed(paying.ledger))
    store = Store(network.path("g"))
    node = Node("g", store, signers("g"), network.first, network.setting)
    follow.wake(node, network.peers("g"))
    follow.catch_up(node, network.peers("g"))
    assert store.tree.size < len(paying.ledger)
    with pytest.raises(NotHere):
        node.announce()
    with store.transaction():
        replay(store, {cfp.digest: cfp}, pairs_of(paying.ledger[store.tree.size : -1]))
        with pytest.raises(NotOpened):
            replay(store, {cfp.digest: cfp}, pairs_of(sealed(paying.ledger[-1:])))
    store.close()


def test_a_monitor_with_a_members_store_replays_what_is_sealed_as_a_stranger(cfp, paying, tmp_path):
    (bob,) = transfer(paying, [paying.note], ["purse"], [("bob", AMOUNT)])
    monitored = Replay(Store(tmp_path / "seen.sqlite"), {cfp.digest: cfp}, DEFAULTS, disclosed=True)
    ledger = pairs_of(sealed(paying.ledger))
    assert not [found for found in monitored.take(ledger) if found.weight is Weight.BROKEN]
    again = pairs_of(sealed([pay(paying, ("mallory", AMOUNT))]))
    assert [found.code for found in monitored.take(again)] == ["entry-note-spent"]
    assert monitored.state.get(f"note/{bob.hex()}") == {"currency": currency()}


# To whom it is sealed.


def test_members_announce_their_keys_under_their_witness_keys(network):
    announced = [peer.sealing() for peer in network.peers()]
    keys = recipients([each.encode() for each in announced], *network.epoch)
    assert keys == {name: vault(name).public for name in NAMES}
    first = announced[0]
    assert Announcement.parse(first.encode()) == first
    for other in ({"key": bytes(32)}, {"member": "b"}, {"epoch": bytes(32)}, {"member": "nobody"}):
        with pytest.raises(BadMemberSignature):
            replace(first, **other).verify(*network.epoch)
    with pytest.raises(BadAnnouncement):
        Announcement.parse(replace(first, key=b"short").encode())


def test_what_is_forged_counts_for_nothing_and_a_quorum_is_needed(network):
    announced = [peer.sealing() for peer in network.peers()]
    forged = [replace(each, key=bytes(32)).encode() for each in announced[:2]]
    kept = [each.encode() for each in announced[2:]]
    assert {*recipients([*forged, b"?", *kept], *network.epoch)} == set(NAMES[2:])
    with pytest.raises(QuorumNotReached):
        recipients([*forged, *kept[1:]], *network.epoch)


# Any course of payments.


class Course(RuleBasedStateMachine):
    """One node's rules over sealed payments beside the same rules over open ones: they never differ."""

    def __init__(self, opened, folder):
        super().__init__()
        self.market, self.notes = copied(opened), [(opened.note, AMOUNT)]
        self.path = folder / f"{len([*folder.iterdir()])}.sqlite"
        self.schemes = {opened.scheme.digest: opened.scheme}
        self.store = Store(self.path, vault("a"))
        self.take(self.market.ledger)

    def take(self, ledger):
        with self.store.transaction():
            replay(self.store, self.schemes, pairs_of(sealed(ledger, "a")))

    def teardown(self):
        same = digest_of(StoreState(self.store, self.schemes)) == digest_of(self.market.state)
        self.store.close()
        assert same
        assert not found_in(self.path.read_bytes())

    @rule(amount=st.integers(1, 2**40))
    def issue(self, amount):
        self.notes += [(note, amount) for note in issue(self.market, ("purse", amount))]
        self.take(self.market.ledger[-1:])

    @precondition(lambda self: self.notes)
    @rule(data=st.data(), off=st.sampled_from([0, 0, 1, -1]), again=st.booleans())
    def transfer(self, data, off, again):
        note, amount = data.draw(st.sampled_from(self.notes))
        part = data.draw(st.integers(1, amount))
        pairs = [("purse", each) for each in (part, amount - part + off) if each > 0]
        statement, hidden = payment(self.market, [note], ["purse"], pairs)
        try:
            admission.admit(self.market.state, statement, hidden)
            breach = ""
        except HallmarkError as error:
            breach = error.code
        assert try_out(self.store, self.schemes, pairs_of(sealed([(statement.encoded, hidden)], "a"))) == breach
        if not breach:
            self.market.admit(statement, hidden)
            self.take(self.market.ledger[-1:])
            self.notes += [(made, each) for made, (_, each) in zip(ids_of(statement), pairs, strict=True)]
            if not again:
                self.notes.remove((note, amount))


def test_a_node_decides_over_what_is_sealed_as_over_what_is_not(opened, tmp_path):
    few = settings(max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=[*HealthCheck])
    run_state_machine_as_test(partial(Course, opened, tmp_path), settings=few)
