"""What the benchmarks share: the clock, the machine, and one table.

CPU figures are those of the best window: on a shared machine the others tell of its neighbours. What waits for a disk,
a database or a process is wall clock. A missed aim is printed, and fails nothing.
"""

from __future__ import annotations

import os
import platform
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

WINDOWS = 7
SECONDS = 2.0
PER_SECOND = "/s"


class Row(NamedTuple):
    """One measurement in `unit`, the aim for it, and what a peer takes for the same work in the same run."""

    name: str
    ours: float
    unit: str = PER_SECOND
    aim: float | None = None
    peer: str = ""
    theirs: float | None = None

    @property
    def met(self) -> str:
        """Whether the aim is reached: of a rate at least as much, of a cost at most."""
        if self.aim is None:
            return ""
        return "met" if (self.ours >= self.aim if self.unit == PER_SECOND else self.ours <= self.aim) else "missed"

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer."""
        if self.theirs is None:
            return None
        return self.ours / self.theirs if self.unit == PER_SECOND else self.theirs / self.ours


def best(work: Callable[[], object], *, windows: int = WINDOWS, seconds: float = SECONDS) -> float:
    """Return the CPU seconds of one `work()` in the best of at least so many windows, in at least so many seconds."""
    least, spent, count = float("inf"), 0.0, 0
    while count < windows or spent < seconds:
        begin = time.process_time()
        work()
        used = time.process_time() - begin
        least, spent, count = min(least, used), spent + used, count + 1
    return least


def rate(work: Callable[[], object], count: int) -> float:
    """Return how many of the `count` things that one `work()` does fit into a CPU second, in the best window."""
    return count / best(work)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> str:
    """Return what the figures were measured on."""
    names = (line for line in _cpuinfo() if line.startswith("model name"))
    processor = next(names, platform.processor()).partition(":")[2].strip() or platform.machine()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{processor}, {os.cpu_count()} cores{load}, Python {platform.python_version()}, {ssl.OPENSSL_VERSION}"


def show(title: str, rows: Iterable[Row]) -> None:
    """Print the table."""
    print(f"\n{title}\n{machine()}")
    print(f"{'':40}{'ours':>12} {'':5}{'aim':>10} {'':8}{'peer':>12} {'better by':>10}")
    for row in rows:
        aim = "" if row.aim is None else _figure(row.aim)
        peer = "" if row.theirs is None else _figure(row.theirs)
        times = "" if row.ratio is None else f"{row.ratio:.2f}"
        line = (
            f"{row.name:40}{_figure(row.ours):>12} {row.unit:5}{aim:>10} {row.met:8}{peer:>12} {times:>10}  {row.peer}"
        )
        print(line.rstrip(), flush=True)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
