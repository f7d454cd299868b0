"""The client software kit on one Android package, beside androguard's full analysis of the same package.

Each row is a process of its own, as in a session: CPU seconds and greatest resident memory, its children's included.
Without an argument the package of the PyPI distribution uiautomator2 (2 MB) is used; another is named as a file, for
instance the 18 MB package in the npm distribution appium-uiautomator2-server.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from hallmark.lab.kit import Session
from hallmark.lab.kits.client_software import KIT

FULL_ANALYSIS = "androguard, full analysis"
NOTHING = "imports alone"


class Cost(NamedTuple):
    """CPU seconds, wall seconds, MiB."""

    cpu: float
    wall: float
    memory: float


def main() -> None:
    """Print one row a measurement, the sum, and the peer."""
    package = Path(sys.argv[1]) if len(sys.argv) > 1 else bundled()
    print(f"{package.name}, {package.stat().st_size / 1e6:.1f} MB")
    rows = {name: cost(name, package) for name in (NOTHING, *(each.name for each in KIT.measurements), FULL_ANALYSIS)}
    for name, (cpu, wall, memory) in rows.items():
        print(f"{name:28} {cpu:7.2f} CPU s {wall:7.2f} s {memory:7.0f} MiB")
    peer = rows.pop(FULL_ANALYSIS)
    del rows[NOTHING]
    cpu, memory = sum(row.cpu for row in rows.values()), max(row.memory for row in rows.values())
    print(f"{'whole kit':28} {cpu:7.2f} CPU s {sum(row.wall for row in rows.values()):7.2f} s {memory:7.0f} MiB")
    print(f"whole kit / peer: CPU {peer.cpu / cpu:.1f} times less, memory {peer.memory / memory:.1f} times less")
    cpu, _, memory = rows["code"]
    print(f"code alone / peer: CPU {peer.cpu / cpu:.1f} times less, memory {peer.memory / memory:.1f} times less")


def bundled() -> Path:
    """Return the package inside uiautomator2, found without importing it."""
    spec = importlib.util.find_spec("uiautomator2")
    if spec is None or spec.origin is None:
        sys.exit("Install hallmark[demo], or name an Android package.")
    return Path(spec.origin).with_name("assets") / "app-uiautomator.apk"


def cost(name: str, package: Path) -> Cost:
    """Return what one row costs."""
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, str(package), name], stdout=subprocess.PIPE, env=os.environ)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    if status:
        sys.exit(f"{name} failed")
    of_children = int(process.stdout.read()) if process.stdout else 0
    return Cost(used.ru_utime + used.ru_stime, wall, max(used.ru_maxrss, of_children) / 1024)


def run_one(package: Path, name: str) -> None:
    """Do the work of one row, and print the greatest memory of its children in KiB."""
    import resource  # noqa: PLC0415 - where there are processes to measure

    if name == FULL_ANALYSIS:
        from androguard.misc import AnalyzeAPK  # noqa: PLC0415 - slow to import
        from loguru import logger  # noqa: PLC0415 - slow to import

        logger.disable("androguard")
        AnalyzeAPK(str(package))
    elif name != NOTHING:
        with tempfile.TemporaryDirectory() as folder:
            files = {"apk": (package,)}
            session = Session(files, {}, bytes(32), 0, Path(folder), lambda _done, _total, _note="": None)
            next(each for each in KIT.measurements if each.name == name).run(session)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run_one(Path(sys.argv[1]), sys.argv[2])
    else:
        main()
