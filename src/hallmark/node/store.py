"""A node's file: entries with their disclosures, the records they made, the member's state, and what it saw of others.

One SQLite file in WAL mode, every commit flushed, and one process on it. Each version of a record is kept under the
entry that made it: entries that turn out not to be in the ledger are taken back with all they did, and the past is read
as it was. Records that sealed claims made are encrypted by the `vault`. Of the tree only the roots of full tiles are
stored; tiles and proofs are derived.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from hallmark.kernel import canonical
from hallmark.kernel.text import Text, quoted
from hallmark.ledger import tile
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.tile import ENTRIES, HEIGHT, WIDTH, Tile, TiledLog
from hallmark.ledger.tree import Tree
from hallmark.node.errors import NotHere, StoreInUse, StoreLocked, StoreUnusable
from hallmark.node.sighting import Sighting
from hallmark.node.vault import Vault
from hallmark.rules.state import Changes, Record
from hallmark.verify import disk

FILE = "node.sqlite"  # in a node's folder
_TREE = "tree"
_RECORDS_KEPT = 20_000
_CACHE = 65_536  # KiB: digests are keys of records, so a batch writes on pages all over the file
_SCHEMA = """
CREATE TABLE IF NOT EXISTS slot (name TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
    position INTEGER PRIMARY KEY, leaf BLOB NOT NULL, content BLOB NOT NULL, disclosures BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS full_tile (
    level INTEGER, position INTEGER, root BLOB NOT NULL, PRIMARY KEY (level, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    key TEXT, entry INTEGER, content BLOB NOT NULL, PRIMARY KEY (key, entry)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_of_entry ON record (entry);
CREATE TABLE IF NOT EXISTS head (
    epoch INTEGER, size INTEGER, note BLOB NOT NULL, other BLOB, PRIMARY KEY (epoch, size)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS start (epoch INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sighting (
    member TEXT, kind TEXT, epoch INTEGER, number INTEGER, content BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (member, kind)) WITHOUT ROWID;
"""

Pair = tuple[bytes, bytes]
"""An entry and what travels beside it: the encoded disclosures of its members' claims, or these sealed."""


class Store:
    """The file at `path`, made where absent. What is written outside a transaction is refused.

    Records that sealed claims made are written and read with the `vault` alone (`StoreLocked`). Raises `StoreInUse`,
    `StoreUnusable`; later, where the file fails, `sqlite3.Error`.
    """

    def __init__(self, path: Path, vault: Vault | None = None) -> None:
        self.lock = RLock()
        self.vault = vault
        self._writing = False
        self.tree = Frontier()
        self._newest: dict[str, Record | None] = {}  # records as of all entries, and what there is no record of
        try:
            path.touch(mode=0o600)  # disclosures are in it
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnusable(path=path, why=disk.reason(error)) from None
        try:
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.execute(f"PRAGMA cache_size={-_CACHE}")
            self._database.executescript(_SCHEMA)
            stored = self.slot(_TREE)
        except sqlite3.Error as error:
            self._database.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise StoreInUse(path=path) from error
            raise StoreUnusable(path=path, why=quoted(error)) from error
        if stored:
            self.tree = Frontier.from_value(canonical.decode(stored))

    def close(self) -> None:
        """Let the file go."""
        with self.lock:
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that happens inside durably, or nothing of it."""
        with self.lock:
            before = self.tree
            self._database.execute("BEGIN IMMEDIATE")
            self._writing = True
            try:
                yield
                self.put_slot(_TREE, canonical.encode(self.tree.to_value()))
                self._database.execute("COMMIT")
            except BaseException:
                self.tree = before
                self._newest.clear()
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            finally:
                self._writing = False

    # Slots: what there is one of.

    def slot(self, name: str) -> bytes | None:
        """Return what stands at `name`."""
        return self._one("SELECT content FROM slot WHERE name = ?", name)

    def put_slot(self, name: str, content: bytes | None) -> None:
        """Let `content`, or nothing, stand at `name`."""
        if content is None:
            self._write("DELETE FROM slot WHERE name = ?", name)
        else:
            self._write("INSERT OR REPLACE INTO slot VALUES (?, ?)", name, content)

    # The log.

    @property
    def log(self) -> TiledLog:
        """The entries held, to be read and proven."""
        return TiledLog(self.read, self.tree.size, self.tree.root)

    def append(self, entry: bytes, disclosures: bytes, changes: Changes, *, sealed: bool = False) -> None:
        """Write the next entry, with its disclosures and the records it makes, encrypted where these are `sealed`."""
        position, leaf = self.tree.size, leaf_hash(entry)
        self._write("INSERT INTO entry VALUES (?, ?, ?, ?)", position, leaf, entry, disclosures)
        for key, record in changes.items():
            self._write(
                "INSERT OR REPLACE INTO record VALUES (?, ?, ?)", key, position, self._written(key, record, sealed)
            )
        self._newest.update(changes)
        self.tree = self.tree.extend([leaf])
        for level in range(1, (position ^ self.tree.size).bit_length() // HEIGHT + 1):
            if self.tree.size % (1 << HEIGHT * level) == 0:
                number = (self.tree.size >> HEIGHT * level) - 1
                root = Tree(self._hashes(level - 1, number * WIDTH, WIDTH)).root()
                self._write("INSERT INTO full_tile VALUES (?, ?, ?)", level, number, root)

    def truncate(self, size: int) -> None:
        """Take back all entries from `size` on, and what they did."""
        if size < self.tree.size:
            self.tree = self.log.frontier(size)
            self._newest.clear()
            self._write("DELETE FROM entry WHERE position >= ?", size)
            self._write("DELETE FROM record WHERE entry >= ?", size)
            self._write("DELETE FROM full_tile WHERE (position + 1) << (8 * level) > ?", size)

    def pairs(self, start: int, end: int) -> Iterator[Pair]:
        """Yield the entries [start, end) with their disclosures."""
        yield from self._database.execute(
            "SELECT content, disclosures FROM entry WHERE position >= ? AND position < ? ORDER BY position",
            (start, end),
        )

    def chunk(self, start: int, end: int, size: int) -> list[Pair]:
        """Return the first of the entries [start, end), at least one, of about `size` bytes together."""
        chosen: list[Pair] = []
        for entry, disclosures in self.pairs(start, end):
            size -= len(entry) + len(disclosures)
            if chosen and size < 0:
                break
            chosen.append((entry, disclosures))
        return chosen

    def read(self, path: str) -> bytes:
        """Return the tile or bundle at a path of C2SP tlog-tiles; raises `BadTilePath`, `NotHere`."""
        place = Tile.parse(path)
        first = place.index << HEIGHT
        if (first + place.width) << HEIGHT * max(place.level, 0) > self.tree.size:
            raise NotHere(what=path)
        if place.level == ENTRIES:
            return tile.encode_bundle(entry for entry, _ in self.pairs(first, first + place.width))
        return b"".join(self._hashes(place.level, first, place.width))

    def _hashes(self, level: int, first: int, count: int) -> list[bytes]:
        if level:
            query = "SELECT root FROM full_tile WHERE level = ? AND position >= ? AND position < ? ORDER BY position"
            return [root for (root,) in self._database.execute(query, (level, first, first + count))]
        query = "SELECT leaf FROM entry WHERE position >= ? AND position < ? ORDER BY position"
        return [leaf for (leaf,) in self._database.execute(query, (first, first + count))]

    # Records.

    def record(self, key: str, size: int) -> Record | None:
        """Return the record at `key` after the first `size` entries."""
        newest = size == self.tree.size
        if newest and key in self._newest:
            return self._newest[key]
        query = "SELECT content FROM record WHERE key = ? AND entry < ? ORDER BY entry DESC LIMIT 1"
        content = self._one(query, key, size)
        record: Record | None = None if content is None else self._read_record(key, content)
        if newest:
            if len(self._newest) >= _RECORDS_KEPT:
                self._newest.clear()
            self._newest[key] = record
        return record

    def records(self, prefix: str, size: int) -> Iterator[tuple[str, Record]]:
        """Yield the keys that begin with `prefix`, in bytewise order, and their records after `size` entries."""
        query = (
            "SELECT key, content, max(entry) FROM record"
            " WHERE key >= ? AND key < ? AND entry < ? GROUP BY key ORDER BY key"
        )
        for key, content, _ in self._database.execute(query, (prefix, prefix + "\U0010ffff", size)).fetchall():
            yield key, self._read_record(key, content)

    def _written(self, key: str, record: Record, sealed: bool) -> bytes:
        content = canonical.encode(record)
        return canonical.encode(self._vault_for(key).lock(key, content)) if sealed else content

    def _read_record(self, key: str, content: bytes) -> Record:
        """Return a record: a map, or, where sealed claims made it, the encrypted bytes of one."""
        stored = canonical.decode(content, what=Text(key, key))
        if isinstance(stored, bytes):
            stored = canonical.decode(self._vault_for(key).unlock(key, stored), what=Text(key, key))
        record: Record = stored
        return record

    def _vault_for(self, key: str) -> Vault:
        if self.vault is None:
            raise StoreLocked(record=key)
        return self.vault

    # What the sequencer signed, how epochs began, what others were seen to sign.

    def head(self, epoch: int, size: int) -> bytes | None:
        """Return the sequencer's note of this size that the member witnessed."""
        return self._one("SELECT note FROM head WHERE epoch = ? AND size = ?", epoch, size)

    def put_head(self, epoch: int, size: int, note: bytes) -> None:
        """Keep the sequencer's note of a head that is witnessed."""
        self._write("INSERT OR IGNORE INTO head VALUES (?, ?, ?, NULL)", epoch, size, note)

    def put_fork(self, epoch: int, size: int, other: bytes) -> None:
        """Keep another note of a size that the sequencer signed before."""
        self._write("UPDATE head SET other = coalesce(other, ?) WHERE epoch = ? AND size = ?", other, epoch, size)

    def forks(self) -> list[tuple[bytes, bytes]]:
        """Return pairs of notes that prove a sequencer's lies, up to 100."""
        return list(
            self._database.execute("SELECT note, other FROM head WHERE other NOT NULL ORDER BY epoch, size LIMIT 100")
        )

    def starts(self, after: int) -> list[bytes]:
        """Return the starts of all epochs after `after`, in order."""
        rows = self._database.execute("SELECT content FROM start WHERE epoch > ? ORDER BY epoch", (after,))
        return [content for (content,) in rows]

    def put_start(self, epoch: int, content: bytes) -> None:
        """Keep the start of an epoch."""
        self._write("INSERT INTO start VALUES (?, ?)", epoch, content)

    def seen(self, member: str) -> list[Sighting]:
        """Return the newest signatures of a member that this node verified, one of each kind."""
        rows = self._database.execute(
            "SELECT kind, content, signature FROM sighting WHERE member = ? ORDER BY kind", (member,)
        )
        return [Sighting(*row) for row in rows]

    def see(self, sightings: Iterable[tuple[str, Sighting]]) -> None:
        """Keep verified signatures of members, where they are newer than those of their kind."""
        for member, each in sightings:
            row = (member, each.kind, *each.place, each.content, each.signature)
            self._write(
                "INSERT INTO sighting VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (member, kind) DO UPDATE"
                " SET epoch = excluded.epoch, number = excluded.number,"
                " content = excluded.content, signature = excluded.signature"
                " WHERE (excluded.epoch, excluded.number) > (epoch, number)",
                *row,
            )

    def _one(self, query: str, *values: object) -> bytes | None:
        row: tuple[bytes] | None = self._database.execute(query, values).fetchone()
        return row[0] if row else None

    def _write(self, query: str, *values: object) -> None:
        if not self._writing:
            raise RuntimeError("written outside a transaction")
        self._database.execute(query, values)


def entries_of(pairs: Iterable[Pair]) -> list[bytes]:
    """Return the entries without their disclosures."""
    return [entry for entry, _ in pairs]
