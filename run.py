#!/usr/bin/env python3
"""Set Hallmark up and run it, with nothing but Python.

python3 run.py                the market of the demonstration: set up, load, serve; prints the address (--port, --host)
python3 run.py test           lint, types, room borders, tests
python3 run.py test --long    fault runs, models and fuzzing
python3 run.py bench          benchmarks, each beside a peer
python3 run.py build          the wheel and the single-file verifier, into dist/
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
LEAST = (3, 11)
STATEFUL = [f"tests/{room}" for room in ("office", "api", "portal", "cli")]
# Files of those rooms that ask no database: once is enough.
STATELESS = ["office/server/test_serve", "cli/test_languages", "cli/test_pretest", "cli/test_labels", "cli/test_guides"]
LOCKS = {name: ROOT / "packaging" / f"{name}.lock" for name in ("run", "test", "bench")}


def main(arguments: list[str]) -> int:
    """Run one of the commands of the module's docstring."""
    if sys.version_info < LEAST:
        print(f"Hallmark needs Python {LEAST[0]}.{LEAST[1]} or later; this is {sys.version.split()[0]}.")
        print("Start it with a newer one, for instance: python3.12 run.py")
        return 2
    jobs = {"demo": demo, "test": test, "bench": bench, "build": build}
    asked_for_help = arguments[:1] in (["-h"], ["--help"])
    command, *rest = arguments if arguments and not arguments[0].startswith("-") else ["demo", *arguments]
    if asked_for_help or command not in jobs:
        print(__doc__)
        return 0 if asked_for_help else 2
    os.chdir(ROOT)
    return jobs[command](rest)


def demo(rest: list[str]) -> int:
    """Load the demonstration market, then serve it."""
    set_up("run")
    command = [str(BIN / "hallmark"), "operate", "demo", *rest]
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606 - whoever ends this process ends the server
    return call(command)


def test(rest: list[str]) -> int:
    """Run the gate, then the tests, those that need a database on both; stop at the first that fails."""
    set_up("test")
    pytest = [PYTHON, "-m", "pytest", "-n", "2", "--dist", "worksteal", "-m"]
    if "--long" in rest:
        return call([*pytest, "long", *(each for each in rest if each != "--long")])
    if rest:
        return call([*pytest, "not long", *rest])
    gate = [
        [BIN / "ruff", "check", "--quiet"],
        [BIN / "ruff", "format", "--check", "--quiet"],
        [BIN / "mypy", "--no-error-summary"],
        [BIN / "lint-imports", "--no-cache"],
    ]
    for step in gate:
        print("·", *(Path(part).name for part in map(str, step)), flush=True)
        if code := call(step):
            return code
    if code := call([*pytest, "not long"]):
        return code
    print("· again, on PostgreSQL", flush=True)
    os.environ["HALLMARK_TEST_DATABASE"] = "postgresql"
    return call([*pytest, "not long", *STATEFUL, *(f"--ignore=tests/{name}.py" for name in STATELESS)])


def bench(rest: list[str]) -> int:
    """Run every benchmark, or those named; what follows from the first option on is theirs."""
    set_up("test")
    set_up("bench")  # what only peers need, on top
    scripts = {script.stem: script for script in sorted((ROOT / "benchmarks").glob("*.py"))}
    names = [*takewhile(lambda word: not word.startswith("-"), rest)]
    if unknown := [name for name in names if name not in scripts]:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(scripts)}.")
        return 2
    return max(call([PYTHON, scripts[name], *rest[len(names) :]]) for name in names or scripts)


def build(_: list[str]) -> int:
    """Build the wheel and `hallmark-verify.pyz`."""
    set_up("test")
    return call([PYTHON, ROOT / "packaging" / "build.py"])


def call(command: list[object]) -> int:
    """Run `command`, passing Ctrl-C on to it; return its exit code."""
    process = subprocess.Popen([str(part) for part in command])
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the child has it too, and ends in order


def set_up(which: str) -> None:
    """Make `.venv` hold exactly the locked packages, unless it does already."""
    stamp = VENV / f"hallmark-{which}.stamp"
    wanted = hashlib.sha256(LOCKS[which].read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted and PYTHON.exists():
        return
    print(f"Setting up .venv from packaging/{LOCKS[which].name} (once; a minute or two)", flush=True)
    uv = shutil.which("uv")
    if not PYTHON.exists():
        make_venv(uv)
    lock, here = str(LOCKS[which]), str(ROOT)
    if uv:
        install = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
        run([*install, "--compile-bytecode", "--require-hashes", "-r", lock])
    else:
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*install, "--require-hashes", "-r", lock])
    run([*install, "--no-deps", "--no-build-isolation", "--editable", here])
    run([str(PYTHON), "-c", "from hallmark.lab import runner; runner.warm()"])  # compiles the kits once, not per sample
    stamp.write_text(wanted)


def make_venv(uv: str | None) -> None:
    """Create `.venv` with uv or the standard library."""
    if uv:
        run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
        return
    try:
        run([sys.executable, "-m", "venv", str(VENV)])
    except SystemExit:
        shutil.rmtree(VENV, ignore_errors=True)
        print("Python could not create a virtual environment. On Debian or Ubuntu: apt-get install python3-venv")
        raise


def run(command: list[str]) -> None:
    """Run `command`; end with its exit code where it fails."""
    code = subprocess.call(command)
    if code:
        print(f"This failed with exit code {code}: {' '.join(command)}")
        raise SystemExit(code)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
