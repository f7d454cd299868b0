"""A file out of a PDF, hostile ones first."""

from __future__ import annotations

import contextlib
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.paper.certificate import MACHINE_FORM
from hallmark.verify.attachment import MAX_CONTENT, NotOurPdf, attachment

_FILE = b"<</Type/Filespec/F(a.bin)/UF(a.bin)/EF<</F 3 0 R>>>>"


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), entries, content)


def _pdf(*objects: bytes, trailer: bytes = b"", root: bytes = b"1 0 R", prev: bytes = b"") -> bytes:
    """Return a PDF of these objects, numbered from 1."""
    pdf, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    return pdf + table + b"trailer\n<</Root %s%s%s>>\nstartxref\n%d\n%%%%EOF\n" % (root, trailer, prev, len(pdf))


def _catalog(tree: bytes) -> bytes:
    return b"<</Type/Catalog/Names<</EmbeddedFiles " + tree + b">>>>"


_NAMED = _catalog(b"<</Names[(a.bin)2 0 R]>>")


def test_the_file_is_found_as_it_is_and_deflated() -> None:
    assert attachment(_pdf(_NAMED, _FILE, _stream(b"content")), "a.bin") == b"content"
    packed = _stream(zlib.compress(b"content" * 99), b"/Filter/FlateDecode")
    assert attachment(_pdf(_NAMED, _FILE, packed), "a.bin") == b"content" * 99
    kids = _catalog(b"<</Kids[4 0 R]>>")
    assert attachment(_pdf(kids, _FILE, _stream(b"x"), b"<</Names[(b)2 0 R]>>"), "a.bin") == b"x"
    escaped = _FILE.replace(b"(a.bin)", rb"(a\056bin)", 1).replace(b"/UF(a.bin)", b"/UF<FEFF0061002E00620069006E>")
    assert attachment(_pdf(_NAMED.replace(b"(a.bin)", b"<612E62696E>"), escaped, _stream(b"x")), "a.bin") == b"x"


@pytest.mark.parametrize(
    "tree",
    [
        b"<</Names[(a.bin)2 0 R(a.bin)2 0 R]>>",
        b"<</Names[(a.bin)2 0 R(b.bin)2 0 R]>>",
        b"<</Names[(a.bin)2 0 R]/Kids[<</Names[(a.bin)2 0 R]>>]>>",
        b"<</Names[(b.bin)<</F(b.bin)/UF(a.bin)/EF<</F 3 0 R>>>>]>>",
        b"<</Names[(a.bin)<</F(b.bin)/UF(b.bin)/EF<</F 3 0 R>>>>]>>",
        b"<</Names[(b.bin)<</F(b.bin)/UF(b.bin)/EF<</F 3 0 R>>>>]>>",
        b"<</Names[(a.bin)]>>",
        b"<</Names[(a.bin)<</F(a.bin)/UF(a.bin)>>]>>",
        b"<</Names[(a.bin)<</F(a.bin)/UF(a.bin)/EF<</F 1 0 R>>>>]>>",
        b"<</Names[(a.bin)7 0 R]>>",
        b"[]",
        b"null",
    ],
)
def test_no_file_or_two_or_one_with_two_names_is_refused(tree: bytes) -> None:
    with pytest.raises(NotOurPdf):
        attachment(_pdf(_catalog(tree), _FILE, _stream(b"content")), "a.bin")


def test_an_encrypted_file_is_refused() -> None:
    with pytest.raises(NotOurPdf, match="encrypted"):
        attachment(_pdf(_NAMED, _FILE, _stream(b"x"), trailer=b"/Encrypt<</Filter/Standard>>"), "a.bin")


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    deflate = zlib.compressobj(9)
    packed = b"".join(deflate.compress(bytes(MAX_CONTENT)) for _ in range(16)) + deflate.flush()
    pdf = _pdf(_NAMED, _FILE, _stream(packed, b"/Filter/FlateDecode"))
    tracemalloc.start()
    try:
        with pytest.raises(NotOurPdf, match="larger"):
            attachment(pdf, "a.bin")
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_CONTENT
    finally:
        tracemalloc.stop()


