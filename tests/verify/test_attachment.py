"""The machine form out of a PDF: the one attachment of its name, or nothing."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.verify.attachment import BadAttachment, NoAttachment, extract

CONTENT = b"\xa6dformvhallmark/certificate/1 and so on (endstream) endobj"
SPECIFICATION = b"<</Type/Filespec/F(certificate.hallmark)/UF(certificate.hallmark)/EF<</F 5 0 R/UF 5 0 R>>/Desc(x)>>"


def stream(data=CONTENT, more=b"", length=None):
    length = b"%d" % len(data) if length is None else length
    return b"<</Length " + length + b"/Type/EmbeddedFile" + more + b">>\nstream\n" + data + b"\nendstream"


def pdf(*objects):
    """Return a PDF-like file of (number, body) objects."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in objects)
    return b"%PDF-1.7\n" + body + b"xref\n0 1\n0000000000 65535 f\r\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n"


def test_a_plain_attachment_is_found():
    assert extract(pdf((4, SPECIFICATION), (5, stream()))) == CONTENT


def test_a_deflated_attachment_is_found():
    data = zlib.compress(CONTENT * 50)
    for name in (
        b"/Filter/FlateDecode",
        b"/Filter /FlateDecode",
        b"/Filter[/FlateDecode]",
        b"/Filter [ /FlateDecode ]",
    ):
        assert extract(pdf((4, SPECIFICATION), (5, stream(data, name)))) == CONTENT * 50


def test_an_attachment_whose_length_stands_elsewhere_is_found():
    data = zlib.compress(CONTENT)
    length = b"%d" % len(data)
    objects = ((4, SPECIFICATION), (5, stream(data, b"/Filter/FlateDecode", b"6 0 R")), (6, length))
    assert extract(pdf(*objects)) == CONTENT


def test_the_typesetters_own_pdf_is_read(tmp_path):
    import typst

    (tmp_path / "certificate.hallmark").write_bytes(CONTENT * 99)
    (tmp_path / "other.txt").write_bytes(b"other")
    (tmp_path / "page.typ").write_text(
        '#set document(title: "x", date: none)\n'
        '#pdf.attach("certificate.hallmark", relationship: "source", mime-type: "application/cbor")\n'
        '#pdf.attach("other.txt", relationship: "data", mime-type: "text/plain")\n(certificate.hallmark)\n'
    )
    assert extract(typst.compile(tmp_path / "page.typ")) == CONTENT * 99


def test_what_comes_after_in_the_file_does_not_matter():
    whole = pdf((4, SPECIFICATION), (5, stream()))
    assert extract(whole + b"7 0 obj\n<</Type/Sig/Contents<00>>>\nendobj\nstartxref\n1\n%%EOF\n") == CONTENT


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        pdf((5, stream())),
        pdf((4, SPECIFICATION.replace(b"certificate.hallmark", b"certificate.hallmark.txt")), (5, stream())),
        pdf((4, SPECIFICATION.replace(b"/Filespec", b"/Filespecs")), (5, stream())),
        pdf((4, SPECIFICATION.replace(b"/EF", b"/EG")), (5, stream())),
        pdf((4, b"(certificate.hallmark)"), (5, stream())),
        b"%PDF-1.7\n(certificate.hallmark)",
    ],
)
def test_a_pdf_without_it_has_none(data):
    with pytest.raises(NoAttachment, match="PDF viewer"):
        extract(data)


DEFLATED = zlib.compress(CONTENT)


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        ([(4, SPECIFICATION)], "exactly once"),
        ([(4, SPECIFICATION), (5, stream()), (5, stream(b"other"))], "exactly once"),
        ([(4, SPECIFICATION), (5, stream()), (5, stream())], "exactly once"),
        ([(4, SPECIFICATION), (8, SPECIFICATION.replace(b"5 0", b"9 0")), (5, stream()), (9, stream(b"x"))], "several"),
        ([(4, SPECIFICATION), (5, b"(no stream)")], "no stream"),
        ([(4, SPECIFICATION), (5, b"<</Length 3>>"), (6, stream())], "no stream"),
        ([(4, SPECIFICATION), (5, stream(length=b"1"))], "length is wrong"),
        ([(4, SPECIFICATION), (5, stream(length=b"999999999"))], "length is wrong"),
        ([(4, SPECIFICATION), (5, stream(length=b"-1"))], "not given once"),
        ([(4, SPECIFICATION), (5, stream(more=b"/Length 5"))], "not given once"),
        ([(4, SPECIFICATION), (5, stream(length=b"5 0 R"))], "not a number"),
        ([(4, SPECIFICATION), (5, stream(length=b"7 0 R"))], "exactly once"),
        ([(4, SPECIFICATION), (5, stream(more=b"/Filter/LZWDecode"))], "not supported"),
        ([(4, SPECIFICATION), (5, stream(DEFLATED, b"/Filter[/FlateDecode/ASCIIHexDecode]"))], "not supported"),
        ([(4, SPECIFICATION), (5, stream(DEFLATED, b"/Filter/FlateDecode/DecodeParms<<>>"))], "not supported"),
        ([(4, SPECIFICATION), (5, stream(b"nonsense", b"/Filter/FlateDecode"))], "damaged"),
        ([(4, SPECIFICATION), (5, stream(DEFLATED[:-1], b"/Filter/FlateDecode"))], "cut short"),
        ([(4, SPECIFICATION), (5, stream(DEFLATED + b"x", b"/Filter/FlateDecode"))], "cut short"),
        ([(4, SPECIFICATION), (5, stream(zlib.compress(bytes(50_000_000)), b"/Filter/FlateDecode"))], "too much"),
        ([(4, SPECIFICATION * 20), (5, stream())], "too often"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_damaged_or_ambiguous_is_refused(objects, why):
    with pytest.raises(BadAttachment, match=why):
        extract(pdf(*objects))


def test_a_huge_file_is_not_searched():
    with pytest.raises(BadAttachment, match="more than"):
        extract(b"%PDF-" + bytes(64 * 1024 * 1024))


@given(st.lists(st.sampled_from([SPECIFICATION, b"5 0 obj", b"endobj", b"obj", stream(), b"<<", b">>stream\n", b"\n"])))
def test_hostile_files_never_raise_anything_but_ours(parts):
    try:
        assert isinstance(extract(b"%PDF-" + b" ".join(parts)), bytes)
    except HallmarkError:
        return
