"""The clock of the office: milliseconds since 1970 UTC, handed to whatever asks for the time."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]


def now() -> int:
    """Return the wall clock's time in ms."""
    return time.time_ns() // 1_000_000
