"""ZIP archives from strangers, read the way Android reads them: by the central directory, within a budget.

A package is an attack on whoever opens it, so nothing here trusts a length. What two readers could understand
differently is not repaired but written down as a trait; `package` judges the traits.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple, Self

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ENTRIES = 65_535
"""What the classic format can count; the reference verifier of Android packages reads no ZIP64."""
MOST_BYTES = 2**30
"""Expanded bytes that one measurement reads in all."""
MOST_BYTES_AN_ENTRY = 2**28
MOST_RATIO, RATIO_COUNTS_FROM = 200, 2**24
"""An entry that expands beyond both is taken for a bomb; text shrinks to a tenth, zeros to a thousandth."""

STORED, DEFLATED = 0, 8
_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIBED_LATER = 1 << 3
_ENCRYPTED = 1 << 0
_UNIX = 3
_SYMLINK, _KIND = 0o120000, 0o170000
_ZIP64 = 0xFFFFFFFF
_ODD = re.compile(r"[\x00-\x1f\x7f\\]")
_CHUNK = 1 << 18
_DEEPEST = 64
_HEAD = 512


class NotAnArchive(Malformed):
    """The file has no readable ZIP directory."""

    en = "This is not a readable package: {why}. Submit the file exactly as it is released."
    zh = "这不是可读取的软件包：{why}。请提交与发布版本完全一致的文件。"


class OverBudget(Malformed):
    """Reading on would cost more than the laboratory allows one sample."""

    en = "The package goes beyond what is read of one sample: {why}. A person has to look at it."
    zh = "软件包超出单个样品的读取上限：{why}。须由人员检查。"


class Entry(NamedTuple):
    """One line of the central directory; offsets and sizes in bytes."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header: int
    begin: int
    """Where the data begin; behind the end of the file when the local header cannot be read."""


