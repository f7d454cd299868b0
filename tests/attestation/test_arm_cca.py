"""Arm CCA tokens: two signatures, bound by the hash of a key, and what platform and realm say of themselves."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from attestation import arm
from attestation.makers import AT, REPORT_DATA, ec_key, rsa_key, xy
from hallmark.attestation import appraisal, cose, errors
from hallmark.attestation import claims as links
from hallmark.attestation.formats import Bundle
from hallmark.attestation.policy import Reference, Rule
from hallmark.attestation.signature import fingerprint
from hallmark.kernel import canonical
from hallmark.kernel.text import Text

KEYS = {curve: ec_key(71, curve) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)}


def with_token(bundle: Bundle, platform: bytes, realm: bytes) -> Bundle:
    return replace(bundle, evidence={"token": arm.collection(platform, realm)})


@pytest.fixture
def tokens(authority) -> tuple[bytes, bytes]:
    """A platform's token and a realm's that belong together."""
    key = arm.cose_key(arm.RAK)
    platform = arm.platform_claims(hashlib.sha256(key).digest())
    return arm.sign1(authority.root_key, platform), arm.sign1(arm.RAK, arm.realm_claims(key, REPORT_DATA))


@pytest.fixture
def bundle(authority) -> Bundle:
    return arm.arm_cca(authority)


class TestClaims:
    def test_platform_and_realm_become_claims(self, bundle, authority) -> None:
        claims = bundle.verify(authority.anchors, AT)
        assert (claims.family, claims.report_data, claims.debug) == ("arm-cca", REPORT_DATA, False)
        assert claims.measurements["initial_measurement"] == b"\x4d" * 32
        assert claims.measurements["extensible_measurement 3"] == b"\x03" * 32
        assert claims.measurements["personalization_value"] == b"\x5a" * 64
        assert claims.measurements["component 1"] == b"\x54" * 48
        assert claims.facts["component 0 type"] == "RMM"
        assert claims.facts["component 1 signer"] == b"\x53" * 32
        assert (claims.facts["components"], claims.facts["lifecycle"]) == (2, "secured")
        assert (claims.facts["implementation_id"], claims.facts["config"]) == (b"\x1e" * 32, b"\xcf" * 4)

    def test_the_platforms_key_is_the_anchor_and_nothing_vouches_for_it(self, bundle, authority) -> None:
        claims = bundle.verify(authority.anchors, AT)
        assert claims.signers == (fingerprint(arm.RAK.public_key()), *authority.anchors)
        assert claims.missing == (links.VENDOR_CHAIN, links.REVOCATION, links.NO_VALIDITY)

    @pytest.mark.parametrize("head", [arm.EAT_COLLECTION, arm.CMW_COLLECTION])
    def test_both_forms_of_the_collection_say_the_same(self, head, bundle, authority) -> None:
        said = arm.arm_cca(authority, head=head).verify(authority.anchors, AT)
        assert said == bundle.verify(authority.anchors, AT)

    @pytest.mark.parametrize("curve", KEYS)
    def test_a_realms_key_on_each_curve_signs_by_its_own_algorithm(self, curve, authority) -> None:
        claims = arm.arm_cca(authority, rak=KEYS[curve]).verify(authority.anchors, AT)
        assert claims.signers[0] == fingerprint(KEYS[curve].public_key())

    @pytest.mark.parametrize("name", ["sha-256", "sha-384", "sha-512"])
    def test_the_realms_key_is_bound_by_the_hash_it_names(self, name, authority) -> None:
        challenge = hashlib.new(name.replace("-", ""), arm.cose_key(arm.RAK)).digest()
        made = arm.arm_cca(authority, platform={"challenge": challenge}, realm={"public_key_hash": name})
        assert made.verify(authority.anchors, AT).report_data == REPORT_DATA

    def test_claims_that_nobody_knows_are_passed_over(self, tokens, bundle, authority) -> None:
        """The draft, "Synopsis": the receiver must not refuse a token for claims that it does not understand."""
        key = arm.cose_key(arm.RAK)
        realm = arm.sign1(arm.RAK, arm.realm_claims(key, REPORT_DATA) | {44243: 1, "private": None})
        assert with_token(bundle, tokens[0], realm).verify(authority.anchors, AT) == bundle.verify(
            authority.anchors, AT
        )

    def test_what_was_written_before_is_read_under_its_profile_alone(self, authority) -> None:
        """A bare point for the realm's key, and no profile of the realm."""
        point, plain = b"\x04" + xy(arm.RAK), {"profile": None}
        made = arm.arm_cca(authority, key=point, platform={"profile": arm.BEFORE}, realm=plain)
        assert made.verify(authority.anchors, AT).facts["profile"] == arm.BEFORE
        for key, platform, realm in ((b"", {"profile": arm.BEFORE}, plain), (point, {}, {}), (point, {}, plain)):
            with pytest.raises(errors.BadEvidence):
                arm.arm_cca(authority, key=key, platform=platform, realm=realm).verify(authority.anchors, AT)


