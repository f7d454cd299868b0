"""Tiles and entry bundles of a transparency log (C2SP tlog-tiles), and proofs read from them.

A tile holds up to 256 consecutive nodes of one level; levels are eight levels of the tree apart. Entry bundles have the
indexes and widths of level 0 and hold the entries themselves, each behind a big-endian 16-bit length. Nothing here
touches a disk or a network: a `TileReader` returns the bytes at a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import MAX_SIZE, OutsideTree, leaf_hash
from hallmark.ledger.tree import Prover, Tree

HEIGHT = 8
WIDTH = 1 << HEIGHT
ENTRIES = -1  # the level of an entry bundle
MAX_ENTRY = 65_535
_TOP_LEVEL = MAX_SIZE.bit_length() // HEIGHT
_TILES_KEPT = 256  # by a `TiledLog`, about 45 kB each
_PATH = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

TileReader = Callable[[str], bytes]


class BadTilePath(Malformed):
    """The text is no path of a tile or an entry bundle."""

    article = "C2SP tlog-tiles"
    en = "{path} is not the path of a tile or an entry bundle. Use the paths of c2sp.org/tlog-tiles."
    zh = "{path}不是瓦片或条目包的路径。请使用 c2sp.org/tlog-tiles 规定的路径。"


class BadTile(Malformed):
    """The bytes of a tile or an entry bundle do not have the form its path calls for."""

    article = "C2SP tlog-tiles"
    en = "The tile at {path} is malformed: {why}. Fetch it again, or from another mirror."
    zh = "{path} 处的瓦片格式有误：{why}。请重新获取，或改从其他镜像获取。"


class WrongTile(Unverified):
    """A tile or an entry bundle is not the one that the checkpoint commits to."""

    article = "C2SP tlog-tiles"
    en = "The tile at {path} does not belong to the log with this root. Fetch it from another mirror."
    zh = "{path} 处的瓦片不属于具有该根的日志。请改从其他镜像获取。"


class WrongTiles(Unverified):
    """The partial tiles at the right edge do not give the root of the checkpoint."""

    article = "C2SP tlog-tiles"
    en = "The tiles are not those of a log of {size} entries with this root. Read them from another mirror."
    zh = "这些瓦片不属于具有该根、共 {size} 个条目的日志。请改从其他镜像读取。"


class EntryTooLong(Malformed):
    """An entry is longer than a bundle can hold."""

    article = "C2SP tlog-tiles"
    en = "An entry of {length} bytes is longer than the 65535 that the ledger holds. Put the content into evidence."
    zh = "条目长 {length} 字节，超过账本上限 65535 字节。请将内容存为证据。"


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The place of a tile: `level` (or `ENTRIES`), `index`, and how many of its 256 nodes or entries there are."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Path below the prefix of the log."""
        *groups, last = re.findall("...", f"{self.index:0{-(-len(str(self.index)) // 3) * 3}}")
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return "/".join(["tile", level, *(f"x{group}" for group in groups), last]) + partial

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Return the tile at `path`; raises `BadTilePath`."""
        if match := _PATH.fullmatch(path):
            level, index, width = match.groups()
            tile = cls(
                ENTRIES if level == "entries" else int(level),
                int(index.replace("x", "").replace("/", "")),
                int(width or WIDTH),
            )
            if tile.path == path and tile.index <= MAX_SIZE and tile.width <= WIDTH:
                return tile
        raise BadTilePath(path=path[:80])


def grown(old_size: int, size: int) -> Iterator[Tile]:
    """Yield the tiles, bundles first, that a log which grows from `old_size` to `size` entries must write."""
    yield from _grown(ENTRIES, old_size, size)
    level = 0
    while old_size != size:
        yield from _grown(level, old_size, size)
        old_size, size, level = old_size >> HEIGHT, size >> HEIGHT, level + 1


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return the bundle that holds `entries`; raises `EntryTooLong`."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise EntryTooLong(length=len(entry))
        parts += (len(entry).to_bytes(2), entry)
    return b"".join(parts)


def decode_bundle(data: bytes, tile: Tile) -> list[bytes]:
    """Return the entries in the bundle at `tile`; raises `BadTile`."""
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < tile.width:
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if end > len(data):
            raise BadTile(path=tile.path, why=Text("有条目残缺", "an entry is cut short"))
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) != tile.width:
        raise BadTile(
            path=tile.path, why=Text(f"不是恰好 {tile.width} 条条目", f"it does not hold exactly {tile.width} entries")
        )
    return entries


def decode_hashes(data: bytes, tile: Tile) -> list[bytes]:
    """Return the hashes in `tile`; raises `BadTile`."""
    if len(data) != tile.width * SIZE:
        raise BadTile(
            path=tile.path, why=Text(f"不是恰好 {tile.width} 个哈希值", f"it does not hold exactly {tile.width} hashes")
        )
    return [data[at : at + SIZE] for at in range(0, len(data), SIZE)]


def append(read: TileReader, size: int, entries: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Yield what to write, bundles first, so that a log of `size` entries gains `entries`.

    Reads the partial tiles of `size` and trusts them: they are the writer's own. Raises `EntryTooLong`, `BadTile`.
    """
    fresh: Sequence[bytes] = entries
    for level in range(ENTRIES, _TOP_LEVEL + 1):
        if not fresh:
            return
        old_size = size >> HEIGHT * max(level, 0)
        if width := old_size % WIDTH:
            partial = Tile(level, old_size >> HEIGHT, width)
            data = read(partial.path)
            fresh = [*(decode_bundle if level == ENTRIES else decode_hashes)(data, partial), *fresh]
        full: list[bytes] = []
        for tile in _grown(level, old_size, old_size - width + len(fresh)):
            at = (tile.index - (old_size >> HEIGHT)) * WIDTH
            content = fresh[at : at + tile.width]
            yield tile, encode_bundle(content) if level == ENTRIES else b"".join(content)
            if level != ENTRIES and tile.width == WIDTH:
                full.append(Tree(content).root())
        fresh = [leaf_hash(entry) for entry in entries] if level == ENTRIES else full


