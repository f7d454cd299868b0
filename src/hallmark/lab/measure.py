"""The process inside the sandbox: reads one job on standard input, answers in JSON lines, takes no decision.

Lines are `{"progress": [done, total, note]}` and at last one of `{"result": ...}`, `{"limit": which}` or
`{"failure": why}`. Whatever a library prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from hallmark.lab.kit import Kit, Session

_TRACE = 6


def main() -> int:
    """Run the job and return the exit status, 0 unless even answering failed."""
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if job["compiled"]:  # compiled kits are code: a sample that takes over this process only reaches its own copy
        shutil.copytree(job["compiled"], os.environ["NUMBA_CACHE_DIR"])
    _limit(job["limits"])
    try:
        answer: dict[str, Any] = {"result": _result(job, out)}
        line = json.dumps(answer, allow_nan=False, sort_keys=True, ensure_ascii=True)
    except MemoryError:
        line = json.dumps({"limit": "memory"})
    except BaseException as error:  # noqa: BLE001 - whatever a hostile sample raises is this one answer
        trace = "".join(traceback.format_exception(error, limit=-_TRACE))
        line = json.dumps({"failure": trace})
    out.write(line + "\n")
    out.flush()
    return 0


def _result(job: dict[str, Any], out: IO[str]) -> object:
    kit: Kit = importlib.import_module(job["module"]).KIT
    if not job["measurement"]:
        return [asdict(answer) for answer in kit.self_check()]
    measurement = next(each for each in kit.measurements if each.name == job["measurement"])

    def progress(done: int, total: int, note: str = "") -> None:
        out.write(json.dumps({"progress": [done, total, note]}) + "\n")
        out.flush()

    session = Session(
        files={role: tuple(map(Path, paths)) for role, paths in job["files"].items()},
        declaration=job["declaration"],
        seed=bytes.fromhex(job["seed"]),
        at=job["at"],
        folder=Path(job["folder"]),
        progress=progress,
        threads=job["threads"],
    )
    return dict(measurement.run(session))


def _limit(limits: dict[str, int]) -> None:
    """Set the limits; the processor's soft limit lies below the hard one, so that its signal names the reason."""
    try:
        import resource  # noqa: PLC0415 - absent where there are no limits
    except ImportError:
        return
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        hard = value + 2 if name == "CPU" else value
        most = resource.getrlimit(number)[1]
        if most != resource.RLIM_INFINITY:
            hard = min(hard, most)
        resource.setrlimit(number, (min(value, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
