"""What a monitor saw before, in a folder: `seen.json`, replaced as a whole, and `proofs/`, to which it only adds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hallmark.kernel import hashing
from hallmark.kernel.errors import HallmarkError, Malformed
from hallmark.kernel.text import Text
from hallmark.ledger.note import Note
from hallmark.node.archive import write
from hallmark.verify import disk

_KIND = "hallmark/monitor/1"


class BadSeen(Malformed):
    """The file of what was seen cannot be read."""

    en = "{path} is not what this monitor saw: {why}. Put the copy back, or name another folder and begin anew."
    zh = "{path} 不是本监测程序的记录：{why}。请恢复副本，或另指目录重新开始。"


@dataclass(slots=True)
class Seen:
    """The newest note of the ledger and of each source, and how many entries were reported on."""

    folder: Path
    head: Note | None = None
    sources: dict[str, Note] = field(default_factory=dict)
    reported: int = 0

    @classmethod
    def read(cls, folder: Path) -> Seen:
        """Return what was seen, nothing where the folder has no such file; raises `BadSeen`."""
        path = folder / "seen.json"
        try:
            value = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls(folder)
        except OSError as error:
            raise BadSeen(path=path, why=disk.reason(error)) from None
        except ValueError:
            value = None
        try:
            match value:
                case {"kind": "hallmark/monitor/1", "head": head, "sources": dict(sources), "reported": int(reported)}:
                    notes = {name: Note.parse(note.encode()) for name, note in sources.items()}
                    return cls(folder, Note.parse(head.encode()) if head else None, notes, reported)
        except (HallmarkError, AttributeError):
            pass
        raise BadSeen(path=path, why=Text("内容有误", "its content is wrong"))

    def write(self) -> None:
        """Replace the file, whole or not at all."""
        value = {
            "kind": _KIND,
            "head": self.head.encode().decode() if self.head else None,
            "sources": {name: note.encode().decode() for name, note in self.sources.items()},
            "reported": self.reported,
        }
        write(self.folder / "seen.json", json.dumps(value, indent=2, ensure_ascii=False).encode())

    def keep(self, proof: Mapping[str, Any]) -> str:
        """Keep a proof for good and return its file's name; the same proof is kept once."""
        content = json.dumps(proof, indent=2, ensure_ascii=False, sort_keys=True).encode()
        name = f"{proof['kind']}-{hashing.sha256(content).hex()[:16]}.json"
        path = self.folder / "proofs" / name
        if not path.exists():
            write(path, content)
        return f"proofs/{name}"
