"""Lets the tests of this folder share its small consortia."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import pytest

from hallmark.kernel.errors import HallmarkError
from world.languages import watched


@pytest.fixture(autouse=True)
def every_error_speaks_one_language_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A breach that any test of this room provokes is held to it."""
    monkeypatch.setattr(HallmarkError, "__init__", watched(HallmarkError.__init__))
