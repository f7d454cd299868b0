"""Keys in a folder outside the database: one PKCS #8 file a key, for its owner's eyes, encrypted where asked.

    <folder>/signing/<name>.pem             Ed25519, P-256 or ML-DSA-44
    <folder>/wrapping/<purpose>/<n>.pem     X25519; generation n of the key that wraps for a purpose

A wrapped secret is the generation in 4 bytes, then HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256),
HKDF-SHA256, AES-256-GCM, with the context as info.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hallmark.kernel import keys
from hallmark.kernel.keys import BadKey, PublicKey, Signer, SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.office.keys import durable
from hallmark.office.keys.errors import BadName, CannotUnwrap, ExposedKey, KeyExists, NoSuchKey

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,95}")
_OTHERS = 0o077
_GENERATION = 4
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_NOT_OPENED = Text("口令不对，或文件已损坏", "the passphrase is another, or the file is damaged")


class FolderKeys:
    """Keys in the files of one folder; what was read once is kept in memory."""

    def __init__(self, folder: Path, passphrase: bytes | None = None) -> None:
        self._signing = folder / "signing"
        self._wrapping = folder / "wrapping"
        self._passphrase = passphrase
        self._signers: dict[str, SoftwareSigner] = {}
        self._wrappers: dict[Path, X25519PrivateKey] = {}

    def create(self, name: str, algorithm: int = keys.ED25519) -> PublicKey:
        """Make the key `name`; raises `BadName`, `KeyExists`."""
        path = self._signing_path(name)
        signer = SoftwareSigner.generate(algorithm)
        durable.make_folder(self._signing)
        try:
            durable.write_once(path, signer.to_pem(self._passphrase))
        except FileExistsError:
            raise KeyExists(name=name) from None
        return signer.public

    def get_signer(self, name: str) -> Signer:
        """Return what signs with the key `name`; raises `BadName`, `NoSuchKey`, `ExposedKey`, `BadKey`."""
        if name not in self._signers:
            self._signers[name] = SoftwareSigner.from_pem(_read(self._signing_path(name)), self._passphrase)
        return self._signers[name]

    def names(self) -> tuple[str, ...]:
        """Return the names of the signing keys, sorted."""
        return tuple(sorted(path.stem for path in self._signing.glob("[!.]*.pem")))

    def wrap(self, purpose: str, secret: bytes, context: bytes) -> bytes:
        """Return `secret` such that only `unwrap` with the same `purpose` and `context` opens it; raises `BadName`."""
        generation = max(self._generations(purpose), default=0) or self.turn(purpose)
        sealed = _SUITE.encrypt(secret, self._wrapper(purpose, generation).public_key(), context)
        return generation.to_bytes(_GENERATION) + sealed

    def unwrap(self, purpose: str, wrapped: bytes, context: bytes) -> bytes:
        """Return the secret; raises `BadName`, `CannotUnwrap`, `ExposedKey`, `BadKey`."""
        generation, sealed = int.from_bytes(wrapped[:_GENERATION]), wrapped[_GENERATION:]
        try:
            return _SUITE.decrypt(sealed, self._wrapper(purpose, generation), context)
        except NoSuchKey:
            raise CannotUnwrap(
                why=Text(
                    f"此处没有第 {generation} 代封装密钥", f"generation {generation} of the wrapping key is not here"
                )
            ) from None
        except (InvalidTag, ValueError):
            raise CannotUnwrap(
                why=Text("它被改动，或为其他内容封装", "it was changed, or wrapped for something else")
            ) from None

    def turn(self, purpose: str) -> int:
        """Make a new generation of the wrapping key and return its number."""
        generation = max(self._generations(purpose), default=0) + 1
        path = self._wrapping_path(purpose, generation)
        durable.make_folder(path.parent)
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if self._passphrase:
            encryption = serialization.BestAvailableEncryption(self._passphrase)
        pem = X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        with suppress(FileExistsError):  # another process was first; its key serves as well
            durable.write_once(path, pem)
        return generation

    def drop(self, purpose: str, before: int) -> None:
        """Destroy the generations of the wrapping key older than `before`."""
        for generation in self._generations(purpose):
            if generation < before:
                path = self._wrapping_path(purpose, generation)
                durable.remove(path)
                self._wrappers.pop(path, None)

    def _generations(self, purpose: str) -> list[int]:
        return [int(path.stem) for path in self._wrapping_path(purpose, 0).parent.glob("[0-9]*.pem")]

    def _wrapper(self, purpose: str, generation: int) -> X25519PrivateKey:
        path = self._wrapping_path(purpose, generation)
        if path not in self._wrappers:
            try:
                key = serialization.load_pem_private_key(_read(path), self._passphrase)
            except (ValueError, TypeError):
                raise BadKey(algorithm="PKCS #8", why=_NOT_OPENED) from None
            if not isinstance(key, X25519PrivateKey):
                raise BadKey(algorithm="X25519", why=Text("它是另一算法的密钥", "it is a key of another algorithm"))
            self._wrappers[path] = key
        return self._wrappers[path]

    def _signing_path(self, name: str) -> Path:
        return self._signing / f"{_checked(name)}.pem"

    def _wrapping_path(self, purpose: str, generation: int) -> Path:
        return self._wrapping / _checked(purpose) / f"{generation}.pem"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadName(name=name[:100])
    return name


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & _OTHERS:
            raise ExposedKey(path=path)
        return path.read_bytes()
    except FileNotFoundError:
        raise NoSuchKey(name=path.stem) from None
