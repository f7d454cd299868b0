"""Money over HTTP: managers move it for their own organisation, and the public reads neither amount nor holder."""

from __future__ import annotations

import base64
import time

import pytest

from hallmark.kernel.keys import SoftwareSigner
from hallmark.statement import kinds, money
from hallmark.statement.plain import read_claims

pytestmark = pytest.mark.django_db(transaction=True)

HOLDER = SoftwareSigner.from_seed(bytes(32))


def outputs(*amounts):
    holder = {"algorithm": HOLDER.public.algorithm, "material": HOLDER.public.material.hex()}
    return {"outputs": [{"amount": amount, "holder": holder} for amount in amounts], "count": len(amounts)}


@pytest.fixture
def currency(market):
    """A currency of the owner, whose institution is Lotus."""
    claims = {
        "name": {"zh": "数字货币", "en": "Digital currency"},
        "unit": "CNY",
        "decimals": 2,
        "issuer": market.places["bank"],
        "institutions": [market.places["lotus"]],
        "limits": {"note": 1000, "supply": 1000},
        "basis": "test",
    }
    return market.act("bea", "currency.founded", None, claims)


@pytest.fixture
def note(market, currency):
    """A note of 100 of the holder, as hexadecimal."""
    draft = market.prepare("bea", "money.issued", currency, outputs(100))
    assert market.bea.post(f"/drafts/{draft['id']}/submit")[0] == 200
    return money.note_id(bytes.fromhex(draft["approval_digest"]), 0).hex()


def payment(market, currency, note, *amounts):
    """Return the claims of a transfer by Lotus that the holder signed."""
    claims = {**outputs(*amounts), "inputs": [note], "until": int(time.time() + 3600) * 1000}
    said = market.alice.get("/me")[1]["environment"]
    read = read_claims(kinds.find("money.transferred"), claims)
    order = money.order_digest(said, "money.transferred", market.places["lotus"], currency, read)
    return {**claims, "signatures": [money.sign_order(order, HOLDER).hex()]}


def test_an_institution_hands_in_a_payment_once(market, currency, note):
    market.act("alice", "money.transferred", currency, payment(market, currency, note, 60, 40))
    draft = market.prepare("alice", "money.transferred", currency, payment(market, currency, note, 100))
    status, problem = market.alice.post(f"/drafts/{draft['id']}/submit")
    assert (status, problem["code"]) == (409, "note-spent")


def test_a_manager_moves_money_for_the_own_organisation_and_nobody_else(market, currency, note):
    claims = payment(market, currency, note, 100)

    def prepare(name, place, kind="money.transferred", given=claims):
        body = {"kind": kind, "issuer": market.places[place], "subject": currency, "claims": given}
        return market.people[name].post("/drafts", body)

    for name in ("charlie", "dora", "olga"):
        status, problem = prepare(name, "lotus")
        assert (status, problem["code"]) == (403, "not-a-member")
    status, problem = prepare("frank", "northern")
    assert (status, problem["code"]) == (403, "wrong-function")
    for name, place, code in (("dora", "northern", "issuer-not-entitled"), ("charlie", "jade", "not-an-institution")):
        status, draft = prepare(name, place)
        assert status == 201
        assert market.people[name].post(f"/drafts/{draft['id']}/submit")[1]["code"] == code


def test_the_public_reads_neither_amounts_nor_holders(market, currency, note, stranger):
    draft = market.prepare("alice", "money.transferred", currency, payment(market, currency, note, 60, 40))
    _, said = market.alice.post(f"/drafts/{draft['id']}/submit")
    status, entry = stranger.get(f"/entries/{said['entry']}")
    assert status == 200
    statement = base64.b64decode(entry["statement"])
    assert bytes.fromhex(note) in statement
    assert HOLDER.public.material not in statement
    assert b"amount" not in statement
    assert stranger.get(f"/drafts/{draft['id']}")[0] == 401
    assert market.charlie.get(f"/drafts/{draft['id']}")[0] == 404
