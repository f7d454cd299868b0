"""The market of the verifier's tests: certificates are made here and checked there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark.certificate.credential import Export
from hallmark.statement import envelope
from verify.conftest import _certified, _signed_off, certified, signed_off  # noqa: F401 - fixtures of these tests too
from verify.register import Register
from world.ledger import ENVIRONMENT


@pytest.fixture
def export(certified):  # noqa: F811 - the fixture above
    """What a credential of the market's certificate is made from."""
    market, number = certified
    issued = envelope.parse(Register(market).find("certificate.issued", number)[1])
    return Export(number, issued.draft.public, issued.draft.issued_at, ENVIRONMENT, "https://register.example", 7)
