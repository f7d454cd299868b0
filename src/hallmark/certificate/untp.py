"""The profile `untp-0.7`: a Digital Conformity Credential of the UN Transparency Protocol 0.7.0, signed by the body.

Valid against the schema whose SHA-256 is `SCHEMA`; enveloped with JOSE, as the protocol's credential profile asks.
That schema wants one status object with a number for index, which the W3C recommendation forbids: so the two profiles
are two documents. This one names the revocation list only; the ledger has the whole status.

What the protocol has no term for (environment, version, builds) stands in `specifiedCondition`. The record's digest is
that of the resource at `conformityCertificate`: the canonical CBOR of which it is the SHA-256.
"""

from __future__ import annotations

from typing import Any

from hallmark.certificate import bitstring, jose
from hallmark.certificate.credential import (
    UNTP,
    W3C,
    Export,
    StatusList,
    compose_status_list,
    did_of,
    method_of,
)
from hallmark.kernel import keys

SCHEMA = "e7c7f05c20579c486c2e0ade9815a962b0b77b426aec4be29be67a992e607a6c"
ENVIRONMENT = "environment: "
_SHA2_256 = b"\x12\x20"  # multihash: the function and the length


def compose(export: Export, issuer: keys.PublicKey) -> dict[str, Any]:
    """Return the credential without its envelope; raises `NotEd25519`."""
    record = export.record
    valid_from, valid_until = export.validity
    scheme, product_type, product = record["scheme"], record["product_type"], record["product"]
    schemes = f"{export.register}/schemes/{scheme['id']}"
    kind = f"{schemes}/types/{product_type['id']}"
    title = f"{scheme['name']['en']}: {product['name']['en']} {product['model']} {product['version']}"
    return {
        "@context": [W3C, UNTP],
        "id": export.address,
        "type": ["DigitalConformityCredential", "VerifiableCredential"],
        "name": title,
        "issuer": {
            "type": ["CredentialIssuer"],
            "id": did_of(issuer),
            "name": export.body["name"]["en"],
            "issuerAlsoKnownAs": [_organisation(export, export.body)],
        },
        "validFrom": valid_from,
        "validUntil": valid_until,
        "credentialStatus": export.status_entry(bitstring.REVOCATION),
        "credentialSubject": {
            "type": ["ConformityAttestation"],
            "id": f"{export.address}#attestation",
            "name": title,
            "assessorLevel": "3rdParty",
            "assessmentLevel": "scheme-cab",  # the scheme owner designates the bodies
            "attestationType": "certification",
            "issuedToParty": {
                "type": ["Party"],
                "id": f"{export.address}#holder",
                "name": record["applicant"]["name"]["en"],
            },
            "referenceScheme": {"type": ["ConformityScheme"], "id": schemes, "name": scheme["name"]["en"]},
            "referenceProfile": {
                "type": ["ConformityProfile"],
                "id": f"{schemes}/editions/{scheme['edition']}/profiles/{scheme['profile']}",
                "name": f"{scheme['id'].upper()} {scheme['edition']}, {scheme['profile']}",
            },
            "conformityCertificate": {
                "linkURL": f"{export.address}/record",
                "linkName": f"Record of {export.number}",
                "digestMultibase": to_multibase_digest(export.digest),
                "mediaType": "application/cbor",
            },
            "conformityAssessment": [
                {
                    "type": ["ConformityAssessment"],
                    "id": f"{export.address}#assessment",
                    "name": product_type["name"]["en"],
                    "assessmentCriteria": [
                        {"type": ["Criterion"], "id": kind, "name": f"{product_type['id']} {scheme['edition']}"}
                    ],
                    "assessmentDate": record["granted_on"],
                    "assessedPerformance": [],
                    "assessedProduct": [
                        {
                            "product": {
                                "type": ["Product"],
                                "id": f"{export.address}#product",
                                "name": product["name"]["en"],
                                "modelNumber": product["model"],
                            },
                            "idVerifiedByCAB": True,
                        }
                    ],
                    "referenceStandard": [
                        {
                            "type": ["Standard"],
                            "id": f"{schemes}/editions/{scheme['edition']}#standard-{place}",
                            "name": " ".join(standard[part] for part in ("id", "edition") if part in standard),
                        }
                        for place, standard in enumerate(record["standards"], 1)
                    ],
                    "specifiedCondition": [
                        f"{ENVIRONMENT}{export.environment}",
                        f"version: {product['version']}",
                        *(f"level: {product_type[part]['id']}" for part in ("level",) if part in product_type),
                        *(f"build: {build['name']}, sha256 {build['sha256'].hex()}" for build in product["builds"]),
                    ],
                    "conformityTopic": [
                        {"type": ["ConformityTopic"], "id": f"{kind}#topic", "name": product_type["name"]["en"]}
                    ],
                    "conformance": True,
                }
            ],
        },
    }


def issue(export: Export, signer: keys.Signer) -> bytes:
    """Return the credential as a compact JWS, signed with the issuing body's Ed25519 key; raises `NotEd25519`."""
    return jose.envelop(compose(export, signer.public), method_of(signer.public), signer)


def issue_status_list(listed: StatusList, signer: keys.Signer) -> bytes:
    """Return the status list as a compact JWS, signed with an Ed25519 key; raises `NotEd25519`, `BadStatusList`."""
    return jose.envelop(compose_status_list(listed, signer.public), method_of(signer.public), signer)


def to_multibase_digest(digest: bytes) -> str:
    """Return a SHA-256 digest as a multihash in multibase base64url."""
    return jose.MULTIBASE_BASE64URL + jose.to_base64url(_SHA2_256 + digest)


def from_multibase_digest(text: str) -> bytes | None:
    """Return the SHA-256 digest that `to_multibase_digest` wrote, or None."""
    data = jose.from_base64url(text[1:]) if text[:1] == jose.MULTIBASE_BASE64URL else None
    if data is None or len(data) != len(_SHA2_256) + 32 or not data.startswith(_SHA2_256):
        return None
    return data[len(_SHA2_256) :]


def _organisation(export: Export, organisation: Any) -> dict[str, Any]:
    return {
        "type": ["Party"],
        "id": f"{export.register}/organisations/{organisation['id']}",
        "name": organisation["name"]["en"],
        "registeredId": organisation["id"],
    }
