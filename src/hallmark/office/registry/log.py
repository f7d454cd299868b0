"""The log as files: tiles and checkpoints that any web server can hand out (C2SP tlog-tiles)."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from hallmark.ledger.tile import TiledLog
from hallmark.office.keys import durable

_PUBLIC_FILE = 0o644


def folder() -> Path:
    """Return the folder of the read path."""
    path: Path = settings.HALLMARK_LOG
    path.mkdir(parents=True, exist_ok=True)
    return path


def read(path: str) -> bytes:
    """Return a file of the read path; raises `FileNotFoundError`."""
    return (folder() / path).read_bytes()


def exists(path: str) -> bool:
    """Tell whether the read path has a file there."""
    return (folder() / path).exists()


def write(path: str, content: bytes) -> None:
    """Write a file of the read path: flushed, renamed, its folder flushed."""
    final = folder() / path
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = durable.temporary_in(final.parent)
    with os.fdopen(durable.create(temporary, _PUBLIC_FILE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(final)
    durable.flush_folder(final.parent)


def at(size: int, root: bytes) -> TiledLog:
    """Return the log of `size` entries with this root, to be read and proven from the files."""
    return TiledLog(read, size, root)
