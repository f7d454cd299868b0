"""What the office asks of a place for keys: a folder now, a PKCS #11 token or a key service by the same face."""

from __future__ import annotations

from typing import Protocol

from hallmark.kernel import keys
from hallmark.kernel.keys import PublicKey, Signer


class Keys(Protocol):
    """Holds secret keys by name and uses them; it never gives one away, and none ever reaches database, log or backup.

    A wrapped secret opens only here and only with the `context` it was wrapped in. Each `purpose` has a wrapping key of
    its own, in generations: after `turn`, new secrets go under a new one; once all of that purpose are wrapped again,
    `drop` ends the old ones and with them every trace of a wrapped secret that somebody kept.
    """

    def create(self, name: str, algorithm: int = keys.ED25519) -> PublicKey:
        """Make the key `name`; raises `BadName`, `KeyExists`."""
        ...

    def get_signer(self, name: str) -> Signer:
        """Return what signs with the key `name`; raises `BadName`, `NoSuchKey`, `ExposedKey`, `BadKey`."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the names of the signing keys, sorted."""
        ...

    def wrap(self, purpose: str, secret: bytes, context: bytes) -> bytes:
        """Return `secret` such that only `unwrap` with the same `purpose` and `context` opens it; raises `BadName`."""
        ...

    def unwrap(self, purpose: str, wrapped: bytes, context: bytes) -> bytes:
        """Return the secret; raises `BadName`, `CannotUnwrap`, `ExposedKey`, `BadKey`."""
        ...

    def turn(self, purpose: str) -> int:
        """Make a new generation of the wrapping key and return its number."""
        ...

    def drop(self, purpose: str, before: int) -> None:
        """Destroy the generations of the wrapping key older than `before`."""
        ...
