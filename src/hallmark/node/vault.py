"""What a node keeps to itself: the key to which confidential claims are sealed for its member, and what it opens.

Sealed claims stay sealed in the store and are opened where rules run over them. The records that they make are written
encrypted, under a key derived from the sealing key (HKDF-SHA256, RFC 5869), with AES-256-GCM and a random nonce, bound
to the record's key in the state, and padded as a box is.
"""

from __future__ import annotations

import secrets

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
from hallmark.statement.sealing import Sealed

_AT_REST = b"hallmark/at-rest/1"
_NONCE = 12


class Vault:
    """The sealing key of the member of that name."""

    def __init__(self, member: str, private: X25519PrivateKey) -> None:
        self.member = member
        self._private = private
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=_AT_REST).derive(private.private_bytes_raw())
        self._at_rest = AESGCM(derived)

    @classmethod
    def generate(cls, member: str) -> Vault:
        """Return one with a new key."""
        return cls(member, X25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, member: str, pem: bytes) -> Vault:
        """Return the one whose key is in a PKCS #8 PEM; raises `BadKey`."""
        try:
            private = serialization.load_pem_private_key(pem, None)
        except (ValueError, TypeError):
            private = None
        if not isinstance(private, X25519PrivateKey):
            raise BadKey(algorithm="X25519", why=Text("不是未加密的 X25519 密钥", "it is no open X25519 key"))
        return cls(member, private)

    def to_pem(self) -> bytes:
        """Return the key as PKCS #8 PEM."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def public(self) -> bytes:
        """The key to seal to, 32 bytes."""
        return self._private.public_key().public_bytes_raw()

    def open(self, sealed: Sealed, statement: bytes) -> tuple[Disclosure, ...]:
        """Return what is sealed beside the statement of that digest; raises as `Sealed.open`."""
        return sealed.open(statement, self.member, self._private)

    def pass_on(self, sealed: Sealed, statement: bytes, member: str, key: bytes) -> Sealed:
        """Return the same, sealed to another member alone; raises `NotOpened`, `BadSealingKey`."""
        return sealed.pass_on(statement, self.member, self._private, {member: key})

    def lock(self, name: str, record: bytes) -> bytes:
        """Return the record of that key in the state as it is written."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._at_rest.encrypt(nonce, sealing.pad(record), name.encode())

    def unlock(self, name: str, written: bytes) -> bytes:
        """Return what `lock` was given; raises `StoreLocked`."""
        try:
            return sealing.unpad(self._at_rest.decrypt(written[:_NONCE], written[_NONCE:], name.encode()))
        except (InvalidTag, ValueError):
            raise StoreLocked(record=name) from None
