"""A Merkle map over sorted keys: which value each key has, and that a key is absent, under one 32-byte root.

The leaves stand in the order of the UTF-8 bytes of their keys, which are distinct. A leaf holds the 32-byte value, then
the key. The root is the domain-separated digest of [number of leaves, root of the tree over them]: with the number
signed, "last" is provable, and a path fixes the position of its leaf. So a key is absent where the leaves on either
side of its place are shown next to each other (at an end one leaf, in the empty map none).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hallmark.kernel import hashing
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import MAX_SIZE, leaf_hash, root_of_path
from hallmark.ledger.tree import Tree

_DOMAIN = "hallmark/map/1"
_MAX_PATH = 63


class BadMapEntry(Malformed):
    """A key or a value has no place in a map."""

    en = "This cannot stand in the map: {why}. Correct the key or the value."
    zh = "无法写入映射：{why}。请更正键或值。"


class BadMapProof(Malformed):
    """The value is not a proof about a map."""

    en = "This is not a proof of presence or absence: {why}. Fetch the proof again."
    zh = "这不是有效的存在或不存在证明：{why}。请重新获取该证明。"


class NotPresent(Unverified):
    """The proof does not show that the key has the value."""

    en = "It is not shown that {key} has this value in the map with this root. Do not rely on it."
    zh = "未能证明 {key} 在具有该根的映射中取此值。请勿信赖。"


class NotAbsent(Unverified):
    """The proof does not show that the key is absent."""

    en = "It is not shown that {key} is absent from the map with this root: {why}. Do not rely on it."
    zh = "未能证明具有该根的映射中没有 {key}：{why}。请勿信赖。"


@dataclass(frozen=True, slots=True)
class Presence:
    """The path of the leaf at `index` of `size`."""

    size: int
    index: int
    path: tuple[bytes, ...]

    def to_value(self) -> list[object]:
        """Return the proof as a CBOR value, [size, index, path]."""
        return [self.size, self.index, list(self.path)]

    @classmethod
    def from_value(cls, value: object) -> Presence:
        """Return the proof in a value that `to_value` made; raises `BadMapProof`."""
        match value:
            case [size, index, path]:
                return cls(_whole(size), _whole(index), _path(path))
        raise BadMapProof(why=Text("不是大小、位置和路径", "it is not a size, an index and a path"))


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A leaf beside the place where an absent key would stand."""

    key: str
    value: bytes
    path: tuple[bytes, ...]

    def to_value(self) -> list[object]:
        """Return the leaf as a CBOR value, [key, value, path]."""
        return [self.key, self.value, list(self.path)]

    @classmethod
    def from_value(cls, value: object) -> Neighbour:
        """Return the leaf in a value that `to_value` made; raises `BadMapProof`."""
        match value:
            case [str(key), bytes(content), path]:
                return cls(key, content, _path(path))
        raise BadMapProof(why=Text("有相邻项不是键、值和路径", "a neighbour is not a key, a value and a path"))


@dataclass(frozen=True, slots=True)
class Absence:
    """The leaves at `index` - 1 and `index` of `size`, between which a key would stand; None beyond an end."""

    size: int
    index: int
    left: Neighbour | None
    right: Neighbour | None

    def to_value(self) -> list[object]:
        """Return the proof as a CBOR value, [size, index, left, right]; a neighbour is [key, value, path] or null."""
        sides = [None if side is None else side.to_value() for side in (self.left, self.right)]
        return [self.size, self.index, *sides]

    @classmethod
    def from_value(cls, value: object) -> Absence:
        """Return the proof in a value that `to_value` made; raises `BadMapProof`."""
        match value:
            case [size, index, left, right]:
                sides = [None if side is None else Neighbour.from_value(side) for side in (left, right)]
                return cls(_whole(size), _whole(index), *sides)
        raise BadMapProof(why=Text("不是大小、位置和两个相邻项", "it is not a size, an index and two neighbours"))


