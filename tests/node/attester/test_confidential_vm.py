"""A confidential virtual machine's evidence, from a simulated kernel that hands out genuine reports, or made ones."""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote as escape

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

sys.path.insert(0, str(Path(__file__).parents[2]))

from attestation import intel, makers
from attestation.makers import AT, REPORT_DATA, ec_key
from hallmark.attestation import dcap_quote
from hallmark.attestation.anchors import ROOTS
from hallmark.attestation.appraisal import WrongReportData, appraise
from hallmark.attestation.errors import BadEvidence
from hallmark.attestation.formats import FORMATS, Bundle
from hallmark.attestation.policy import Policy, Reference, Rule
from hallmark.node.attester import families, tsm
from hallmark.node.attester.confidential_vm import ConfidentialVm
from hallmark.node.attester.errors import CollateralMissing, NoAttester, NoDevice, NotReported, WrongMachine
from node.attester.kernel import Kernel, failure

SNP, TDX = "amd-sev-snp", "intel-tdx"
JUNE_2023, JULY_2025 = 1_685_577_600_000, 1_751_328_000_000
# As they are in memory: the digits in the order in which they are written (AMD 56421, GHCB, MSG_REPORT_REQ).
VCEK = bytes.fromhex("63da758de6644564adc5f4b93be8accd")
VLEK = bytes.fromhex("a8074bc2a25a483eaae639c045a0b8a1")
ASK = bytes.fromhex("4ab7b379bbac4fe4a02f05aef327c782")
ARK = bytes.fromhex("c0b406a4a803495297433fb6014cd0ae")
OTHER = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.fixture(scope="module")
def vendor() -> makers.Authority:
    return makers.Authority()


@pytest.fixture(scope="module")
def chip(vendor) -> bytes:
    """The certificate of the chip on which `snp` runs."""
    return makers.serialise(makers.snp_leaf(vendor, ec_key(30)))


def table(*entries: tuple[bytes, bytes]) -> bytes:
    """The certificates of a host by their keys, as they stand beside a report."""
    heads, contents, at = b"", b"", 24 * (len(entries) + 1)
    for key, content in entries:
        heads += key + (at + len(contents)).to_bytes(4, "little") + len(content).to_bytes(4, "little")
        contents += content
    return heads + bytes(24) + contents if entries else b""


def snp(*entries: tuple[bytes, bytes], **more) -> Kernel:
    """A kernel on that chip, whose host hands over these certificates."""
    return Kernel("sev_guest", lambda inblob, _: (makers.snp_report(ec_key(30), inblob), table(*entries)), **more)


def attest(kernel: Kernel, collateral=(), report_data: bytes = REPORT_DATA, family: str = SNP) -> Bundle:
    """Evidence, as it comes back from an archive; the kernel must be left as it was."""
    bundle = ConfidentialVm(family, kernel).attest(report_data, dict(collateral))
    assert not kernel.requests
    return Bundle.decode(bundle.encode())


def der(*certificates) -> bytes:
    return b"".join(each.public_bytes(Encoding.DER) for each in certificates)


def test_a_report_verifies_with_what_the_host_hands_over_and_the_revocation_list_archived(vendor, chip) -> None:
    kernel = snp((OTHER, b"?"), (VCEK, chip), (ASK, der(vendor.issuing)), (ARK, der(vendor.root)), floor=0)
    bundle = attest(kernel, {"revocation_lists": vendor.revocation_list(root=True)})
    claims = bundle.verify(vendor.anchors, AT)
    assert (claims.family, claims.report_data, claims.missing) == (SNP, REPORT_DATA, ())


def test_a_host_with_a_loaded_key_hands_over_the_certificate_of_that(vendor) -> None:
    leaf = makers.serialise(makers.snp_leaf(vendor, ec_key(30), vlek=True))
    made = table((VLEK, leaf))
    kernel = Kernel("sev_guest", lambda inblob, _: (makers.snp_report(ec_key(30), inblob, signer=1), made))
    bundle = attest(kernel, {"chain": der(vendor.root, vendor.issuing)})
    assert bundle.verify(vendor.anchors, AT).report_data == REPORT_DATA


def test_a_member_accepts_it_for_the_request_and_for_no_other(vendor, chip) -> None:
    bundle = attest(snp((VCEK, chip)), {"chain": der(vendor.issuing, vendor.root)})
    rule = Rule(
        vendor.anchors, (Reference("image", {"measurement": b"\x4d" * 48}),), tolerated=frozenset({"revocation"})
    )
    policy = Policy("policy", {"sev-snp": rule}, {SNP: 2}, fresh_seconds=86400)
    assert appraise(bundle, policy, REPORT_DATA, AT).reference == "image"
    with pytest.raises(WrongReportData):
        appraise(bundle, policy, bytes(64), AT)


