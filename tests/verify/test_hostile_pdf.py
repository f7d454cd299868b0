"""A small PDF that makes its reader work for long is given up, however it hides the work."""

from __future__ import annotations

import pytest

from hallmark.verify.attachment import NotOurPdf, attachment

ROOT = b"<</Names<</EmbeddedFiles<</Names[" + b"(x)2 0 R" * 95 + b"]>>>>>>"


def pdf(*objects: bytes, sections: bytes = b"") -> bytes:
    """Return a PDF of these objects, numbered from 1, with more `sections` in its table."""
    whole, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n%s1 %d\n" % (sections, len(objects))
    return whole + head + table + b"trailer\n<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(whole)


@pytest.mark.parametrize(
    "item",
    [b"(" + rb"\a" * 9_000 + b")", b"<" + b"a" * 65_000 + b">", (b"%" + b"x" * 254 + b"\n") * 254 + b"1 "],
    ids=["escapes", "digits", "comments"],
)
def test_what_is_read_again_and_again_is_counted_each_time(item):
    with pytest.raises(NotOurPdf, match="it says too much"):
        attachment(pdf(ROOT, b"<</A[" + item * 4 + b"]>>"), "a.bin")


@pytest.mark.parametrize("section", [b"0 0\n", b"0 1\n0000000000 65535 f \n"], ids=["empty", "the same"])
def test_the_sections_of_all_tables_are_counted(section):
    with pytest.raises(NotOurPdf, match="it has too many objects"):
        attachment(pdf(b"<<>>", sections=section * 200_000), "a.bin")