class TestBinding:
    def test_a_realms_key_that_the_platform_did_not_sign_is_refused(self, tokens, bundle, authority) -> None:
        """Whoever holds a platform's token, which is no secret, would make any realm's with a key of its own."""
        forger = ec_key(72)
        realm = arm.sign1(forger, arm.realm_claims(arm.cose_key(forger), REPORT_DATA))
        with pytest.raises(errors.BrokenBinding, match="not its hash"):
            with_token(bundle, tokens[0], realm).verify(authority.anchors, AT)

    def test_a_realms_token_that_another_key_signed_is_refused(self, tokens, bundle, authority) -> None:
        realm = arm.sign1(ec_key(72), arm.realm_claims(arm.cose_key(arm.RAK), REPORT_DATA))
        with pytest.raises(errors.BadEvidenceSignature, match="realm token"):
            with_token(bundle, tokens[0], realm).verify(authority.anchors, AT)

    def test_a_platforms_token_that_another_key_signed_is_refused(self, tokens, bundle, authority) -> None:
        platform = arm.platform_claims(hashlib.sha256(arm.cose_key(arm.RAK)).digest())
        with pytest.raises(errors.BadEvidenceSignature, match="platform token"):
            with_token(bundle, arm.sign1(ec_key(72), platform), tokens[1]).verify(authority.anchors, AT)

    def test_tokens_in_each_others_place_are_refused(self, tokens, bundle, authority) -> None:
        with pytest.raises(errors.BadEvidenceSignature):
            with_token(bundle, *reversed(tokens)).verify(authority.anchors, AT)

    @pytest.mark.parametrize(
        ("name", "refusal"),
        [("sha-512", errors.BrokenBinding), ("sha-1", errors.BadEvidence), ("", errors.BadEvidence)],
    )
    def test_a_hash_that_is_another_or_weak_binds_nothing(self, name, refusal, authority) -> None:
        with pytest.raises(refusal):
            arm.arm_cca(authority, realm={"public_key_hash": name}).verify(authority.anchors, AT)

    def test_the_hash_is_over_the_very_bytes_of_the_key(self, authority) -> None:
        platform = {"challenge": hashlib.sha256(arm.cose_key(arm.RAK, alg=arm.ES384)).digest()}
        with pytest.raises(errors.BrokenBinding):
            arm.arm_cca(authority, platform=platform).verify(authority.anchors, AT)

    def test_the_published_keys_hash_is_the_published_challenge(self) -> None:
        """veraison/ccatoken @ 4f1244e, claim 44237 of CcaRealmExample.diag and claim 10 of CcaPlatformExample.diag."""
        x = "76f988091be585ed41801aecfab858548c63057e16b0e676120bbd0d2f9c29e056c5d41a0130eb9c21517899dc23146b"
        y = "28e1b062bd3ea4b315fd219f1cbb528cb6e74ca49be16773734f61a1ca61031b2bbf3d918f2f94ffc4228e50919544ae"
        key = bytes.fromhex(f"a401022002215830{x}225830{y}")
        challenge = "0d22e08a98469058486318283489bdb36f09dbefeb1864df433fa6e54ea2d711"
        assert hashlib.sha256(key).hexdigest() == challenge
        assert cose.parse_key(key, Text("密钥", "key")).public_numbers().x == int(x, 16)


