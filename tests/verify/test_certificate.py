"""A certificate is real, in force, and for exactly this product; or the reader hears why not."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.certificate.form import BadForm, MachineForm, ProvenEntry, ProvenStatus
from hallmark.certificate.status import Status
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import BadSignature, SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import NotIncluded
from hallmark.ledger.note import BadNote, BadNoteSignature
from hallmark.ledger.policy import QuorumMissing, UnknownLog
from hallmark.ledger.sorted_map import NotPresent, SortedMap
from hallmark.statement import envelope
from hallmark.statement.certificate import status_digest
from hallmark.verify.bundle import OtherEpoch
from hallmark.verify.certificate import WrongParts, verify_certificate
from verify.register import Register, copy_of, parsed, state_status
from world.cast import key, org, public

WITNESSES = ("a", "b", "c", "d")


# What a genuine certificate says.


def test_a_certificate_in_force_says_for_what_by_whom_and_since_when(certified):
    market, number = certified
    answer = verify_certificate(Register(market).form(number).encode(), parsed(), market.clock)
    assert (answer.status, answer.reading.since) == (Status.IN_FORCE, market.today)
    assert answer.number == number
    assert (answer.record["product"]["model"], answer.record["product"]["version"]) == ("LW-1", "1.0.0")
    assert answer.record["body"]["id"] == org("northern")
    assert answer.record_digest == market.state.get(f"certificate/{number}")["record"]
    assert (answer.known_at, answer.age, answer.why) == (market.clock, 0, None)
    assert answer.vouched_by == (Text("模拟运营方", "The simulated operator"),)
    assert answer.development


def test_the_machine_form_is_one_with_its_bytes(certified):
    market, number = certified
    form = Register(market).form(number)
    assert MachineForm.parse(form.encode()) == form


# No other bytes give any answer.


def flips(data, every_bit):
    for at in range(len(data)):
        for bit in range(8) if every_bit else (at % 8,):
            yield data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def accepted(data, bundle, at, every_bit=False):
    count = 0
    for flipped in flips(data, every_bit):
        try:
            verify_certificate(flipped, bundle, at)
            count += 1
        except HallmarkError:
            continue
    return count


def test_a_flipped_bit_in_any_byte_is_refused(certified):
    market, number = certified
    assert accepted(Register(market).form(number).encode(), parsed(), market.clock) == 0


@pytest.mark.long
def test_every_flipped_bit_is_refused_with_all_witnesses_asked_for(certified):
    market, number = certified
    data = Register(market, WITNESSES).form(number).encode()
    assert accepted(data, parsed(WITNESSES, 4), market.clock, every_bit=True) == 0


def test_only_the_line_of_a_witness_nobody_needs_may_be_damaged_and_then_it_vouches_no_more(certified):
    market, number = certified
    data = Register(market, ("a", "b")).form(number).encode()
    bundle = parsed(("a", "b"), 1)
    whole = verify_certificate(data, bundle, market.clock)
    for at in range(data.index(b"log.example"), data.index(b"fissued")):  # the note; the rest is another test's
        flipped = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        try:
            answer = verify_certificate(flipped, bundle, market.clock)
        except HallmarkError:
            continue
        nobody = {"vouched_by": (), "attested": ()}
        assert dataclasses.replace(answer, **nobody) == dataclasses.replace(whole, **nobody)
        assert set(answer.vouched_by) < set(whole.vouched_by)


@given(st.data())
def test_no_bytes_whatever_raise_anything_but_ours(data):
    shape = data.draw(st.binary(max_size=200) | st.just(b"\xa6dformvhallmark/certificate/1"))
    with pytest.raises(HallmarkError):
        MachineForm.parse(shape)


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_truncated_form_is_refused(certified, cut):
    market, number = certified
    with pytest.raises(HallmarkError):
        MachineForm.parse(Register(market).form(number).encode()[:cut])


def test_a_form_of_half_a_megabyte_is_not_even_read():
    with pytest.raises(BadForm):
        MachineForm.parse(bytes(512 * 1024 + 1))


# Parts of two genuine certificates.


@pytest.fixture(scope="module")
def two(_certified):
    """The forms of two certificates of one register."""
    market, first = copy_of(_certified[0]), _certified[1]
    market.pass_time(days=1)
    _, second = market.certified(product={**market.application()["product"], "version": "2.0.0"})
    state_status(market)
    register = Register(market)
    return market, register.form(first), register.form(second)


@pytest.mark.parametrize("part", ["issued", "status"])
def test_parts_of_two_certificates_do_not_make_one(two, part):
    market, first, second = two
    verify_certificate(first.encode(), parsed(), market.clock)
    mixed = dataclasses.replace(first, **{part: getattr(second, part)})
    with pytest.raises((NotPresent, WrongParts)):
        verify_certificate(mixed.encode(), parsed(), market.clock)


def test_the_record_of_one_status_with_the_proof_of_another_is_not_present(two):
    market, first, second = two
    for record, presence in ((first.status.record, second.status.presence), (second.status.record, None)):
        status = ProvenStatus(record, presence or first.status.presence)
        with pytest.raises((NotPresent, HallmarkError)):
            verify_certificate(dataclasses.replace(first, status=status).encode(), parsed(), market.clock)


def test_what_both_share_may_be_swapped_and_nothing_changes(two):
    _, first, second = two
    mixed = dataclasses.replace(first, stated=second.stated, issuer=second.issuer, checkpoint=second.checkpoint)
    assert mixed.encode() == first.encode()


def test_a_record_made_up_for_the_status_is_not_the_one_stated(certified):
    market, number = certified
    market.set_status("withdrawn", number)
    state_status(market)
    form = Register(market).form(number)
    history = form.status.record["history"][:1]
    status = ProvenStatus({**form.status.record, "history": history}, form.status.presence)
    assert verify_certificate(form.encode(), parsed(), market.clock).status is Status.WITHDRAWN
    with pytest.raises(NotPresent):
        verify_certificate(dataclasses.replace(form, status=status).encode(), parsed(), market.clock)


@pytest.mark.parametrize(("part", "kind"), [("issued", "time.told"), ("issuer", "time.told"), ("stated", "time.told")])
def test_another_kind_of_statement_cannot_stand_in(certified, part, kind):
    market, number = certified
    register = Register(market)
    index, encoded = register.find(kind, org("operator"))
    other = ProvenEntry(encoded, index, tuple(register.tree.prove_inclusion(index)))
    with pytest.raises(WrongParts, match=kind):
        verify_certificate(dataclasses.replace(register.form(number), **{part: other}).encode(), parsed(), market.clock)


def test_an_entry_at_another_index_is_not_included(certified):
    market, number = certified
    form = Register(market).form(number)
    moved = dataclasses.replace(form.issued, index=form.issued.index - 1)
    with pytest.raises(NotIncluded):
        verify_certificate(dataclasses.replace(form, issued=moved).encode(), parsed(), market.clock)


# The status belongs to the certificate.


def test_a_status_stated_before_the_certificate_was_issued_is_refused(signed_off):
    market, case = signed_off
    state_status(market)
    early = Register(market).find("status.stated", org("operator"))
    number = market.issue(case)
    state_status(market)
    register = Register(market)
    late = register.find("status.stated", org("operator"))
    index, encoded = early
    stated = ProvenEntry(encoded, index, tuple(register.tree.prove_inclusion(index)))
    assert verify_certificate(register.form(number, stated=late).encode(), parsed(), market.clock)
    with pytest.raises(WrongParts, match="before the certificate was issued"):
        verify_certificate(dataclasses.replace(register.form(number), stated=stated).encode(), parsed(), market.clock)


def test_a_status_that_stands_before_its_certificate_is_refused_whatever_it_says(certified):
    market, number = certified
    issued = market.ledger.pop(-3)
    assert envelope.parse(issued[0]).draft.kind.name == "certificate.issued"
    market.ledger.append(issued)  # as only a log that breaks the rules has it
    with pytest.raises(WrongParts, match="before the certificate was issued"):
        verify_certificate(Register(market).form(number).encode(), parsed(), market.clock)


@pytest.mark.parametrize(
    "change",
    [
        {"valid_until": "2099-12-31"},
        {"valid_from": "2020-01-01"},
        {"body": org("southern")},
        {"record": bytes(32)},
    ],
)
def test_a_status_that_contradicts_the_record_is_refused_even_where_it_was_stated(certified, change):
    market, number = certified
    record = {**market.state.get(f"certificate/{number}"), **change}
    lie = SortedMap({number: status_digest(record)})
    claims = {"size": 1, "root": lie.root, "at": market.clock}
    stated, _ = market.prepare("status.stated", "operator", org("operator"), claims)
    market.ledger.append((stated.encoded, ()))
    register = Register(market)
    register.map = lie
    with pytest.raises(WrongParts, match="status"):
        verify_certificate(register.form(number, status=record).encode(), parsed(), market.clock)


# Whom the reader trusts.


def test_a_bundle_of_another_environment_does_not_take_it(certified):
    market, number = certified
    data = Register(market).form(number).encode()
    with pytest.raises(WrongParts, match="simulated market"):
        verify_certificate(data, parsed(environment="production"), market.clock)


def test_a_log_of_another_name_is_unknown(certified):
    market, number = certified
    data = Register(market, origin="log.example/other").form(number).encode()
    with pytest.raises(UnknownLog):
        verify_certificate(data, parsed(), market.clock)


@pytest.mark.parametrize(("file", "trusted"), [("e2", "e1"), ("e1", "e2"), ("e10", "e1")])
def test_a_file_of_another_epoch_than_the_bundle_says_so_and_what_to_do(certified, file, trusted):
    market, number = certified
    ledger = "log.example/simulated"
    form = Register(market, origin=f"{ledger}/{file}").form(number).encode()
    with pytest.raises(
        OtherEpoch, match=f"of epoch {file[1:]} of the ledger and your trust bundle of epoch {trusted[1:]}"
    ):
        verify_certificate(form, parsed(origin=f"{ledger}/{trusted}"), market.clock)


@pytest.mark.parametrize("origin", ["log.example/simulated/e0", "log.example/simulated", "log.example/other/e2"])
def test_what_is_no_other_epoch_of_the_ledger_is_of_an_unknown_log(certified, origin):
    market, number = certified
    with pytest.raises(UnknownLog):
        verify_certificate(Register(market, origin=origin).form(number).encode(), parsed(), market.clock)


def test_a_log_of_the_same_name_with_another_key_is_unknown(certified):
    market, number = certified
    data = Register(market, log="impostor").form(number).encode()
    with pytest.raises(UnknownLog):
        verify_certificate(data, parsed(), market.clock)


def test_a_checkpoint_of_another_log_does_not_hold_these_entries(certified, signed_off):
    market, number = certified
    other = Register(signed_off[0]).checkpoint
    form = dataclasses.replace(Register(market).form(number), checkpoint=other)
    with pytest.raises(HallmarkError):
        verify_certificate(form.encode(), parsed(), market.clock)


def test_the_operator_may_change_both_its_keys(certified):
    market, number = certified
    fresh = SoftwareSigner.from_seed(b"operator's second key           ")
    rekeyed = {"key": public(fresh), "hosted": True, "reason": "yearly"}
    market.submit("organisation.rekeyed", "operator", org("operator"), rekeyed)
    state_status(market, operator=fresh)
    data = Register(market, log="operator's successor").form(number).encode()
    with pytest.raises(UnknownLog):
        verify_certificate(data, parsed(), market.clock)
    both = parsed(logs=("operator", "operator's successor"))
    assert verify_certificate(data, both, market.clock).status is Status.IN_FORCE


@pytest.mark.parametrize("threshold", [1, 2, 3, 4])
@pytest.mark.parametrize("signed", [0, 1, 2, 3, 4])
def test_a_quorum_is_k_of_n_and_not_one_fewer(certified, threshold, signed):
    market, number = certified
    data = Register(market, WITNESSES[:signed]).form(number).encode()
    bundle = parsed(WITNESSES, threshold)
    if signed < threshold:
        with pytest.raises(QuorumMissing):
            verify_certificate(data, bundle, market.clock)
    else:
        names = [voucher.en for voucher in verify_certificate(data, bundle, market.clock).vouched_by]
        assert names == ["The simulated operator", *(f"Witness {who}" for who in WITNESSES[:signed])]


def test_one_witness_signing_twice_is_one_witness(certified):
    market, number = certified
    form = Register(market, ("a",)).form(number)
    twice = dataclasses.replace(form, checkpoint=form.checkpoint.with_signatures(form.checkpoint.signatures[1:]))
    with pytest.raises(QuorumMissing):
        verify_certificate(twice.encode(), parsed(WITNESSES, 2), market.clock)


def test_a_witness_unknown_to_the_reader_neither_counts_nor_harms(certified):
    market, number = certified
    data = Register(market, ("a", "stranger")).form(number).encode()
    answer = verify_certificate(data, parsed(("a",), 1), market.clock)
    assert len(answer.vouched_by) == 2
    with pytest.raises(QuorumMissing):
        verify_certificate(data, parsed(("a", "b"), 2), market.clock)


def test_a_known_witness_whose_signature_is_of_other_bytes_spoils_it(certified):
    market, number = certified
    register = Register(market, ("a",))
    market.pass_time()
    later = Register(market, ("a",))
    swapped = later.checkpoint.signatures[1:]
    form = register.form(number)
    note = dataclasses.replace(form.checkpoint, signatures=(form.checkpoint.signatures[0], *swapped))
    with pytest.raises(BadNoteSignature):
        verify_certificate(dataclasses.replace(form, checkpoint=note).encode(), parsed(("a",), 1), market.clock)


def test_a_checkpoint_without_signatures_is_no_note(certified):
    market, number = certified
    data = Register(market).form(number).encode()
    line = Register(market).checkpoint.signatures[0].line.encode()
    with pytest.raises((BadNote, HallmarkError)):
        verify_certificate(data.replace(line, b" " * len(line)), parsed(), market.clock)


# The body's key.


def rekey(market, who, seed):
    fresh = SoftwareSigner.from_seed(seed.ljust(32))
    claims = {"key": public(fresh), "hosted": True, "reason": "yearly"}
    market.submit("organisation.rekeyed", "bank", org(who), claims)
    return fresh


def issue_with(market, case, body_key):
    """Issue the certificate of a signed-off case under the body's present key."""
    from hallmark.rules import certificate

    today = instant.parse_date(market.today)
    number = certificate.next_number(market.state, market.edition(), market.case(case), today)
    market.submit("certificate.issued", "northern", number, market.certificate(case), signer=body_key)
    state_status(market)
    return number


