"""What is particular to each vendor's evidence: the bindings between its parts, and what it says of itself."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from attestation import intel, makers
from attestation.makers import AT, REPORT_DATA
from hallmark.attestation import claims as links
from hallmark.attestation import errors, hygon_csv
from hallmark.kernel import canonical, instant
from hallmark.kernel.errors import HallmarkError


def with_evidence(bundle, **parts):
    return replace(bundle, evidence={**bundle.evidence, **parts})


def with_collateral(bundle, **parts):
    return replace(bundle, collateral={**bundle.collateral, **parts})


class TestTpm:
    @pytest.mark.parametrize(("key", "pss"), [(None, False), ("rsa", False), ("rsa", True)])
    def test_a_quote_verifies_under_each_kind_of_key(self, authority, key, pss) -> None:
        bundle = makers.tpm(authority, key=makers.rsa_key() if key else None, pss=pss)
        claims = bundle.verify(authority.anchors, AT)
        assert claims.measurements["pcr sha256:7"] == b"\x03" * 32
        assert claims.measurements["pcrs sha256:0,1,7"] == hashlib.sha256(b"".join(makers.PCRS)).digest()
        assert claims.tcb["firmware"] == 7
        assert claims.missing == ()

    def test_a_quote_without_certificate_is_self_reported(self) -> None:
        assert makers.tpm().verify(frozenset(), AT).missing == (links.SELF_REPORTED,)

    def test_a_quote_without_values_gives_the_digest_alone(self) -> None:
        evidence = {name: part for name, part in makers.tpm().evidence.items() if name != "pcrs"}
        assert list(replace(makers.tpm(), evidence=evidence).verify(frozenset(), AT).measurements) == [
            "pcrs sha256:0,1,7"
        ]

    @pytest.mark.parametrize("bit", [1, 4, 5, 16, 18])
    def test_a_key_that_may_leave_or_sign_anything_is_refused(self, bit) -> None:
        public = makers.tpm_public(makers.ec_key(20, ec.SECP256R1), 0x50072 & ~(1 << bit))
        with pytest.raises(errors.BadEvidence, match="restricted"):
            with_evidence(makers.tpm(), public=public).verify(frozenset(), AT)

    def test_a_decryption_key_is_refused(self) -> None:
        public = makers.tpm_public(makers.ec_key(20, ec.SECP256R1), 0x50072 | 1 << 17)
        with pytest.raises(errors.BadEvidence):
            with_evidence(makers.tpm(), public=public).verify(frozenset(), AT)

    def test_another_keys_certificate_is_refused(self, authority) -> None:
        other = authority.chain(authority.leaf(makers.ec_key(21, ec.SECP256R1)))
        with pytest.raises(errors.BrokenBinding):
            with_collateral(makers.tpm(authority), chain=other).verify(authority.anchors, AT)

    def test_other_register_values_are_refused(self) -> None:
        with pytest.raises(errors.BrokenBinding):
            with_evidence(makers.tpm(), pcrs=bytes(96)).verify(frozenset(), AT)

    def test_a_certificate_for_another_purpose_vouches_for_no_tpm(self, authority) -> None:
        """Whoever holds any other certificate under the anchor could write a TPM in software, and show it by that."""
        chain = authority.chain(authority.leaf(makers.ec_key(20, ec.SECP256R1), "www.example"))
        with pytest.raises(errors.BrokenChain, match="purpose"):
            with_collateral(makers.tpm(authority), chain=chain).verify(authority.anchors, AT)

    def test_a_short_key_is_refused(self) -> None:
        with pytest.raises(errors.BadEvidence, match="too short"):
            makers.tpm(key=rsa.generate_private_key(65537, 1024)).verify(frozenset(), AT)  # noqa: S505

    def test_something_signed_that_is_no_quote_is_refused(self) -> None:
        key = makers.ec_key(20, ec.SECP256R1)
        quote = makers.tpm().evidence["quote"]
        certify = quote[:5] + b"\x17" + quote[6:]
        for forged in (certify, b"\xffTCH" + quote[4:]):
            bundle = with_evidence(makers.tpm(), quote=forged, signature=makers.tpm_signature(key, forged))
            with pytest.raises(errors.BadEvidence, match="generated"):
                bundle.verify(frozenset(), AT)

    def test_a_revoked_key_is_refused(self, authority) -> None:
        lists = authority.revocation_list(77) + authority.revocation_list(root=True)
        with pytest.raises(errors.Revoked, match="4d"):
            with_collateral(makers.tpm(authority), revocation_lists=lists).verify(authority.anchors, AT)

    def test_every_issuer_needs_its_list(self, authority) -> None:
        bundle = with_collateral(makers.tpm(authority), revocation_lists=authority.revocation_list())
        with pytest.raises(errors.NoPart):
            bundle.verify(authority.anchors, AT)

    def test_an_old_list_is_refused(self, authority) -> None:
        lists = authority.revocation_list(root=True) + authority.revocation_list(until=AT - instant.DAY)
        with pytest.raises(errors.Expired):
            with_collateral(makers.tpm(authority), revocation_lists=lists).verify(authority.anchors, AT)

    def test_a_certificate_that_is_no_authority_issues_nothing(self, authority) -> None:
        key, middle = makers.ec_key(20, ec.SECP256R1), makers.ec_key(22)
        between = authority.leaf(middle, "Middle")
        leaf = authority._certificate("Leaf", key, "Middle", middle)
        chain = b"".join(makers.serialise(item) for item in (leaf, between, authority.issuing, authority.root))
        with pytest.raises(errors.BrokenChain, match="no certificate authority"):
            with_collateral(makers.tpm(authority), chain=chain).verify(authority.anchors, AT)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [({"critical": True, "extensions": [("1.2.3.4", b"")]}, "critical"), ({"algorithm": hashes.SHA224()}, "weak")],
    )
    def test_a_certificate_that_cannot_be_relied_on_is_refused(self, authority, changes, why) -> None:
        key = makers.ec_key(20, ec.SECP256R1)
        leaf = authority._certificate("Leaf", key, "Issuing", authority.issuing_key, **changes)
        with pytest.raises(errors.BrokenChain, match=why):
            with_collateral(makers.tpm(authority), chain=authority.chain(leaf)).verify(authority.anchors, AT)


class TestSevSnp:
    def test_reports_of_both_versions_and_keys_verify(self, authority) -> None:
        for fields in ({"version": 2}, {"version": 3}, {"version": 5}, {"vlek": True}):
            claims = makers.snp(authority, **fields).verify(authority.anchors, AT)
            assert claims.debug is False
            assert claims.tcb == {"boot_loader": 3, "tee": 1, "snp": 8, "microcode": 115, "guest_svn": 2}

    def test_the_debug_bit_is_a_claim(self, authority) -> None:
        assert makers.snp(authority, policy=0xB0000).verify(authority.anchors, AT).debug is True

    def test_a_turin_report_has_the_longer_tcb_version(self, authority) -> None:
        key, tcb = makers.ec_key(30), {"9": 1, "1": 2, "2": 3, "3": 4, "8": 5}
        chip = bytes(range(1, 9))  # and names its chip by 8 bytes
        fields = {"cpu": 0x1A, "tcb": bytes([1, 2, 3, 4, 0, 0, 0, 5]), "chip": chip.ljust(64, b"\0")}
        report = makers.snp_report(key, REPORT_DATA, **fields)
        chain = authority.chain(makers.snp_leaf(authority, key, tcb=tcb, chip=chip))
        bundle = with_collateral(with_evidence(makers.snp(authority), report=report), chain=chain)
        assert bundle.verify(authority.anchors, AT).tcb["fmc"] == 1

    @pytest.mark.parametrize("wrong", [{"chip": bytes(64)}, {"vlek": True}, {"tcb": makers.TCB | {"3": 7}}])
    def test_a_certificate_of_another_chip_kind_or_version_is_refused(self, authority, wrong) -> None:
        chain = authority.chain(makers.snp_leaf(authority, makers.ec_key(30), **wrong))
        with pytest.raises(errors.BrokenBinding):
            with_collateral(makers.snp(authority), chain=chain).verify(authority.anchors, AT)

    @pytest.mark.parametrize("name", ["current", "committed", "launch"])
    def test_the_least_security_version_counts(self, authority, name) -> None:
        """A host goes back to what it has committed; a guest launched under old firmware may have been read then."""
        bundle = makers.snp(authority, **{name: bytes([3, 1, 0, 0, 0, 0, 7, 115])})
        assert bundle.verify(authority.anchors, AT).tcb["snp"] == 7

    def test_a_report_without_its_chip_verifies_and_one_of_another_never(self, authority) -> None:
        assert makers.snp(authority, chip=bytes(64)).verify(authority.anchors, AT).facts["chip_id"] == bytes(64)
        key, masked = makers.ec_key(30), bytearray(makers.snp(authority, chip=b"\x09" * 64).evidence["report"][:0x2A0])
        masked[0x48] |= 2  # "the chip's key is masked": a chip that says so signs nothing
        signed = bytes(masked) + makers.raw(key, bytes(masked), hashes.SHA384(), "little").ljust(512, b"\0")
        with pytest.raises(errors.BrokenBinding, match="another chip"):
            with_evidence(makers.snp(authority), report=signed).verify(authority.anchors, AT)

    def test_a_key_that_a_provider_loads_names_the_provider(self, authority) -> None:
        assert makers.snp(authority, vlek=True).verify(authority.anchors, AT).facts["provider"] == "cloud"
        assert "provider" not in makers.snp(authority).verify(authority.anchors, AT).facts

    def test_only_the_root_s_list_closes_the_link(self, authority) -> None:
        lists = authority.revocation_list()
        with pytest.raises(errors.BrokenChain, match="nobody"):
            with_collateral(makers.snp(authority), revocation_lists=lists).verify(authority.anchors, AT)

    def test_a_revoked_intermediate_is_refused(self, authority) -> None:
        lists = authority.revocation_list(5, root=True)
        with pytest.raises(errors.Revoked):
            with_collateral(makers.snp(authority), revocation_lists=lists).verify(authority.anchors, AT)

    def test_without_a_list_the_link_is_named(self, authority) -> None:
        bundle = makers.snp(authority)
        bare = replace(bundle, collateral={"chain": bundle.collateral["chain"]})
        assert bare.verify(authority.anchors, AT).missing == (links.REVOCATION,)

    def test_a_later_version_is_refused(self, authority) -> None:
        with pytest.raises(errors.BadEvidence, match="version"):
            makers.snp(authority, version=6).verify(authority.anchors, AT)


class TestAzure:
    def test_runtime_claims_of_another_machine_are_refused(self, authority) -> None:
        bundle = makers.azure(authority)
        changed = bundle.evidence["hcl_report"].replace(b'"secure-boot": true', b'"secure-boot": null')
        with pytest.raises(errors.BrokenBinding):
            with_evidence(bundle, hcl_report=changed).verify(authority.anchors, AT)

    @pytest.mark.parametrize("vmpl", [1, 2, 3, 0xFFFFFFFF])
    def test_a_report_that_the_vtpm_s_firmware_did_not_ask_for_is_refused(self, authority, vmpl) -> None:
        """The tenant's own system, which is not measured by it, would name a key of its own for the vTPM's."""
        with pytest.raises(errors.BrokenBinding, match="privileged"):
            makers.azure(authority, vmpl=vmpl).verify(authority.anchors, AT)

    def test_claims_without_the_attestation_key_are_refused(self, authority) -> None:
        with pytest.raises(errors.BadEvidence, match="attestation key"):
            makers.azure(authority, kid="HCLEkPub").verify(authority.anchors, AT)

    def test_it_counts_as_the_hardware_that_vouches(self, authority) -> None:
        claims = makers.azure(authority).verify(authority.anchors, AT)
        assert claims.family == "amd-sev-snp"
        assert claims.facts["vm secure-boot"] is True
        assert {"measurement", "pcr sha256:0"} <= claims.measurements.keys()


class TestNitro:
    def test_registers_of_zeros_are_debug_mode(self, authority) -> None:
        assert makers.nitro(authority).verify(authority.anchors, AT).debug is False
        assert makers.nitro(authority, pcr0=bytes(48)).verify(authority.anchors, AT).debug is True

    def test_a_document_made_later_is_refused(self, authority) -> None:
        with pytest.raises(errors.NotYetValid):
            makers.nitro(authority, timestamp=AT + 1).verify(authority.anchors, AT)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"digest": "SHA256"},
            {"pcrs": {32: bytes(48)}},
            {"pcrs": {0: bytes(47)}},
            {"cabundle": [1]},
            {"timestamp": True},
            {"more": 1},
            {"user_data": "text"},
        ],
    )
    def test_a_document_with_other_fields_is_refused(self, authority, wrong) -> None:
        with pytest.raises(errors.BadEvidence):
            makers.nitro(authority, **wrong).verify(authority.anchors, AT)

    def test_only_the_signature_changed_is_a_bad_signature(self, authority) -> None:
        bundle = makers.nitro(authority)
        parts = canonical.decode(bundle.evidence["document"])
        parts[3] = parts[3][:-1] + bytes([parts[3][-1] ^ 1])
        with pytest.raises(errors.BadEvidenceSignature):
            with_evidence(bundle, document=canonical.encode(parts)).verify(authority.anchors, AT)


class TestHygon:
    def test_a_report_verifies_up_to_the_vendors_root(self) -> None:
        for masked in (True, False):
            claims = makers.hygon(masked=masked).verify(makers.hygon_anchors(), AT)
            assert len(claims.signers) == 4
            assert claims.missing == (links.REVOCATION, links.NO_VALIDITY)
            assert claims.measurements["measurement"] == b"\x4d" * 32

    def test_without_the_chips_certificates_the_link_is_named(self) -> None:
        claims = makers.hygon(chain=False).verify(frozenset(), AT)
        assert claims.missing[0] == links.VENDOR_CHAIN

    def test_debugging_is_allowed_unless_its_bit_is_set(self) -> None:
        assert makers.hygon(policy=0x45).verify(makers.hygon_anchors(), AT).debug is False
        assert makers.hygon(policy=0x44).verify(makers.hygon_anchors(), AT).debug is True

    def test_a_chain_through_another_chip_is_refused(self) -> None:
        other = makers.HygonKey(9, hygon_csv.CEK)
        both = makers.hygon_root(makers.HSK_KEY, makers.HRK_KEY) + makers.hygon_certificate(other, makers.HSK_KEY)
        with pytest.raises(errors.BadEvidenceSignature):
            with_collateral(makers.hygon(), hsk_cek=both).verify(makers.hygon_anchors(), AT)

    def test_a_certificate_of_the_wrong_usage_is_refused(self) -> None:
        root = makers.hygon_root(makers.HRK_KEY, makers.HRK_KEY)
        both = root + makers.hygon_certificate(makers.CEK_KEY, makers.HRK_KEY)
        with pytest.raises(errors.BrokenChain, match="usage"):
            with_collateral(makers.hygon(), hsk_cek=both).verify(makers.hygon_anchors(), AT)


class TestAndroid:
    def test_the_key_description_becomes_claims(self, authority) -> None:
        claims = makers.android(authority).verify(authority.anchors, AT)
        assert claims.boot_verified is True
        assert claims.facts["security_level"] == "trusted-environment"
        assert claims.facts["packages"] == "example.pay"
        assert claims.measurements["application_signer 0"] == b"\x33" * 32
        assert claims.tcb == {"os_patch": 202506}

    @pytest.mark.parametrize("fields", [{"locked": False}, {"state": 1}, {"state": 2}])
    def test_an_unlocked_or_unverified_boot_is_a_claim(self, authority, fields) -> None:
        assert makers.android(authority, **fields).verify(authority.anchors, AT).boot_verified is False

    def test_a_key_that_only_software_vouches_for_has_no_verified_boot(self, authority) -> None:
        empty = makers.der(0x30)
        head = makers.number(4), makers.number(0, 10), makers.number(41), makers.number(0, 10)
        description = makers.der(0x30, *head, makers.der(4, REPORT_DATA), makers.der(4), empty, empty)
        claims = makers.android(authority, description=description).verify(authority.anchors, AT)
        assert (claims.boot_verified, claims.facts["security_level"]) == (False, "software")

    @pytest.mark.parametrize("levels", [{"level": 0}, {"key_level": 0}, {"level": 0, "key_level": 0}])
    def test_what_software_writes_into_the_hardware_s_list_counts_for_nothing(self, authority, levels) -> None:
        assert makers.android(authority, **levels).verify(authority.anchors, AT).boot_verified is False

    def test_a_policy_can_name_the_status_lists_it_knows(self, authority) -> None:
        bundle = makers.android(authority)
        digest = hashlib.sha256(bundle.collateral["status_list"]).digest()
        assert bundle.verify(authority.anchors, AT).facts["status_list"] == digest

    def test_an_applications_own_key_attests_nothing(self, authority) -> None:
        """A key description on an issuer means that an application signed the leaf with its attested key."""
        attested, forged = makers.ec_key(50, ec.SECP256R1), makers.ec_key(51, ec.SECP256R1)
        extension = ("1.3.6.1.4.1.11129.2.1.17", makers.key_description(REPORT_DATA))
        issuer = authority._certificate(
            "App", attested, "Issuing", authority.issuing_key, authority=True, extensions=[extension]
        )
        leaf = authority._certificate("Leaf", forged, "App", attested, extensions=[extension])
        chain = b"".join(makers.serialise(item) for item in (leaf, issuer, authority.issuing, authority.root))
        with pytest.raises(errors.BadEvidence, match="alone"):
            with_evidence(makers.android(authority), chain=chain).verify(authority.anchors, AT)

    @pytest.mark.parametrize("status", ["REVOKED", "SUSPENDED"])
    def test_a_serial_number_in_the_status_list_is_refused(self, authority, status) -> None:
        listed = b'{"entries": {"4d": {"status": "%s"}}}' % status.encode()
        with pytest.raises(errors.Revoked):
            with_collateral(makers.android(authority), status_list=listed).verify(authority.anchors, AT)

    def test_a_tag_twice_is_refused(self, authority) -> None:
        extra = makers.explicit(702, makers.number(2))
        with pytest.raises(errors.BadEvidence, match="twice"):
            makers.android(authority, extra=extra).verify(authority.anchors, AT)


class TestDcap:
    @pytest.mark.parametrize(
        ("version", "body", "family"),
        [
            (3, b"", "intel-sgx"),
            (4, b"", "intel-tdx"),
            (4, intel.enclave(b"\xcd" * 32, REPORT_DATA), "intel-sgx"),
            (5, intel.enclave(b"\xcd" * 32, REPORT_DATA), "intel-sgx"),
            (5, b"", "intel-tdx"),
            (5, intel.domain(REPORT_DATA) + bytes(64), "intel-tdx"),
        ],
    )
    def test_a_quote_of_each_version_and_technology_verifies(self, authority, version, body, family) -> None:
        claims = intel.dcap(authority, version=version, body=body).verify(authority.anchors, AT)
        assert (claims.family, claims.tcb_status, claims.debug) == (family, "UpToDate", False)
        assert claims.missing == ()

    def test_the_debug_bit_is_a_claim(self, authority) -> None:
        bodies = intel.enclave(b"\xcd" * 32, REPORT_DATA, attributes=0x13), intel.domain(REPORT_DATA, attributes=1)
        for version, body in zip((3, 4), bodies, strict=True):
            assert intel.dcap(authority, version=version, body=body).verify(authority.anchors, AT).debug is True

    def test_a_domain_that_may_move_and_who_serves_it_are_claims(self, authority) -> None:
        body = intel.domain(REPORT_DATA, attributes=1 << 29) + bytes(16) + b"\x05" * 48
        facts = intel.dcap(authority, version=5, body=body).verify(authority.anchors, AT).facts
        assert (facts["migratable"], facts["mr_service_td"]) == (True, b"\x05" * 48)

    def test_the_first_level_reached_counts(self, authority) -> None:
        claims = intel.dcap(authority, svns=[4] * 16).verify(authority.anchors, AT)
        assert (claims.tcb_status, claims.facts["advisories"]) == ("OutOfDate", "INTEL-SA-1")

    def test_a_platform_below_every_level_is_refused(self, authority) -> None:
        with pytest.raises(errors.NoTcbLevel):
            intel.dcap(authority, svns=[3] * 16).verify(authority.anchors, AT)

    def test_an_old_quoting_enclave_makes_the_platform_out_of_date(self, authority) -> None:
        assert intel.dcap(authority, qe_svn=7).verify(authority.anchors, AT).tcb_status == "OutOfDate"
        with pytest.raises(errors.NoTcbLevel):
            intel.dcap(authority, qe_svn=5).verify(authority.anchors, AT)

    def test_an_old_tdx_module_makes_the_platform_out_of_date(self, authority) -> None:
        old = intel.domain(REPORT_DATA, svns=b"\2\1\3")
        claims = intel.dcap(authority, version=4, body=old).verify(authority.anchors, AT)
        assert (claims.tcb_status, claims.facts["advisories"]) == ("OutOfDate", "INTEL-SA-2")

    def test_a_tdx_module_that_intel_does_not_know_is_refused(self, authority) -> None:
        unknown = intel.domain(REPORT_DATA, svns=b"\5\7\3")
        with pytest.raises(errors.NoTcbLevel):
            intel.dcap(authority, version=4, body=unknown).verify(authority.anchors, AT)

    @pytest.mark.parametrize("wrong", [{"fmspc": "00" * 6}, {"pceId": "0001"}])
    def test_tcb_info_of_another_platform_is_refused(self, authority, wrong) -> None:
        with pytest.raises(errors.BrokenBinding):
            intel.dcap(authority, info=intel.tcb_info(False, **wrong)).verify(authority.anchors, AT)

    @pytest.mark.parametrize("wrong", [{"mrsigner": "00" * 32}, {"isvprodid": 2}, {"attributes": "00" * 16}])
    def test_another_quoting_enclave_is_refused(self, authority, wrong) -> None:
        with pytest.raises(errors.BrokenBinding):
            intel.dcap(authority, identity=intel.qe_identity(False, **wrong)).verify(authority.anchors, AT)

    @pytest.mark.parametrize(("info", "identity"), [(17, 16), (16, 17)])
    def test_the_older_of_both_evaluations_counts(self, authority, info, identity) -> None:
        """A statement stays in force for a month beside newer ones, and who asks chooses which to hand in."""
        statements = {
            "info": intel.tcb_info(False, tcbEvaluationDataNumber=info),
            "identity": intel.qe_identity(False, tcbEvaluationDataNumber=identity),
        }
        assert intel.dcap(authority, **statements).verify(authority.anchors, AT).tcb["tcb_evaluation"] == 16

    def test_statements_are_refused_out_of_their_time(self, authority) -> None:
        late = intel.tcb_info(False, nextUpdate="2025-06-14T00:00:00Z")
        early = intel.qe_identity(False, issueDate="2025-06-16T00:00:00Z")
        with pytest.raises(errors.Expired):
            intel.dcap(authority, info=late).verify(authority.anchors, AT)
        with pytest.raises(errors.NotYetValid):
            intel.dcap(authority, identity=early).verify(authority.anchors, AT)

    def test_a_statement_of_another_kind_is_refused(self, authority) -> None:
        with pytest.raises(errors.BadEvidence):
            intel.dcap(authority, info=intel.tcb_info(True)).verify(authority.anchors, AT)

    def test_only_intels_signing_certificate_signs_statements(self, authority) -> None:
        with pytest.raises(errors.BrokenChain):
            intel.dcap(authority, signer="Intel SGX PCK Certificate").verify(authority.anchors, AT)

    def test_a_revoked_platform_is_refused(self, authority) -> None:
        with pytest.raises(errors.Revoked):
            intel.dcap(authority, revoked=(77,)).verify(authority.anchors, AT)

    @pytest.mark.parametrize("part", ["tcb_info", "qe_identity"])
    def test_no_byte_of_a_statement_can_be_changed(self, authority, part) -> None:
        bundle = intel.dcap(authority)
        for name in (part, f"{part}_signature"):
            data = bundle.collateral[name]
            for at in range(0, len(data), 17):
                changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                with pytest.raises(HallmarkError):
                    with_collateral(bundle, **{name: changed}).verify(authority.anchors, AT)
