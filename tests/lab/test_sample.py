"""A sample is taken once, hashed, and refused where it is anything but plain files."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.lab.kit import Role
from hallmark.lab.sample import SampleChanged, SampleRefused, take

if TYPE_CHECKING:
    from pathlib import Path

ROLES = (
    Role("bits", Text("比特", "bits"), most_files=2, most_bytes=64),
    Role("marker", Text("标记", "marker"), required=False, most_bytes=8),
)


def test_both_digests_are_the_published_ones(tmp_path: Path) -> None:
    # "abc": FIPS 180-4 example; GB/T 32905-2016 annex A.1
    (tmp_path / "bits.bin").write_bytes(b"abc")
    file = take(tmp_path, ROLES).files[0]
    assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file.sm3 == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert (file.size, file.role, file.media) == (3, "bits", "application/octet-stream")


def test_a_folder_tells_roles_by_name_and_the_product_by_its_description(tmp_path: Path) -> None:
    (tmp_path / "bits").mkdir()
    (tmp_path / "bits" / "b").write_bytes(b"2")
    (tmp_path / "bits" / "a").write_bytes(b"1")
    (tmp_path / "marker.bin").write_bytes(b"0")
    description = {"product": "Chip", "model": "C1", "version": "1", "declaration": {"bit_order": "msb-first"}}
    (tmp_path / "sample.json").write_text(json.dumps(description))
    manifest = take(tmp_path, ROLES, version="2")
    assert (manifest.product, manifest.model, manifest.version) == ("Chip", "C1", "2")
    assert [file.name for file in manifest.of("bits")] == ["a", "b"]
    assert {file.bit_order for file in manifest.files} == {"msb-first"}
    canonical.encode(manifest.statement())


def test_a_single_file_is_of_the_first_role_and_bit_order_may_differ_by_role(tmp_path: Path) -> None:
    (tmp_path / "anything.apk").write_bytes(b"1")
    (tmp_path / "m").write_bytes(b"1")
    assert take(tmp_path / "anything.apk", ROLES).files[0].role == "bits"
    manifest = take(
        {"bits": [tmp_path / "anything.apk"], "marker": [tmp_path / "m"]},
        ROLES,
        declaration={"bit_order": {"bits": "lsb-first"}},
    )
    assert [file.bit_order for file in manifest.files] == ["lsb-first", ""]


def _link(folder: Path) -> None:
    (folder / "other").write_bytes(b"secret")
    (folder / "bits.bin").symlink_to(folder / "other")


def _folder_link(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "bits").symlink_to(folder / "real")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "bits.bin")


def _nested(folder: Path) -> None:
    (folder / "bits" / "deep").mkdir(parents=True)


def _many(folder: Path) -> None:
    (folder / "bits").mkdir()
    for name in "abc":
        (folder / "bits" / name).write_bytes(b"")


def _newline(folder: Path) -> None:
    (folder / "bits").mkdir()
    (folder / "bits" / "a\nb").write_bytes(b"")


@pytest.mark.parametrize(
    "plant",
    [
        _link,
        _folder_link,
        _pipe,
        _nested,
        _many,
        _newline,
        lambda folder: (folder / "bits.bin").write_bytes(bytes(65)),
        lambda folder: (folder / "stranger.bin").write_bytes(b""),
        lambda folder: (folder / "sample.json").write_text("[1"),
        lambda folder: (folder / "sample.json").write_text("[1]"),
        lambda folder: (folder / "sample.json").write_text('{"declaration": 1}'),
        lambda folder: (folder / "sample.json").symlink_to("/etc/hostname"),
    ],
    ids=[
        *("link", "linked folder", "pipe", "folder in a role", "too many", "newline in a name", "too big", "no role"),
        *("broken description", "description no object", "declaration no object", "description a link"),
    ],
)
def test_what_is_not_a_plain_expected_file_is_refused(tmp_path: Path, plant) -> None:
    folder = tmp_path / "sample"
    folder.mkdir()
    plant(folder)
    with pytest.raises(SampleRefused):
        take(folder, ROLES)


def test_two_files_of_one_name_and_an_unknown_bit_order_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_bytes(b"")
    with pytest.raises(SampleRefused, match="bear this name"):
        take({"bits": [tmp_path / "a" / "x", tmp_path / "b" / "x"]}, ROLES)
    with pytest.raises(SampleRefused, match="bit order"):
        take({"bits": [tmp_path / "a" / "x"]}, ROLES, declaration={"bit_order": "middle-first"})
    with pytest.raises(SampleRefused):
        take(tmp_path / "absent", ROLES)


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"abd"), lambda path: path.unlink(),
                                    lambda path: path.write_bytes(b"abcd")])  # fmt: skip
def test_a_file_that_changes_after_reception_voids_the_sample(tmp_path: Path, change) -> None:
    path = tmp_path / "bits.bin"
    path.write_bytes(b"abc")
    manifest = take(tmp_path, ROLES)
    manifest.check()
    change(path)
    with pytest.raises(SampleChanged):
        manifest.check()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_no_description_raises_anything_but_a_hallmark_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sample.json").write_bytes(content)
    try:
        take(tmp_path, ROLES)
    except HallmarkError as error:
        assert error.explain("zh")
