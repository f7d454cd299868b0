"""The same release measures the same everywhere, and nothing else does."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hallmark.node.attester.errors import NotMeasurable
from hallmark.node.attester.measurement import PACKAGE, measure

ROOT = Path(__file__).parents[3]


@pytest.fixture
def package(tmp_path) -> Path:
    """One room of ours, taken for a whole release."""
    return copy(PACKAGE / "kernel", tmp_path / "site" / "hallmark")


def copy(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__")))


def test_two_clones_under_other_paths_with_other_times_and_permissions_measure_the_same(tmp_path) -> None:
    clone = copy(PACKAGE, tmp_path / "home" / "else" / "src" / "hallmark")
    for path in clone.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert measure(clone) == measure()


def test_an_editable_install_measures_as_the_wheel_built_from_it(tmp_path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    source = copy(PACKAGE, tmp_path / "src" / "hallmark")
    assert list(source.rglob("tests")), "the wheel has something to leave out"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    assert not list((tmp_path / "installed").rglob("tests"))
    assert measure(tmp_path / "installed" / "hallmark") == measure(source) == measure()


def change(package: Path) -> None:
    path = package / "keys.py"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "act",
    [
        change,
        lambda package: (package / "keys.py").unlink(),
        lambda package: (package / "keys.py").rename(package / "key.py"),
        lambda package: (package / "data.toml").write_bytes(b""),
        lambda package: (package / "keys.so").write_bytes(b"\x7fELF"),
        lambda package: (package / "keys.pyc").write_bytes(b"bytecode beside the source"),
        lambda package: (package / "keys.py").write_bytes((package / "text.py").read_bytes()),
    ],
    ids=["changed byte", "removed", "renamed", "added", "added library", "added bytecode", "exchanged content"],
)
def test_another_release_measures_otherwise(package, act) -> None:
    before = measure(package)
    act(package)
    assert measure(package) != before


def test_the_caches_of_an_interpreter_and_tests_do_not_count(package) -> None:
    before = measure(package)
    for folder in ("__pycache__", "tests"):
        (package / folder).mkdir()
        (package / folder / "keys.py").write_bytes(b"anything")
    (package / "empty").mkdir()
    assert measure(package) == before


def test_a_link_is_refused_for_it_brings_in_what_lies_elsewhere(package, tmp_path) -> None:
    (package / "rules").symlink_to(tmp_path)
    with pytest.raises(NotMeasurable, match="rules"):
        measure(package)


def test_a_pipe_and_a_name_that_is_no_text_are_refused(package) -> None:
    os.mkfifo(package / "pipe")
    with pytest.raises(NotMeasurable, match="pipe"):
        measure(package)
    (package / "pipe").unlink()
    Path(os.fsdecode(os.fsencode(package) + b"/\xff.py")).write_bytes(b"")
    with pytest.raises(NotMeasurable, match="udcff"):
        measure(package)


def test_the_measurement_is_the_published_construction(tmp_path) -> None:
    """docs/spec/attestation.md, section 6: SHA-256 over these bytes."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.py").write_bytes(b"two")
    (tmp_path / "a.py").write_bytes(b"one")
    one, two = (b"\x58\x20" + hashlib.sha256(content).digest() for content in (b"one", b"two"))
    listed = b"\x82\x82\x64a.py" + one + b"\x82\x66b/c.py" + two
    encoded = b"\x82\x78\x1bhallmark/attestation/code/1" + listed
    assert measure(tmp_path) == hashlib.sha256(encoded).digest()
