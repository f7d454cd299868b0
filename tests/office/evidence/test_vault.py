"""The vault: encrypted, addressed by content, written once, erasable."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from hallmark.office.evidence import cipher
from hallmark.office.evidence.errors import BadAddress, Damaged, Erased, NoSuchEvidence, TooLarge
from hallmark.office.evidence.vault import Vault
from hallmark.office.keys.folder import FolderKeys

CONTENT = b"the source code of a payment terminal " * 4_000
LIMIT = 1 << 20


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "objects", tmp_path / "data-keys", FolderKeys(tmp_path / "keys"))


def objects(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]


def put(vault: Vault, content: bytes = CONTENT) -> str:
    return vault.put(io.BytesIO(content), LIMIT).address


def test_what_is_put_can_be_read_and_its_address_is_the_hash_of_the_ciphertext(vault: Vault, tmp_path: Path) -> None:
    stored = vault.put(io.BytesIO(CONTENT), LIMIT)
    assert b"".join(vault.read(stored.address)) == CONTENT
    assert (stored.size, stored.digest) == (len(CONTENT), hashlib.sha256(CONTENT).digest())
    (path,) = objects(tmp_path)
    assert path.name == stored.address == hashlib.sha256(path.read_bytes()).hexdigest()
    assert b"source code" not in path.read_bytes()


def test_the_same_content_twice_gives_two_unlike_objects(vault: Vault) -> None:
    assert put(vault) != put(vault)


def test_objects_are_read_only_and_for_their_owner(vault: Vault, tmp_path: Path) -> None:
    put(vault)
    assert [path.stat().st_mode & 0o777 for path in objects(tmp_path)] == [0o400]


def test_erasing_ends_the_content_and_keeps_the_object(vault: Vault, tmp_path: Path) -> None:
    gone, kept = put(vault), put(vault)
    vault.erase(gone)
    vault.erase(gone)
    with pytest.raises(Erased):
        vault.read(gone)
    vault.verify(gone)
    assert b"".join(vault.read(kept)) == CONTENT
    assert len(objects(tmp_path)) == 2


def test_a_copy_of_the_data_keys_opens_nothing_erased_once_the_wrapping_key_was_turned(
    vault: Vault, tmp_path: Path
) -> None:
    gone, kept = put(vault), put(vault)
    shutil.copytree(tmp_path / "data-keys", tmp_path / "backup")
    vault.erase(gone)
    restored = Vault(tmp_path / "objects", tmp_path / "backup", FolderKeys(tmp_path / "keys"))
    assert b"".join(restored.read(gone)) == CONTENT
    assert vault.rewrap() == 1
    assert b"".join(vault.read(kept)) == CONTENT
    restored = Vault(tmp_path / "objects", tmp_path / "backup", FolderKeys(tmp_path / "keys"))
    with pytest.raises(Damaged, match="wrapping key"):
        restored.read(gone)


def test_nothing_stored_or_erased_while_all_keys_are_wrapped_anew_is_lost_or_comes_back(
    vault: Vault, tmp_path: Path
) -> None:
    gone, keys = put(vault), FolderKeys(tmp_path / "keys")
    beside = Vault(tmp_path / "objects", tmp_path / "data-keys", keys)  # another process's
    with ThreadPoolExecutor() as others:
        started: list[Future[Any]] = []

        def turn(purpose: str) -> int:
            started.extend([others.submit(put, beside), others.submit(beside.erase, gone)])
            assert not wait(started, timeout=0.2).done
            return FolderKeys.turn(keys, purpose)

        keys.turn = turn  # type: ignore[method-assign]
        assert Vault(tmp_path / "objects", tmp_path / "data-keys", keys).rewrap() == 1
        kept = started[0].result(timeout=10)
        started[1].result(timeout=10)
    assert b"".join(vault.read(kept)) == CONTENT
    with pytest.raises(Erased):
        vault.read(gone)


def test_a_changed_byte_is_found_before_it_is_given(vault: Vault, tmp_path: Path) -> None:
    address = put(vault)
    (path,) = objects(tmp_path)
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[cipher.CHUNK + 100] ^= 1
    path.write_bytes(data)
    chunks = vault.read(address)
    assert next(chunks) == CONTENT[: cipher.CHUNK]
    with pytest.raises(Damaged):
        next(chunks)
    with pytest.raises(Damaged):
        vault.verify(address)


def test_another_whole_object_under_this_address_is_found(vault: Vault, tmp_path: Path) -> None:
    one, other = put(vault), put(vault)
    paths = {path.name: path for path in objects(tmp_path)}
    paths[one].unlink()
    shutil.copy(paths[other], paths[one])
    with pytest.raises(Damaged):
        list(vault.read(one))


def test_a_data_key_does_not_serve_for_another_object(vault: Vault, tmp_path: Path) -> None:
    one, other = put(vault), put(vault)
    shutil.copy(tmp_path / "data-keys" / other[:2] / other, tmp_path / "data-keys" / one[:2] / one)
    with pytest.raises(Damaged, match="wrapped for something else"):
        vault.read(one)


def test_more_than_the_limit_leaves_nothing_behind(vault: Vault, tmp_path: Path) -> None:
    vault.put(io.BytesIO(b"x" * LIMIT), LIMIT)
    with pytest.raises(TooLarge):
        vault.put(io.BytesIO(b"x" * (LIMIT + 1)), LIMIT)
    assert len(objects(tmp_path)) == 1


def test_an_upload_that_breaks_off_leaves_nothing_behind(vault: Vault, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > cipher.CHUNK:
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        vault.put(Broken(CONTENT), LIMIT)
    assert objects(tmp_path) == []


@pytest.mark.parametrize("address", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "/", "a" * 64 + "\n"])
def test_an_address_cannot_lead_out_of_the_folder(vault: Vault, address: str) -> None:
    for verb in (vault.read, vault.verify, vault.erase):
        with pytest.raises(BadAddress):
            verb(address)


def test_a_link_in_place_of_an_object_is_not_followed(vault: Vault, tmp_path: Path) -> None:
    address = put(vault)
    (path,) = objects(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NoSuchEvidence):
        vault.read(address)


def test_sweeping_removes_old_leftovers_and_nothing_else(vault: Vault, tmp_path: Path) -> None:
    address = put(vault)
    incoming = tmp_path / "objects" / "incoming"
    for name, age in ((".old", 100.0), (".new", 900.0)):
        (incoming / name).write_bytes(b"half an upload")
        os.utime(incoming / name, (age, age))
    vault.sweep(500.0)
    assert [path.name for path in incoming.iterdir()] == [".new"]
    assert b"".join(vault.read(address)) == CONTENT
