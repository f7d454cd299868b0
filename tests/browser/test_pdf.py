"""A PDF gives the browser what it gives the server: the same file inside, the same word about its page, or a breach."""

from __future__ import annotations

import io
import random
import zlib
from datetime import date
from typing import Any

import pytest

from browser.parts import Log, Parts, codes, judge, judge_files, same, trust
from hallmark.kernel.keys import ESP256, SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.statement import envelope
from hallmark.verify.attachment import MAX_CONTENT, attachment
from world.cast import org

_FILE = b"<</Type/Filespec/F(a.bin)/UF(a.bin)/EF<</F 3 0 R>>>>"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), entries, content)


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF of these objects, numbered from 1."""
    whole, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    return whole + table + b"trailer\n<</Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, len(whole))


def catalog(tree: bytes) -> bytes:
    """Return a root whose embedded files are `tree`."""
    return b"<</Type/Catalog/Names<</EmbeddedFiles " + tree + b">>>>"


NAMED = catalog(b"<</Names[(a.bin)2 0 R]>>")
PACKED = [zlib.compress(b"content" * 99, level) for level in (0, 1, 9)] + [
    zlib.compress(random.Random(1).randbytes(70_000)),
    zlib.compress(b""),
    zlib.compress(b"a" * 300_000),
]


def hostile() -> list[bytes]:
    """Return PDFs that say too much, too little, or something else than they seem to."""
    whole = (_FILE, stream(b"content"))
    deflate = zlib.compressobj(9)
    bomb = b"".join(deflate.compress(bytes(MAX_CONTENT)) for _ in range(2)) + deflate.flush()
    trees = [
        b"<</Names[(a.bin)2 0 R(a.bin)2 0 R]>>",
        b"<</Names[(a.bin)2 0 R]/Kids[<</Names[(a.bin)2 0 R]>>]>>",
        b"<</Names[(b.bin)<</F(b.bin)/UF(a.bin)/EF<</F 3 0 R>>>>]>>",
        b"<</Names[(b.bin)<</F(b.bin)/UF(b.bin)/EF<</F 3 0 R>>>>]>>",
        b"<</Names[(a.bin)<</F/a.bin/UF(a.bin)/EF<</F 3 0 R>>>>]>>",
        b"<</Names[(a.bin)]>>",
        b"<</Names[(a.bin)<</F(a.bin)/UF(a.bin)>>]>>",
        b"<</Names[(a.bin)<</F(a.bin)/UF(a.bin)/EF<</F 1 0 R>>>>]>>",
        b"<</Names[(a.bin)7 0 R]>>",
        b"<</Kids null/Names[(a.bin)2 0 R]>>",
        b"<</Kids[4 0 R]>>",
        rb"<</Names[(\8a.bin)2 0 R]>>",
        rb"<</Names[(\141.bin)2 0 R]>>",
        b"<</Names[<612E62696E>2 0 R]>>",
        b"<</Names[(a.bin)2 0 R" + b"".join(b"(%d)2 0 R" % number for number in range(101)) + b"]>>",
        b"[" * 5000 + b"]" * 5000,
        b"(" * 100_000,
        b"%" + b"x" * 1000,
        b"null",
        b"[]",
    ]
    streams = [
        *(stream(packed, b"/Filter/FlateDecode") for packed in PACKED),
        *(stream(packed[:-6], b"/Filter/FlateDecode") for packed in PACKED),
        stream(PACKED[2][:-1] + b"\0", b"/Filter/FlateDecode"),
        stream(PACKED[2] + b"more", b"/Filter/FlateDecode"),
        stream(b"\x78\xbb" + PACKED[2][2:], b"/Filter/FlateDecode"),
        stream(b"not deflated", b"/Filter/FlateDecode"),
        stream(bomb, b"/Filter/FlateDecode"),
        stream(b"x", b"/Filter[/FlateDecode/FlateDecode]"),
        stream(b"x", b"/Filter/LZWDecode"),
        stream(PACKED[2], b"/Filter/FlateDecode/DecodeParms<<>>"),
        b"<</Length 999999>>\nstream\nshort\nendstream",
        b"<</Length -1>>\nstream\nshort\nendstream",
        b"<</Length 3.0>>\nstream\nshort\nendstream",
        b"<</Length 3 0 R>>\nstream\nshort\nendstream",
        b"<</Length 1/Length 2>>\nstream\nshort\nendstream",
        b"<<>>\nstream\nshort\nendstream",
        b"3 0 R",
    ]
    read_again = catalog(b"<</Names[" + b"(x)2 0 R" * 95 + b"]>>")
    costly = [b"(" + rb"\a" * 9_000 + b")", b"<" + b"a" * 65_000 + b">", (b"%" + b"x" * 254 + b"\n") * 254 + b"1 "]
    escaped = _FILE.replace(b"/UF(a.bin)", b"/UF<FEFF0061002E00620069006E>")
    return [
        *(pdf(catalog(tree), *whole, b"<</Names[(a.bin)2 0 R]>>") for tree in trees),
        *(pdf(NAMED, _FILE, content) for content in streams),
        pdf(NAMED, escaped, stream(b"content")),
        pdf(NAMED, escaped.replace(b"0061", b"0161"), stream(b"content")),
        *(pdf(NAMED, *whole, trailer=more) for more in (b"/Encrypt<<>>", b"/Prev 0", b"/Prev 99999", b"/Prev null")),
        pdf(NAMED, *whole).replace(b"/Root", b"/Toor"),
        pdf(NAMED, *whole).replace(b"xref\n0 4", b"xref\n0 999999999", 1),
        pdf(NAMED, *whole)[:-10],
        b"%PDF-1.7\nxref\n0 0\ntrailer\n<<>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\n" + b"0 0\n" * 200_000 + b"0 1\ntrailer\n<<>>\nstartxref\n9\n%%EOF",
        *(pdf(read_again, b"<</A[" + item * 4 + b"]>>") for item in costly),
        b"%PDF-2.0",
        b"",
    ]


def judge_attachments(files: list[bytes]) -> list[Any]:
    """Return the server's word on the file inside each."""
    return [judge(lambda file=file: attachment(file, "a.bin").hex()) for file in files]


