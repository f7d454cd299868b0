"""A stranger follows the ledger: what is published is held together, and what is wrong is told and proven."""

from __future__ import annotations

import json

import pytest

from hallmark import schemes
from hallmark.consortium import finality
from hallmark.consortium.epoch import Ballot, Head, Record, Start
from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature, tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash, verify_consistency
from hallmark.ledger.note import Note, sign
from hallmark.ledger.tree import Tree
from hallmark.node.errors import NotReached
from hallmark.node.monitor.finding import Weight
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.seen import BadSeen, Seen
from hallmark.node.monitor.threshold import DEFAULTS
from hallmark.node.monitor.trust import Trust
from hallmark.node.monitor.watch import Source, Watch
from hallmark.scheme import loader
from hallmark.verify import bundle
from hallmark.verify.bundle import TrustBundle
from node.network import eventually, head_over, log_key, pairs_of, seat, signers
from portal.filled import state_status
from world.market import Market


@pytest.fixture(scope="module")
def scheme():
    return loader.load(schemes.read("cfp"))


@pytest.fixture
def market(scheme):
    """A market with one certificate whose status was stated."""
    market = Market(scheme, "CFP-01").open()
    market.certified()
    state_status(market)
    return market


class Log:
    """The register's log as files: `entries` under a note."""

    name = "log"

    def __init__(self, entries, note):
        self.published = note
        size = Checkpoint.parse(note.text).size
        self._files = {place.path: content for place, content in tile.append(lambda _: b"", 0, entries[:size])}

    def note(self, name):
        assert name == "checkpoint"
        return self.published

    def tile(self, path):
        if path not in self._files:
            raise NotReached(node=self.name, why="status 404")
        return self._files[path]


def entries_of(market):
    return [entry for entry, _ in market.ledger]


def final_over(network, entries, names="abcde", at=None):
    """Return a final note over `entries` by the members `names`, whatever they signed before."""
    head = head_over(network, entries)
    checkpoint = Checkpoint.parse(head.text)
    cosigned = [
        cosignature.sign(
            checkpoint, f"{network.first.ledger}/{name}/mirror", signers(name).mirror, at or network.now // 1000
        )
        for name in names
    ]
    return head.with_signatures(cosigned)


def bundle_of(network):
    policy = finality.policy_text(*network.epoch)
    keys = [finality.log_key(*network.epoch).name, *network.names]
    return TrustBundle.parse(bundle.write("simulated", policy, {key: Text(key, key) for key in keys}, development=True))


@pytest.fixture
def watch(network, scheme, tmp_path):
    """Return a function that makes a watch over these sources, the nodes if none are given, which remembers."""

    def make(*logs, nodes=None, pairs=None, **values):
        sources = [Source(each, node=False) for each in logs]
        sources += [Source(network.peer(name), node=True) for name in (nodes or ("" if logs else network.names))]
        chosen = {**DEFAULTS, **{name.replace("_", "-"): value for name, value in values.items()}}

        def begin():
            return Replay({scheme.digest: scheme}, chosen, disclosed=pairs is not None)

        return Watch(Trust(bundle_of(network)), sources, Seen.read(tmp_path / "seen"), begin, chosen, pairs)

    return make


def grave(look):
    return {(each.code, each.source) for each in look.findings if each.weight is not Weight.NOTABLE}


def proof_of(tmp_path, look, code):
    (name,) = {each.proof for each in look.findings if each.code == code}
    return json.loads((tmp_path / "seen" / name).read_text())


def finished(network, *names):
    size = network.store.tree.size
    eventually(lambda: all(network.nodes[name].published == size for name in names or network.nodes))


def test_where_all_is_well_nothing_is_told(network, market, watch):
    network.append(market.ledger)
    finished(network)
    look = watch().look(network.now)
    assert grave(look) == set()
    assert look.head.checkpoint.size == look.replayed == len(market.ledger)
    assert len(look.head.cosigned) >= 5


def test_a_node_that_does_not_answer_is_missing(network, market, watch):
    network.append(market.ledger)
    finished(network)
    watching = watch()
    network.stop("b")
    assert grave(watching.look(network.now)) == {("no-answer", "b")}


def test_a_node_is_late_when_its_newest_co_signatures_are_too_old(network, market, watch):
    network.append(market.ledger)
    finished(network)
    network.stop("g")
    before = len(market.ledger)
    state_status(market)
    market.pass_time(seconds=300)
    network.append(market.ledger[before:])
    network.start("g")
    finished(network, *"abcdef")
    assert grave(watch().look(network.now)) == set()
    (late,) = grave(watch(late_minutes=5).look(network.now))
    assert late == ("late", "g")