class TestKeys:
    def test_a_key_that_the_policy_does_not_name_is_no_anchor(self, bundle, authority) -> None:
        other = replace(bundle, collateral={"cpak": arm.cpak(ec_key(72).public_key())})
        with pytest.raises(errors.UntrustedRoot):
            other.verify(authority.anchors, AT)
        with pytest.raises(errors.BadEvidenceSignature):
            other.verify(frozenset({fingerprint(ec_key(72).public_key())}), AT)

    @pytest.mark.parametrize("anchor", [rsa_key, lambda: ec_key(72, ec.SECP256R1), lambda: ec_key(72, ec.SECP521R1)])
    def test_an_anchor_of_another_kind_verifies_nothing(self, anchor, bundle) -> None:
        public = anchor().public_key()
        with pytest.raises(errors.BadEvidenceSignature):
            replace(bundle, collateral={"cpak": arm.cpak(public)}).verify(frozenset({fingerprint(public)}), AT)

    def test_what_is_no_public_key_in_der_is_refused(self, bundle, authority) -> None:
        pem = (
            b"-----BEGIN PUBLIC KEY-----\n"
            + base64.encodebytes(bundle.collateral["cpak"])
            + b"-----END PUBLIC KEY-----\n"
        )
        for data in (pem, b"", bundle.collateral["cpak"] + b"\0", xy(authority.root_key)):
            with pytest.raises(errors.BadEvidence, match="DER"):
                replace(bundle, collateral={"cpak": data}).verify(authority.anchors, AT)

    @pytest.mark.parametrize("algorithm", [arm.ES256, arm.ES512])
    def test_a_key_signs_by_no_algorithm_but_its_own(self, algorithm, tokens, bundle, authority) -> None:
        claims = arm.realm_claims(arm.cose_key(arm.RAK), REPORT_DATA)
        realm = arm.sign1(arm.RAK, claims, algorithm)
        platform = arm.platform_claims(hashlib.sha256(arm.cose_key(arm.RAK)).digest())
        for pair in ((tokens[0], realm), (arm.sign1(authority.root_key, platform, algorithm), tokens[1])):
            with pytest.raises(errors.BadEvidenceSignature):
                with_token(bundle, *pair).verify(authority.anchors, AT)

    def test_a_realms_key_may_name_its_algorithm_and_use(self, authority) -> None:
        key = arm.cose_key(arm.RAK, alg=arm.ES384, key_ops=[2])
        assert arm.arm_cca(authority, key=key).verify(authority.anchors, AT).report_data == REPORT_DATA

    @pytest.mark.parametrize(
        "wrong",
        [
            {"alg": arm.ES256},
            {"alg": None},
            {"key_ops": [1]},
            {"key_ops": 2},
            {"crv": 1},
            {"crv": 4},
            {"crv": True},
            {"crv": [2]},
            {"y": True},
            {"x": b"", "y": xy(arm.RAK)},
            {"x": xy(arm.RAK)[:47], "y": xy(arm.RAK)[47:]},
            {"y": bytes(48)},
        ],
    )
    def test_a_realms_key_that_is_no_such_key_is_refused(self, wrong, authority) -> None:
        with pytest.raises(errors.BadEvidence):
            arm.arm_cca(authority, key=arm.cose_key(arm.RAK, **wrong)).verify(authority.anchors, AT)

    @pytest.mark.parametrize(
        "key",
        [
            b"\x04",
            b"\x02" + xy(arm.RAK)[:48],
            b"\x05" + xy(arm.RAK),
            b"\x04" + bytes(96),
            b"\x04" + xy(arm.RAK) + b"\0",
        ],
        ids=["nothing", "compressed", "of another form", "not on the curve", "longer"],
    )
    def test_a_point_that_is_none_is_refused(self, key, authority) -> None:
        made = arm.arm_cca(authority, key=key, platform={"profile": arm.BEFORE}, realm={"profile": None})
        with pytest.raises(errors.BadEvidence):
            made.verify(authority.anchors, AT)


