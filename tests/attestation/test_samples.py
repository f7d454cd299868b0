"""Genuine evidence, made by others on real hardware: verified as of a time it was valid, and refused otherwise."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hallmark.attestation import appraisal, errors
from hallmark.attestation import claims as links
from hallmark.attestation.anchors import ROOTS
from hallmark.attestation.formats import Bundle
from hallmark.attestation.policy import Reference, Rule
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError

JUNE_2023 = 1_685_577_600_000
JULY_2025 = 1_751_328_000_000


def anchors(name: str) -> frozenset[bytes]:
    return frozenset(root.fingerprint for root in ROOTS[name])


SNP, NITRO, HYGON, ANDROID, DCAP = map(anchors, ("sev-snp", "nitro", "hygon-csv", "android-key", "dcap"))


@pytest.fixture(scope="session")
def folder(samples) -> Path:
    found = samples / "attestation"
    if not found.is_dir():
        pytest.skip("the folder of genuine attestation evidence is absent")
    return found


def pem(certificate: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(certificate) + b"-----END CERTIFICATE-----\n"


@pytest.fixture(scope="session")
def snp(folder) -> Bundle:
    chain = pem((folder / "sev-snp/vcek.testcer").read_bytes()) + (folder / "sev-snp/ask_ark_milan.pem").read_bytes()
    return Bundle("sev-snp", {"report": (folder / "sev-snp/attestation.bin").read_bytes()}, {"chain": chain})


@pytest.fixture(scope="session")
def nitro(folder) -> dict[str, tuple[Bundle, int]]:
    """Name -> document and the time it was made."""
    encoded = (folder / "nitro/valid-attestation-doc-base64").read_bytes()
    debug = (folder / "nitro/debug-mode-attestation-doc-bytes").read_bytes()
    return {
        "valid": (Bundle("nitro", {"document": base64.b64decode(encoded)}, {}), 1695049410860),
        "debug": (Bundle("nitro", {"document": debug}, {}), 1665582606081),
    }


@pytest.fixture(scope="session")
def hygon(folder) -> Bundle:
    evidence = json.loads((folder / "trustee/csv_evidence.json").read_text())
    return Bundle("hygon-csv", {"report": bytes(evidence["attestation_report"]["data"])}, {})


@pytest.fixture(scope="session")
def android(folder) -> dict[str, Bundle]:
    status = (folder / "android/status.json").read_bytes()
    return {
        name: Bundle(
            "android-key",
            {"chain": b"".join((folder / f"android/{name}/cert{at}.pem").read_bytes() for at in range(4))},
            {"status_list": status},
        )
        for name in ("EC_SecurityLevel_TEE", "RSA_SecurityLevel_StrongBox")
    }


@pytest.fixture(scope="session")
def azure(folder) -> Bundle:
    names = {"hcl_report": "hcl-report.bin", "quote": "tpm-quote.msg", "signature": "tpm-quote.sig"}
    source = folder / "trustee/az-snp-vtpm"
    evidence = {part: (source / name).read_bytes() for part, name in names.items()}
    return Bundle("azure-snp-vtpm", evidence, {"chain": (source / "vcek.pem").read_bytes()})


@pytest.fixture(scope="session")
def dcap(folder) -> dict[str, Bundle]:
    return {name: _dcap(folder / "dcap", name) for name in ("sgx", "tdx")}


def _dcap(source: Path, name: str) -> Bundle:
    published = json.loads((source / f"{name}_quote_collateral.json").read_text())
    collateral = {
        "pck_crl": bytes.fromhex(published["pck_crl"]),
        "root_crl": bytes.fromhex(published["root_ca_crl"]),
    }
    for part in ("tcb_info", "qe_identity"):
        collateral[part] = published[part].encode()
        collateral[f"{part}_signature"] = bytes.fromhex(published[f"{part}_signature"])
        collateral[f"{part}_chain"] = published[f"{part}_issuer_chain"].encode()
    return Bundle("dcap", {"quote": (source / f"{name}_quote").read_bytes()}, collateral)


def with_part(bundle: Bundle, part: str, data: bytes) -> Bundle:
    return replace(bundle, evidence={**bundle.evidence, part: data})


def flipped(data: bytes, at: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def rule(claims, **changes) -> Rule:
    """A rule that approves exactly what these claims measure, and tolerates what the sample leaves open."""
    measured = {name: value for name, value in claims.measurements.items() if any(value)}
    tolerated = frozenset(links.LINKS)
    return replace(Rule(frozenset(), (Reference("as sampled", measured),), tolerated=tolerated), **changes)


# --- AMD SEV-SNP: the only report here allows debugging, so that none would be accepted


def test_the_snp_report_verifies_and_is_refused_for_its_debug_bit(snp) -> None:
    claims = snp.verify(SNP, JUNE_2023)
    assert claims.tcb == {"boot_loader": 2, "tee": 0, "snp": 5, "microcode": 68, "guest_svn": 0}
    assert claims.report_data == b"\1\2\3\4\5".ljust(64, b"\0")
    with pytest.raises(appraisal.DebugMode):
        appraisal.judge(claims, rule(claims), claims.report_data, "p")
    assert appraisal.judge(claims, rule(claims, debug_allowed=True), claims.report_data, "p") == "as sampled"


def test_the_snp_report_is_refused_with_another_product_chain_or_time(snp, folder) -> None:
    vcek, genoa = (folder / "sev-snp" / name for name in ("vcek.testcer", "ask_ark_genoa.pem"))
    swapped = replace(snp, collateral={"chain": pem(vcek.read_bytes()) + genoa.read_bytes()})
    with pytest.raises(errors.BrokenChain):
        swapped.verify(SNP, JUNE_2023)
    with pytest.raises(errors.NotYetValid):
        snp.verify(SNP, JUNE_2023 - 365 * instant.DAY)
    with pytest.raises(errors.Expired):
        snp.verify(SNP, JUNE_2023 + 8 * 365 * instant.DAY)


def test_the_snp_signature_covers_every_byte_before_it(snp) -> None:
    report = snp.evidence["report"]
    for at in range(0, 0x2A0, 5):
        with pytest.raises(HallmarkError):
            with_part(snp, "report", flipped(report, at)).verify(SNP, JUNE_2023)
    with pytest.raises(errors.BadEvidenceSignature):
        with_part(snp, "report", flipped(report, 0x91)).verify(SNP, JUNE_2023)
    with pytest.raises(errors.BadEvidenceSignature):
        with_part(snp, "report", flipped(report, 0x2A0)).verify(SNP, JUNE_2023)


def test_the_snp_report_of_another_chip_is_refused(snp, azure) -> None:
    other = replace(snp, collateral=azure.collateral)
    with pytest.raises(errors.BrokenBinding, match="another chip"):
        other.verify(SNP, JUNE_2023)


# --- AWS Nitro: both documents have zero registers, so that none would be accepted


@pytest.mark.parametrize("name", ["valid", "debug"])
def test_the_nitro_document_verifies_and_is_refused_for_zero_registers(name, nitro) -> None:
    bundle, made = nitro[name]
    claims = bundle.verify(NITRO, made)
    with pytest.raises(appraisal.DebugMode):
        appraisal.judge(claims, rule(claims), claims.report_data, "p")
    zeros = (Reference("zeros", {"pcr 0": bytes(48)}),)
    with pytest.raises(appraisal.ZeroMeasurement, match="pcr 0"):
        appraisal.judge(claims, rule(claims, debug_allowed=True, references=zeros), claims.report_data, "p")


@pytest.mark.parametrize("name", ["valid", "debug"])
def test_the_nitro_document_lives_three_hours(name, nitro) -> None:
    bundle, made = nitro[name]
    with pytest.raises(errors.Expired):
        bundle.verify(NITRO, made + 4 * instant.HOUR)
    with pytest.raises(errors.NotYetValid):
        bundle.verify(NITRO, made - instant.MINUTE)


def test_a_nitro_document_with_only_its_signature_changed_is_a_bad_signature(nitro) -> None:
    bundle, made = nitro["valid"]
    for at in (-1, -48, -96):
        changed = with_part(bundle, "document", flipped(bundle.evidence["document"], at))
        with pytest.raises(errors.BadEvidenceSignature):
            changed.verify(NITRO, made)


def test_a_nitro_document_with_a_changed_register_is_a_bad_signature(nitro) -> None:
    bundle, made = nitro["valid"]
    document = bundle.evidence["document"]
    changed = with_part(bundle, "document", flipped(document, document.index(b"\x4a\x93\x29\xd6")))
    with pytest.raises(errors.BadEvidenceSignature):
        changed.verify(NITRO, made)


# --- Hygon CSV: the certificates of this chip are absent


def test_the_hygon_report_verifies_up_to_the_link_that_is_absent(hygon) -> None:
    claims = hygon.verify(HYGON, JULY_2025)
    assert claims.missing == (links.VENDOR_CHAIN, links.REVOCATION, links.NO_VALIDITY)
    assert (claims.debug, claims.facts["csv3"], claims.report_data) == (False, True, bytes(64))
    assert claims.measurements["measurement"].hex().startswith("ae2a2cf1f41a485f")
    open_link = rule(claims, tolerated=frozenset())
    with pytest.raises(appraisal.LinkNotChecked, match="root are absent"):
        appraisal.judge(claims, open_link, claims.report_data, "p")


def test_the_hygon_signature_covers_the_masked_fields(hygon) -> None:
    report = hygon.evidence["report"]
    for at in (*range(0, 180, 7), 0xC0, 0xC0 + 72):
        with pytest.raises(errors.BadEvidenceSignature):
            with_part(hygon, "report", flipped(report, at)).verify(HYGON, JULY_2025)


def test_hygons_root_signs_itself(folder) -> None:
    from hallmark.attestation import hygon_csv

    root = hygon_csv.parse_root((folder / "trustee/hrk.cert").read_bytes())
    root.check_signed_by(root)
    assert root.fingerprint in HYGON


# --- Android: both devices are unlocked, so that none would be accepted


def test_the_android_key_verifies_and_is_refused_for_its_unlocked_bootloader(android) -> None:
    claims = android["EC_SecurityLevel_TEE"].verify(ANDROID, JUNE_2023)
    assert (claims.facts["device_locked"], claims.facts["boot_state"]) == (False, "unverified")
    assert claims.report_data == b"abc"
    with pytest.raises(appraisal.BootNotVerified):
        appraisal.judge(claims, rule(claims), b"abc", "p")


def test_the_android_root_ended_in_may_2026(android) -> None:
    with pytest.raises(errors.Expired):
        android["EC_SecurityLevel_TEE"].verify(ANDROID, 1_779_700_000_000)


def test_an_android_chain_to_another_root_is_refused(android) -> None:
    with pytest.raises(errors.UntrustedRoot):
        android["RSA_SecurityLevel_StrongBox"].verify(ANDROID, JUNE_2023)


def test_an_android_serial_number_in_the_list_is_refused(android) -> None:
    bundle = android["EC_SecurityLevel_TEE"]
    listed = b'{"entries": {"388266760658996857d": {"status": "REVOKED", "reason": "KEY_COMPROMISE"}}}'
    with pytest.raises(errors.Revoked):
        replace(bundle, collateral={"status_list": listed}).verify(ANDROID, JUNE_2023)


# --- Azure: the quote at hand is another machine's than the report


def test_the_azure_report_verifies_and_a_quote_of_another_machine_is_refused(azure) -> None:
    hcl = azure.evidence["hcl_report"]
    machine = Bundle("sev-snp", {"report": hcl[32 : 32 + 0x4A0]}, azure.collateral).verify(SNP, JULY_2025)
    assert (machine.debug, machine.tcb["snp"]) == (False, 8)
    with pytest.raises(errors.BadEvidenceSignature, match="vTPM quote"):
        azure.verify(SNP, JULY_2025)


# --- Intel: what research measured with another verifier


@pytest.mark.parametrize(
    ("name", "status", "advisories"),
    [("sgx", "ConfigurationAndSWHardeningNeeded", "INTEL-SA-00289,INTEL-SA-00615"), ("tdx", "UpToDate", "")],
)
def test_the_intel_quote_verifies_with_the_status_its_vendor_gives(name, status, advisories, dcap) -> None:
    claims = dcap[name].verify(DCAP, JULY_2025)
    assert (claims.tcb_status, claims.facts["advisories"]) == (status, advisories)
    assert (claims.debug, claims.missing) == (False, ())


def test_the_tdx_quote_is_accepted_and_the_sgx_quote_refused_for_its_status(dcap) -> None:
    tdx, sgx = (dcap[name].verify(DCAP, JULY_2025) for name in ("tdx", "sgx"))
    assert appraisal.judge(tdx, rule(tdx, tolerated=frozenset()), tdx.report_data, "p") == "as sampled"
    with pytest.raises(appraisal.TcbStatusNotAccepted, match="ConfigurationAndSWHardeningNeeded"):
        appraisal.judge(sgx, rule(sgx), sgx.report_data, "p")


@pytest.mark.parametrize("name", ["sgx", "tdx"])
def test_the_intel_quote_is_refused_outside_its_thirty_days(name, dcap) -> None:
    with pytest.raises(errors.Expired):
        dcap[name].verify(DCAP, JULY_2025 + 30 * instant.DAY)
    with pytest.raises(errors.NotYetValid):
        dcap[name].verify(DCAP, JULY_2025 - 30 * instant.DAY)


def test_the_intel_quotes_do_not_verify_with_each_others_collateral(dcap) -> None:
    for one, other in (("sgx", "tdx"), ("tdx", "sgx")):
        with pytest.raises(HallmarkError):
            replace(dcap[one], collateral=dcap[other].collateral).verify(DCAP, JULY_2025)


@pytest.mark.parametrize(("name", "signed"), [("sgx", 432), ("tdx", 632)])
def test_the_intel_signature_covers_header_and_body(name, signed, dcap) -> None:
    quote = dcap[name].evidence["quote"]
    for at in (*range(28, signed, 13), signed + 4, signed + 4 + 32, signed + 4 + 64):
        with pytest.raises(HallmarkError):
            with_part(dcap[name], "quote", flipped(quote, at)).verify(DCAP, JULY_2025)
    with pytest.raises(errors.BadEvidenceSignature):
        with_part(dcap[name], "quote", flipped(quote, signed + 4)).verify(DCAP, JULY_2025)


# --- every sample


@pytest.fixture(scope="session")
def genuine(snp, nitro, hygon, android, azure, dcap) -> dict[str, tuple[Bundle, frozenset[bytes], int]]:
    """Name -> what verifies here of all that is genuine, with its anchors, and as of when."""
    report = Bundle("sev-snp", {"report": azure.evidence["hcl_report"][32 : 32 + 0x4A0]}, azure.collateral)
    made = {"snp": (snp, SNP, JUNE_2023), "azure": (report, SNP, JULY_2025), "hygon": (hygon, HYGON, JULY_2025)}
    made |= {f"nitro {name}": (bundle, NITRO, at) for name, (bundle, at) in nitro.items()}
    made |= {name: (bundle, DCAP, JULY_2025) for name, bundle in dcap.items()}
    return {**made, "android": (android["EC_SecurityLevel_TEE"], ANDROID, JUNE_2023)}


GENUINE = ["snp", "azure", "hygon", "nitro valid", "nitro debug", "sgx", "tdx", "android"]


@pytest.mark.parametrize("name", GENUINE)
def test_no_byte_of_genuine_evidence_or_its_collateral_can_be_changed(name, genuine, unchangeable) -> None:
    bundle, roots, at = genuine[name]
    for part, data in (*bundle.evidence.items(), *bundle.collateral.items()):
        unchangeable(bundle, roots, part, 1 + len(data) // 40, at, vouched=name != "hygon")


@pytest.mark.long
@pytest.mark.parametrize("name", GENUINE)
def test_no_byte_at_all_of_what_is_genuine_can_be_changed(name, genuine, unchangeable) -> None:
    bundle, roots, at = genuine[name]
    for part in (*bundle.evidence, *bundle.collateral):
        unchangeable(bundle, roots, part, 1, at, vouched=name != "hygon")


def test_no_sample_verifies_when_cut_off_anywhere(snp, nitro, hygon, dcap) -> None:
    genuine = [(snp, SNP, JUNE_2023), (hygon, HYGON, JULY_2025), (dcap["tdx"], DCAP, JULY_2025)]
    genuine += [(bundle, NITRO, made) for bundle, made in nitro.values()]
    for bundle, roots, at in genuine:
        (part, data), *_ = bundle.evidence.items()
        whole = data.rstrip(b"\0")
        for size in range(0, len(whole), 3):
            with pytest.raises(HallmarkError):
                with_part(bundle, part, whole[:size]).verify(roots, at)


def test_published_roots_are_those_of_the_samples(folder) -> None:
    from hallmark.attestation import chain
    from hallmark.attestation.signature import fingerprint
    from hallmark.kernel.text import Text

    roots = {"sev-snp/ask_ark_milan.pem": SNP, "sev-snp/ask_ark_genoa.pem": SNP, "nitro/nitro.pem": NITRO}
    for name, published in roots.items():
        root = chain.load((folder / name).read_bytes(), Text("根证书", "root"))[-1]
        assert fingerprint(root.public_key()) in published
