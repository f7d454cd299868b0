"""A database that is put back as it was before: a file, so this is for SQLite; `test_failover` is for PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.ledger.note import Note
from hallmark.ledger.policy import QuorumMissing
from hallmark.node.errors import StoreInUse
from hallmark.node.node import CHECKPOINT
from hallmark.node.store import Store
from hallmark.office.registry import check, finality, queries, recovery, services
from hallmark.office.registry.errors import LedgerDiffers
from hallmark.office.registry.models import Ordered
from hallmark.office.registry.recovery import NoStore
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import consortium as rules
from office.registry.test_finality import begin_epoch, interest
from office.registry.test_finality import network as network
from office.registry.test_finality import unfounded as unfounded

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


def test_a_database_takes_back_from_a_members_node_what_it_lost(office, network, settings, tmp_path):
    services.append([interest(office, 2031)])
    older = keep(settings, tmp_path / "older")
    services.append([interest(office, 2032)])
    size, root = queries.size(), queries.checkpoint().text
    put_back(settings, older)
    with pytest.raises(LedgerDiffers):
        services.append([interest(office, 2033)])
    network.stop(office.bank)
    assert len(recovery.recover(network.path(office.bank))) == 2
    assert (queries.size(), queries.checkpoint().text) == (size, root)
    assert check.replay().entries == size
    services.append([interest(office, 2033)])
    assert check.replay().entries == size + 2


def test_what_is_taken_back_from_a_later_epoch_goes_on_with_its_start(office, network, settings, tmp_path):
    services.append([interest(office, 2031)])
    older = keep(settings, tmp_path / "older")
    services.append([interest(office, 2032)])
    begin_epoch(network)
    put_back(settings, older)
    network.stop(office.bank)
    recovery.recover(network.path(office.bank))
    (index,) = services.append([interest(office, 2033)])
    assert check.replay().entries == index + 1 == queries.size()
    assert rules.epoch_of(DatabaseState()).epoch == 2


def test_nothing_is_taken_from_a_node_of_another_ledger_or_one_that_is_behind(office, network, tmp_path):
    with pytest.raises(NoStore):
        recovery.recover(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()
    empty = Store(tmp_path / "empty.sqlite")
    empty.close()
    with pytest.raises(LedgerDiffers):
        recovery.recover(tmp_path / "empty.sqlite")
    with pytest.raises(StoreInUse):
        recovery.recover(network.path(office.bank))
    network.stop(office.bank)
    services.append([interest(office, 2031)])
    with pytest.raises(LedgerDiffers):
        recovery.recover(network.path(office.bank))
    assert check.replay().entries == queries.size()


def test_what_is_taken_in_must_be_under_a_quorum(office, network, settings, tmp_path):
    older = keep(settings, tmp_path / "older")
    services.append([interest(office, 2032)])
    put_back(settings, older)
    before = queries.size()
    network.stop(office.bank)
    store = Store(network.path(office.bank))
    note = Note.parse(store.slot(CHECKPOINT))
    with store.transaction():
        store.put_slot(CHECKPOINT, Note(note.text, note.signatures[:2]).encode())
    store.close()
    with pytest.raises(QuorumMissing):
        recovery.recover(network.path(office.bank))
    assert queries.size() == before and not Ordered.objects.exists()


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
