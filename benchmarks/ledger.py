"""The ledger's Merkle tree beside pymerkle on the same entries, and the offline check of a whole proof.

One thread, CPU time, best of three windows; about 15 seconds in all. The first row is what the machine gives: a path in
this tree is 17 such hashes, an appended entry one of them and one of the entry.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pymerkle

from hallmark.kernel import keys
from hallmark.ledger import cosignature, merkle, note, policy, tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note, VerifierKey
from hallmark.ledger.proof import Proof
from hallmark.ledger.sorted_map import SortedMap
from hallmark.ledger.tree import Tree

LEAVES = 100_000
PROOFS = 2_000
BATCH = 1_000
COSIGNERS = 5
WINDOWS = 3


def rate(work: Callable[[], object], count: int) -> float:
    """Return operations per CPU second in the best window."""
    best = float("inf")
    for _ in range(WINDOWS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return count / best


def build(entries: list[bytes]) -> Tree:
    """Return the tree over `entries`, appended in batches as a sequencer does."""
    tree = Tree()
    for start in range(0, len(entries), BATCH):
        tree.extend(map(merkle.leaf_hash, entries[start : start + BATCH]))
    return tree


def build_peer(entries: list[bytes]) -> pymerkle.InmemoryTree:
    """Return pymerkle's tree over `entries`."""
    tree = pymerkle.InmemoryTree()
    tree.append_entries(entries)
    return tree


def tree_rows(generator: random.Random, entries: list[bytes]) -> list[tuple[str, float, float | None, str]]:
    """Return rates of tree operations, ours and the peer's."""
    tree, peer, size = build(entries), build_peer(entries), len(entries)
    root = tree.root()
    assert root == peer.get_root()
    wanted = [generator.randrange(size) for _ in range(PROOFS)]
    ours = [(tree.leaf(index), index, tree.prove_inclusion(index)) for index in wanted]
    theirs = [(tree.leaf(index), peer.prove_inclusion(index + 1)) for index in wanted]
    grown = [(index + 1, tree.root(index + 1), tree.prove_consistency(index + 1)) for index in wanted]
    grown_peer = [(old_root, peer.prove_consistency(old)) for old, old_root, _ in grown]

    def verify() -> None:
        for leaf, index, path in ours:
            merkle.verify_inclusion(leaf, index, size, path, root)

    def verify_peer() -> None:
        for leaf, proof in theirs:
            pymerkle.verify_inclusion(leaf, root, proof)

    def consistent() -> None:
        for old, old_root, path in grown:
            merkle.verify_consistency(old, size, old_root, root, path)

    def consistent_peer() -> None:
        for old_root, proof in grown_peer:
            pymerkle.verify_consistency(old_root, root, proof)

    def tiles() -> None:
        partial: dict[str, bytes] = {}
        for start in range(0, size, BATCH):
            for place, data in tile.append(partial.__getitem__, start, entries[start : start + BATCH]):
                partial[place.path] = data

    def hashes() -> None:
        for leaf, _, _ in ours:
            merkle.node_hash(leaf, root)

    return [
        ("hash of a node, /s", rate(hashes, PROOFS), None, ""),
        ("build, entries/s", rate(lambda: build(entries), size), rate(lambda: build_peer(entries), size), "800,000"),
        (
            "prove inclusion, /s",
            rate(lambda: [tree.prove_inclusion(index) for index in wanted], PROOFS),
            rate(lambda: [peer.prove_inclusion(index + 1) for index in wanted], PROOFS),
            "200,000",
        ),
        ("verify inclusion, /s", rate(verify, PROOFS), rate(verify_peer, PROOFS), "90,000"),
        ("verify consistency, /s", rate(consistent, PROOFS), rate(consistent_peer, PROOFS), ""),
        ("tiles and bundles, entries/s", rate(tiles, size), None, ""),
    ]


def proof_rows(entries: list[bytes]) -> list[tuple[str, float, float | None, str]]:
    """Return rates of the offline check of a proof: parse, log signature, co-signatures, path."""
    tree = build(entries)
    origin = "ledger.example/bench"
    log = keys.SoftwareSigner.from_seed(bytes(32))
    checkpoint = Checkpoint(origin, len(tree), tree.root())
    rows: list[tuple[str, float, float | None, str]] = []
    for algorithm in (keys.ED25519, keys.ML_DSA_44):
        signers = {f"w{n}": keys.SoftwareSigner.from_seed(bytes([n]) * 32, algorithm) for n in range(1, COSIGNERS + 1)}
        witnesses = {name: cosignature.verifier_key(name, signer.public) for name, signer in signers.items()}
        text = policy.flat([VerifierKey.of(origin, note.PLAIN, log.public)], witnesses, COSIGNERS)
        trusted = policy.Policy.parse(text)
        lines = [note.sign(checkpoint.text, origin, log)]
        lines += [cosignature.sign(checkpoint, name, signer, 1) for name, signer in signers.items()]
        data = Proof(7, tuple(tree.prove_inclusion(7)), Note(checkpoint.text, tuple(lines))).encode()

        def check(data: bytes = data, trusted: policy.Policy = trusted) -> None:
            for _ in range(200):
                Proof.parse(data).verify(entries[7], trusted)

        rows.append((f"check proof, {COSIGNERS} {keys.NAMES[algorithm]}, /s", rate(check, 200), None, "1,000"))
    return rows


def main() -> None:
    """Print the table."""
    generator = random.Random(1)  # noqa: S311 - the same work in every run, not a secret
    entries = [generator.randbytes(256) for _ in range(LEAVES)]
    certificates = {f"CERT-{number:08}": generator.randbytes(32) for number in range(LEAVES)}
    rows = tree_rows(generator, entries) + proof_rows(entries)
    rows.append(("status map, certificates/s", rate(lambda: SortedMap(certificates).root, LEAVES), None, ""))
    print(f"{'ledger, 100,000 entries':34}{'ours':>12}{'pymerkle':>12}{'ratio':>8}{'aim':>10}")
    for name, ours, peer, aim in rows:
        beside = f"{peer:>12,.0f}{ours / peer:>8.1f}" if peer else f"{'-':>12}{'-':>8}"
        print(f"{name:34}{ours:>12,.0f}{beside}{aim:>10}")


if __name__ == "__main__":
    main()
