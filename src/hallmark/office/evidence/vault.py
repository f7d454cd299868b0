"""Objects in one folder, their wrapped data keys in another: erasing the key erases the content, wherever copies are.

    <objects>/ab/cd/<address>     the object; its address is the SHA-256 of its bytes, in hexadecimal
    <objects>/incoming/           objects in the making
    <data keys>/ab/<address>      the data key, wrapped by the keys of the server for this address

The data key is placed before the object: what is there can always be read. An S3 bucket fits behind the same methods.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BufferedReader
from pathlib import Path

from django.conf import settings

from hallmark.kernel.text import Text
from hallmark.office.evidence import cipher
from hallmark.office.evidence.cipher import Readable
from hallmark.office.evidence.errors import BadAddress, Damaged, Erased, NoSuchEvidence, TooLarge
from hallmark.office.keys import durable
from hallmark.office.keys.errors import CannotUnwrap
from hallmark.office.keys.port import Keys
from hallmark.office.keys.services import port

_ADDRESS = re.compile(r"[0-9a-f]{64}")
_PURPOSE = "evidence"
_READ_ONLY = 0o400
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """What a vault says of new content: address of the object, bytes and SHA-256 of the plaintext."""

    address: str
    size: int
    digest: bytes


class Vault:
    """A store of encrypted, content-addressed, write-once objects."""

    def __init__(self, objects: Path, data_keys: Path, keys: Keys) -> None:
        self._objects = objects
        self._data_keys = data_keys
        self._keys = keys

    def put(self, source: Readable, limit: int) -> Stored:
        """Store what `source` gives, at most `limit` bytes; raises `TooLarge`, and then nothing is stored."""
        temporary = durable.temporary_in(durable.make_folder(self._objects / "incoming"))
        try:
            data_key = secrets.token_bytes(cipher.KEY_SIZE)
            stored = _write(temporary, source, data_key, limit)
            self._write_key(stored.address, data_key)
            final = self._object(stored.address)
            durable.make_folder(final.parent)
            durable.place(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
        return stored

    def read(self, address: str) -> Iterator[bytes]:
        """Return the plaintext in chunks, each checked before it is given.

        Raises `BadAddress`, `NoSuchEvidence` and `Erased` at once, `Damaged` at the first byte that is not what it was.
        """
        self._open(address).close()
        return self._plaintext(address, self._read_key(address))

    def verify(self, address: str) -> None:
        """Raise `Damaged` unless the object has its address; works without the data key, also after erasure."""
        with self._open(address) as file:
            digest = hashlib.file_digest(file, hashlib.sha256).hexdigest()
        if digest != address:
            raise Damaged(address=address, why=Text("其字节的哈希值不同", "its bytes have another hash"))

    def erase(self, address: str) -> None:
        """Destroy the data key; the object stays, and nobody can read it again."""
        with self._held(fcntl.LOCK_SH):
            durable.remove(self._key(address))

    def rewrap(self) -> int:
        """Wrap every data key under a new wrapping key, destroy the old one, and return how many were wrapped.

        What erasing left behind on the medium or in a copy of the data keys cannot be opened afterwards. Whoever
        stores, reads or erases meanwhile, in any process, waits for the end.
        """
        with self._held(fcntl.LOCK_EX):
            return self._rewrap()

    def _rewrap(self) -> int:
        generation = self._keys.turn(_PURPOSE)
        paths = [path for path in self._data_keys.glob("??/*") if _ADDRESS.fullmatch(path.name)]
        for path in paths:
            data_key = self._unwrapped(path.name)
            temporary = durable.temporary_in(path.parent)
            durable.write_once(temporary, self._keys.wrap(_PURPOSE, data_key, _context(path.name)))
            temporary.replace(path)
            durable.flush_folder(path.parent)
        self._keys.drop(_PURPOSE, generation)
        return len(paths)

    def sweep(self, older_than: float) -> None:
        """Remove what interrupted uploads left, last changed before `older_than` in seconds since 1970."""
        for path in (self._objects / "incoming").glob(".*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    path.unlink()

    def _plaintext(self, address: str, data_key: bytes) -> Iterator[bytes]:
        whole = hashlib.sha256()
        with self._open(address) as file:
            try:
                for chunk, sealed in cipher.decrypt(file, data_key):
                    whole.update(sealed)
                    if chunk:
                        yield chunk
            except cipher.BadObject as error:
                raise Damaged(address=address, why=error.facts["why"]) from None
        if whole.hexdigest() != address:
            raise Damaged(address=address, why=Text("其字节的哈希值不同", "its bytes have another hash"))

    def _open(self, address: str) -> BufferedReader:
        try:
            descriptor = os.open(self._object(address), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            raise NoSuchEvidence(address=address) from None
        return os.fdopen(descriptor, "rb")

    def _write_key(self, address: str, data_key: bytes) -> None:
        path = self._key(address)
        with self._held(fcntl.LOCK_SH):  # or the wrapping key may be gone before what it wrapped is seen
            durable.make_folder(path.parent)
            durable.write_once(path, self._keys.wrap(_PURPOSE, data_key, _context(address)))

    @contextmanager
    def _held(self, how: int) -> Iterator[None]:
        """Hold the data keys, shared to read, add or remove some, alone to wrap all; it ends with the process."""
        with (durable.make_folder(self._data_keys) / ".lock").open("ab") as file:
            fcntl.flock(file, how)
            yield

    def _read_key(self, address: str) -> bytes:
        with self._held(fcntl.LOCK_SH):
            return self._unwrapped(address)

    def _unwrapped(self, address: str) -> bytes:
        try:
            wrapped = self._key(address).read_bytes()
        except FileNotFoundError:
            raise Erased(address=address) from None
        try:
            return self._keys.unwrap(_PURPOSE, wrapped, _context(address))
        except CannotUnwrap as error:
            raise Damaged(address=address, why=error.facts["why"]) from None

    def _object(self, address: str) -> Path:
        return self._objects / _checked(address)[:2] / address[2:4] / address

    def _key(self, address: str) -> Path:
        return self._data_keys / _checked(address)[:2] / address


@cache
def server_vault() -> Vault:
    """Return the vault of this server, as its settings place it."""
    return Vault(settings.HALLMARK_EVIDENCE, settings.HALLMARK_DATA_KEYS, port())


def _write(path: Path, source: Readable, data_key: bytes, limit: int) -> Stored:
    """Write the object of what `source` gives to the new file `path` and flush it."""
    size, content, whole = 0, hashlib.sha256(), hashlib.sha256()
    with os.fdopen(durable.create(path, _READ_ONLY), "wb", _BUFFER) as file:
        for chunk, sealed in cipher.encrypt(source, data_key):
            size += len(chunk)
            if size > limit:
                raise TooLarge(limit=limit)
            content.update(chunk)
            whole.update(sealed)
            file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    return Stored(whole.hexdigest(), size, content.digest())


def _checked(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise BadAddress(address=address[:100])
    return address


def _context(address: str) -> bytes:
    return b"hallmark/evidence/1/" + bytes.fromhex(address)
