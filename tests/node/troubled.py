"""A node as a process, on a machine whose disk is slow and whose clock is wrong by what a file says.

    python troubled.py <folder> <address>

`<folder>/trouble` has two numbers, read anew each time: seconds that a commit takes longer, and seconds that the clock
is ahead.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hallmark.node import __main__ as program
from hallmark.node.store import Store

FOLDER, ADDRESS = Path(sys.argv[1]), sys.argv[2]


def trouble() -> tuple[float, float]:
    try:
        late, ahead = map(float, (FOLDER / "trouble").read_text().split())
    except (FileNotFoundError, ValueError):
        return 0.0, 0.0
    return late, ahead


_transaction, _time_ns = Store.transaction, time.time_ns


@contextmanager
def slow_transaction(store: Store) -> Iterator[None]:
    with _transaction(store):
        yield
        time.sleep(trouble()[0])


Store.transaction = slow_transaction
time.time_ns = lambda: _time_ns() + int(trouble()[1] * 10**9)

if __name__ == "__main__":
    raise SystemExit(program.main(["run", "--folder", str(FOLDER), "--listen", ADDRESS]))
