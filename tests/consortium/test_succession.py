"""An epoch is started once, on the highest head that a quorum reported, by what the votes made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consortium.seats import consortium
from consortium.walk import begun, mirrored, restarted, sealed, witnessed
from hallmark.consortium import succession
from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import START, Ballot, Head, NotTheNextEpoch, OtherConstitution, TooManyChanges
from hallmark.consortium.member import NotAMember, NotAwake
from hallmark.consortium.succession import (
    AttemptIsOver,
    BaseNotHighest,
    ConstitutionNotAgreed,
    PreparedAnother,
    SealForAnother,
    StartMayHaveHappened,
)
from hallmark.ledger.merkle import Frontier, leaf_hash

SAME = consortium("abcd")
ONE = Frontier().extend([leaf_hash(b"one")])


@pytest.fixture
def seals():
    """States and seals of a, b and c, of whom b mirrored an entry."""
    return sealed([begun("a"), mirrored(begun("b"), b"one"), witnessed(begun("c"), b"one")])


def test_the_next_epoch_goes_on_from_the_highest_head_reported(seals):
    states, reports = seals
    ballot = Ballot(1, succession.propose(states[0], reports, SAME))
    assert ballot.record.base == Head(1, ONE.root)
    prepared = [succession.prepare(state, ballot, reports, SAME)[0] for state in states]
    committed = [succession.commit(state, ballot, "abc")[0] for state in prepared]
    entered = [succession.enter(state, ballot, "abc", SAME, ONE) for state in (*committed, begun("d"))]
    assert {(state.epoch, state.origin, state.mirrored.size) for state in entered} == {(2, "ledger.example/test/e2", 1)}
    assert witnessed(entered[0], b"two").tree.size == 2


def test_no_other_record_is_prepared(seals):
    (state, *_), reports = seals
    record = succession.propose(state, reports, SAME)
    for breach, wrong in (
        (BaseNotHighest, replace(record, base=START)),
        (ConstitutionNotAgreed, replace(record, constitution=consortium("abcx").digest)),
        (NotTheNextEpoch, replace(record, epoch=3)),
        (NotTheNextEpoch, replace(record, parent=bytes(32))),
    ):
        with pytest.raises(breach):
            succession.prepare(state, Ballot(1, wrong), reports, SAME)


def test_the_votes_change_at_most_f_seats(seals):
    (state, *_), reports = seals
    changed = consortium("abxy")
    with pytest.raises(TooManyChanges):
        succession.prepare(state, Ballot(1, succession.propose(state, reports, changed)), reports, changed)


def test_seals_count_for_their_members_epoch_and_attempt(seals):
    (state, *_), (one, *rest) = seals
    ballot = Ballot(1, succession.propose(state, [one, *rest], SAME))
    for wrong in (replace(one, member="x"), replace(one, sealed=bytes(32)), replace(one, attempt=2)):
        with pytest.raises(SealForAnother):
            succession.prepare(state, ballot, [wrong, *rest], SAME)
    with pytest.raises(QuorumNotReached):
        succession.prepare(state, Ballot(1, succession.propose(state, rest, SAME)), rest, SAME)


def test_a_member_prepares_one_record_an_attempt(seals):
    states, reports = seals
    _, (last,) = sealed([begun("d")])
    without = [report for report in reports if report.member != "b"] + [last]
    first = Ballot(1, succession.propose(states[0], reports, SAME))
    other = Ballot(1, succession.propose(states[0], without, SAME))
    state, act = succession.prepare(states[0], first, reports, SAME)
    assert succession.prepare(state, first, reports, SAME) == (state, act)
    with pytest.raises(PreparedAnother):
        succession.prepare(state, other, without, SAME)


def test_attempts_go_upwards(seals):
    states, reports = seals
    ballot = Ballot(1, succession.propose(states[0], reports, SAME))
    (later,), _ = sealed([states[0]], 2)
    assert sealed([later], 2) == sealed([states[0]], 2), "the same seal again"
    with pytest.raises(AttemptIsOver):
        sealed([later], 1)
    with pytest.raises(AttemptIsOver):
        succession.prepare(later, ballot, reports, SAME)
    with pytest.raises(AttemptIsOver):
        succession.commit(later, ballot, "abc")
    with pytest.raises(AttemptIsOver):
        sealed([succession.prepare(states[0], ballot, reports, SAME)[0]], 1)
    with pytest.raises(AttemptIsOver):
        sealed([begun("a")], 0)


def test_a_record_that_may_have_started_the_epoch_is_proposed_again(seals):
    states, reports = seals
    first = Ballot(1, succession.propose(states[0], reports, SAME))
    holder, _ = succession.commit(states[0], first, "abc")
    _, again = sealed([holder, states[2], begun("d")], 2)
    assert all(report.mirrored == START for report in again), "without the ballot the base would be lower"
    assert succession.propose(states[2], again, SAME) == first.record
    lower = replace(first.record, base=START)
    with pytest.raises(StartMayHaveHappened):
        succession.prepare(states[2], Ballot(2, lower), again, SAME)
    succession.prepare(states[2], Ballot(2, first.record), again, SAME)


def test_a_quorum_must_prepare_before_a_commit_and_commit_before_an_entry(seals):
    (state, *_), reports = seals
    ballot = Ballot(1, succession.propose(state, reports, SAME))
    with pytest.raises(QuorumNotReached):
        succession.commit(state, ballot, "ab")
    with pytest.raises(QuorumNotReached):
        succession.enter(state, ballot, "ab", SAME, ONE)
    with pytest.raises(OtherConstitution):
        succession.enter(state, ballot, "abc", consortium("abcx"), ONE)


def test_who_has_no_seat_or_sleeps_takes_no_part():
    with pytest.raises(NotAMember):
        sealed([begun("x")])
    with pytest.raises(NotAwake):
        sealed([restarted(begun("a"))])


def test_a_newcomer_enters_and_signs_and_who_left_does_not(seals):
    states, reports = seals
    changed = consortium("abcx")
    ballot = Ballot(1, succession.propose(states[0], reports, changed))
    newcomer = succession.enter(begun("x"), ballot, "abc", changed, ONE)
    assert witnessed(newcomer, b"two").tree.size == 2
    with pytest.raises(NotAMember):
        witnessed(succession.enter(begun("d"), ballot, "abc", changed, ONE), b"two")
