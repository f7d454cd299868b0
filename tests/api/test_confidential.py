"""Confidential statements over HTTP, where one operator keeps the ledger: nothing can be sealed to anybody."""

from __future__ import annotations

import base64
import time

import pytest

from api.test_money import currency as currency
from api.test_money import outputs
from hallmark.kernel import identifier
from hallmark.statement.sealing import Sealed

pytestmark = pytest.mark.django_db(transaction=True)

SEALED = base64.b64encode(Sealed(bytes(272), {"a": bytes(80)}).encode()).decode()


def test_anyone_learns_where_a_currency_was_founded(market, currency, stranger):
    status, found = stranger.get(f"/currencies/{currency}")
    assert status == 200
    entry = stranger.get(f"/entries/{found['entry']}")[1]
    assert (entry["kind"], entry["subject"]) == ("currency.founded", currency)
    unknown = identifier.from_seed("CURRENCY", b"unknown")
    assert stranger.get(f"/currencies/{unknown}")[0] == 404


def test_who_is_not_signed_in_neither_asks_for_keys_nor_hands_in(stranger):
    assert stranger.get("/sealing")[0] == 401
    assert stranger.post("/sealed", {"signed": "", "sealed": SEALED})[0] == 401


def test_where_there_are_no_members_there_are_no_keys(market):
    assert market.alice.get("/sealing")[1]["code"] == "no-consortium"


@pytest.mark.parametrize("body", [{"signed": "", "sealed": "?"}, {"signed": "AA==", "sealed": "AA=="}, {"signed": ""}])
def test_what_is_neither_signed_nor_sealed_is_refused(market, body):
    status, problem = market.alice.post("/sealed", body)
    assert status in {400, 422}, problem


def test_a_currency_is_not_founded_as_confidential_without_a_consortium(market, currency):
    claims = {
        "name": {"zh": "保密货币", "en": "Quiet currency"},
        "unit": "CNY",
        "decimals": 2,
        "issuer": market.places["bank"],
        "institutions": [],
        "limits": {"note": 1000, "supply": 1000},
        "confidential": True,
        "basis": "test",
    }
    draft = market.prepare("bea", "currency.founded", None, claims)
    status, problem = market.bea.post(f"/drafts/{draft['id']}/submit")
    assert (status, problem["code"]) == (409, "no-nodes-to-seal-to")


def test_what_is_not_confidential_is_not_taken_sealed(market, currency):
    from hallmark.office.keys.services import port
    from hallmark.office.registry import services
    from hallmark.statement import envelope, kinds
    from hallmark.statement.plain import read_claims

    draft, _ = envelope.compose(
        "money.issued",
        environment=services.environment(),
        issuer=market.places["bank"],
        subject=currency,
        issued_at=int(time.time()),
        claims=read_claims(kinds.find("money.issued"), outputs(10)),
        salt=services.salt,
    )
    signed = base64.b64encode(envelope.sign(draft, (), port().get_signer(market.places["bank"]))).decode()
    status, problem = market.bea.post("/sealed", {"signed": signed, "sealed": SEALED})
    assert (status, problem["code"]) == (409, "sealed-without-need")
    assert market.dora.post("/sealed", {"signed": signed, "sealed": SEALED})[0] == 403
