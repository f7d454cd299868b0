"""Loading: what another scheme needs (data, no code), what the digest depends on, and every breach by its name."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel.canonical import NotCanonical
from hallmark.kernel.errors import HallmarkError
from hallmark.scheme import errors, loader
from hallmark.scheme.model import Scheme

Files = dict[str, bytes]


def edited(files: Files, file: str, old: str, new: str) -> Files:
    """Return `files` with the first `old` in `file` made `new`; it must be there."""
    text = files[file].decode()
    assert old in text
    return {**files, file: text.replace(old, new, 1).encode()}


def in_toml(value: object) -> str:
    """Return `value` as inline TOML, laid out unlike any file of ours."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}={in_toml(each)}" for key, each in reversed(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",\n ".join(in_toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=True)


def as_file(tree: dict[str, Any]) -> bytes:
    """Return a TOML file that holds `tree`."""
    return "\n# a remark\n".join(f"{key} = {in_toml(value)}" for key, value in reversed(tree.items())).encode()


def test_a_second_scheme_loads_without_code(pilot: Scheme) -> None:
    assert (pilot.id, pilot.edition, pilot.title.en) == ("pilot", "1", "Parking meter pilot")
    assert list(pilot.types) == ["METER"]
    assert pilot.types["METER"].valid_from == date(2019, 1, 1)
    assert list(pilot.standards) == ["PM 1-2001", "PM 1-2020"]
    error_max, hours = pilot.items["PM-01"].limits
    assert (error_max.value, hours.value) == (Decimal("0.001"), None)
    assert pilot.profile().id == "plain"
    assert pilot.approval("test.reported").all_of == ("tester",)


def test_what_stands_in_a_types_own_file_applies_to_that_type(pilot: Scheme) -> None:
    assert {item.applies_to for item in pilot.items.values()} == {("METER",)}
    assert pilot.steps["STEP"].applies_to == pilot.samples["SAMPLE"].applies_to == ("METER",)


def test_all_means_every_type_of_the_scheme(pilot: Scheme, cfp: Scheme) -> None:
    assert pilot.documents["FORM"].applies_to == ("METER",)
    assert cfp.documents["CCRC-A1"].applies_to == tuple(cfp.types)


def test_lines_come_in_the_natural_order_of_their_ids(cfp: Scheme) -> None:
    ledger = [name for name in cfp.items if name.startswith("DLT-")]
    assert ledger[0] == "DLT-6.2.1"
    assert ledger.index("DLT-7.10") == ledger.index("DLT-7.9") + 1


def test_the_digest_is_the_same_under_another_layout(pilot_files: Files, pilot: Scheme) -> None:
    tables: dict[str, Any] = {}
    for content in pilot_files.values():
        tree = tomllib.loads(content.decode())
        if "type" in tree:
            tree["types"] = [tree.pop("type")]
            for collection in ("items", "steps", "samples"):
                for row in tree[collection]:
                    row["applies_to"] = ["METER"]
        for key, value in tree.items():
            tables[key] = value[::-1] if isinstance(value, list) else value
    assert loader.load({"else/where.toml": as_file(tables)}).digest == pilot.digest
    assert loader.load(dict(reversed(pilot_files.items()))).digest == pilot.digest


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("scheme.toml", 'edition = "1"', 'edition = "2"'),
        ("scheme.toml", "value = 2", "value = 3"),
        ("meter.toml", "误差不超过限值", "误差在限值之内"),
        ("meter.toml", '"0.001"', '"0.002"'),
        ("meter.toml", 'obligation = "should"', 'obligation = "may"'),
    ],
)
def test_the_digest_changes_with_the_content(pilot_files: Files, pilot: Scheme, file: str, old: str, new: str) -> None:
    digest = loader.load(edited(pilot_files, file, old, new)).digest
    assert len(digest) == 32
    assert digest != pilot.digest