def test_two_final_checkpoints_of_different_histories_are_proof(network, market, watch, tmp_path):
    entries = entries_of(market)
    honest = Log(entries, final_over(network, entries))
    short = Tree(map(leaf_hash, [*entries[:-3], b"another"]))
    for other in ([*entries[:-1], b"another"], [*entries[:-3], b"another"]):
        lying = Log(other, final_over(network, other, "cdefg"))
        lying.name = "mirror"
        look = watch(honest, lying).look(network.now)
        assert grave(look) == {("split-view", "mirror")}
    proof = proof_of(tmp_path, look, "split-view")
    first, second = (Checkpoint.parse(Note.parse(note.encode()).text) for note in proof["notes"])
    path = [bytes.fromhex(each) for each in proof["consistency"]]
    verify_consistency(second.size, first.size, bytes.fromhex(proof["root"]), first.root, path)
    assert second.root == short.root() != bytes.fromhex(proof["root"])


def test_a_head_that_the_sequencer_alone_signed_is_proof_too_and_one_that_nobody_signed_is_not(network, market, watch):
    entries = entries_of(market)
    other = [*entries[:-1], b"another"]
    honest = Log(entries, final_over(network, entries))
    unfinished = Log(other, head_over(network, other))
    unfinished.name = "mirror"
    assert grave(watch(honest, unfinished).look(network.now)) == {("not-final", "mirror"), ("split-view", "mirror")}
    unfinished.published = Note(unfinished.published.text, (sign(unfinished.published.text, "x", signers("x").mirror),))
    assert grave(watch(honest, unfinished).look(network.now)) == {("other-epoch", "mirror")}


def test_two_heads_that_a_node_kept_are_shown_and_kept(network, market, watch, tmp_path):
    network.append(market.ledger)
    finished(network)
    other = head_over(network, [*entries_of(market)[:-1], b"another"])
    store = network.nodes["c"].store
    with store.transaction():
        store.put_fork(1, len(market.ledger), other.encode())
    look = watch().look(network.now)
    assert grave(look) == {("fork", "c")}
    assert len(proof_of(tmp_path, look, "fork")["notes"]) == 2


def test_a_node_whose_store_was_rolled_back_went_back(network, market, watch, tmp_path):
    network.append(market.ledger[:-1])
    finished(network)
    network.stop("d")
    network.copy("d")
    network.start("d")
    network.wake("d")
    network.append(market.ledger[-1:])
    network.catch_up("d")
    finished(network)
    assert grave(watch().look(network.now)) == set()
    network.stop("d")
    network.roll_back("d")
    network.start("d")
    look = watch().look(network.now)
    assert grave(look) == {("went-back", "d")}
    assert [Checkpoint.parse(note).size for note in map(_text, proof_of(tmp_path, look, "went-back")["notes"])] == [
        len(market.ledger),
        len(market.ledger) - 1,
    ]
    assert grave(watch().look(network.now)) == {("went-back", "d")}  # it is not forgotten


def _text(note):
    return Note.parse(note.encode()).text


def test_a_history_that_was_rewritten_is_found_by_whoever_saw_the_old_one(network, market, watch, tmp_path):
    entries = entries_of(market)
    assert grave(watch(Log(entries, final_over(network, entries))).look(network.now)) == set()
    rewritten = [*entries[:-2], entries[-1], *entries[:1]]
    look = watch(Log(rewritten, final_over(network, rewritten))).look(network.now)
    assert ("rewritten", "log") in grave(look)
    assert proof_of(tmp_path, look, "rewritten")["notes"][0].startswith(network.origin)


def test_less_than_was_seen_is_told(network, market, watch):
    entries = entries_of(market)
    assert grave(watch(Log(entries, final_over(network, entries))).look(network.now)) == set()
    shorter = Log(entries, final_over(network, entries[:-1]))
    shorter.name = "mirror"
    assert ("less-than-seen", "") in grave(watch(shorter).look(network.now))


def test_a_statement_that_breaks_a_rule_is_found_though_a_quorum_signed(network, market, watch):
    market.clock -= instant.HOUR
    told, _ = market.prepare("time.told", "operator", _operator(market), {"utc_ms": market.clock})
    forged, _ = market.prepare(
        "time.told", "operator", _operator(market), {"utc_ms": market.clock + instant.DAY}, signer=log_key()
    )
    entries = [*entries_of(market), told.encoded, forged.encoded, b"no statement"]
    look = watch(Log(entries, final_over(network, entries))).look(network.now)
    found = [(each.code, each.entry) for each in look.findings if each.weight is Weight.BROKEN]
    size = len(market.ledger)
    assert found == [
        ("entry-time-not-increasing", size),
        ("entry-bad-signature", size + 1),
        ("entry-not-canonical", size + 2),
    ]


def _operator(market):
    return market.state.get("ledger")["operator"]


