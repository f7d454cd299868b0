"""The Merkle tree of RFC 6962 (RFC 9162 section 2.1) over SHA-256: hashes, frontier, verification of proofs.

A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), the empty tree SHA-256 of nothing. Positions
count from zero. Every hash is exactly 32 bytes; a proof with a shorter or longer one is refused before it is hashed.

A subtree [start, end) is a node as in draft-ietf-plants-merkle-tree-certs section 4: `start` is a multiple of the
smallest power of two not below `end - start`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256  # without the call through kernel.hashing: a proof is twenty of these and little else

from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text

EMPTY = sha256(b"").digest()
MAX_SIZE = 2**63 - 1


class BadHash(Malformed):
    """A hash is not 32 bytes."""

    en = "The {what} holds a hash that is not 32 bytes. Send it again as it was made."
    zh = "{what}中有长度不是 32 字节的哈希值。请按原样重新提交。"


class BadFrontier(Malformed):
    """The value is no frontier."""

    en = "This is not the frontier of a Merkle tree: {why}. Rebuild it from the entries."
    zh = "这不是有效的默克尔树前沿：{why}。请由条目重新计算。"


class OutsideTree(Malformed):
    """The leaf, size or subtree named does not exist in the tree named."""

    article = "RFC 9162 section 2.1"
    en = "There is no {what} in a tree of {size} leaves. Compare the positions with those of the proof."
    zh = "大小为 {size} 的树中不存在{what}。请核对证明所载的位置。"


class WrongPathLength(Unverified):
    """A proof has more or fewer hashes than its positions call for."""

    article = "RFC 9162 section 2.1"
    en = "The proof has {length} hashes where its positions call for {wanted}. Do not rely on it."
    zh = "证明含 {length} 个哈希值，而其位置要求 {wanted} 个。请勿信赖。"


class NotIncluded(Unverified):
    """The path does not lead from the leaf to the root."""

    article = "RFC 9162 section 2.1.3.2"
    en = "The leaf at {index} is not in the tree of {size} leaves with this root. Do not rely on it."
    zh = "位置 {index} 的叶子不在具有该根的大小为 {size} 的树中。请勿信赖。"


class NotConsistent(Unverified):
    """The older tree or the subtree is not part of the newer tree."""

    article = "RFC 9162 section 2.1.4.2"
    en = "Leaves {start} to {end} of one tree are not those of the tree of {size} leaves: {why}. Keep both as evidence."
    zh = "第 {start} 至 {end} 个叶子与大小为 {size} 的树不一致：{why}。请保留两者作为证据。"


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of the leaf that holds `entry`."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two 32-byte hashes."""
    return sha256(b"\x01" + left + right).digest()


def root(entries: Iterable[bytes]) -> bytes:
    """Return the root of the tree over `entries`, the bytes themselves and not their hashes."""
    return Frontier().extend(map(leaf_hash, entries)).root


def check_hashes(hashes: Iterable[bytes], what: Text) -> None:
    """Raise `BadHash` unless each of `hashes` is 32 bytes."""
    for item in hashes:
        if len(item) != SIZE:
            raise BadHash(what=what)