def test_what_the_operator_archived_goes_before_what_the_host_hands_over(vendor, chip) -> None:
    """For hosts keep certificates from before an update, or what is none."""
    old = makers.serialise(makers.snp_leaf(vendor, ec_key(30), tcb={**makers.TCB, "8": 1}))
    whole = {"chain": chip + der(vendor.issuing, vendor.root)}
    for entries in (((VCEK, old),), ((VCEK, b"no certificate"),), ()):
        assert attest(snp(*entries), whole).verify(vendor.anchors, AT).report_data == REPORT_DATA


def test_what_is_missing_is_named(vendor, chip) -> None:
    with pytest.raises(
        CollateralMissing, match=f"chip {makers.CHIP.hex()}; boot_loader 3, tee 1, snp 8, microcode 115"
    ):
        attest(snp(), {"chain": der(vendor.issuing, vendor.root)})
    with pytest.raises(CollateralMissing, match="CN=Issuing"):
        attest(snp((VCEK, chip)))
    with pytest.raises(CollateralMissing, match="CN=Root"):
        attest(snp((VCEK, chip)), {"chain": der(vendor.issuing)})


@pytest.mark.parametrize("size", [23, 24, 47, 100, -1])
def test_a_table_cut_short_is_no_table(size, vendor, chip) -> None:
    whole = table((VCEK, chip))
    kernel = Kernel("sev_guest", lambda inblob, _: (makers.snp_report(ec_key(30), inblob), whole[:size]))
    with pytest.raises(BadEvidence):
        attest(kernel)


def test_a_machine_below_a_paravisor_asks_for_the_level_that_it_may(vendor, chip) -> None:
    def make(inblob: bytes, privilege: int):
        if privilege < 2:
            raise failure(errno.EINVAL)
        return makers.snp_report(ec_key(30), inblob, vmpl=privilege), table((VCEK, chip))

    bundle = attest(Kernel("sev_guest", make, floor=2), {"chain": der(vendor.issuing, vendor.root)})
    assert bundle.verify(vendor.anchors, AT).facts["vmpl"] == 2


def test_a_request_that_another_program_changes_is_given_up(vendor, chip) -> None:
    def race(request) -> None:
        request.inblob, request.written = bytes(64), request.written + 1

    kernel = snp((VCEK, chip), (ASK, der(vendor.issuing)), (ARK, der(vendor.root)), meddle=race)
    with pytest.raises(NotReported, match="something else changed"):
        attest(kernel)
    assert not kernel.requests


def test_a_report_on_something_else_is_not_taken(vendor, chip) -> None:
    kernel = Kernel("sev_guest", lambda *_: (makers.snp_report(ec_key(30), bytes(64)), table((VCEK, chip))))
    with pytest.raises(NotReported, match="not on what was asked"):
        attest(kernel, {"chain": der(vendor.issuing, vendor.root)})


def test_a_kernel_that_makes_no_report_says_why_and_keeps_nothing() -> None:
    def fail(*_: object):
        raise failure(errno.EIO)

    kernel = Kernel("sev_guest", fail)
    with pytest.raises(NotReported, match="Input/output error") as caught:
        attest(kernel)
    assert "读写出错" in caught.value.explain("zh") and not kernel.requests
    with pytest.raises(NotReported, match="No such device"):
        attest(Kernel("", fail))


@pytest.mark.parametrize("provider", ["tdx_guest", "arm_cca_guest"])
def test_a_machine_of_another_family_or_of_an_unknown_one_is_refused_by_name(provider) -> None:
    with pytest.raises(WrongMachine, match=provider) as caught:
        attest(Kernel(provider, lambda *_: (b"report", b"")))
    assert provider in caught.value.explain("zh")


def test_an_ordinary_machine_says_what_it_lacks_in_both_languages(state, tmp_path) -> None:
    if tsm.REPORTS.is_dir():
        pytest.skip("this machine is a confidential virtual machine")
    for family in (SNP, TDX):
        with families.attester(family, tmp_path, state) as attester, pytest.raises(NoDevice) as caught:
            attester.attest(REPORT_DATA, {})
        assert str(caught.value).startswith("This machine has no /sys/kernel/config/tsm/report ")
        assert caught.value.explain("zh").startswith("本机没有")


def test_a_family_that_nothing_here_collects_for_is_refused_with_those_that_are(state, tmp_path) -> None:
    with pytest.raises(NoAttester, match=r"aws-nitro.*tpm, amd-sev-snp, intel-tdx"):
        families.attester("aws-nitro", tmp_path, state)


# --- Intel TDX


def tdx(bundle: Bundle) -> Kernel:
    return Kernel("tdx_guest", lambda *_: (bundle.evidence["quote"], b""), has_auxblob=False)