def test_a_body_with_a_new_key_staples_the_entry_that_gave_it(signed_off):
    market, case = signed_off
    fresh = rekey(market, "northern", b"northern two")
    number = issue_with(market, case, fresh)
    register = Register(market)
    current = register.find("organisation.rekeyed", org("northern"))
    data = register.form(number, issuer=current).encode()
    assert verify_certificate(data, parsed(), market.clock).status is Status.IN_FORCE


def test_the_entry_of_a_key_that_the_body_no_longer_had_does_not_verify_its_signature(signed_off):
    market, case = signed_off
    fresh = rekey(market, "northern", b"northern two")
    number = issue_with(market, case, fresh)
    data = Register(market).form(number).encode()  # with the registration, and its first key
    with pytest.raises(BadSignature):
        verify_certificate(data, parsed(), market.clock)


def test_a_key_given_after_the_certificate_is_refused(certified):
    market, number = certified
    rekey(market, "northern", b"northern two")
    state_status(market)
    register = Register(market)
    later = register.find("organisation.rekeyed", org("northern"))
    assert verify_certificate(register.form(number).encode(), parsed(), market.clock)
    with pytest.raises(WrongParts, match="given later"):
        verify_certificate(register.form(number, issuer=later).encode(), parsed(), market.clock)


def test_the_same_key_given_to_another_body_is_refused(certified):
    market, number = certified
    register = Register(market)
    other = register.find("organisation.registered", org("southern"))
    with pytest.raises(WrongParts, match="another organisation"):
        verify_certificate(register.form(number, issuer=other).encode(), parsed(), market.clock)


