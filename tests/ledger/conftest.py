"""A small consortium: one log and seven witnesses with keys of both kinds, and a log of 100 entries."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark.kernel import keys
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger import cosignature, note, policy
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.note import Note, Signature, VerifierKey
from hallmark.ledger.proof import Proof
from hallmark.ledger.tree import Tree
from world.languages import watched


@dataclass(frozen=True)
class Market:
    """What a verifier meets: entries, their tree, a signed checkpoint, a policy."""

    entries: tuple[bytes, ...]
    tree: Tree
    log: keys.SoftwareSigner
    log_key: VerifierKey
    checkpoint: Checkpoint
    now: int = 1_790_000_000

    @staticmethod
    def signer(number: int, algorithm: int = keys.ED25519) -> keys.SoftwareSigner:
        return keys.SoftwareSigner.from_seed(bytes([number]) * 32, algorithm)

    def cosign(self, number: int, algorithm: int, time: int, checkpoint: Checkpoint | None = None) -> Signature:
        signer = self.signer(number, algorithm)
        return cosignature.sign(checkpoint or self.checkpoint, f"w{number}.example", signer, time)

    def signed(self, *witnesses: int, algorithm: int = keys.ED25519, checkpoint: Checkpoint | None = None) -> Note:
        """Return the checkpoint signed by the log and co-signed by witness n at `now` + n."""
        checkpoint = checkpoint or self.checkpoint
        lines = [note.sign(checkpoint.text, self.checkpoint.origin, self.log)]
        lines += [self.cosign(number, algorithm, self.now + number, checkpoint) for number in witnesses]
        return Note(checkpoint.text, tuple(lines))

    def witness(self, number: int, algorithm: int = keys.ED25519) -> VerifierKey:
        return cosignature.verifier_key(f"w{number}.example", self.signer(number, algorithm).public)

    def policy(self, members: int, threshold: int, algorithm: int = keys.ED25519) -> policy.Policy:
        witnesses = {f"w{number}": self.witness(number, algorithm) for number in range(1, members + 1)}
        return policy.Policy.parse(policy.flat([self.log_key], witnesses, threshold))

    def proof(self, index: int, *witnesses: int, algorithm: int = keys.ED25519) -> Proof:
        path = tuple(self.tree.prove_inclusion(index))
        return Proof(index, path, self.signed(*witnesses, algorithm=algorithm))


@pytest.fixture(scope="session")
def market() -> Market:
    entries = tuple(b"entry %d" % number for number in range(100))
    tree = Tree(map(leaf_hash, entries))
    log, origin = Market.signer(99), "ledger.example/test/e1"
    key = VerifierKey.of(origin, note.PLAIN, log.public)
    return Market(entries, tree, log, key, Checkpoint(origin, len(tree), tree.root()))


def mutations(data: bytes) -> Iterator[bytes]:
    """Yield `data` with each byte changed in three ways, left out and doubled."""
    for at, byte in enumerate(data):
        for flip in (0x01, 0x20, 0x80):
            yield data[:at] + bytes([byte ^ flip]) + data[at + 1 :]
        yield data[:at] + data[at + 1 :]
        yield data[:at] + bytes([byte]) + data[at:]


@pytest.fixture(scope="session")
def survives() -> Callable[[bytes, Callable[[bytes], object]], int]:
    """A check that every mutation of `data` is refused with one of our errors or read as the same content."""

    def check(data: bytes, content: Callable[[bytes], object]) -> int:
        original, accepted = content(data), 0
        for mutated in mutations(data):
            try:
                assert content(mutated) == original
                accepted += 1
            except HallmarkError:
                continue
        return accepted

    return check


@pytest.fixture(autouse=True)
def every_error_speaks_one_language_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A breach that any test of this room provokes is held to it."""
    monkeypatch.setattr(HallmarkError, "__init__", watched(HallmarkError.__init__))
