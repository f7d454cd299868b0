"""The market of the casework tests, with a second auditor at the body."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from office.casework.conftest import opened as opened
from office.casework.conftest import way as way


@pytest.fixture
def team(way):
    """A case of Lotus that is planned for audit by Erin and Fiona."""
    from hallmark.office.accounts import queries as accounts

    stage = way.stage
    stage._enrol(accounts.actor("olga"), "northern", "fiona", "Fiona Auditor", ("auditor",))
    claims = {
        "function": "auditor",
        "scheme": "cfp",
        "product_types": ["CFP-01"],
        "valid_from": stage.day(-1),
        "valid_until": stage.day(3 * 365),
        "basis": "trained",
    }
    stage.act("competence.recorded", "dora", "northern", stage.persons["fiona"], claims)
    way.apply().accept().plan(team=("erin", "fiona"))
    yield way
    for place in (stage.persons, stage.actors, stage._keys):
        place.pop("fiona")
