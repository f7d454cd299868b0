"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes folders there that are the user's own
ROOM = 2 << 30  # bytes


def has_room(folder: Path) -> bool:
    """Tell whether tests can write to a folder, and run programs from it."""
    is_open = folder.is_dir() and not os.statvfs(folder).f_flag & os.ST_NOEXEC
    return is_open and shutil.disk_usage(folder).free > ROOM


if "TMPDIR" not in os.environ and has_room(MEMORY):
    # What servers and nodes write they sync, and here nobody keeps it.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real samples made by others; it is no part of the repository."""
    folder = Path(os.environ.get("HALLMARK_SAMPLES", ROOT.parent / "shared" / "samples"))
    if not folder.is_dir():
        pytest.skip("the folder of real samples is absent; set HALLMARK_SAMPLES to try it")
    return folder


@pytest.fixture(scope="session")
def text_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], str]:
    """What a reader copies from a PDF, without white space."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext (package poppler-utils) is not installed")
    folder = tmp_path_factory.mktemp("pages")

    def read(pdf: bytes) -> str:
        path: Path = folder / "page.pdf"
        path.write_bytes(pdf)
        done = subprocess.run([program, "-raw", path, "-"], capture_output=True, check=True, timeout=20)
        return "".join(done.stdout.decode().split())

    return read
