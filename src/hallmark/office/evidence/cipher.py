"""The form of a stored object: chunks under AES-256-GCM, so that files of any size stream (docs/spec/evidence.md).

    object = magic, chunk 0, chunk 1, ... chunk n
    chunk  = AES-256-GCM(key, nonce = 11-byte number || last flag, plaintext of up to 64 KiB, magic) with 16-byte tag

The key serves one object only, so numbers never meet again under it. The number in the nonce stops chunks from being
moved, the flag stops the end from being cut off: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar, 2015).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hallmark.kernel.errors import Unverified
from hallmark.kernel.text import Text

MAGIC = b"HMEVID01"
CHUNK = 65_536
KEY_SIZE = 32
_TAG = 16
_NUMBER = 11


class BadObject(Unverified):
    """The bytes are no object under this key."""

    en = "The stored object does not decrypt: {why}. Do not rely on it."
    zh = "存储对象无法解密：{why}。请勿信赖。"


class Readable(Protocol):
    """What bytes are read from: a file, an upload, the body of a request."""

    def read(self, size: int, /) -> bytes: ...


def encrypt(source: Readable, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield pairs (plaintext chunk, bytes of the object); joined, the second parts are the object."""
    cipher = AESGCM(key)
    yield b"", MAGIC
    for number, chunk, last in _chunks(source, CHUNK):
        yield chunk, cipher.encrypt(_nonce(number, last), chunk, MAGIC)


def decrypt(source: Readable, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield pairs (plaintext chunk, bytes of the object), each authentic; raises `BadObject` before a wrong byte."""
    cipher = AESGCM(key)
    magic = _fill(source, len(MAGIC))
    if magic != MAGIC:
        raise BadObject(why=Text("开头不符", "it does not begin as one"))
    yield b"", magic
    for number, sealed, last in _chunks(source, CHUNK + _TAG):
        try:
            chunk = cipher.decrypt(_nonce(number, last), sealed, MAGIC)
        except InvalidTag:
            raise BadObject(
                why=Text(f"第 {number} 块被改动、移位或截断", f"chunk {number} was changed, moved or cut")
            ) from None
        if number and not chunk:
            raise BadObject(
                why=Text("以空块结尾", "it ends in an empty chunk")
            )  # else one content would have two forms
        yield chunk, sealed


def _chunks(source: Readable, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield number, bytes and whether it is the last; one empty chunk where there is nothing."""
    number, chunk = 0, _fill(source, size)
    while True:
        following = _fill(source, size) if len(chunk) == size else b""
        yield number, chunk, not following
        if not following:
            return
        number, chunk = number + 1, following


def _fill(source: Readable, size: int) -> bytes:
    """Return `size` bytes, fewer only at the end: a network gives them in pieces."""
    pieces: list[bytes] = []
    while size and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_NUMBER) + bytes([last])
