"""A member signs forwards, in its epoch, what it verified itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consortium.seats import consortium
from consortium.walk import admit_all, begun, grown, mirrored, restarted, sealed, witnessed
from hallmark.consortium import member, succession
from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import Ballot, Head, OtherConstitution, Record
from hallmark.consortium.member import (
    BadFirstTree,
    BadMemberState,
    Certificate,
    CheckpointIsOld,
    EntriesNotHeld,
    EpochSealed,
    MemberState,
    NotAMember,
    NotAwake,
    NotGrownFromHere,
    OtherOrigin,
    SaysMore,
    StoreRolledBack,
    Trace,
)
from hallmark.kernel import canonical
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import Frontier, NotConsistent, leaf_hash
from hallmark.ledger.tree import Tree

QUORUM = frozenset("abc")


def test_a_member_witnesses_what_its_tree_becomes_and_then_stands_there():
    state = begun("b")
    checkpoint = grown(state, b"one", b"two")
    after, act = member.witness(state, checkpoint, [b"one", b"two"], admit_all)
    assert act == member.Witness(checkpoint)
    assert Head(after.tree.size, after.tree.root) == Head.of(checkpoint)
    assert member.witness(after, checkpoint, [], admit_all) == (after, act), "the answer was lost: the same again"


def test_a_member_does_not_witness_entries_that_its_rules_refuse():
    def refuse(_entries):
        raise Refusal(why=Text("证书未经检测", "the certificate has no inspection"))

    with pytest.raises(Refusal, match="inspection"):
        member.witness(begun("b"), grown(begun("b"), b"one"), [b"one"], refuse)


def test_a_member_witnesses_no_other_branch_no_older_tree_and_no_other_epoch():
    state = witnessed(begun("b"), b"one", b"two")
    with pytest.raises(NotGrownFromHere):
        member.witness(state, grown(witnessed(begun("b"), b"other"), b"x", b"three"), [b"three"], admit_all)
    with pytest.raises(NotGrownFromHere):
        member.witness(state, grown(begun("b"), b"one", b"other"), [], admit_all)
    with pytest.raises(CheckpointIsOld):
        member.witness(state, grown(begun("b"), b"one"), [], admit_all)
    with pytest.raises(OtherOrigin):
        member.witness(state, replace(grown(state, b"3"), origin="ledger.example/test/e2"), [b"3"], admit_all)
    with pytest.raises(SaysMore):
        member.witness(state, replace(grown(state, b"3"), extensions=("more",)), [b"3"], admit_all)


def test_a_member_mirrors_what_a_quorum_witnessed_and_it_holds():
    state = witnessed(begun("b"), b"one", b"two", b"three")
    early = grown(begun("b"), b"one", b"two")
    proof = Tree(map(leaf_hash, [b"one", b"two", b"three"])).prove_consistency(2)
    after, act = member.mirror(state, Certificate(early, QUORUM), proof)
    assert (after.mirrored, act) == (Head.of(early), member.Mirror(early))
    last, _ = member.mirror(after, Certificate(grown(state), QUORUM))
    assert last.mirrored == Head.of(grown(state))
    with pytest.raises(CheckpointIsOld):
        member.mirror(last, Certificate(early, QUORUM), proof)


def test_a_member_mirrors_nothing_else():
    state = witnessed(begun("b"), b"one", b"two")
    with pytest.raises(QuorumNotReached):
        member.mirror(state, Certificate(grown(state), frozenset("bcx")))
    with pytest.raises(EntriesNotHeld):
        member.mirror(state, Certificate(grown(state, b"three"), QUORUM))
    with pytest.raises(NotGrownFromHere):
        member.mirror(state, Certificate(grown(begun("b"), b"one", b"other"), QUORUM))
    with pytest.raises(NotConsistent):
        member.mirror(state, Certificate(grown(begun("b"), b"other"), QUORUM), [leaf_hash(b"two")])
    with pytest.raises(OtherOrigin):
        member.mirror(state, Certificate(replace(grown(state), origin="elsewhere/e1"), QUORUM))


def test_nobody_signs_without_a_seat_or_in_a_sealed_epoch():
    stranger = begun("x")
    with pytest.raises(NotAMember):
        witnessed(stranger, b"one")
    (over,), _ = sealed([begun("b")])
    with pytest.raises(EpochSealed):
        witnessed(over, b"one")
    with pytest.raises(EpochSealed):
        mirrored(over)


def test_an_epoch_begins_with_its_constitution_and_on_its_base():
    record = Record.first(consortium("abcd"))
    with pytest.raises(OtherConstitution):
        member.begin("b", record, consortium("abcx"), Frontier())
    with pytest.raises(BadFirstTree):
        member.begin("b", record, consortium("abcd"), Frontier().extend([leaf_hash(b"one")]))


@pytest.mark.parametrize("members", ["b", "ab", "abc"])
def test_of_fewer_than_four_members_all_others_must_have_seen_nothing_newer(members):
    agreed = consortium(members)
    state = member.begin("b", Record.first(agreed), agreed, Frontier())
    others = [(name, Trace(1, 0, 0)) for name in members if name != "b"]
    for few in (others[:at] for at in range(len(others))):
        with pytest.raises(NotAwake):
            member.wake(state, few)
    assert member.wake(state, others).awake


def test_after_a_restart_a_member_signs_when_a_quorum_of_peers_saw_nothing_newer():
    before = mirrored(begun("b"), b"one")
    state = restarted(before)
    with pytest.raises(NotAwake):
        witnessed(state, b"two")
    seen = [("a", Trace(1, 1, 0)), ("c", Trace(1, 0, 0)), ("d", Trace(0, 9, 9))]
    for few in (seen[:2], [*seen[:2], seen[0]], [*seen[:2], ("b", seen[2][1])], [*seen[:2], ("x", seen[2][1])]):
        with pytest.raises(NotAwake):
            member.wake(state, few)
    assert member.wake(state, seen) == before


def test_a_stored_state_is_read_back_whole_and_asleep():
    state = mirrored(begun("b"), b"one")
    (state,), _ = sealed([state])
    ballot = Ballot(1, Record(2, state.record.digest, state.mirrored, state.constitution.digest))
    state, _ = succession.commit(state, ballot, "abc")
    assert restarted(state) == replace(state, awake=False)
    with pytest.raises(OtherConstitution):
        MemberState.parse(state.encode(), consortium("abcx"))
    value = canonical.decode(state.encode())
    for wrong in ([], [1, *value[1:]], [*value[:4], True, *value[5:]], [*value[:3], [0], *value[4:]]):
        with pytest.raises(BadMemberState):
            MemberState.parse(canonical.encode(wrong), state.constitution)


@pytest.mark.parametrize(
    "newer",
    [
        Trace(2, 0, 0),
        Trace(1, 2, 1),
        Trace(1, 1, 2),
        Trace(1, 1, 1, 1),
        Trace(1, 1, 1, 0, 1),
        Trace(1, 1, 1, 0, 0, 1),
    ],
)
def test_a_member_whose_store_was_rolled_back_never_signs_again(newer):
    state = restarted(mirrored(begun("b"), b"one"))
    with pytest.raises(StoreRolledBack):
        member.wake(state, [("a", state.trace), ("c", newer), ("d", state.trace)])
