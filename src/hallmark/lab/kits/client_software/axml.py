"""Android's compiled XML, read as the platform reads it: attributes by resource id, not by their spelling.

A manifest can spell `debuggable` in any way it likes, or not at all; the platform looks for 0x0101000f. Format:
`ResXMLTree_*` of the Android platform (`ResourceTypes.h`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hallmark.kernel.text import Text
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

REFERENCE, STRING, DYNAMIC_REFERENCE = 0x01, 0x03, 0x07
FIRST_INTEGER, LAST_INTEGER = 0x10, 0x1F
_RESOURCE_MAP, _START, _END, _TEXT = 0x0180, 0x0102, 0x0103, 0x0104
_NONE = 0xFFFFFFFF
_MOST_ELEMENTS, _DEEPEST = 100_000, 128
_ATTRIBUTE = struct.Struct("<3LHBBL")


class Value(NamedTuple):
    """A typed value: `text` for strings, `data` for everything else."""

    kind: int
    data: int
    text: str | None = None

    @property
    def is_integer(self) -> bool:
        """Whether the platform would take it as a number or a truth value."""
        return FIRST_INTEGER <= self.kind <= LAST_INTEGER

    @property
    def is_reference(self) -> bool:
        """Whether it names a resource."""
        return self.kind in (REFERENCE, DYNAMIC_REFERENCE)


class Attribute(NamedTuple):
    """One attribute; `resource` is 0 where the file gives it no resource id."""

    namespace: str
    name: str
    resource: int
    value: Value


@dataclass
class Element:
    """One element with its attributes, children and text."""

    tag: str
    attributes: list[Attribute] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def values(self, key: int | str) -> list[Value]:
        """Return the values of all attributes with this resource id, or with this name and no namespace."""
        if isinstance(key, int):
            return [attribute.value for attribute in self.attributes if attribute.resource == key]
        return [each.value for each in self.attributes if (each.name, each.namespace) == (key, "")]

    def value(self, key: int | str) -> Value | None:
        """Return the first of `values`, None where there is none."""
        return next(iter(self.values(key)), None)

    def named(self, *tags: str) -> Iterator[Element]:
        """Yield the children that have one of these tags."""
        return (child for child in self.children if child.tag in tags)


def parse(data: bytes) -> Element:
    """Return the root element of compiled XML; raises `MalformedResource`."""
    root = chunk_at(data, 0, len(data))
    reader = _Reader(data)
    for chunk in chunks(data, root.body, root.end):
        reader.take(chunk)
    if reader.root is None:
        raise MalformedResource(why=Text("没有元素", "it has no element"))
    return reader.root


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.root: Element | None = None
        self._pool: StringPool | None = None
        self._resources: list[int] = []
        self._open: list[Element] = []
        self._elements = 0

    def take(self, chunk: Chunk) -> None:
        if chunk.kind == STRING_POOL and self._pool is None:
            self._pool = StringPool(self.data, chunk)
        elif chunk.kind == _RESOURCE_MAP:
            size = (chunk.end - chunk.body) // 4
            self._resources = list(struct.unpack_from(f"<{size}L", self.data, chunk.body))
        elif chunk.kind == _START:
            self._start(chunk)
        elif chunk.kind == _END and self._open:
            self._open.pop()
        elif chunk.kind == _TEXT and self._open:
            self._open[-1].text += self._text(self._words(chunk, 1)[0]) or ""

    def _start(self, chunk: Chunk) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS or len(self._open) >= _DEEPEST:
            raise MalformedResource(why=Text("元素过多或嵌套过深", "it has too many or too deep elements"))
        _, tag, starts, _ = self._words(chunk, 4)
        size, count = struct.unpack_from("<HH", self.data, chunk.body + 10)
        element = Element(self._text(tag) or "")
        at = chunk.body + (starts & 0xFFFF)
        if size < _ATTRIBUTE.size or at + size * count > chunk.end:
            if count:
                raise MalformedResource(
                    why=Text(
                        f"{element.tag} 的属性不在文件之内", f"the attributes of {element.tag} are not inside the file"
                    )
                )
            count = 0
        element.attributes = [self._attribute(at + size * index) for index in range(count)]
        if self._open:
            self._open[-1].children.append(element)
        elif self.root is None:
            self.root = element
        else:
            raise MalformedResource(why=Text("有不止一个根元素", "it has more than one root element"))
        self._open.append(element)

    def _attribute(self, at: int) -> Attribute:
        namespace, name, raw, _, _, kind, data = _ATTRIBUTE.unpack_from(self.data, at)
        text = self._text(data if kind == STRING else raw)
        resource = self._resources[name] if name < len(self._resources) else 0
        return Attribute(self._text(namespace) or "", self._text(name) or "", resource, Value(kind, data, text))

    def _words(self, chunk: Chunk, count: int) -> tuple[int, ...]:
        if chunk.body + 4 * count > chunk.end:
            raise MalformedResource(
                why=Text(f"位置 {chunk.begin} 处的数据块过短", f"the chunk at {chunk.begin} is too short")
            )
        return struct.unpack_from(f"<{count}L", self.data, chunk.body)

    def _text(self, index: int) -> str | None:
        if index == _NONE:
            return None
        if self._pool is None:
            raise MalformedResource(why=Text("没有字符串", "it has no strings"))
        return self._pool.get(index)
