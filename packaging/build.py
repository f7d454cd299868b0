"""Build into dist/: the wheel, and `hallmark-verify.pyz`, the offline verifier in one file.

The verifier's file holds the rooms that verify and nothing else; it runs on any Python 3.11 with `cryptography`
installed, which is machine code and cannot live in a zip.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipapp
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
ROOMS = ("kernel", "statement", "ledger", "certificate", "verify")


def main() -> int:
    """Build both; return 0."""
    DIST.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(DIST)], cwd=ROOT, check=True)
    build_verifier(DIST / "hallmark-verify.pyz")
    return 0


def build_verifier(target: Path) -> None:
    """Write the single-file verifier to `target`."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "hallmark"
        package.mkdir()
        source = ROOT / "src" / "hallmark"
        shutil.copy(source / "__init__.py", package)
        for room in ROOMS:
            shutil.copytree(source / room, package / room, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "__main__.py").write_text(
            "from hallmark.verify.command import main\n\nraise SystemExit(main())\n"
        )
        zipapp.create_archive(folder, target, interpreter="/usr/bin/env python3", compressed=True)


if __name__ == "__main__":
    raise SystemExit(main())
