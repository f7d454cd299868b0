"""A planted kit and a small sample for it; the kit is imported by the sandboxed process too, by its name."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hallmark.lab import sample
from hallmark.lab.isolation import Isolation, isolation_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallmark.lab.kit import Kit
    from hallmark.lab.sample import Manifest


@pytest.fixture(scope="session")
def kit() -> Iterator[Kit]:
    """The planted kit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        yield importlib.import_module("planted").KIT


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A sample folder with one file of five letters."""
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "text.txt").write_bytes(b"hello")
    return folder


@pytest.fixture
def manifest(kit: Kit, text: Path) -> Manifest:
    """The sample, taken."""
    return sample.take(text, kit.roles, product="Chip", model="C1", version="1.0")


@pytest.fixture(params=[Isolation.BUBBLEWRAP, Isolation.LIMITS])
def level(request: pytest.FixtureRequest) -> Isolation:
    """Each isolation level of this machine."""
    if request.param is Isolation.BUBBLEWRAP and isolation_here() is not Isolation.BUBBLEWRAP:
        pytest.skip("bubblewrap does not work here")
    return Isolation(request.param)