class SortedMap:
    """The map with these `items`, key to 32-byte value; raises `BadMapEntry`."""

    def __init__(self, items: Mapping[str, bytes]) -> None:
        pairs = sorted((_encode(key), key) for key in items)
        self._order = [encoded for encoded, _ in pairs]
        self._keys = [key for _, key in pairs]
        self._values = [items[key] for key in self._keys]
        self._tree = Tree(map(_leaf, self._keys, self._values))

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def root(self) -> bytes:
        """32-byte root."""
        return _root(len(self), self._tree.root())

    def prove_presence(self, key: str) -> Presence:
        """Return the proof that `key` has its value; raises `NotPresent` where it has none."""
        index = self._place(key)
        if self._keys[index : index + 1] != [key]:
            raise NotPresent(key=key[:80])
        return Presence(len(self), index, tuple(self._tree.prove_inclusion(index)))

    def prove_absence(self, key: str) -> Absence:
        """Return the proof that `key` is not in the map; raises `NotAbsent` where it is."""
        index = self._place(key)
        if self._keys[index : index + 1] == [key]:
            raise NotAbsent(key=key[:80], why=Text("该项存在", "it is there"))
        return Absence(len(self), index, self._neighbour(index - 1), self._neighbour(index))

    def _place(self, key: str) -> int:
        return bisect_left(self._order, _encode(key))

    def _neighbour(self, index: int) -> Neighbour | None:
        if not 0 <= index < len(self):
            return None
        return Neighbour(self._keys[index], self._values[index], tuple(self._tree.prove_inclusion(index)))


def verify_presence(root: bytes, key: str, value: bytes, proof: Presence) -> None:
    """Raise unless `key` has `value` in the map with `root`; raises `NotPresent` and as `root_of_path`."""
    if _root_of(key, value, proof.index, proof.size, proof.path) != root:
        raise NotPresent(key=key[:80])


def verify_absence(root: bytes, key: str, proof: Absence) -> None:
    """Raise unless `key` is not in the map with `root`; raises `NotAbsent` and as `root_of_path`."""
    place = _encode(key)
    if (proof.left is None) != (proof.index == 0) or (proof.right is None) != (proof.index == proof.size):
        raise NotAbsent(
            key=key[:80],
            why=Text("缺少相邻项，或边界之外多出一个", "a neighbour is missing, or there is one beyond an end"),
        )
    if proof.size == 0 and root != _root(0, Tree().root()):
        raise NotAbsent(key=key[:80], why=Text("映射不为空", "the map is not empty"))
    if proof.left is not None and _encode(proof.left.key) >= place:
        raise NotAbsent(key=key[:80], why=Text("左侧相邻项不在其前", "its left neighbour does not stand before it"))
    if proof.right is not None and _encode(proof.right.key) <= place:
        raise NotAbsent(key=key[:80], why=Text("右侧相邻项不在其后", "its right neighbour does not stand after it"))
    for index, side in ((proof.index - 1, proof.left), (proof.index, proof.right)):
        if side is not None and _root_of(side.key, side.value, index, proof.size, side.path) != root:
            raise NotAbsent(key=key[:80], why=Text("有相邻项不在映射中", "a neighbour is not in the map"))


def _root_of(key: str, value: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    return _root(size, root_of_path(_leaf(key, value), index, size, path))


def _root(size: int, tree_root: bytes) -> bytes:
    return hashing.digest_of(_DOMAIN, [size, tree_root])


def _leaf(key: str, value: bytes) -> bytes:
    if len(value) != hashing.SIZE:
        raise BadMapEntry(why=Text("有值不是 32 字节", "a value is not 32 bytes"))
    return leaf_hash(value + _encode(key))


def _encode(key: str) -> bytes:
    try:
        return key.encode()
    except UnicodeEncodeError:
        raise BadMapEntry(why=Text("有键不是 Unicode", "a key is not Unicode")) from None


def _whole(value: object) -> int:
    if type(value) is int and 0 <= value <= MAX_SIZE:
        return value
    raise BadMapProof(why=Text("有位置不是整数", "a position is not a whole number"))


def _path(value: object) -> tuple[bytes, ...]:
    if isinstance(value, list) and len(value) <= _MAX_PATH and all(type(item) is bytes for item in value):
        return tuple(value)
    raise BadMapProof(why=Text("有路径不是哈希值列表", "a path is not a list of hashes"))
