"""A file out of a PDF, read by a small strict reader: of a hostile PDF it gives an error or bytes, never more.

It reads what the typesetter and the seal write: cross-reference tables, plain objects, Flate. It follows the newest
revision, as a viewer does. What it gives says nothing about the pages.
"""

from __future__ import annotations

import re
import zlib
from typing import Any, NamedTuple, NoReturn

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

MAX_PDF = 16 * 1024 * 1024
MAX_CONTENT = 8 * 1024 * 1024
_MAX_DEPTH = 24
_MAX_REVISIONS = 8
_MAX_OBJECTS = 200_000  # in all tables, each section counted as one more
_MAX_FILES = 100
_MAX_WORK = 4 * 1024 * 1024  # bytes of values, however often each is read, and 128 more a value
_MAX_STRING = 64 * 1024


class NotOurPdf(Malformed):
    """The file is no PDF, or none of the plain kind that Hallmark writes."""

    en = "This is not a PDF that Hallmark wrote: {why}. Use the file as you received it."
    zh = "这不是 Hallmark 生成的 PDF：{why}。请使用原始文件。"


class Reference(NamedTuple):
    """A reference to an indirect object."""

    number: int


class Name(bytes):
    """A PDF name, without its slash."""

    __slots__ = ()


class Stream(NamedTuple):
    """A stream: its dictionary, and where its encoded bytes begin."""

    entries: dict[bytes, Any]
    start: int


def attachment(pdf: bytes, name: str) -> bytes:
    """Return the one file called `name` inside `pdf`, at most 8 MiB; raises `NotOurPdf`."""
    try:
        return _Reader(pdf).attachment(name.encode("ascii"))
    except (ValueError, KeyError, IndexError, TypeError, OverflowError, zlib.error):
        raise NotOurPdf(why=Text("结构有误", "its structure is wrong")) from None


def _refuse(zh: str, en: str) -> NoReturn:
    raise NotOurPdf(why=Text(zh, en))


