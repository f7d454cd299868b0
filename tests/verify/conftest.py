"""A market with a certificate in force whose status is stated, made once and copied for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark import schemes
from hallmark.kernel import instant
from hallmark.scheme import loader
from hallmark.verify.command import main
from verify.register import Register, copy_of, state_status, trust
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


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Run the command on some bytes; returns exit code, standard output and standard error."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "HALLMARK_TRUST"):
        monkeypatch.delenv(name, raising=False)
    bundle = tmp_path / "trust.json"
    bundle.write_bytes(trust())

    def run(data, *options, trusting=None):
        file = tmp_path / "file"
        file.write_bytes(data)
        if trusting is not None:
            bundle.write_bytes(trusting)
        code = main([str(file), "--trust", str(bundle), *options])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def form(certified):
    """The bytes of a certificate in force, and the time at which that is known."""
    market, number = certified
    return Register(market).form(number).encode(), instant.to_text(market.clock)