def answered(bundle: Bundle) -> dict[str, bytes]:
    """Collateral as Intel's service answers it: statement and signature in one, the chain escaped."""
    parts = dict(bundle.collateral)
    for name, member in (("tcb_info", "tcbInfo"), ("qe_identity", "enclaveIdentity")):
        signature = parts.pop(f"{name}_signature").hex()
        parts[name] = b'{"%s":%s,"signature":"%s"}\n' % (member.encode(), parts[name], signature.encode())
        if parts[f"{name}_chain"].startswith(b"-----"):
            parts[f"{name}_chain"] = escape(parts[f"{name}_chain"]).encode()
    return parts


@pytest.fixture(scope="module")
def made(vendor) -> Bundle:
    return intel.dcap(vendor, version=4)


def test_a_quote_verifies_with_what_was_archived_part_by_part_or_as_it_was_answered(made, vendor) -> None:
    for collateral in (made.collateral, answered(made)):
        bundle = attest(tdx(made), collateral, family=TDX)
        assert bundle == made
        claims = bundle.verify(vendor.anchors, AT)
        assert (claims.family, claims.tcb_status, claims.report_data) == (TDX, "UpToDate", REPORT_DATA)


@pytest.mark.parametrize("name", FORMATS["dcap"].collateral)
def test_each_part_that_is_missing_is_named_with_what_to_ask_intel_for(name, made) -> None:
    left = {each: part for each, part in made.collateral.items() if each != name}
    with pytest.raises(CollateralMissing, match=rf"{name} \(FMSPC 00A067110000; CN=Issuing\)"):
        attest(tdx(made), left, family=TDX)


def test_a_part_that_nobody_reads_and_a_signature_that_is_none_are_named(made) -> None:
    with pytest.raises(BadEvidence, match=r"notes\.txt"):
        attest(tdx(made), {**made.collateral, "notes.txt": b"-"}, family=TDX)
    broken = answered(made)
    broken["qe_identity"] = broken["qe_identity"][:-4] + b'x"}'
    with pytest.raises(BadEvidence, match="qe_identity"):
        attest(tdx(made), broken, family=TDX)


def test_what_is_no_quote_is_not_presented(made) -> None:
    with pytest.raises(BadEvidence):
        attest(tdx(replace(made, evidence={"quote": made.evidence["quote"][:-1]})), made.collateral, family=TDX)


# --- Genuine reports


@pytest.fixture(scope="module")
def genuine(samples) -> Path:
    folder = samples / "attestation"
    if not folder.is_dir():
        pytest.skip("the folder of genuine attestation evidence is absent")
    return folder


@pytest.mark.parametrize("handed_over", [True, False])
def test_a_genuine_snp_report_verifies_from_kernel_to_claims(handed_over, genuine) -> None:
    report, vcek = (genuine / "sev-snp/attestation.bin").read_bytes(), (genuine / "sev-snp/vcek.testcer").read_bytes()
    authorities = {"chain": (genuine / "sev-snp/ask_ark_milan.pem").read_bytes()}
    kernel = Kernel("sev_guest", lambda *_: (report, table((VCEK, vcek)) if handed_over else b""))
    asked = b"\1\2\3\4\5".ljust(64, b"\0")
    if not handed_over:
        with pytest.raises(CollateralMissing, match="boot_loader 2, tee 0, snp 5, microcode 68"):
            attest(kernel, authorities, asked)
        return
    claims = attest(kernel, authorities, asked).verify(
        frozenset(each.fingerprint for each in ROOTS["sev-snp"]), JUNE_2023
    )
    assert (claims.family, claims.report_data, claims.debug) == (SNP, asked, True)


def test_a_genuine_tdx_quote_verifies_from_kernel_to_claims(genuine) -> None:
    quote = (genuine / "dcap/tdx_quote").read_bytes()
    published = json.loads((genuine / "dcap/tdx_quote_collateral.json").read_text())
    archived = {
        "pck_crl": bytes.fromhex(published["pck_crl"]),
        "root_crl": bytes.fromhex(published["root_ca_crl"]),
    }
    for part, member in (("tcb_info", "tcbInfo"), ("qe_identity", "enclaveIdentity")):
        archived[part] = f'{{"{member}":{published[part]},"signature":"{published[f"{part}_signature"]}"}}'.encode()
        archived[f"{part}_chain"] = escape(published[f"{part}_issuer_chain"]).encode()
    asked = dcap_quote.parse(quote).fields["report_data"]
    kernel = Kernel("tdx_guest", lambda *_: (quote, b""), has_auxblob=False)
    bundle = attest(kernel, archived, asked, TDX)
    claims = bundle.verify(frozenset(each.fingerprint for each in ROOTS["dcap"]), JULY_2025)
    assert (claims.family, claims.report_data) == (TDX, asked)
    with pytest.raises(CollateralMissing, match=r"tcb_info, .*FMSPC [0-9A-F]{12}; .*CN=Intel SGX PCK"):
        attest(kernel, {}, asked, TDX)
