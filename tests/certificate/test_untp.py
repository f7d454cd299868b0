"""The profile `untp-0.7` has the structure of a UNTP Digital Conformity Credential 0.7.0.

The facts asserted here were read in ConformityCredential.json of UNTP v0.7.0 (SHA-256 `untp.SCHEMA`, as listed in
uncefact/tests-untp, packages/untp-utils/artefacts/manifest.json), which is not part of this repository.
"""

from __future__ import annotations

import re
from datetime import date

import pytest

from hallmark.certificate import credential, jose, untp
from hallmark.certificate.credential import UNTP, W3C
from hallmark.certificate.multikey import NotEd25519
from hallmark.kernel.keys import ESP256, SoftwareSigner
from hallmark.statement.certificate import record_digest
from world.market import key

# What each object must have.
REQUIRED = {
    "": {"@context", "id", "issuer", "validFrom", "name", "credentialSubject"},
    "issuer": {"id", "name"},
    "issuer.issuerAlsoKnownAs": {"id", "name"},
    "credentialStatus": {"type", "statusPurpose", "statusListIndex", "statusListCredential"},
    "credentialSubject": {
        "id",
        "name",
        "assessorLevel",
        "assessmentLevel",
        "attestationType",
        "issuedToParty",
        "referenceScheme",
    },
    "credentialSubject.issuedToParty": {"id", "name"},
    "credentialSubject.referenceScheme": {"id", "name"},
    "credentialSubject.referenceProfile": {"id", "name"},
    "credentialSubject.conformityCertificate": {"linkURL", "linkName"},
    "credentialSubject.conformityAssessment": {
        "id",
        "name",
        "assessmentCriteria",
        "assessmentDate",
        "assessedPerformance",
        "conformityTopic",
    },
    "credentialSubject.conformityAssessment.assessmentCriteria": {"id", "name"},
    "credentialSubject.conformityAssessment.assessedProduct": {"product"},
    "credentialSubject.conformityAssessment.assessedProduct.product": {"id", "name"},
    "credentialSubject.conformityAssessment.referenceStandard": {"id", "name"},
    "credentialSubject.conformityAssessment.conformityTopic": {"id", "name"},
}
# What the objects may have that allow nothing else.
CLOSED = {
    "credentialStatus": {"type", "id", "statusPurpose", "statusListIndex", "statusListCredential"},
    "credentialSubject.conformityCertificate": {"linkURL", "linkName", "digestMultibase", "mediaType", "linkType"},
    "credentialSubject.conformityAssessment.conformityTopic": {"type", "id", "name", "definition"},
}
# The class that `type` of an object must contain, where it has one.
TYPES = {
    "issuer": "CredentialIssuer",
    "issuer.issuerAlsoKnownAs": "Party",
    "credentialSubject": "ConformityAttestation",
    "credentialSubject.issuedToParty": "Party",
    "credentialSubject.referenceScheme": "ConformityScheme",
    "credentialSubject.referenceProfile": "ConformityProfile",
    "credentialSubject.conformityAssessment": "ConformityAssessment",
    "credentialSubject.conformityAssessment.assessmentCriteria": "Criterion",
    "credentialSubject.conformityAssessment.assessedProduct.product": "Product",
    "credentialSubject.conformityAssessment.referenceStandard": "Standard",
    "credentialSubject.conformityAssessment.conformityTopic": "ConformityTopic",
}
LEVELS = {
    "authority-benchmark",
    "authority-mandate",
    "authority-globalmra",
    "authority-peer",
    "authority-extended-mra",
    "scheme-self",
    "scheme-cab",
    "no-endorsement",
}
URI = re.compile(r"(https://|did:key:)[\x21-\x7e]+")


@pytest.fixture
def document(export):
    """The credential inside its envelope."""
    return jose.verify(untp.issue(export, key("northern")), key("northern").public)


def objects(value, path=""):
    """Yield (path, object) for every object in a document."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from objects(item, f"{path}.{name}".strip("."))
    elif isinstance(value, list):
        for item in value:
            yield from objects(item, path)


def breaches(document):
    """Return where the structure is not that of the schema."""
    found = set()
    for path, value in objects(document):
        found |= {f"{path} lacks {name}" for name in REQUIRED.get(path, set()) - value.keys()}
        found |= {f"{path} has {name}" for name in value.keys() - CLOSED.get(path, value.keys())}
        if path in TYPES and TYPES[path] not in value.get("type", [TYPES[path]]):
            found.add(f"{path} is no {TYPES[path]}")
        if path not in REQUIRED:
            found.add(f"{path} is not known here")
        found |= {
            f"{path}.{name} is no URI"
            for name in value.keys() & {"id", "linkURL", "statusListCredential"}
            if not URI.fullmatch(value[name])
        }
    return found


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
