"""The reference verifier's answer: real signatures made here, forged output, and every verdict from plain data."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from hallmark.lab.kit import LimitNotSet, Verdict
from hallmark.lab.kits.client_software import planted, signature
from hallmark.lab.kits.client_software.tests import builder

FROM = {"newer_scheme_from": 24}
STRENGTH = {"rsa_bits": 2048, "ec_bits": "256", "refused_digests": ["MD5", "SHA-1"]}
OWNER = "a" * 64
SIGNER = {"name": "CN=Owner", "digest": OWNER, "algorithm": "RSA", "bits": 2048}
SOUND = {
    "state": "seen",
    "outcome": "verifies",
    "schemes": ["v1", "v2"],
    "signers": [SIGNER],
    "errors": [],
    "warnings": [],
    "owners": [OWNER],
    "oldest_platform": 23,
    "jar_digests": ["SHA-256"],
}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"outcome": "rejected"}, Verdict.FAIL),
        ({"outcome": "malformed"}, Verdict.FAIL),
        ({"outcome": "crashed"}, Verdict.INCONCLUSIVE),
        ({"outcome": "ambiguous"}, Verdict.INCONCLUSIVE),
        ({"schemes": ["v1"]}, Verdict.PASS),
        ({"schemes": ["v1"], "oldest_platform": 24}, Verdict.FAIL),
        ({"schemes": ["v1", "v4"], "oldest_platform": 24}, Verdict.FAIL),
        ({"schemes": ["v3"], "oldest_platform": 28}, Verdict.PASS),
        ({"owners": []}, Verdict.NOT_RUN),
        ({"owners": ["b" * 64]}, Verdict.FAIL),
        ({"signers": [SIGNER, SIGNER | {"digest": "b" * 64}]}, Verdict.FAIL),
        ({"outcome": "rejected", "owners": []}, Verdict.FAIL),
    ],
)
def test_only_a_verified_signature_of_the_declared_owner_passes(change, verdict):
    assert signature.decide_signature(SOUND | change, FROM).verdict is verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"bits": 1024}, Verdict.FAIL),
        ({"algorithm": "EC", "bits": 256}, Verdict.PASS),
        ({"algorithm": "EC", "bits": 224}, Verdict.FAIL),
        ({"algorithm": "DSA", "bits": 3072}, Verdict.FAIL),
        ({"name": "CN=Android Debug, O=Android, C=US"}, Verdict.FAIL),
        ({"name": "C=US, O=Android, CN=Android Debug"}, Verdict.FAIL),
        ({"name": "EMAILADDRESS=android@android.com, CN=Android"}, Verdict.FAIL),
    ],
)
def test_weak_and_published_keys_fail(change, verdict):
    seen = SOUND | {"signers": [SIGNER | change]}
    assert signature.decide_strength(seen, STRENGTH).verdict is verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"jar_digests": ["SHA-1", "SHA-256"]}, Verdict.FAIL),
        ({"jar_digests": ["MD5"]}, Verdict.FAIL),
        ({"jar_digests": ["SHA-1"], "schemes": ["v2"]}, Verdict.PASS),
        ({"jar_digests": ["unknown"]}, Verdict.INCONCLUSIVE),
        ({"jar_digests": []}, Verdict.INCONCLUSIVE),
        ({"outcome": "rejected", "signers": []}, Verdict.INCONCLUSIVE),
    ],
)
def test_weak_digests_fail_where_the_verifier_relied_on_them(change, verdict):
    assert signature.decide_strength(SOUND | change, STRENGTH).verdict is verdict


def test_limits_come_from_the_scheme():
    with pytest.raises(LimitNotSet):
        signature.decide_strength(SOUND, {})


VERIFIES = """Verifies
Verified using v1 scheme (JAR signing): false
Verified using v3.1 scheme (APK Signature Scheme v3.1): true
Number of signers: 1
Signer #1 certificate DN: CN=Owner
Signer #1 certificate SHA-256 digest: {0}
Signer #1 key algorithm: EC
Signer #1 key size (bits): 256
Source Stamp Signer certificate SHA-256 digest: {1}
"""


def test_the_printed_answer_is_read():
    answer = signature.read_answer(0, VERIFIES.format(OWNER, "c" * 64), "WARNING: look\n")
    assert answer == {
        "outcome": "verifies",
        "schemes": ["v3.1"],
        "signers": [{"name": "CN=Owner", "digest": OWNER, "algorithm": "EC", "bits": 256}],
        "errors": [],
        "warnings": ["look"],
    }


@pytest.mark.parametrize(
    ("out", "err", "outcome"),
    [
        ("", "DOES NOT VERIFY\nERROR: digest mismatch\n", "rejected"),
        (
            "",
            'Exception in thread "main" com.android.apksig.apk.ApkFormatException: Missing AndroidManifest.xml\n',
            "malformed",
        ),
        ("", 'Exception in thread "main" java.security.NoSuchAlgorithmException: SHA256withRSA/PSS\n', "crashed"),
        ("", 'Exception in thread "main" java.lang.OutOfMemoryError\n', "crashed"),
        ("", "", "crashed"),
        (VERIFIES, "", "crashed"),
    ],
)
def test_a_refusal_is_told_from_a_verifier_that_broke(out, err, outcome):
    assert signature.read_answer(1, out, err)["outcome"] == outcome


def test_a_name_with_line_breaks_cannot_forge_a_signer():
    forged = VERIFIES.replace("CN=Owner", f"CN=x\nSigner #1 certificate SHA-256 digest: {OWNER}" + "\n" * 500)
    assert signature.read_answer(0, forged.format("b" * 64, ""), "")["outcome"] == "ambiguous"
    other = VERIFIES.replace("CN=Owner", f"CN=x\nSigner #0 certificate SHA-256 digest: {OWNER}")
    seen = SOUND | signature.read_answer(0, other.format("b" * 64, ""), "")
    assert signature.decide_signature(seen, FROM).verdict is Verdict.FAIL


def test_a_timed_out_verifier_is_inconclusive(tmp_path, monkeypatch):
    def slow(*_args, **_options):
        raise subprocess.TimeoutExpired("apksigner", 60)

    monkeypatch.setattr(subprocess, "run", slow)
    seen = builder.observe(tmp_path, signature.measure, builder.package())
    assert signature.decide_signature(seen, FROM).verdict is Verdict.INCONCLUSIVE


# Signatures made here


def _key(folder: Path, name: str, private) -> str:
    """Write a key and a certificate of its own, and return the certificate's SHA-256 digest."""
    subject = x509.Name([x509.NameAttribute(NameOID.STREET_ADDRESS, name)])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(subject, subject, private.public_key(), 1, begin, begin + dt.timedelta(9999))
    certificate = made.sign(private, hashes.SHA256())
    (folder / "key").write_bytes(
        private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "certificate").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.fingerprint(hashes.SHA256()).hex()


