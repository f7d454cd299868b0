"""The laboratory: take a sample, run a kit on it in a sandbox, and keep a record that can be decided again."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallmark.lab.runner import run, warm
    from hallmark.lab.sample import take

__all__ = ["run", "take", "warm"]

_HOMES = {"run": "runner", "warm": "runner", "take": "sample"}


def __getattr__(name: str) -> Any:
    """Load on first use: every sandboxed measurement imports this package and needs none of it."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
