"""Certificates as Verifiable Credentials: what is served, and that everything they name is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client

from hallmark.certificate import bitstring, credential, integrity, jose
from hallmark.certificate.status import Status
from hallmark.kernel import identifier, instant
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.credential import verify_credential
from world.cast import key, org

NORTHERN = key("northern").public
REGISTER = "http://localhost:8000"
VC, JWT = "application/vc", "application/vc+jwt"


def get(path: str, accept: str = "*/*", follow: bool = False) -> Any:
    return Client(SERVER_NAME="localhost").get(path, headers={"Accept": accept}, follow=follow)


def documents(number: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both credentials of a certificate, opened."""
    w3c = integrity.verify(json.loads(get(f"/register/{number}/certificate.vc.json").content), NORTHERN)
    return w3c, jose.verify(get(f"/register/{number}/certificate.untp.jwt").content, NORTHERN)


def ours(value: Any) -> Iterator[str]:
    """Yield the paths of all our addresses in a document."""
    match value:
        case str() if value.startswith(REGISTER):
            yield value.removeprefix(REGISTER).partition("#")[0]
        case dict():
            for item in value.values():
                yield from ours(item)
        case list():
            for item in value:
                yield from ours(item)


def listed(body: str, purpose: str, number: int = 0) -> set[int]:
    """Return the indexes that are set in a list, none of which is far up."""
    document = json.loads(get(f"/organisations/{body}/status/{purpose}/{number}").content)
    encoded = integrity.verify(document, NORTHERN)["credentialSubject"]["encodedList"]
    return {index for index in range(16) if bitstring.is_set(encoded, index)}


def test_a_credential_is_taken_away_in_both_profiles_and_holds_under_the_trust_bundle(register: Any) -> None:
    bundle = TrustBundle.parse(get("/trust-bundle.json").content)
    for number in register.numbers:
        digest = get(f"/register/{number}/record.json").json()["digest"]
        for ending, media_type in (("vc.json", VC), ("untp.jwt", JWT)):
            answer = get(f"/register/{number}/certificate.{ending}")
            assert answer.headers["Content-Type"] == media_type
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{number}.{ending}"'
            attestation = verify_credential(answer.content, bundle)
            assert (attestation.number, attestation.record_digest.hex()) == (number, digest)
            assert attestation.status is Status.UNKNOWN


def test_every_address_of_ours_in_both_profiles_and_in_the_lists_they_name_is_there(register: Any) -> None:
    walked = set()
    for number in register.numbers:
        waiting = {path for document in documents(number) for path in ours(document)}
        while waiting:
            walked.add(path := waiting.pop())
            answer = get(path, follow=True)
            assert answer.status_code == 200, path
            if answer.headers["Content-Type"] == VC:
                waiting |= set(ours(json.loads(answer.content))) - walked
    body = org("northern")
    assert {f"/organisations/{body}", f"/organisations/{body}/status/suspension/0", "/contexts/certificate/1"} <= walked
    assert f"/certificates/{register.numbers[0]}/record" in walked
    assert any(path.startswith("/schemes/cfp/editions/") and path.endswith("/profiles/news-2019") for path in walked)
    assert "/schemes/cfp/types/CFP-01" in walked
    assert len(walked) == 2 * len(register.numbers) + 8


def test_what_nobody_named_is_not_there(register: Any) -> None:
    body, number = org("northern"), register.numbers[0]
    never = identifier.complete("CFP-NORTH-2026-01-999999")
    for path in (
        f"/certificates/{never}",
        f"/certificates/{never}/record",
        f"/register/{never}/certificate.vc.json",
        "/contexts/certificate/2",
        f"/organisations/{org('lotus')}",
        f"/organisations/{org('lotus')}/status/revocation/0",
        f"/organisations/{body}/status/refresh/0",
        f"/organisations/{body}/status/revocation/1",
        f"/organisations/{body}/status/revocation/99999999999999999999999",
        "/schemes/other",
        "/schemes/cfp/editions/1999",
        "/schemes/cfp/editions/2022.1/profiles/none",
        "/schemes/cfp/types/CFP-99",
        f"/certificates/{number}/more",
        "/certificates/%00",
        "/organisations/%00/status/revocation/0",
        "/register/%00",
    ):
        assert get(path).status_code == 404, path