def test_a_status_that_nobody_computes_is_found_without_any_disclosure(network, market, watch):
    market.pass_time(seconds=60)
    lie, _ = market.prepare(
        "status.stated", "operator", _operator(market), {"size": 1, "root": bytes(32), "at": market.clock}
    )
    entries = [*entries_of(market), lie.encoded]
    look = watch(Log(entries, final_over(network, entries))).look(network.now)
    assert [each.code for each in look.findings if each.weight is Weight.BROKEN] == ["entry-status-differs"]


def test_what_only_members_can_see_is_found_with_a_members_store(network, market, watch):
    case = market.evaluated()
    market.review(case)
    decided, disclosures = market.prepare(
        "decision.made",
        "northern",
        case,
        {"case_digest": market.digest(case), "outcome": "grant", "reasons": "-"},
        approvals={"decision_maker": "frank"},  # who reviewed
    )
    ledger = [*market.ledger, (decided.encoded, disclosures)]
    entries = [entry for entry, _ in ledger]
    log = Log(entries, final_over(network, entries))
    at = market.clock - 2 * instant.DAY  # when the status was stated
    assert grave(watch(log).look(at)) == set()
    stored = pairs_of(ledger)
    look = watch(log, pairs=lambda start, end: iter(stored[start:end])).look(at)
    (found,) = (each for each in look.findings if each.weight is Weight.BROKEN)
    assert found.entry == len(entries) - 1 and "frank" not in found.words.en
    short = watch(log, pairs=lambda start, end: iter(stored[start : end - 4])).look(at)
    assert "store-ends" in {each.code for each in short.findings} and short.replayed == len(entries) - 4
    stored[3] = stored[4]
    other = watch(log, pairs=lambda start, end: iter(stored[start:end])).look(at)
    assert ("store-differs", "") in grave(other)


def test_a_status_is_stale_when_it_was_not_stated_for_too_long(network, market, watch):
    entries = entries_of(market)
    log = Log(entries, final_over(network, entries))
    watching = watch(log)
    assert grave(watching.look(market.clock + 90 * instant.MINUTE)) == set()
    assert grave(watching.look(market.clock + 92 * instant.MINUTE)) == {("status-stale", "")}
    never = Log(entries[:-2], final_over(network, entries[:-2]))
    never.name = "mirror"
    assert ("status-stale", "") in grave(watch(never).look(market.clock))


def test_what_is_notable_is_told_once_and_what_is_broken_every_time(network, market, watch):
    market.pass_time(days=1)
    state_status(market)  # a day after the one before
    entries = entries_of(market)
    log = Log(entries, final_over(network, entries))
    first, again = watch(log).look(market.clock), watch(log).look(market.clock)
    assert "status-gap" in {each.code for each in first.findings}
    assert "status-gap" not in {each.code for each in again.findings}


def test_a_new_epoch_is_entered_by_its_members_signatures_and_a_forged_one_is_not(network, market, watch):
    first = network.epoch
    agreed = first[1].with_members([*first[1].members[:-1], seat("h")])  # h instead of g

    def begun(by):
        record = Record(2, first[0].digest, Head(len(market.ledger), bytes(32)), agreed.digest)
        ballot = Ballot(1, record)
        commits = {
            name: (signers(name).mirror.sign(ballot.commit_message), signers(name).archive.sign(ballot.commit_message))
            for name in by
        }
        return Start(ballot, agreed, commits)

    operator = _operator(market)
    founded = Start(Ballot(1, first[0]), first[1], {})
    for by, expected in (("abcde", set()), ("abcd", {"quorum-not-reached", "nothing-to-follow"})):
        start = begun(by)
        starts = [
            market.prepare(kind, "operator", operator, {"start": each.encode()})[0].encoded
            for kind, each in (("consortium.founded", founded), ("epoch.started", start))
        ]
        entries = [*entries_of(market), *starts]
        network.epoch = (start.ballot.record, agreed)
        log = Log(entries, final_over(network, entries, "abcdh"))
        network.epoch = first
        look = watch(log).look(network.now)
        assert {code for code, _ in grave(look) if not code.startswith("entry-")} == expected
        assert (look.head is None) == bool(expected)


def test_tiles_that_are_not_the_checkpoints_are_no_ledger(network, market, watch):
    entries = entries_of(market)
    log = Log(entries, final_over(network, entries))
    log.tile = lambda _: bytes(32)
    assert {code for code, _ in grave(watch(log).look(network.now))} == {"tiles-not-readable", "nothing-to-follow"}


def test_a_memory_that_is_no_memory_is_refused(tmp_path):
    for content in ("{}", "no json", '{"kind": "hallmark/monitor/1", "head": "x", "sources": {}, "reported": 0}'):
        (tmp_path / "seen.json").write_text(content)
        with pytest.raises(BadSeen):
            Seen.read(tmp_path)
