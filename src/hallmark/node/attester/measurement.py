"""What code is installed, as one number that is the same wherever the same release is.

Only names and contents count: no path of the machine, user, permission or time, and nothing of the interpreter. All
below the package is measured, whatever it is, for a library or bytecode beside a source file would be imported too.
Left out are the interpreter's caches and the folders of tests, which a wheel does not carry.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hallmark
from hallmark.kernel import hashing
from hallmark.node.attester.errors import NotMeasurable

DOMAIN = "hallmark/attestation/code/1"
PACKAGE = Path(hallmark.__file__).parent
LEFT_OUT = frozenset({"__pycache__", "tests"})


def measure(package: Path = PACKAGE) -> bytes:
    """Return the 32-byte measurement of the release in `package`; raises `NotMeasurable`.

    It is SHA-256 over the canonical [domain, [[path, SHA-256 of content], ...]]; paths are relative to the package,
    with `/`, in the order of their UTF-8 bytes.
    """
    files = {_name(path, package): path for path in _files(package)}
    listed = [[name, hashing.sha256(files[name].read_bytes())] for name in sorted(files, key=str.encode)]
    return hashing.digest_of(DOMAIN, listed)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        # A link would bring in what lies elsewhere, under names that nobody measured.
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise NotMeasurable(path=ascii(path.name))
        if path.is_file():
            yield path
        elif path.name not in LEFT_OUT:
            yield from _files(path)


def _name(path: Path, package: Path) -> str:
    name = path.relative_to(package).as_posix()
    if not name.isprintable():  # names that are no UTF-8 are read as lone surrogates
        raise NotMeasurable(path=ascii(name))
    return name
