"""A printed code proves that a certificate was issued, and nothing of its status."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate import qr
from hallmark.certificate.form import ProvenEntry
from hallmark.certificate.status import Status
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ML_DSA_44
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import BadNoteSignature, Note
from hallmark.ledger.policy import QuorumMissing, UnknownLog
from hallmark.statement import envelope
from hallmark.statement.certificate import record_digest
from hallmark.verify.certificate import WrongParts
from hallmark.verify.printed import ProvesNothing, verify_printed
from verify.register import Register, parsed, signer
from world.cast import key, org

WITNESSES = ("a", "b", "c")


@pytest.fixture
def printed(certified):
    """The register, the number of a certificate, and its printed code, co-signed by three."""
    market, number = certified
    register = Register(market, WITNESSES)
    return register, number, qr.encode_proof(register.form(number).issued, register.checkpoint)


def test_a_printed_code_proves_issue_and_never_status(printed):
    register, number, text = printed
    answer = verify_printed(text, parsed(WITNESSES, 3))
    record = register.record(number)
    assert (answer.number, answer.record) == (number, record)
    assert answer.record_digest == record_digest(number, record)
    assert (answer.status, answer.known_at, answer.age) == (Status.UNKNOWN, None, None)
    assert "issued" in answer.why.en
    assert [voucher.en for voucher in answer.vouched_by] == [
        "The simulated operator",
        "Witness a",
        "Witness b",
        "Witness c",
    ]


def test_it_fits_its_budget_with_room_to_spare(printed):
    _, _, text = printed
    assert (len(text) - 4) * 2 // 3 <= 1_300


def test_the_code_stays_within_the_characters_of_a_qr_codes_densest_mode(printed):
    segno = pytest.importorskip("segno")
    code = segno.make(printed[2], error="m", boost_error=False)
    assert (code.mode, code.error) == ("alphanumeric", "M")


def test_no_changed_character_gives_another_answer(printed):
    _, _, text = printed
    bundle = parsed(WITNESSES, 3)
    whole = verify_printed(text, bundle)
    for at in range(4, len(text), 3):
        other = "A" if text[at] != "A" else "B"
        try:
            answer = verify_printed(text[:at] + other + text[at + 1 :], bundle)
        except HallmarkError:
            continue
        assert answer == whole  # another way to compress the same content


def test_a_quorum_is_asked_of_paper_too(certified):
    market, number = certified
    register = Register(market, ("a",))
    text = qr.encode_proof(register.form(number).issued, register.checkpoint)
    assert verify_printed(text, parsed(WITNESSES, 1))
    with pytest.raises(QuorumMissing):
        verify_printed(text, parsed(WITNESSES, 2))


def test_a_log_that_is_not_trusted_is_unknown(printed):
    with pytest.raises(UnknownLog):
        verify_printed(printed[2], parsed(logs=("impostor",)))


def test_a_log_of_another_name_is_unknown_for_names_and_keys_go_together(printed):
    with pytest.raises(UnknownLog):
        verify_printed(printed[2], parsed(origin="log.example/other"))


def test_a_signature_by_another_key_of_the_same_short_identifier_does_not_verify(printed):
    register, number, _ = printed
    line = register.checkpoint.signatures[0]
    other = dataclasses.replace(line, value=Register(register.market, log="impostor").checkpoint.signatures[0].value)
    text = qr.encode_proof(register.form(number).issued, Note(register.checkpoint.text, (other,)))
    with pytest.raises(BadNoteSignature):
        verify_printed(text, parsed())


def test_another_environment_is_refused(printed):
    with pytest.raises(WrongParts):
        verify_printed(printed[2], parsed(environment="production"))


def test_another_kind_of_entry_is_refused(certified):
    market, number = certified
    register = Register(market)
    form = register.form(number)
    with pytest.raises(WrongParts, match=r"organisation\.registered"):
        verify_printed(qr.encode_proof(form.issuer, register.checkpoint), parsed())


def test_a_proof_of_other_content_is_never_printed(certified):
    market, number = certified
    register = Register(market)
    issued = register.form(number).issued
    with pytest.raises(HallmarkError):
        qr.encode_proof(dataclasses.replace(issued, encoded=issued.encoded + b"\0"), register.checkpoint)


def test_a_proof_that_is_too_large_says_so_and_the_reference_says_that_it_proves_nothing(certified):
    market, number = certified
    register = Register(market)
    head = Checkpoint.parse(register.checkpoint.text)
    mirror = cosignature.sign(head, "m.example", signer("m", ML_DSA_44), 1)
    with pytest.raises(qr.TooLargeToPrint, match="Print the reference instead"):
        qr.encode_proof(register.form(number).issued, register.checkpoint.with_signatures([mirror]))
    digest = market.state.get(f"certificate/{number}")["record"]
    text = qr.encode_reference(number, digest, f"https://register.example/certificates/{number}")
    with pytest.raises(ProvesNothing, match=digest.hex()):
        verify_printed(text, parsed())


def test_signatures_of_nobody_do_not_count(certified):
    market, number = certified
    register = Register(market)
    strangers = Note(register.checkpoint.text, Register(market, ("a",)).checkpoint.signatures[1:])
    text = qr.encode_proof(register.form(number).issued, strangers)
    with pytest.raises(UnknownLog):
        verify_printed(text, parsed())


def test_a_record_that_names_another_body_than_its_issuer_is_refused(certified):
    market, number = certified
    index, encoded = Register(market).find("certificate.issued", number)
    draft = dataclasses.replace(envelope.parse(encoded).draft, issuer=org("southern"))
    market.ledger[index] = (envelope.sign(draft, [], key("southern")), ())
    register = Register(market)
    entry = ProvenEntry(register.entries[index], index, tuple(register.tree.prove_inclusion(index)))
    with pytest.raises(WrongParts, match="another body"):
        verify_printed(qr.encode_proof(entry, register.checkpoint), parsed())


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=120))
def test_hostile_text_never_raises_anything_but_ours(text):
    with pytest.raises(HallmarkError):
        verify_printed("HM1:" + text, parsed())
