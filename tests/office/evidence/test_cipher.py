"""The form of a stored object."""

from __future__ import annotations

import io
import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.office.evidence import cipher
from hallmark.office.evidence.cipher import CHUNK, MAGIC, BadObject

KEY = bytes(range(32))
SEALED = CHUNK + 16


def encrypt(content: bytes) -> bytes:
    return b"".join(sealed for _, sealed in cipher.encrypt(io.BytesIO(content), KEY))


def decrypt(data: bytes, key: bytes = KEY) -> bytes:
    return b"".join(chunk for chunk, _ in cipher.decrypt(io.BytesIO(data), key))


class Dribble(io.BytesIO):
    """A network that gives at most three bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 3))


@pytest.mark.parametrize("size", [0, 1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_what_goes_in_comes_out(size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    data = encrypt(content)
    assert decrypt(data) == content
    assert len(data) == len(MAGIC) + size + 16 * max(1, -(-size // CHUNK))


def test_a_second_reader_written_from_the_specification_agrees() -> None:
    content = b"x" * (CHUNK + 5)
    aead, data = AESGCM(KEY), encrypt(content)
    first = aead.decrypt(bytes(11) + b"\0", data[8 : 8 + SEALED], b"HMEVID01")
    last = aead.decrypt(bytes(3) + struct.pack(">Q", 1) + b"\1", data[8 + SEALED :], b"HMEVID01")
    assert first + last == content


def test_pieces_from_a_network_make_the_same_object() -> None:
    content = b"y" * 1000
    assert b"".join(sealed for _, sealed in cipher.encrypt(Dribble(content), KEY)) == encrypt(content)


def _swap_chunks(data: bytes) -> bytes:
    return data[:8] + data[8 + SEALED : 8 + 2 * SEALED] + data[8 : 8 + SEALED] + data[8 + 2 * SEALED :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[:8],
        lambda data: b"HMEVID02" + data[8:],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[: 8 + 2 * SEALED],
        lambda data: data[:8] + data[8 + SEALED :],
        lambda data: data + data[8:],
        _swap_chunks,
    ],
    ids=["nothing", "magic-only", "version", "shortened", "lengthened", "end-cut", "start-cut", "repeated", "swapped"],
)
def test_an_object_that_was_cut_moved_or_changed_is_refused(damage: object) -> None:
    data = encrypt(b"z" * (2 * CHUNK + 9))
    with pytest.raises(BadObject):
        decrypt(damage(data))
    assert decrypt(data)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(BadObject):
        decrypt(encrypt(b"content"), bytes(32))


def test_an_empty_last_chunk_is_a_second_form_and_refused() -> None:
    aead = AESGCM(KEY)
    full = aead.encrypt(bytes(12), bytes(CHUNK), MAGIC)
    empty = aead.encrypt(bytes(10) + b"\1\1", b"", MAGIC)
    with pytest.raises(BadObject, match="empty chunk"):
        decrypt(MAGIC + full + empty)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.data())
def test_no_changed_bit_passes(content: bytes, data: st.DataObject) -> None:
    sealed = bytearray(encrypt(content))
    position = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[position // 8] ^= 1 << position % 8
    with pytest.raises(BadObject):
        decrypt(bytes(sealed))