class Archive:
    """A ZIP file, opened read only; raises `NotAnArchive`, `OverBudget`.

    `traits` lists (trait, entry name) for everything that readers are known to understand differently.
    """

    def __init__(self, path: Path) -> None:
        self.traits: list[tuple[str, str]] = []
        self.entries: dict[str, Entry] = {}
        self._spent = 0
        with path.open("rb") as file:
            self.length = file.seek(0, 2)
            if self.length < _END.size:
                raise NotAnArchive(why=Text("比空归档还短", "it is shorter than an empty archive"))
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self._read_directory()
        except BaseException:
            self._data.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """Yield the expanded bytes of `entry`; raises `NotAnArchive` where they cannot be had, `OverBudget`."""
        if entry.begin + entry.packed > self.length:
            raise NotAnArchive(
                why=Text(f"{entry.name} 的数据不在文件之内", f"the data of {entry.name} are not inside the file")
            )
        taken = 0
        for piece in self._expand(entry):
            taken += len(piece)
            self._spent += len(piece)
            bomb = taken > RATIO_COUNTS_FROM and taken > MOST_RATIO * entry.packed
            if bomb or taken > MOST_BYTES_AN_ENTRY or self._spent > MOST_BYTES:
                raise OverBudget(why=Text(f"{entry.name} 解压后过大", f"{entry.name} expands too far"))
            yield piece

    def read(self, name: str) -> bytes:
        """Return the expanded bytes of the entry `name`; raises `NotAnArchive`, `OverBudget`."""
        if name not in self.entries:
            raise NotAnArchive(why=Text(f"其中没有 {name}", f"it holds no {name}"))
        return b"".join(self.chunks(self.entries[name]))

    def head(self, entry: Entry, size: int) -> bytes:
        """Return the first expanded bytes of `entry`, up to `size`; empty where they cannot be had."""
        raw = self._data[entry.begin : entry.begin + min(entry.packed, size + _HEAD)]
        if entry.method != DEFLATED:
            return raw[:size]
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, size)
        except zlib.error:
            return b""

    def _expand(self, entry: Entry) -> Iterator[bytes]:
        end = entry.begin + entry.packed
        if entry.method != DEFLATED:  # like Android, anything but deflate is taken as stored
            for at in range(entry.begin, end, _CHUNK):
                yield self._data[at : min(at + _CHUNK, end)]
            return
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for at in range(entry.begin, end, _CHUNK):
                rest = self._data[at : min(at + _CHUNK, end)]
                while rest and not inflate.eof:
                    yield inflate.decompress(rest, _CHUNK)
                    rest = inflate.unconsumed_tail
            while not inflate.eof and (piece := inflate.decompress(b"", _CHUNK)):
                yield piece
        except zlib.error as error:
            raise NotAnArchive(
                why=Text(f"{entry.name} 无法解压（{error}）", f"{entry.name} does not decompress ({error})")
            ) from None
        if not inflate.eof:
            raise NotAnArchive(why=Text(f"{entry.name} 的数据提前结束", f"the data of {entry.name} end too early"))

    def _read_directory(self) -> None:
        end, size, offset = self._find_end()
        self.directory = offset
        if offset + size > end:
            raise NotAnArchive(why=Text("目录不在文件之内", "its directory is not inside the file"))
        if offset + size != end:
            self.traits.append(("directory-not-at-end", ""))
        at, count = offset, 0
        while at + _CENTRAL.size <= offset + size:
            count += 1
            if count > MOST_ENTRIES:
                raise OverBudget(why=Text(f"超过 {MOST_ENTRIES} 项", f"more than {MOST_ENTRIES} entries"))
            at = self._read_entry(at, end)
        if count != self.declared_count:
            self.traits.append(("count-differs", f"{self.declared_count} declared, {count} found"))
        self._compare_extents()

    def _find_end(self) -> tuple[int, int, int]:
        """Return the offset of the end record, and the size and offset of the directory."""
        tail = max(0, self.length - _END.size - 0xFFFF)
        ends = [match.start() + tail for match in re.finditer(rb"PK\x05\x06", self._data[tail:])]
        fitting = [at for at in ends if at + _END.size <= self.length and self._comment_end(at) == self.length]
        readable = [at for at in ends if at + _END.size <= self.length]
        if not readable:
            raise NotAnArchive(why=Text("没有目录结束记录", "it has no end record"))
        if not fitting:
            self.traits.append(("trailing-data", ""))
        if len(ends) > 1:
            self.traits.append(("several-ends", ""))
        at = (fitting or readable)[-1]
        _, _, _, _, self.declared_count, size, offset, _ = _END.unpack_from(self._data, at)
        if _ZIP64 in (size, offset) or self._data[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
            self.traits.append(("zip64", ""))
        return at, size, offset

    def _comment_end(self, at: int) -> int:
        return at + _END.size + int.from_bytes(self._data[at + 20 : at + 22], "little")

    def _read_entry(self, at: int, end: int) -> int:
        (
            magic,
            made,
            _,
            flags,
            method,
            _,
            _,
            crc,
            packed,
            size,
            name_size,
            extra,
            comment,
            _,
            _,
            attributes,
            header,
        ) = _CENTRAL.unpack_from(self._data, at)
        after: int = at + _CENTRAL.size + name_size + extra + comment
        if magic != b"PK\x01\x02" or after > end:
            raise NotAnArchive(
                why=Text(
                    f"目录在 {len(self.entries)} 项之后中断",
                    f"its directory breaks off after {len(self.entries)} entries",
                )
            )
        raw = self._data[at + _CENTRAL.size : at + _CENTRAL.size + name_size]
        name = raw.decode("utf-8", "backslashreplace")
        if _ZIP64 in (packed, size, header):
            self.traits.append(("zip64", name))
        self._note_name(name, attributes >> 16 if made >> 8 == _UNIX else 0)
        if flags & _ENCRYPTED:
            self.traits.append(("encrypted-flag", name))
        if method not in (STORED, DEFLATED):
            self.traits.append(("unknown-method", f"{name}: {method}"))
        elif method == STORED and packed != size:
            self.traits.append(("size-differs", name))
        begin = self._compare_local(raw, name, (flags, method, crc, packed, size), header)
        if name in self.entries:
            self.traits.append(("duplicate-name", name))
        self.entries[name] = Entry(name, flags, method, crc, packed, size, header, begin)
        return after

    def _note_name(self, name: str, mode: int) -> None:
        parts = name.replace("\\", "/").split("/")
        if ".." in parts:
            self.traits.append(("path-escape", name))
        if name.startswith(("/", "\\")) or name[1:2] == ":":
            self.traits.append(("absolute-path", name))
        if mode & _KIND == _SYMLINK:
            self.traits.append(("symlink", name))
        if not name or _ODD.search(name) or name.count("/") > _DEEPEST:
            self.traits.append(("odd-name", repr(name)))

    def _compare_local(self, raw: bytes, name: str, central: tuple[int, ...], header: int) -> int:
        """Return where the data begin, noting every field in which the local header differs from `central`."""
        if header + _LOCAL.size > self.length or self._data[header : header + 4] != b"PK\x03\x04":
            self.traits.append(("no-local-header", name))
            return self.length
        _, _, flags, method, _, _, crc, packed, size, name_size, extra = _LOCAL.unpack_from(self._data, header)
        begin: int = header + _LOCAL.size + name_size + extra
        if self._data[header + _LOCAL.size : header + _LOCAL.size + name_size] != raw:
            self.traits.append(("name-differs", name))
        if method != central[1]:
            self.traits.append(("method-differs", name))
        if (flags ^ central[0]) & (_ENCRYPTED | _DESCRIBED_LATER):
            self.traits.append(("flags-differ", name))
        told = (0, 0, 0) if flags & _DESCRIBED_LATER and (crc, packed, size) == (0, 0, 0) else central[2:]
        if (crc, packed, size) != told:
            self.traits.append(("size-differs", name))
        return begin

    def _compare_extents(self) -> None:
        """Note entries that share bytes, bytes before the first entry, and files that are also folders."""
        placed = (entry for entry in self.entries.values() if entry.begin < self.length)
        extents = sorted((entry.header, entry.begin + entry.packed, entry.name) for entry in placed)
        if extents and extents[0][0] > 0 and not self._is_padding(extents[0][0]):
            trait = "dex-in-front" if self._data[:4] == b"dex\n" else "leading-data"
            self.traits.append((trait, f"{extents[0][0]} bytes"))
        reached, last = 0, ""
        for header, end, name in extents:
            if header < reached:
                self.traits.append(("overlap", f"{last} / {name}"))
            if end > reached:
                reached, last = end, name
        if reached > self.directory and extents:
            self.traits.append(("overlap", f"{last} / central directory"))
        folders = {name[:at] for name in self.entries if name.count("/") <= _DEEPEST for at in _slashes(name)}
        self.traits += [("file-and-folder", name) for name in sorted(folders & self.entries.keys())]

    def _is_padding(self, end: int) -> bool:
        """Whether the bytes before `end` are nameless, empty, zero-filled entries, as Android's packager writes."""
        at = 0
        while at < end and self._data[at : at + 4] == b"PK\x03\x04" and at + _LOCAL.size <= end:
            *_, packed, size, name_size, extra = _LOCAL.unpack_from(self._data, at)
            after = at + _LOCAL.size + extra
            if packed or size or name_size or any(self._data[at + _LOCAL.size : min(after, end)]):
                return False
            at = after
        return at == end


def _slashes(name: str) -> Iterator[int]:
    return (match.start() for match in re.finditer("/", name))
