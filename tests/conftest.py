"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real samples made by others; it is no part of the repository."""
    folder = Path(os.environ.get("HALLMARK_SAMPLES", ROOT.parent / "shared" / "samples"))
    if not folder.is_dir():
        pytest.skip("the folder of real samples is absent; set HALLMARK_SAMPLES to try it")
    return folder
