"""What the tests of this kit may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hallmark.lab.isolation import find_program

ROOT = Path(__file__).resolve().parents[6]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real samples made by others; it is no part of the repository."""
    folder = Path(os.environ.get("HALLMARK_SAMPLES", ROOT.parent / "shared" / "samples"))
    if not folder.is_dir():
        pytest.skip("the folder of real samples is absent; set HALLMARK_SAMPLES to try it")
    return folder


@pytest.fixture(scope="session")
def verifier() -> None:
    """The reference verifier of Android packages."""
    if find_program("apksigner") is None or find_program("java") is None:
        pytest.skip("apksigner is not installed: apt install apksigner default-jre-headless")