class TiledLog(Prover):
    """A log of `size` entries with `root`, read through tiles; whatever a reader returns is checked against the root.

    Making one reads the partial tiles and raises `WrongTiles` where they do not give the root. A full tile is checked
    against its parent whenever it is read. Every method raises `BadTile` or `WrongTile` for bytes not of this log.
    """

    def __init__(self, read: TileReader, size: int, root: bytes) -> None:
        if not 0 <= size <= MAX_SIZE:
            raise OutsideTree(what=Text(f"{size} 个叶子的树", f"tree of {size} leaves"), size=MAX_SIZE)
        self._read = read
        self._partial: dict[Tile, Tree] = {}
        self._tile = lru_cache(_TILES_KEPT)(self._load)
        super().__init__([_Row(self._tile, level) for level in range(MAX_SIZE.bit_length() + 1)], size)
        if self.frontier().root != root:
            raise WrongTiles(size=size)

    def entry(self, index: int) -> bytes:
        """Return the entry at `index`; raises `OutsideTree`, `BadTile`, `WrongTile`."""
        return next(self.entries(index, index + 1))

    def entries(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the entries [start, end); raises `OutsideTree`, `BadTile`, `WrongTile`."""
        if not 0 <= start <= end <= len(self):
            raise OutsideTree(what=Text(f"范围 [{start}, {end})", f"range [{start}, {end})"), size=len(self))
        for index in range(start >> HEIGHT, -(-end >> HEIGHT)):
            bundle = self._place(ENTRIES, index)
            first = index << HEIGHT
            for at, entry in enumerate(decode_bundle(self._read(bundle.path), bundle), first):
                if start <= at < end:
                    if leaf_hash(entry) != self.leaf(at):
                        raise WrongTile(path=bundle.path)
                    yield entry

    def _place(self, level: int, index: int) -> Tile:
        """Return the tile at `index` with the width it has in this log."""
        nodes = len(self) >> HEIGHT * max(level, 0)
        return Tile(level, index, min(WIDTH, nodes - (index << HEIGHT)))

    def _load(self, level: int, index: int) -> Tree:
        """Return the tile as the small tree that it is; a full one must have the root that its parent holds."""
        tile = self._place(level, index)
        if tile in self._partial:  # read once, for the root vouches for that reading only
            return self._partial[tile]
        tree = Tree(decode_hashes(self._read(tile.path), tile))
        if tile.width < WIDTH:
            self._partial[tile] = tree
        elif tree.root() != self._tile(level + 1, index >> HEIGHT).node(0, index % WIDTH):
            raise WrongTile(path=tile.path)
        return tree


class _Row:
    """One level of a log's tree, read from tiles."""

    def __init__(self, tile: Callable[[int, int], Tree], level: int) -> None:
        self._tile = tile
        self._level, self._height = divmod(level, HEIGHT)

    def __getitem__(self, index: int, /) -> bytes:
        above = HEIGHT - self._height
        return self._tile(self._level, index >> above).node(self._height, index & (1 << above) - 1)


def _grown(level: int, old_size: int, size: int) -> Iterator[Tile]:
    """Yield the tiles of `level` that change when it grows from `old_size` to `size` nodes."""
    if old_size != size:
        for index in range(old_size >> HEIGHT, -(-size >> HEIGHT)):
            yield Tile(level, index, min(WIDTH, size - (index << HEIGHT)))
