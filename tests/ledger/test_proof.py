"""Transparency log proofs against C2SP tlog-proof."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.merkle import NotIncluded, OutsideTree, WrongPathLength
from hallmark.ledger.note import Note
from hallmark.ledger.policy import QuorumMissing
from hallmark.ledger.proof import BadLogProof, Proof


def test_every_entry_is_proved_offline(market) -> None:
    policy = market.policy(3, 2)
    for index, entry in enumerate(market.entries):
        proof = Proof.parse(market.proof(index, 1, 3).encode())
        assert proof == market.proof(index, 1, 3)
        endorsement = proof.verify(entry, policy)
        assert endorsement.checkpoint == market.checkpoint
        assert endorsement.cosigned == {"w1": market.now + 1, "w3": market.now + 3}


def test_the_text_is_that_of_the_specification(market) -> None:
    proof = dataclasses.replace(market.proof(7, 1), extra=b"extra")
    lines = proof.encode().decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra ZXh0cmE=", "index 7"]
    assert len(lines[3]) == 44
    blank = lines.index("")
    assert blank == 3 + len(proof.path)
    assert "\n".join(lines[blank + 1 :]).encode() == proof.signed.encode()
    assert Proof.parse(proof.encode()) == proof


def test_a_proof_is_of_its_entry_at_its_index_only(market) -> None:
    policy, proof = market.policy(3, 2), market.proof(7, 1, 2)
    with pytest.raises(NotIncluded):
        proof.verify(market.entries[8], policy)
    for index in set(range(100)) - {7}:
        with pytest.raises((NotIncluded, WrongPathLength)):
            dataclasses.replace(proof, index=index).verify(market.entries[7], policy)
    with pytest.raises(OutsideTree):
        dataclasses.replace(proof, index=100).verify(market.entries[7], policy)
    with pytest.raises(QuorumMissing):
        market.proof(7, 1).verify(market.entries[7], policy)


def test_a_mutated_proof_is_refused_or_proves_the_same(market, survives) -> None:
    policy = market.policy(1, 1)

    def content(data: bytes) -> object:
        proof = Proof.parse(data)
        return proof.index, proof.verify(market.entries[7], policy).checkpoint

    assert survives(market.proof(7, 1).encode(), content) == 0


def test_a_mutated_checkpoint_is_refused_or_says_the_same(market, survives) -> None:
    policy = market.policy(3, 1)  # so that one witness may get lost
    survives(market.signed(1, 2).encode(), lambda data: policy.verify(Note.parse(data)).checkpoint)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"index 7", b"index 07"),
        (b"index 7", b"index -7"),
        (b"index 7\n", b""),
        (b"index 7", b"extra !\nindex 7"),
        (b"index 7", b"extra \nextra \nindex 7"),
        (b"index 7\n", b"index 7\nAAAA\n"),
        (b"index 7\n", b"index 7\n" + (b"A" * 43 + b"=\n") * 60),
        (b"index 7\n", b"index 7\n\n"),
        (b"index 7\n", b"index 7\n\xff\n"),
    ],
)
def test_what_is_no_proof_is_refused(market, old: bytes, new: bytes) -> None:
    data = market.proof(7, 1).encode()
    assert data.count(old) == 1
    with pytest.raises(HallmarkError) as error:
        Proof.parse(data.replace(old, new)).verify(market.entries[7], market.policy(1, 1))
    assert isinstance(error.value, BadLogProof) or b"\n\n" in new


@given(st.binary(), st.text())
def test_hostile_proofs_raise_only_our_errors(data: bytes, text: str) -> None:
    framed = f"c2sp.org/tlog-proof@v1\n{text}\n\n{text}".encode(errors="surrogatepass")
    for value in (data, framed, b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + data):
        try:
            Proof.parse(value)
        except HallmarkError:
            continue
