"""The ledger in the database, its files, and what strangers can check of it."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash, verify_inclusion
from hallmark.office.jobs.errors import OUT_OF_REACH
from hallmark.office.registry import queries, sequencer, services
from hallmark.office.registry.errors import ClockBehind, LedgerBusy, TimeOnlyTold
from hallmark.office.registry.models import Entry, Head, StateRecord
from hallmark.rules.admission import AdmittedBefore
from hallmark.verify.bundle import TrustBundle

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_entry_is_proven_under_a_checkpoint_that_the_trust_bundle_accepts(office):
    note, log = queries.published()
    endorsement = TrustBundle.parse(queries.trust_bundle()).policy.verify(note)
    assert endorsement.checkpoint.size == Entry.objects.count() == len(log)
    for row in Entry.objects.all():
        path = log.prove_inclusion(row.index)
        verify_inclusion(leaf_hash(bytes(row.encoded)), row.index, len(log), path, Checkpoint.parse(note.text).root)
        assert log.entry(row.index) == bytes(row.encoded)


def test_a_batch_is_stored_whole_or_not_at_all(office):
    statement = services.issue("interest.declared", office.northern, office.northern, _interest(office))
    before = Entry.objects.count(), StateRecord.objects.count(), queries.checkpoint().text
    with pytest.raises(AdmittedBefore):
        services.append([statement, statement])
    assert (Entry.objects.count(), StateRecord.objects.count(), queries.checkpoint().text) == before


def _interest(office):
    return {"interest_in": office.jade, "nature": "other", "from": "2026-01-01"}


def test_nobody_tells_the_time_but_the_sequencer(office):
    operator = queries.record("ledger")["operator"]
    told = services.issue("time.told", operator, operator, {"utc_ms": 2**50})
    with pytest.raises(TimeOnlyTold):
        services.append([told])


def test_a_clock_that_runs_behind_stops_the_ledger(office):
    statement = services.issue("interest.declared", office.northern, office.northern, _interest(office))
    with pytest.raises(ClockBehind):
        services.append([statement], at=1)


@pytest.mark.parametrize("error", OUT_OF_REACH)
def test_a_database_that_fails_or_leads_no_more_is_busy_and_found_anew(office, error):
    def fail(*_):
        raise error("the server is gone, or takes no writes")

    statement = services.issue("interest.declared", office.northern, office.northern, _interest(office))
    before = queries.size()
    with connection.execute_wrapper(fail), pytest.raises(LedgerBusy):
        services.append([statement])
    assert connection.connection is None
    (index,) = services.append([statement])
    assert index == before + 1 and queries.size() == index + 1


def test_a_crash_between_commit_and_publication_loses_nothing(office, monkeypatch):
    statement = services.issue("interest.declared", office.northern, office.northern, _interest(office))
    monkeypatch.setattr(sequencer, "publish", lambda: None)
    with transaction.atomic():
        (index,) = services.append([statement])
    assert Head.objects.get().published == index - 1
    monkeypatch.undo()
    sequencer.publish()
    _, log = queries.published()
    assert log.entry(index) == statement[0]


def test_the_log_grows_past_a_tile(office):
    for number in range(3):
        batch = [
            services.issue(
                "interest.declared",
                office.northern,
                office.northern,
                {**_interest(office), "until": f"20{number + 30}-{month:02}-{day:02}"},
            )
            for month in range(1, 11)
            for day in range(1, 11)
        ]
        services.append(batch)
    _, log = queries.published()
    assert len(log) > 256
    assert log.entry(0) == bytes(Entry.objects.get(index=0).encoded)
