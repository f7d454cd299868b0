"""Certificates as Verifiable Credentials over HTTP: taken away, checked offline, and what stands in the way."""

from __future__ import annotations

import json

import pytest

from certificate.untp_structure import breaches
from hallmark.certificate import bitstring, integrity, jose, multikey
from hallmark.certificate.status import Status
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ESP256, SoftwareSigner
from hallmark.verify import command
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.credential import verify_credential

pytestmark = pytest.mark.django_db(transaction=True)

REGISTER = "https://register.example"
ENDINGS = ("vc.json", "untp.jwt")


@pytest.fixture
def certified(certified, settings):
    """A market on a register with a public address, and the number of its certificate."""
    settings.ORIGIN = REGISTER
    market, _, number = certified
    return market, number


def state_status():
    """Have the status of all certificates stated; return when, ms since 1970 UTC."""
    from hallmark.office.registry import queries, services

    services.state_status()
    return queries.record("status")["at"]


def bundle(stranger):
    return TrustBundle.parse(stranger.raw("GET", "/trust-bundle").content)


def download(stranger, number, ending):
    answer = stranger.raw("GET", f"/register/{number}/certificate.{ending}")
    assert answer.status_code == 200, answer.content
    return answer.content


def rekey(market, place, signer, *, hosted=False):
    """Have the registrar put another key of an organisation on the ledger."""
    from hallmark.office.registry import queries, services

    key = {"algorithm": signer.public.algorithm, "material": signer.public.material}
    claims = {"key": key, "hosted": hosted, "reason": "it keeps its own key from now on"}
    operator = queries.record("ledger")["operator"]
    services.append([services.issue("organisation.rekeyed", operator, market.places[place], claims)])


def listed(body, purpose):
    """Return the status list of a body, read as JSON, and the indexes set in it, none of which is far up."""
    from django.test import Client

    answer = Client(SERVER_NAME="localhost").get(f"/organisations/{body}/status/{purpose}/0")
    assert answer.status_code == 200, answer.content
    document = json.loads(answer.content)
    encoded = document["credentialSubject"]["encodedList"]
    return document, {index for index in range(16) if bitstring.is_set(encoded, index)}


def signer_of(document, trusted):
    """Return the identifier of whoever the bundle says signed a document, which verifies."""
    method = integrity.method_of(document).partition("#")[2]
    integrity.verify(document, multikey.decode(method))
    return trusted.issuers[method].id


def test_both_profiles_are_fetched_and_checked_offline_with_the_bundle(certified, stranger, tmp_path, capsys):
    market, number = certified
    shown = stranger.get(f"/register/{number}")[1]
    assert shown["credential"] == {"register": REGISTER, "position": 0}
    (tmp_path / "trust.json").write_bytes(stranger.raw("GET", "/trust-bundle").content)
    for ending in ENDINGS:
        content = download(stranger, number, ending)
        attestation = verify_credential(content, bundle(stranger))
        assert (attestation.number, attestation.record_digest.hex()) == (number, shown["record_digest"])
        assert (attestation.status, attestation.body.en) == (Status.UNKNOWN, "Northern")
        online = stranger.call("POST", "/verify", data=content, content_type="application/octet-stream")
        assert (online[0], online[1]["answer"], online[1]["record_digest"]) == (200, "unknown", shown["record_digest"])
        file = tmp_path / f"{number}.{ending}"
        file.write_bytes(content)
        assert command.main([str(file), "--trust", str(tmp_path / "trust.json")]) == command.CANNOT_TELL
        assert "whether it is in force, cannot be told" in capsys.readouterr().out
    assert bundle(stranger).issuers.keys() >= {multikey.encode(_hosted(market.places["northern"]))}


def _hosted(place):
    from hallmark.office.registry import queries

    return queries.signer_of(place).public


def test_one_flipped_bit_anywhere_is_refused(certified, stranger):
    _, number = certified
    trusted = bundle(stranger)
    for ending in ENDINGS:
        content = download(stranger, number, ending)
        for place in range(0, len(content), 5):
            changed = bytearray(content)
            changed[place] ^= 1
            with pytest.raises(HallmarkError):
                verify_credential(bytes(changed), trusted)


