"""Dalvik executables, read directly: tables as arrays, names when asked for, code only where something is looked for.

Format: the Android platform's "Dalvik Executable format", versions 035 to 040. A full analysis of every instruction is
not needed to find the calls of a few methods: an invoke names its method in the code unit after its opcode, so those
places are found in the file as a whole, and only the methods around them are walked.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

_MAGIC = (b"dex\n035\0", b"dex\n036\0", b"dex\n037\0", b"dex\n038\0", b"dex\n039\0", b"dex\n040\0")
_HEADER = 0x70
_LITTLE_ENDIAN = 0x12345678
_NONE = 0xFFFFFFFF
_INVOKES = (*range(0x6E, 0x73), *range(0x74, 0x79))
_CODE = struct.Struct("<4H2L")

_METHOD = np.dtype([("owner", "<u2"), ("proto", "<u2"), ("name", "<u4")])
_FIELD = np.dtype([("owner", "<u2"), ("type", "<u2"), ("name", "<u4")])
_PROTO = np.dtype([("shorty", "<u4"), ("result", "<u4"), ("parameters", "<u4")])
_CLASS = np.dtype(
    [
        (name, "<u4")
        for name in ("type", "access", "parent", "interfaces", "source", "annotations", "members", "static_values")
    ]
)


class MalformedDex(Malformed):
    """The Dalvik executable cannot be read."""

    en = "The executable code is not readable: {why}. Submit the package exactly as it is released."
    zh = "可执行代码无法读取：{why}。请提交与发布版本完全一致的软件包。"


class Code(NamedTuple):
    """The instructions of one method: 16-bit units, and the unit offsets at which exceptions are caught."""

    method: int
    registers: int
    inputs: int
    units: NDArray[np.uint16]
    handlers: tuple[int, ...]


class Dex:
    """One Dalvik executable; raises `MalformedDex`."""

    def __init__(self, data: bytes) -> None:
        if data[:8] not in _MAGIC or len(data) < _HEADER:
            raise MalformedDex(why=Text("开头不是已知版本", "it does not begin like one of a known version"))
        self.data = data
        words = struct.unpack_from("<20L", data, 32)
        if words[2] != _LITTLE_ENDIAN:
            raise MalformedDex(why=Text("字节序不是小端", "its byte order is not little endian"))
        self._strings = self._table(np.dtype("<u4"), *words[6:8])
        self._types = self._table(np.dtype("<u4"), *words[8:10])
        self._protos = self._table(_PROTO, *words[10:12])
        self.fields = self._table(_FIELD, *words[12:14])
        self.methods = self._table(_METHOD, *words[14:16])
        self.classes = self._table(_CLASS, *words[16:18])
        self._check_indices()
        self._text: dict[int, str] = {}
        self._owners: dict[int, int] = {}
        self._members()

    def string(self, index: int) -> str:
        """Return string `index`; what is no modified UTF-8 is replaced."""
        if index not in self._text:
            self._text[index] = self._decode(index)
        return self._text[index]

    def strings(self) -> Iterator[str]:
        """Yield every string of the executable."""
        return (self._decode(index) for index in range(len(self._strings)))

    def type(self, index: int) -> str:
        """Return type descriptor `index`, such as `Ljava/lang/String;`."""
        if index >= len(self._types):
            raise MalformedDex(why=Text(f"没有类型 {index}", f"there is no type {index}"))
        return self.string(int(self._types[index]))

    def types(self) -> list[str]:
        """Return all type descriptors, those of other files and of the platform included."""
        return [self.type(index) for index in range(len(self._types))]

    def method(self, index: int) -> tuple[str, str, str]:
        """Return the owner, name and signature of method `index`, such as `(Ljava/lang/String;)V`."""
        if index >= len(self.methods):
            raise MalformedDex(why=Text(f"没有方法 {index}", f"there is no method {index}"))
        owner, proto, name = self.methods[index].tolist()
        return self.type(owner), self.string(name), self._signature(proto)

    def field(self, index: int) -> tuple[str, str]:
        """Return the owner and name of field `index`."""
        if index >= len(self.fields):
            raise MalformedDex(why=Text(f"没有字段 {index}", f"there is no field {index}"))
        owner, _, name = self.fields[index].tolist()
        return self.type(owner), self.string(name)

    def class_names(self) -> list[str]:
        """Return the descriptors of the classes defined here."""
        return [self.type(index) for index in self.classes["type"].tolist()]

    def interfaces(self, number: int) -> list[str]:
        """Return what class `number` extends and implements."""
        parent, at = int(self.classes["parent"][number]), int(self.classes["interfaces"][number])
        return [self.type(index) for index in ([] if parent == _NONE else [parent]) + self._type_list(at)]

    def methods_named(self, *names: str) -> list[int]:
        """Return the methods with one of these names, whoever owns them."""
        wanted = [index for index in range(len(self._strings)) if self._starts_like(index, names)]
        return np.flatnonzero(np.isin(self.methods["name"], wanted)).tolist()

    def class_methods(self, number: int) -> list[int]:
        """Return the methods of class `number` that have code."""
        begin, end = np.searchsorted(self._class_of, [number, number + 1])
        return [method for method in self._method_of[begin:end].tolist() if self._offset_of[method]]

    def final_statics(self, number: int) -> dict[int, object]:
        """Return the final static fields of class `number` with the text or number that the file gives, or None."""
        given = self._static_values(number)
        return {
            field: given[i] if i < len(given) else None
            for i, (field, flags) in enumerate(self._static_fields.get(number, ()))
            if flags & 0x10
        }

    def calls(self, wanted: Collection[int]) -> dict[int, list[int]]:
        """Return, for each method that may invoke one of `wanted`, the places where it may; a walk confirms them."""
        if not wanted or not len(self._offsets):
            return {}
        units = np.frombuffer(self.data, "<u2", len(self.data) // 2)
        opcode, named = np.zeros(256, bool), np.zeros(0x10000, bool)
        opcode[list(_INVOKES)] = True
        named[list(wanted)] = True
        places = np.flatnonzero(named[units[1:]] & opcode[units[:-1] & 0xFF]) * 2
        found: dict[int, list[int]] = {}
        for place, index in zip(
            places.tolist(), (np.searchsorted(self._offsets, places, "right") - 1).tolist(), strict=True
        ):
            if index >= 0:
                found.setdefault(int(self._holders[index]), []).append(place)
        return found

    def code(self, method: int) -> Code | None:
        """Return the code of `method`, None where it has none."""
        at = int(self._offset_of[method])
        if not at:
            return None
        if at + _CODE.size > len(self.data):
            raise MalformedDex(why=Text("有方法的代码不在文件之内", "a method's code is not inside the file"))
        registers, inputs, _, tries, _, size = _CODE.unpack_from(self.data, at)
        if at + _CODE.size + 2 * size > len(self.data):
            raise MalformedDex(why=Text("有方法的代码不在文件之内", "a method's code is not inside the file"))
        units = np.frombuffer(self.data, "<u2", size, at + _CODE.size)
        handlers = self._handlers(at + _CODE.size + 2 * size, tries, size) if tries else ()
        return Code(method, registers, inputs, units, handlers)

    def class_number(self, descriptor_of_type: int) -> int | None:
        """Return the number of the class defined here for a type index, or None."""
        return self._owners.get(descriptor_of_type)

    def _check_indices(self) -> None:
        """Raise where a table names what another has not, so that looking a name up never leaves its table."""
        strings, types, protos = len(self._strings), len(self._types), len(self._protos)
        parents = self.classes["parent"]
        for named, size in (
            (self._strings, len(self.data)),
            (self._types, strings),
            (self._protos["shorty"], strings),
            (self._protos["result"], types),
            (self.fields["owner"], types),
            (self.fields["name"], strings),
            (self.methods["owner"], types),
            (self.methods["proto"], protos),
            (self.methods["name"], strings),
            (self.classes["type"], types),
            (parents[parents != _NONE], types),
        ):
            if len(named) and int(named.max()) >= size:
                raise MalformedDex(why=Text("有表指向不存在的内容", "a table names what is not there"))

    def _table(self, dtype: np.dtype[np.void] | np.dtype[np.uint32], count: int, offset: int) -> NDArray[np.void]:
        if count and offset + count * dtype.itemsize > len(self.data):
            raise MalformedDex(why=Text("有表不在文件之内", "a table is not inside the file"))
        return np.frombuffer(self.data, dtype, count, offset) if count else np.zeros(0, dtype)

    def _decode(self, index: int) -> str:
        if index >= len(self._strings):
            raise MalformedDex(why=Text(f"没有字符串 {index}", f"there is no string {index}"))
        begin = int(self._strings[index])
        while begin < len(self.data) and self.data[begin] & 0x80:
            begin += 1
        end = self.data.find(b"\0", begin + 1)
        raw = self.data[begin + 1 : end if end >= 0 else len(self.data)].replace(b"\xc0\x80", b"\0")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
        try:  # characters beyond the basic plane are two surrogates here, each encoded on its own
            return raw.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        except UnicodeDecodeError:
            return raw.decode("utf-8", "replace")

    def _starts_like(self, index: int, names: tuple[str, ...]) -> bool:
        at = int(self._strings[index]) + 1
        return any(self.data.startswith(name.encode() + b"\0", at) for name in names)

    def _signature(self, proto: int) -> str:
        if proto >= len(self._protos):
            raise MalformedDex(why=Text(f"没有方法原型 {proto}", f"there is no signature {proto}"))
        _, result, parameters = self._protos[proto].tolist()
        return f"({''.join(map(self.type, self._type_list(parameters)))}){self.type(result)}"

    def _type_list(self, at: int) -> list[int]:
        if not at:
            return []
        size = int.from_bytes(self.data[at : at + 4], "little")
        if at + 4 + 2 * size > len(self.data):
            raise MalformedDex(why=Text("有类型列表不在文件之内", "a list of types is not inside the file"))
        return list(struct.unpack_from(f"<{size}H", self.data, at + 4))

    def _members(self) -> None:
        """Walk the members of all classes: where each method's code lies, and which fields are static."""
        self._offset_of = np.zeros(len(self.methods), np.int64)
        self._static_fields: dict[int, list[tuple[int, int]]] = {}
        owners: list[tuple[int, int]] = []
        left = len(self.methods) + len(self.fields)
        try:
            for number, (type_, at) in enumerate(
                zip(self.classes["type"].tolist(), self.classes["members"].tolist(), strict=True)
            ):
                self._owners[type_] = number
                if at:
                    left -= self._read_members(number, at, owners, left)
        except IndexError:
            raise MalformedDex(
                why=Text("有类的成员不在文件之内", "the members of a class are not inside the file")
            ) from None
        members = np.array(owners, np.int64).reshape(-1, 2)
        self._class_of, self._method_of = members[:, 0], members[:, 1]
        self._holders = np.flatnonzero(self._offset_of)
        self._holders = self._holders[np.argsort(self._offset_of[self._holders], kind="stable")]
        self._offsets = self._offset_of[self._holders]

    def _read_members(self, number: int, at: int, owners: list[tuple[int, int]], left: int) -> int:
        """Read one class and return how many members it has; more than are left are a forgery."""
        data = self.data
        counts = []
        for _ in range(4):
            count, at = _uleb(data, at)
            counts.append(count)
        total = sum(counts)
        if total > left:
            raise MalformedDex(why=Text("类的成员多于文件所列", "the classes have more members than the file names"))
        index = 0
        for i in range(counts[0] + counts[1]):
            if i in (0, counts[0]):
                index = 0
            step, at = _uleb(data, at)
            flags, at = _uleb(data, at)
            index += step
            if i < counts[0]:
                self._static_fields.setdefault(number, []).append((index, flags))
        for i in range(counts[2] + counts[3]):
            if i in (0, counts[2]):
                index = 0
            step, at = _uleb(data, at)
            _, at = _uleb(data, at)
            offset, at = _uleb(data, at)
            index += step
            if offset % 4:
                raise MalformedDex(why=Text("有方法的代码未对齐", "a method's code is not aligned"))
            self._offset_of[index] = offset
            owners.append((number, index))
        return total

    def _handlers(self, at: int, tries: int, size: int) -> tuple[int, ...]:
        """Return the unit offsets of all exception handlers of a method."""
        found = set()
        try:
            lists, at = _uleb(self.data, at + (2 if size % 2 else 0) + 8 * tries)
            for _ in range(lists):
                count, at = _sleb(self.data, at)
                for _ in range(abs(count)):
                    _, at = _uleb(self.data, at)
                    address, at = _uleb(self.data, at)
                    found.add(address)
                if count <= 0:
                    address, at = _uleb(self.data, at)
                    found.add(address)
        except IndexError:
            raise MalformedDex(
                why=Text("异常处理表不在文件之内", "exception handlers are not inside the file")
            ) from None
        return tuple(sorted(found))

    def _static_values(self, number: int) -> list[object]:
        """Return the encoded values of a class's static fields: texts and numbers, None for everything else."""
        at = int(self.classes["static_values"][number])
        values: list[object] = []
        if not at:
            return values
        try:
            count, at = _uleb(self.data, at)
            for _ in range(count):
                head, at = self.data[at], at + 1
                kind, size = head & 0x1F, (head >> 5) + 1
                if kind in (0x1C, 0x1D):  # arrays and annotations have no length to skip by; nothing after them counts
                    break
                if kind in (0x1E, 0x1F):  # null, boolean
                    size = 0
                raw, at = self.data[at : at + size], at + size
                values.append(self._encoded(kind, head >> 5, raw))
        except IndexError:
            raise MalformedDex(
                why=Text("静态字段的值不在文件之内", "the values of static fields are not inside the file")
            ) from None
        return values

    def _encoded(self, kind: int, argument: int, raw: bytes) -> object:
        if kind == 0x17:
            return self.string(int.from_bytes(raw, "little"))
        if kind in (0x00, 0x02, 0x04, 0x06):
            return int.from_bytes(raw, "little", signed=True)
        return argument if kind == 0x1F else None


def _uleb(data: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned LEB128 number of at most 5 bytes and the offset after it."""
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 28:
            return value, at + 1


def _sleb(data: bytes, at: int) -> tuple[int, int]:
    """Return a signed LEB128 number and the offset after it."""
    value, after = _uleb(data, at)
    bits = 7 * (after - at)
    return (value - (1 << bits) if value >> (bits - 1) & 1 else value), after
