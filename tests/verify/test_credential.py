"""What an exported credential proves: the word of one body, and never that a certificate is in force."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate import credential, integrity, jcs, jose, untp
from hallmark.certificate.credential import BadAddress, Export, StatusList
from hallmark.certificate.integrity import BadProof
from hallmark.certificate.jose import BadEnvelope
from hallmark.certificate.status import Status
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.statement import envelope
from hallmark.verify.certificate import WrongParts
from hallmark.verify.credential import BadCredential, NotTheExport, UnknownIssuer, verify_credential
from verify.register import Register, parsed
from world.cast import key
from world.ledger import ENVIRONMENT

NORTHERN = key("northern")


@pytest.fixture
def export(certified):
    """What a credential of the market's certificate is made from."""
    market, number = certified
    issued = envelope.parse(Register(market).find("certificate.issued", number)[1])
    return Export(number, issued.draft.public, issued.draft.issued_at, ENVIRONMENT, "https://register.example", 131_080)


@pytest.fixture(params=[credential, untp], ids=["w3c", "untp-0.7"])
def profile(request):
    """One of the two profiles."""
    return request.param


def test_a_credential_is_the_word_of_a_body_and_its_status_is_unknown(export, profile):
    attestation = verify_credential(profile.issue(export, NORTHERN), parsed())
    assert (attestation.number, attestation.record_digest) == (export.number, export.digest)
    assert attestation.body == Text("模拟northern", "Northern")
    assert (attestation.status, attestation.development) == (Status.UNKNOWN, True)


def test_the_w3c_profile_gives_the_record_back(export):
    attestation = verify_credential(credential.issue(export, NORTHERN), parsed())
    assert (attestation.profile, attestation.record) == ("w3c", export.record)


def test_the_untp_profile_has_no_record(export):
    attestation = verify_credential(untp.issue(export, NORTHERN), parsed())
    assert (attestation.profile, attestation.record) == ("untp-0.7", None)


def test_json_may_be_written_in_any_way_that_reads_the_same(export):
    pretty = json.dumps(json.loads(credential.issue(export, NORTHERN)), indent=2).encode()
    assert verify_credential(b"\n" + pretty + b"\n", parsed()).number == export.number


def test_a_key_that_the_bundle_does_not_hold_is_nobodys(export, profile):
    with pytest.raises(UnknownIssuer):
        verify_credential(profile.issue(export, key("mallory")), parsed())
    with pytest.raises(UnknownIssuer):
        verify_credential(profile.issue(export, NORTHERN), parsed(issuers=()))


def test_another_body_of_the_bundle_cannot_speak_for_this_one(export, profile):
    bundle = parsed(issuers=("northern", "southern"))
    with pytest.raises(WrongParts, match="another body"):
        verify_credential(profile.issue(export, key("southern")), bundle)


def test_another_environment_is_refused(export, profile):
    other = dataclasses.replace(export, environment="production")
    with pytest.raises(WrongParts, match="production"):
        verify_credential(profile.issue(other, NORTHERN), parsed())


def test_only_a_development_ledger_is_reached_on_the_readers_own_machine(export, profile):
    here = dataclasses.replace(export, register="http://localhost:8000", development=True)
    data = profile.issue(here, NORTHERN)
    assert verify_credential(data, parsed()).number == export.number
    with pytest.raises(BadAddress):
        verify_credential(data, parsed(development=False))


def secured(document, export):
    return jcs.encode(integrity.secure(document, credential.method_of(NORTHERN.public), export.created, NORTHERN))


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(name="Another name"),
        lambda document: document.update(validUntil="2099-01-01T00:00:00.000Z"),
        lambda document: document.update(evidence={"type": "Anything"}),
        lambda document: document["type"].append("AnotherCredential"),
        lambda document: document["issuer"].update(name="Somebody"),
        lambda document: document["credentialSubject"].update(recordDigest="00" * 32),
        lambda document: document["credentialSubject"].update(id="https://elsewhere.example"),
        lambda document: document["credentialStatus"].reverse(),
        lambda document: document["credentialStatus"][1].update(statusListIndex="9"),
        lambda document: document["credentialStatus"][0].update(statusListCredential="https://x.example/0"),
    ],
)
def test_even_its_body_cannot_sign_what_is_not_the_export_of_the_record(export, change):
    document = credential.compose(export, NORTHERN.public)
    assert verify_credential(secured(document, export), parsed())
    changed = copy.deepcopy(document)
    change(changed)
    with pytest.raises(NotTheExport):
        verify_credential(secured(changed, export), parsed())


