"""The tree against a reading of RFC 9162 section 2.1 by recursion, published roots and vectors, and a peer."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.ledger import merkle
from hallmark.ledger.merkle import (
    EMPTY,
    BadFrontier,
    BadHash,
    Frontier,
    NotConsistent,
    NotIncluded,
    OutsideTree,
    WrongPathLength,
    check_subtree,
    leaf_hash,
    node_hash,
    root_of_path,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from hallmark.ledger.tree import Tree

LARGEST = 300
LEAVES = [leaf_hash(b"%d" % number) for number in range(LARGEST)]
TREE = Tree(LEAVES)
ROOTS = [TREE.root(size) for size in range(LARGEST + 1)]

# Certificate Transparency's reference entries and the roots of the first 0 to 8 of them:
# google/certificate-transparency, merkletree/merkle_tree_test.go and its many descendants.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
    )
]  # fmt: skip
PUBLISHED = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY
    k = split(len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), mth(leaves[k:])]
    return [*path(index - k, leaves[k:]), mth(leaves[:k])]


def subproof(start: int, end: int, leaves: list[bytes], known: bool = True) -> list[bytes]:
    """SUBTREE_SUBPROOF of draft-ietf-plants-merkle-tree-certs section 4.4.1; for `start` 0 SUBPROOF of RFC 9162."""
    if (start, end) == (0, len(leaves)):
        return [] if known else [mth(leaves)]
    k = split(len(leaves))
    if end <= k:
        return [*subproof(start, end, leaves[:k], known), mth(leaves[k:])]
    if k <= start:
        return [*subproof(start - k, end - k, leaves[k:], known), mth(leaves[:k])]
    return [*subproof(0, end - k, leaves[k:], known=False), mth(leaves[:k])]


def subtrees(size: int) -> list[tuple[int, int]]:
    found = []
    for start in range(size):
        for end in range(start + 1, size + 1):
            try:
                check_subtree(start, end, size)
            except OutsideTree:
                continue
            found.append((start, end))
    return found


def test_the_published_roots_come_out() -> None:
    assert [merkle.root(ENTRIES[:size]).hex() for size in range(9)] == list(PUBLISHED)


def test_tree_and_frontier_agree_with_the_definition_at_every_size() -> None:
    for size in range(70):
        assert mth(LEAVES[:size]) == ROOTS[size] == Frontier().extend(LEAVES[:size]).root
    for size in range(LARGEST + 1):
        assert TREE.frontier(size) == Frontier().extend(LEAVES[:size])
        assert TREE.frontier(size).root == ROOTS[size]


def test_every_leaf_of_every_size_proves() -> None:
    for size in range(LARGEST + 1):
        for index in range(size):
            verify_inclusion(LEAVES[index], index, size, TREE.prove_inclusion(index, size), ROOTS[size])


def test_inclusion_paths_are_those_of_the_definition() -> None:
    for size in range(1, 66):
        for index in range(size):
            assert TREE.prove_inclusion(index, size) == path(index, LEAVES[:size])


def test_no_path_proves_another_leaf_or_position_or_tree() -> None:
    for size in range(1, 18):
        for index in range(size):
            proof = TREE.prove_inclusion(index, size)
            for other_size in range(1, 18):
                for other in range(other_size):
                    if (other, other_size) != (index, size):
                        for leaf in (LEAVES[index], LEAVES[other]):
                            with pytest.raises((NotIncluded, WrongPathLength)):
                                verify_inclusion(leaf, other, other_size, proof, ROOTS[other_size])


def test_one_root_and_path_fit_two_sizes_so_the_size_must_be_signed() -> None:
    proof = TREE.prove_inclusion(4, 5)
    verify_inclusion(LEAVES[4], 4, 5, proof, ROOTS[5])
    verify_inclusion(LEAVES[4], 1, 2, proof, ROOTS[5])


def test_consistency_proves_between_all_pairs_of_sizes() -> None:
    for size in range(1, 200):
        for old in range(1, size + 1):
            verify_consistency(old, size, ROOTS[old], ROOTS[size], TREE.prove_consistency(old, size))


def test_consistency_fails_for_any_other_root_size_or_path() -> None:
    for size in range(2, 24):
        for old in range(1, size):
            proof = TREE.prove_consistency(old, size)
            for wrong in (EMPTY, ROOTS[size], ROOTS[old + 1]):
                with pytest.raises(HallmarkError):
                    verify_consistency(old, size, wrong, ROOTS[size], proof)
            for wrong in (EMPTY, ROOTS[old], ROOTS[size + 1]):
                with pytest.raises(HallmarkError):
                    verify_consistency(old, size, ROOTS[old], wrong, proof)
            for changed in (proof[1:], [EMPTY, *proof], [*proof[:-1], EMPTY]):
                with pytest.raises(HallmarkError):
                    verify_consistency(old, size, ROOTS[old], ROOTS[size], changed)
            for length in ([*proof, EMPTY], proof[:-1]):
                with pytest.raises(WrongPathLength):
                    verify_consistency(old, size, ROOTS[old], ROOTS[size], length)
            for other in (old - 1, old + 1):
                with pytest.raises(HallmarkError):
                    verify_consistency(other, size, ROOTS[old], ROOTS[size], proof)


def test_a_rewritten_leaf_breaks_consistency() -> None:
    forged = Tree([*LEAVES[:10], leaf_hash(b"rewritten"), *LEAVES[11:50]])
    with pytest.raises(NotConsistent):
        verify_consistency(20, 50, ROOTS[20], forged.root(), forged.prove_consistency(20))


def test_subtrees_prove_inclusion_and_consistency_as_defined() -> None:
    for size in (1, 2, 7, 13, 14, 32, 33):
        for start, end in subtrees(size):
            root = TREE.subtree_root(start, end)
            assert root == mth(LEAVES[start:end])
            proof = TREE.prove_subtree_consistency(start, end, size)
            assert proof == subproof(start, end, LEAVES[:size])
            verify_subtree_consistency(start, end, size, root, ROOTS[size], proof)
            for index in range(start, end):
                inclusion = TREE.prove_subtree_inclusion(index, start, end)
                verify_subtree_inclusion(LEAVES[index], index, start, end, inclusion, root)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3), (2**70, 3), (0, LARGEST + 1)])
def test_there_is_no_proof_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(OutsideTree):
        TREE.prove_inclusion(index, size)


@pytest.mark.parametrize(("old", "size"), [(0, 0), (0, 5), (6, 5), (-1, 5)])
def test_an_empty_or_longer_tree_is_the_beginning_of_none(old: int, size: int) -> None:
    with pytest.raises(OutsideTree):
        verify_consistency(old, size, EMPTY, EMPTY, [])
    with pytest.raises(OutsideTree):
        TREE.prove_consistency(old, size)


def test_a_hash_of_another_length_is_refused_even_where_it_would_hash_alike() -> None:
    left, right = TREE.prove_inclusion(0, 3)
    glued = [left + right[:1], right[1:]]
    with pytest.raises(BadHash):
        verify_inclusion(LEAVES[0], 0, 3, glued, ROOTS[3])
    with pytest.raises(BadHash):
        verify_consistency(1, 3, LEAVES[0], ROOTS[3], glued)
    with pytest.raises(BadHash):
        Tree([b"short"])
    with pytest.raises(BadHash):
        Frontier().extend([b"short"])


def test_the_frontier_grows_in_any_steps_and_survives_a_record() -> None:
    frontier = Frontier()
    for start, end in ((0, 1), (1, 1), (1, 6), (6, 130), (130, 300)):
        frontier = Frontier.from_value(frontier.to_value()).extend(LEAVES[start:end])
        assert frontier.root == ROOTS[end]


@pytest.mark.parametrize(
    "value", [None, [], {}, [True, EMPTY], [1], [2, EMPTY, EMPTY], [-1], [2**64, EMPTY], [1, "x"], [1, b"x"], ["1"]]
)
def test_what_is_no_frontier_is_refused(value: object) -> None:
    with pytest.raises((BadFrontier, BadHash)):
        Frontier.from_value(value)


@settings(deadline=None)
@given(st.data())
def test_hostile_proofs_raise_only_our_errors(data: st.DataObject) -> None:
    number = st.integers(-2, 40) | st.integers(-(2**70), 2**70)
    hashes = st.lists(st.binary(max_size=40) | st.sampled_from(LEAVES), max_size=8)
    a, b, c = (data.draw(number) for _ in range(3))
    proof, leaf = data.draw(hashes), data.draw(st.sampled_from(LEAVES) | st.binary(max_size=40))
    for check in (
        lambda: root_of_path(leaf, a, b, proof),
        lambda: verify_consistency(a, b, leaf, ROOTS[7], proof),
        lambda: verify_subtree_inclusion(leaf, a, b, c, proof, ROOTS[7]),
        lambda: verify_subtree_consistency(a, b, c, leaf, ROOTS[7], proof),
    ):
        try:
            check()
        except HallmarkError:
            continue


def test_roots_and_proofs_are_those_of_pymerkle() -> None:
    peer = pymerkle.InmemoryTree()
    peer.append_entries([b"%d" % number for number in range(120)])
    for size in range(1, 121):
        assert peer.get_root(size) == ROOTS[size]
    for index, size in ((0, 1), (0, 120), (63, 64), (64, 65), (99, 120), (119, 120)):
        theirs = peer.prove_inclusion(index + 1, size)
        assert theirs.path[1:] == TREE.prove_inclusion(index, size)
        pymerkle.verify_inclusion(LEAVES[index], ROOTS[size], theirs)
        verify_inclusion(LEAVES[index], index, size, theirs.path[1:], ROOTS[size])
    for old, size in ((1, 2), (3, 7), (64, 65), (65, 120), (99, 100)):
        theirs = peer.prove_consistency(old, size)
        verify_consistency(old, size, ROOTS[old], ROOTS[size], TREE.prove_consistency(old, size))
        pymerkle.verify_consistency(ROOTS[old], ROOTS[size], theirs)
        assert set(TREE.prove_consistency(old, size)) <= set(theirs.path)


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def verdict(kind: str, case: dict[str, object]) -> bool:
    """Whether we accept a case of transparency-dev/merkle, testdata."""
    proof = [decoded(item) for item in case["proof"] or []]
    try:
        if kind == "inclusion":
            leaf, root = decoded(case["leafHash"]), decoded(case["root"])
            verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
        elif kind == "subtreeinclusion":
            leaf, root = decoded(case["leafHash"]), decoded(case["root"])
            verify_subtree_inclusion(leaf, case["leafIdx"], case["start"], case["end"], proof, root)
        elif kind == "consistency":
            roots = decoded(case["root1"]), decoded(case["root2"])
            verify_consistency(case["size1"], case["size2"], *roots, proof)
        else:
            roots = decoded(case["root1"]), decoded(case["root2"])
            verify_subtree_consistency(case["start"], case["end"], case["size"], *roots, proof)
    except HallmarkError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "number"), [("inclusion", 98), ("consistency", 98), ("subtreeinclusion", 204), ("subtreeconsistency", 118)]
)
def test_every_vector_of_transparency_dev_gets_the_right_answer(samples: Path, kind: str, number: int) -> None:
    files = sorted((samples / "merkle" / kind).rglob("*.json"))
    assert len(files) == number
    cases = {file: json.loads(file.read_text()) for file in files}
    assert [str(file) for file, case in cases.items() if verdict(kind, case) is case["wantErr"]] == []
    assert any(not case["wantErr"] for case in cases.values())
