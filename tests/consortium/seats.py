"""Small consortia with keys made from seeds; a member is named by one letter."""

from __future__ import annotations

from functools import cache

from hallmark.consortium.constitution import Constitution, Member
from hallmark.kernel import keys

LEDGER = "ledger.example/test"


@cache
def signer(seed: str, algorithm: int = keys.ED25519) -> keys.SoftwareSigner:
    return keys.SoftwareSigner.from_seed(seed.encode().ljust(32, b"."), algorithm)


def seat(name: str, family: str = "", generation: int = 1, product: str = "") -> Member:
    """Return the member `name` with its keys of a `generation`, on a family of TEE of its own unless one is named."""
    mark = f"{name}{generation}"
    witness, mirror = signer(f"{mark}w").public, signer(f"{mark}m").public
    return Member(name, family or f"family-{name}", witness, mirror, signer(f"{mark}a", keys.ML_DSA_44).public, product)


@cache
def consortium(names: str) -> Constitution:
    """Return the constitution with a seat for each letter of `names`."""
    members = tuple(map(seat, names))
    return Constitution(LEDGER, members, signer("log").public, bytes(32), (b"c" * 32,), 1)
