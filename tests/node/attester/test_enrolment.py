"""A registrar certifies a key only once a known maker's TPM has shown to hold it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hallmark.attestation.errors import BadEvidence, BrokenBinding, Revoked
from hallmark.attestation.formats import Bundle
from hallmark.node.attester.enrolment import Request, bind
from hallmark.node.attester.errors import (
    NoChallenge,
    NoRegistrar,
    NotActivated,
    NotCertified,
    RegistrarExists,
    TpmFailed,
    UnknownMaker,
)
from hallmark.node.attester.registrar import Registrar


def test_a_tpm_of_an_unknown_maker_is_refused_though_it_bears_the_same_name(
    attester, make_maker, found, at, tmp_path
) -> None:
    stranger = make_maker()
    stranger.make(tmp_path / "tpm", "stranger")
    with pytest.raises(UnknownMaker):
        found(stranger.chain).challenge(attester.request(), at)


def test_every_known_maker_is_tried(attester, maker, make_maker, found, at, tmp_path) -> None:
    stranger = make_maker()
    stranger.make(tmp_path / "tpm", "stranger")
    registrar = found(stranger.chain, maker.chain)
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


def test_a_guess_is_no_answer_and_uses_the_challenge_up(attester, registrar, at) -> None:
    for guess in (b"", bytes(32)):
        challenge = registrar.challenge(attester.request(), at)
        with pytest.raises(NotActivated):
            registrar.certify(challenge.number, guess, at)
        with pytest.raises(NoChallenge):
            registrar.certify(challenge.number, attester.activate(challenge.credential), at)


def test_a_registrar_goes_on_after_a_restart_where_it_was(attester, maker, found, at, tmp_path) -> None:
    first = found(maker.chain)
    used, pending, unused = (first.challenge(attester.request(), at) for _ in range(3))
    certificate = first.certify(used.number, attester.activate(used.credential), at)
    first.revoke(certificate, at)
    with pytest.raises(NotActivated):
        first.certify(unused.number, bytes(32), at)
    first.close()
    again = Registrar.open(tmp_path / "registrar")
    assert (again.anchor, again.certificate) == (first.anchor, first.certificate)
    for spent in (used, unused):
        with pytest.raises(NoChallenge):
            again.certify(spent.number, attester.activate(spent.credential), at)
    other = again.certify(pending.number, attester.activate(pending.credential), at)
    anchors = frozenset({again.anchor})
    assert attester.attest(bytes(64), again.collateral(other, at)).verify(anchors, at).missing == ()
    with pytest.raises(Revoked):
        attester.attest(bytes(64), again.collateral(certificate, at)).verify(anchors, at)
    again.close()


def test_a_registrar_is_founded_once_and_for_its_owner_s_eyes(maker, found, tmp_path) -> None:
    with pytest.raises(NoRegistrar):
        Registrar.open(tmp_path / "registrar")
    found(maker.chain)
    with pytest.raises(RegistrarExists):
        found(maker.chain)
    (journal,) = (tmp_path / "registrar").iterdir()
    assert journal.stat().st_mode & 0o077 == 0


def test_what_another_certified_is_not_revoked(found, node, maker, at) -> None:
    with pytest.raises(NotCertified):
        found(maker.chain).revoke(node.certificate, at)


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
