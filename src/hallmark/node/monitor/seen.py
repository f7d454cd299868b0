"""What a monitor saw before, in a folder: a store of entries and notes, and `proofs/`, to which it only adds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hallmark.kernel import canonical, hashing
from hallmark.kernel.errors import HallmarkError, Malformed
from hallmark.kernel.text import Text, quoted
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.node.archive import write
from hallmark.node.errors import StoreUnusable
from hallmark.node.store import Store

_SLOT = "seen"
_WRONG = Text("内容有误", "its content is wrong")


class BadSeen(Malformed):
    """The file of what was seen cannot be used."""

    en = "{path} is not what this monitor saw: {why}. Put the copy back, or name another folder and begin anew."
    zh = "{path} 不是本监测程序的记录：{why}。请恢复副本，或另指目录重新开始。"


@dataclass(slots=True)
class Seen:
    """The newest note of the ledger and of each source, and by source a note of its log that goes on beyond the ledger.

    They stand in a slot of `store`, which also holds the entries: one store has one monitor.
    """

    folder: Path
    store: Store
    head: Note | None = None
    sources: dict[str, Note] = field(default_factory=dict)
    ahead: dict[str, Note] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Seen:
        """Return what was seen, nothing where the folder is new; raises `BadSeen`, `StoreInUse`, `OSError`."""
        store = open_store(folder / "seen.sqlite")
        seen = cls(folder, store)
        try:
            match canonical.decode(store.slot(_SLOT) or canonical.encode([None, {}, {}])):
                case [head, dict(sources), dict(ahead)]:
                    seen.head = None if head is None else _note(head)
                    seen.sources = {name: _note(note) for name, note in sources.items()}
                    seen.ahead = {name: _note(note) for name, note in ahead.items()}
                    return seen
        except (HallmarkError, AttributeError):
            pass
        store.close()
        raise BadSeen(path=folder, why=_WRONG)

    def write(self) -> None:
        """Keep the notes, all or none."""
        notes = [{name: note.encode() for name, note in each.items()} for each in (self.sources, self.ahead)]
        with self.store.transaction():
            self.store.put_slot(_SLOT, canonical.encode([self.head and self.head.encode(), *notes]))

    def keep(self, proof: Mapping[str, Any]) -> str:
        """Keep a proof for good and return its file's name; the same proof is kept once."""
        content = json.dumps(proof, indent=2, ensure_ascii=False, sort_keys=True).encode()
        name = f"{proof['kind']}-{hashing.sha256(content).hex()[:16]}.json"
        path = self.folder / "proofs" / name
        if not path.exists():
            write(path, content)
        return f"proofs/{name}"


def open_store(path: Path) -> Store:
    """Return the store at `path`, made where there is none; raises `BadSeen`, `StoreInUse`, `OSError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return Store(path)
    except StoreUnusable as error:
        raise BadSeen(path=path, why=error.facts["why"]) from None


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise `BadSeen` where the store at `path` turns out not to be one, or not to be whole."""
    try:
        yield
    except (sqlite3.Error, canonical.NotCanonical) as error:
        raise BadSeen(path=path, why=_why(error)) from error


def _why(error: Exception) -> Text:
    return quoted(error) if isinstance(error, sqlite3.Error) else _WRONG


def _note(content: bytes) -> Note:
    """Return the note in `content`, whose text is a checkpoint; raises `BadNote`, `BadCheckpoint`."""
    note = Note.parse(content)
    Checkpoint.parse(note.text)
    return note
