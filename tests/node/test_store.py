"""A node's file: whole or untouched, taken back to any size, and its tiles those of the log."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from hallmark.ledger import tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.tree import Tree
from hallmark.node.errors import NotHere, StoreUnusable
from hallmark.node.sighting import Sighting
from hallmark.node.store import Store


def entry(number: int) -> bytes:
    return number.to_bytes(4)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "node.sqlite")
    yield store
    store.close()


def fill(store, start, end):
    with store.transaction():
        for number in range(start, end):
            store.append(entry(number), b"\x80", {"counter": {"last": number}, f"each/{number}": {}})


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_tiles_and_proofs_are_those_of_the_log(store, size):
    fill(store, 0, size)
    tree = Tree(map(leaf_hash, map(entry, range(size))))
    files = {place.path: content for place, content in tile.append({}.__getitem__, 0, [*map(entry, range(size))])}
    assert store.tree == tree.frontier()
    assert {path: store.read(path) for path in files} == files
    assert store.log.prove_consistency(size // 2 + 1) == tree.prove_consistency(size // 2 + 1)
    with pytest.raises(NotHere):
        store.read("tile/0/003")


def test_the_root_of_a_tile_of_tiles_is_kept(store):
    size = 65_536 + 300
    with store.transaction():
        for number in range(size):
            store.append(entry(number), b"", {})
    assert store.tree.root == store.log.root()
    assert len(store.read("tile/2/000.p/1")) == 32
    with store.transaction():
        store.truncate(65_535)
    with pytest.raises(NotHere):
        store.read("tile/2/000.p/1")
    assert store.log.root() == store.tree.root


@pytest.mark.parametrize("back", [0, 1, 255, 256, 300])
def test_entries_are_taken_back_with_all_they_did(store, back):
    fill(store, 0, 600)
    assert store.record("counter", 300) == {"last": 299}
    with store.transaction():
        store.truncate(back)
    assert store.tree == Tree(map(leaf_hash, map(entry, range(back)))).frontier()
    assert store.record("counter", store.tree.size) == ({"last": back - 1} if back else None)
    assert len([*store.records("each/", store.tree.size)]) == back
    fill(store, back, 600)
    assert store.tree == Tree(map(leaf_hash, map(entry, range(600)))).frontier()


def test_what_fails_half_way_leaves_nothing(store):
    fill(store, 0, 10)

    def fail_half_way():
        with store.transaction():
            store.append(entry(10), b"", {"counter": {"last": 10}})
            store.put_slot("member", b"new")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert (store.tree.size, store.slot("member")) == (10, None)
    assert store.record("counter", 10) == {"last": 9}
    with pytest.raises(RuntimeError):
        store.put_slot("member", b"outside")


def test_a_batch_reads_what_it_wrote_and_its_failure_takes_that_back(store):
    fill(store, 0, 10)
    assert store.record("late", 10) is None

    def fail_after_reading():
        with store.transaction():
            for number in range(10, 300):
                store.append(entry(number), b"\x80", {"late": {"last": number}})
                assert store.record("late", number + 1) == {"last": number}
                assert store.record("late", number) == ({"last": number - 1} if number > 10 else None)
            assert [*store.records("late", 300)] == [("late", {"last": 299})]
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_reading()
    assert (store.record("late", 10), [*store.records("late", 10)]) == (None, [])
    fill(store, 10, 600)
    assert store.tree == Tree(map(leaf_hash, map(entry, range(600)))).frontier()


def test_what_a_batch_wrote_can_be_taken_back_within_it(store):
    fill(store, 0, 10)
    with store.transaction():
        store.append(entry(10), b"\x80", {"counter": {"last": 10}, "late": {}})
        store.truncate(5)
        assert (store.record("counter", 5), store.record("late", 5)) == ({"last": 4}, None)
        store.append(entry(5), b"\x80", {"late": {"last": 5}})
    assert (store.record("late", 6), store.record("late", 5)) == ({"last": 5}, None)


def test_records_are_the_same_when_more_are_read_than_memory_keeps(store, monkeypatch):
    monkeypatch.setattr("hallmark.node.store._RECORDS_KEPT", 3)
    with store.transaction():
        for number in range(50):
            assert store.record(f"each/{number}", number) is None
            store.append(entry(number), b"\x80", {f"each/{number}": {"is": number}})
            for other in range(0, number, 7):
                assert store.record(f"each/{other}", number + 1) == {"is": other}
                assert store.record(f"none/{other}", number + 1) is None


def test_what_was_written_is_there_after_the_file_was_opened_again(tmp_path):
    store = Store(tmp_path / "node.sqlite")
    fill(store, 0, 300)
    tree = store.tree
    store.close()
    again = Store(tmp_path / "node.sqlite")
    assert (again.tree, again.record("counter", 300)) == (tree, {"last": 299})
    again.close()
    assert (tmp_path / "node.sqlite").stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(tmp_path / "node.sqlite")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_of_each_kind_of_signature_of_a_member_the_newest_is_kept(store):
    def seen(kind, epoch, size):
        text = Checkpoint(f"ledger.example/e{epoch}", size, bytes(32)).text
        return Sighting(kind, text.encode(), bytes([epoch, size]))

    with store.transaction():
        for each in (
            ("witnessed", 1, 5),
            ("witnessed", 1, 3),
            ("mirrored", 1, 4),
            ("witnessed", 2, 1),
            ("mirrored", 1, 9),
        ):
            store.see([("b", seen(*each))])
        store.see([("b", seen("witnessed", 1, 9))])
    assert store.seen("b") == [seen("mirrored", 1, 9), seen("witnessed", 2, 1)]
    assert store.seen("c") == []


def test_a_store_that_cannot_be_used_says_why(tmp_path):
    path = tmp_path / "node.sqlite"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreUnusable, match="not a database"):
        Store(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreUnusable):
        Store(path)
    with pytest.raises(StoreUnusable):
        Store(tmp_path / "nowhere" / "node.sqlite")


def test_what_a_failed_transaction_did_is_undone_even_where_the_disk_gives_nothing_back(store, monkeypatch):
    fill(store, 0, 5)
    tree = store.tree

    class Broken:
        in_transaction = True

        def execute(self, query, *_):
            if query == "ROLLBACK":
                raise sqlite3.OperationalError("disk I/O error")
            return whole.execute(query, *_)

    def break_down():
        with store.transaction():
            store.append(entry(5), b"\x80", {})
            store._database = Broken()
            raise OSError

    whole = store._database
    with pytest.raises(sqlite3.OperationalError):
        break_down()
    store._database = whole
    assert store.tree == tree
