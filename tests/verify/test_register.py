"""What the register says beyond one certificate: all that it has, and that it has none of a number."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hallmark.certificate import extract
from hallmark.certificate.extract import Absence, DisclosedClaim, Snapshot
from hallmark.certificate.form import BadForm, ProvenEntry
from hallmark.certificate.staple import prove
from hallmark.certificate.status import Status
from hallmark.kernel import canonical, instant
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.merkle import NotIncluded
from hallmark.ledger.policy import QuorumMissing
from hallmark.ledger.sorted_map import NotAbsent
from hallmark.statement.disclosure import WrongDisclosure
from hallmark.verify.certificate import WrongParts
from hallmark.verify.command import CANNOT_TELL, IN_FORCE, NOT_GENUINE, NOT_IN_FORCE, main
from hallmark.verify.register import NotTheWholeRegister, verify_extract
from verify.register import Register, parsed, trust
from world.cast import org

OTHER = "CFP-NORTH-2026-01-000002-4"


@pytest.fixture
def register(certified):
    market, _ = certified
    return Register(market)


def absence(register, number=OTHER):
    return Absence(number, register.map.prove_absence(number), stated(register), register.checkpoint)


def snapshot(register):
    records = {key.removeprefix("certificate/"): record for key, record in register.market.state.scan("certificate/")}
    return Snapshot(records, stated(register), register.checkpoint)


def stated(register) -> ProvenEntry:
    return prove(register.tree, register.checkpoint, register.find("status.stated", org("operator")))


def test_a_number_that_the_register_does_not_have_is_proven_absent(register):
    found = verify_extract(absence(register).encode(), parsed(), register.now)
    assert (found.absent, found.fresh, found.readings) == (OTHER, True, {})
    assert [name.en for name in found.vouched_by] == ["The simulated operator"]


def test_a_certificate_that_exists_cannot_be_shown_to_be_absent(register, certified):
    _, number = certified
    with pytest.raises(NotAbsent):
        absence(register, number)
    forged = replace(absence(register), number=number)
    with pytest.raises(NotAbsent):
        verify_extract(forged.encode(), parsed(), register.now)


def test_a_snapshot_shows_every_certificate_as_of_any_time(register, certified):
    _, number = certified
    data = snapshot(register).encode()
    assert verify_extract(data, parsed(), register.now).readings[number].status is Status.IN_FORCE
    at, fresh_for = register.now + 4 * 366 * instant.DAY, 5 * 366 * instant.DAY
    later = verify_extract(data, parsed(), at, fresh_for=fresh_for)
    assert later.readings[number].status is Status.EXPIRED


def test_a_snapshot_without_one_certificate_is_not_the_whole_register(register):
    with pytest.raises(NotTheWholeRegister):
        verify_extract(replace(snapshot(register), records={}).encode(), parsed(), register.now)


def test_a_snapshot_in_which_a_status_was_changed_is_not_the_register(register, certified):
    _, number = certified
    whole = snapshot(register)
    record = {**whole.records[number], "valid_until": "2039-03-04"}
    with pytest.raises(NotTheWholeRegister):
        verify_extract(replace(whole, records={number: record}).encode(), parsed(), register.now)


def test_both_stand_under_the_quorum_of_the_trust_bundle(register, certified):
    market, _ = certified
    witnesses = ("a", "b", "c")
    under = Register(market, witnesses)
    for file in (absence(under), snapshot(under)):
        assert len(verify_extract(file.encode(), parsed(witnesses, 3), under.now).vouched_by) == 4
        with pytest.raises(QuorumMissing):
            verify_extract(replace(file, checkpoint=register.checkpoint).encode(), parsed(witnesses, 3), under.now)


def test_an_entry_of_another_place_or_another_kind_states_no_status(register):
    file = absence(register)
    moved = replace(file.stated, index=file.stated.index - 1)
    with pytest.raises(NotIncluded):
        verify_extract(replace(file, stated=moved).encode(), parsed(), register.now)
    other = prove(register.tree, register.checkpoint, register.find("time.told", org("operator")))
    with pytest.raises(WrongParts):
        verify_extract(replace(file, stated=other).encode(), parsed(), register.now)


def test_old_knowledge_says_nothing_of_today(register):
    found = verify_extract(absence(register).encode(), parsed(), register.now + 2 * instant.DAY)
    assert not found.fresh and found.age == 2 * instant.DAY


@pytest.mark.parametrize("kind", [absence, snapshot])
def test_an_extract_with_one_bit_changed_anywhere_is_refused(register, kind):
    data = kind(register).encode()
    for at in range(0, len(data), 7):
        changed = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        with pytest.raises(HallmarkError):
            verify_extract(changed, parsed(), register.now)


def test_an_extract_with_more_in_it_is_none(register):
    value = canonical.decode(absence(register).encode())
    with pytest.raises(BadForm):
        extract.parse(canonical.encode({**value, "more": 1}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    st.sampled_from([b"", b"\xa5dformrhallmark/absence/1", b"\xa4dformshallmark/snapshot/1"]), st.binary(max_size=80)
)
def test_whatever_the_bytes_the_parser_refuses_in_its_own_words(start, data):
    with pytest.raises(HallmarkError):
        extract.parse(start + data)


@pytest.fixture
def run(tmp_path, capsys, register):
    (tmp_path / "trust.json").write_bytes(trust())

    def run(file, *options, at=register.now):
        (tmp_path / "file").write_bytes(file.encode())
        told = ["--trust", str(tmp_path / "trust.json"), "--at", instant.to_text(at)]
        code = main([str(tmp_path / "file"), *told, *options])
        return code, *capsys.readouterr()

    return run


def test_the_command_says_so_in_both_languages(run, register, certified):
    code, out, _ = run(absence(register))
    assert code == NOT_IN_FORCE and out.startswith(f"The register has no certificate {OTHER}.\nWarning: this is a dev")
    code, out, _ = run(snapshot(register), "--language", "zh")
    assert code == IN_FORCE and out.startswith("登记簿完整，共 1 张证书。") and f"  {certified[1]}：有效" in out
    code, out, _ = run(snapshot(register), "--json")
    assert json.loads(out)["certificates"] == {certified[1]: {"status": "in-force", "since": "2026-03-04"}}


@pytest.mark.parametrize("kind", [absence, snapshot])
def test_of_a_time_to_come_and_by_a_clock_that_is_behind_nothing_is_told(register, kind):
    file = kind(register).encode()
    known, fresh = register.now, instant.HOUR
    for at, now, words in (
        (known + fresh, known, "the time asked for has not come yet"),
        (known - fresh, known - fresh, "the status was stated later than the clock here shows"),
        (known + fresh + 1, known + fresh + 1, "the knowledge is 1 hours old"),
    ):
        found = verify_extract(file, parsed(), at, now=now, fresh_for=fresh)
        assert not found.fresh and found.why.en.startswith(words)
    assert verify_extract(file, parsed(), known + fresh, now=known + fresh, fresh_for=fresh).fresh


def test_the_command_tells_the_time_asked_about_and_why_it_cannot_tell(run, register):
    later = register.now + 30 * instant.DAY
    code, out, _ = run(snapshot(register), at=later)
    assert code == CANNOT_TELL and f"  Time asked about: {instant.to_text(later)}" in out
    assert "  Why: the knowledge is 720 hours old" in out and "one operator's key alone" in out
    _, out, _ = run(snapshot(register), "--json", at=later)
    assert json.loads(out)["why"]["zh"].startswith("状态信息已过 720 小时")


def test_the_command_cannot_tell_from_an_old_extract_and_trusts_no_forged_one(run, register):
    code, out, _ = run(absence(register), at=register.now + 3 * instant.DAY)
    assert code == CANNOT_TELL and "cannot be told" in out
    code, _, err = run(replace(snapshot(register), records={}))
    assert code == NOT_GENUINE and "not the whole register" in err


# One claim of a statement, shown to somebody who may not see the others.


def claim_of(register, kind, subject, name):
    market = register.market
    index, _ = leaf = register.find(kind, subject)
    (found,) = [each for each in market.ledger[index][1] if each.name == name]
    return DisclosedClaim(prove(register.tree, register.checkpoint, leaf), found, register.checkpoint)


@pytest.fixture
def product(register):
    case = next(key for key, _ in register.market.state.scan("case/")).removeprefix("case/")
    return claim_of(register, "application.submitted", case, "product")


def test_one_claim_is_shown_with_who_made_it_and_nothing_else(register, product):
    said = verify_extract(product.encode(), parsed(), register.now)
    assert (said.kind.name, said.issuer, said.claim) == ("application.submitted", org("lotus"), "product")
    assert said.value["model"] == "LW-1"
    hidden = [each for each in register.market.ledger[product.entry.index][1] if each.name != "product"]
    assert hidden
    for each in hidden:
        assert each.salt not in product.encode()


def test_a_claim_with_another_value_name_or_salt_is_not_what_was_said(register, product):
    claim = product.claim
    for other in (
        replace(claim, value={**claim.value, "model": "LW-2"}),
        replace(claim, name="documents"),
        replace(claim, salt=bytes(16)),
    ):
        with pytest.raises(WrongDisclosure):
            verify_extract(replace(product, claim=other).encode(), parsed(), register.now)


def test_the_command_shows_a_claim(run, product):
    code, out, _ = run(product)
    assert code == IN_FORCE and '"model": "LW-1"' in out and "stay hidden" in out
    code, out, _ = run(product, "--json")
    assert json.loads(out)["value"]["model"] == "LW-1"
