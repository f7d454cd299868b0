"""The ledger's Merkle tree beside pymerkle and Go's tlog, and the offline check of whole proofs and receipts.

One thread, CPU time, the best window; about 40 seconds in all. The first row is what the machine gives: a path in this
tree is 17 such hashes, an appended entry one of them and one of the entry. The peers of the last rows are the bare
signatures, which no verifier can leave out. tlog, which is compiled, is there where a Go toolchain is (`tlog`).
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pymerkle
import tlog
from measure import Row, best, rate, show

from hallmark.kernel import keys
from hallmark.ledger import cosignature, merkle, note, policy, receipt, tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note, VerifierKey
from hallmark.ledger.proof import Proof
from hallmark.ledger.receipt import Receipt
from hallmark.ledger.sorted_map import SortedMap
from hallmark.ledger.tree import Tree

LEAVES = 100_000
PROOFS = 2_000
BATCH = 1_000
COSIGNERS = 5


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


def tree_rows(generator: random.Random, entries: list[bytes]) -> list[Row]:
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

    def prove() -> None:
        for index in wanted:
            tree.prove_inclusion(index)

    def prove_peer() -> None:
        for index in wanted:
            peer.prove_inclusion(index + 1)

    compiled = tlog.rates(size, PROOFS)

    def beside(
        name: str, ours: Callable[[], object], theirs: Callable[[], object], count: int, aim: float | None = None
    ) -> list[Row]:
        own = rate(ours, count)
        rows = [Row(name, own, aim=aim, peer="pymerkle", theirs=rate(theirs, count))]
        return rows + [Row("", own, peer="tlog, in Go", theirs=compiled[name]) for _ in range(name in compiled)]

    return [
        Row("hash of a node", rate(hashes, PROOFS)),
        *beside("build, entries", lambda: build(entries), lambda: build_peer(entries), size, 800_000),
        *beside("prove inclusion", prove, prove_peer, PROOFS, 200_000),
        *beside("verify inclusion", verify, verify_peer, PROOFS, 90_000),
        *beside("verify consistency", consistent, consistent_peer, PROOFS),
        Row("tiles and bundles, entries", rate(tiles, size)),
    ]


def proof_rows(entries: list[bytes]) -> list[Row]:
    """Return rates of the offline check of a proof: parse, log signature, co-signatures, path."""
    tree = build(entries)
    origin = "ledger.example/bench"
    log = keys.SoftwareSigner.from_seed(bytes(32))
    checkpoint = Checkpoint(origin, len(tree), tree.root())
    rows: list[Row] = []
    for algorithm in (keys.ED25519, keys.ML_DSA_44):
        signers = {f"w{n}": keys.SoftwareSigner.from_seed(bytes([n]) * 32, algorithm) for n in range(1, COSIGNERS + 1)}
        witnesses = {name: cosignature.verifier_key(name, signer.public) for name, signer in signers.items()}
        text = policy.flat([VerifierKey.of(origin, note.PLAIN, log.public)], witnesses, COSIGNERS)
        trusted = policy.Policy.parse(text)
        lines = [note.sign(checkpoint.text, origin, log)]
        lines += [cosignature.sign(checkpoint, name, signer, 1) for name, signer in signers.items()]
        data = Proof(7, tuple(tree.prove_inclusion(7)), Note(checkpoint.text, tuple(lines))).encode()

        def check(data: bytes = data, trusted: policy.Policy = trusted) -> None:
            Proof.parse(data).verify(entries[7], trusted)

        name = f"check proof, log and {COSIGNERS} {keys.NAMES[algorithm]}"
        rows.append(Row(name, best(check) * 1e3, "ms", 1.0, "signatures alone", alone(log, *signers.values())))
        rows.append(Row("  its size", len(data), "B"))
    issued = receipt.issue(entries[7], 7, tree.prove_inclusion(7), checkpoint, "benchmark", log).encode()

    def check_receipt() -> None:
        Receipt.parse(issued).verify(entries[7], log.public, origin, "benchmark")

    whole = best(check_receipt) * 1e3
    rows.append(Row("check receipt (RFC 9942), one key", whole, "ms", peer="signature alone", theirs=alone(log)))
    rows.append(Row("  its size", len(issued), "B"))
    return rows


def alone(*signers: keys.Signer) -> float:
    """Return the ms that one signature of each takes to verify."""
    signed = [(signer.public, bytes(150), signer.sign(bytes(150))) for signer in signers]
    return best(lambda: [public.verify(message, signature) for public, message, signature in signed]) * 1e3


def main() -> None:
    """Print the table."""
    generator = random.Random(1)  # noqa: S311 - the same work in every run, not a secret
    entries = [generator.randbytes(256) for _ in range(LEAVES)]
    certificates = {f"CERT-{number:08}": generator.randbytes(32) for number in range(LEAVES)}
    rows = tree_rows(generator, entries) + proof_rows(entries)
    rows.append(Row("status map, certificates", rate(lambda: SortedMap(certificates).root, LEAVES)))
    show(f"ledger, {LEAVES:,} entries of 256 bytes, CPU time", rows)


if __name__ == "__main__":
    main()