def forged(market, issuer, signer_, **changes):
    """Return the market's ledger with a certificate that no rule admitted, its status made to fit."""
    number = next(key_ for key_, _ in market.state.scan("certificate/")).removeprefix("certificate/")
    index = next(
        at for at, (e, _) in enumerate(market.ledger) if envelope.parse(e).draft.kind.name == "certificate.issued"
    )
    draft = envelope.parse(market.ledger[index][0]).draft
    market.ledger[index] = (envelope.sign(dataclasses.replace(draft, issuer=issuer, **changes), [], signer_), ())
    return number, index


def test_a_certificate_that_names_another_body_than_its_issuer_is_refused(certified):
    market, _ = certified
    number, index = forged(market, org("southern"), key("southern"))
    register = Register(market)
    issuer = register.find("organisation.registered", org("southern"))
    form = register.form(number, issued=(index, market.ledger[index][0]), issuer=issuer)
    with pytest.raises(WrongParts, match="another body"):
        verify_certificate(form.encode(), parsed(), market.clock)


def test_a_log_that_holds_what_no_rule_admitted_still_lacks_the_bodys_signature(certified):
    market, _ = certified
    number, index = forged(market, org("northern"), key("mallory"))
    form = Register(market).form(number, issued=(index, market.ledger[index][0]))
    with pytest.raises(BadSignature):
        verify_certificate(form.encode(), parsed(), market.clock)


