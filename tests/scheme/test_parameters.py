"""Parameters: the sources' values, the operator's where they give none, and nothing whose ground is unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hallmark.scheme.model import Provenance, Scheme
from hallmark.scheme.parameters import (
    FixedBySource,
    NoSuchParameter,
    NotASetting,
    NotSet,
    ProvenanceUnknown,
    Setting,
    resolve,
)


def by_operator(value: object) -> Setting:
    """Return a setting on a stated ground."""
    return Setting(value, "operator", "decision 7 of 2026")


def test_a_value_of_the_sources_is_in_force(pilot: Scheme) -> None:
    settings = resolve(pilot)
    assert settings.integer("validity_years") == 2
    assert settings.value("PM-01.error_max") == Decimal("0.001")
    assert settings.provenance["validity_years"] is Provenance.SOURCE


def test_what_nobody_has_set_is_an_error_that_names_it(pilot: Scheme) -> None:
    with pytest.raises(NotSet, match="appeal_days"):
        resolve(pilot).value("appeal_days")


def test_the_operator_sets_what_the_sources_leave_open(pilot: Scheme) -> None:
    settings = resolve(pilot, {"appeal_days": by_operator(15), "PM-01.hours": by_operator("7.5")})
    assert settings.integer("appeal_days") == 15
    assert settings.value("PM-01.hours") == Decimal("7.5")
    assert settings.provenance["PM-01.hours"] is Provenance.OPERATOR


def test_the_operator_may_change_what_this_house_chose(pilot: Scheme) -> None:
    assert resolve(pilot).integer("weight") == 1
    assert resolve(pilot, {"weight": by_operator(4)}).integer("weight") == 4


def test_the_operator_does_not_change_what_a_text_gives(pilot: Scheme) -> None:
    with pytest.raises(FixedBySource, match="charter"):
        resolve(pilot, {"validity_years": by_operator(9)})


@pytest.mark.parametrize("setting", [Setting(15, "hearsay", "somebody"), Setting(15, "operator", " ")])
def test_a_value_whose_provenance_is_unknown_is_refused(pilot: Scheme, setting: Setting) -> None:
    with pytest.raises(ProvenanceUnknown):
        resolve(pilot, {"appeal_days": setting})


def test_a_name_that_the_scheme_does_not_have_is_refused(pilot: Scheme) -> None:
    with pytest.raises(NoSuchParameter):
        resolve(pilot, {"apeal_days": by_operator(15)})
    with pytest.raises(NoSuchParameter):
        resolve(pilot).value("apeal_days")


@pytest.mark.parametrize("value", [1.5, "soon", None, True, [], {"days": 3}])
def test_a_value_of_another_kind_is_refused(pilot: Scheme, value: object) -> None:
    with pytest.raises(NotASetting):
        resolve(pilot, {"appeal_days": by_operator(value)})


def test_a_decimal_is_no_integer(pilot: Scheme) -> None:
    with pytest.raises(NotASetting):
        resolve(pilot, {"appeal_days": by_operator("1.5")}).integer("appeal_days")


def test_a_kit_gets_its_limits_by_name_as_plain_values(pilot: Scheme, cfp: Scheme) -> None:
    assert resolve(pilot).limits(pilot.item("PM-01")) == {"error_max": "0.001", "hours": None}
    limits = resolve(cfp).limits(cfp.item("RND-03"))
    assert limits == {"alpha": "0.01", "m": [4, 8], "retests": None, "chance_floor": None}
    assert resolve(cfp).limits(cfp.item("CLI-02"))["refused_digests"] == ["MD5", "SHA-1"]
