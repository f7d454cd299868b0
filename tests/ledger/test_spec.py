"""The worked examples in docs/spec are what the code reads and writes."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest

from hallmark.kernel import canonical, keys
from hallmark.kernel.hashing import sha256
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.policy import Policy
from hallmark.ledger.proof import Proof
from hallmark.ledger.receipt import Receipt
from hallmark.ledger.sorted_map import Absence, Presence, SortedMap, verify_absence, verify_presence

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"


@pytest.fixture(scope="module")
def page() -> str:
    return (SPEC / "proof.md").read_text(encoding="utf-8")


def block(page: str, beginning: str) -> str:
    """Return the indented block that begins so, blank lines within it included."""
    lines = page[page.index("    " + beginning) :].split("\n")
    inside = takewhile(lambda line: not line or line.startswith("    "), lines)
    return "\n".join(line.removeprefix("    ") for line in inside).strip() + "\n"


def blob(page: str, beginning: str) -> bytes:
    return bytes.fromhex(block(page, beginning).split("\n\n")[0])


def test_the_proof_verifies_under_the_policy(page: str) -> None:
    checkpoint_page = (SPEC / "checkpoint.md").read_text(encoding="utf-8")
    policy = Policy.parse(block(checkpoint_page, "log ").encode())
    endorsement = Proof.parse(block(page, "c2sp.org").encode()).verify(b"three", policy)
    assert endorsement.cosigned == {"w1": 1_790_000_000}
    lines = block(checkpoint_page, "ledger.example/test/e1  ").splitlines()
    assert Checkpoint.parse("".join(line.split()[0] + "\n" for line in lines)) == endorsement.checkpoint


def test_the_receipt_verifies(page: str) -> None:
    key = keys.PublicKey(keys.ED25519, bytes.fromhex(re.search("`(3b6a[0-9a-f]{60})`", page)[1]))
    receipt = Receipt.parse(blob(page, "d284"))
    receipt.verify(b"three", key, "ledger.example/test/e1", "test")
    assert (receipt.size, receipt.index) == (3, 2)


def test_the_maps_have_their_roots_and_proofs(page: str) -> None:
    subject = SortedMap({"A": sha256(b"a"), "C": sha256(b"c")})
    assert f"| empty | `{SortedMap({}).root.hex()}` |" in page
    assert f"`{subject.root.hex()}` |" in page
    verify_presence(subject.root, "A", sha256(b"a"), Presence.from_value(canonical.decode(blob(page, "8302"))))
    verify_absence(subject.root, "B", Absence.from_value(canonical.decode(blob(page, "8402"))))
    assert canonical.encode(subject.prove_absence("B").to_value()) == blob(page, "8402")
