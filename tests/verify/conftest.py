"""A market with a certificate in force whose status is stated, made once and copied for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark import schemes
from hallmark.scheme import loader
from verify.register import copy_of, state_status
from world.market import Market


@pytest.fixture(scope="session")
def _signed_off():
    market = Market(loader.load(schemes.read("cfp")), "CFP-01").open()
    return market, market.signed_off()


@pytest.fixture
def signed_off(_signed_off):
    """A market and a case that may have its certificate."""
    market, case = _signed_off
    return copy_of(market), case


@pytest.fixture(scope="session")
def _certified(_signed_off):
    market, case = copy_of(_signed_off[0]), _signed_off[1]
    number = market.issue(case)
    state_status(market)
    return market, number


@pytest.fixture
def certified(_certified):
    """A market and the number of a certificate in force, its status stated."""
    market, number = _certified
    return copy_of(market), number
