"""The chunks that Android's compiled XML and resource tables are made of, and the string pool both carry.

Format: `ResChunk_header` and `ResStringPool_header` of the Android platform (`ResourceTypes.h`), little endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

STRING_POOL = 0x0001
_HEADER = struct.Struct("<HHL")
_UTF8 = 1 << 8
_POOL = struct.Struct("<5L")


class MalformedResource(Malformed):
    """Compiled XML or a resource table cannot be read."""

    en = "The compiled resource is not readable: {why}. Build the package with the platform's own tools."
    zh = "编译资源无法读取：{why}。请使用平台官方工具构建软件包。"


class Chunk(NamedTuple):
    """One chunk: `body` begins after the header, offsets in bytes."""

    kind: int
    begin: int
    body: int
    end: int


def chunk_at(data: bytes, at: int, end: int) -> Chunk:
    """Return the chunk that begins at `at` and ends by `end`; raises `MalformedResource`."""
    if at + _HEADER.size > end:
        raise MalformedResource(why=Text(f"位置 {at} 处容不下数据块", f"no room for a chunk at {at}"))
    kind, header, size = _HEADER.unpack_from(data, at)
    if header < _HEADER.size or size < header or at + size > end:
        raise MalformedResource(why=Text(f"位置 {at} 处数据块的长度不可能", f"the chunk at {at} has impossible sizes"))
    return Chunk(kind, at, at + header, at + size)


def chunks(data: bytes, begin: int, end: int) -> Iterator[Chunk]:
    """Yield the chunks between `begin` and `end`; fewer than 8 bytes at the end are padding."""
    while begin + _HEADER.size <= end:
        chunk = chunk_at(data, begin, end)
        yield chunk
        begin = chunk.end


class StringPool:
    """The strings of one file, decoded when asked for; raises `MalformedResource`."""

    def __init__(self, data: bytes, chunk: Chunk) -> None:
        if chunk.begin + 28 > chunk.end:
            raise MalformedResource(why=Text("字符串池过短", "the string pool is too short"))
        self._data = data
        self.count, _, flags, begin, _ = _POOL.unpack_from(data, chunk.begin + 8)
        self._utf8 = bool(flags & _UTF8)
        self._offsets, self._begin, self._end = chunk.body, chunk.begin + begin, chunk.end
        if chunk.body + 4 * self.count > chunk.end:
            raise MalformedResource(
                why=Text(
                    f"字符串池容不下 {self.count} 个字符串", f"the string pool has no room for {self.count} strings"
                )
            )
        self._decoded: dict[int, str] = {}

    def __getitem__(self, index: int) -> str:
        if index not in self._decoded:
            self._decoded[index] = self._decode(index)
        return self._decoded[index]

    def get(self, index: int) -> str | None:
        """Return string `index`, or None where the index says that there is none."""
        return self[index] if index < self.count else None

    def _decode(self, index: int) -> str:
        if not 0 <= index < self.count:
            raise MalformedResource(why=Text(f"没有字符串 {index}", f"there is no string {index}"))
        at = self._begin + int.from_bytes(
            self._data[self._offsets + 4 * index : self._offsets + 4 * index + 4], "little"
        )
        if self._utf8:
            _, at = self._short_length(at, 1)
            size, at = self._short_length(at, 1)
            encoding = "utf-8"
        else:
            size, at = self._short_length(at, 2)
            size, encoding = size * 2, "utf-16-le"
        if at + size > self._end:
            raise MalformedResource(
                why=Text(f"字符串 {index} 不在字符串池之内", f"string {index} is not inside the pool")
            )
        return self._data[at : at + size].decode(encoding, "replace")

    def _short_length(self, at: int, width: int) -> tuple[int, int]:
        """Return a length and the offset after it: one unit, or two where the first has its highest bit set."""
        high = 1 << (8 * width - 1)
        first = int.from_bytes(self._data[at : at + width], "little")
        if not first & high:
            return first, at + width
        second = int.from_bytes(self._data[at + width : at + 2 * width], "little")
        return (first & (high - 1)) << (8 * width) | second, at + 2 * width
