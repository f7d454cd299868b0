"""Real packages made by others, with the verdict each must get at its own oldest platform.

The packages with broken signatures are the golden set of the verifier's own authors; their names say what is wrong.
"""

from __future__ import annotations

from importlib import resources

import pytest

from hallmark.lab.kit import Verdict
from hallmark.lab.kits.client_software import backup, code, exposure, network, package, secrets, signature
from hallmark.lab.kits.client_software.tests import builder
from hallmark.lab.kits.client_software.tests.test_signature import FROM, STRENGTH

RSA_2048 = "fb5dbd3c669af9fc236c6991e6387b7f11ff0590997f22d0f5c74ff40e04fca8"
P, F, I = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE  # noqa: E741 - a table of verdicts


@pytest.mark.parametrize(
    ("name", "signed", "strong"),
    [
        ("golden-aligned-out", P, P),
        ("golden-legacy-aligned-v1v2v3-out", P, P),
        ("golden-legacy-aligned-v1v2v3-lineage-out", F, P),  # the owner's key was rotated to another
        ("golden-rsa-minSdkVersion-1-out", P, F),  # SHA-1 for old platforms
        ("golden-unaligned-in", F, I),  # unsigned
        ("v1-only-with-rsa-pkcs1-md5-1.2.840.113549.1.1.1-2048", P, F),
        ("v1-only-with-rsa-pkcs1-sha256-1.2.840.113549.1.1.11-1024", F, F),
        ("v1-only-with-dsa-sha256-1.2.840.10040.4.1-3072", F, F),
        ("v1-only-with-ecdsa-sha256-1.2.840.10045.2.1-p256", F, P),  # sound, by another owner
        ("v2-only-with-ecdsa-sha256-p256-digest-mismatch", F, I),
        ("v2-only-with-ecdsa-sha256-p256", F, I),  # supports platforms that know scheme v1 only
        ("v2-only-truncated-cd", F, I),
        ("v2-stripped", F, I),
        ("v3-stripped", F, I),
        ("debuggable-boolean", F, F),  # published test key
    ],
)
def test_the_golden_set_of_signatures(tmp_path, samples, verifier, name, signed, strong):
    data = (samples / "apk" / "apksig" / f"{name}.apk").read_bytes()
    seen = builder.observe(tmp_path, signature.measure, data, owner_certificates=RSA_2048)
    assert signature.decide_signature(seen, FROM).verdict is signed
    assert signature.decide_strength(seen, STRENGTH).verdict is strong


def test_what_the_verifier_cannot_check_is_neither_passed_nor_failed(tmp_path, samples, verifier, monkeypatch):
    monkeypatch.setattr(signature, "PROVIDER", tmp_path / "absent.jar")
    data = (samples / "apk" / "apksig" / "v2-only-with-rsa-pss-sha256-3072.apk").read_bytes()
    seen = builder.observe(tmp_path, signature.measure, data)
    assert signature.decide_signature(seen, FROM).verdict in (Verdict.INCONCLUSIVE, Verdict.FAIL)
    assert "NoSuchAlgorithmException" in seen["errors"][0] or seen["outcome"] == "rejected"


def test_the_verdict_depends_on_the_oldest_platform_and_that_is_recorded(tmp_path, samples, verifier):
    data = (samples / "apk" / "apksig" / "golden-aligned-v3-out.apk").read_bytes()
    seen = builder.observe(tmp_path, signature.measure, data, owner_certificates=RSA_2048)
    judgement = signature.decide_signature(seen, FROM)
    assert judgement.verdict is Verdict.FAIL
    assert (judgement.values["oldest_platform"], judgement.values["from_28"]) == (23, "verifies")


@pytest.mark.parametrize(
    ("name", "debugging", "backups", "clear_text", "components", "archive"),
    [
        ("apksig/debuggable-boolean", F, F, F, P, P),
        ("apksig/debuggable-resource", P, F, F, P, P),  # the resource says false
        ("TestActivity", F, P, F, P, P),
        ("com.politedroid_4", P, F, F, F, P),
        ("com.test.intent_filter", P, F, F, F, P),
        ("duplicate.permisssions_9999999", F, F, F, F, P),
        ("multidex", I, I, I, I, F),  # no manifest
        ("apksig/mismatched-compression-method", P, F, F, P, Verdict.INSPECTION_NEEDED),
        ("apksig/v1-only-with-nul-in-entry-name", P, F, F, P, Verdict.INSPECTION_NEEDED),
    ],
)
def test_real_manifests_and_archives(tmp_path, samples, name, debugging, backups, clear_text, components, archive):
    data = (samples / "apk" / f"{name}.apk").read_bytes()
    seen = builder.observe(tmp_path, exposure.measure, data)
    assert exposure.decide_debugging(seen, {}).verdict is debugging
    assert backup.decide_backup(seen, {}).verdict is backups
    assert network.decide_network(seen, {}).verdict is clear_text
    assert exposure.decide_components(seen, {}).verdict is components
    assert package.decide_archive(builder.observe(tmp_path, package.measure, data), {}).verdict is archive


@pytest.mark.long
def test_code_of_a_real_package_agrees_with_another_reader(tmp_path, samples):
    """Differential run against androguard: every call of a watched method is found, and no other."""
    from androguard.misc import AnalyzeAPK  # noqa: PLC0415 - slow to import
    from loguru import logger  # noqa: PLC0415 - slow to import

    logger.disable("androguard")
    path = samples / "apk" / "TestActivity.apk"
    _, _, analysis = AnalyzeAPK(str(path))
    watched = {(each.owner, each.name) for each in code.WATCHED if each.owner}
    theirs = {
        f"{caller.class_name}->{caller.name}"
        for method in analysis.get_methods()
        if (method.class_name, method.name) in watched
        for _, caller, _ in method.get_xref_from()
    }
    seen = builder.observe(tmp_path, code.measure, path.read_bytes())
    assert {call["in"] for call in seen["calls"]} == theirs != set()


def test_a_real_tool_that_is_no_payment_product_honestly_fails(tmp_path):
    """The package inside the PyPI distribution uiautomator2: a debuggable test tool."""
    assets = pytest.importorskip("uiautomator2", exc_type=ImportError) and resources.files("uiautomator2") / "assets"
    data = (assets / "app-uiautomator.apk").read_bytes()
    seen = builder.observe(tmp_path, exposure.measure, data)
    assert exposure.decide_debugging(seen, {}).verdict is Verdict.FAIL
    assert backup.decide_backup(seen, {}).verdict is Verdict.FAIL
    assert network.decide_network(seen, {}).verdict is Verdict.FAIL
    assert exposure.decide_components(seen, {}).verdict is Verdict.FAIL
    assert package.decide_archive(builder.observe(tmp_path, package.measure, data), {}).verdict is Verdict.PASS
    assert (
        secrets.decide_secrets(builder.observe(tmp_path, secrets.measure, data), {"entropy_bits": "3.5"}).verdict
        is Verdict.PASS
    )
