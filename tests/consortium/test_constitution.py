"""A constitution says who the members are, and cannot say what would let one break fool everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortium.seats import consortium, seat, signer
from hallmark.consortium.constitution import (
    BadConstitution,
    Constitution,
    ProposalKind,
    QuorumNotReached,
    SharedKey,
    Threshold,
    ThresholdTooLow,
    TooFewMembers,
    TooManySeats,
)
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError


@pytest.mark.parametrize(("members", "faults", "quorum"), [(4, 1, 3), (5, 1, 4), (6, 1, 5), (7, 2, 5), (10, 3, 7)])
def test_a_quorum_is_all_but_those_who_may_lie(members, faults, quorum):
    constitution = consortium("abcdefghij"[:members])
    constitution.check()
    assert (constitution.faults, constitution.quorum) == (faults, quorum)
    assert 2 * quorum - members > faults, "two quorums share an honest member"
    constitution.check_quorum("abcdefghij"[:quorum])
    with pytest.raises(QuorumNotReached):
        constitution.check_quorum([*"abcdefghij"[: quorum - 1], "a", "stranger"])


def test_reading_gives_back_what_was_written_and_order_does_not_matter():
    constitution = consortium("abcd")
    assert Constitution.parse(constitution.encode()) == constitution
    assert replace(constitution, members=constitution.members[::-1]).digest == constitution.digest


def test_the_origin_names_ledger_and_epoch_and_says_development():
    assert consortium("abcd").origin(3) == "ledger.example/test/e3"
    assert replace(consortium("abcd"), development=True).origin(1) == "ledger.example/test/development/e1"


def test_fewer_than_four_members_are_for_development():
    with pytest.raises(TooFewMembers):
        consortium("abc").check()
    replace(consortium("a"), development=True).check()


def test_one_family_of_tee_holds_at_most_f_seats():
    two = replace(consortium("abcd"), members=(seat("a", "amd"), seat("b", "amd"), seat("c"), seat("d")))
    with pytest.raises(TooManySeats):
        two.check()
    with pytest.raises(TooManySeats):
        replace(consortium("abcd"), members=(seat("a", "virtual"), *map(seat, "bcd"))).check()
    replace(two, development=True).check()


def test_a_key_serves_one_member_for_one_purpose():
    a, *rest = map(seat, "abcd")
    for twin in (replace(a, mirror=a.witness), replace(a, witness=rest[0].mirror), replace(a, name="b")):
        with pytest.raises(SharedKey):
            replace(consortium("abcd"), members=(twin, *rest)).check()


def test_whom_to_trust_is_never_a_matter_of_a_mere_majority():
    thresholds = dict.fromkeys(ProposalKind, Threshold.QUORUM)
    replace(consortium("abcd"), thresholds={**thresholds, ProposalKind.SCHEME: Threshold.MAJORITY}).check()
    with pytest.raises(ThresholdTooLow):
        replace(consortium("abcd"), thresholds={**thresholds, ProposalKind.CODE: Threshold.MAJORITY}).check()


@pytest.mark.parametrize(
    "change",
    [
        {"ledger": "two words"},
        {"code": ()},
        {"attestation": b"short"},
        {"thresholds": {}},
        {"rules": 0},
        {"members": (seat("members"), *map(seat, "bcd"))},
        {"members": (replace(seat("a"), archive=signer("x").public), *map(seat, "bcd"))},
    ],
)
def test_a_malformed_constitution_is_refused(change):
    with pytest.raises(BadConstitution):
        replace(consortium("abcd"), **change).check()


@given(st.data())
def test_other_bytes_are_refused_or_another_constitution(data):
    encoded = consortium("abcd").encode()
    at = data.draw(st.integers(0, len(encoded) - 1))
    changed = bytearray(encoded)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        read = Constitution.parse(bytes(changed))
    except HallmarkError:
        return
    assert read.encode() == changed and read.digest != consortium("abcd").digest


def test_what_is_no_constitution_is_refused():
    value = canonical.decode(consortium("abcd").encode())
    members = value["members"]
    for wrong in (
        [],
        {**value, "more": 1},
        {**value, "rules": True},
        {**value, "code": [1]},
        {**value, "thresholds": {"code": "some"}},
        {**value, "members": members[::-1]},
        {**value, "members": [{**members[0], "more": 1}]},
        {**value, "members": [{**members[0], "witness": 1}]},
    ):
        with pytest.raises(BadConstitution):
            Constitution.parse(canonical.encode(wrong))
