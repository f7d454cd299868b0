"""SHA-256 with a domain in front, so that a digest made for one purpose never serves another."""

from __future__ import annotations

import hashlib

from hallmark.kernel import canonical

SIZE = 32


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 digest of `data` (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def digest_of(domain: str, value: object) -> bytes:
    """Return SHA-256 over the canonical pair [domain, value], 32 bytes."""
    return sha256(canonical.encode([domain, value]))
