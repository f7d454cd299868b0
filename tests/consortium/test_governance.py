"""Votes make the next constitution, as far as it may follow the present one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consortium.seats import consortium, seat
from hallmark.consortium.constitution import ProposalKind, Threshold, TooFewMembers
from hallmark.consortium.governance import (
    NoVote,
    Proposal,
    ProposalLapsed,
    ProposalWithoutEffect,
    VotedBefore,
    VotesMissing,
    apply,
    check_adopted,
    check_proposal,
    check_vote,
    successor,
)
from hallmark.kernel.keys import SoftwareSigner

FOUR, SEVEN = consortium("abcd"), consortium("abcdefg")
CODE = b"d" * 32


def proposal(kind: ProposalKind, about=FOUR, **parts) -> Proposal:
    return Proposal(about.digest, kind, **parts)


def admission(name: str, about=FOUR) -> Proposal:
    return proposal(ProposalKind.ADMISSION, about, member=name, seat=seat(name))


def removal(name: str, about=FOUR) -> Proposal:
    return proposal(ProposalKind.REMOVAL, about, member=name)


def test_each_kind_has_its_effect():
    new_keys = seat("b", generation=2)
    assert apply(FOUR, admission("x")).names == frozenset("abcdx")
    assert apply(SEVEN, removal("c", SEVEN)).names == frozenset("abdefg")
    rotated = apply(FOUR, proposal(ProposalKind.ROTATION, member="b", seat=new_keys))
    assert rotated.member("b") == new_keys and rotated.names == FOUR.names
    allowed = apply(FOUR, proposal(ProposalKind.CODE, digest=CODE))
    assert CODE in allowed.code
    assert apply(allowed, proposal(ProposalKind.CODE, digest=CODE, withdrawn=True)) == FOUR
    assert apply(FOUR, proposal(ProposalKind.RULES, rules=2)).rules == 2
    assert apply(FOUR, proposal(ProposalKind.SCHEME, digest=CODE)) == FOUR
    other = SoftwareSigner.from_seed(b"another log".ljust(32, b".")).public
    assert apply(FOUR, proposal(ProposalKind.SEQUENCER, digest=other.material)).sequencer == other
    assert apply(FOUR, proposal(ProposalKind.POLICY, digest=CODE)).attestation == CODE


@pytest.mark.parametrize(
    "idle",
    [
        proposal(ProposalKind.ADMISSION, member="a", seat=seat("a", generation=2)),
        proposal(ProposalKind.ADMISSION, member="x", seat=seat("y")),
        proposal(ProposalKind.ADMISSION, member="x"),
        removal("x"),
        proposal(ProposalKind.ROTATION, member="b", seat=seat("b")),
        proposal(ProposalKind.ROTATION, member="b", seat=replace(seat("b", generation=2), mirror=seat("b").mirror)),
        proposal(ProposalKind.CODE, digest=FOUR.code[0]),
        proposal(ProposalKind.CODE, digest=CODE, withdrawn=True),
        proposal(ProposalKind.RULES, rules=1),
        proposal(ProposalKind.SCHEME, digest=b"short"),
        proposal(ProposalKind.SEQUENCER, digest=b"short"),
        proposal(ProposalKind.SEQUENCER, digest=FOUR.sequencer.material),
        proposal(ProposalKind.POLICY, digest=b"short"),
        proposal(ProposalKind.POLICY, digest=FOUR.attestation),
    ],
)
def test_a_proposal_must_change_something(idle):
    with pytest.raises(ProposalWithoutEffect):
        check_proposal(FOUR, idle)


def test_a_proposal_may_not_make_what_no_constitution_may_be():
    check_proposal(SEVEN, removal("c", SEVEN))
    with pytest.raises(TooFewMembers):
        check_proposal(FOUR, removal("c"))


def test_a_quorum_of_votes_in_favour_adopts():
    votes = {"a": True, "b": True, "c": False}
    with pytest.raises(VotesMissing):
        check_adopted(FOUR, admission("x"), votes)
    with pytest.raises(VotesMissing):
        check_adopted(FOUR, admission("x"), {**votes, "x": True})
    check_adopted(FOUR, admission("x"), {**votes, "d": True})


def test_nobody_blocks_its_own_removal():
    strict = replace(SEVEN, thresholds={**SEVEN.thresholds, ProposalKind.REMOVAL: Threshold.ALL})
    check_adopted(strict, removal("g", strict), dict.fromkeys("abcdef", True))
    with pytest.raises(VotesMissing):
        check_adopted(strict, removal("g", strict), dict.fromkeys("bcdefg", True))


def test_members_vote_once_and_not_on_their_own_removal():
    check_vote(SEVEN, removal("g", SEVEN), "a", {})
    with pytest.raises(VotedBefore):
        check_vote(SEVEN, removal("g", SEVEN), "a", {"a": False})
    for voter in "gx":
        with pytest.raises(NoVote):
            check_vote(SEVEN, removal("g", SEVEN), voter, {})


def test_a_proposal_lapses_with_its_epoch():
    for check in (
        lambda: check_proposal(SEVEN, admission("x")),
        lambda: check_vote(SEVEN, admission("x"), "a", {}),
        lambda: check_adopted(SEVEN, admission("x"), {}),
    ):
        with pytest.raises(ProposalLapsed):
            check()


def test_the_next_epoch_takes_up_as_much_as_may_change_at_once():
    adopted = [admission("x"), admission("y"), proposal(ProposalKind.RULES, rules=2)]
    news = successor(FOUR, adopted)
    assert news.names == frozenset("abcdx") and news.rules == 2
    assert successor(FOUR, []) == FOUR
    swap = [admission("x"), removal("d")]
    assert successor(FOUR, swap).names == frozenset("abcx"), "one comes in the place of one that goes: one seat"


def test_members_whose_product_lost_its_certificate_go_first():
    members = tuple(seat(name, product=f"product-{name}") for name in "abcdefg")
    certified = replace(SEVEN, members=members, certified_products=True)
    assert successor(certified, [], lambda product: product != "product-c").names == frozenset("abdefg")
    newcomers = [admission(name, certified) for name in "xyz"]
    news = successor(certified, newcomers, lambda product: product in {"product-f", "product-g"})
    assert news.names == frozenset("cdefgxy"), "f = 2 seats change, the rest waits"
    assert successor(replace(certified, certified_products=False), [], lambda _product: False).names == SEVEN.names
