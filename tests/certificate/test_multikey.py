"""Ed25519 keys as Multikey text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate.multikey import BadMultikey, NotEd25519, decode, encode, from_base58, to_base58
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ESP256, BadKey, SoftwareSigner

# w3c/vc-di-eddsa, TestVectors/keyPair.json
PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
PRIVATE = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"


def test_the_key_pair_of_the_w3c_vectors_is_one():
    private = from_base58(PRIVATE)
    assert private[:2] == b"\x80\x26"  # multicodec ed25519-priv
    assert encode(SoftwareSigner.from_seed(private[2:]).public) == PUBLIC
    assert decode(PUBLIC) == SoftwareSigner.from_seed(private[2:]).public


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"Hello World!", "z2NEpo7TZRRrLZSi2U"), (b"\0\0\x28\x7f\xb4\xcd", "z11233QC4"), (b"", "z"), (b"\0", "z1")],
)
def test_the_examples_of_the_base58_draft(data, text):
    """draft-msporny-base58-03 section 5, behind the multibase letter."""
    assert to_base58(data) == text
    assert from_base58(text) == data


@pytest.mark.parametrize("text", ["", "6Mkr", "uAAAA", "z0", "zO", "zI", "zl", "z ", "z" + "1" * 300, PUBLIC + "é"])
def test_what_is_not_base58_is_refused(text):
    with pytest.raises(BadMultikey):
        from_base58(text)


def test_a_key_of_another_algorithm_has_no_text_here():
    with pytest.raises(NotEd25519):
        encode(SoftwareSigner.generate(ESP256).public)


@pytest.mark.parametrize("text", [PRIVATE, to_base58(b"\xed\x01"), to_base58(b"\xed\x01" + bytes(32)), PUBLIC[:-1]])
def test_what_is_no_ed25519_key_is_refused(text):
    with pytest.raises((BadMultikey, BadKey)):
        decode(text)


@given(st.binary(max_size=80))
def test_bytes_come_back(data):
    assert from_base58(to_base58(data)) == data


@given(st.text(max_size=60))
def test_hostile_text_never_raises_anything_but_ours(text):
    with pytest.raises(HallmarkError):
        decode("z" + text)
