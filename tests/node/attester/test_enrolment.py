"""A registrar certifies a key only once a known maker's TPM has shown to hold it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hallmark.attestation.errors import BadEvidence, BrokenBinding
from hallmark.attestation.formats import Bundle
from hallmark.node.attester.enrolment import Request, bind
from hallmark.node.attester.errors import NotActivated, TpmFailed, UnknownMaker
from hallmark.node.attester.registrar import Registrar


def test_a_tpm_of_an_unknown_maker_is_refused_though_it_bears_the_same_name(attester, make_maker, at, tmp_path) -> None:
    stranger = make_maker()
    stranger.make(tmp_path / "tpm", "stranger")
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(UnknownMaker):
        Registrar.found(key, [stranger.chain], at).challenge(attester.request(), at)


def test_every_known_maker_is_tried(attester, maker, make_maker, at, tmp_path) -> None:
    stranger = make_maker()
    stranger.make(tmp_path / "tpm", "stranger")
    registrar = Registrar.found(ec.generate_private_key(ec.SECP256R1()), [stranger.chain, maker.chain], at)
    assert registrar.challenge(attester.request(), at).credential


def test_the_endorsement_of_another_tpm_is_refused(attester, other_attester, registrar, at) -> None:
    borrowed = replace(attester.request(), endorsement=other_attester.request().endorsement)
    with pytest.raises(BrokenBinding):
        registrar.challenge(borrowed, at)


def test_a_key_other_than_the_one_that_signed_is_refused(attester, other_attester, registrar, at) -> None:
    with pytest.raises(BrokenBinding):
        registrar.challenge(replace(attester.request(), key=other_attester.request().key), at)
    with pytest.raises(BadEvidence):
        registrar.challenge(replace(attester.request(), key=b"no key"), at)


def test_an_endorsement_that_is_no_certificate_is_refused(attester, registrar, at) -> None:
    for endorsement in (b"", b"no certificate"):
        with pytest.raises(BadEvidence):
            registrar.challenge(replace(attester.request(), endorsement=endorsement), at)


def test_a_key_in_one_tpm_under_the_endorsement_of_another_is_never_activated(
    attester, other_attester, registrar, at
) -> None:
    endorsement = other_attester.request().endorsement
    evidence = attester.attest(b"", {}).evidence | quote(attester, "0x81010002", bind(endorsement))
    challenge = registrar.challenge(Request(endorsement, attester.request().key, Bundle("tpm", evidence, {})), at)
    for either in (attester, other_attester):
        with pytest.raises(TpmFailed):
            either.activate(challenge.credential)


def test_a_guess_is_no_answer(attester, registrar, at) -> None:
    challenge = registrar.challenge(attester.request(), at)
    for answer in (b"", bytes(32), challenge.credential):
        with pytest.raises(NotActivated):
            registrar.certify(challenge, answer, at)


def quote(attester, key: str, extra: bytes) -> dict[str, bytes]:
    """A quote by any key of the TPM."""
    attester.tpm.run(
        *("tpm2_quote", "-c", key, "-g", "sha256", "-l", "sha256:8,9", "-q", extra.hex(), "-m", "quote"),
        *("-s", "signature", "-f", "tss"),
    )
    return {name: attester.tpm.read(name) for name in ("quote", "signature")}


def test_a_key_that_signs_anything_is_not_certified_even_where_it_denies_it(attester, registrar, at) -> None:
    endorsement = attester.request().endorsement
    attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
    with attester.tpm.room():
        attester.tpm.run(
            *("tpm2_create", "-C", "0x81000001", "-G", "ecc256:ecdsa-sha256:null", "-a", attributes),
            *("-u", "public", "-r", "private", "-c", "loose", "-f", "pem", "-o", "key"),
        )
    public, key = attester.tpm.read("public"), attester.tpm.read("key")
    with attester.tpm.room():
        quoted = quote(attester, "loose", bind(endorsement))
    honest = Request(endorsement, key, Bundle("tpm", {**quoted, "public": public}, {}))
    with pytest.raises(BadEvidence):
        registrar.challenge(honest, at)

    restricted = (int.from_bytes(public[6:10]) | 1 << 16).to_bytes(4)
    lie = Bundle("tpm", {**quoted, "public": public[:6] + restricted + public[10:]}, {})
    attester.tpm.write("credential", registrar.challenge(replace(honest, evidence=lie), at).credential)
    with attester.tpm.room():
        attester.tpm.run("tpm2_startauthsession", "--policy-session", "-S", "session")
        attester.tpm.run("tpm2_policysecret", "-S", "session", "-c", "endorsement")
        with pytest.raises(TpmFailed, match="integrity"):
            attester.tpm.run(
                *("tpm2_activatecredential", "-c", "loose", "-C", "0x81010001", "-P", "session:session"),
                *("-i", "credential", "-o", "secret"),
            )
