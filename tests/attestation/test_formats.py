"""What holds for every evidence format alike."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attestation import arm, makers
from attestation.makers import AT, REPORT_DATA, Authority
from hallmark.attestation import binding, errors
from hallmark.attestation.claims import LINKS
from hallmark.attestation.formats import FORMATS, Bundle, UnknownFormat
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError, Unverified

PARTS = [(name, part) for name, form in FORMATS.items() for part in form.evidence]
COLLATERAL = [(name, part) for name, form in FORMATS.items() for part in form.collateral]
DATED = [name for name in FORMATS if name not in ("hygon-csv", "arm-cca")]


@pytest.mark.parametrize("name", FORMATS)
def test_evidence_verifies_and_carries_the_report_data(name, bundles, anchors) -> None:
    claims = bundles[name].verify(anchors, AT)
    assert claims.format == name
    assert claims.report_data == FORMATS[name].expected(REPORT_DATA)
    assert claims.measurements and claims.signers[-1] in anchors
    assert set(claims.missing) <= LINKS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_an_archived_bundle_verifies_to_the_same_claims(name, bundles, anchors) -> None:
    again = Bundle.decode(bundles[name].encode())
    assert again == bundles[name]
    assert again.verify(anchors, AT) == bundles[name].verify(anchors, AT)


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_evidence_cut_off_anywhere_is_refused(name, part, bundles, anchors) -> None:
    bundle = bundles[name]
    whole = bundle.evidence[part].rstrip(b"\x00")  # a page may be padded with zeros, and the padding cut off
    for size in range(len(whole)):
        short = replace(bundle, evidence={**bundle.evidence, part: whole[:size]})
        with pytest.raises(HallmarkError):
            short.verify(anchors, AT)


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_no_byte_of_the_evidence_can_be_changed(name, part, bundles, anchors, unchangeable) -> None:
    unchangeable(bundles[name], anchors, part, 1 + len(bundles[name].evidence[part]) // 80, AT)


@pytest.mark.parametrize(("name", "part"), COLLATERAL)
def test_no_byte_of_the_collateral_can_be_changed(name, part, bundles, anchors, unchangeable) -> None:
    unchangeable(bundles[name], anchors, part, 1 + len(bundles[name].collateral[part]) // 30, AT)


@pytest.mark.long
@pytest.mark.parametrize(("name", "part"), PARTS + COLLATERAL)
def test_no_byte_at_all_can_be_changed(name, part, bundles, anchors, unchangeable) -> None:
    unchangeable(bundles[name], anchors, part, 1, AT)


@pytest.mark.parametrize("name", FORMATS)
def test_another_root_is_no_trust_anchor(name, bundles) -> None:
    with pytest.raises(errors.UntrustedRoot):
        bundles[name].verify(frozenset({bytes(32)}), AT)


@pytest.mark.parametrize("name", DATED)
def test_evidence_is_refused_after_its_certificates_ended(name, bundles, anchors) -> None:
    with pytest.raises(errors.Expired):
        bundles[name].verify(anchors, AT + 11 * instant.DAY)


@pytest.mark.parametrize("name", DATED)
def test_evidence_is_refused_before_its_certificates_began(name, bundles, anchors) -> None:
    with pytest.raises(errors.NotYetValid):
        bundles[name].verify(anchors, AT - 11 * instant.DAY)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("nitro", "hygon-csv", "android-key")])
def test_collateral_of_another_vendor_is_refused(name, bundles, anchors) -> None:
    other = Authority(seed=101)
    makers_of = {"tpm": makers.tpm, "sev-snp": makers.snp, "azure-snp-vtpm": makers.azure}
    makers_of["arm-cca"] = arm.arm_cca
    if name in makers_of:
        swapped = makers_of[name](other).collateral
        with pytest.raises(errors.UntrustedRoot):
            replace(bundles[name], collateral=swapped).verify(anchors, AT)
    else:
        swapped = bundles[name].collateral | {"pck_crl": other.revocation_list()}
        with pytest.raises(errors.BrokenChain):
            replace(bundles[name], collateral=swapped).verify(anchors, AT)


@pytest.mark.parametrize("name", FORMATS)
def test_a_missing_part_is_named(name, bundles, anchors) -> None:
    bundle = bundles[name]
    for part in (part for part, needed in FORMATS[name].evidence.items() if needed):
        rest = {key: value for key, value in bundle.evidence.items() if key != part}
        with pytest.raises(errors.NoPart, match=part):
            replace(bundle, evidence=rest).verify(anchors, AT)


@pytest.mark.parametrize("name", FORMATS)
def test_a_part_that_nobody_reads_is_refused(name, bundles, anchors) -> None:
    with pytest.raises(errors.BadEvidence):
        replace(bundles[name], collateral={**bundles[name].collateral, "note": b""}).verify(anchors, AT)


def test_an_unknown_format_is_refused_with_those_known(anchors) -> None:
    with pytest.raises(UnknownFormat, match="sev-snp"):
        Bundle("tee", {}, {}).verify(anchors, AT)


@pytest.mark.parametrize(
    "data", [b"\x80", b"\x83\x61a\xa0\x40", b"\x83\x61a\xa1\x61b\x01\xa0", b"\x83\x61a\xa1\x01\x40\xa0"]
)
def test_bytes_that_are_no_bundle_are_refused(data) -> None:
    with pytest.raises(errors.BadEvidence):
        Bundle.decode(data)


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_any_bytes_whatever_are_refused_with_our_errors(name, part, bundles, anchors) -> None:
    bundle = bundles[name]

    @settings(max_examples=25, deadline=None, database=None)
    @given(st.binary(max_size=400), st.integers(0, 4000))
    def check(junk: bytes, at: int) -> None:
        data = bundle.evidence[part]
        spliced = data[:at] + junk + data[at + len(junk) :]
        for mutated in (junk, spliced):
            try:
                said = replace(bundle, evidence={**bundle.evidence, part: mutated}).verify(anchors, AT)
            except HallmarkError:
                continue
            assert said == bundle.verify(anchors, AT)

    check()


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if any(form.collateral)])
def test_any_collateral_whatever_is_refused_with_our_errors(name, bundles, anchors) -> None:
    bundle = bundles[name]

    @settings(max_examples=25, deadline=None, database=None)
    @given(st.sampled_from(sorted(bundle.collateral)), st.binary(max_size=60), st.integers(0, 1500))
    def check(part: str, junk: bytes, at: int) -> None:
        data = bundle.collateral[part]
        for mutated in (junk, data[:at] + junk + data[at + len(junk) :]):
            try:
                replace(bundle, collateral={**bundle.collateral, part: mutated}).verify(anchors, AT)
            except HallmarkError as error:
                assert "?" not in error.explain("en") + error.explain("zh")

    check()


def test_errors_say_which_root_in_both_languages(bundles) -> None:
    with pytest.raises(Unverified) as caught:
        bundles["sev-snp"].verify(frozenset(), AT)
    assert "信任锚" in caught.value.explain("zh") and "trust anchor" in caught.value.explain("en")


def test_narrow_fields_carry_the_digest_of_the_report_data() -> None:
    assert FORMATS["tpm"].expected(REPORT_DATA) == binding.fold(REPORT_DATA)
    assert FORMATS["sev-snp"].expected(REPORT_DATA) == REPORT_DATA
