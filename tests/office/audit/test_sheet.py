"""Sheets of several people become one, in any order and however often."""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel import identifier
from hallmark.office.audit.errors import FindingsConflict
from hallmark.office.audit.sheet import FILLED, Sheet, blank
from hallmark.statement.evaluation import FINDINGS

SITE = {"name": "works", "address": "1 road"}
ERIN, FIONA = (identifier.from_seed("PERSON", name) for name in (b"erin", b"fiona"))
DAY = {"started_on": "2026-05-04", "finished_on": "2026-05-05"}


def filled(by=ERIN, at=1, **work):
    return {**blank(), "by": by, "made_at": at, **DAY, **work}


def joined(*parts):
    sheet = Sheet(SITE)
    for part in parts:
        sheet = sheet.join(part, offline=True)
    return sheet


def test_two_auditors_fill_in_disjoint_items():
    mine = filled(ERIN, 5, findings={"QA-00": "conforms"}, notes={"QA-00": "seen"})
    hers = filled(FIONA, 9, findings={"QA-01": "nonconforming"}, photos=[photo("QA-01", b"1")])
    sheet = joined(mine, hers)
    assert sheet.settled == {"QA-00": "conforms", "QA-01": "nonconforming"}
    assert sheet.notes == {"QA-00": {ERIN: {"text": "seen", "at": 5}}}
    assert sheet.photos == {"QA-01": {b"1" * 32: "photo"}}
    assert (sheet.worked_ms, sheet.offline) == (9, True)


def test_two_auditors_who_found_different_things_are_named_and_nothing_is_taken_over():
    sheet = joined(filled(ERIN, findings={"QA-00": "conforms", "QA-01": "conforms"}))
    hers = filled(FIONA, findings={"QA-00": "nonconforming", "QA-01": "conforms", "QA-02": "conforms"})
    with pytest.raises(FindingsConflict) as error:
        sheet.join(hers, offline=True)
    first, second = sorted([(ERIN, "conforms"), (FIONA, "nonconforming")])
    assert error.value.facts["findings"].en == f"QA-00: {first[1]} ({first[0]}), {second[1]} ({second[0]})"
    assert joined(filled(ERIN, findings={"QA-00": "conforms"}), filled(FIONA, findings={"QA-00": "conforms"}))


def test_one_auditor_says_something_else_later_and_the_later_holds():
    early, late = filled(ERIN, 1, findings={"QA-00": "conforms"}), filled(ERIN, 2, findings={"QA-00": "nonconforming"})
    assert joined(early, late).findings == joined(late, early).findings
    assert joined(early, late).settled == {"QA-00": "nonconforming"}


def test_the_days_are_from_the_first_to_the_last():
    sheet = joined(filled(), {**filled(FIONA), "started_on": "2026-05-01", "finished_on": "2026-05-02"})
    assert (sheet.started_on, sheet.finished_on) == ("2026-05-01", "2026-05-05")


def test_nonconformities_of_two_people_under_one_label_are_two():
    sheet = joined(filled(ERIN, nonconformities={"1": wrong("a")}), filled(FIONA, nonconformities={"1": wrong("b")}))
    assert {name: each["finding"] for name, each in sheet.nonconformities.items()} == {
        f"{ERIN}/1": "a",
        f"{FIONA}/1": "b",
    }


def test_a_sheet_is_kept_as_it_is():
    sheet = joined(filled(findings={"QA-00": "conforms"}, photos=[photo("QA-00", b"1")]))
    assert Sheet.decode(sheet.encode()) == sheet


def photo(item, seed):
    return {"item": item, "sha256": seed * 32, "title": "photo"}


def wrong(finding):
    return {"requirement": "QA-00", "grade": "minor", "finding": finding, "due": "2026-06-01", "photos": []}


ITEMS = st.sampled_from([f"QA-{number:02}" for number in range(6)])
WORK = st.fixed_dictionaries(
    {
        "findings": st.dictionaries(ITEMS, st.sampled_from(FINDINGS)),
        "notes": st.dictionaries(ITEMS, st.sampled_from(["a", "b"])),
        "photos": st.lists(st.builds(photo, ITEMS, st.sampled_from([b"1", b"2"])), max_size=3),
        "nonconformities": st.dictionaries(st.sampled_from("12"), st.builds(wrong, st.sampled_from("xy"))),
    }
)


@given(st.lists(WORK, min_size=1, max_size=3))
def test_joining_is_the_same_in_any_order_and_however_often(work):
    parts = [
        filled(by, at, **each) for at, (by, each) in enumerate(zip(itertools.cycle([ERIN, FIONA]), work, strict=False))
    ]
    for part in parts:
        FILLED.check({**part, "made_at": 1}, "filled")
    outcomes = []
    for order in itertools.permutations(parts):
        with suppress(FindingsConflict):
            outcomes.append(joined(*order, *order[:1]))
    assert all(each == outcomes[0] for each in outcomes)