# Every repetition has a bound, so that no file makes a match slow.
_SPACE = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]{0,255}[\r\n]){0,255}"
_TOKEN = re.compile(
    _SPACE
    + rb"(?:(?P<reference>(\d{1,10})[\t\n\r ]{1,8}0[\t\n\r ]{1,8}R(?![^\x00\t\n\f\r ()<>\[\]{}/%]))"
    + rb"|(?P<number>[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18}))"
    + rb"|/(?P<name>[^\x00\t\n\f\r ()<>\[\]{}/%]{0,255})"
    + rb"|(?P<open><<|\[)|(?P<close>>>|\])"
    + rb"|<(?P<hex>[0-9A-Fa-f\x00\t\n\f\r ]{0,65535})>"
    + rb"|(?P<string>\()"
    + rb"|(?P<word>true|false|null))"
)
_STRING_PART = re.compile(rb"[^()\\]{1,65535}|\\(?:[0-7]{1,3}|\r\n|.)|[()]", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_WORDS = {b"true": True, b"false": False, b"null": None}
_OBJECT = re.compile(_SPACE + rb"(\d{1,10})[\t\n\r ]{1,8}0[\t\n\r ]{1,8}obj")
_STREAM = re.compile(_SPACE + rb"stream(?:\r\n|\n)")
_START = re.compile(rb"startxref[\r\n ]+(\d{1,10})[\r\n ]+%%EOF[\r\n ]*\Z")
_TABLE = re.compile(rb"xref\r?\n")
_SECTION = re.compile(rb"(\d{1,10}) (\d{1,10}) ?\r?\n")
_ENTRY = re.compile(rb"(\d{10}) \d{5} ([nf])[ \r\n]{2}")
_TRAILER = re.compile(_SPACE + rb"trailer")


class _Reader:
    def __init__(self, pdf: bytes) -> None:
        if len(pdf) > MAX_PDF or not pdf.startswith(b"%PDF-1."):
            _refuse("文件不是 PDF，或过大", "it is no PDF, or too large")
        self.pdf = pdf
        self.places: dict[int, int] = {}
        self.objects = 0
        self.work = 0
        self.root = self._revisions()

    def attachment(self, wanted: bytes) -> bytes:
        """Return the content of the one file of that name."""
        names = self.dictionary(self.dictionary(self.root).get(b"Names", {}))
        files = self._files(names.get(b"EmbeddedFiles", {}))
        found = [
            entries
            for key, entries in ((key, self.dictionary(file)) for key, file in files)
            if wanted in {_plain(each) for each in (key, entries.get(b"F"), entries.get(b"UF"))}
        ]
        if len(found) != 1:
            _refuse("其中没有该附件，或不止一个", "it holds no such file, or more than one")
        if _plain(found[0].get(b"F")) != wanted or _plain(found[0].get(b"UF")) != wanted:
            _refuse("附件有两个名称", "the file inside it has two names")
        stream = self.resolve(self.dictionary(found[0][b"EF"])[b"F"])
        if not isinstance(stream, Stream):
            _refuse("附件没有内容", "the file inside it has no content")
        return self._content(stream)

    def _files(self, tree: object) -> list[tuple[object, object]]:
        """Return the pairs of a name tree."""
        waiting, pairs, seen = [tree], [], 0
        while waiting:
            node = self.dictionary(waiting.pop())
            seen += 1
            waiting += self.array(node.get(b"Kids", []))
            flat = self.array(node.get(b"Names", []))
            pairs += list(zip(flat[::2], flat[1::2], strict=True))
            if seen + len(waiting) > _MAX_FILES or len(pairs) > _MAX_FILES:
                _refuse("附件过多", "it holds too many files")
        return pairs

    def _content(self, stream: Stream) -> bytes:
        entries = stream.entries
        length = self.resolve(entries[b"Length"])
        if type(length) is not int or not 0 <= length <= len(self.pdf) - stream.start:
            _refuse("附件长度有误", "the file inside it has a wrong length")
        raw = self.pdf[stream.start : stream.start + length]
        kind = self.resolve(entries.get(b"Filter"))
        if b"DecodeParms" in entries or (kind is not None and kind != b"FlateDecode"):
            _refuse("附件的编码未知", "the file inside it has an unknown coding")
        if kind is not None:
            inflate = zlib.decompressobj()
            raw = inflate.decompress(raw, MAX_CONTENT + 1)
            if len(raw) <= MAX_CONTENT and not inflate.eof:
                _refuse("附件不完整", "the file inside it is cut off")
        if len(raw) > MAX_CONTENT:
            _refuse("附件过大", f"the file inside it is larger than {MAX_CONTENT} bytes")
        return raw

    def _revisions(self) -> object:
        """Read the cross-reference tables, newest first, and return the newest root."""
        last = _START.search(self.pdf, max(0, len(self.pdf) - 64))
        if last is None:
            _refuse("文件不完整", "its end is missing")
        root: object = None
        at = int(last[1])
        for _ in range(_MAX_REVISIONS):
            trailer = self._table(at)
            if b"Encrypt" in trailer:
                _refuse("文件已加密", "it is encrypted")
            root = trailer[b"Root"] if root is None else root
            if b"Prev" not in trailer:
                return root
            if type(trailer[b"Prev"]) is not int or trailer[b"Prev"] >= at:
                break
            at = trailer[b"Prev"]
        _refuse("修订记录有误", "its revisions are wrong")

    def _table(self, at: int) -> dict[bytes, Any]:
        """Read the table at `at` and return its trailer."""
        match = _TABLE.match(self.pdf, at)
        if match is None:
            _refuse("没有交叉引用表", "it has no cross-reference table where it should")
        while section := _SECTION.match(self.pdf, match.end()):
            match = section
            first, count = int(section[1]), int(section[2])
            self.objects += 1 + count
            if first + count > _MAX_OBJECTS or self.objects > _MAX_OBJECTS:
                _refuse("对象过多", "it has too many objects")
            for number in range(first, first + count):
                entry = _ENTRY.match(self.pdf, match.end())
                if entry is None:
                    _refuse("交叉引用表有误", "its cross-reference table is wrong")
                match = entry
                self.places.setdefault(number, int(entry[1]) if entry[2] == b"n" else -1)
        end = _TRAILER.match(self.pdf, match.end())
        if end is None:
            _refuse("没有文件尾", "it has no trailer")
        trailer, _ = self._value(end.end(), 0)
        return self.dictionary(trailer)

    def resolve(self, value: object) -> object:
        """Return the object that a reference names; an object is no reference itself."""
        if not isinstance(value, Reference):
            return value
        place = self.places.get(value.number, -1)
        head = _OBJECT.match(self.pdf, place) if place >= 0 else None
        if head is None or int(head[1]) != value.number:
            _refuse("对象缺失", f"object {value.number} is missing")
        found, end = self._value(head.end(), 0)
        stream = _STREAM.match(self.pdf, end)
        if isinstance(found, Reference):
            _refuse("对象有误", f"object {value.number} is a reference")
        return Stream(found, stream.end()) if stream and isinstance(found, dict) else found

    def dictionary(self, value: object) -> dict[bytes, Any]:
        """Return the dictionary that `value` is or names."""
        found = self.resolve(value)
        if not isinstance(found, dict):
            _refuse("应为字典", "a dictionary is wanted where none is")
        return found

    def array(self, value: object) -> list[Any]:
        """Return the array that `value` is or names."""
        found = self.resolve(value)
        if not isinstance(found, list):
            _refuse("应为数组", "an array is wanted where none is")
        return found

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        """Return the value at `at` and where it ends."""
        token = _TOKEN.match(self.pdf, at)
        if token is None or depth > _MAX_DEPTH:
            _refuse("语法有误", f"its syntax is wrong at byte {at}")
        self._spend(at, token.end())
        kind, text, end = token.lastgroup, token[token.lastgroup or 0], token.end()
        match kind:
            case "reference":
                return Reference(int(token[2])), end
            case "number":
                return (float(text) if b"." in text else int(text)), end
            case "name":
                return Name(re.sub(rb"#([0-9A-Fa-f]{2})", lambda code: bytes([int(code[1], 16)]), text)), end
            case "hex":
                digits = text.translate(None, b"\x00\t\n\f\r ").decode()
                return bytes.fromhex(digits + "0" * (len(digits) % 2)), end
            case "string":
                return self._string(end)
            case "word":
                return _WORDS[text], end
            case "open":
                return self._collection(end, depth, b">>" if text == b"<<" else b"]")
        _refuse("语法有误", f"its syntax is wrong at byte {at}")

    def _collection(self, at: int, depth: int, closing: bytes) -> tuple[Any, int]:
        items: list[Any] = []
        while True:
            token = _TOKEN.match(self.pdf, at)
            if token and token["close"]:
                if token["close"] != closing:
                    _refuse("语法有误", f"its syntax is wrong at byte {at}")
                break
            item, at = self._value(at, depth + 1)
            items.append(item)
        if closing == b"]":
            return items, token.end()
        keys = items[::2]
        if len(items) % 2 or len(set(keys)) != len(keys) or not all(isinstance(key, Name) for key in keys):
            _refuse("字典有误", f"its dictionary before byte {at} is wrong")
        return dict(zip(map(bytes, keys), items[1::2], strict=True)), token.end()

    def _spend(self, start: int, end: int) -> None:
        self.work += end - start + 128
        if self.work > _MAX_WORK:
            _refuse("内容过多", "it says too much")

    def _string(self, at: int) -> tuple[bytes, int]:
        parts: list[bytes] = []
        depth, size = 1, 0
        while True:
            part = _STRING_PART.match(self.pdf, at)
            if part is None or size > _MAX_STRING:
                _refuse("语法有误", f"its syntax is wrong at byte {at}")
            self._spend(at, part.end())
            at, text = part.end(), part[0]
            depth += (text == b"(") - (text == b")")
            if depth == 0:
                return b"".join(parts), at
            if text[:1] == b"\\":
                code = text[1:]
                text = bytes([int(code, 8) & 255]) if code[:1].isdigit() else _ESCAPES.get(code, code)
            parts.append(text)
            size += len(text)


def _plain(text: object) -> bytes | None:
    """Return a text string in bytes, out of UTF-16 where it is in that, if it is plain ASCII."""
    if not isinstance(text, bytes) or isinstance(text, Name):
        return None
    try:
        decoded = text[2:].decode("utf-16-be") if text.startswith(b"\xfe\xff") else text.decode("ascii")
        return decoded.encode("ascii")
    except UnicodeError:
        return None