BREACHES = {
    "text that is no TOML": ("meter.toml", "batch = 1", "batch =", errors.NotToml, ""),
    "a second [scheme] table": ("meter.toml", "[type]", '[scheme]\nid = "x"\n[type]', errors.NoHead, None),
    "an unknown collection": ("scheme.toml", "[[marks]]", "[[brands]]", errors.UnknownKey, "brands"),
    "an unknown key": ("meter.toml", "batch = 1", "batch = 1\nshade = 2", errors.UnknownKey, "types.METER.shade"),
    "an unknown language": (
        "scheme.toml",
        'en = "Plain"',
        'en = "Plain", fr = "Simple"',
        errors.UnknownKey,
        "profiles.plain.title.fr",
    ),
    "a missing key": ("meter.toml", 'method = "auto"\n', "", errors.MissingKey, "items.PM-01.method"),
    "a missing id": ("scheme.toml", 'id = "MARK"\n', "", errors.MissingKey, "marks.0.id"),
    "a line without source": (
        "meter.toml",
        'source = ["charter"]\n\n[[items]]\nid = "PM-02"',
        '[[items]]\nid = "PM-02"',
        errors.MissingKey,
        "items.PM-01.source",
    ),
    "a line without certainty": (
        "meter.toml",
        'certainty = "primary"\nsource = ["charter"]\n\n[[items]]\nid = "PM-02"',
        'source = ["charter"]\n\n[[items]]\nid = "PM-02"',
        errors.MissingKey,
        "items.PM-01.certainty",
    ),
    "an empty source": (
        "scheme.toml",
        'unit = "day"\nprovenance = "operator"\ncertainty = "unknown"\nsource = ["nowhere"]',
        'unit = "day"\nprovenance = "operator"\ncertainty = "unknown"\nsource = []',
        errors.MissingKey,
        "parameters.appeal_days.source",
    ),
    "a missing translation": (
        "meter.toml",
        'title = { zh = "计时", en = "Time kept" }',
        'title = { en = "Time kept" }',
        errors.MissingTranslation,
        "items.PM-01.title",
    ),
    "an empty translation": (
        "meter.toml",
        'zh = "计时", en = "Time kept"',
        'zh = "计时", en = " "',
        errors.MissingTranslation,
        "items.PM-01.title",
    ),
    "words in one language only": (
        "meter.toml",
        'title = { zh = "计时", en = "Time kept" }',
        'title = "Time kept"',
        errors.WrongKind,
        "items.PM-01.title",
    ),
    "a number where text belongs": (
        "meter.toml",
        'level = "high"',
        "level = 2",
        errors.WrongKind,
        "items.PM-03.level",
    ),
    "a float": ("meter.toml", '"0.001"', "0.001", errors.WrongKind, "items.PM-01.limits.0.value"),
    "a number that is none": ("meter.toml", '"0.001"', '"NaN"', errors.WrongKind, "items.PM-01.limits.0.value"),
    "a decimal without its point": (
        "meter.toml",
        '"0.001"',
        '"1E-3"',
        errors.WrongKind,
        "items.PM-01.limits.0.value",
    ),
    "a table where a list belongs": ("scheme.toml", "[[marks]]", "[marks]", errors.WrongKind, "marks"),
    "an unknown verb": (
        "meter.toml",
        'obligation = "should"',
        'obligation = "must"',
        errors.NotAChoice,
        "items.PM-01.obligation",
    ),
    "a day that does not exist": (
        "scheme.toml",
        '"2020-05-01"',
        '"2020-02-30"',
        errors.BadDate,
        "standards.PM 1-2020.valid_from",
    ),
    "a date in TOML's own type": (
        "scheme.toml",
        '"2020-05-01"',
        "2020-05-01",
        errors.BadDate,
        "standards.PM 1-2020.valid_from",
    ),
    "an id taken twice": ("meter.toml", 'id = "PM-02"', 'id = "PM-01"', errors.DuplicateId, "items.PM-01"),
    "an unknown source": (
        "meter.toml",
        'source = ["charter"] }]',
        'source = ["rumour"] }]',
        errors.DanglingReference,
        "types.METER.standards.0.source",
    ),
    "an unknown edition": (
        "meter.toml",
        'edition = "2001"',
        'edition = "1999"',
        errors.DanglingReference,
        "items.PM-03.clauses.0.standard",
    ),
    "an unknown standard": (
        "meter.toml",
        'standard = "PM 1", role',
        'standard = "PM 7", role',
        errors.DanglingReference,
        "types.METER.standards.0.standard",
    ),
    "an unknown type": (
        "meter.toml",
        'applies_to = ["all"]',
        'applies_to = ["CLOCK"]',
        errors.DanglingReference,
        "documents.FORM.applies_to",
    ),
    "an unknown claim": (
        "meter.toml",
        'claim = "solar"',
        'claim = "wind"',
        errors.DanglingReference,
        "items.PM-03.claim",
    ),
    "an unknown level": (
        "meter.toml",
        'level = "high"',
        'level = "top"',
        errors.DanglingReference,
        "items.PM-03.level",
    ),
    "an unknown checklist": (
        "meter.toml",
        'checklist = "workshop"',
        'checklist = "office"',
        errors.DanglingReference,
        "items.WS-01.checklist",
    ),
    "an unknown item to rest on": (
        "meter.toml",
        'rests_on = ["PM-01"]',
        'rests_on = ["PM-99"]',
        errors.DanglingReference,
        "items.PM-02.rests_on",
    ),
    "an item resting on one that rests on others": (
        "meter.toml",
        'level = "high"',
        'rests_on = ["PM-02"]',
        errors.NestedRest,
        "items.PM-03.rests_on",
    ),
    "two limits of one name": (
        "meter.toml",
        '{ id = "hours"',
        '{ id = "error_max"',
        errors.DuplicateId,
        "items.PM-01.limits.1.id",
    ),
    "a line that applies to nothing": (
        "meter.toml",
        'applies_to = ["all"]',
        "applies_to = []",
        errors.MissingKey,
        "documents.FORM.applies_to",
    ),
    "an unknown weight": (
        "meter.toml",
        'weight = "weight"',
        'weight = "mass"',
        errors.DanglingReference,
        "steps.STEP.weight",
    ),
    "an unknown function": (
        "scheme.toml",
        'all_of = ["tester"]',
        'all_of = ["oracle"]',
        errors.DanglingReference,
        "approvals.test.reported.all_of",
    ),
    "an unknown default profile": (
        "scheme.toml",
        'default_profile = "plain"',
        'default_profile = "fancy"',
        errors.DanglingReference,
        "scheme.default_profile",
    ),
    "a limit without provenance": (
        "meter.toml",
        'value = "0.001", provenance = "source", ',
        'value = "0.001", ',
        errors.LimitWithoutProvenance,
        "items.PM-01.limits.0.provenance",
    ),
    "a value that the operator should set": (
        "scheme.toml",
        'unit = "day"\n',
        'unit = "day"\nvalue = 30\n',
        errors.ValueFromNowhere,
        "parameters.appeal_days.value",
    ),
    "a value of unknown certainty": (
        "meter.toml",
        'unit = "h", provenance = "operator"',
        'unit = "h", value = 8, provenance = "source"',
        errors.ValueFromNowhere,
        "items.PM-01.limits.1.value",
    ),
    "a value that is announced and absent": (
        "scheme.toml",
        "value = 2\n",
        "",
        errors.ValueMissing,
        "parameters.validity_years.value",
    ),
    "a line surer than its source": (
        "scheme.toml",
        'where = "read in full"\ncertainty = "primary"',
        'where = "a summary"\ncertainty = "stated"',
        errors.Overclaimed,
        "certainty",
    ),
    "an item surer than its clause": (
        "meter.toml",
        'clause = "9", certainty = "primary"',
        'clause = "9", certainty = "stated"',
        errors.Overclaimed,
        "items.PM-03.certainty",
    ),
    "a decisive limit from general knowledge": (
        "meter.toml",
        'provenance = "source", certainty = "primary"',
        'provenance = "source", certainty = "general"',
        errors.UnfoundedShall,
        "items.PM-02.limits.PM-01.error_max",
    ),
    "a shall from general knowledge": (
        "meter.toml",
        'claim = "solar"\ncertainty = "primary"',
        'claim = "solar"\ncertainty = "general"',
        errors.UnfoundedShall,
        "items.PM-03.certainty",
    ),
    "a successor without a first day": (
        "scheme.toml",
        'valid_from = "2020-05-01"\n',
        "",
        errors.BrokenSuccession,
        "standards.PM 1-2001.superseded_by",
    ),
    "two editions that nothing follows": (
        "scheme.toml",
        'superseded_by = "2020"\n',
        "",
        errors.BrokenSuccession,
        "standards.PM 1-2001.superseded_by",
    ),
    "an edition before the one it follows": (
        "scheme.toml",
        'superseded_by = "2020"\n',
        'superseded_by = "2020"\nvalid_from = "2021-01-01"\n',
        errors.BrokenSuccession,
        "standards.PM 1-2001.superseded_by",
    ),
    "a successor that is not there": (
        "scheme.toml",
        'superseded_by = "2020"',
        'superseded_by = "2021"',
        errors.DanglingReference,
        "standards.PM 1-2001.superseded_by",
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_a_scheme_is_refused_for(name: str, pilot_files: Files) -> None:
    file, old, new, breach, key = BREACHES[name]
    with pytest.raises(breach) as caught:
        loader.load(edited(pilot_files, file, old, new))
    assert type(caught.value) is breach
    if key is not None:
        assert caught.value.facts["file"] == file
        assert str(caught.value.facts["key"]).endswith(key)
        assert file in caught.value.explain("en")
        assert file in caught.value.explain("zh")


def test_a_scheme_is_refused_for_having_no_scheme_table() -> None:
    with pytest.raises(errors.NoHead):
        loader.load({})


def test_a_scheme_is_refused_for_an_integer_beyond_the_formats_sizes(pilot_files: Files) -> None:
    with pytest.raises(NotCanonical):
        loader.load(edited(pilot_files, "scheme.toml", "value = 2\n", f"value = {2**70}\n"))


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused_and_nothing_else(content: bytes) -> None:
    with pytest.raises(HallmarkError):
        loader.load({"scheme.toml": content})


_KEYS = st.sampled_from(["scheme", "type", "types", "items", "parameters", "limits", "id", "edition", "value", "unit"])
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _TREES, max_size=4))
def test_tables_of_the_wrong_shape_are_refused_and_nothing_else(pilot_files: Files, tree: dict[str, Any]) -> None:
    with pytest.raises(HallmarkError):
        loader.load({**pilot_files, "more.toml": as_file({"shade": 1, **tree})})


@pytest.mark.parametrize("content", [b"a = " + b"[" * 5000, b"a = " + b"9" * 5000, b"\xff", b"a = 1\na = 2"])
def test_a_file_that_exhausts_or_confuses_the_parser_is_no_toml(content: bytes) -> None:
    with pytest.raises(errors.NotToml):
        loader.load({"deep.toml": content})