def test_the_conformity_credential_has_the_structure_that_the_protocol_wants(certified, stranger):
    market, number = certified
    key = _hosted(market.places["northern"])
    document = jose.verify(download(stranger, number, "untp.jwt"), key)
    assert breaches(document) == set()
    assert document["credentialStatus"]["statusListIndex"] == 0


def test_a_status_is_in_the_lists_once_it_is_stated_and_a_restored_certificate_is_in_none(certified):
    market, number = certified
    northern = market.places["northern"]
    state_status()
    assert [listed(northern, purpose)[1] for purpose in bitstring.PURPOSES] == [set(), set()]
    decided = {"effective_on": market.dora.get("/schemes/cfp")[1]["day"], "reason_code": "complaint", "reason": "x"}
    for kind, before, after in (
        ("certificate.suspended", [set(), set()], [set(), {0}]),
        ("certificate.restored", [set(), {0}], [set(), set()]),
        ("certificate.withdrawn", [set(), set()], [{0}, set()]),
    ):
        market.act("grace", kind, number, decided, decision_maker="grace")
        assert [listed(northern, purpose)[1] for purpose in bitstring.PURPOSES] == before, kind
        at = state_status()
        found = [listed(northern, purpose) for purpose in bitstring.PURPOSES]
        assert [indexes for _, indexes in found] == after, kind
        for document, _ in found:
            assert document["validFrom"] == instant.to_text(at)
            assert document["validUntil"] == instant.to_text(at + instant.DAY)


def test_nothing_is_listed_before_the_status_was_stated(certified):
    from django.test import Client

    market, _ = certified
    answer = Client(SERVER_NAME="localhost").get(f"/organisations/{market.places['northern']}/status/revocation/0")
    assert answer.status_code == 503


def test_a_body_that_keeps_its_own_key_is_not_signed_for_and_its_lists_are_the_operators(certified, stranger):
    from hallmark.office.registry import queries

    market, number = certified
    northern, operator = market.places["northern"], queries.record("ledger")["operator"]
    state_status()
    before = {ending: download(stranger, number, ending) for ending in ENDINGS}
    assert signer_of(listed(northern, "revocation")[0], bundle(stranger)) == northern
    rekey(market, "northern", SoftwareSigner.generate())
    for ending, form in zip(ENDINGS, ("vc", "untp"), strict=True):
        status, problem = stranger.get(f"/register/{number}/certificate.{ending}")
        assert (status, problem["code"]) == (409, "credential-elsewhere")
        assert f"hallmark register download {number} --form {form} --sign-with KEY" in problem["detail"]
        answer = stranger.raw("GET", f"/register/{number}/certificate.{ending}", headers={"Accept-Language": "zh"})
        assert "自行保管密钥" in answer.json()["detail"]
        assert verify_credential(before[ending], bundle(stranger)).number == number  # under the key as it stood
    document, _ = listed(northern, "revocation")
    assert signer_of(document, bundle(stranger)) == operator


def test_a_key_that_is_the_bodys_no_more_signs_nothing_though_it_still_lies_here(certified, stranger):
    market, number = certified
    rekey(market, "northern", SoftwareSigner.generate(), hosted=True)
    assert stranger.get(f"/register/{number}/certificate.vc.json")[1]["code"] == "credential-elsewhere"


def test_a_key_that_credentials_are_not_signed_with_is_in_no_bundle(certified, stranger):
    market, _ = certified
    before = bundle(stranger).issuers
    rekey(market, "northern", SoftwareSigner.generate(ESP256))
    assert bundle(stranger).issuers == before


def test_a_register_without_a_public_address_makes_no_credentials(certified, stranger, settings):
    _, number = certified
    settings.ORIGIN = "http://register.example"
    status, problem = stranger.get(f"/register/{number}/certificate.vc.json")
    assert (status, problem["code"]) == (503, "no-public-address")
    settings.ORIGIN = "http://localhost:8000"  # of a development ledger, on the same machine
    assert verify_credential(download(stranger, number, "vc.json"), bundle(stranger)).number == number


def test_a_certificate_that_was_never_issued_has_no_credential(certified, stranger):
    for ending in ENDINGS:
        status, problem = stranger.get(f"/register/CFP-NORTH-2026-01-999999-0/certificate.{ending}")
        assert (status, problem["code"]) == (404, "no-such-certificate")
