"""Two development nodes with TPMs of one maker, and the registrar that certified the key of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hallmark.node.attester.attester import Attester, attesting
from hallmark.node.attester.manufacturer import Manufacturer
from hallmark.node.attester.measurement import measure
from hallmark.node.attester.registers import State
from hallmark.node.attester.registrar import Registrar


@dataclass(frozen=True)
class Node:
    folder: Path
    certificate: bytes

    def running(self, state: State) -> AbstractContextManager[Attester]:
        return attesting(self.folder, state)


@pytest.fixture(scope="session")
def at(tpms) -> int:
    """Once the TPMs are made: the maker's program dates its certificates by the clock."""
    return time.time_ns() // 10**6


@pytest.fixture(scope="session")
def state() -> State:
    """The release that runs these tests, under some constitution."""
    return State(measure(), b"\x0c" * 32)


@pytest.fixture(scope="session")
def make_maker(tmp_path_factory) -> Callable[[], Manufacturer]:
    return lambda: Manufacturer(tmp_path_factory.mktemp("maker") / "authority")


@pytest.fixture(scope="session")
def maker(make_maker) -> Manufacturer:
    return make_maker()


@pytest.fixture(scope="session")
def tpms(maker, tmp_path_factory) -> tuple[Path, ...]:
    """The state of a TPM for each of the two nodes."""
    folders = tuple(tmp_path_factory.mktemp(name) / "tpm" for name in ("node", "other"))
    for folder in folders:
        maker.make(folder, folder.parent.name)
    return folders


@pytest.fixture(scope="session")
def registrar(maker, tpms, at, tmp_path_factory) -> Iterator[Registrar]:
    founded = Registrar.found(tmp_path_factory.mktemp("registrar"), [maker.chain], at)
    yield founded
    founded.close()


@pytest.fixture
def found(at, tmp_path) -> Iterator[Callable[..., Registrar]]:
    """Found another registrar, by chains of the makers it knows."""
    with ExitStack() as stack:
        yield lambda *makers: stack.enter_context(closing(Registrar.found(tmp_path / "registrar", makers, at)))


@pytest.fixture(scope="session")
def nodes(tpms, registrar, state, at) -> list[Node]:
    """Both enrolled, their keys certified."""
    enrolled = []
    for folder in tpms:
        with attesting(folder, state) as attester:
            challenge = registrar.challenge(attester.request(), at)
            certificate = registrar.certify(challenge.number, attester.activate(challenge.credential), at)
        enrolled.append(Node(folder, certificate))
    return enrolled


@pytest.fixture(scope="session")
def node(nodes) -> Node:
    return nodes[0]


@pytest.fixture(scope="session")
def other_node(nodes) -> Node:
    return nodes[1]


@pytest.fixture
def attester(node, state) -> Iterator[Attester]:
    with node.running(state) as running:
        yield running


@pytest.fixture
def other_attester(other_node, state) -> Iterator[Attester]:
    with other_node.running(state) as running:
        yield running
