"""A market with a certificate, and a watch over whatever sources a test gives it, which remembers."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.seen import Seen, open_store
from hallmark.node.monitor.source import Source
from hallmark.node.monitor.threshold import DEFAULTS
from hallmark.node.monitor.trust import Trust
from hallmark.node.monitor.watch import Watch
from node.monitor.published import Members, Node, bundle_of
from node.network import Network
from portal.filled import state_status
from verify.register import copy_of
from world.market import Market


@pytest.fixture(scope="session")
def _stated(cfp):
    market = Market(cfp, "CFP-01").open()
    market.certified()
    state_status(market)
    return market


@pytest.fixture
def market(_stated):
    """A market with one certificate whose status was stated."""
    return copy_of(_stated)


@pytest.fixture
def members():
    """Seven members whose nodes do not run."""
    return Members()


@pytest.fixture
def watch(request, cfp, tmp_path):
    """Return a function that makes a watch over these sources, the running nodes if none are given.

    It remembers in the folder `memory`, and ends the watch made before: one store has one monitor.
    """
    with ExitStack() as stack:

        def make(*published, nodes="", pairs=None, memory="seen", trusted=None, **values):
            stack.close()
            sources = [Source(each, node=isinstance(each, Node)) for each in published]
            network: Network | Members = Members()
            if not published:
                network = request.getfixturevalue("network")
                sources = [Source(network.peer(name), node=True) for name in nodes or network.names]
            chosen = {**DEFAULTS, **{name.replace("_", "-"): value for name, value in values.items()}}
            seen = Seen.read(tmp_path / memory)
            stack.callback(seen.store.close)
            store = open_store(tmp_path / memory / "members.sqlite") if pairs else seen.store
            stack.callback(store.close)
            replay = Replay(store, {cfp.digest: cfp}, chosen, disclosed=pairs is not None)
            return Watch(Trust(trusted or bundle_of(network)), sources, seen, replay, chosen, pairs)

        yield make
