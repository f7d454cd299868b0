"""What members sign about confidential claims: the key to seal to, and a finding on entries that have no place yet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import BadMemberSignature, Record
from hallmark.consortium.judgement import BadJudgement, Judgement
from hallmark.consortium.sealing import Announcement, BadAnnouncement, recipients
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from world.cast import org
from world.consortium import FOUNDERS, constitution, node_key

AGREED = constitution()
RECORD = Record.first(AGREED)
HEAD = (7, bytes(32))


def announced(who, epoch=RECORD.digest):
    return Announcement(org(who), epoch, who.encode().ljust(32, b".")).signed(node_key(who, "witness"))


def judged(who, breach="", size=HEAD[0]):
    return Judgement(org(who), RECORD.digest, size, HEAD[1], breach).signed(node_key(who, "witness"))


def test_what_members_announce_is_read_as_it_was_signed():
    for who in FOUNDERS:
        read = Announcement.parse(announced(who).encode())
        assert read == announced(who)
        read.verify(RECORD, AGREED)


def test_an_announcement_of_another_epoch_another_key_or_a_stranger_counts_for_nothing():
    bank = announced("bank")
    for other in (
        announced("bank", bytes(32)),
        replace(bank, key=bytes(32)),
        replace(bank, member=org("northern")),
        announced("lotus"),
    ):
        with pytest.raises(BadMemberSignature):
            other.verify(RECORD, AGREED)


def test_claims_are_sealed_to_a_quorum_at_least():
    keys = recipients(
        [announced(who).encode() for who in FOUNDERS[:3]] + [b"\x00", announced("lotus").encode()], RECORD, AGREED
    )
    assert set(keys) == {org(who) for who in FOUNDERS[:3]}
    with pytest.raises(QuorumNotReached):
        recipients([announced(who).encode() for who in FOUNDERS[:2]], RECORD, AGREED)


def test_a_judgement_is_of_these_entries_by_this_member_and_of_nothing_else():
    for breach in ("", "note-spent"):
        read = Judgement.parse(judged("bank", breach).encode())
        assert read.breach == breach
        read.verify(org("bank"), HEAD, RECORD, AGREED)
    for other in (judged("bank", size=8), judged("northern"), replace(judged("bank"), breach="note-spent")):
        with pytest.raises(BadMemberSignature):
            other.verify(org("bank"), HEAD, RECORD, AGREED)


@given(st.one_of(st.binary(max_size=40), st.lists(st.one_of(st.integers(), st.text(), st.binary())).map(list)))
def test_whatever_the_bytes_both_parsers_refuse_in_their_own_words(data):
    if isinstance(data, list):
        try:
            data = canonical.encode(data)
        except HallmarkError:
            return
    for parse in (Announcement.parse, Judgement.parse):
        with pytest.raises(HallmarkError):
            parse(data)


def test_what_is_no_announcement_or_judgement_is_called_so():
    with pytest.raises(BadAnnouncement):
        Announcement.parse(canonical.encode([org("bank"), bytes(32), bytes(31), b""]))
    with pytest.raises(BadJudgement):
        Judgement.parse(canonical.encode([org("bank"), bytes(32), True, bytes(32), "", b""]))
    for breach in ("x" * 101, "note-spent\n", "\x1b[2J", "Pay mallory"):
        with pytest.raises(BadJudgement):
            Judgement.parse(canonical.encode([org("bank"), bytes(32), 7, bytes(32), breach, b""]))
