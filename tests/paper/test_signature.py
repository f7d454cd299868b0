"""The seal on a page: what it covers, who made it, and that nothing slips past it."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ED25519, ESP256, SoftwareSigner, from_der
from hallmark.kernel.text import Text
from hallmark.paper import signature
from hallmark.paper.certificate import MACHINE_FORM, render_certificate
from hallmark.paper.signature import NotYourSeal, issue, sign, verify
from hallmark.verify import cms
from hallmark.verify.attachment import NotOurPdf, attachment
from hallmark.verify.page import (
    NoSeal,
    NotASeal,
    PageAltered,
    SealNotTrusted,
    SealNotValid,
    UnverifiedPage,
    _split,
)

_NORTH = Text("北方", "North")
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ALTERED = (PageAltered, NoSeal, SealNotTrusted)


def _ms(*day: int) -> int:
    return int(datetime(*day, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


def test_a_sealed_page_is_verified_and_an_unsealed_one_is_not(page: bytes, sealed: bytes, seal: bytes, at: int) -> None:
    verify(sealed, [seal], at)
    assert sealed.startswith(page)
    with pytest.raises(NoSeal):
        verify(page, [seal], at)


def test_pyhanko_finds_the_same_seal_valid_over_the_whole_file(sealed: bytes, seal: bytes, at: int) -> None:
    from asn1crypto.x509 import Certificate
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    (found,) = PdfFileReader(io.BytesIO(sealed)).embedded_signatures
    moment = datetime.fromtimestamp(at / 1000, UTC)
    context = ValidationContext(trust_roots=[Certificate.load(seal)], moment=moment, allow_fetching=False)
    status = validate_pdf_signature(found, signer_validation_context=context)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.md_algorithm == "sha256"
    assert found.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert found.self_reported_timestamp == moment


def test_poppler_finds_the_same_seal_valid(sealed: bytes, tmp_path: Path) -> None:
    program = shutil.which("pdfsig")
    if program is None:
        pytest.skip("pdfsig (package poppler-utils) is not installed")
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed)
    said = subprocess.run([program, "-nocert", path], capture_output=True, check=False, timeout=20).stdout.decode()
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "Signature #2" not in said


def test_a_page_says_when_it_was_sealed_and_keeps_its_own_date(sealed: bytes) -> None:
    assert rb"/M (D\07220260601080000Z)" in sealed
    assert sealed.count(b"/ModDate") == 2  # of the page and of the file inside; sealing adds none


def test_every_flipped_bit_is_refused_in_the_part_that_the_seal_added(
    page: bytes, sealed: bytes, seal: bytes, at: int
) -> None:
    chance = random.Random(7)
    start = sealed.index(b"/Contents <", len(page))
    padding = sealed.index(b"0" * 64, start)
    dense = [*range(len(page), padding), *range(sealed.index(b">", padding), len(sealed))]
    for place in dense + chance.sample(range(padding, sealed.index(b">", padding)), 200):
        changed = bytearray(sealed)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(_ALTERED):
            verify(bytes(changed), [seal], at)


@given(st.data())
def test_every_flipped_bit_is_refused_anywhere(sealed: bytes, seal: bytes, at: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(_ALTERED):
        verify(bytes(changed), [seal], at)


@given(st.data())
def test_bytes_put_in_or_left_out_are_refused(sealed: bytes, seal: bytes, at: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(_ALTERED):
        verify(sealed[:place] + data.draw(st.binary(min_size=1, max_size=9)) + sealed[place:], [seal], at)
    with pytest.raises(_ALTERED):
        verify(sealed[:place] + sealed[place + data.draw(st.integers(1, 9)) :], [seal], at)


def test_a_revision_after_the_seal_is_refused(sealed: bytes, seal: bytes, at: int) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    writer.root["/PageLayout"] = generic.NameObject("/SinglePage")
    writer.update_root()
    revised = io.BytesIO()
    writer.write(revised)
    assert revised.getvalue().startswith(sealed)
    with pytest.raises(NoSeal):
        verify(revised.getvalue(), [seal], at)


def test_a_second_seal_over_the_first_is_refused(
    sealed: bytes, seal: bytes, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mallory = SoftwareSigner.generate(ESP256)
    own = issue(_NORTH, mallory, date(2026, 1, 1), date(2030, 12, 31))
    monkeypatch.setattr(signature, "FIELD", "Other")
    with pytest.raises(SealNotTrusted):
        verify(sign(sealed, mallory, own, at), [seal], at)


def test_a_genuine_machine_form_in_a_forged_page_leaves_the_page_unverified(
    number: str, record: dict[str, Any], machine_form: bytes, seal: bytes, at: int
) -> None:
    record["product"]["version"] = "7.0.0"
    forged = render_certificate(number, record, machine_form, at)
    mallory = SoftwareSigner.generate(ESP256)
    name = Text("北方金融科技认证中心", "Northern Fintech Certification Centre")
    own = issue(name, mallory, date(2026, 1, 1), date(2030, 12, 31))
    for pdf in (forged, sign(forged, mallory, own, at)):
        assert attachment(pdf, MACHINE_FORM) == machine_form
        with pytest.raises(UnverifiedPage):
            verify(pdf, [seal], at)


def test_only_a_trusted_seal_counts(page: bytes, sealed: bytes, seal: bytes, signer: SoftwareSigner, at: int) -> None:
    other = issue(_NORTH, signer, date(2026, 1, 1), date(2030, 12, 31))
    verify(sealed, [other, seal], at)
    for trusted in ([], [other]):
        with pytest.raises(SealNotTrusted):
            verify(sealed, trusted, at)
    verify(sign(page, signer, other, at), [other, seal], at)


def test_a_seal_counts_on_its_first_and_last_day_alone(sealed: bytes, seal: bytes) -> None:
    verify(sealed, [seal], _ms(2026, 1, 1))
    verify(sealed, [seal], _ms(2031, 1, 1) - 1)
    for at in (_ms(2026, 1, 1) - 1, _ms(2031, 1, 1)):
        with pytest.raises(SealNotValid):
            verify(sealed, [seal], at)


def test_the_other_form_of_the_same_signature_is_refused(sealed: bytes, seal: bytes, at: int) -> None:
    digest, found = _split(sealed)
    raw = from_der(cms.signature_in(found))
    high = raw[:32] + (_P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    verify(_with_cms(sealed, found, cms.compose(seal, digest, raw)), [seal], at)
    with pytest.raises(PageAltered):
        verify(_with_cms(sealed, found, cms.compose(seal, digest, high)), [seal], at)


def _with_cms(sealed: bytes, old: bytes, new: bytes) -> bytes:
    start = sealed.index(old.hex().upper().encode())
    end = sealed.index(b">", start)
    return sealed[:start] + new.hex().upper().encode().ljust(end - start, b"0") + sealed[end:]


def test_a_signature_by_another_key_under_the_same_certificate_is_refused(sealed: bytes, seal: bytes, at: int) -> None:
    digest, found = _split(sealed)
    forged = SoftwareSigner.generate(ESP256).sign(cms.attributes(seal, digest))
    with pytest.raises(PageAltered):
        verify(_with_cms(sealed, found, cms.compose(seal, digest, forged)), [seal], at)


@given(st.binary(max_size=300))
def test_what_is_no_sealed_pdf_is_refused_and_nothing_else_happens(seal: bytes, at: int, data: bytes) -> None:
    for pdf in (data, b"/ByteRange [0 1 5 9]" + data, b"/ByteRange [0 40 60 9] " + b"<" + data + b">"):
        with pytest.raises(UnverifiedPage):
            verify(pdf, [seal], at)


def test_a_page_is_sealed_once_by_the_key_of_a_certificate_in_force(
    page: bytes, sealed: bytes, signer: SoftwareSigner, seal: bytes, at: int
) -> None:
    with pytest.raises(NotYourSeal):
        sign(sealed, signer, seal, at)
    with pytest.raises(NotYourSeal):
        sign(page, SoftwareSigner.generate(ESP256), seal, at)
    with pytest.raises(NotYourSeal):
        sign(page, signer, seal, _ms(2025, 12, 31))
    with pytest.raises(NotOurPdf):
        sign(b"%PDF-1.7 nothing", signer, seal, at)
    with pytest.raises(NotASeal):
        sign(page, signer, b"\x30\x00", at)


def test_a_seal_is_p256_self_issued_and_the_same_for_the_same_facts(signer: SoftwareSigner) -> None:
    days = (date(2026, 1, 1), date(2028, 2, 29))
    one, other = (x509.load_der_x509_certificate(issue(_NORTH, signer, *days)) for _ in range(2))
    assert one.serial_number == other.serial_number
    assert one.issuer == one.subject
    assert one.not_valid_after_utc == datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)
    one.verify_directly_issued_by(one)
    assert not one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    with pytest.raises(NotASeal):
        issue(_NORTH, SoftwareSigner.generate(ED25519), *days)


def test_a_name_that_looks_like_a_seal_does_not_hinder_sealing(
    number: str, record: dict[str, Any], signer: SoftwareSigner, seal: bytes, at: int
) -> None:
    record["product"]["name"] = {"zh": "/ByteRange [0 1 2 3]", "en": "/ByteRange [0 1 2 3]"}
    verify(sign(render_certificate(number, record, b"/ByteRange [0 1 2 3]", at), signer, seal, at), [seal], at)


def test_the_errors_speak_both_languages(sealed: bytes, seal: bytes, at: int) -> None:
    with pytest.raises(HallmarkError) as refused:
        verify(sealed + b" ", [seal], at)
    assert "whole file" in refused.value.explain("en")
    assert "整个文件" in refused.value.explain("zh")
