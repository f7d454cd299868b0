"""The pages through Django's test client, on a register that a simulated market filled."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from office.conftest import pytest_configure as pytest_configure
from portal.filled import Filled, fill
from world.ledger import ENVIRONMENT


@pytest.fixture(scope="session")
def filled() -> Filled:
    """A market with certificates in every status, its files written."""
    return fill()


@pytest.fixture
def server(settings: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Settings of a server of its own: an empty folder for the log, plain static files."""
    settings.HALLMARK_ENVIRONMENT = ENVIRONMENT
    settings.HALLMARK_LOG = tmp_path / "log"
    settings.HALLMARK_FOLLOWERS = ()
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    return settings


@pytest.fixture
def register(db: None, server: SimpleNamespace, filled: Filled, monkeypatch: pytest.MonkeyPatch) -> Filled:
    """The register in the database, an hour after the market's last statement."""
    filled.put_into_database(monkeypatch.setattr)
    filled.log = server.HALLMARK_LOG
    return filled