@pytest.mark.parametrize(
    "change",
    [
        lambda subject: subject.update(number="CFP-1"),
        lambda subject: subject.update(number=5),
        lambda subject: subject.pop("record"),
        lambda subject: subject["record"].pop("product"),
        lambda subject: subject["record"].update(more=1),
        lambda subject: subject["record"].update(case="00" * 32),
        lambda subject: subject["record"].update(case_digest="XY"),
        lambda subject: subject["record"].update(case_digest=subject["record"]["case_digest"].upper()),
        lambda subject: subject["record"].update(valid_from="2026-3-4"),
    ],
)
def test_a_record_of_another_shape_is_refused(export, change):
    document = copy.deepcopy(credential.compose(export, NORTHERN.public))
    change(document["credentialSubject"])
    with pytest.raises(HallmarkError):
        verify_credential(secured(document, export), parsed())


def test_a_record_with_a_claim_that_is_not_public_is_refused_however_consistent(export):
    more = dataclasses.replace(export, record={**export.record, "case": "CASE-MXTRGRXP-HC0XTXGZ-0"})
    with pytest.raises(BadCredential, match="one too many"):
        verify_credential(credential.issue(more, NORTHERN), parsed())


@pytest.mark.parametrize("index", ["-1", "", "²", "1e3", "0" * 20, "07"])
def test_a_place_in_a_status_list_is_a_number(export, index):
    document = copy.deepcopy(credential.compose(export, NORTHERN.public))
    document["credentialStatus"][0]["statusListIndex"] = index
    with pytest.raises(HallmarkError):
        verify_credential(secured(document, export), parsed())


@pytest.mark.parametrize(
    "created", ["yesterday", "2026-03-04", "0001-01-01T00:00:00+14:00", "2026-03-04T09:00:00+08:00"]
)
def test_a_time_of_signing_is_written_in_its_one_form(export, created):
    document = credential.compose(export, NORTHERN.public)
    data = jcs.encode(integrity.secure(document, credential.method_of(NORTHERN.public), created, NORTHERN))
    with pytest.raises(HallmarkError):
        verify_credential(data, parsed())


def test_a_signature_over_other_content_does_not_verify(export):
    value = json.loads(credential.issue(export, NORTHERN))
    value["credentialSubject"]["record"]["product"]["version"] = "2.0.0"
    with pytest.raises(BadProof):
        verify_credential(json.dumps(value).encode(), parsed())
    head, _, signature = untp.issue(export, NORTHERN).split(b".")
    other = untp.issue(dataclasses.replace(export, position=1), NORTHERN).split(b".")[1]
    with pytest.raises(BadEnvelope):
        verify_credential(b".".join((head, other, signature)), parsed())


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(id="https://register.example/certificates/1"),
        lambda document: document["issuer"].update(id="did:web:elsewhere.example"),
        lambda document: document["credentialSubject"]["conformityCertificate"].update(digestMultibase="u"),
        lambda document: document["credentialSubject"].update(conformityAssessment=[]),
        lambda document: document["credentialSubject"]["conformityAssessment"][0].update(specifiedCondition=["x"]),
    ],
)
def test_a_conformity_credential_without_its_places_is_refused(export, change):
    document = copy.deepcopy(untp.compose(export, NORTHERN.public))
    change(document)
    with pytest.raises(HallmarkError):
        verify_credential(jose.envelop(document, credential.method_of(NORTHERN.public), NORTHERN), parsed())


def test_a_status_list_is_no_certificate(export, profile):
    listed = StatusList(export.register, export.body["id"], "revocation", 0, frozenset(), 0, 1, export.body["name"])
    data = profile.issue_status_list(listed, NORTHERN)
    with pytest.raises(HallmarkError):
        verify_credential(data, parsed())


@pytest.mark.parametrize("data", [b"", b"{}", b"{", b'{"proof": {}}', b"eyJ", b"a.b.c", b"{" + b" " * 300_000])
def test_what_is_no_credential_is_refused(data):
    with pytest.raises(HallmarkError):
        verify_credential(data, parsed())


@given(st.binary(max_size=80))
def test_hostile_bytes_never_raise_anything_but_ours(data):
    for start in (b"", b"{", b"eyJ"):
        with pytest.raises(HallmarkError):
            verify_credential(start + data, parsed())
