"""A market that has opened, made once and copied for each test."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark import schemes
from hallmark.kernel.errors import HallmarkError
from hallmark.scheme import loader
from world.languages import watched
from world.market import Market


@pytest.fixture(scope="session")
def cfp():
    return loader.load(schemes.read("cfp"))


@pytest.fixture(scope="session")
def opened(cfp):
    return Market(cfp, "CFP-01").open()


def _copy(market):
    twin = copy.copy(market)
    twin.state = copy.copy(market.state)
    twin.state._records = dict(market.state._records)
    twin.ledger = list(market.ledger)
    return twin


@pytest.fixture
def market(opened):
    """The market with everybody in place and no case."""
    return _copy(opened)


@pytest.fixture
def agreed(market):
    case = market.apply()
    market.accept(case)
    market.agree(case)
    return market, case


@pytest.fixture
def planned(agreed):
    market, case = agreed
    market.plan(case)
    return market, case


@pytest.fixture(scope="session")
def _evaluated(opened):
    market = _copy(opened)
    return market, market.evaluated()


@pytest.fixture
def evaluated(_evaluated):
    """A market and a case whose evaluation is complete and passed."""
    market, case = _evaluated
    return _copy(market), case


@pytest.fixture(scope="session")
def _signed_off(_evaluated):
    market, case = _copy(_evaluated[0]), _evaluated[1]
    market.review(case)
    market.decide(case)
    market.sign_off(case)
    return market, case


@pytest.fixture
def signed_off(_signed_off):
    """A market and a case that may have its certificate."""
    market, case = _signed_off
    return _copy(market), case


@pytest.fixture
def certified(signed_off):
    """A market and the number of a certificate in force."""
    market, case = signed_off
    return market, market.issue(case)


@pytest.fixture(autouse=True)
def every_error_speaks_one_language_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A breach that any test of this room provokes is held to it."""
    monkeypatch.setattr(HallmarkError, "__init__", watched(HallmarkError.__init__))
