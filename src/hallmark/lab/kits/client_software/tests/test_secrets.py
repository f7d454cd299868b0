"""Planted secrets, and what only looks like one. Every secret here was made up for this file."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hallmark.lab.kit import Verdict
from hallmark.lab.kits.client_software import planted, secrets
from hallmark.lab.kits.client_software.planted import Field, Node
from hallmark.lab.kits.client_software.tests import builder

LIMITS = {"entropy_bits": "3.5"}
OWN = "Lorg/example/pay/Vault;"
RANDOM = "q8Zr2Lk0vXw7Tn5Bj3Ye"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def der(key, form=serialization.PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())


def pem(key, form=serialization.PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def judged(folder, **package):
    return secrets.decide_secrets(builder.observe(folder, secrets.measure, builder.package(**package)), LIMITS)


OLD = serialization.PrivateFormat.TraditionalOpenSSL


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("assets/key.pem", pem(EC_KEY)),
        ("assets/key.txt", b"text before " + pem(RSA_KEY, OLD)),
        (
            "assets/encrypted.pem",
            b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n" + b"MIIx" * 20,
        ),
        ("assets/escaped.json", b'{"k":"' + pem(EC_KEY).replace(b"\n", b"\\n") + b'"}'),
        ("res/raw/key.der", der(RSA_KEY)),
        ("res/raw/ec.der", der(EC_KEY)),
        ("assets/text.js", b"var k='" + base64.b64encode(der(RSA_KEY)) + b"'"),
        ("assets/old.js", b"var k='" + base64.b64encode(der(RSA_KEY, OLD)) + b"'"),
        ("assets/ec.js", b"var k='" + base64.b64encode(der(EC_KEY)) + b"'"),
        ("lib/arm64-v8a/libx.so", b"\x7fELF" + bytes(100) + b"AKIA" + b"Q" * 16 + b"\0"),
        ("assets/a.txt", b"ghp_" + b"a1" * 18),
        ("assets/b.txt", b"sk_live_" + b"a1" * 12),
    ],
    ids=builder.label,
)
def test_keys_and_tokens_fail_wherever_they_lie(tmp_path, name, data):
    judgement = judged(tmp_path, files={name: data})
    assert judgement.verdict is Verdict.FAIL
    assert name in judgement.findings[0]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("assets/parser.js", b"if (s == '-----BEGIN PRIVATE KEY-----') ..."),
        (
            "assets/public.pem",
            EC_KEY.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        ),
        (
            "assets/public.js",
            base64.b64encode(
                RSA_KEY.public_key().public_bytes(
                    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            ),
        ),
        ("assets/form.json", b'{"password_hint": "your password", "password": ""}'),
        ("assets/words.properties", b"socks = java.net.socks.password\npassword.name = login_password_field\n"),
        ("assets/link.txt", b"https://bank.example:443/a@b"),
    ],
    ids=builder.label,
)
def test_what_only_looks_like_a_secret_passes(tmp_path, name, data):
    assert judged(tmp_path, files={name: data}).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("assets/c.properties", f"api_secret = {RANDOM}".encode()),
        ("assets/c.json", f'{{"appKey" : "{RANDOM}"}}'.encode()),
        ("assets/store.bks", b"\0"),
        ("assets/db.txt", b"postgres://user:pa55word@db.example/x"),
        ("assets/g.txt", b"AIza" + b"Sy" * 17 + b"x"),
    ],
    ids=builder.label,
)
def test_what_may_be_a_secret_goes_to_a_person(tmp_path, name, data):
    assert judged(tmp_path, files={name: data}).verdict is Verdict.INSPECTION_NEEDED


def test_the_name_of_a_field_or_resource_or_entry_promises_a_secret(tmp_path):
    field = Field(OWN, "API_SECRET", value=RANDOM)
    table = builder.resource_table(("string", "app_secret", [RANDOM]))
    meta = planted.application(Node("meta-data", {"name": "com.vendor.APP_KEY", "value": RANDOM}))
    for package in ({"fields": [field]}, {"files": {"resources.arsc": table}}, {"manifest": meta}):
        assert judged(tmp_path, **package).verdict is Verdict.INSPECTION_NEEDED


def test_a_dull_value_under_such_a_name_passes(tmp_path):
    assert judged(tmp_path, fields=[Field(OWN, "API_SECRET", value="aaaaaaaaaaaaaaaa")]).verdict is Verdict.PASS


def test_a_key_in_a_string_of_the_code_is_found(tmp_path):
    text = "-----BEGIN PRIVATE KEY-----\n" + "Ab1/" * 20
    assert judged(tmp_path, fields=[Field(OWN, "K", value=text)]).verdict is Verdict.FAIL


def test_the_secret_itself_is_never_written_down(tmp_path):
    seen = builder.observe(
        tmp_path, secrets.measure, builder.package(files={"assets/c.env": f"api_key={RANDOM}".encode()})
    )
    judgement = secrets.decide_secrets(seen, LIMITS)
    assert judgement.findings
    assert RANDOM not in repr(seen) + repr(judgement)


def test_what_cannot_be_read_never_passes(tmp_path):
    assert judged(tmp_path, files={"classes2.dex": b"dex\n035\0"}).verdict is Verdict.INCONCLUSIVE


def test_entropy_is_shannons():
    """Shannon 1948: n equally frequent letters carry log2(n) bits each."""
    assert [secrets.entropy(text) for text in ("", "aaaa", "ab", "abcd")] == [0.0, 0.0, 1.0, 2.0]
