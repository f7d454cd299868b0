"""The exhaustive search finds nothing where the protocol is whole, and a breach where a part of it is left out.

The numbers of states are asserted, so that a change that makes the search see less does not go unnoticed; they stand in
docs/spec/consortium.md too.
"""

from __future__ import annotations

import pytest

from consortium.bounds import Bounds, Breach, Violated
from consortium.explorer import Explorer
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.member import Witness
from hallmark.consortium.succession import Prepare

SMALL = {
    "two attempts that may fail": (Bounds((1, 0), (2,)), 150_785, {1: 1}),
    "entries in both epochs": (Bounds((1, 1), (1,)), 10_376, {1: 1, 2: 2}),
    "a newcomer": (Bounds((1, 0), (1,), newcomer=True), 31_000, {1: 1}),
    "another sequencer, entries in both epochs": (Bounds((1, 1), (1,), deposed=True), 39_190, {1: 1, 2: 2}),
}
LONG = {
    "three attempts that may fail": (Bounds((1, 0), (3,)), 3_031_063, {1: 1}),
    "two attempts, entries in both epochs": (Bounds((1, 1), (2,)), 410_292, {1: 1, 2: 2}),
    "another sequencer, two attempts": (Bounds((1, 0), (2,), deposed=True), 752_534, {1: 1}),
    "two entries an epoch": (Bounds((2, 1), (1,)), 389_697, {1: 2, 2: 3}),
    "three epochs, two attempts at the second": (Bounds((1, 1, 0), (2, 1)), 2_559_085, {1: 1, 2: 2}),
    "a newcomer, entries in both epochs": (Bounds((1, 1), (1,), newcomer=True), 126_330, {1: 1, 2: 2}),
}


@pytest.mark.parametrize(("bounds", "states", "finals"), SMALL.values(), ids=SMALL)
def test_nothing_final_is_lost_or_contradicted(bounds, states, finals):
    explored = Explorer(bounds).run()
    assert (explored.states, explored.finals) == (states, finals)


@pytest.mark.long
@pytest.mark.parametrize(("bounds", "states", "finals"), LONG.values(), ids=LONG)
def test_nothing_final_is_lost_or_contradicted_in_longer_runs(bounds, states, finals):
    explored = Explorer(bounds).run()
    assert (explored.states, explored.finals) == (states, finals)


def test_with_one_phase_a_change_of_epoch_loses_what_was_final():
    with pytest.raises(Violated) as run:
        Explorer(Bounds((1, 0), (1,), final=Witness)).run()
    assert run.value.breach is Breach.LOST
    assert len(run.value.steps) == 9, "the shortest run, which the page of the protocol mentions"


def test_with_one_round_of_votes_an_epoch_starts_twice():
    with pytest.raises(Violated) as run:
        Explorer(Bounds((1, 0), (2,), started=Prepare)).run()
    assert run.value.breach is Breach.TWICE


def test_with_one_signature_less_the_ledger_forks(monkeypatch):
    monkeypatch.setattr(Constitution, "quorum", property(lambda self: len(self.members) - self.faults - 1))
    with pytest.raises(Violated) as run:
        Explorer(Bounds((1,), (), watched=frozenset({Breach.CONFLICT}))).run()
    assert run.value.breach is Breach.CONFLICT
