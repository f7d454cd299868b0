"""The pack as a file: made, signed, filled in without network, and read again whatever became of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hallmark.kernel import identifier
from hallmark.kernel.ed25519 import BadSignature
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.hashing import sha256
from hallmark.kernel.keys import SoftwareSigner
from hallmark.office.audit import pack
from hallmark.office.audit.errors import BadPack, ItemUnknown, NotFilledIn, NotSigned

WORDS = {"zh": "质量", "en": "Quality"}
PARTY = {"name": WORDS, "address": "1 road"}
BODY = SoftwareSigner.from_seed(bytes(32))
ERIN = identifier.from_seed("PERSON", b"erin")
WRONG = {"requirement": "QA-01", "grade": "minor", "finding": "old", "due": "2026-06-01", "photos": []}


def item(name):
    return {
        "id": name,
        "list": WORDS,
        "title": WORDS,
        "criterion": WORDS,
        "clauses": ["GB/T 1 6.3"],
        "obligation": "shall",
        "method": "inspection",
        "decisive": True,
    }


def head(**claims):
    build = {"role": "apk", "name": "a.apk", "size": 1, "sha256": bytes(32)}
    return {
        "environment": "test",
        "audit": identifier.from_seed("AUDIT", b"1"),
        "case": identifier.from_seed("CASE", b"1"),
        "case_digest": bytes(32),
        "body": identifier.from_seed("ORG", b"1"),
        "scheme": "cfp",
        "edition": "2019",
        "scheme_digest": bytes(32),
        "profile": "news-2019",
        "product_type": "CFP-01",
        "product": {"name": WORDS, "model": "LW-1", "version": "1.0", "builds": [build]},
        "manufacturer": PARTY,
        "factory": PARTY,
        "site": {"name": "works", "address": "1 road"},
        "team": [{"person": ERIN, "function": "auditor", "name": "Erin"}],
        "checklist": [item("QA-00"), item("QA-01")],
        "made_at": 1_790_000_000_000,
        **claims,
    }


def filled_in():
    return (
        pack.make(head())
        .sign(BODY)
        .answer("QA-00", "conforms", "looked at 查看")
        .answer("QA-01", "nonconforming")
        .show("QA-01", "the list", b"jpeg")
        .draft("1", {**WRONG, "photos": [sha256(b"jpeg")]})
        .close(ERIN, 1_790_000_001_000, "2026-05-04", "2026-05-05")
    )


def document():
    return json.loads(filled_in().encode())


def test_what_is_filled_in_is_read_again():
    filled = filled_in()
    again = pack.parse(filled.encode())
    assert again == filled
    again.check_closed()
    again.verify(BODY.public)
    assert pack.parse(b"\xef\xbb\xbf" + filled.encode()) == filled, "an editor may put a byte order mark in front"


def test_a_person_can_fill_it_in_with_an_editor():
    file = json.loads(pack.make(head()).encode())
    assert "filled" in file["guide"]["en"]
    file["filled"]["findings"]["QA-00"] = "conforms"
    file["filled"] |= {"by": ERIN, "made_at": 5, "started_on": "2026-05-04", "finished_on": "2026-05-04"}
    again = pack.parse(json.dumps(file).encode())
    again.check_closed()
    assert again.filled["findings"] == {"QA-00": "conforms"}
    assert again.digest == pack.make(head()).digest


def test_filling_in_needs_neither_django_nor_the_clock():
    code = "import sys, hallmark.office.audit.pack; sys.exit(any(n.split('.')[0] == 'django' for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("environment",), "another"),
        (("product", "version"), "1.1"),
        (("checklist", 0, "criterion", "en"), "Anything goes"),
        (("checklist", 0, "decisive"), False),
        (("team", 0, "person"), identifier.from_seed("PERSON", b"mallory")),
        (("case_digest",), "01" * 32),
    ],
)
def test_a_swapped_head_is_not_the_bodys(place, value):
    file = document()
    within = file["pack"]
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = value
    with pytest.raises(BadSignature):
        pack.parse(json.dumps(file).encode()).verify(BODY.public)


def test_a_pack_without_signature_or_of_another_key_is_not_vouched_for():
    with pytest.raises(NotSigned):
        pack.make(head()).verify(BODY.public)
    with pytest.raises(BadSignature):
        filled_in().verify(SoftwareSigner.from_seed(bytes([1] * 32)).public)


def test_a_pack_that_is_not_closed_says_what_is_missing():
    with pytest.raises(NotFilledIn, match=r"filled\.by: it is missing"):
        pack.make(head()).check_closed()


@pytest.mark.parametrize(
    "fill",
    [
        lambda empty: empty.answer("QA-99", "conforms"),
        lambda empty: empty.show("QA-99", "photo", b""),
    ],
)
def test_nobody_fills_in_what_is_not_on_the_checklist(fill):
    with pytest.raises(ItemUnknown):
        fill(pack.make(head()))


@pytest.mark.parametrize(
    "fill",
    [
        lambda empty: empty.answer("QA-00", "fine"),
        lambda empty: empty.answer("QA-00", "conforms", "x" * 5000),
        lambda empty: empty.draft("1", {**WRONG, "grade": "huge"}),
        lambda empty: empty.draft("1", {**WRONG, "due": "tomorrow"}),
        lambda empty: empty.draft("a label that is far too long", WRONG),
        lambda empty: empty.close("Erin", 1, "2026-05-04", "2026-05-04"),
        lambda empty: empty.close(ERIN, True, "2026-05-04", "2026-05-04"),
    ],
)
def test_filling_in_what_has_not_its_shape_is_refused_at_once(fill):
    with pytest.raises(BadPack):
        fill(pack.make(head()))


def _changed(**changes):
    return json.dumps({**document(), **changes}).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a JSON file"),
        (b"\xff\xfe{\x00", "not a JSON file"),
        (b"[" * 100_000, "not a JSON file"),
        (b'{"format": ' + b"9" * 10_000 + b"}", "not a JSON file"),
        (b"[]", "its format is not"),
        (b'{"format": "hallmark/audit-pack/2"}', "its format is not"),
        (b'{"format": "a", "format": "hallmark/audit-pack/1"}', "format comes twice"),
        (b'{"format": "hallmark/audit-pack/1"}', "pack: a record is wanted"),
        (b'{"a": NaN}', "it holds NaN"),
        (b" " * (pack.MAX_BYTES + 1), "more than 4194304 bytes"),
        (_changed(more=1), "more, which is not known here"),
        (_changed(pack=[]), "pack: a record is wanted"),
        (_changed(pack=None), "pack: a record is wanted"),
        (_changed(signature={"key": "zz", "signature": ""}), "hexadecimal"),
        (_changed(signature=7), "signature"),
        (_changed(filled=None), "filled: a record is wanted"),
        (_changed(filled={**document()["filled"], "findings": []}), "filled.findings"),
        (_changed(filled={**document()["filled"], "findings": {"QA-00": 1}}), "filled.findings[QA-00]"),
        (_changed(filled={**document()["filled"], "findings": {"QA-00\x00": "conforms"}}), "filled.findings[key]"),
        (_changed(filled={**document()["filled"], "notes": {"QA-00": "\x00"}}), "control character"),
        (_changed(filled={**document()["filled"], "notes": {"QA-00": "\ud800"}}), "surrogate"),
        (_changed(filled={**document()["filled"], "made_at": 1.5}), "decimal"),
        (_changed(filled={**document()["filled"], "made_at": 2**70}), "filled.made_at"),
        (_changed(filled={**document()["filled"], "photos": [{"item": "QA-00"}]}), "filled.photos[0]"),
        (
            _changed(filled={**document()["filled"], "photos": [{"item": "QA-00", "sha256": "00", "title": "a"}]}),
            "filled.photos[0].sha256",
        ),
    ],
)
def test_what_is_no_pack_is_refused_with_the_place(content, why):
    with pytest.raises(BadPack) as error:
        pack.parse(content)
    assert why in error.value.explain("en")
    assert error.value.explain("zh")


def test_ten_thousand_names_of_which_the_last_comes_twice_take_no_time():
    names = ", ".join(f'"{number}": 0' for number in range(200_000))
    with pytest.raises(BadPack, match="7 comes twice"):
        pack.parse(f'{{{names}, "7": 0}}'.encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _places(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from _places(child, (*path, step))


PLACES = [place for place in _places(document()) if place]


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_anywhere_in_a_pack_is_read_or_refused(place, value):
    file = document()
    within = file
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = value
    try:
        again = pack.parse(json.dumps(file).encode())
    except HallmarkError:
        return
    assert pack.parse(again.encode()) == again


@given(st.binary(max_size=200))
@example(b'{"format":"hallmark/audit-pack/1","pack":{},"filled":{}}')
def test_any_bytes_are_refused_with_words(content):
    with pytest.raises(BadPack):
        pack.parse(content)


def test_a_signature_that_names_another_key_is_not_the_bodys():
    pack_ = filled_in()
    with pytest.raises(BadSignature):
        replace(pack_, signature={**pack_.signature, "key": bytes(32)}).verify(BODY.public)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_one_wrong_byte_anywhere_is_refused_or_changes_the_head_or_the_filling(at, value):
    content = bytearray(filled_in().encode())
    content[at % len(content)] = value
    try:
        again = pack.parse(bytes(content))
    except HallmarkError:
        return
    if again.digest == filled_in().digest and again.signature == filled_in().signature:
        again.verify(BODY.public)
    else:
        with pytest.raises(HallmarkError):
            again.verify(BODY.public)
