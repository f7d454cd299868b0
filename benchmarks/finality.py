"""How long a statement takes to become final with seven nodes, and how many a second do.

Seven node processes and a sequencer on this machine, each with its own store, every commit flushed: from the moment the
batch is handed over until a quorum of five has mirrored its head under both keys. Wall clock, and all on the same
cores: seven machines would share less. The batches are cases of the simulated market on their way to a plan, behind one
told time. About a minute.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from measure import Row, show

sys.path[0] = str(Path(__file__).resolve().parent.parent / "tests")  # in place of this folder, which has a node.py

from node.network import NAMES  # noqa: E402 - found by the line above
from node.processes import Processes  # noqa: E402 - ditto

CASES = (0, 1, 8, 32)
"""Cases in a batch; without any it is the told time alone."""
SECONDS = 12.0


def main() -> None:
    """Print the table."""
    rows: list[Row] = []
    for cases in CASES:
        heads = measure(cases)
        took = sorted(seconds for seconds, _ in heads)
        statements = sum(count for _, count in heads)
        size = statements / len(heads)
        rows += [
            Row(f"{size:.0f} a head, statements", statements / sum(took)),
            Row(f"{size:.0f} a head, p50", took[len(took) // 2], "s"),
            Row(f"{size:.0f} a head, p99", took[len(took) * 99 // 100], "s"),
        ]
    show(f"finality, {len(NAMES)} node processes on one machine, wall clock", rows)


def measure(cases: int) -> list[tuple[float, int]]:
    """Return the seconds and statements of each head but the first, which brings the market in."""
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        for name in NAMES:
            processes.start(name)
        processes.start("sequencer", 10**6, cases)
        while not processes.acknowledged():
            time.sleep(0.1)
        time.sleep(SECONDS)
        processes.kill("sequencer")
        return [(took, count) for _, _, took, count in processes.acknowledged()[1:]]


if __name__ == "__main__":
    main()