def test_what_a_body_signs_beside_the_rules_has_no_status_of_its_own(certified):
    market, _ = certified
    record = dict(envelope.parse(Register(market).find("certificate.issued", certified[1])[1]).draft.public)
    record["product"] = {**record["product"], "version": "9.9.9"}
    number, index = forged(market, org("northern"), key("northern"), public=record)
    form = Register(market).form(number, issued=(index, market.ledger[index][0]))
    with pytest.raises(WrongParts, match="another record"):
        verify_certificate(form.encode(), parsed(), market.clock)


def test_known_limit_a_retired_key_and_a_lying_quorum_together_are_not_seen(signed_off):
    """No rule admits it; only a log whose quorum breaks the rules holds it. Offline nobody can see the rekeying."""
    honest, lying = copy_of(signed_off[0]), signed_off[0]
    rekey(honest, "northern", b"northern two")
    with pytest.raises(BadSignature):
        honest.issue(signed_off[1])
    number = lying.issue(signed_off[1])
    issued = lying.ledger.pop()
    rekey(lying, "northern", b"northern two")
    lying.ledger.append(issued)
    state_status(lying)
    assert verify_certificate(Register(lying).form(number).encode(), parsed(), lying.clock)


def test_every_refusal_has_its_words_in_both_languages(certified):
    market, number = certified
    data = Register(market).form(number).encode()
    for bundle in (parsed(environment="production"), parsed(logs=("impostor",)), parsed(("a",), 1)):
        with pytest.raises(HallmarkError) as caught:
            verify_certificate(data, bundle, market.clock)
        assert caught.value.explain("zh") != caught.value.explain("en")
