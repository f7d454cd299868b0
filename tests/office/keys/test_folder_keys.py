"""Keys in a folder: made once, private, and good for signing and wrapping."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ED25519, ESP256, ML_DSA_44, BadKey
from hallmark.office.keys.errors import BadName, CannotUnwrap, ExposedKey, KeyExists, NoSuchKey
from hallmark.office.keys.folder import FolderKeys

SECRET = b"a data key of thirty-two bytes!!"


@pytest.fixture
def keys(tmp_path: Path) -> FolderKeys:
    return FolderKeys(tmp_path)


@pytest.mark.parametrize("algorithm", [ED25519, ESP256, ML_DSA_44])
def test_a_key_signs_after_a_restart(tmp_path: Path, algorithm: int) -> None:
    public = FolderKeys(tmp_path).create("log", algorithm)
    signer = FolderKeys(tmp_path).get_signer("log")
    public.verify(b"message", signer.sign(b"message"))


def test_a_key_is_never_overwritten(keys: FolderKeys) -> None:
    first = keys.create("log")
    with pytest.raises(KeyExists):
        keys.create("log")
    assert keys.get_signer("log").public == first
    assert keys.names() == ("log",)


def test_the_files_are_for_their_owner_only(keys: FolderKeys, tmp_path: Path) -> None:
    keys.create("log")
    keys.wrap("evidence", SECRET, b"context")
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_key_that_others_may_read_is_not_used(keys: FolderKeys, tmp_path: Path) -> None:
    keys.create("log")
    (tmp_path / "signing" / "log.pem").chmod(0o640)
    with pytest.raises(ExposedKey, match=r"log\.pem"):
        keys.get_signer("log")


@pytest.mark.parametrize("name", ["", "../log", "a/b", ".hidden", "a" * 97, "log\n", "日志"])
def test_a_name_cannot_lead_out_of_the_folder(keys: FolderKeys, name: str) -> None:
    with pytest.raises(BadName):
        keys.create(name)
    with pytest.raises(BadName):
        keys.get_signer(name)
    with pytest.raises(BadName):
        keys.wrap(name, SECRET, b"")


def test_a_key_that_is_not_there_is_missing(keys: FolderKeys) -> None:
    with pytest.raises(NoSuchKey):
        keys.get_signer("log")


def test_with_a_passphrase_the_file_alone_is_worth_nothing(tmp_path: Path) -> None:
    sealed = FolderKeys(tmp_path, b"passphrase")
    sealed.create("log")
    wrapped = sealed.wrap("evidence", SECRET, b"context")
    assert FolderKeys(tmp_path, b"passphrase").unwrap("evidence", wrapped, b"context") == SECRET
    for wrong in (FolderKeys(tmp_path), FolderKeys(tmp_path, b"another")):
        with pytest.raises(BadKey):
            wrong.get_signer("log")
        with pytest.raises(BadKey):
            wrong.unwrap("evidence", wrapped, b"context")


def test_a_wrapped_secret_opens_in_its_context_only(keys: FolderKeys) -> None:
    wrapped = keys.wrap("evidence", SECRET, b"context")
    assert keys.unwrap("evidence", wrapped, b"context") == SECRET
    assert SECRET not in wrapped
    keys.wrap("accounts", SECRET, b"")
    for purpose, context in (("evidence", b"another context"), ("accounts", b"context"), ("new", b"context")):
        with pytest.raises(CannotUnwrap):
            keys.unwrap(purpose, wrapped, context)


def test_two_wrappings_of_one_secret_differ(keys: FolderKeys) -> None:
    assert keys.wrap("evidence", SECRET, b"") != keys.wrap("evidence", SECRET, b"")


def test_dropping_old_generations_ends_what_they_wrapped(keys: FolderKeys, tmp_path: Path) -> None:
    old = keys.wrap("evidence", SECRET, b"")
    generation = keys.turn("evidence")
    new = keys.wrap("evidence", SECRET, b"")
    assert keys.unwrap("evidence", old, b"") == keys.unwrap("evidence", new, b"") == SECRET
    other = keys.wrap("accounts", SECRET, b"")
    keys.drop("evidence", generation)
    assert keys.unwrap("accounts", other, b"") == SECRET
    for place in (keys, FolderKeys(tmp_path)):
        assert place.unwrap("evidence", new, b"") == SECRET
        with pytest.raises(CannotUnwrap, match="generation 1"):
            place.unwrap("evidence", old, b"")


def test_a_signing_key_does_not_serve_for_wrapping(keys: FolderKeys, tmp_path: Path) -> None:
    keys.create("log")
    wrapped = keys.wrap("evidence", SECRET, b"")
    (tmp_path / "wrapping" / "evidence" / "1.pem").write_bytes((tmp_path / "signing" / "log.pem").read_bytes())
    with pytest.raises(BadKey, match="another algorithm"):
        FolderKeys(tmp_path).unwrap("evidence", wrapped, b"")


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_hostile_bytes_raise_nothing_but_our_errors(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    keys = FolderKeys(tmp_path_factory.getbasetemp() / "hostile")
    wrapped = keys.wrap("evidence", SECRET, b"")
    for hostile in (data, wrapped[:4] + data, wrapped[:-1] + bytes([wrapped[-1] ^ 1])):
        with pytest.raises(HallmarkError):
            keys.unwrap("evidence", hostile, b"")
