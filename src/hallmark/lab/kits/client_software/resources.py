"""The resource table `resources.arsc`: what a reference in the manifest stands for, in every configuration.

A flag may hide behind a reference whose value differs by device: all values count. Format: `ResTable_*` of the Android
platform (`ResourceTypes.h`), with sparse, 16-bit and compact entries.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from hallmark.kernel.text import Text
from hallmark.lab.kits.client_software.axml import STRING, Value
from hallmark.lab.kits.client_software.chunk import (
    STRING_POOL,
    Chunk,
    MalformedResource,
    StringPool,
    chunk_at,
    chunks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE, _TYPE = 0x0200, 0x0201
_SPARSE, _SHORT_OFFSETS = 1, 2
_COMPLEX, _COMPACT = 1, 8
_NO_ENTRY = 0xFFFFFFFF
_NO_SHORT_ENTRY = 0xFFFF
_DEEPEST_REFERENCE = 16


class _Type(NamedTuple):
    """One type in one configuration."""

    chunk: Chunk
    keys: StringPool
    name: str


class Table:
    """A resource table; raises `MalformedResource`. Without one (`Table(b"")`) every reference stays unresolved."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._types: dict[tuple[int, int], list[_Type]] = {}
        self._strings: StringPool | None = None
        if data:
            root = chunk_at(data, 0, len(data))
            for chunk in chunks(data, root.body, root.end):
                if chunk.kind == STRING_POOL and self._strings is None:
                    self._strings = StringPool(data, chunk)
                elif chunk.kind == _PACKAGE:
                    self._read_package(chunk)

    def values(self, value: Value, depth: int = _DEEPEST_REFERENCE) -> list[Value]:
        """Return everything `value` can stand for; an empty list where a reference leads nowhere."""
        if not value.is_reference:
            return [value]
        if not depth:
            return []
        found: list[Value] = []
        for type_ in self._types.get((value.data >> 24, value.data >> 16 & 0xFF), []):
            entry = self._entry(type_, value.data & 0xFFFF)
            if entry is not None:
                found += self.values(entry[1], depth - 1)
        return list(dict.fromkeys(found))

    def strings(self) -> Iterator[tuple[str, str]]:
        """Yield (resource name, text) of every plain string resource, in every configuration."""
        for types in self._types.values():
            for type_ in types:
                if type_.name == "string":
                    for index in self._indices(type_.chunk):
                        entry = self._entry(type_, index)
                        if entry is not None and entry[1].text is not None:
                            yield entry[0], entry[1].text

    def _read_package(self, package: Chunk) -> None:
        if package.begin + 284 > package.end:
            raise MalformedResource(why=Text("资源包过短", "the resource package is too short"))
        (number,) = struct.unpack_from("<L", self._data, package.begin + 8)
        names_at, _, keys_at = struct.unpack_from("<3L", self._data, package.begin + 268)
        names = StringPool(self._data, chunk_at(self._data, package.begin + names_at, package.end))
        keys = StringPool(self._data, chunk_at(self._data, package.begin + keys_at, package.end))
        for chunk in chunks(self._data, package.body, package.end):
            if chunk.kind == _TYPE and chunk.begin + 20 <= chunk.end:
                type_id = self._data[chunk.begin + 8]
                name = names.get(type_id - 1) or ""
                self._types.setdefault((number & 0xFF, type_id), []).append(_Type(chunk, keys, name))

    def _head(self, chunk: Chunk) -> tuple[int, int, int]:
        """Return flags, number of entries and where they start."""
        flags = self._data[chunk.begin + 9]
        count, start = struct.unpack_from("<2L", self._data, chunk.begin + 12)
        width = 2 if flags & _SHORT_OFFSETS else 4
        if chunk.body + width * count > chunk.end:
            raise MalformedResource(
                why=Text(
                    f"位置 {chunk.begin} 处的资源类型容不下 {count} 项",
                    f"the resource type at {chunk.begin} has no room for {count} entries",
                )
            )
        return flags, count, start

    def _indices(self, chunk: Chunk) -> list[int]:
        flags, count, _ = self._head(chunk)
        if flags & _SPARSE:
            return list(struct.unpack_from(f"<{2 * count}H", self._data, chunk.body)[::2])
        return list(range(count))

    def _offset(self, chunk: Chunk, index: int) -> int | None:
        """Return where entry `index` lies, or None."""
        flags, count, start = self._head(chunk)
        if flags & _SPARSE:
            pairs = struct.unpack_from(f"<{2 * count}H", self._data, chunk.body)
            offsets = dict(zip(pairs[::2], pairs[1::2], strict=True))
            return chunk.begin + start + 4 * offsets[index] if index in offsets else None
        if index >= count:
            return None
        if flags & _SHORT_OFFSETS:
            (short,) = struct.unpack_from("<H", self._data, chunk.body + 2 * index)
            return None if short == _NO_SHORT_ENTRY else chunk.begin + start + 4 * short
        (offset,) = struct.unpack_from("<L", self._data, chunk.body + 4 * index)
        return None if offset == _NO_ENTRY else chunk.begin + start + offset

    def _entry(self, type_: _Type, index: int) -> tuple[str, Value] | None:
        """Return the name and value of a plain entry, or None where there is none or it is a bag."""
        at = self._offset(type_.chunk, index)
        if at is None:
            return None
        if at + 8 > type_.chunk.end:
            raise MalformedResource(
                why=Text(f"位置 {at} 处的资源项不在其类型之内", f"a resource entry at {at} is not inside its type")
            )
        size, flags, key = struct.unpack_from("<HHL", self._data, at)
        if flags & _COMPACT:
            return type_.keys[size], self._value(flags >> 8, key)
        if flags & _COMPLEX:
            return None
        if at + size + 8 > type_.chunk.end:
            raise MalformedResource(
                why=Text(f"位置 {at} 处的资源值不在其类型之内", f"a resource value at {at} is not inside its type")
            )
        _, _, kind, data = struct.unpack_from("<HBBL", self._data, at + size)
        return type_.keys[key], self._value(kind, data)

    def _value(self, kind: int, data: int) -> Value:
        return Value(kind, data, self._strings.get(data) if kind == STRING and self._strings else None)
