"""The machine form out of a PDF, without a PDF library: the one attachment named `certificate.hallmark`.

This reads little and trusts nothing: it finds the file specification of that name, follows it to its stream, and
returns the stream's bytes, inflated within a bound. What they are worth the verifier says. Of the page nothing is read:
an attachment alone proves nothing about the page.

Not read, and so not found: specifications inside object streams, encrypted files. A PDF viewer can save the attachment.
"""

from __future__ import annotations

import re
import zlib

from hallmark.certificate.form import MAX_SIZE
from hallmark.kernel.errors import Malformed, Missing
from hallmark.kernel.text import Text

NAME = "certificate.hallmark"
MAGIC = b"%PDF-"
MAX_PDF = 64 * 1024 * 1024
_MOST_NAMED = 16
_HEAD = 4_096  # bytes of an object in front of its stream
_NAMED = b"(" + NAME.encode() + b")"
_SPECIFICATION = re.compile(rb"/Type\s*/Filespec\b")
_STREAM_OF = re.compile(rb"/EF\s*<<[^<>]*?/F\s+([1-9][0-9]{0,9})\s+0\s+R\b")
_OPENS = re.compile(rb"\s*<<")
_STREAM = re.compile(rb">>\s*stream\r?\n")
_ENDS = re.compile(rb"[\r\n]{0,2}endstream\b")
_LENGTH = re.compile(rb"/Length\s+([0-9]{1,9})(?:\s+(0)\s+R\b)?")
_NUMBER = re.compile(rb"\s*([0-9]{1,9})\s*endobj\b")
_FILTER = re.compile(rb"/(?:Filter|DecodeParms)\b(\s*/FlateDecode\b|\s*\[\s*/FlateDecode\s*\])?")


class NoAttachment(Missing):
    """The PDF has no machine form that can be found."""

    en = (
        "No attachment {name} was found in this PDF. Save it with a PDF viewer and check that file, "
        "or get the .hallmark file from the certification body."
    )
    zh = "未在该 PDF 中找到附件 {name}。请用 PDF 阅读器另存该附件后核验，或向认证机构索取 .hallmark 文件。"


class BadAttachment(Malformed):
    """The attachment cannot be read, or there is more than one."""

    article = "ISO 32000-2 section 7.11.4"
    en = "The attachment {name} cannot be read: {why}. Get the PDF again from the certification body."
    zh = "无法读取附件 {name}：{why}。请向认证机构重新获取该 PDF。"


def extract(pdf: bytes) -> bytes:
    """Return the bytes of the attachment `NAME` of `pdf`; raises `NoAttachment`, `BadAttachment`."""
    if len(pdf) > MAX_PDF:
        raise _bad(f"文件超过 {MAX_PDF} 字节", f"the file has more than {MAX_PDF} bytes")
    found = {_stream(pdf, number) for number in _specified(pdf)}
    if not found:
        raise NoAttachment(name=NAME)
    if len(found) > 1:
        raise _bad("有多个同名附件", "there are several of that name")
    return found.pop()


def _specified(pdf: bytes) -> set[bytes]:
    """Return the numbers of the streams that file specifications of that name point to."""
    numbers: set[bytes] = set()
    at = pdf.find(_NAMED)
    for _ in range(_MOST_NAMED):
        if at < 0:
            return numbers
        start = pdf.rfind(b"obj", max(0, at - _HEAD), at)
        end = pdf.find(b"endobj", at, at + _HEAD)
        body = pdf[start:end] if start >= 0 and end >= 0 else b""
        if _SPECIFICATION.search(body) and (match := _STREAM_OF.search(body)):
            numbers.add(match[1])
        at = pdf.find(_NAMED, at + 1)
    raise _bad("该名称出现次数过多", "its name comes too often")


def _object(pdf: bytes, number: bytes) -> int:
    """Return where the only object of that number begins, behind its head."""
    places = [match.end() for match in re.finditer(rb"(?<![0-9])" + number + rb"\s+0\s+obj\b", pdf)]
    if len(places) != 1:
        raise _bad("其对象不是恰好一个", "its object is not there exactly once")
    return places[0]


def _stream(pdf: bytes, number: bytes) -> bytes:
    """Return the content of the embedded file stream that is the object of that number."""
    start = _object(pdf, number)
    head = pdf[start : start + _HEAD]
    match = _STREAM.search(head)
    if not _OPENS.match(head) or not match or b"endobj" in head[: match.start()]:
        raise _bad("其对象不是数据流", "its object is no stream")
    dictionary, start = head[: match.start()], start + match.end()
    length = _length(pdf, dictionary)
    if length > MAX_SIZE or not _ENDS.match(pdf, start + length):
        raise _bad("其长度有误", "its length is wrong")
    data = pdf[start : start + length]
    return _inflate(data) if _is_deflated(dictionary) else data


def _length(pdf: bytes, dictionary: bytes) -> int:
    match = _LENGTH.findall(dictionary)
    if len(match) != 1:
        raise _bad("其长度不明", "its length is not given once")
    number, indirect = match[0]
    if not indirect:
        return int(number)
    referred = _NUMBER.match(pdf, _object(pdf, number.lstrip(b"0") or b"0"))
    if not referred:
        raise _bad("其长度不明", "its length is not a number")
    return int(referred[1])


def _is_deflated(dictionary: bytes) -> bool:
    filters = _FILTER.findall(dictionary)
    if not filters:
        return False
    if len(filters) > 1 or not filters[0]:
        raise _bad("其编码方式不受支持", "it is encoded in a way that is not supported")
    return True


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(data, MAX_SIZE + 1)
    except zlib.error:
        raise _bad("压缩数据有误", "its compressed bytes are damaged") from None
    if len(content) > MAX_SIZE or not inflater.eof or inflater.unused_data:
        raise _bad("压缩数据残缺或过长", "its compressed bytes are cut short or hold too much")
    return content


def _bad(zh: str, en: str) -> BadAttachment:
    return BadAttachment(name=NAME, why=Text(zh, en))