def test_only_one_plain_coding_is_read() -> None:
    for entries in (b"/Filter[/FlateDecode/FlateDecode]", b"/Filter/LZWDecode", b"/Filter/FlateDecode/DecodeParms<<>>"):
        with pytest.raises(NotOurPdf, match="coding"):
            attachment(_pdf(_NAMED, _FILE, _stream(b"x", entries)), "a.bin")


@pytest.mark.parametrize(
    "content",
    [
        _stream(zlib.compress(b"content")[:-6], b"/Filter/FlateDecode"),
        _stream(b"not deflated", b"/Filter/FlateDecode"),
        b"<</Length 999999>>\nstream\nshort\nendstream",
        b"<</Length -1>>\nstream\nshort\nendstream",
        b"<</Length 3 0 R>>\nstream\nshort\nendstream",
        b"<</Length true>>\nstream\nshort\nendstream",
        b"<<>>\nstream\nshort\nendstream",
        b"<</Length 1/Length 2>>\nstream\nshort\nendstream",
        b"3 0 R",
    ],
)
def test_a_broken_stream_is_refused(content: bytes) -> None:
    with pytest.raises(NotOurPdf):
        attachment(_pdf(_NAMED, _FILE, content), "a.bin")


def test_loops_depth_and_crowds_are_refused() -> None:
    whole = (_FILE, _stream(b"x"))
    crowd = b"".join(b"(%d)2 0 R" % i for i in range(101))
    hostile = (
        _pdf(_catalog(b"4 0 R"), *whole, b"<</Kids[4 0 R 4 0 R]>>"),
        _pdf(_catalog(b"[" * 5000 + b"]" * 5000), *whole),
        _pdf(_catalog(b"<</Names[" + crowd + b"]>>"), *whole),
        _pdf(_NAMED[:-2] + b"/X[" + b"0 " * 60_000 + b"]>>", *whole),
        _pdf(_catalog(b"(" * 100_000), *whole),
        _pdf(_catalog(b"%" + b"x" * 1000), *whole),
        _pdf(_NAMED, *whole, prev=b"/Prev 99999"),
        _pdf(_NAMED, *whole, prev=b"/Prev 0"),
        _pdf(_NAMED, *whole, prev=b"/Prev null"),
        _pdf(_NAMED, *whole).replace(b"xref\n0 4", b"xref\n0 999999999", 1),
        b"%PDF-1.7\nxref\n0 0\ntrailer\n<<>>\nstartxref\n9\n%%EOF",
        b"",
    )
    for pdf in hostile:
        with pytest.raises(NotOurPdf):
            attachment(pdf, "a.bin")


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_file_gives_an_error_or_bytes_and_nothing_else(sealed: bytes, data: st.DataObject) -> None:
    changed = bytearray(sealed)
    # Where the structure is: the dictionaries and tables, not the fonts.
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.sampled_from((0, changed.rfind(b"/Filespec"), changed.rfind(b"xref"), len(changed) - 900)))
        place = min(len(changed) - 1, max(0, start + data.draw(st.integers(-300, 600))))
        changed[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    try:
        assert isinstance(attachment(bytes(changed), MACHINE_FORM), bytes)
    except HallmarkError as error:
        assert error.explain("zh")


@given(st.text(st.sampled_from("<>[]()/ 0123456789R%\\\nab#"), max_size=200))
def test_any_syntax_gives_an_error_or_bytes_and_nothing_else(text: str) -> None:
    pdf = _pdf(_catalog(text.encode()), _FILE, _stream(b"x"))
    with contextlib.suppress(NotOurPdf):
        assert attachment(pdf, "a.bin") == b"x"
