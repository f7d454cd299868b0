"""Proofs of `eddsa-jcs-2022` by the vector of the recommendation, and no other proof."""

from __future__ import annotations

import copy

import pytest

from hallmark.certificate import integrity, jcs, multikey
from hallmark.certificate.integrity import BadProof
from hallmark.kernel import hashing
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ESP256, SoftwareSigner

# w3c/vc-di-eddsa, TestVectors/eddsa-jcs-2022 and TestVectors/keyPair.json
METHOD = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
PRIVATE = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
DOCUMENT = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
DOCUMENT_HASH = "59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
OPTIONS_HASH = "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db"
PROOF_VALUE = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
CREATED = "2023-02-24T23:36:38Z"

SIGNER = SoftwareSigner.from_seed(multikey.from_base58(PRIVATE)[2:])
SECURED = integrity.secure(DOCUMENT, METHOD, CREATED, SIGNER)


def test_the_vector_is_made():
    assert hashing.sha256(jcs.encode(DOCUMENT)).hex() == DOCUMENT_HASH
    options = {name: value for name, value in SECURED["proof"].items() if name != "proofValue"}
    assert hashing.sha256(jcs.encode(options)).hex() == OPTIONS_HASH
    assert SECURED["proof"]["proofValue"] == PROOF_VALUE


def test_the_vector_verifies():
    assert integrity.method_of(SECURED) == METHOD
    assert integrity.verify(SECURED, SIGNER.public) == DOCUMENT


def test_a_document_changed_anywhere_does_not_verify():
    for name in DOCUMENT:
        changed = copy.deepcopy(SECURED)
        changed[name] = [*changed[name], "x"] if isinstance(changed[name], list) else "x"
        with pytest.raises(BadProof):
            integrity.verify(changed, SIGNER.public)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Ed25519Signature2020"},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"proofPurpose": "authentication"},
        {"created": "2023-02-24T23:36:39Z"},
        {"created": 5},
        {"verificationMethod": METHOD.replace("z6Mkr", "z6Mks")},
        {"@context": ["https://www.w3.org/ns/credentials/v2"]},
        {"proofValue": PROOF_VALUE[:-1] + "Y"},
        {"proofValue": PROOF_VALUE[1:]},
        {"expires": "2030-01-01T00:00:00Z"},
    ],
)
def test_a_proof_changed_anywhere_does_not_verify(change):
    with pytest.raises(HallmarkError):
        integrity.verify({**SECURED, "proof": {**SECURED["proof"], **change}}, SIGNER.public)


@pytest.mark.parametrize("proof", [None, [], [SECURED["proof"]], "x", {}])
def test_only_a_single_proof_is_read(proof):
    with pytest.raises(BadProof):
        integrity.verify({**SECURED, "proof": proof}, SIGNER.public)


def test_a_proof_made_in_another_context_than_the_documents_does_not_verify():
    options = {**SECURED["proof"], "@context": DOCUMENT["@context"][:1]}
    del options["proofValue"]
    value = multikey.to_base58(SIGNER.sign(integrity._signed(DOCUMENT, options)))
    with pytest.raises(BadProof):
        integrity.verify({**DOCUMENT, "proof": {**options, "proofValue": value}}, SIGNER.public)


def test_another_key_does_not_verify():
    with pytest.raises(BadProof):
        integrity.verify(SECURED, SoftwareSigner.generate().public)


def test_a_key_of_another_algorithm_does_not_sign():
    with pytest.raises(multikey.NotEd25519):
        integrity.secure(DOCUMENT, METHOD, CREATED, SoftwareSigner.generate(ESP256))
