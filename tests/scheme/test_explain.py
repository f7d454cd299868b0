"""Explaining: the catalogue and the editions of a day, what a claim or level adds, what changed between editions."""

from __future__ import annotations

from datetime import date

import pytest

from hallmark.scheme import loader
from hallmark.scheme.explain import (
    Change,
    NoEditionInForce,
    NotInCatalogue,
    catalogue,
    differences,
    edition_in_force,
    explain,
)
from hallmark.scheme.model import NoSuchLine, Scheme

LATER = date(2026, 1, 1)


def test_the_second_batch_enters_the_catalogue_on_2022_02_09(cfp: Scheme) -> None:
    assert catalogue(cfp, date(2019, 10, 15)) == ()
    assert len(catalogue(cfp, date(2022, 2, 8))) == 11
    assert len(catalogue(cfp, date(2022, 2, 9))) == 14
    with pytest.raises(NotInCatalogue):
        explain(cfp, "CFP-12", date(2022, 2, 8))
    assert explain(cfp, "CFP-12", date(2022, 2, 9)).product_type.id == "CFP-12"


def test_an_undated_reference_means_the_edition_of_the_day(cfp: Scheme) -> None:
    assert edition_in_force(cfp, "JR/T 0092", date(2019, 9, 26)).edition == "2012"
    assert edition_in_force(cfp, "JR/T 0092", date(2019, 9, 27)).edition == "2019"
    editions = {reference.standard: edition.edition for reference, edition in explain(cfp, "CFP-01", LATER).standards}
    assert editions["JR/T 0092"] == "2019"


def test_a_standard_whose_first_edition_is_to_come_is_not_in_force(cfp: Scheme) -> None:
    with pytest.raises(NoEditionInForce):
        edition_in_force(cfp, "JR/T 0185", date(2020, 2, 12))
    with pytest.raises(NoSuchLine):
        edition_in_force(cfp, "JR/T 9999", LATER)


def test_places_cited_in_a_superseded_edition_are_named(pilot: Scheme, cfp: Scheme) -> None:
    assert [name for name, _ in explain(pilot, "METER", LATER).outdated] == ["PM-03"]
    assert [name for name, _ in explain(pilot, "METER", date(2020, 4, 30)).outdated] == ["PM-01", "PM-02"]
    assert "CLD-01" in {name for name, _ in explain(cfp, "CFP-11", LATER).outdated}


def test_a_claim_not_made_leaves_out_what_depends_on_it(pilot: Scheme) -> None:
    everything, without = explain(pilot, "METER", LATER), explain(pilot, "METER", LATER, claims=())
    assert [item.id for item in everything.items] == ["PM-01", "PM-02", "PM-03"]
    assert [item.id for item in without.items] == ["PM-01", "PM-02"]
    assert (len(everything.samples), len(without.samples)) == (1, 0)
    assert explain(pilot, "METER", LATER, claims=("solar",)).items == everything.items


def test_a_level_leaves_out_what_only_higher_ones_ask(pilot: Scheme) -> None:
    assert [item.id for item in explain(pilot, "METER", LATER, level="low").items] == ["PM-01", "PM-02"]
    assert [item.id for item in explain(pilot, "METER", LATER, level="high").items] == ["PM-01", "PM-02", "PM-03"]
    with pytest.raises(NoSuchLine):
        explain(pilot, "METER", LATER, level="top")


def test_what_a_shall_rests_on_is_decisive(pilot: Scheme) -> None:
    assert explain(pilot, "METER", LATER).decisive == {"PM-01", "PM-02", "PM-03"}
    assert explain(pilot, "METER", LATER, claims=()).decisive == {"PM-01", "PM-02"}


def test_items_of_a_checklist_stand_under_it(pilot: Scheme) -> None:
    ((checklist, items),) = explain(pilot, "METER", LATER).checklists
    assert (checklist.id, [item.id for item in items]) == ("workshop", ["WS-01"])


def test_an_unknown_type_or_profile_is_named(pilot: Scheme) -> None:
    with pytest.raises(NoSuchLine, match="CLOCK"):
        explain(pilot, "CLOCK", LATER)
    with pytest.raises(NoSuchLine, match="fancy"):
        explain(pilot, "METER", LATER, profile="fancy")


def test_differences_name_the_lines_and_the_fields(pilot: Scheme, pilot_files: dict[str, bytes]) -> None:
    changed = pilot_files["meter.toml"].replace(b'id = "WS-01"', b'id = "WS-02"').replace(b'"0.001"', b'"0.002"')
    new = loader.load({**pilot_files, "meter.toml": changed})
    assert differences(pilot, new) == (
        Change("changed", "items", "PM-01", ("limits",)),
        Change("removed", "items", "WS-01"),
        Change("added", "items", "WS-02"),
    )
    assert differences(pilot, pilot) == ()
