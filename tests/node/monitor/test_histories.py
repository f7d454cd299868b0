"""Two histories are found, wherever and whenever they are shown, and proven to whoever knows the members' keys."""

from __future__ import annotations

from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash, verify_consistency
from hallmark.ledger.note import Note, sign
from hallmark.ledger.tree import Tree
from node.monitor.published import Log, Node, entries_of, final_over, grave, proof_of, root_of
from node.network import head_over, signers
from verify.register import state_status


def test_two_final_checkpoints_of_different_histories_are_proof(members, market, watch, tmp_path):
    entries = entries_of(market)
    honest = Log(entries, final_over(members, entries))
    short = Tree(map(leaf_hash, [*entries[:-3], b"another"]))
    for other in ([*entries[:-1], b"another"], [*entries[:-3], b"another"]):
        lying = Log(other, final_over(members, other, "cdefg"), "mirror")
        look = watch(honest, lying).look(market.clock)
        assert grave(look) == {("split-view", "mirror")}
    proof = proof_of(tmp_path, look, "split-view")
    first, second = (Checkpoint.parse(Note.parse(note.encode()).text) for note in proof["notes"])
    path = [bytes.fromhex(each) for each in proof["consistency"]]
    verify_consistency(second.size, first.size, bytes.fromhex(proof["root"]), first.root, path)
    assert second.root == short.root() != bytes.fromhex(proof["root"])


def test_a_head_that_the_sequencer_alone_signed_is_proof_too_and_one_that_nobody_signed_is_not(members, market, watch):
    entries = entries_of(market)
    other = [*entries[:-1], b"another"]
    honest = Log(entries, final_over(members, entries))
    unfinished = Log(other, head_over(members, other), "mirror")
    assert grave(watch(honest, unfinished).look(market.clock)) == {("not-final", "mirror"), ("split-view", "mirror")}
    unfinished.published = Note(unfinished.published.text, (sign(unfinished.published.text, "x", signers("x").mirror),))
    assert grave(watch(honest, unfinished).look(market.clock)) == {("other-epoch", "mirror")}


def test_a_history_that_was_rewritten_is_found_by_whoever_saw_the_old_one(members, market, watch, tmp_path):
    entries = entries_of(market)
    assert grave(watch(Log(entries, final_over(members, entries))).look(market.clock)) == set()
    rewritten = [*entries[:-2], entries[-1], *entries[:1]]
    look = watch(Log(rewritten, final_over(members, rewritten))).look(market.clock)
    assert ("rewritten", "log") in grave(look)
    assert proof_of(tmp_path, look, "rewritten")["notes"][0].startswith(members.origin)


def test_less_than_was_seen_is_told(members, market, watch):
    entries = entries_of(market)
    assert grave(watch(Log(entries, final_over(members, entries))).look(market.clock)) == set()
    shorter = Log(entries, final_over(members, entries[:-1]), "mirror")
    assert ("less-than-seen", "") in grave(watch(shorter).look(market.clock))


def test_an_unfinished_fork_is_kept_until_the_ledger_is_long_enough_to_tell(members, market, watch, tmp_path):
    entries = entries_of(market)
    honest = Node("a", entries, final_over(members, entries))
    fork = [*entries[:-1], b"another", b"another"]
    look = watch(honest, Node("b", fork, head_over(members, fork))).look(market.clock)
    assert grave(look) == {("not-final", "b")}
    assert proof_of(tmp_path, look, "not-final")["notes"][0].startswith(f"{members.origin}\n{len(fork)}\n")
    state_status(market)
    entries = entries_of(market)
    honest, reformed = (Node(name, entries, final_over(members, entries)) for name in "ab")
    for _ in range(2):  # it is not forgotten
        look = watch(honest, reformed).look(market.clock)
        assert grave(look) == {("split-view", "b")} and look.replayed == len(entries)
    assert proof_of(tmp_path, look, "split-view")["notes"][1].startswith(f"{members.origin}\n{len(fork)}\n")


def test_what_was_ahead_and_turns_out_to_be_the_ledger_is_no_fork(members, market, watch):
    entries = entries_of(market)
    shorter = Node("a", entries, final_over(members, entries[:-1]))
    ahead = Node("b", entries, head_over(members, entries))
    assert grave(watch(shorter, ahead).look(market.clock)) == {("not-final", "b"), ("status-stale", "")}
    honest = [Node(name, entries, final_over(members, entries)) for name in "ab"]
    assert grave(watch(*honest).look(market.clock)) == set()


def test_of_two_histories_that_a_quorum_signed_none_is_taken_before_it_is_known_which(members, market, watch):
    entries = entries_of(market)
    begun = Node("a", entries, final_over(members, entries[:-2]))
    watch(begun).look(market.clock)
    fork = [*entries[:-2], b"x", b"x", b"x"]
    honest, lying = Node("a", entries, final_over(members, entries)), Node("b", fork, final_over(members, fork))
    look = watch(honest, lying).look(market.clock)
    assert grave(look) == {("split-view", "a")} and look.replayed == len(entries) - 2
    look = watch(honest).look(market.clock)
    assert grave(look) == set() and look.replayed == len(entries)


def test_what_was_taken_decides_which_of_two_histories_goes_on(members, market, watch, tmp_path):
    entries = entries_of(market)
    honest = Node("a", entries, final_over(members, entries))
    watch(honest).look(market.clock)
    fork = [*entries[:-1], b"x", b"x", b"x"]  # longer, and under a quorum
    look = watch(Node("b", fork, final_over(members, fork)), honest).look(market.clock)
    assert grave(look) == {("rewritten", "b")} and look.head.checkpoint.size == len(entries)
    proof = proof_of(tmp_path, look, "rewritten")
    first, second = (Checkpoint.parse(Note.parse(note.encode()).text) for note in proof["notes"])
    path = [bytes.fromhex(each) for each in proof["consistency"]]
    verify_consistency(first.size, second.size, bytes.fromhex(proof["root"]), second.root, path)
    assert first.root == root_of(entries) != bytes.fromhex(proof["root"])


def test_a_ledger_cut_off_and_continued_otherwise_is_rewritten_though_it_is_shorter(members, market, watch):
    entries = entries_of(market)
    watch(Node("a", entries, final_over(members, entries))).look(market.clock)
    other = [*entries[:-3], b"another"]
    look = watch(Node("z", other, final_over(members, other))).look(market.clock)
    assert grave(look) == {("rewritten", "z"), ("nothing-to-follow", "")} and look.replayed == len(entries)