class TestStrictness:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"challenge": bytes(31)},
            {"challenge": [bytes(32)]},
            {"instance_id": b"\x01" + bytes(31)},
            {"instance_id": b"\x02" + bytes(32)},
            {"profile": "tag:arm.com,2024:cca_platform#2.0.0"},
            {"profile": arm.PROFILES[1]},
            {"lifecycle": "secured"},
            {"lifecycle": True},
            {"lifecycle": 0x7000},
            {"lifecycle": 0x3100},
            {"lifecycle": 0x13003},
            {"lifecycle": -1},
            {"implementation_id": bytes(33)},
            {"config": "text"},
            {"components": []},
            {"components": [[]]},
            {"components": {0: arm.component()}},
            {"components": [arm.component(measurement=bytes(20))]},
            {"components": [arm.component(signer=None)]},
            {"components": [arm.component(), arm.component(version=1)]},
            {"hash": b"sha-256"},
        ],
    )
    def test_a_platforms_claim_of_another_form_is_refused(self, wrong, authority) -> None:
        with pytest.raises(errors.BadEvidence):
            arm.arm_cca(authority, platform=wrong).verify(authority.anchors, AT)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"challenge": bytes(32)},
            {"challenge": bytes(65)},
            {"profile": "tag:arm.com,2024:realm#2.0.0"},
            {"profile": arm.BEFORE},
            {"personalization_value": bytes(32)},
            {"hash": 1},
            {"public_key": "text"},
            {"initial_measurement": bytes(65)},
            {"extensible_measurements": [bytes(32)] * 3},
            {"extensible_measurements": [bytes(32)] * 5},
            {"extensible_measurements": [bytes(32)] * 3 + [bytes(31)]},
            {"extensible_measurements": [bytes(32)] * 3 + [0]},
            {"public_key_hash": None},
        ],
    )
    def test_a_realms_claim_of_another_form_is_refused(self, wrong, authority) -> None:
        with pytest.raises(errors.BadEvidence):
            arm.arm_cca(authority, realm=wrong).verify(authority.anchors, AT)

    @pytest.mark.parametrize("name", arm.PLATFORM)
    def test_no_claim_of_the_platform_may_be_missing(self, name, authority) -> None:
        with pytest.raises(errors.BadEvidence):
            arm.arm_cca(authority, platform={name: None}).verify(authority.anchors, AT)

    @pytest.mark.parametrize("name", arm.REALM)
    def test_no_claim_of_the_realm_may_be_missing(self, name, authority) -> None:
        with pytest.raises(errors.BadEvidence):
            arm.arm_cca(authority, realm={name: None}).verify(authority.anchors, AT)

    @pytest.mark.parametrize("claims", [[], 1, None, {}])
    def test_what_is_no_set_of_claims_is_refused(self, claims, tokens, bundle, authority) -> None:
        for pair in ((arm.sign1(authority.root_key, claims), tokens[1]), (tokens[0], arm.sign1(arm.RAK, claims))):
            with pytest.raises(errors.BadEvidence):
                with_token(bundle, *pair).verify(authority.anchors, AT)

    @pytest.mark.parametrize(
        "wrong",
        [{"unprotected": {4: b"kid"}}, {"header": {1: arm.ES384, 4: b"kid"}}, {"header": {1: -8}}, {"header": {2: 1}}],
    )
    def test_headers_say_the_algorithm_and_no_more(self, wrong, tokens, bundle, authority) -> None:
        realm = arm.sign1(arm.RAK, arm.realm_claims(arm.cose_key(arm.RAK), REPORT_DATA), **wrong)
        with pytest.raises(errors.BadEvidence):
            with_token(bundle, tokens[0], realm).verify(authority.anchors, AT)

    def test_a_collection_of_anything_else_is_refused(self, tokens, bundle, authority) -> None:
        platform, realm = tokens
        plain, typed = {44234: platform, 44241: realm}, {44234: [263, platform], 44241: [263, realm]}
        for head, content in (
            (arm.EAT_COLLECTION, typed),
            (arm.CMW_COLLECTION, plain),
            (b"\xd9\x01\x90", plain),
            (arm.EAT_COLLECTION, plain | {44242: realm}),
            (arm.CMW_COLLECTION, typed | {"__cmwc_t": "tag:arm.com,2023:cca"}),
            (arm.CMW_COLLECTION, typed | {44241: [60, realm]}),
            (arm.CMW_COLLECTION, typed | {44241: [263, realm, 4]}),
            (arm.EAT_COLLECTION, {44234: platform}),
            (arm.EAT_COLLECTION, {44234: platform[1:], 44241: realm}),
            (arm.EAT_COLLECTION, plain | {44241: realm[1:]}),
            (arm.EAT_COLLECTION, plain | {44241: b"\xd1" + realm[1:]}),  # a COSE_Mac0
            (arm.EAT_COLLECTION, [platform, realm]),
        ):
            with pytest.raises(errors.BadEvidence):
                replace(bundle, evidence={"token": head + canonical.encode(content)}).verify(authority.anchors, AT)


