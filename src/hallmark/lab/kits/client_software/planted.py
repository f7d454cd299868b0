"""Small packages made by hand, good and bad: the self-check looks at them before every session, the tests at more.

Only what the readers of this kit need is written: no checksums, no alignment of data that nobody reads.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from hallmark.lab.kits.client_software import manifest as ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ANDROID = "http://schemas.android.com/apk/res/android"
ATTRIBUTES = {
    "name": ids.NAME,
    "value": ids.VALUE,
    "permission": ids.PERMISSION,
    "readPermission": ids.READ_PERMISSION,
    "writePermission": ids.WRITE_PERMISSION,
    "protectionLevel": ids.PROTECTION_LEVEL,
    "debuggable": ids.DEBUGGABLE,
    "exported": ids.EXPORTED,
    "minSdkVersion": ids.OLDEST_PLATFORM,
    "targetSdkVersion": ids.TARGET_PLATFORM,
    "testOnly": ids.TEST_ONLY,
    "backupAgent": ids.BACKUP_AGENT,
    "allowBackup": ids.ALLOW_BACKUP,
    "fullBackupContent": ids.FULL_BACKUP_CONTENT,
    "usesCleartextTraffic": ids.CLEAR_TEXT,
    "networkSecurityConfig": ids.NETWORK_SECURITY,
    "dataExtractionRules": ids.EXTRACTION_RULES,
    "isSplitRequired": ids.SPLIT_REQUIRED,
}
_NONE = 0xFFFFFFFF
_STRING, _INTEGER, _TRUTH, _REFERENCE = 0x03, 0x10, 0x12, 0x01


class Reference(NamedTuple):
    """A reference to a resource, as an attribute's value."""

    number: int


Written = str | int | bool | Reference


@dataclass(frozen=True)
class Node:
    """One element to write: `attributes` with a colon-less Android name, or `-name` for one without namespace.

    `+id+name` gives the attribute of that Android name another spelling, as an attacker would.
    """

    tag: str
    attributes: Mapping[str, Written]
    children: Sequence[Node] = ()
    text: str = ""


def application(*children: Node, oldest: int = 28, target: int = 34, **attributes: Written) -> Node:
    """Return a manifest of package `org.example.pay` with these components and attributes of its application."""
    return Node(
        "manifest",
        {"-package": "org.example.pay"},
        [
            Node("uses-sdk", {"minSdkVersion": oldest, "targetSdkVersion": target}),
            *(child for child in children if child.tag in (*ids.PERMISSION_TAGS, "permission")),
            Node("application", attributes, [child for child in children if "permission" not in child.tag]),
        ],
    )


def compiled_xml(root: Node, *, utf8: bool = True) -> bytes:
    """Return `root` as Android's compiled XML."""
    words = dict.fromkeys(_spelled(name)[1] for node in _all(root) for name in node.attributes if _spelled(name)[0])
    resources = [
        next(_spelled(n)[0] for node in _all(root) for n in node.attributes if _spelled(n)[1] == w) for w in words
    ]
    for node in _all(root):
        texts = [value for value in node.attributes.values() if isinstance(value, str)]
        words |= dict.fromkeys([ANDROID, node.tag, node.text, *texts, *(_spelled(name)[1] for name in node.attributes)])
    index = {word: number for number, word in enumerate(words)}
    body = string_pool(list(words), utf8=utf8)
    body += struct.pack("<HHL", 0x0180, 8, 8 + 4 * len(resources)) + struct.pack(f"<{len(resources)}L", *resources)
    body += _element(root, index)
    return struct.pack("<HHL", 0x0003, 8, 8 + len(body)) + body


def string_pool(words: Sequence[str], *, utf8: bool = True) -> bytes:
    """Return a string pool chunk; every word is shorter than 128 units."""
    data, offsets = b"", []
    for word in words:
        offsets.append(len(data))
        raw = word.encode("utf-8" if utf8 else "utf-16-le")
        data += bytes([len(word), len(raw)]) + raw + b"\0" if utf8 else struct.pack("<H", len(word)) + raw + b"\0\0"
    data += b"\0" * (-len(data) % 4)
    begin = 28 + 4 * len(words)
    head = struct.pack("<HHL5L", 0x0001, 28, begin + len(data), len(words), 0, 0x100 if utf8 else 0, begin, 0)
    return head + struct.pack(f"<{len(words)}L", *offsets) + data


