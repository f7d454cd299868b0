"""The client software kit on Android packages, beside androguard's full analysis of the same package.

Each row is a process of its own, as in a session: CPU seconds and greatest resident memory, its children's included.
The packages are the one in the PyPI distribution uiautomator2 (2 MB) and the largest in the npm distribution
appium-uiautomator2-server (18 MB), which is fetched into a folder that vanishes, where npm is; or one named as a file.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from measure import Row, show

from hallmark.lab.kit import Session
from hallmark.lab.kits.client_software import KIT

FULL_ANALYSIS = "androguard, full analysis"
NOTHING = "imports alone"
LARGE = "appium-uiautomator2-server"
PATIENCE_S = 120


class Cost(NamedTuple):
    """CPU seconds, wall seconds, MiB."""

    cpu: float
    wall: float
    memory: float


def main() -> None:
    """Print the table of each package."""
    if len(sys.argv) > 1:
        return compare(Path(sys.argv[1]))
    compare(bundled())
    with tempfile.TemporaryDirectory() as folder:
        if package := large(Path(folder)):
            return compare(package)
    print("the large package cannot be fetched here")
    return None


def compare(package: Path) -> None:
    """Print one row a measurement, the sum, and the peer."""
    rows = {name: cost(name, package) for name in (NOTHING, *(each.name for each in KIT.measurements), FULL_ANALYSIS)}
    peer = rows.pop(FULL_ANALYSIS)
    table = [Row(f"{name}, {row.wall:.2f} s by the clock", row.cpu, "CPU s") for name, row in rows.items()]
    del rows[NOTHING]
    cpu, memory = sum(row.cpu for row in rows.values()), max(row.memory for row in rows.values())
    code = rows["code"]
    table += [
        Row("whole kit, time", cpu, "CPU s", None, FULL_ANALYSIS, peer.cpu),
        Row("whole kit, memory", memory, "MiB", None, FULL_ANALYSIS, peer.memory),
        Row("code alone, time", code.cpu, "CPU s", None, FULL_ANALYSIS, peer.cpu),
        Row("code alone, memory", code.memory, "MiB", None, FULL_ANALYSIS, peer.memory),
    ]
    show(f"client software kit, {package.name}, {package.stat().st_size / 1e6:.1f} MB", table)


def bundled() -> Path:
    """Return the package inside uiautomator2, found without importing it."""
    spec = importlib.util.find_spec("uiautomator2")
    if spec is None or spec.origin is None:
        sys.exit("Install hallmark[demo], or name an Android package.")
    return Path(spec.origin).with_name("assets") / "app-uiautomator.apk"


def large(folder: Path) -> Path | None:
    """Return the largest package of the npm distribution, or None where it cannot be had."""
    npm = shutil.which("npm")
    try:
        subprocess.run([npm or "npm", "pack", LARGE], cwd=folder, capture_output=True, timeout=PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        package = max((each for each in archive if each.name.endswith(".apk")), key=lambda each: each.size)
        content = archive.extractfile(package)
        path = folder / Path(package.name).name
        path.write_bytes(content.read() if content else b"")
        return path


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
