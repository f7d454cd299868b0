"""The profile `w3c`: a credential that is a function of the record, and status lists beside it."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest

from hallmark.certificate import bitstring, credential, integrity, jose, untp
from hallmark.certificate.credential import CONTEXTS, TERMS, W3C, BadAddress, StatusList
from hallmark.certificate.multikey import NotEd25519
from hallmark.kernel import instant
from hallmark.kernel.keys import ESP256, SoftwareSigner
from hallmark.statement.certificate import record_digest
from world.cast import key, name, org

DATE_TIME_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def issued(export):
    """The market's certificate as a credential, read as JSON."""
    return json.loads(credential.issue(export, key("northern")))


def test_a_credential_is_one_of_the_data_model_2_0(issued, export):
    """W3C Verifiable Credentials Data Model 2.0, section 4: the members that must or may be there, and no other."""
    assert issued["@context"] == [W3C, "https://register.example/contexts/certificate/1"]
    assert issued["type"] == ["VerifiableCredential", "ProductCertificate"]
    assert issued["id"] == f"https://register.example/certificates/{export.number}"
    assert {each["@language"] for each in issued["name"]} == {"en", "zh"}
    assert issued["issuer"]["id"].startswith("did:key:z6Mk")
    assert set(issued) == {
        "@context",
        "id",
        "type",
        "name",
        "issuer",
        "validFrom",
        "validUntil",
        "credentialSubject",
        "credentialStatus",
        "proof",
    }


def test_it_carries_the_whole_record_and_its_digest(issued, export):
    subject = issued["credentialSubject"]
    assert subject["recordDigest"] == record_digest(export.number, export.record).hex()
    assert subject["number"] == export.number
    assert subject["environment"] == "simulated market"
    assert subject["record"]["product"]["builds"][0]["sha256"] == export.record["product"]["builds"][0]["sha256"].hex()


def test_it_is_valid_from_the_first_to_the_last_millisecond_of_its_days_in_the_schemes_time(issued):
    assert issued["validFrom"] == "2026-03-03T16:00:00.000Z"
    assert issued["validUntil"] == "2029-03-04T15:59:59.999Z"


def test_its_status_is_one_entry_for_each_purpose_with_a_text_for_index(issued):
    """W3C Bitstring Status List 1.0, section 2.1; the entry's own identifier is not the list's."""
    entries = issued["credentialStatus"]
    assert [entry["statusPurpose"] for entry in entries] == ["revocation", "suspension"]
    for entry in entries:
        assert entry["type"] == "BitstringStatusListEntry"
        assert entry["statusListIndex"] == "7"
        assert entry["id"] != entry["statusListCredential"]
    assert len({entry["statusListCredential"] for entry in entries}) == 2


def test_positions_go_on_in_the_next_list(export):
    last = dataclasses.replace(export, position=bitstring.LENGTH - 1)
    first = dataclasses.replace(export, position=bitstring.LENGTH)
    assert last.status_entry("revocation")["statusListCredential"].endswith("/revocation/0")
    entry = first.status_entry("revocation")
    assert entry["statusListCredential"].endswith("/revocation/1")
    assert entry["statusListIndex"] == 0


def test_the_body_signed_it_at_the_time_of_issue(issued, export):
    document = integrity.verify(issued, key("northern").public)
    assert document == credential.compose(export, key("northern").public)
    assert issued["proof"]["created"] == instant.to_text(export.issued_at * 1000)
    assert issued["proof"]["verificationMethod"].partition("#")[0] == issued["issuer"]["id"]


def test_the_same_record_gives_the_same_bytes(export):
    assert credential.issue(export, key("northern")) == credential.issue(export, key("northern"))


def test_another_environment_is_in_the_signed_bytes(export, issued):
    other = json.loads(credential.issue(dataclasses.replace(export, environment="production"), key("northern")))
    assert other["proof"]["proofValue"] != issued["proof"]["proofValue"]


def test_every_context_that_is_named_is_pinned(issued):
    assert issued["@context"][0] in CONTEXTS
    assert hashlib.sha256(TERMS).hexdigest() == "3919a3e6b183f01cded2bbba98312f988398061a338b555538f4d432ddb35c31"
    assert all(len(digest) == 64 for digest in CONTEXTS.values())


def test_our_context_defines_every_term_that_the_w3c_has_not(issued):
    terms = json.loads(TERMS)["@context"]
    assert set(issued["credentialSubject"]) - {"id", "type"} <= set(terms)
    assert {"ProductCertificate", "CertifiedProduct"} <= set(terms)


@pytest.mark.parametrize(
    "address",
    ["", "register.example", "http://register.example", "https://register.example/", "https://a b", "https://a/?q", 5],
)
def test_a_register_has_an_https_address_without_a_slash_at_its_end(export, address):
    with pytest.raises(BadAddress):
        dataclasses.replace(export, register=address)


@pytest.mark.parametrize("address", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:9"])
def test_a_development_ledger_may_be_reached_on_the_readers_own_machine_and_no_other_may(export, address):
    """W3C Secure Contexts, section 3.1: loopback addresses are potentially trustworthy."""
    assert dataclasses.replace(export, register=address, development=True).address.startswith(
        f"{address}/certificates/"
    )
    with pytest.raises(BadAddress):
        dataclasses.replace(export, register=address)
    for other in ("http://register.example", "http://localhost.example", "http://localhost:8000/", "http://10.0.0.1"):
        with pytest.raises(BadAddress):
            dataclasses.replace(export, register=other, development=True)


@pytest.mark.parametrize("position", [-1, 2**54, "7", True])
def test_a_position_is_a_whole_number(export, position):
    with pytest.raises(BadAddress):
        dataclasses.replace(export, position=position)


def test_only_ed25519_signs(export):
    with pytest.raises(NotEd25519):
        credential.issue(export, SoftwareSigner.generate(ESP256))


def listed(purpose, indexes):
    return StatusList(
        "https://register.example",
        org("northern"),
        purpose,
        0,
        frozenset(indexes),
        at=1_772_500_000_000,
        fresh_for=instant.HOUR,
        signer=name("northern"),
    )


def status_list(purpose, indexes):
    return json.loads(credential.issue_status_list(listed(purpose, indexes), key("northern")))


def test_a_status_list_is_the_one_that_an_entry_names(export):
    """W3C Bitstring Status List 1.0, section 2.2."""
    entry = export.status_entry("suspension")
    listed = status_list("suspension", [entry["statusListIndex"]])
    assert listed["id"] == entry["statusListCredential"]
    assert listed["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    subject = listed["credentialSubject"]
    assert (subject["type"], subject["statusPurpose"]) == ("BitstringStatusList", "suspension")
    assert bitstring.is_set(subject["encodedList"], 7)
    assert not bitstring.is_set(subject["encodedList"], 8)


def test_a_status_list_is_signed_and_ages():
    listed = status_list("revocation", [])
    assert integrity.verify(listed, key("northern").public)["@context"] == [W3C]
    assert (listed["validFrom"], listed["validUntil"]) == ("2026-03-03T01:06:40.000Z", "2026-03-03T02:06:40.000Z")


def test_a_status_list_may_be_enveloped_and_says_the_same():
    """UNTP 0.7 asks for envelopes (W3C VC-JOSE-COSE); the document inside has no proof of its own."""
    enveloped = jose.verify(untp.issue_status_list(listed("revocation", [5]), key("northern")), key("northern").public)
    secured = status_list("revocation", [5])
    assert enveloped == {name: value for name, value in secured.items() if name != "proof"}
