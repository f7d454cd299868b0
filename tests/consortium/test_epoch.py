"""From a constitution that a verifier trusts, the chain of starts leads to today's and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortium.seats import consortium
from consortium.walk import start
from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import (
    START,
    BadEpoch,
    BadMemberSignature,
    Ballot,
    Head,
    NotTheNextEpoch,
    OtherConstitution,
    OtherLedger,
    Record,
    Start,
    TooManyChanges,
    follow,
)
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError

FIRST = Record.first(consortium("abcd"))


def after(parent: Record, names: str, size: int = 0) -> Record:
    base = Head(size, bytes([size]) * 32) if size else START
    return Record(parent.epoch + 1, parent.digest, base, consortium(names).digest)


SECOND = after(FIRST, "abcx", 5)
THIRD = after(SECOND, "abxy", 9)
CHAIN = (
    start(Ballot(1, SECOND), consortium("abcx"), "abd"),
    start(Ballot(3, THIRD), consortium("abxy"), "abc"),
)


@pytest.mark.parametrize("archive", [False, True])
def test_the_chain_leads_to_the_present_members(archive):
    assert follow(FIRST, consortium("abcd"), CHAIN, archive=archive) == (THIRD, consortium("abxy"))
    assert follow(FIRST, consortium("abcd"), ()) == (FIRST, consortium("abcd"))


def test_the_chain_has_no_gap_and_begins_where_the_verifier_stands():
    with pytest.raises(NotTheNextEpoch):
        follow(FIRST, consortium("abcd"), CHAIN[1:])
    with pytest.raises(OtherConstitution):
        follow(FIRST, consortium("abcx"), CHAIN)
    with pytest.raises(OtherConstitution):
        replace(CHAIN[0], constitution=consortium("abcy")).verify(FIRST, consortium("abcd"))


def test_a_start_needs_a_quorum_of_the_members_before_in_one_attempt():
    start(Ballot(1, SECOND), consortium("abcx"), "acd").verify(FIRST, consortium("abcd"))
    with pytest.raises(QuorumNotReached):
        start(Ballot(1, SECOND), consortium("abcx"), "abx").verify(FIRST, consortium("abcd"))
    later = start(Ballot(2, SECOND), consortium("abcx"), "d").commits
    with pytest.raises(BadMemberSignature):
        replace(CHAIN[0], commits={**CHAIN[0].commits, **later}).verify(FIRST, consortium("abcd"))


def test_at_most_f_seats_change_and_the_ledger_stays_the_same():
    record = after(FIRST, "abxy")
    with pytest.raises(TooManyChanges):
        start(Ballot(1, record), consortium("abxy")).verify(FIRST, consortium("abcd"))
    real = replace(consortium("abcd"), ledger="ledger.example/real")
    record = replace(record, constitution=real.digest)
    with pytest.raises(OtherLedger):
        start(Ballot(1, record), real).verify(FIRST, consortium("abcd"))


def test_reading_gives_back_what_was_written():
    assert Start.parse(CHAIN[0].encode()) == CHAIN[0]


@given(st.integers(0), st.integers(1, 255))
def test_other_bytes_do_not_verify_or_start_the_same_epoch(at, flip):
    changed = bytearray(CHAIN[0].encode())
    changed[at % len(changed)] ^= flip
    try:
        read = Start.parse(bytes(changed))
        read.verify(FIRST, consortium("abcd"))
    except HallmarkError:
        return
    assert (read.ballot, read.constitution) == (CHAIN[0].ballot, CHAIN[0].constitution)


def test_what_is_no_start_is_refused():
    ballot, constitution, commits = canonical.decode(CHAIN[0].encode())
    attempt, record = ballot
    for wrong in (
        {},
        [ballot, constitution],
        [[0, record], constitution, commits],
        [[True, record], constitution, commits],
        [[attempt, record[:-1]], constitution, commits],
        [[attempt, [*record[:-1], b"short"]], constitution, commits],
        [ballot, constitution, {1: [b"", b""]}],
        [ballot, constitution, {"a": [b""]}],
    ):
        with pytest.raises(BadEpoch):
            Start.parse(canonical.encode(wrong))
