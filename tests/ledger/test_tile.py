"""Tiles against C2SP tlog-tiles, a log of Tessera, and the tree in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.ledger import tile
from hallmark.ledger.merkle import (
    EMPTY,
    Frontier,
    OutsideTree,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
)
from hallmark.ledger.note import Note, VerifierKey
from hallmark.ledger.policy import Policy, flat
from hallmark.ledger.tile import (
    ENTRIES,
    BadTile,
    BadTilePath,
    EntryTooLong,
    Tile,
    TiledLog,
    WrongTile,
    WrongTiles,
    decode_bundle,
    encode_bundle,
    grown,
)
from hallmark.ledger.tree import Tree

Store = dict[str, bytes]


def entries(start: int, end: int) -> list[bytes]:
    return [b"%d" % number for number in range(start, end)]


def grow(store: Store, start: int, end: int) -> None:
    for place, data in tile.append(store.__getitem__, start, entries(start, end)):
        store[place.path] = data


def written(*sizes: int) -> Store:
    store: Store = {}
    for start, end in zip((0, *sizes), sizes, strict=False):
        grow(store, start, end)
    return store


@pytest.fixture(scope="module")
def big() -> tuple[Store, Tree]:
    """A log of 66,000 entries: three levels of tiles."""
    return written(300, 66_000), Tree(map(leaf_hash, entries(0, 66_000)))


def test_paths_are_those_of_the_specification() -> None:
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(0, 273, 112).path == "tile/0/273.p/112"
    assert Tile(ENTRIES, 0).path == "tile/entries/000"
    for place in (Tile(0, 1_234_067), Tile(0, 273, 112), Tile(ENTRIES, 999, 1), Tile(7, 1000), Tile(3, 10**17, 255)):
        assert Tile.parse(place.path) == place


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/0", "tile/00/000", "tile/8/000", "tile/0/x000/001", "tile/0/001/001", "tile/0/x001", "tile/-1/000",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/999", "tile/0/000.p/01", "/tile/0/000", "tile/0/000\n",
        "tile/0/٠٠٠", "tile/entries/../0/000", "tile/0/" + "x999/" * 7 + "999",
    ],
)  # fmt: skip
def test_no_other_spelling_is_a_path(path: str) -> None:
    with pytest.raises(BadTilePath):
        Tile.parse(path)


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(grown(0, 70_000))
    hashes = [place for place in tiles if place.level != ENTRIES]
    assert sum(place.width == 256 for place in hashes if place.level == 0) == 273
    assert [place for place in hashes if place.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert Tile(1, 0) in hashes
    assert [place for place in tiles if place.level == ENTRIES][-1] == Tile(ENTRIES, 273, 112)
    assert list(grown(0, 256)) == [Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 1)]


def test_a_growth_writes_only_what_changed() -> None:
    assert list(grown(5, 5)) == []
    assert list(grown(300, 301)) == [Tile(ENTRIES, 1, 45), Tile(0, 1, 45)]
    assert list(grown(511, 513)) == [
        Tile(ENTRIES, 1), Tile(ENTRIES, 2, 1), Tile(0, 1), Tile(0, 2, 1), Tile(1, 0, 2)
    ]  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=5))
def test_growing_in_any_steps_gives_the_same_full_tiles(steps: list[int]) -> None:
    store: Store = {}
    size = 0
    for step in steps:
        before = set(store)
        grow(store, size, size + step)
        assert set(store) - before <= {place.path for place in grown(size, size + step)}
        size += step
    at_once = written(size)
    assert at_once == {path: store[path] for path in at_once}


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_return_their_entries(content: list[bytes]) -> None:
    data = encode_bundle(content)
    assert decode_bundle(data, Tile(ENTRIES, 0, len(content))) == content
    for wrong in (data[:-1], data + b"\x00", data + b"\x00\x00", encode_bundle(content[:-1])):
        with pytest.raises(BadTile):
            decode_bundle(wrong, Tile(ENTRIES, 0, len(content)))


def test_an_entry_of_65535_bytes_is_the_longest() -> None:
    assert decode_bundle(encode_bundle([b"x" * 65_535]), Tile(ENTRIES, 0, 1)) == [b"x" * 65_535]
    with pytest.raises(EntryTooLong):
        encode_bundle([b"x" * 65_536])


@given(st.binary(), st.integers(1, 256))
def test_hostile_bundles_raise_only_our_errors(data: bytes, width: int) -> None:
    try:
        assert encode_bundle(decode_bundle(data, Tile(ENTRIES, 0, width))) == data
    except BadTile:
        return


@given(st.text())
def test_hostile_paths_raise_only_our_errors(path: str) -> None:
    with pytest.raises(BadTilePath):
        Tile.parse(path)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 513, 65_536])
def test_a_tiled_log_gives_the_proofs_of_the_tree(size: int, big: tuple[Store, Tree]) -> None:
    tree = big[1]
    store = written(size)
    log = TiledLog(store.__getitem__, size, tree.root(size))
    for index in {0, 1, 254, 255, 256, 300, size // 2, size - 2, size - 1} & set(range(size)):
        assert log.prove_inclusion(index) == tree.prove_inclusion(index, size)
        assert log.entry(index) == b"%d" % index
        verify_inclusion(leaf_hash(log.entry(index)), index, size, log.prove_inclusion(index), log.root())
        old = index + 1
        assert log.prove_consistency(old) == tree.prove_consistency(old, size)
        verify_consistency(old, size, log.root(old), log.root(), log.prove_consistency(old))


def test_packages_of_256_entries_prove_as_a_mirror_asks_for_them(big: tuple[Store, Tree]) -> None:
    """C2SP tlog-mirror, add-entries: a subtree consistency proof for each package."""
    store, tree = big
    size = 66_000
    log = TiledLog(store.__getitem__, size, tree.root(size))
    for start in (0, 256, 65_280, 65_792):
        end = min(start + 256, size)
        root = Frontier().extend(map(leaf_hash, log.entries(start, end))).root
        verify_subtree_consistency(start, end, size, root, log.root(), log.prove_subtree_consistency(start, end, size))


def test_entries_come_in_order_from_any_range(big: tuple[Store, Tree]) -> None:
    store, tree = big
    log = TiledLog(store.__getitem__, 66_000, tree.root())
    for start, end in ((0, 0), (0, 1), (250, 600), (65_900, 66_000), (66_000, 66_000)):
        assert list(log.entries(start, end)) == entries(start, end)
    for start, end in ((-1, 2), (5, 4), (0, 66_001)):
        with pytest.raises(OutsideTree):
            list(log.entries(start, end))
    with pytest.raises(OutsideTree):
        log.entry(66_000)


def test_a_lying_reader_is_found_out(big: tuple[Store, Tree]) -> None:
    store, tree = big
    index, size = 1000, 66_000

    def read_all(store: Store) -> None:
        log = TiledLog(store.__getitem__, size, tree.root())
        assert list(log.entries(768, 1024)) == entries(768, 1024)
        assert log.prove_inclusion(index) == tree.prove_inclusion(index)

    read_all(store)
    for path in (
        "tile/entries/003",
        "tile/0/003",
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
        "tile/0/257.p/208",
    ):
        for at in (0, 31, len(store[path]) // 2, len(store[path]) - 1):
            data = bytearray(store[path])
            data[at] ^= 1
            with pytest.raises((WrongTile, WrongTiles, BadTile)):
                read_all({**store, path: bytes(data)})
        with pytest.raises(BadTile):
            read_all({**store, path: store[path][:-1]})


def test_a_reader_that_changes_its_mind_is_not_asked_twice() -> None:
    store = written(300)
    root = Tree(map(leaf_hash, entries(0, 300))).root()
    log = TiledLog(store.__getitem__, 300, root)
    store["tile/0/001.p/44"] = bytes(44 * 32)
    log._tile.cache_clear()
    assert log.leaf(299) == leaf_hash(b"299")


def test_another_root_or_size_is_not_this_log() -> None:
    store = written(300)
    store.update(written(299))
    root = Tree(map(leaf_hash, entries(0, 300))).root()
    for size, other in ((299, root), (300, EMPTY), (0, root)):
        with pytest.raises(WrongTiles):
            TiledLog(store.__getitem__, size, other)
    with pytest.raises(OutsideTree):
        TiledLog(store.__getitem__, -1, root)


# The key of transparency-dev/tessera, testdata/log; its name and identifier stand in every checkpoint there.
TESSERA = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


@pytest.fixture(scope="module")
def tessera(samples: Path) -> Callable[[int], TiledLog]:
    folder = samples / "tessera-log"
    policy = Policy.parse(flat([VerifierKey.parse(TESSERA)], {}, 0))

    def at(number: int) -> TiledLog:
        data = (folder / f"checkpoint.{number}").read_bytes()
        assert Note.parse(data).encode() == data
        checkpoint = policy.verify(Note.parse(data)).checkpoint
        assert checkpoint.size == number
        return TiledLog(lambda path: (folder / path).read_bytes(), checkpoint.size, checkpoint.root)

    return at


def test_all_checkpoints_of_tessera_verify_and_hold_their_entries(tessera: Callable[[int], TiledLog]) -> None:
    last = list(tessera(15).entries(0, 15))
    assert last[:3] == [b"one", b"two", b"three"]
    for size in range(16):
        log = tessera(size)
        assert list(log.entries(0, size)) == last[:size]
        assert Frontier().extend(map(leaf_hash, last[:size])).root == log.root()


def test_all_checkpoints_of_tessera_are_consistent(tessera: Callable[[int], TiledLog]) -> None:
    logs = [tessera(size) for size in range(16)]
    for size in range(1, 16):
        for old in range(1, size + 1):
            proof = logs[size].prove_consistency(old)
            verify_consistency(old, size, logs[old].root(), logs[size].root(), proof)
            with pytest.raises(HallmarkError):
                verify_consistency(old, size, EMPTY, logs[size].root(), proof)


def test_tiles_of_tessera_come_out_of_its_entries(tessera: Callable[[int], TiledLog], samples: Path) -> None:
    content = list(tessera(15).entries(0, 15))
    for place, data in tile.append(lambda path: (samples / "tessera-log" / path).read_bytes(), 6, content[6:]):
        assert (samples / "tessera-log" / place.path).read_bytes() == data
