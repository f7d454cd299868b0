"""Members come and go: each epoch is entered by signatures of the members before, who count in no other."""

from __future__ import annotations

import pytest

from hallmark.consortium import finality
from hallmark.consortium.epoch import Record
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import PLAIN, Note, VerifierKey, sign
from hallmark.ledger.policy import flat
from hallmark.rules import consortium
from hallmark.verify import bundle
from hallmark.verify.bundle import TrustBundle
from node.monitor.published import Log, Node, entries_of, final_over, grave, proof_of, root_of
from node.network import head_over
from verify.register import signer
from world import consortium as founders
from world.cast import org


@pytest.fixture
def statement(market):
    """Return a function that states a start as the ledger does."""

    def made(kind, start):
        operator = market.state.get("ledger")["operator"]
        return market.prepare(kind, "operator", operator, {"start": start.encode()})[0].encoded

    return made


@pytest.fixture
def epochs(members, market, statement):
    """Three epochs: their members, and the entries up to the start of each; with each start one seat changes."""
    entries = [*entries_of(market), statement("consortium.founded", members.founded)]
    found = [(members, entries)]
    for going, coming, by in (("g", "h", "abcde"), ("a", "i", "bcdeh")):
        members, start = members.changed(going, coming, len(entries), root_of(entries), "abcde" if going == "g" else by)
        entries = [*entries, statement("epoch.started", start)]
        found.append((members, entries))
    return found


def of_sources(look):
    """What is grave but for the entries, which a market without this consortium does not admit."""
    return {each for each in grave(look) if not each[0].startswith("entry-")}


def test_a_new_epoch_is_entered_by_its_members_signatures_and_a_forged_one_is_not(members, market, watch, statement):
    for by, expected in (("abcde", set()), ("abcd", {("quorum-not-reached", "log"), ("nothing-to-follow", "")})):
        second, start = members.changed("g", "h", len(market.ledger), by=by)
        starts = [statement("consortium.founded", members.founded), statement("epoch.started", start)]
        entries = [*entries_of(market), *starts]
        look = watch(Log(entries, final_over(second, entries, "abcdh")), memory=by).look(market.clock)
        assert of_sources(look) == expected
        assert (look.head is None) == bool(expected)


def test_several_epochs_later_each_source_is_judged_in_its_own(epochs, market, watch):
    (first, old), (second, middle), (third, entries) = epochs
    news = Node("c", entries, final_over(third, entries, "bcdeh"))
    late = Node("b", middle, final_over(second, middle, "abcde"))
    later = Node("d", old, final_over(first, old))
    for order in ((news, late, later), (later, late, news)):
        look = watch(*order, memory=order[0].name).look(market.clock)
        assert of_sources(look) == set() and look.head.checkpoint.size == len(entries)


def test_a_fork_of_an_earlier_epoch_is_proof_still(epochs, market, watch, tmp_path):
    (_, _), (second, middle), (third, entries) = epochs
    news = Node("c", entries, final_over(third, entries, "bcdeh"))
    fork = [*middle[:-1], b"another"]
    look = watch(Node("b", fork, head_over(second, fork)), news).look(market.clock)
    assert of_sources(look) == {("not-final", "b"), ("split-view", "b")}
    assert len(proof_of(tmp_path, look, "split-view")["notes"]) == 2


def test_members_of_an_epoch_that_ended_make_no_history(epochs, market, watch, tmp_path):
    (first, _), _, (third, entries) = epochs
    news = Node("c", entries, final_over(third, entries, "bcdeh"))
    longer = [*entries, b"another"]
    gone = Node("g", longer, final_over(first, longer, "acdfg"))
    for _ in range(2):  # by what it reads, and by what it remembers
        look = watch(gone, news).look(market.clock)
        assert of_sources(look) == {("beyond-its-epoch", "g")} and look.head.checkpoint.size == len(entries)
    assert proof_of(tmp_path, look, "beyond-its-epoch")["notes"][0].startswith(first.origin)


def test_a_log_without_end_of_an_epoch_that_nobody_knows_is_not_read_for_ever(epochs, market, watch, monkeypatch):
    (first, old), _, (third, entries) = epochs
    endless = Node("x", entries, final_over(third, entries, "bcdeh"))
    ticks = iter(range(10**9))
    monkeypatch.setattr("hallmark.node.monitor.source.monotonic", lambda: next(ticks))
    monkeypatch.setattr("hallmark.node.monitor.watch._LONGEST_WAY", 1)  # tile read, by this clock
    look = watch(Node("a", old, final_over(first, old)), endless).look(market.clock)
    assert of_sources(look) == {("no-answer", "x")} and look.head.checkpoint.size == len(old)
    told = next(each.words.en for each in look.findings if each.source == "x")
    assert "hallmark trust --follow" in told


def test_a_bundle_of_before_the_consortium_still_judges_what_was_published_before(market, watch):
    founders.found(market)
    entries = entries_of(market)
    head = Checkpoint("log.example/operator", len(entries), root_of(entries))
    key = VerifierKey.of(head.origin, PLAIN, signer("operator").public)
    log = Log(entries, Note(head.text, (sign(head.text, head.origin, signer("operator")),)))
    names = {head.origin: Text("-", "-")}
    trusted = TrustBundle.parse(bundle.write("simulated", flat([key], {}, 0), names, development=True))
    for _ in range(2):  # the second time with the start of an epoch that the bundle does not lead to
        look = watch(log, trusted=trusted).look(market.clock)
        assert grave(look) == set() and look.replayed == len(entries)


def test_a_monitor_that_starts_again_knows_the_epochs_that_it_came_to(market, watch):
    founders.found(market)
    founders.next_epoch(market)
    entries, agreed = entries_of(market), consortium.constitution_of(market.state)
    head = Checkpoint(agreed.origin(2), len(entries), root_of(entries))
    by_log = sign(head.text, head.origin, founders.node_key("operator", "sequencer"))
    cosigned = [
        cosignature.sign(
            head, f"{agreed.ledger}/{org(who)}/mirror", founders.node_key(who, "mirror"), market.clock // 1000
        )
        for who in founders.FOUNDERS[:3]
    ]
    log = Log(entries, Note(head.text, (by_log, *cosigned)))
    first = founders.constitution()
    policy = finality.policy_text(Record.first(first), first)
    vouchers = {name: Text(name, name) for name in first.names}
    trusted = TrustBundle.parse(bundle.write("simulated", policy, vouchers, development=True))
    look = watch(log, trusted=trusted).look(market.clock)
    assert grave(look) == set() and look.replayed == len(entries)
    log.files = {}
    look = watch(log, trusted=trusted).look(market.clock)
    assert grave(look) == {("tiles-not-readable", "log"), ("nothing-to-follow", "")}  # and not another epoch
