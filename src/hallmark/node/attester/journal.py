"""What a registrar must not forget: its key, the makers it knows, the challenges that are open, what it certified.

One SQLite file for its owner's eyes; each change is on the disk before anybody is told of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from hallmark.node.attester.errors import NoChallenge, NoRegistrar, RegistrarExists

_SCHEMA = """
CREATE TABLE authority (one INTEGER PRIMARY KEY CHECK (one = 1), key BLOB NOT NULL, certificate BLOB NOT NULL);
CREATE TABLE maker (chain BLOB PRIMARY KEY);
CREATE TABLE challenge (number BLOB PRIMARY KEY, secret BLOB NOT NULL, key BLOB NOT NULL);
CREATE TABLE certified (serial TEXT PRIMARY KEY, certificate BLOB NOT NULL, revoked_at INTEGER);
"""


class Journal:
    """The file at `path`; raises `NoRegistrar` where there is none."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NoRegistrar(folder=path.parent)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA synchronous=FULL")

    @classmethod
    def begin(cls, path: Path, key: bytes, certificate: bytes, makers: Iterable[bytes]) -> Journal:
        """Return a new one, with the registrar's key and certificate; raises `RegistrarExists`."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}")  # so that what bears the name is whole
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with closing(sqlite3.connect(draft)) as database, database:
            database.executescript(_SCHEMA)
            database.execute("INSERT INTO authority VALUES (1, ?, ?)", (key, certificate))
            database.executemany("INSERT INTO maker VALUES (?)", [(each,) for each in makers])
        try:
            os.link(draft, path)
        except FileExistsError:
            raise RegistrarExists(folder=path.parent) from None
        finally:
            draft.unlink()
        return cls(path)

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    @property
    def authority(self) -> tuple[bytes, bytes]:
        """The registrar's key and certificate."""
        row: tuple[bytes, bytes] = self._database.execute("SELECT key, certificate FROM authority").fetchone()
        return row

    @property
    def makers(self) -> list[bytes]:
        """The chains of the makers of TPMs that it knows."""
        return [chain for (chain,) in self._database.execute("SELECT chain FROM maker")]

    def put_challenge(self, number: bytes, secret: bytes, key: bytes) -> None:
        """Keep the secret of a challenge, and the key that it is about."""
        self._database.execute("INSERT INTO challenge VALUES (?, ?, ?)", (number, secret, key))

    def take_challenge(self, number: bytes) -> tuple[bytes, bytes]:
        """Return secret and key of a challenge, which then is used up; raises `NoChallenge`."""
        row: tuple[bytes, bytes] | None = self._database.execute(
            "DELETE FROM challenge WHERE number = ? RETURNING secret, key", (number,)
        ).fetchone()
        if row is None:
            raise NoChallenge
        return row

    def put_certificate(self, serial: int, certificate: bytes) -> None:
        """Keep what was certified."""
        self._database.execute("INSERT INTO certified VALUES (?, ?, NULL)", (f"{serial:x}", certificate))

    def revoke(self, serial: int, at: int) -> bool:
        """Keep that a certificate counts no more from `at` ms on; return whether there is one of that serial number."""
        changed = self._database.execute(
            "UPDATE certified SET revoked_at = coalesce(revoked_at, ?) WHERE serial = ?", (at, f"{serial:x}")
        )
        return changed.rowcount == 1

    def revoked(self) -> list[tuple[int, int]]:
        """Return serial number and time, in ms, of each revocation."""
        rows = self._database.execute("SELECT serial, revoked_at FROM certified WHERE revoked_at NOT NULL")
        return [(int(serial, 16), at) for serial, at in rows]
