"""The key of a case's evidence is destroyed when its time is over and the ledger says so, and not a moment before."""

from __future__ import annotations

import pytest

from hallmark.kernel import instant
from hallmark.office.evidence import queries as evidence
from hallmark.office.evidence.errors import Erased
from hallmark.office.evidence.vault import server_vault
from hallmark.office.jobs.worker import work
from hallmark.office.registry import services
from hallmark.rules.retention import CaseNotEnded, KeptAfterCase
from hallmark.server.work import HANDLERS

pytestmark = pytest.mark.django_db

OFFSET = 480


def erase(way, address: str, at: int) -> None:
    """Let the body say that its agreement is erased."""
    northern, dora = way.stage.places["northern"], way.stage.actors["dora"]
    claims = {"address": bytes.fromhex(address), "ground": "retention", "reason": "its time is over"}
    draft = services.prepare(dora, "evidence.erased", northern, northern, claims, at=at)
    services.submit(dora, draft.id, at=at)


def let_work(at: int) -> None:
    """Let a worker do what the entries up to now ask for."""
    work("w", {"evidence.erased": HANDLERS["evidence.erased"]}, lambda: at, until_idle=True)


def test_the_agreement_of_a_case_outlives_it_by_six_years(way):
    way.apply().wait(hours=1).accept()
    address = way.record["agreement"]["address"].hex()
    northern = way.stage.places["northern"]

    def content() -> bytes:
        return b"".join(evidence.read(address, [northern]))

    with pytest.raises(CaseNotEnded):
        erase(way, address, way.stage.at)
    way.act("application.withdrawn", "alice", {"reason": "sold"}, place=way.place, applicant_representative="alice")
    ended = instant.civil_date(way.record["ended_at"], OFFSET)
    last = instant.add_years(ended, 6)
    over = instant.start_of(instant.add_days(last, 1), OFFSET)
    with pytest.raises(KeptAfterCase):
        erase(way, address, over - instant.SECOND)
    let_work(over)
    assert content() == b"we agree"

    erase(way, address, over)
    assert content() == b"we agree"  # the entry alone destroys nothing
    let_work(over)
    with pytest.raises(Erased):
        content()
    server_vault().verify(address)  # the object stays, and is what it was
