"""A record can be decided again from itself; a person's judgement is added to it and never changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.lab.kit import Judgement, Verdict
from hallmark.lab.record import HandJudgement, NotARecord, NotForPeople, ReplayDiffers, decode, plain, replay
from hallmark.lab.runner import run
from hallmark.lab.sample import take

if TYPE_CHECKING:
    from hallmark.lab.kit import Kit
    from hallmark.lab.record import Record

ALICE = HandJudgement("P-02", "person-a", Verdict.PASS, "labels are legible", 5, ("ab" * 32,))


@pytest.fixture(scope="module")
def record(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Record:
    path = tmp_path_factory.mktemp("sample") / "text.txt"
    path.write_bytes(b"hello")
    manifest = take(path, kit.roles, product="Chip", model="C1", version="1")
    names = ("P-01", "P-02", "P-03", "P-fail", "P-program")
    small = replace(kit, items=tuple(item for item in kit.items if item.id in names))
    return run(small, manifest, seed=b"s", at=1, limits={"P-01": {"least": "3.5"}})


def test_a_record_survives_its_own_encoding(record: Record, kit: Kit) -> None:
    again = decode(record.encode())
    assert again.encode() == record.encode()
    assert again.digest == record.digest
    replay(again, kit)


def test_a_record_holds_no_floats_but_keeps_the_observation_exactly(record: Record) -> None:
    canonical.encode(record.statement())
    assert record.measurements[0].outcome.value["ratio"] == 5 / 3
    assert record.statement()["items"][0]["judgement"]["values"] == {"letters": 5, "least": "3.5"}
    assert plain({"a": (1.5, Text("一", "one"))}) == {"a": ["1.5", {"zh": "一", "en": "one"}]}


def test_replaying_finds_a_verdict_that_does_not_follow(record: Record, kit: Kit) -> None:
    for name, verdict in (("P-01", Verdict.FAIL), ("P-02", Verdict.PASS), ("P-fail", Verdict.FAIL)):
        false = Judgement(verdict, record.judgements[name].reason)
        forged = replace(record, judgements={**record.judgements, name: false})
        with pytest.raises(ReplayDiffers, match=name):
            replay(forged, kit)


def test_replaying_finds_a_changed_observation_limit_or_self_check(record: Record, kit: Kit) -> None:
    first = replace(record.measurements[0], observation=record.measurements[0].observation.replace("5", "1"))
    with pytest.raises(ReplayDiffers):
        replay(replace(record, measurements=(first, *record.measurements[1:])), kit)
    stricter = tuple(replace(line, limits={"least": 6}) for line in record.requirements)
    with pytest.raises(ReplayDiffers):
        replay(replace(record, requirements=stricter), kit)
    with pytest.raises(ReplayDiffers):
        replay(replace(record, self_check=()), kit)


def test_an_observation_digest_that_does_not_fit_is_refused(record: Record) -> None:
    statement = record.statement()
    statement["measurements"][0]["digest"] = "00" * 32
    with pytest.raises(NotARecord):
        decode(canonical.encode(statement))


@pytest.mark.parametrize("field", ["conclusion", "format", "items", "kit", "by_hand", "session"])
def test_a_statement_that_is_not_as_a_record_writes_it_is_refused(record: Record, field: str) -> None:
    for change in ("other", None, [], [{}]):
        statement = record.statement() | {field: change}
        if statement == record.statement():
            continue
        with pytest.raises(HallmarkError):
            decode(canonical.encode(statement))
    with pytest.raises(NotARecord):
        decode(canonical.encode({key: value for key, value in record.statement().items() if key != field}))


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_but_a_hallmark_error(data: bytes) -> None:
    with pytest.raises(HallmarkError):
        decode(data)


def test_a_person_judges_what_the_machine_asks_for(record: Record, kit: Kit) -> None:
    judged = record.judged(ALICE)
    assert record.verdict("P-02") is Verdict.INSPECTION_NEEDED
    assert judged.verdict("P-02") is Verdict.PASS
    assert judged.judgements["P-02"].verdict is Verdict.INSPECTION_NEEDED
    assert judged.digest != record.digest
    replay(judged, kit)
    assert decode(judged.encode()).by_hand == (ALICE,)


def test_of_two_persons_the_worse_verdict_stands(record: Record) -> None:
    judged = record.judged(ALICE).judged(replace(ALICE, who="person-b", verdict=Verdict.FAIL))
    assert judged.verdict("P-02") is Verdict.FAIL


@pytest.mark.parametrize(
    "change",
    [
        {"item": "P-01"},
        {"item": "P-program"},
        {"item": "P-99"},
        {"verdict": Verdict.ERROR},
        {"verdict": Verdict.INSPECTION_NEEDED},
        {"reason": " "},
        {"who": ""},
        {"evidence": ("photo.jpg",)},
    ],
)
def test_a_person_judges_nothing_else_and_not_without_a_reason(record: Record, change) -> None:
    with pytest.raises(NotForPeople):
        record.judged(replace(ALICE, **change))


def test_an_item_that_the_run_does_not_have_is_told_from_one_that_the_machine_decides(record: Record) -> None:
    with pytest.raises(NotForPeople, match="no such item; for people it has P-02"):
        record.judged(replace(ALICE, item="CLI-99"))
    with pytest.raises(NotForPeople, match="the machine decides it"):
        record.judged(replace(ALICE, item="P-program"))


def test_nobody_judges_twice(record: Record) -> None:
    with pytest.raises(NotForPeople, match="already"):
        record.judged(ALICE).judged(replace(ALICE, verdict=Verdict.FAIL))


def test_a_person_may_report_what_an_instrument_measured(record: Record) -> None:
    lines = tuple(replace(line, method="instrument") for line in record.requirements)
    by_instrument = replace(record, requirements=lines)
    assert "P-program" not in record.for_people
    assert by_instrument.judged(replace(ALICE, item="P-program")).verdict("P-program") is Verdict.PASS
