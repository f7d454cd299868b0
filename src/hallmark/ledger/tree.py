"""Proofs made from the nodes of a Merkle tree, and the tree that holds its nodes in memory.

Only perfect nodes are stored: node `index` of `level` covers the leaves [index << level, (index + 1) << level). The
ragged nodes at the right edge depend on the size of the tree and are computed once for a size.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

from hallmark.kernel.text import Text
from hallmark.ledger.merkle import EMPTY, Frontier, OutsideTree, check_hashes, check_subtree, node_hash


class Row(Protocol):
    """The perfect nodes of one level, by index."""

    def __getitem__(self, index: int, /) -> bytes: ...


class Rows(Protocol):
    """The levels of a tree, leaf hashes first."""

    def __getitem__(self, level: int, /) -> Row: ...


class Prover:
    """Makes roots and proofs for every size up to that of the tree whose perfect nodes are `rows`."""

    def __init__(self, rows: Rows, size: int) -> None:
        self._rows = rows
        self._size = size
        self._edge: tuple[int, int, list[bytes]] = (0, 0, [])

    def __len__(self) -> int:
        return self._size

    def leaf(self, index: int) -> bytes:
        """Return the leaf hash at `index`; raises `OutsideTree`."""
        if not 0 <= index < self._size:
            raise OutsideTree(what=Text(f"第 {index} 个叶子", f"leaf {index}"), size=self._size)
        return self._rows[0][index]

    def frontier(self, size: int | None = None) -> Frontier:
        """Return the frontier of the first `size` leaves; raises `OutsideTree`."""
        size = self._check(size)
        levels = [level for level in range(size.bit_length()) if size >> level & 1]
        return Frontier(size, tuple(self._rows[level][(size >> level) - 1] for level in reversed(levels)))

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves, of all without `size`; raises `OutsideTree`."""
        return self.subtree_root(0, size) if (size := self._check(size)) else EMPTY

    def subtree_root(self, start: int, end: int) -> bytes:
        """Return the root of the subtree [start, end); raises `OutsideTree`."""
        check_subtree(start, end, self._size)
        return self._right_edge(start, end)[-1]

    def prove_inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the path from the leaf at `index` to the root of the first `size` leaves; raises `OutsideTree`."""
        return self.prove_subtree_inclusion(index, 0, self._size if size is None else size)

    def prove_subtree_inclusion(self, index: int, start: int, end: int) -> list[bytes]:
        """Return the path from the leaf at `index` to the root of the subtree [start, end); raises `OutsideTree`."""
        check_subtree(start, end, self._size)
        if not start <= index < end:
            raise OutsideTree(what=Text(f"第 {index} 个叶子", f"leaf {index}"), size=end)
        return self._path(0, index, start, end)

    def prove_consistency(self, old_size: int, size: int | None = None) -> list[bytes]:
        """Return the proof that the first `old_size` leaves begin the first `size`; raises `OutsideTree`."""
        return self.prove_subtree_consistency(0, old_size, self._check(size))

    def prove_subtree_consistency(self, start: int, end: int, size: int) -> list[bytes]:
        """Return the proof that the subtree [start, end) is part of the first `size` leaves; raises `OutsideTree`."""
        check_subtree(start, end, self._check(size))
        if end == size:
            height = (end - 1 - start).bit_length()
            return self._path(height, start >> height, 0, size)
        level = ((end - start) & (start - end)).bit_length() - 1  # the largest perfect subtree that ends at `end`
        index = (end - 1) >> level
        path = self._path(level, index, 0, size)
        return path if end - start == 1 << level else [self._rows[level][index], *path]

    def _check(self, size: int | None) -> int:
        if size is None:
            return self._size
        if not 0 <= size <= self._size:
            raise OutsideTree(what=Text(f"{size} 个叶子的树", f"tree of {size} leaves"), size=self._size)
        return size

    def _path(self, level: int, index: int, start: int, end: int) -> list[bytes]:
        """Return the siblings from node `index` of `level` up to the root of the subtree [start, end)."""
        edge, rows = self._right_edge(start, end), self._rows
        inner = (index ^ (end - 1) >> level).bit_length()
        fork = level + inner
        path = [rows[at][index >> at - level ^ 1] for at in range(level, fork - 1)]
        if inner:
            path.append(edge[fork - 1])  # where the ways to the node and to the last leaf part
        border = index >> inner
        path += [rows[at][(border >> at - fork) - 1] for at in range(fork, len(edge) - 1) if border >> at - fork & 1]
        return path

    def _right_edge(self, start: int, end: int) -> list[bytes]:
        """Return the last node of each level of the subtree [start, end), its last leaf first and its root last."""
        if self._edge[:2] != (start, end):
            last = end - 1
            node = self._rows[0][last]
            edge = [node]
            for level in range((last - start).bit_length()):
                if last >> level & 1:
                    node = node_hash(self._rows[level][(last >> level) - 1], node)
                edge.append(node)
            self._edge = (start, end, edge)
        return self._edge[2]


class Tree(Prover):
    """A Merkle tree in memory, about 180 bytes a leaf: append leaf hashes, take roots and proofs of any size."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._nodes: list[list[bytes]] = [[]]
        super().__init__(self._nodes, 0)
        self.extend(leaves)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append the leaf hashes `leaves`; raises `BadHash`."""
        leaves = list(leaves)
        check_hashes(leaves, Text("叶子哈希列表", "list of leaf hashes"))
        self._nodes[0] += leaves
        self._size = len(self._nodes[0])
        for level, row in enumerate(self._nodes):  # which gains a level where the top row has a pair
            if len(row) < 2:
                return
            if level + 1 == len(self._nodes):
                self._nodes.append([])
            above = self._nodes[level + 1]
            pairs = iter(row[2 * len(above) : len(row) & -2])
            above += [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]

    def node(self, level: int, index: int) -> bytes:
        """Return the perfect node `index` of `level`; it must exist."""
        return self._nodes[level][index]
