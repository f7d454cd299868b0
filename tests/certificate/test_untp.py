"""The profile `untp-0.7` has the structure of a UNTP Digital Conformity Credential 0.7.0."""

from __future__ import annotations

from datetime import date

import pytest

from certificate.untp_structure import LEVELS, breaches
from hallmark.certificate import credential, jose, untp
from hallmark.certificate.credential import UNTP, W3C
from hallmark.certificate.multikey import NotEd25519
from hallmark.kernel.keys import ESP256, SoftwareSigner
from hallmark.statement.certificate import record_digest
from world.cast import key


@pytest.fixture
def document(export):
    """The credential inside its envelope."""
    return jose.verify(untp.issue(export, key("northern")), key("northern").public)


def test_the_document_has_the_structure_of_the_schema(document):
    assert breaches(document) == set()


def test_a_document_that_had_not_would_be_seen(document):
    subject = document["credentialSubject"]
    subject["conformityCertificate"]["type"] = ["Link"]
    del subject["issuedToParty"]["name"]
    document["credentialStatus"]["statusSize"] = 1
    subject["referenceScheme"]["type"] = ["Scheme"]
    assert len(breaches(document)) == 4


def test_contexts_and_types_come_in_their_order(document):
    assert document["@context"] == [W3C, UNTP]
    assert document["type"] == ["DigitalConformityCredential", "VerifiableCredential"]


def test_the_codes_are_of_their_lists(document):
    subject = document["credentialSubject"]
    assert subject["assessmentLevel"] in LEVELS
    assert (subject["assessorLevel"], subject["attestationType"]) == ("3rdParty", "certification")


def test_status_is_one_object_with_a_number_and_for_revocation(document):
    """The opposite of the `w3c` profile, and of the W3C recommendation; so the two are never mixed."""
    assert type(document["credentialStatus"]) is dict
    assert type(document["credentialStatus"]["statusListIndex"]) is int
    assert document["credentialStatus"]["statusPurpose"] == "revocation"


def test_the_two_profiles_name_each_other_nowhere(export, document):
    w3c = credential.compose(export, key("northern").public)
    assert UNTP not in w3c["@context"]
    assert "proof" not in document
    assert "ProductCertificate" not in document["type"]


def test_it_says_the_exact_product_version_and_builds(document, export):
    (assessment,) = document["credentialSubject"]["conformityAssessment"]
    (product,) = assessment["assessedProduct"]
    assert (product["product"]["name"], product["product"]["modelNumber"]) == ("Wallet", "LW-1")
    build = export.record["product"]["builds"][0]["sha256"].hex()
    assert assessment["specifiedCondition"] == [
        "environment: simulated market",
        "version: 1.0.0",
        f"build: package.bin, sha256 {build}",
    ]
    assert assessment["conformance"] is True
    assert date.fromisoformat(assessment["assessmentDate"])


def test_it_carries_the_digest_of_the_record(document, export):
    link = document["credentialSubject"]["conformityCertificate"]
    assert untp.from_multibase_digest(link["digestMultibase"]) == record_digest(export.number, export.record)


@pytest.mark.parametrize("text", ["", "u", "z" + "A" * 46, untp.to_multibase_digest(bytes(31)), "uEyA" + "A" * 43])
def test_what_is_no_digest_of_sha_256_is_none(text):
    assert untp.from_multibase_digest(text) is None


def test_only_ed25519_signs(export):
    with pytest.raises(NotEd25519):
        untp.issue(export, SoftwareSigner.generate(ESP256))
