"""Where a checkpoint and tiles are published."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from hallmark.kernel.text import Text
from hallmark.ledger.tile import TileReader
from hallmark.node.client import Peer
from hallmark.node.errors import NotReached

_TOO_LONG = Text(
    "通往其纪元的条目过长；请先执行 hallmark trust --follow",
    "the way to its epoch is too long; go there with: hallmark trust --follow",
)


@dataclass(frozen=True, slots=True)
class Source:
    """A member's node, or the register's log."""

    peer: Peer
    node: bool

    @property
    def name(self) -> str:
        """The member's name, or the log's."""
        return self.peer.name

    def tiles(self, seconds: float) -> TileReader:
        """Return what reads tiles of a log that nobody known vouches for: for so many seconds, then `NotReached`."""
        end = monotonic() + seconds

        def read(path: str) -> bytes:
            if monotonic() > end:
                raise NotReached(node=self.name, why=_TOO_LONG)
            return self.peer.tile(path)

        return read
