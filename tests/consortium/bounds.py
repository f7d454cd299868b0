"""The parts of an exhaustive search that are not the search: its bounds, its states, its properties by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from hallmark.consortium.member import Mirror, Witness
from hallmark.consortium.succession import Commit, Prepare, Seal
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.tree import Tree

Entries = tuple[bytes, ...]


class Breach(StrEnum):
    """A property that does not hold."""

    CONFLICT = "two final entries conflict"
    LOST = "an epoch started without an entry that is final"
    TWICE = "an epoch started twice"
    UNVERIFIED = "a final entry was not re-verified by f + 1 honest members"


class Violated(AssertionError):
    """A property does not hold; the steps that led there follow."""

    def __init__(self, breach: Breach, steps: list[str]) -> None:
        super().__init__("\n".join([breach, *steps]))
        self.breach, self.steps = breach, steps


@dataclass(frozen=True)
class Bounds:
    """How far to go, and which part of the protocol to leave out.

    Epoch i adds up to `heights[i]` entries and may end in up to `attempts[i]` attempts at the next. `newcomer`: a first
    entry "A" votes member d out and x in. `deposed`: at each start members have consented to another sequencer, and
    whoever proposes may use that or not. `final` and `started`: which signatures of a quorum make final, and start.
    `watched` are the properties that end the search.
    """

    heights: tuple[int, ...]
    attempts: tuple[int, ...]
    newcomer: bool = False
    deposed: bool = False
    final: type[Mirror | Witness] = Mirror
    started: type[Commit | Prepare] = Commit
    watched: frozenset[Breach] = frozenset(Breach)


@dataclass(frozen=True)
class Explored:
    """How much was seen; `finals` are the numbers of entries of the longest final checkpoint of each epoch."""

    states: int
    steps: int
    finals: dict[int, int]


@dataclass(frozen=True, slots=True)
class Verified:
    """Not signed, but counted like a signature: in this epoch a member ran the rules over the last of these entries."""

    epoch: int
    entries: Entries


class State(NamedTuple):
    """What the honest members are, by number, and the signatures that at least 1, 2 and 3 of them made, as masks."""

    members: tuple[int, ...]
    made: tuple[int, int, int]


Act = Witness | Mirror | Seal | Prepare | Commit | Verified
Move = tuple[int, int]
"""What a member becomes, and the mask of what it signed and verified."""


@cache
def frontier(entries: Entries) -> Frontier:
    return Frontier().extend(map(leaf_hash, entries))


@cache
def consistency(entries: Entries, size: int) -> list[bytes]:
    return Tree(map(leaf_hash, entries)).prove_consistency(size)


def epoch_of(checkpoint: Checkpoint) -> int:
    return int(checkpoint.origin.rpartition("/e")[2])
