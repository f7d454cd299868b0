"""What a node has bound into its evidence: the epoch it would join, the members' nonce, the constitution, its seat."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hallmark.kernel import canonical, hashing

DOMAIN = "hallmark/attestation/report-data/1"
SIZE = 64


def report_data(epoch: int, nonce: bytes, constitution: bytes, member: str, keys: Sequence[bytes]) -> bytes:
    """Return the 64 bytes that evidence must carry.

    They are SHA-512 over the canonical [domain, [epoch, nonce, constitution, member, keys]]; `constitution` is its
    hash, `member` the name of who asks for the seat, so that nobody else shows this evidence as its own, and `keys` are
    key identifiers (`kernel.keys.PublicKey.id`) in the order of their roles.
    """
    return hashlib.sha512(canonical.encode([DOMAIN, [epoch, nonce, constitution, member, list(keys)]])).digest()


def fold(data: bytes) -> bytes:
    """Return SHA-256 of report data, 32 bytes: what a field carries that has no room for 64, as a TPM's."""
    return hashing.sha256(data)
