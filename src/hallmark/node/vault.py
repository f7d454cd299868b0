"""What a node keeps to itself: the keys to which confidential claims are sealed for its member, and what it opens.

The newest key is the one announced. Older ones stay, for what was sealed to them opens with them alone.

Sealed claims stay sealed in the store and are opened where rules run over them. The records that they make are written
encrypted, under a key derived from the sealing key (HKDF-SHA256, RFC 5869), with AES-256-GCM and a random nonce, bound
to the record's key in the state, and padded as a box is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hallmark.kernel.keys import BadKey
from hallmark.kernel.text import Text
from hallmark.node.errors import StoreLocked
from hallmark.statement import sealing
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.sealing import NotOpened, Sealed

_AT_REST = b"hallmark/at-rest/1"
_NONCE = 12
_PEM = re.compile(rb"-----BEGIN [^-]+-----.+?-----END [^-]+-----\n?", re.DOTALL)

Answer = TypeVar("Answer")


class Vault:
    """The sealing keys of the member of that name, the newest first."""

    def __init__(self, member: str, newest: X25519PrivateKey, *older: X25519PrivateKey) -> None:
        self.member = member
        self._keys = (newest, *older)
        self._at_rest = [_at_rest(key) for key in self._keys]

    @classmethod
    def generate(cls, member: str) -> Vault:
        """Return one with a new key."""
        return cls(member, X25519PrivateKey.generate())

    def renewed(self) -> Vault:
        """Return one with a new key before those that there are."""
        return Vault(self.member, X25519PrivateKey.generate(), *self._keys)

    @classmethod
    def from_pem(cls, member: str, pem: bytes) -> Vault:
        """Return the one whose keys are in PKCS #8 PEM, one after the other; raises `BadKey`."""
        return cls(member, *map(_load, _PEM.findall(pem) or [pem]))

    def to_pem(self) -> bytes:
        """Return the keys as PKCS #8 PEM, one after the other."""
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return b"".join(key.private_bytes(*form) for key in self._keys)

    @property
    def public(self) -> bytes:
        """The key to seal to, 32 bytes."""
        return self._keys[0].public_key().public_bytes_raw()

    def open(self, sealed: Sealed, statement: bytes) -> tuple[Disclosure, ...]:
        """Return what is sealed beside the statement of that digest; raises as `Sealed.open`."""
        return self._by_any(lambda key: sealed.open(statement, self.member, key))

    def pass_on(self, sealed: Sealed, statement: bytes, member: str, key: bytes) -> Sealed:
        """Return the same, sealed to another member alone; raises `NotOpened`, `BadSealingKey`."""
        return self._by_any(lambda own: sealed.pass_on(statement, self.member, own, {member: key}))

    def lock(self, name: str, record: bytes) -> bytes:
        """Return the record of that key in the state as it is written."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._at_rest[0].encrypt(nonce, sealing.pad(record), name.encode())

    def unlock(self, name: str, written: bytes) -> bytes:
        """Return what `lock` was given; raises `StoreLocked`."""
        for at_rest in self._at_rest:
            with suppress(InvalidTag, ValueError):
                return sealing.unpad(at_rest.decrypt(written[:_NONCE], written[_NONCE:], name.encode()))
        raise StoreLocked(record=name)

    def _by_any(self, act: Callable[[X25519PrivateKey], Answer]) -> Answer:
        """Return what `act` does with the newest key that opens; raises `NotOpened` where none does."""
        *newer, oldest = self._keys
        for key in newer:
            with suppress(NotOpened):
                return act(key)
        return act(oldest)


def _at_rest(key: X25519PrivateKey) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=_AT_REST).derive(key.private_bytes_raw()))


def _load(pem: bytes) -> X25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise BadKey(algorithm="X25519", why=Text("不是未加密的 X25519 密钥", "it is no open X25519 key"))
    return key
