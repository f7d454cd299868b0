"""Evidence as a member archives it: bundles in a folder under their SHA-256, so that who serves one cannot lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hallmark.kernel import hashing
from hallmark.kernel.text import Text
from hallmark.node.errors import NotHere


@dataclass(frozen=True, slots=True)
class Archive:
    """The folder of evidence; it is made with the first bundle."""

    folder: Path

    def put(self, bundle: bytes) -> bytes:
        """Keep an encoded bundle and return its digest, 32 bytes."""
        digest = hashing.sha256(bundle)
        write(self.folder / digest.hex(), bundle)
        return digest

    def get(self, digest: bytes) -> bytes:
        """Return the bundle with this digest; raises `NotHere` also where a file was changed since."""
        try:
            bundle = (self.folder / digest.hex()).read_bytes()
        except FileNotFoundError:
            bundle = b""
        if hashing.sha256(bundle) != digest:
            raise NotHere(what=Text("该份证据", "such evidence"))
        return bundle


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for its owner's eyes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
