"""DER (ITU-T X.690), as much as vendors' certificate extensions need: definite, shortest lengths and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from hallmark.attestation.errors import BadEvidence
from hallmark.attestation.reader import Reader
from hallmark.kernel.text import Text

BOOLEAN, INTEGER, OCTETS, OID, ENUMERATED, SEQUENCE, SET, IA5 = 1, 2, 4, 6, 10, 16, 17, 22
UNIVERSAL, CONTEXT = 0, 2
_LONGEST_LENGTH = 4  # bytes: no certificate comes near 4 GiB
_HIGHEST_TAG = 0xFFFF
_LONGEST_ARC = 128  # bits, of a UUID (ITU-T X.667)


@dataclass(frozen=True, slots=True)
class Node:
    """One element: its class, tag number and contents."""

    kind: int
    tag: int
    content: bytes
    what: Text

    def refuse(self, zh: str, en: str) -> NoReturn:
        raise BadEvidence(what=self.what, why=Text(zh, en))

    def expect(self, tag: int) -> bytes:
        """Return the contents if this is the universal `tag`."""
        if (self.kind, self.tag) != (UNIVERSAL, tag):
            self.refuse("DER 元素类型不符", f"a DER element has tag {self.tag}, not {tag}")
        return self.content

    def children(self, tag: int = SEQUENCE) -> list[Node]:
        """Return the elements of a SEQUENCE or SET."""
        return _elements(self.expect(tag), self.what)

    def inner(self) -> Node:
        """Return the one element inside an explicit tag."""
        nodes = _elements(self.content, self.what)
        if len(nodes) != 1:
            self.refuse("显式标签内不是一个元素", "an explicit tag does not hold one element")
        return nodes[0]

    def integer(self, tag: int = INTEGER) -> int:
        """Return an INTEGER or ENUMERATED."""
        content = self.expect(tag)
        padded = len(content) > 1 and content[0] in (0, 0xFF) and (content[0] ^ content[1]) < 0x80
        if not content or padded:
            self.refuse("整数不是最短形式", "an integer is not in its shortest form")
        return int.from_bytes(content, signed=True)

    def boolean(self) -> bool:
        content = self.expect(BOOLEAN)
        if content not in (b"\x00", b"\xff"):
            self.refuse("布尔值不合 DER", "a boolean is neither 00 nor FF")
        return content == b"\xff"

    def octets(self) -> bytes:
        return self.expect(OCTETS)

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER in dotted form."""
        arcs, number = [], 0
        content = self.expect(OID)
        if not content or content[-1] & 0x80:
            self.refuse("对象标识符不完整", "an object identifier is cut off")
        for byte in content:
            number = number << 7 | byte & 0x7F
            if number >> _LONGEST_ARC:
                self.refuse("对象标识符的一段过大", "an arc of an object identifier is too large")
            if not byte & 0x80:
                arcs.append(number)
                number = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def parse(data: bytes, what: Text) -> Node:
    """Return the one element that is `data`; raises `BadEvidence`."""
    nodes = _elements(data, what)
    if len(nodes) != 1:
        raise BadEvidence(what=what, why=Text("不是一个 DER 元素", "it is not one DER element"))
    return nodes[0]


def split(data: bytes, what: Text) -> list[bytes]:
    """Return the encodings of the elements that follow one another in `data`; raises `BadEvidence`."""
    reader, items = Reader(data, what, "big"), []
    while reader.at < len(data):
        start = reader.at
        _element(reader)
        items.append(data[start : reader.at])
    return items


def _elements(data: bytes, what: Text) -> list[Node]:
    reader, nodes = Reader(data, what, "big"), []
    while reader.at < len(data):
        nodes.append(_element(reader))
    return nodes


def _element(reader: Reader) -> Node:
    first = reader.number(1)
    tag = first & 0x1F
    if tag == 0x1F:
        tag = 0
        while True:
            byte = reader.number(1)
            tag = tag << 7 | byte & 0x7F
            if not byte & 0x80 or tag > _HIGHEST_TAG:
                break
        if tag < 0x1F or tag > _HIGHEST_TAG:
            reader.refuse("标签号不是最短形式或过大", "a tag number is not in its shortest form, or too large")
    length = reader.number(1)
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= _LONGEST_LENGTH:
            reader.refuse("长度不定或过大", "a length is indefinite or too large")
        length = reader.number(size)
        if length < 0x80 or length >> 8 * (size - 1) == 0:
            reader.refuse("长度不是最短形式", "a length is not in its shortest form")
    return Node(first >> 6, tag, reader.take(length), reader.what)
