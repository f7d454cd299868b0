"""The two schemes that the tests of this room read: the one that ships, and a small one kept beside the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from hallmark import schemes
from hallmark.scheme import loader
from hallmark.scheme.model import Scheme


@pytest.fixture(scope="session")
def cfp() -> Scheme:
    """The scheme that ships."""
    return loader.load(schemes.read("cfp"))


@pytest.fixture(scope="session")
def pilot_files() -> dict[str, bytes]:
    """The files of the small scheme; tests that change them take a copy."""
    folder = Path(__file__).parent / "pilot"
    return {path.name: path.read_bytes() for path in folder.glob("*.toml")}


@pytest.fixture(scope="session")
def pilot(pilot_files: dict[str, bytes]) -> Scheme:
    """The small scheme."""
    return loader.load(pilot_files)
