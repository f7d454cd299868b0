"""The structure of a UNTP Digital Conformity Credential 0.7.0, as far as ours has parts of it.

The facts were read in ConformityCredential.json of UNTP v0.7.0 (SHA-256 `untp.SCHEMA`, as listed in
uncefact/tests-untp, packages/untp-utils/artefacts/manifest.json), which is not part of this repository.
"""

from __future__ import annotations

import re

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