def check_subtree(start: int, end: int, size: int) -> None:
    """Raise `OutsideTree` unless [start, end) is a subtree, not empty, of a tree of `size` leaves."""
    if not 0 <= start < end <= size or start & ((1 << (end - start - 1).bit_length()) - 1):
        raise OutsideTree(what=Text(f"子树 [{start}, {end})", f"subtree [{start}, {end})"), size=size)


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the largest perfect subtrees, from the left: all of a tree that its growth and its root need.

    `hashes` has one hash for each bit set in `size`. A frontier never changes; it grows into another one.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise BadFrontier(why=Text("其大小超出范围", "its size is out of range"))
        if len(self.hashes) != self.size.bit_count():
            raise BadFrontier(
                why=Text(
                    f"大小为 {self.size} 的树的哈希值个数不同",
                    f"a tree of {self.size} leaves has another number of hashes",
                )
            )
        check_hashes(self.hashes, Text("前沿", "frontier"))

    @property
    def root(self) -> bytes:
        """32-byte root of the tree."""
        if not self.hashes:
            return EMPTY
        *rest, node = self.hashes
        for left in reversed(rest):
            node = node_hash(left, node)
        return node

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the frontier after the leaf hashes `leaves`; raises `BadHash`."""
        leaves = list(leaves)
        check_hashes(leaves, Text("叶子哈希列表", "list of leaf hashes"))
        hashes, size = list(self.hashes), self.size
        for node in leaves:
            carry = size
            while carry & 1:
                node = sha256(b"\x01" + hashes.pop() + node).digest()  # noqa: PLW2901 - the leaf grows into its node
                carry >>= 1
            hashes.append(node)
            size += 1
        return Frontier(size, tuple(hashes))

    def to_value(self) -> list[int | bytes]:
        """Return the frontier as a list for a record: the size, then the hashes."""
        return [self.size, *self.hashes]

    @classmethod
    def from_value(cls, value: object) -> Frontier:
        """Return the frontier in a list that `to_value` made; raises `BadFrontier`, `BadHash`."""
        match value:
            case [size, *rest] if type(size) is int:
                hashes = tuple(item for item in rest if type(item) is bytes)
                if len(hashes) == len(rest):
                    return cls(size, hashes)
        raise BadFrontier(why=Text("不是大小加哈希值", "it is not a size followed by hashes"))


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root to which `path` leads from the leaf hash `leaf` at `index` of a tree of `size` leaves.

    Raises `OutsideTree`, `BadHash`, `WrongPathLength`.
    """
    if not 0 <= index < size:
        raise OutsideTree(what=Text(f"第 {index} 个叶子", f"leaf {index}"), size=size)
    inner = (index ^ (size - 1)).bit_length()  # below this level the path has a node on either side, above only left
    wanted = inner + (index >> inner).bit_count()
    if len(path) != wanted:
        raise WrongPathLength(length=len(path), wanted=wanted)
    check_hashes((leaf, *path), Text("包含证明", "inclusion proof"))
    node, position = leaf, index | -1 << inner
    for sibling in path:
        pair = sibling + node if position & 1 else node + sibling
        node = sha256(b"\x01" + pair).digest()
        position >>= 1
    return node


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise unless `path` leads from the leaf hash `leaf` at `index` to the `root` of a tree of `size` leaves.

    Raises as `root_of_path`, and `NotIncluded`.
    """
    if root_of_path(leaf, index, size, path) != root:
        raise NotIncluded(index=index, size=size)


def verify_subtree_inclusion(leaf: bytes, index: int, start: int, end: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise unless `path` leads from the leaf hash at `index` to the `root` of the subtree [start, end).

    Raises as `verify_inclusion`.
    """
    check_subtree(start, end, end)
    verify_inclusion(leaf, index - start, end - start, path, root)


def verify_consistency(old_size: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> None:
    """Raise unless the tree of `old_size` leaves is the beginning of the tree of `size` leaves.

    An empty tree is the beginning of every tree and proves nothing: `old_size` 0 is refused. Raises `OutsideTree`,
    `BadHash`, `WrongPathLength`, `NotConsistent`.
    """
    if old_size == 0:
        raise OutsideTree(what=Text("可作任何证明的空旧树", "older tree of 0 leaves that proves anything"), size=size)
    verify_subtree_consistency(0, old_size, size, old_root, root, path)


def verify_subtree_consistency(
    start: int, end: int, size: int, subtree_root: bytes, root: bytes, path: Sequence[bytes]
) -> None:
    """Raise unless the subtree [start, end) holds the leaves that the tree of `size` leaves holds there.

    An empty subtree has the root of the empty tree and an empty path, and says nothing about `root`. Raises as
    `verify_consistency`.
    """
    check_hashes(path, Text("一致性证明", "consistency proof"))
    if 0 <= start == end <= size:
        if path or subtree_root != EMPTY:
            raise NotConsistent(
                start=start,
                end=end,
                size=size,
                why=Text("空范围的根为空根，且没有路径", "an empty range has the empty root and no path"),
            )
        return
    check_subtree(start, end, size)
    first, last, top = start, end - 1, size - 1
    level = (first ^ last).bit_length()  # height of the subtree
    if last != top:
        level = min(level, (~last & last + 1).bit_length() - 1)  # the largest perfect subtree that ends at `end`
    first, last, top = first >> level, last >> level, top >> level
    rest = list(path)
    if first == last:
        old = new = subtree_root
    elif rest:
        old = new = rest.pop(0)
    else:
        raise WrongPathLength(length=0, wanted=Text("至少 1", "at least 1"))
    for count, sibling in enumerate(rest, len(path) - len(rest)):
        if top == 0:
            raise WrongPathLength(length=len(path), wanted=count)
        if last & 1 or last == top:
            if first < last:
                old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            rise = (last & -last).bit_length()  # past the levels where the node has no sibling
        else:
            new = node_hash(new, sibling)
            rise = 1
        first, last, top = first >> rise, last >> rise, top >> rise
    if top != 0:
        raise WrongPathLength(length=len(path), wanted=Text(f"多于 {len(path)}", f"more than {len(path)}"))
    if old != subtree_root:
        raise NotConsistent(
            start=start,
            end=end,
            size=size,
            why=Text("路径不通向旧树的根", "the path does not lead to the root of the older one"),
        )
    if new != root:
        raise NotConsistent(
            start=start,
            end=end,
            size=size,
            why=Text("路径不通向新树的根", "the path does not lead to the root of the newer one"),
        )
