"""Notes, verifier keys and checkpoints against C2SP signed-note and tlog-checkpoint."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import keys
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger import note
from hallmark.ledger.checkpoint import BadCheckpoint, Checkpoint
from hallmark.ledger.merkle import EMPTY
from hallmark.ledger.note import (
    BadNote,
    BadNoteSignature,
    BadVerifierKey,
    Note,
    Unsigned,
    VerifierKey,
    from_base64,
    from_decimal,
)

# The example of C2SP signed-note.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
# The key of the Go checksum database and one of its tree heads (golang.org/x/mod/sumdb; FiloSottile/torchwood,
# cmd/litewitness/testdata/sumdb.txt).
SUMDB_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB = """go.sum database tree
35225469
vt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=

— sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=
"""
# A witness key (transparency-dev/formats, note/note_cosigv1_test.go).
WITNESS_KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"


@pytest.mark.parametrize(("key", "text"), [(EXAMPLE_KEY, EXAMPLE), (SUMDB_KEY, SUMDB)])
def test_published_notes_verify_and_come_out_again(key: str, text: str) -> None:
    verifier = VerifierKey.parse(key)
    parsed = Note.parse(text.encode())
    assert parsed.verify([verifier]) == (verifier,)
    assert parsed.encode() == text.encode()


@pytest.mark.parametrize("text", [EXAMPLE_KEY, SUMDB_KEY, WITNESS_KEY])
def test_published_verifier_keys_come_out_again(text: str) -> None:
    assert VerifierKey.parse(text).text == text


def test_a_published_checkpoint_is_read() -> None:
    checkpoint = Checkpoint.parse(Note.parse(SUMDB.encode()).text)
    assert (checkpoint.origin, checkpoint.size, checkpoint.extensions) == ("go.sum database tree", 35_225_469, ())


def test_changed_text_does_not_verify() -> None:
    changed = Note.parse(SUMDB.replace("35225469", "35225468").encode())
    with pytest.raises(BadNoteSignature):
        changed.verify([VerifierKey.parse(SUMDB_KEY)])


def test_signatures_of_unknown_keys_are_ignored_but_not_enough() -> None:
    unknown = keys.SoftwareSigner.from_seed(bytes(32))
    signed = Note.parse(EXAMPLE.encode())
    signed = signed.with_signatures([note.sign(signed.text, "other.example", unknown)])
    known = VerifierKey.parse(EXAMPLE_KEY)
    assert signed.verify([known]) == (known,)
    with pytest.raises(Unsigned):
        signed.verify([VerifierKey.parse(WITNESS_KEY)])
    renamed = dataclasses.replace(known, name="example.com/bar")  # another name, so another key
    with pytest.raises(Unsigned):
        signed.verify([renamed])


def test_text_may_hold_blank_lines() -> None:
    signer = keys.SoftwareSigner.from_seed(bytes(32))
    text = "one\n\ntwo\n\n"
    data = Note(text, (note.sign(text, "a", signer),)).encode()
    assert Note.parse(data).text == text
    Note.parse(data).verify([VerifierKey.of("a", note.PLAIN, signer.public)])


def test_a_note_has_at_least_one_signature() -> None:
    with pytest.raises(BadNote):
        Note("text\n", ())


SIGNATURE = EXAMPLE.split("\n", 2)[2]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        f"text\n{SIGNATURE}".encode(),
        f"text\n\n{SIGNATURE}".encode()[:-1],
        f"text\n\n{SIGNATURE}\n".encode(),
        f"te\rxt\n\n{SIGNATURE}".encode(),
        f"text\x00\n\n{SIGNATURE}".encode(),
        f"text\n\n{SIGNATURE}".replace("—", "-").encode(),
        f"text\n\n{SIGNATURE}".replace("/foo", "+foo").encode(),
        f"text\n\n{SIGNATURE}".replace("/foo", "\u2003foo").encode(),
        f"text\n\n{SIGNATURE}".replace("yaQM=", "yaQN=").encode(),
        f"text\n\n{SIGNATURE}".replace("yaQM=", "yaQM").encode(),
        "text\n\n— a AAAAAA==\n".encode(),
        b"\xff\n\n" + SIGNATURE.encode(),
        f"text\n\n{SIGNATURE * 257}".encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(BadNote):
        Note.parse(data)


def test_sixteen_signatures_and_more_are_read() -> None:
    assert len(Note.parse(f"text\n\n{SIGNATURE * 256}".encode()).signatures) == 256


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "rekor.sigstore.dev+12345678+AwEB",
        "a+00000000+AQ==",
        "a+00000000+",
        "\ud800+00000000+AQ==",
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises((BadVerifierKey, keys.BadKey)):
        VerifierKey.parse(text)


def test_a_verifier_key_of_small_order_is_refused() -> None:
    with pytest.raises(keys.BadKey):
        VerifierKey.of("a", note.PLAIN, keys.PublicKey(keys.ED25519, bytes(32)))


def test_a_key_of_another_algorithm_signs_no_plain_note() -> None:
    with pytest.raises(BadVerifierKey):
        note.sign("text\n", "a", keys.SoftwareSigner.from_seed(bytes(32), keys.ML_DSA_44))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        f"a\n1\n{note.to_base64(EMPTY)}",
        f"\n1\n{note.to_base64(EMPTY)}\n",
        f"a\n01\n{note.to_base64(EMPTY)}\n",
        f"a\n-1\n{note.to_base64(EMPTY)}\n",
        f"a\n١\n{note.to_base64(EMPTY)}\n",
        f"a\n{2**63}\n{note.to_base64(EMPTY)}\n",
        f"a\n1\n{note.to_base64(EMPTY[1:])}\n",
        f"a\n1\n{note.to_base64(EMPTY)}\n\n",
        f"a\n1\n{note.to_base64(EMPTY)}\n\nb\n",
        f"a\n0\n{note.to_base64(bytes(32))}\n",
        f"\ud800\n1\n{note.to_base64(EMPTY)}\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(text)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), max_size=3),
)
def test_checkpoints_come_out_again(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


@given(st.binary(), st.text())
def test_hostile_text_raises_only_our_errors(data: bytes, text: str) -> None:
    framed = f"{text}\n\n— {text} {note.to_base64(data)}\n".encode(errors="surrogatepass")
    for parse, value in (
        (Note.parse, data),
        (Note.parse, framed),
        (Checkpoint.parse, text),
        (VerifierKey.parse, text),
        (VerifierKey.parse, f"{text}+00000000+{note.to_base64(data)}"),
    ):
        try:
            parse(value)
        except HallmarkError:
            continue


@given(st.text())
def test_numbers_and_base64_have_one_spelling(text: str) -> None:
    number, data = from_decimal(text), from_base64(text)
    assert number is None or str(number) == text
    assert data is None or note.to_base64(data) == text