def test_hostile_files_give_the_same_bytes_or_the_same_breach(in_browser: Any) -> None:
    files = [pdf(NAMED, _FILE, stream(b"content")), *hostile()]
    expected = judge_attachments(files)
    assert expected[0] == b"content".hex()
    assert sum(isinstance(each, str) for each in expected) > 10
    assert sum(isinstance(each, dict) for each in expected) > 35
    same(in_browser("attachment", [(file, "a.bin") for file in files]), expected)


def test_a_byte_changed_anywhere_is_read_alike(in_browser: Any) -> None:
    chance = random.Random(17)
    genuine = pdf(NAMED, _FILE, stream(PACKED[2], b"/Filter/FlateDecode"))
    files = []
    for _ in range(400):
        copy = bytearray(genuine)
        copy[chance.randrange(len(copy))] = chance.choice(b"()<>[]/% 09Rx\n\\\xff\x00" + genuine)
        files.append(bytes(copy))
    expected = judge_attachments(files)
    assert {type(each) for each in expected} == {str, dict}
    same(in_browser("attachment", [(file, "a.bin") for file in files]), expected)


@pytest.fixture(scope="module")
def sealed(parts: Parts) -> tuple[bytes, bytes]:
    """A certificate's page sealed by its body, and the same page before that."""
    pytest.importorskip("typst", reason="the extra `paper` is not installed")
    from hallmark.paper import signature
    from hallmark.paper.certificate import render_certificate

    number = parts.numbers[0]
    issued = parts.statements[parts.find("certificate.issued", number)]
    signer = SoftwareSigner.generate(ESP256)
    seal = signature.issue(Text("北方", "North"), signer, date(2026, 1, 1), date(2035, 12, 31))
    registered = parts.statements[parts.find("organisation.registered", org("northern"))].draft.public
    keyed, _ = parts.market.prepare("organisation.registered", "bank", org("northern"), {**registered, "seal": seal})
    stated = parts.entries[parts.find("status.stated", org("operator"))]
    log = Log([keyed.encoded, issued.encoded, stated])
    proven = {name: log.prove(place) for place, name in enumerate(("issuer", "issued", "stated"))}
    form = parts.form(number, **proven, checkpoint=log.note).encode()
    record = envelope.parse(issued.encoded).draft.public
    page = render_certificate(number, record, form, parts.market.clock)
    return signature.sign(page, signer, seal, parts.market.clock), page


def test_a_sealed_page_stands_and_an_altered_one_falls(
    in_browser: Any, parts: Parts, sealed: tuple[bytes, bytes]
) -> None:
    page, unsealed = sealed
    start = page.rindex(b"/Contents <") + len(b"/Contents <")
    plain = parts.form(parts.numbers[0]).encode()
    chance = random.Random(19)
    files = [page, unsealed, plain, page + b"\n", page.replace(b"/ByteRange [0", b"/ByteRange [1", 1), page[:-1]]
    places = [chance.randrange(len(page)) for _ in range(12)] + [start + 2 * step for step in range(0, 700, 25)]
    for at in places:
        copy = bytearray(page)
        copy[at] = ord("0") if start <= at < start + 1500 and copy[at] != ord("0") else copy[at] ^ 1
        files.append(bytes(copy))
    expected = judge_files(files, trust(), parts.now)
    assert [each.get("page") for each in expected[:3]] == [True, None, None]
    assert codes(expected) >= {"ok", "no-seal", "page-altered", "seal-not-trusted", "not-our-pdf"}
    assert [each["page"] for each in expected if "page" in each].count(True) == 1
    same(in_browser("file", [(file, parts.now) for file in files], trust()), expected)


def test_revisions_and_seals_put_on_top_are_refused_alike(
    in_browser: Any, parts: Parts, sealed: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    from hallmark.paper import signature

    page, _ = sealed
    writer = IncrementalPdfFileWriter(io.BytesIO(page))
    writer.root["/PageLayout"] = generic.NameObject("/SinglePage")
    writer.update_root()
    revised = io.BytesIO()
    writer.write(revised)
    mallory = SoftwareSigner.generate(ESP256)
    own = signature.issue(Text("北方", "North"), mallory, date(2026, 1, 1), date(2035, 12, 31))
    monkeypatch.setattr(signature, "FIELD", "Other")
    again = [signature.sign(each, mallory, own, parts.market.clock) for each in (page, revised.getvalue())]
    last = page[page.rindex(b"/ByteRange") :].partition(b"]")[0] + b"]"
    files = [revised.getvalue(), *again, page + b"%" + last + b"\n", page + page]
    expected = judge_files(files, trust(), parts.now)
    assert codes(expected) == {"no-seal", "seal-not-trusted", "not-our-pdf"}
    same(in_browser("file", [(file, parts.now) for file in files], trust()), expected)


def test_a_page_without_a_registered_seal_is_said_to_be_unchecked(in_browser: Any, parts: Parts) -> None:
    form = parts.form(parts.numbers[0]).encode()
    entry = _FILE.replace(b"a.bin", b"certificate.hallmark")
    named = NAMED.replace(b"a.bin", b"certificate.hallmark")
    files = [pdf(named, entry, stream(form))]
    expected = judge_files(files, trust(), parts.now)
    assert expected[0]["page"] is False
    same(in_browser("file", [(files[0], parts.now)], trust()), expected)