class TestAppraisal:
    @pytest.mark.parametrize(
        ("lifecycle", "state"),
        [
            (0x0000, "unknown"),
            (0x1000, "assembly-and-test"),
            (0x2000, "rot-provisioning"),
            (0x4000, "non-rot-debug"),
            (0x50FF, "recoverable-rot-debug"),
            (0x6000, "decommissioned"),
        ],
    )
    def test_a_platform_that_is_not_secured_counts_as_debugged(self, lifecycle, state, authority) -> None:
        claims = arm.arm_cca(authority, platform={"lifecycle": lifecycle}).verify(authority.anchors, AT)
        assert (claims.debug, claims.facts["lifecycle"]) == (True, state)

    def test_what_a_maker_leaves_to_itself_of_a_lifecycle_is_a_fact(self, authority) -> None:
        claims = arm.arm_cca(authority, platform={"lifecycle": 0x30A5}).verify(authority.anchors, AT)
        assert (claims.debug, claims.facts["lifecycle_minor"]) == (False, 0xA5)

    def test_no_link_that_is_open_passes_untold(self, bundle, authority) -> None:
        claims = bundle.verify(authority.anchors, AT)
        states = (Reference("release 1", {"initial_measurement": b"\x4d" * 32, "component 0": b"\x52" * 32}),)
        assert appraisal.judge(claims, Rule(frozenset(), states, tolerated=frozenset(claims.missing)), REPORT_DATA, "p")
        for link in claims.missing:
            strict = Rule(frozenset(), states, tolerated=frozenset(claims.missing) - {link})
            with pytest.raises(appraisal.LinkNotChecked):
                appraisal.judge(claims, strict, REPORT_DATA, "p")


# --- the published example: a development platform signed it with keys that everybody has, and no hardware


@pytest.fixture(scope="session")
def example(samples) -> Bundle:
    folder = samples / "attestation/trustee/cca/misc"
    if not folder.is_dir():
        pytest.skip("the folder of the published Arm CCA token is absent")
    published = json.loads((folder / "cpak-pub.json").read_text())
    x, y = (int.from_bytes(base64.urlsafe_b64decode(published[name] + "==")) for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP384R1()).public_key()
    token = (folder / "cca-example-token.cbor").read_bytes()
    return Bundle("arm-cca", {"token": token}, {"cpak": arm.cpak(public)})


@pytest.fixture(scope="session")
def platforms(example) -> frozenset[bytes]:
    return frozenset({hashlib.sha256(example.collateral["cpak"]).digest()})


def test_the_published_token_verifies_as_it_was_written_before(example, platforms) -> None:
    claims = example.verify(platforms, AT)
    assert (claims.facts["profile"], claims.facts["realm_hash"]) == (arm.BEFORE, "sha-512")
    assert (claims.debug, claims.facts["lifecycle_minor"], claims.facts["components"]) == (False, 3, 13)
    assert claims.facts["component 8 type"] == "RMM"
    assert claims.measurements["component 8"].hex().startswith("a1fb50e6c86fae16")
    assert claims.measurements["initial_measurement"].hex().startswith("ae87fbf7f105e71a")


def test_the_published_token_is_refused_under_another_platforms_key(example, authority) -> None:
    with pytest.raises(errors.UntrustedRoot):
        example.verify(authority.anchors, AT)


def test_no_byte_of_the_published_token_can_be_changed(example, platforms, unchangeable) -> None:
    unchangeable(example, platforms, "token", 29, AT)
    unchangeable(example, platforms, "cpak", 7, AT)


@pytest.mark.long
def test_no_byte_at_all_of_the_published_token_can_be_changed(example, platforms, unchangeable) -> None:
    for part in ("token", "cpak"):
        unchangeable(example, platforms, part, 1, AT)
