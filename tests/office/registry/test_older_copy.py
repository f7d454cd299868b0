"""A database that is put back as it was before: a file, so this is for SQLite; `test_failover` is for PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from django.db import connection

from hallmark.office.registry import check, finality, queries, services
from hallmark.office.registry.errors import LedgerDiffers
from office.registry.test_finality import interest
from office.registry.test_finality import network as network

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_database_that_lost_what_was_final_gets_no_head_signed_and_says_what_to_do(
    office, network, settings, tmp_path
):
    services.append([interest(office, 2031)])
    older = keep(settings, tmp_path / "older")
    services.append([interest(office, 2032)])
    newest, heads = keep(settings, tmp_path / "newest"), [node.state.tree for node in network.nodes.values()]
    put_back(settings, older)
    before = queries.size()
    for _ in range(2):  # as many entries as were lost, then more
        with pytest.raises(LedgerDiffers, match="bring the newest copy of the database back") as told:
            services.append([interest(office, 2033)])
        assert told.value.facts["size"] == before + 2 and queries.size() == before
    with pytest.raises(LedgerDiffers):
        finality.offer()
    assert not any(peer.forks() for peer in network.peers())
    assert [node.state.tree for node in network.nodes.values()] == heads
    put_back(settings, newest)
    (index,) = services.append([interest(office, 2034)])
    assert check.replay().entries == index + 1 == before + 4


def keep(settings, folder):
    """Return a copy of the database and the published files."""
    folder.mkdir()
    connection.close()
    move(connection.settings_dict["NAME"], folder / "database")
    shutil.copytree(settings.HALLMARK_LOG, folder / "log")
    return folder


def put_back(settings, folder):
    """Put the copy in place of what is there."""
    connection.close()
    move(folder / "database", connection.settings_dict["NAME"])
    shutil.rmtree(settings.HALLMARK_LOG)
    shutil.copytree(folder / "log", settings.HALLMARK_LOG)


def move(source, target):
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
