"""Files that are whole or absent: written beside, flushed, linked to their name, and never written over."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_folder(folder: Path, mode: int = PRIVATE_FOLDER) -> Path:
    """Return `folder`; it and those above it are made, for their owner's eyes and to survive a crash, where absent."""
    if not folder.is_dir():
        make_folder(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)
        flush_folder(folder.parent)
    return folder


def temporary_in(folder: Path) -> Path:
    """Return the path of a new file in `folder`; a dot in front tells it from finished ones."""
    return folder / f".{secrets.token_hex(16)}"


def create(path: Path, mode: int = PRIVATE_FILE) -> int:
    """Return a descriptor for writing the new file `path`; raises `FileExistsError`."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def place(temporary: Path, final: Path) -> None:
    """Move a flushed file to its name for good; raises `FileExistsError`, and then `temporary` is still there."""
    os.link(temporary, final)  # unlike rename, link refuses a name that is taken
    temporary.unlink()
    flush_folder(final.parent)


def write_once(path: Path, content: bytes) -> None:
    """Write the private file `path` so that a crash leaves all of it or none; raises `FileExistsError`."""
    temporary = temporary_in(path.parent)
    with os.fdopen(create(temporary), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove `path` for good: overwritten, unlinked, folder flushed; nothing happens where it is absent.

    Media that write elsewhere keep the old bytes for a while; who must rely on their end wraps them and turns the key.
    """
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in `folder` survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
