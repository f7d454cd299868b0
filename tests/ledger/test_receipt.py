"""Receipts against RFC 9942 and RFC 9943, read with a CBOR library and no code of ours."""

from __future__ import annotations

import dataclasses

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import canonical, keys
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger import receipt
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import NotIncluded, leaf_hash
from hallmark.ledger.receipt import BadReceipt, Receipt, WrongReceipt
from hallmark.ledger.tree import Tree

ENVIRONMENT = "test"
EVERY_ALGORITHM = pytest.mark.parametrize("algorithm", [keys.ED25519, keys.ESP256, keys.ML_DSA_44])


def signer(algorithm: int) -> keys.SoftwareSigner:
    if algorithm == keys.ESP256:
        return keys.SoftwareSigner.generate(algorithm)
    return keys.SoftwareSigner.from_seed(bytes(32), algorithm)


@pytest.fixture
def issued(market):
    path = market.tree.prove_inclusion(7)
    return receipt.issue(market.entries[7], 7, path, market.checkpoint, ENVIRONMENT, market.log)


@EVERY_ALGORITHM
def test_a_receipt_of_every_algorithm_verifies(market, algorithm) -> None:
    log = signer(algorithm)
    path = market.tree.prove_inclusion(99)
    data = receipt.issue(market.entries[99], 99, path, market.checkpoint, ENVIRONMENT, log).encode()
    parsed = Receipt.parse(data)
    parsed.verify(market.entries[99], log.public, market.checkpoint.origin, ENVIRONMENT)
    assert (parsed.size, parsed.index) == (100, 99)


def test_the_structure_is_that_of_the_rfc(market, issued) -> None:
    tagged = cbor2.loads(issued.encode())
    protected, unprotected, payload, signature = tagged.value
    assert tagged.tag == 18
    assert payload is None
    origin = market.checkpoint.origin
    claims = {1: origin, 2: ENVIRONMENT, "size": 100}
    assert cbor2.loads(protected) == {1: -19, 4: market.log.public.id, 15: claims, 395: 1}
    (proof,) = unprotected[396][-1]
    assert cbor2.loads(proof) == [100, 7, market.tree.prove_inclusion(7)]
    market.log.public.verify(
        cbor2.dumps(["Signature1", protected, b"", market.checkpoint.root], canonical=True), signature
    )


def test_a_receipt_is_of_one_entry_key_ledger_and_environment(market, issued) -> None:
    entry, key, origin = market.entries[7], market.log.public, market.checkpoint.origin
    issued.verify(entry, key, origin, ENVIRONMENT)
    for wrong in (
        (market.entries[8], key, origin, ENVIRONMENT),
        (entry, market.signer(1).public, origin, ENVIRONMENT),
        (entry, key, "ledger.example/test/e2", ENVIRONMENT),
        (entry, key, origin, "production"),
    ):
        with pytest.raises(WrongReceipt):
            issued.verify(*wrong)
    with pytest.raises(WrongReceipt, match="names another key"):
        issued.verify(entry, market.signer(1).public, origin, ENVIRONMENT)


def test_size_and_index_cannot_be_moved_where_the_path_would_allow_it() -> None:
    log = signer(keys.ED25519)
    tree = Tree([leaf_hash(b"%d" % number) for number in range(5)])
    true = receipt.issue(b"4", 4, tree.prove_inclusion(4), Checkpoint("o", 5, tree.root()), "test", log)
    true.verify(b"4", log.public, "o", "test")
    moved = dataclasses.replace(true, size=2, index=1)
    with pytest.raises(WrongReceipt):
        moved.verify(b"4", log.public, "o", "test")
    with pytest.raises(BadReceipt):
        Receipt.parse(true.encode().replace(canonical.encode([5, 4])[1:], canonical.encode([2, 1])[1:]))


def test_a_log_of_one_entry_has_an_empty_path() -> None:
    log = signer(keys.ED25519)
    data = receipt.issue(b"0", 0, [], Checkpoint("o", 1, leaf_hash(b"0")), "test", log).encode()
    Receipt.parse(data).verify(b"0", log.public, "o", "test")


def test_only_what_is_in_the_tree_gets_a_receipt(market) -> None:
    with pytest.raises(NotIncluded):
        receipt.issue(b"other", 7, market.tree.prove_inclusion(7), market.checkpoint, ENVIRONMENT, market.log)


def test_a_mutated_receipt_is_refused_or_proves_the_same(market, issued, survives) -> None:
    def content(data: bytes) -> object:
        parsed = Receipt.parse(data)
        parsed.verify(market.entries[7], market.log.public, market.checkpoint.origin, ENVIRONMENT)
        return parsed

    assert survives(issued.encode(), content) == 0


def test_nothing_more_may_stand_in_a_receipt(issued) -> None:
    protected, unprotected, payload, signature = canonical.decode(issued.encode()).value
    header, (proof,) = canonical.decode(protected), unprotected[396][-1]
    for parts in (
        [protected, {**unprotected, 1: 1}, payload, signature],
        [protected, {396: {-1: [proof, proof]}}, payload, signature],
        [protected, {396: {-1: [proof], -2: []}}, payload, signature],
        [protected, {396: {-1: []}}, payload, signature],
        [protected, unprotected, b"", signature],
        [canonical.encode({**header, 395: 2}), unprotected, payload, signature],
        [canonical.encode({**header, 395: True}), unprotected, payload, signature],
        [canonical.encode({**header, 3: "x"}), unprotected, payload, signature],
        [canonical.encode({**header, 15: {1: "o", 2: "e"}}), unprotected, payload, signature],
        [canonical.encode({**header, 1: True}), unprotected, payload, signature],
        [protected, {396: {-1: [canonical.encode([100, True, []])]}}, payload, signature],
        [protected, {396: {-1: [canonical.encode([100, 7, [b"short"]])]}}, payload, signature],
        [protected, {396: {-1: [canonical.encode([100, 7, [bytes(32)] * 64])]}}, payload, signature],
        [protected, unprotected, payload],
    ):
        with pytest.raises(BadReceipt):
            Receipt.parse(canonical.encode(canonical.Tag(18, parts)))


@given(st.binary())
def test_hostile_receipts_raise_only_our_errors(data: bytes) -> None:
    with pytest.raises(HallmarkError):
        Receipt.parse(data)
