"""The proof that a person holds the key to be enrolled: the person approves the enrolment with it."""

from __future__ import annotations

from hallmark.kernel import hashing
from hallmark.kernel.keys import PublicKey, Signer
from hallmark.statement.approval import Approval, approve

FUNCTION = "enrolment"


def digest(environment: str, person: str, key: PublicKey) -> bytes:
    """Return the 32 bytes to approve: this key for this person on this ledger, nothing else."""
    return hashing.digest_of("hallmark/enrolment/1", [environment, person, key.algorithm, key.material])


def prove(environment: str, person: str, signer: Signer) -> Approval:
    """Return the proof for a key in a file or token; a browser makes its own from `approval.challenge`."""
    return approve(digest(environment, person, signer.public), person, FUNCTION, signer)


def verify(environment: str, person: str, key: PublicKey, proof: Approval, relying_party: str | None = None) -> None:
    """Raise `BadKey` or `BadApproval` unless `proof` shows that `person` holds `key`."""
    key.check()
    proof.verify(key, digest(environment, person, key), relying_party)
