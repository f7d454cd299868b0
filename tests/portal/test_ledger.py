"""The ledger for anyone to read, and never more of it than is public."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.tile import TiledLog
from hallmark.statement import envelope
from world.cast import org

pytestmark = pytest.mark.django_db


def get(path: str, status: int = 200) -> Any:
    answer = Client(SERVER_NAME="localhost").get(path)
    assert answer.status_code == status, path
    return answer


def test_the_newest_entries_come_first_and_older_ones_are_a_page_away(register: Any) -> None:
    size = len(register.market.ledger)
    page = get("/en/ledger/").content.decode()
    assert page.index(f'/ledger/{size - 1}"') < page.index(f'/ledger/{size - 2}"')
    assert f'/ledger/{size - 26}"' not in page
    older = get(f"/en/ledger/?before={size - 25}").content.decode()
    assert f'/ledger/{size - 26}"' in older
    assert f'/ledger/{size - 1}"' not in older
    for odd in ("x", "-1", "99999999999999999999", "٣"):
        assert "Status stated" in get(f"/en/ledger/?before={odd}").content.decode()


def test_an_entry_shows_its_public_claims_and_only_names_the_others(register: Any) -> None:
    kinds = [envelope.parse(encoded).draft.kind.name for encoded, _ in register.market.ledger]
    page = get(f"/en/ledger/{kinds.index('application.submitted')}").content.decode()
    assert "Not public" in page
    for hidden in ("LW-1", "莲花钱包", "lotus works"):
        assert hidden not in page
    issued = get(f"/en/ledger/{kinds.index('certificate.issued')}").content.decode()
    assert "莲花钱包" in issued
    assert "decision_maker" in get(f"/en/ledger/{kinds.index('decision.made')}").content.decode()


def test_the_name_of_an_applicant_is_not_shown_before_it_has_a_certificate(register: Any) -> None:
    kinds = [envelope.parse(encoded).draft.kind.name for encoded, _ in register.market.ledger]
    page = get(f"/ledger/{kinds.index('application.submitted')}").content.decode()
    assert org("lotus") in page
    assert "模拟lotus" not in page
    page = get(f"/ledger/{kinds.index('agreement.signed')}").content.decode()
    assert "模拟lotus" not in page
    assert "模拟northern" in get(f"/ledger/{kinds.index('application.accepted')}").content.decode()


def test_the_log_can_be_read_and_checked_from_its_files_alone(register: Any) -> None:
    checkpoint = get("/log/checkpoint")
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    head = Checkpoint.parse(Note.parse(checkpoint.content).text)

    def read(path: str) -> bytes:
        answer = get(f"/log/{path}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.content

    log = TiledLog(read, head.size, head.root)
    assert list(log.entries(0, head.size)) == [encoded for encoded, _ in register.market.ledger]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0/000.p/999",
        "tile/9/000",
        "tile/0/../../secret",
        "..%2fsecret",
        "checkpoint/",
        "%2e%2e/secret",
    ],
)
def test_only_files_of_the_log_are_handed_out(register: Any, path: str) -> None:
    (register.log / ".." / "secret").write_text("what nobody may read")
    assert b"nobody" not in get(f"/log/{path}", 404).content