def _all(root: Node) -> Iterable[Node]:
    yield root
    for child in root.children:
        yield from _all(child)


def _spelled(name: str) -> tuple[int, str]:
    """Return the resource id, 0 for none, and the spelling of an attribute's name."""
    if name.startswith("-"):
        return 0, name[1:]
    if name.startswith("+"):
        _, real, spelling = name.split("+")
        return ATTRIBUTES[real], spelling
    return ATTRIBUTES[name], name


def _element(node: Node, index: Mapping[str, int]) -> bytes:
    attributes = b""
    for name, value in node.attributes.items():
        resource, spelling = _spelled(name)
        space = index[ANDROID] if resource else _NONE
        kind, data = _typed(value, index)
        raw = data if kind == _STRING else _NONE
        attributes += struct.pack("<3LHBBL", space, index[spelling], raw, 8, 0, kind, data)
    count = len(node.attributes)
    start = struct.pack("<LL", _NONE, index[node.tag]) + struct.pack("<6H", 20, 20, count, 0, 0, 0) + attributes
    text = struct.pack("<HHLLL", 0x0104, 16, 28, 0, _NONE) + struct.pack("<LHBBL", index[node.text], 8, 0, 0, 0)
    return (
        struct.pack("<HHLLL", 0x0102, 16, 16 + len(start), 0, _NONE)
        + start
        + (text if node.text else b"")
        + b"".join(_element(child, index) for child in node.children)
        + struct.pack("<HHLLLLL", 0x0103, 16, 24, 0, _NONE, _NONE, index[node.tag])
    )


def _typed(value: Written, index: Mapping[str, int]) -> tuple[int, int]:
    if isinstance(value, Reference):
        return _REFERENCE, value.number
    if isinstance(value, bool):
        return _TRUTH, _NONE if value else 0
    return (_STRING, index[value]) if isinstance(value, str) else (_INTEGER, value)


class Field(NamedTuple):
    """A final static field, and the text the file gives it."""

    owner: str
    name: str
    type: str = "Ljava/lang/String;"
    value: str | None = None


class Method(NamedTuple):
    """A method to name or write; `units` are numbers, or a `Method`, a `Field` or a text whose index is meant."""

    owner: str
    name: str
    parameters: tuple[str, ...] = ()
    result: str = "V"
    units: tuple[Unit, ...] = ()
    registers: int = 8
    static: bool = True

    @property
    def key(self) -> tuple[str, str, tuple[str, ...], str]:
        """What tells it from others, its code aside."""
        return self.owner, self.name, self.parameters, self.result


Unit = int | str | Field | Method
"""A 16-bit code unit, or what a unit is the index of."""


def executable(*methods: Method, fields: Sequence[Field] = (), interfaces: Mapping[str, str] | None = None) -> bytes:
    """Return a Dalvik executable that defines the owners of `methods` and `fields`; `interfaces` they implement."""
    return _Writer(methods, fields, interfaces or {}).write()


