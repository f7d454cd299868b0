"""The page about who keeps the ledger, in both languages: one operator, or members with evidence, epochs and votes."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client

from portal.filled import Filled, fill
from world import consortium as founders
from world.cast import org

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="session")
def kept() -> Filled:
    """A market whose ledger four members keep: one attested, one refused, three proposals."""
    filled = fill()
    market = filled.market
    founders.found(market)
    accepted = founders.present(market, "bank")
    for who in ("northern", "meridian"):
        founders.appraise(market, who, accepted)
    founders.appraise(market, "northern", founders.present(market, "southern"), accepted=False)
    code = founders.propose(market, "bank", "code", digest=b"n" * 32)
    for who in ("bank", "northern", "meridian"):
        founders.vote(market, who, code)
    founders.next_epoch(market)
    removal = founders.propose(market, "northern", "removal", member=org("southern"))
    founders.vote(market, "bank", removal, favour=False)
    founders.propose(market, "bank", "code", digest=founders.CODE, withdrawn=True)
    return filled


@pytest.fixture
def consortium(db: None, server: Any, kept: Filled, monkeypatch: pytest.MonkeyPatch) -> Filled:
    """That market in the database."""
    kept.put_into_database(monkeypatch.setattr)
    return kept


def get(path: str) -> str:
    answer = Client(SERVER_NAME="localhost").get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_one_operator_is_said_to_be_one(register: Any) -> None:
    assert "One operator keeps this ledger; there is no consortium" in get("/en/consortium/")
    assert "本账本由一家运营方保管" in get("/consortium/")
    assert 'href="/en/consortium/"' in get("/en/ledger/") and 'href="/consortium/"' in get("/")
    assert Client(SERVER_NAME="localhost").get("/api/v1/consortium").json() == {"consortium": None}


def test_members_evidence_epochs_and_votes_are_those_of_the_ledger(consortium: Any) -> None:
    page = get("/en/consortium/")
    assert "Each of 4 members" in page and "once 3 of them co-signed it; up to 1 of them may lie" in page
    assert "accepted by 2" in page and "not accepted" in page and "debug-mode" in page
    assert page.count("not attested: development node") == 4  # in the line and in the details of two members
    assert "Epoch 2" in page and "adopted" in page and "it takes 3 votes in favour" in page
    assert "remove a member: Southern" in page and "against" in page and "rejected" in page
    assert "no longer allowed" in page and "no votes yet" in page
    assert "A development consortium vouches" in page and "One operator" not in page
    chinese = get("/consortium/")
    assert "2 个成员认可" in chinese and "纪元 2" in chinese and "反对" in chinese


def test_the_api_says_the_same(consortium: Any) -> None:
    found = Client(SERVER_NAME="localhost").get("/api/v1/consortium").json()["consortium"]
    assert [each["number"] for each in found["epochs"]] == [1, 2]
    assert [each["outcome"] for each in found["proposals"]] == ["adopted", "rejected", "open"]
    assert found["code"] == sorted([founders.CODE.hex(), (b"n" * 32).hex()])
    (bank,) = (each for each in found["members"] if each["id"] == org("bank"))
    assert [each["accepted"] for each in bank["evidence"][0]["appraisals"]] == [True, True]
    assert bank["node"] is None and bank["signed_at"] is None  # this server knows no nodes
