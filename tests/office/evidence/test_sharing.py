"""Who reads which evidence."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from hallmark.office.evidence import queries, services
from hallmark.office.evidence.errors import BadMediaType, Erased, NoSuchEvidence, NotTheOwner, TooLarge
from hallmark.office.evidence.models import Evidence
from hallmark.statement.kind import Visibility

CASE = "CASE-1"


def store(market: SimpleNamespace, visibility: Visibility = Visibility.SEALED, **fields: object) -> Evidence:
    given = {
        "name": "design.pdf",
        "media_type": "application/pdf",
        "owner": market.lotus,
        "case": CASE,
        "at": 5,
        **fields,
    }
    return services.store(io.BytesIO(b"design"), visibility=visibility, **given)


def test_the_manufacturer_reads_and_a_competitor_is_told_that_nothing_is_there(market: SimpleNamespace) -> None:
    address = store(market).address
    for colleague in (market.alice, market.bob):
        assert b"".join(queries.read(address, colleague.organisations)) == b"design"
    for stranger in (market.charlie, market.dora, market.mallory, market.olga):
        with pytest.raises(NoSuchEvidence):
            queries.read(address, stranger.organisations)
    with pytest.raises(NoSuchEvidence):
        queries.find("f" * 64, market.alice.organisations)


def test_sharing_lets_one_organisation_in_until_it_is_taken_back(market: SimpleNamespace) -> None:
    address = store(market).address
    services.share(address, market.northern, organisations=market.alice.organisations)
    services.share(address, market.northern, organisations=market.alice.organisations)
    assert queries.find(address, market.dora.organisations).size == 6
    assert [row.address for row in queries.of_case(CASE, market.dora.organisations)] == [address]
    assert queries.of_case(CASE, market.charlie.organisations) == []
    services.unshare(address, market.northern, organisations=market.alice.organisations)
    with pytest.raises(NoSuchEvidence):
        queries.find(address, market.dora.organisations)


def test_a_reader_cannot_share_on(market: SimpleNamespace) -> None:
    address = store(market).address
    services.share(address, market.northern, organisations=market.alice.organisations)
    with pytest.raises(NotTheOwner):
        services.share(address, market.jade, organisations=market.dora.organisations)
    with pytest.raises(NoSuchEvidence):
        services.share(address, market.jade, organisations=market.charlie.organisations)


def test_everyone_reads_what_is_public(market: SimpleNamespace) -> None:
    address = store(market, Visibility.PUBLIC).address
    assert b"".join(queries.read(address, ())) == b"design"


def test_erasing_takes_content_name_and_digest_and_keeps_address_and_size(market: SimpleNamespace) -> None:
    address = store(market, by=market.alice.person).address
    with pytest.raises(NoSuchEvidence):
        services.erase(address, owner=market.jade, ground="malice", at=8)
    services.erase(address, owner=market.lotus, ground="retention ended", at=9)
    services.erase(address, owner=market.lotus, ground="again", at=10)
    row = queries.find(address, market.alice.organisations)
    assert (row.size, row.erased_ms, row.ground) == (6, 9, "retention ended")
    assert (row.digest, row.name, row.stored_by) == ("", "", "")
    with pytest.raises(Erased):
        queries.read(address, market.alice.organisations)
    with pytest.raises(NoSuchEvidence):
        services.erase("f" * 64, owner=market.lotus, ground="", at=9)


def test_what_is_no_media_type_or_too_large_is_refused(market: SimpleNamespace, settings: SimpleNamespace) -> None:
    with pytest.raises(BadMediaType):
        store(market, media_type="text/html; charset=x\r\n")
    settings.HALLMARK_UPLOAD_LIMIT = 5
    with pytest.raises(TooLarge, match="5 bytes"):
        store(market)
    assert not Evidence.objects.exists()


def test_no_secret_key_is_in_the_database(market: SimpleNamespace, settings: SimpleNamespace) -> None:
    address = store(market).address
    wrapped = (settings.HALLMARK_DATA_KEYS / address[:2] / address).read_bytes()
    row = Evidence.objects.filter(address=address).values_list().get()
    assert all(wrapped.hex() not in str(value) for value in row)
