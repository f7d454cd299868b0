"""The log as files: tiles and checkpoints that any web server can hand out (C2SP tlog-tiles)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from hallmark.ledger.tile import TiledLog
from hallmark.office.keys import durable

_PUBLIC_FILE, _PUBLIC_FOLDER = 0o644, 0o755


def folder() -> Path:
    """Return the folder of the read path."""
    path: Path = settings.HALLMARK_LOG
    return durable.make_folder(path, _PUBLIC_FOLDER)


def read(path: str) -> bytes:
    """Return a file of the read path; raises `FileNotFoundError`."""
    return (folder() / path).read_bytes()


def exists(path: str) -> bool:
    """Tell whether the read path has a file there."""
    return (folder() / path).exists()


def write(files: Iterable[tuple[str, bytes]]) -> None:
    """Write files of the read path: each flushed and renamed, then each of their folders flushed once."""
    folders = set()
    for path, content in files:
        final = folder() / path
        durable.make_folder(final.parent, _PUBLIC_FOLDER)
        temporary = durable.temporary_in(final.parent)
        with os.fdopen(durable.create(temporary, _PUBLIC_FILE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
        folders.add(final.parent)
    for each in folders:
        durable.flush_folder(each)


def at(size: int, root: bytes) -> TiledLog:
    """Return the log of `size` entries with this root, to be read and proven from the files."""
    return TiledLog(read, size, root)
