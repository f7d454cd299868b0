"""A development node's evidence, judged as any member judges it; each reason to keep a node out by its name."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hallmark.attestation import appraisal, binding, claims, errors
from hallmark.attestation.appraisal import appraise
from hallmark.attestation.formats import Bundle
from hallmark.attestation.policy import Policy, Reference, Rule
from hallmark.kernel import instant
from hallmark.node.attester.measurement import PACKAGE, measure
from hallmark.node.attester.registers import OWN

EPOCH, NONCE, MEMBER, KEYS = 3, b"\x17" * 32, "harbour", (b"\x01" * 32, b"\x02" * 32, b"\x03" * 32)


@pytest.fixture(scope="session")
def policy(registrar, state) -> Policy:
    """This release under this constitution, keys certified by the registrar, no link left open."""
    rule = Rule(frozenset({registrar.anchor}), (Reference("release", OWN.measurements(state)),))
    return Policy("policy", {"tpm": rule}, {"tpm": 7}, fresh_seconds=86400)


@pytest.fixture(scope="session")
def report_data(state) -> bytes:
    return binding.report_data(EPOCH, NONCE, state.constitution, MEMBER, KEYS)


@pytest.fixture(scope="session")
def collateral(registrar, node, at) -> dict[str, bytes]:
    return registrar.collateral(node.certificate, at)


@pytest.fixture(scope="session")
def evidence(node, state, report_data, collateral) -> Bundle:
    with node.running(state) as attester:
        return attester.attest(report_data, collateral)


def test_an_approved_node_is_accepted_with_no_link_open(evidence, policy, report_data, at) -> None:
    result = appraise(Bundle.decode(evidence.encode()), policy, report_data, at)
    assert (result.reference, result.status, result.claims.missing) == ("release", "affirming", ())


def test_a_changed_file_keeps_a_node_out(node, state, policy, report_data, collateral, at, tmp_path) -> None:
    package = Path(shutil.copytree(PACKAGE, tmp_path / "hallmark", ignore=shutil.ignore_patterns("__pycache__")))
    with (package / "rules" / "decision.py").open("ab") as file:
        file.write(b"\n")
    with node.running(replace(state, code=measure(package))) as attester:
        evidence = attester.attest(report_data, collateral)
    with pytest.raises(appraisal.UnknownMeasurement):
        appraise(evidence, policy, report_data, at)


def test_another_constitution_keeps_a_node_out(node, state, policy, report_data, collateral, at) -> None:
    with node.running(replace(state, constitution=b"\x0d" * 32)) as attester:
        evidence = attester.attest(report_data, collateral)
    with pytest.raises(appraisal.UnknownMeasurement):
        appraise(evidence, policy, report_data, at)


@pytest.mark.parametrize(
    "other",
    [
        (EPOCH, b"\x18" * 32, b"\x0c" * 32, MEMBER, KEYS),
        (EPOCH, NONCE, b"\x0c" * 32, MEMBER, (*KEYS[:2], b"\x04" * 32)),
        (EPOCH, NONCE, b"\x0c" * 32, "mallow", KEYS),
        (EPOCH, NONCE, b"\x0d" * 32, MEMBER, KEYS),
        (EPOCH + 1, NONCE, b"\x0c" * 32, MEMBER, KEYS),
    ],
    ids=[
        "an old quote for a new nonce",
        "the keys of someone else",
        "the seat of someone else",
        "another constitution",
        "another epoch",
    ],
)
def test_evidence_for_another_request_keeps_a_node_out(other, evidence, policy, at) -> None:
    with pytest.raises(appraisal.WrongReportData):
        appraise(evidence, policy, binding.report_data(*other), at)


def test_the_certificate_of_another_tpm_keeps_a_node_out(
    evidence, policy, report_data, registrar, other_node, at
) -> None:
    borrowed = replace(evidence, collateral=registrar.collateral(other_node.certificate, at))
    with pytest.raises(errors.BrokenBinding):
        appraise(borrowed, policy, report_data, at)


def test_registers_claimed_but_not_quoted_keep_a_node_out(node, state, policy, report_data, collateral, at) -> None:
    with node.running(replace(state, code=b"\x66" * 32)) as attester:
        evidence = attester.attest(report_data, collateral)
    claimed = b"".join(OWN.values(state).values())
    with pytest.raises(errors.BrokenBinding):
        appraise(replace(evidence, evidence={**evidence.evidence, "pcrs": claimed}), policy, report_data, at)


def test_a_key_that_nobody_certified_keeps_a_node_out_unless_tolerated(evidence, policy, report_data, at) -> None:
    bare = replace(evidence, collateral={})
    with pytest.raises(appraisal.LinkNotChecked, match="no vendor vouches"):
        appraise(bare, policy, report_data, at)
    rule = replace(policy.rules["tpm"], tolerated=frozenset({claims.SELF_REPORTED}))
    assert appraise(bare, replace(policy, rules={"tpm": rule}), report_data, at).status == "warning"


def test_a_revoked_key_keeps_a_node_out(node, state, policy, report_data, maker, found, at) -> None:
    registrar = found(maker.chain)
    with node.running(state) as attester:
        challenge = registrar.challenge(attester.request(), at)
        certificate = registrar.certify(challenge.number, attester.activate(challenge.credential), at)
        good = attester.attest(report_data, registrar.collateral(certificate, at))
        registrar.revoke(certificate, at)
        revoked = attester.attest(report_data, registrar.collateral(certificate, at))
    rule = replace(policy.rules["tpm"], anchors=frozenset({registrar.anchor}))
    policy = replace(policy, rules={"tpm": rule})
    assert appraise(good, policy, report_data, at).status == "affirming"
    with pytest.raises(errors.Revoked):
        appraise(revoked, policy, report_data, at)


def test_stale_collateral_keeps_a_node_out(evidence, policy, report_data, at) -> None:
    with pytest.raises(errors.Expired):
        appraise(evidence, policy, report_data, at + 31 * instant.DAY)


def test_another_registrar_keeps_a_node_out(evidence, policy, report_data, at) -> None:
    rule = replace(policy.rules["tpm"], anchors=frozenset({b"\x01" * 32}))
    with pytest.raises(errors.UntrustedRoot):
        appraise(evidence, replace(policy, rules={"tpm": rule}), report_data, at)