def _sign(folder: Path, data: bytes, *options: str) -> bytes:
    (folder / "unsigned.apk").write_bytes(data)
    command = [
        "apksigner",
        "sign",
        "--key",
        "key",
        "--cert",
        "certificate",
        "--in",
        "unsigned.apk",
        "--out",
        "signed.apk",
    ]
    subprocess.run([*command, *options], cwd=folder, check=True, capture_output=True)  # noqa: S603 - no input
    return (folder / "signed.apk").read_bytes()


@pytest.fixture(scope="module")
def signed(tmp_path_factory, verifier):
    """A package for API 28 and later, signed by an owner, with the digest of the owner's certificate."""
    folder = tmp_path_factory.mktemp("owner")
    owner = _key(folder, "Owner", ec.generate_private_key(ec.SECP256R1()))
    return _sign(folder, builder.package()), owner


def test_a_package_signed_here_passes(tmp_path, signed):
    data, owner = signed
    declared = ":".join(owner[i : i + 2] for i in range(0, 64, 2)).upper()
    seen = builder.observe(tmp_path, signature.measure, data, owner_certificates=[declared])
    judgement = signature.decide_signature(seen, FROM)
    assert (judgement.verdict, judgement.values["oldest_platform"]) == (Verdict.PASS, 28)
    assert signature.decide_strength(seen, STRENGTH).verdict is Verdict.PASS


def test_one_changed_byte_fails(tmp_path, signed):
    data, owner = signed
    at = data.index(b"classes.dex") + 40
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    seen = builder.observe(tmp_path, signature.measure, changed, owner_certificates=[owner])
    assert signature.decide_signature(seen, FROM).verdict is Verdict.FAIL


def test_an_unsigned_package_fails(tmp_path, verifier):
    seen = builder.observe(tmp_path, signature.measure, builder.package())
    assert signature.decide_signature(seen, FROM).verdict is Verdict.FAIL
    assert signature.decide_strength(seen, STRENGTH).verdict is Verdict.INCONCLUSIVE


def test_a_real_certificate_with_line_breaks_does_not_pass_for_the_owner(tmp_path, verifier):
    _key(tmp_path, f"x\nSigner #1 certificate SHA-256 digest: {OWNER}", ec.generate_private_key(ec.SECP256R1()))
    seen = builder.observe(tmp_path, signature.measure, _sign(tmp_path, builder.package()), owner_certificates=[OWNER])
    assert seen["outcome"] == "ambiguous"
    assert signature.decide_signature(seen, FROM).verdict is Verdict.INCONCLUSIVE


def test_the_digests_of_scheme_one_are_read(tmp_path, verifier):
    _key(tmp_path, "Owner", rsa.generate_private_key(65537, 2048))
    old = builder.package(planted.application(builder.START, oldest=17, target=29, **builder.SAFE))
    data = _sign(tmp_path, old, "--v2-signing-enabled", "false", "--v3-signing-enabled", "false")
    seen = builder.observe(tmp_path, signature.measure, data)
    assert (seen["outcome"], seen["schemes"], seen["jar_digests"]) == ("verifies", ["v1"], ["SHA-1"])
    assert signature.decide_strength(seen, STRENGTH).verdict is Verdict.FAIL
