"""Valid is not acceptable: evidence that verifies is refused by policy, each breach by its own name."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from attestation import arm, intel, makers
from attestation.makers import AT, REPORT_DATA
from hallmark.attestation import appraisal, binding, claims, errors
from hallmark.attestation.appraisal import appraise
from hallmark.attestation.formats import FORMATS
from hallmark.attestation.policy import Policy, Reference, Rule

MEASURED = {
    "tpm": {"pcr sha256:0": b"\x01" * 32},
    "sev-snp": {"measurement": b"\x4d" * 48},
    "azure-snp-vtpm": {"measurement": b"\x4d" * 48, "pcr sha256:0": b"\x01" * 32},
    "nitro": {"pcr 0": b"\x01" * 48},
    "hygon-csv": {"measurement": b"\x4d" * 32},
    "android-key": {"verified_boot_key": b"\x11" * 32},
    "arm-cca": {"initial_measurement": b"\x4d" * 32, "component 0": b"\x52" * 32},
    "dcap": {"mr_enclave": b"\x4d" * 32},
}
FAMILIES = "tpm", "amd-sev-snp", "aws-nitro", "hygon-csv", "android", "arm-cca", "intel-sgx", "intel-tdx"
SEATS = dict.fromkeys(FAMILIES, 2)
TOLERATED = frozenset(claims.LINKS)


@pytest.fixture
def policy(anchors) -> Policy:
    """Every format accepted, in one approved state each, links that the formats leave open tolerated."""
    rules = {
        name: Rule(anchors, (Reference("release 1", measured),), tolerated=TOLERATED)
        for name, measured in MEASURED.items()
    }
    return Policy("constitution 1", rules, SEATS, fresh_seconds=86400)


def ruled(policy: Policy, name: str, **changes) -> Policy:
    return replace(policy, rules={**policy.rules, name: replace(policy.rules[name], **changes)})


@pytest.mark.parametrize("name", FORMATS)
def test_an_approved_node_is_accepted_on_every_platform(name, bundles, policy) -> None:
    result = appraise(bundles[name], policy, REPORT_DATA, AT)
    assert (result.policy, result.reference, result.at) == ("constitution 1", "release 1", AT)
    assert result.claims.format == name


def test_a_format_without_a_rule_is_refused(bundles, policy) -> None:
    rules = {name: rule for name, rule in policy.rules.items() if name != "nitro"}
    with pytest.raises(appraisal.FormatNotAccepted):
        appraise(bundles["nitro"], replace(policy, rules=rules), REPORT_DATA, AT)


def debugging(authority):
    return {
        "sev-snp": makers.snp(authority, policy=0xB0000),
        "nitro": makers.nitro(authority, pcr0=bytes(48)),
        "hygon-csv": makers.hygon(policy=0x44),
        "arm-cca": arm.arm_cca(authority, platform={"lifecycle": 0x4000}),
        "dcap": intel.dcap(authority, body=intel.enclave(b"\xcd" * 32, REPORT_DATA, attributes=0x13)),
    }


@pytest.mark.parametrize("name", ["sev-snp", "nitro", "hygon-csv", "arm-cca", "dcap"])
def test_debug_mode_is_refused(name, authority, policy) -> None:
    with pytest.raises(appraisal.DebugMode):
        appraise(debugging(authority)[name], policy, REPORT_DATA, AT)


def test_debug_mode_may_be_allowed_by_name(authority, policy) -> None:
    lenient = ruled(policy, "sev-snp", debug_allowed=True)
    assert appraise(debugging(authority)["sev-snp"], lenient, REPORT_DATA, AT).claims.debug is True


@pytest.mark.parametrize("name", ["sev-snp", "dcap"])
def test_a_guest_that_may_move_to_another_machine_is_refused_unless_told(name, authority, policy) -> None:
    """The host decides on it, and the measurement stays the same; whoever takes the guest in reads its memory."""
    movable = {
        "sev-snp": makers.snp(authority, policy=0x70000),
        "dcap": intel.dcap(authority, version=4, body=intel.domain(REPORT_DATA, attributes=1 << 29)),
    }
    claim, state = {"sev-snp": ("migration_agent_allowed", "measurement"), "dcap": ("migratable", "mr_td")}[name]
    states = (Reference("release 1", {state: b"\x4d" * 48}),)
    with pytest.raises(appraisal.FactNotAccepted, match=claim):
        appraise(movable[name], ruled(policy, name, references=states), REPORT_DATA, AT)
    told = ruled(policy, name, references=states, required={claim: frozenset({False, True})})
    assert appraise(movable[name], told, REPORT_DATA, AT).claims.facts[claim] is True


def test_an_unlocked_bootloader_is_refused(authority, policy) -> None:
    with pytest.raises(appraisal.BootNotVerified):
        appraise(makers.android(authority, locked=False), policy, REPORT_DATA, AT)
    lenient = ruled(policy, "android-key", unverified_boot_allowed=True)
    assert appraise(makers.android(authority, locked=False), lenient, REPORT_DATA, AT).reference == "release 1"


def test_registers_of_zeros_are_refused_even_where_a_reference_names_zeros(authority, policy) -> None:
    zeros = (Reference("nothing measured", {"pcr 0": bytes(48)}),)
    lenient = ruled(policy, "nitro", debug_allowed=True, references=zeros)
    with pytest.raises(appraisal.ZeroMeasurement, match="pcr 0"):
        appraise(makers.nitro(authority, pcr0=bytes(48)), lenient, REPORT_DATA, AT)


def test_a_zero_that_no_matching_state_names_does_no_harm(bundles, policy) -> None:
    states = (*policy.rules["sev-snp"].references, Reference("other", {"host_data": b"\x01" * 32}))
    assert appraise(bundles["sev-snp"], ruled(policy, "sev-snp", references=states), REPORT_DATA, AT)


@pytest.mark.parametrize(
    "states", [(), (Reference("empty", {}),), (Reference("other", {"measurement": b"\x01" * 48}),)]
)
def test_a_state_that_nobody_approved_is_refused(states, bundles, policy) -> None:
    with pytest.raises(appraisal.UnknownMeasurement):
        appraise(bundles["sev-snp"], ruled(policy, "sev-snp", references=states), REPORT_DATA, AT)


def test_one_of_several_approved_states_is_enough_and_named(bundles, policy) -> None:
    states = (Reference("release 0", {"measurement": b"\x01" * 48}), *policy.rules["sev-snp"].references)
    assert (
        appraise(bundles["sev-snp"], ruled(policy, "sev-snp", references=states), REPORT_DATA, AT).reference
        == "release 1"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_evidence_for_another_request_is_refused(name, bundles, policy) -> None:
    with pytest.raises(appraisal.WrongReportData):
        appraise(bundles[name], policy, REPORT_DATA[::-1], AT)


def test_a_security_version_below_the_minimum_is_refused(bundles, policy) -> None:
    assert appraise(bundles["sev-snp"], ruled(policy, "sev-snp", minimum_tcb={"snp": 8}), REPORT_DATA, AT)
    for minimum in ({"snp": 9}, {"unheard-of": 0}):
        with pytest.raises(appraisal.TcbTooOld):
            appraise(bundles["sev-snp"], ruled(policy, "sev-snp", minimum_tcb=minimum), REPORT_DATA, AT)


def test_an_out_of_date_platform_is_refused(authority, policy) -> None:
    with pytest.raises(appraisal.TcbStatusNotAccepted, match="to be OutOfDate; the policy accepts UpToDate"):
        appraise(intel.dcap(authority, svns=[4] * 16), policy, REPORT_DATA, AT)


def test_a_claim_with_another_value_is_refused(bundles, policy) -> None:
    assert appraise(bundles["sev-snp"], ruled(policy, "sev-snp", required={"vmpl": frozenset({0})}), REPORT_DATA, AT)
    for required in ({"vmpl": frozenset({1})}, {"unheard-of": frozenset({0})}):
        with pytest.raises(appraisal.FactNotAccepted):
            appraise(bundles["sev-snp"], ruled(policy, "sev-snp", required=required), REPORT_DATA, AT)


def test_a_seat_for_a_certified_product_takes_evidence_that_shows_it(bundles, policy) -> None:
    shown = {"family": frozenset({"amd-sev-snp"}), "measurement": frozenset({b"\x4d" * 48}), "snp": frozenset({8})}
    told = ruled(policy, "sev-snp", products={"CFP-1": shown})
    assert appraise(bundles["sev-snp"], told, REPORT_DATA, AT, product="CFP-1")
    for other in ({"measurement": frozenset({b"\x01" * 48})}, {"vmpl": frozenset({1})}, {"unheard-of": frozenset()}):
        asked = ruled(policy, "sev-snp", products={"CFP-1": {**shown, **other}})
        with pytest.raises(appraisal.ProductNotShown, match=next(iter(other))):
            appraise(bundles["sev-snp"], asked, REPORT_DATA, AT, product="CFP-1")


def test_a_product_that_the_policy_does_not_tell_is_never_shown(bundles, policy) -> None:
    told = ruled(policy, "nitro", products={"CFP-1": {"family": frozenset({"amd-sev-snp"})}})
    with pytest.raises(appraisal.ProductNotShown, match="not told"):
        appraise(bundles["sev-snp"], told, REPORT_DATA, AT, product="CFP-1")


def test_a_rule_may_ask_for_measurements_beside_the_state_that_a_constitution_approves(bundles, policy) -> None:
    booted = {"pcr sha256:1": frozenset({b"\x02" * 32, b"\x09" * 32})}
    assert appraise(bundles["tpm"], ruled(policy, "tpm", required=booted), REPORT_DATA, AT)
    other = {"pcr sha256:1": frozenset({b"\x09" * 32})}
    with pytest.raises(appraisal.FactNotAccepted, match="pcr sha256:1"):
        appraise(bundles["tpm"], ruled(policy, "tpm", required=other), REPORT_DATA, AT)


def test_a_self_reported_measurement_is_refused_unless_tolerated(policy) -> None:
    strict = ruled(policy, "tpm", tolerated=frozenset())
    with pytest.raises(appraisal.LinkNotChecked) as caught:
        appraise(makers.tpm(), strict, REPORT_DATA, AT)
    assert "证明密钥" in caught.value.explain("zh")
    result = appraise(makers.tpm(), policy, REPORT_DATA, AT)
    assert result.status == "warning"


def test_no_family_takes_more_seats_than_the_policy_grants(bundles, policy) -> None:
    assert appraise(bundles["sev-snp"], policy, REPORT_DATA, AT, {"amd-sev-snp": 1})
    for name in ("sev-snp", "azure-snp-vtpm"):  # one family: the same hardware vouches
        with pytest.raises(appraisal.FamilyFull):
            appraise(bundles[name], policy, REPORT_DATA, AT, {"amd-sev-snp": 2})
    with pytest.raises(appraisal.FamilyFull):
        appraise(bundles["nitro"], replace(policy, seats={}), REPORT_DATA, AT)


def test_evidence_that_does_not_verify_is_never_judged(bundles, policy) -> None:
    with pytest.raises(errors.UntrustedRoot):
        appraise(bundles["nitro"], ruled(policy, "nitro", anchors=frozenset()), REPORT_DATA, AT)


def test_the_result_reads_as_an_attestation_result(bundles, policy) -> None:
    result = appraise(bundles["dcap"], policy, REPORT_DATA, AT)
    assert result.to_ear() == {
        "iat": AT // 1000,
        "submods": {
            "dcap": {
                "ear.status": "affirming",
                "ear.trustworthiness-vector": {"instance-identity": 2, "executables": 2, "hardware": 2},
                "ear.appraisal-policy-id": "constitution 1",
            }
        },
    }
    own = appraise(makers.tpm(), policy, REPORT_DATA, AT).to_ear()["submods"]["tpm"]
    assert (own["ear.status"], own["ear.trustworthiness-vector"]["hardware"]) == ("warning", 0)


def test_report_data_changes_with_everything_that_is_bound() -> None:
    bound = (7, b"nonce", b"\x01" * 32, "harbour", (b"\x02" * 32, b"\x03" * 32))
    expected = binding.report_data(*bound)
    assert len(expected) == binding.SIZE
    others = [
        (8, *bound[1:]),
        (7, b"nonces", *bound[2:]),
        (*bound[:2], b"\x04" * 32, *bound[3:]),
        (*bound[:3], "mallow", bound[4]),
        (*bound[:4], bound[4][::-1]),
        (*bound[:4], bound[4][:1]),
    ]
    assert expected not in [binding.report_data(*other) for other in others]


def test_report_data_is_the_published_construction() -> None:
    """docs/spec/attestation.md, section 2: SHA-512 over these bytes."""
    head = b"\x82\x78\x22hallmark/attestation/report-data/1"
    encoded = head + b"\x85\x07\x42ab\x58\x20" + b"\x01" * 32 + b"\x63org" + b"\x81\x58\x20" + b"\x02" * 32
    assert binding.report_data(7, b"ab", b"\x01" * 32, "org", [b"\x02" * 32]) == hashlib.sha512(encoded).digest()
