"""Running the programs of Debian's swtpm, swtpm-tools and tpm2-tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from hallmark.kernel.text import Text, quoted
from hallmark.node.attester.errors import ProgramMissing, TpmFailed

PROGRAMS = {"swtpm": "swtpm", "swtpm_setup": "swtpm-tools", "tpm2_quote": "tpm2-tools"}
"""A program of each of the packages, by which one tells whether it is installed."""
PACKAGES = tuple(PROGRAMS.values())
_LONGEST_S = 60
_MOST_WHY = 300
_LATE = Text(f"{_LONGEST_S} 秒内没有应答", f"it did not answer within {_LONGEST_S} s")


def missing() -> list[str]:
    """Return the packages that are not installed."""
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


def find(program: str) -> str:
    """Return the path of `program`; raises `ProgramMissing`."""
    path = shutil.which(program)
    if path is None:
        raise ProgramMissing(program=program, packages=" ".join(PACKAGES))
    return path


def run(program: str, *arguments: str, folder: Path, data: bytes = b"") -> bytes:
    """Return what `program` prints when run in `folder` with `data` as input; raises `ProgramMissing`, `TpmFailed`."""
    command = [find(program), *arguments]
    environment = os.environ | {"TSS2_LOG": "all+none", "LC_ALL": "C.UTF-8"}
    try:
        ended = subprocess.run(  # noqa: S603 - the command is ours
            command, cwd=folder, env=environment, input=data, capture_output=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise TpmFailed(program=program, why=_LATE) from None
    if ended.returncode:
        raise TpmFailed(program=program, why=quoted(_reason(ended.stderr or ended.stdout)))
    return ended.stdout


def _reason(output: bytes) -> str:
    """Return the first error that a program printed; the rest repeats it."""
    lines = output.decode(errors="replace").splitlines() or ["no reason given"]
    return next((line for line in lines if line.startswith("ERROR")), lines[-1])[:_MOST_WHY].rstrip(".")