class _Writer:
    def __init__(self, methods: Sequence[Method], fields: Sequence[Field], interfaces: Mapping[str, str]) -> None:
        self.written, self.fields, self.interfaces = methods, list(fields), interfaces
        named = [unit for method in methods for unit in method.units]
        called = [unit for unit in named if isinstance(unit, Method)]
        self.methods = list({method.key: method for method in [*methods, *called]}.values())
        self.fields += [unit for unit in named if isinstance(unit, Field) and unit not in self.fields]
        owners = [m.owner for m in self.methods] + [f.owner for f in self.fields]
        kinds = [kind for m in self.methods for kind in (*m.parameters, m.result)] + [f.type for f in self.fields]
        self.types = sorted({*owners, *kinds, "Ljava/lang/Object;", *interfaces.values()})
        self.protos = sorted({(m.result, m.parameters) for m in self.methods})
        names = [m.name for m in self.methods] + [f.name for f in self.fields]
        texts = [unit for unit in named if isinstance(unit, str)] + [
            f.value for f in self.fields if f.value is not None
        ]
        self.strings = sorted({*self.types, *names, *texts, *(self._shorty(p) for p in self.protos)})
        self.keys = [method.key for method in self.methods]

    @staticmethod
    def _shorty(proto: tuple[str, tuple[str, ...]]) -> str:
        return "".join(kind if len(kind) == 1 else "L" for kind in (proto[0], *proto[1]))

    def write(self) -> bytes:
        """Return the file: header, tables, then everything that tables point to."""
        classes = list(dict.fromkeys([m.owner for m in self.written] + [f.owner for f in self.fields]))
        counts = [
            len(self.strings),
            len(self.types),
            len(self.protos),
            len(self.fields),
            len(self.methods),
            len(classes),
        ]
        offsets, at = [], 0x70
        for count, size in zip(counts, (4, 4, 12, 8, 8, 32), strict=True):
            offsets.append(at)
            at += count * size
        self.base, self.data = at, b""
        texts = [self._put(bytes([len(text)]) + text.encode() + b"\0", 1) for text in self.strings]
        tables = struct.pack(f"<{len(texts)}L", *texts)
        tables += b"".join(struct.pack("<L", self.strings.index(kind)) for kind in self.types)
        for result, parameters in self.protos:
            shorty = self.strings.index(self._shorty((result, parameters)))
            tables += struct.pack("<3L", shorty, self.types.index(result), self._type_list(parameters))
        for each, words in ((f, (self.types.index(f.type),)) for f in self.fields):
            tables += struct.pack("<HHL", self.types.index(each.owner), *words, self.strings.index(each.name))
        for method in self.methods:
            proto = self.protos.index((method.result, method.parameters))
            tables += struct.pack("<HHL", self.types.index(method.owner), proto, self.strings.index(method.name))
        tables += b"".join(self._class(name) for name in classes)
        tail = self.data
        header = b"dex\n035\0" + bytes(24) + struct.pack("<3L", at + len(tail), 0x70, 0x12345678) + bytes(12)
        header += b"".join(
            struct.pack("<2L", count, offset if count else 0) for count, offset in zip(counts, offsets, strict=True)
        )
        return header + struct.pack("<2L", len(tail), at) + tables + tail

    def _class(self, name: str) -> bytes:
        fields = [self.fields.index(field) for field in self.fields if field.owner == name]
        methods = sorted((self.keys.index(method.key), method) for method in self.written if method.owner == name)
        members = _uleb(len(fields)) + _uleb(0) + _uleb(len(methods)) + _uleb(0)
        for step, _ in _steps(fields):
            members += _uleb(step) + _uleb(0x18)
        for step, place in _steps([index for index, _ in methods]):
            members += _uleb(step) + _uleb(9 if methods[place][1].static else 1) + _uleb(self._code(methods[place][1]))
        values = b"".join(self._value(self.fields[field].value) for field in fields)
        given = self._put(_uleb(len(fields)) + values, 1) if fields else 0
        implemented = self._type_list((self.interfaces[name],)) if name in self.interfaces else 0
        parent = self.types.index("Ljava/lang/Object;")
        return struct.pack(
            "<8L", self.types.index(name), 1, parent, implemented, _NONE, 0, self._put(members, 1), given
        )

    def _value(self, text: str | None) -> bytes:
        return b"\x1e" if text is None else b"\x77" + struct.pack("<L", self.strings.index(text))

    def _code(self, method: Method) -> int:
        units = [self._index(unit) for unit in method.units]
        inputs = len(method.parameters) + (not method.static)
        head = struct.pack("<4H2L", method.registers, inputs, 8, 0, 0, len(units))
        return self._put(head + struct.pack(f"<{len(units)}H", *units), 4)

    def _index(self, unit: Unit) -> int:
        if isinstance(unit, Method):
            return self.keys.index(unit.key)
        if isinstance(unit, Field):
            return self.fields.index(unit)
        return self.strings.index(unit) if isinstance(unit, str) else unit

    def _type_list(self, names: Sequence[str]) -> int:
        if not names:
            return 0
        return self._put(struct.pack(f"<L{len(names)}H", len(names), *map(self.types.index, names)), 4)

    def _put(self, piece: bytes, alignment: int) -> int:
        self.data += b"\0" * (-(self.base + len(self.data)) % alignment)
        offset = self.base + len(self.data)
        self.data += piece
        return offset


def _steps(indices: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Yield (difference to the one before, place) of sorted indices."""
    return ((index - (indices[place - 1] if place else 0), place) for place, index in enumerate(indices))


def _uleb(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])
