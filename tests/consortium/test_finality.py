"""Notes show what is certified, what is final, and what a seal reports."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consortium.seats import consortium
from consortium.walk import begun, cosigned, grown, mirrored, sealed, signed, signed_seal, witnessed
from hallmark.consortium import finality, member, succession
from hallmark.consortium.constitution import QuorumNotReached
from hallmark.consortium.epoch import BadMemberSignature, Ballot, NotTheNextEpoch, OtherConstitution
from hallmark.consortium.seal import BadSeal, SealWithoutEvidence, SignedSeal
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.policy import QuorumMissing
from hallmark.ledger.proof import Proof
from hallmark.ledger.tree import Tree

SAME = consortium("abcd")
STATE = witnessed(begun("b"), b"one", b"two")
HERE = (STATE.record, STATE.constitution)


def test_witness_co_signatures_of_a_quorum_are_a_certificate_that_members_mirror():
    certificate = finality.certify(signed(STATE, grown(STATE), "witness", "acd"), *HERE)
    assert certificate.signers == frozenset("acd")
    assert member.mirror(STATE, certificate)[0].mirrored.size == 2
    with pytest.raises(QuorumMissing):
        finality.certify(signed(STATE, grown(STATE), "witness", "ac"), *HERE)
    with pytest.raises(QuorumMissing):
        finality.certify(signed(STATE, grown(STATE), "mirror", "acd"), *HERE)


@pytest.mark.parametrize(("purpose", "archive"), [("mirror", False), ("archive", True)])
def test_mirror_co_signatures_of_a_quorum_make_an_entry_final(purpose, archive):
    path = tuple(Tree(map(leaf_hash, [b"one", b"two"])).prove_inclusion(1))
    proof = Proof(1, path, signed(STATE, grown(STATE), purpose, "abd"))
    endorsement = finality.check_entry(proof, b"two", *HERE, archive=archive)
    assert set(endorsement.cosigned) == set("abd")
    assert finality.check_final(proof.signed, *HERE, archive=archive).checkpoint == grown(STATE)
    for names, kind in (("ab", purpose), ("abd", "witness")):
        with pytest.raises(QuorumMissing):
            finality.check_entry(
                Proof(1, path, signed(STATE, grown(STATE), kind, names)), b"two", *HERE, archive=archive
            )


def test_one_note_carries_both_signatures_of_a_mirror():
    compact = signed(STATE, grown(STATE), "mirror", "abc")
    note = compact.with_signatures(cosigned(STATE, grown(STATE), "archive", name) for name in "abc")
    for archive in (False, True):
        assert finality.check_final(note, *HERE, archive=archive).checkpoint == grown(STATE)


def test_a_policy_is_that_of_its_epoch():
    with pytest.raises(OtherConstitution):
        finality.policy_text(STATE.record, consortium("abcx"))


def test_a_seal_is_believed_with_its_evidence():
    state = mirrored(begun("b"), b"one")
    _, (report,) = sealed([state])
    note = signed(state, grown(state), "witness", "abc")
    assert signed_seal(report, note).verify(*HERE) == report
    for certificate in (None, signed(STATE, grown(STATE), "witness", "abc")):
        with pytest.raises(SealWithoutEvidence):
            signed_seal(report, certificate).verify(*HERE)
    with pytest.raises(QuorumMissing):
        signed_seal(report, signed(state, grown(state), "witness", "ab")).verify(*HERE)
    with pytest.raises(BadMemberSignature):
        replace(signed_seal(report, note), seal=replace(report, attempt=2)).verify(*HERE)
    with pytest.raises(SealWithoutEvidence):
        signed_seal(replace(report, member="x"), note).verify(*HERE)


def test_a_seal_shows_the_prepares_of_the_ballot_it_reports():
    states, reports = sealed(map(begun, "abc"))
    ballot = Ballot(1, succession.propose(states[0], reports, SAME))
    holder, _ = succession.commit(states[0], ballot, "abc")
    _, report = succession.seal(holder, 2)
    assert signed_seal(report, None, "bcd").verify(*HERE) == report
    with pytest.raises(QuorumNotReached):
        signed_seal(report, None, "bc").verify(*HERE)
    elsewhere = replace(report, committed=Ballot(1, replace(ballot.record, parent=bytes(32))))
    with pytest.raises(NotTheNextEpoch):
        signed_seal(elsewhere, None, "bcd").verify(*HERE)


def full_seal() -> SignedSeal:
    state = mirrored(begun("b"), b"one")
    _, (report,) = sealed([state])
    return signed_seal(report, signed(state, grown(state), "witness", "abc"))


def test_reading_a_seal_gives_back_what_was_written():
    assert SignedSeal.parse(full_seal().encode()) == full_seal()
    assert SignedSeal.parse(replace(full_seal(), certificate=None).encode()).certificate is None


@given(st.integers(0), st.integers(1, 255))
def test_a_changed_seal_is_not_believed_or_says_the_same(at, flip):
    changed = bytearray(full_seal().encode())
    changed[at % len(changed)] ^= flip
    try:
        read = SignedSeal.parse(bytes(changed)).verify(*HERE)
    except HallmarkError:
        return
    assert read == full_seal().seal


def test_what_is_no_seal_is_refused():
    value = canonical.decode(full_seal().encode())
    for at, wrong in ((0, 1), (1, b"short"), (2, 0), (2, True), (3, -1), (6, ""), (7, 1), (8, {"a": 1})):
        with pytest.raises(BadSeal):
            SignedSeal.parse(canonical.encode([*value[:at], wrong, *value[at + 1 :]]))