def test_the_bytes_at_the_address_of_the_record_have_the_digest_that_the_credential_says(register: Any) -> None:
    _, document = documents(register.numbers[0])
    link = document["credentialSubject"]["conformityCertificate"]
    answer = get(link["linkURL"].removeprefix(REGISTER))
    assert answer.headers["Content-Type"] == link["mediaType"]
    assert jose.from_base64url(link["digestMultibase"][1:]) == b"\x12\x20" + sha256(answer.content).digest()


def test_our_context_is_the_one_whose_digest_is_part_of_the_format(register: Any) -> None:
    answer = get("/contexts/certificate/1")
    assert (answer.content, answer.headers["Content-Type"]) == (credential.TERMS, "application/ld+json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_address_of_a_certificate_gives_people_a_page_and_programs_what_they_ask_for(register: Any) -> None:
    path = f"/certificates/{register.numbers[0]}"
    for accept in ("*/*", "text/html,application/xhtml+xml;q=0.9", "image/png"):
        answer = get(path, accept)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/register/{register.numbers[0]}")
    for accept, ending in ((VC, "vc.json"), (JWT, "untp.jwt"), (f"text/html;q=0.5,{JWT}", "untp.jwt")):
        answer = get(path, accept)
        assert answer.content == get(f"/register/{register.numbers[0]}/certificate.{ending}").content
        assert "Accept" in answer.headers["Vary"]


def test_what_was_suspended_withdrawn_or_cancelled_is_set_in_the_list_of_its_purpose(register: Any) -> None:
    """The register's certificates are, in the order of issue, in force, suspended, withdrawn and cancelled."""
    body = org("northern")
    for place, number in enumerate(register.numbers):
        w3c, conformity = documents(number)
        assert [entry["statusListIndex"] for entry in w3c["credentialStatus"]] == [str(place)] * 2
        assert conformity["credentialStatus"]["statusListIndex"] == place
    assert listed(body, "suspension") == {1}
    assert listed(body, "revocation") == {2, 3}


def test_a_list_holds_from_when_the_status_was_stated_for_as_long_as_the_verifier_would_believe_it(
    register: Any,
) -> None:
    stated = register.market.state.get("status")["at"]
    path = f"/organisations/{org('northern')}/status/revocation/0"
    answer = get(path)
    document = json.loads(answer.content)
    assert document["id"] == REGISTER + path
    assert document["validFrom"] == instant.to_text(stated)
    assert document["validUntil"] == instant.to_text(stated + instant.DAY)
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    enveloped = get(path, JWT)
    assert enveloped.headers["Content-Type"] == JWT
    assert jose.verify(enveloped.content, NORTHERN) == integrity.verify(document, NORTHERN)
    assert get(path, "application/json").content == get(path, "text/html").content == answer.content


def test_a_second_list_begins_where_the_first_is_full(register: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitstring, "LENGTH", 3)
    body = org("northern")
    w3c, _ = documents(register.numbers[3])
    assert w3c["credentialStatus"][0]["id"] == f"{REGISTER}/organisations/{body}/status/revocation/1#0"
    for number, indexes in ((0, {2}), (1, {0})):
        document = json.loads(get(f"/organisations/{body}/status/revocation/{number}").content)
        encoded = document["credentialSubject"]["encodedList"]
        assert {index for index in range(3) if bitstring.is_set(encoded, index)} == indexes
    assert get(f"/organisations/{body}/status/revocation/2").status_code == 404


def test_a_page_offers_both_profiles_in_both_languages(register: Any) -> None:
    number = register.numbers[0]
    for path, words in ((f"/register/{number}", "可验证凭证"), (f"/en/register/{number}", "Verifiable Credential")):
        page = get(path).content.decode()
        assert words in page
        for ending in ("vc.json", "untp.jwt"):
            assert f'href="/register/{number}/certificate.{ending}"' in page


def test_a_register_that_nobody_reaches_by_https_makes_no_credentials(register: Any, settings: Any) -> None:
    settings.ORIGIN = "http://register.example"
    number = register.numbers[0]
    for path in (f"/register/{number}/certificate.vc.json", f"/organisations/{org('northern')}/status/revocation/0"):
        answer = get(path)
        assert answer.status_code == 503
        assert "HALLMARK_ORIGIN" in answer.content.decode()
    assert "certificate.vc.json" not in get(f"/register/{number}").content.decode()
