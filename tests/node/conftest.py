"""Seven nodes on loopback, a sequencer, and the statements of a simulated market."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark import schemes
from hallmark.scheme import loader
from node.network import Network
from world.market import Market


@pytest.fixture(scope="session")
def cfp():
    return loader.load(schemes.read("cfp"))


@pytest.fixture(scope="session")
def story(cfp):
    """A market's ledger from genesis to a certificate, as entries with disclosures and as statements."""
    market = Market(cfp, "CFP-01").open()
    market.certified()
    return market


@pytest.fixture
def network(tmp_path, cfp):
    """Seven running nodes, awake, that nobody handed an entry."""
    with Network(tmp_path, cfp) as network:
        network.wake()
        yield network
