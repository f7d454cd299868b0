"""The scheme that ships: complete in both languages, every line with its source, and nothing claimed beyond it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from math import ceil, sqrt
from typing import Any

import pytest

from hallmark import schemes
from hallmark.kernel.text import Text
from hallmark.scheme.explain import explain
from hallmark.scheme.model import Certainty, Line, Module, Obligation, Parameter, Promotion, Provenance, Scheme

TYPES = [f"CFP-{number:02d}" for number in range(1, 15)]
TODAY = date(2026, 11, 23)
LAST_ITEMS = [
    "RND-22",
    "KAT-12",
    "SCA-09",
    "FW-09",
    "ATT-07",
    "CLI-20",
    "CHP-15",
    "CAR-12",
    "EMB-14",
    "ATM-14",
    "POS-17",
    "TEE-15",
    "TA-14",
    "BAR-20",
    "VPR-16",
    "CLD-15",
    "BLK-20",
    "API-17",
    "MPC-14",
]
KINDS = """application.submitted application.accepted application.declined agreement.signed evaluation.planned
sample.received test.reported audit.reported nonconformity.raised nonconformity.answered nonconformity.closed
review.recommended decision.made signoff.made certificate.issued certificate.suspended certificate.restored
certificate.withdrawn certificate.cancelled appeal.lodged appeal.decided"""


def parts(value: Any) -> Iterator[Any]:
    """Yield every dataclass inside `value`."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, tuple) and not isinstance(value, Text):
        for each in value:
            yield from parts(each)


def lines(scheme: Scheme) -> Iterator[Any]:
    """Yield every line of the scheme and every line inside it."""
    for collection in scheme.COLLECTIONS:
        for line in getattr(scheme, collection).values():
            yield from parts(line)


def test_it_has_the_fourteen_types_in_two_batches(cfp: Scheme) -> None:
    assert list(cfp.types) == TYPES
    assert [line.batch for line in cfp.types.values()] == [1] * 11 + [2] * 3


@pytest.mark.parametrize("which", TYPES)
def test_a_type_says_what_it_is_tested_and_audited_against(cfp: Scheme, which: str) -> None:
    shown = explain(cfp, which, TODAY)
    assert shown.standards
    assert len(shown.items) >= 12
    assert shown.decisive & {item.id for item in shown.items}
    assert {checklist.id for checklist, _ in shown.checklists} >= {"quality-assurance", "product-consistency"}
    assert all(any(item.obligation is Obligation.SHALL for item in mine) for _, mine in shown.checklists)
    assert shown.documents
    assert shown.samples
    assert {step.kind for step in shown.steps} >= {"software"}


def test_all_words_are_there_in_both_languages(cfp: Scheme) -> None:
    words = [getattr(line, field.name) for line in lines(cfp) for field in fields(line)]
    texts = [word for word in words if isinstance(word, Text)]
    assert len(texts) > 1000
    for text in texts:
        assert re.search(r"[\u4e00-\u9fff]", text.zh), text
        assert not re.search(r"[\u4e00-\u9fff]", text.en), text


def test_every_line_has_source_and_certainty(cfp: Scheme) -> None:
    found = [line for line in lines(cfp) if isinstance(line, Line)]
    assert len(found) > 1000
    for line in found:
        assert line.source
        assert set(line.source) <= set(cfp.sources)
        assert line.certainty in Certainty


def test_no_line_of_unknown_certainty_carries_a_value(cfp: Scheme) -> None:
    parameters = [line for line in lines(cfp) if isinstance(line, Parameter)]
    unknown = [each for each in parameters if each.certainty is Certainty.UNKNOWN]
    assert unknown
    for each in unknown:
        assert (each.value, each.provenance, each.source) == (None, Provenance.OPERATOR, ("not-found",))


def test_what_no_source_gives_is_the_operators_to_set(cfp: Scheme) -> None:
    for name in ("acceptance_days", "decision_days", "nonconformity_major_days", "appeal_days", "suspension_max_days"):
        assert cfp.parameters[name].provenance is Provenance.OPERATOR
        assert cfp.parameters[name].value is None
    assert cfp.parameters["nonconformity_major_days"].suggestion
    assert all(cfp.parameters[name].value is None for name in cfp.parameters if name.startswith("fee_"))


def test_what_the_sources_give_is_there(cfp: Scheme) -> None:
    values = {name: (cfp.parameters[name].value, cfp.parameters[name].certainty) for name in cfp.parameters}
    assert values["validity_years"] == (3, Certainty.STATED)
    assert values["cooling_off_years"] == (2, Certainty.GENERAL)
    assert values["body_staff_min"] == (10, Certainty.PRIMARY)
    assert values["civil_offset_minutes"][0] == 480
    assert values["lateness_online_ms"][0] == 86_400_000
    assert values["lateness_onsite_ms"][0] == 30 * 86_400_000


@pytest.mark.parametrize("last", LAST_ITEMS)
def test_the_items_of_a_kit_are_all_there(cfp: Scheme, last: str) -> None:
    kit, count = last.split("-")
    assert {f"{kit}-{number:02d}" for number in range(1, int(count) + 1)} <= set(cfp.items)


def test_only_what_follows_from_a_text_can_fail_a_product(cfp: Scheme) -> None:
    for item in cfp.items.values():
        if item.obligation is Obligation.SHALL:
            assert item.certainty in (Certainty.PRIMARY, Certainty.STATED, Certainty.INFERRED), item.id
            assert item.clauses, item.id


def test_the_pass_counts_of_random_number_sets_follow_the_rule(cfp: Scheme) -> None:
    """GM/T 0005-2021: at least s*(1 - a - 3*sqrt(a*(1-a)/s)) pass, rounded up."""
    limits = {limit.id: limit.value for limit in cfp.items["RND-16"].limits}
    alpha, sizes, counts = limits["alpha"], limits["set_sizes"], limits["pass_counts"]
    assert isinstance(alpha, Decimal)
    a = float(alpha)
    assert [ceil(s * (1 - a - 3 * sqrt(a * (1 - a) / s))) for s in sizes] == list(counts) == [981, 48, 19]
    assert {limit.id: limit.value for limit in cfp.items["RND-17"].limits}["alpha_t"] == Decimal("0.0001")


def test_the_ledger_checklist_has_one_line_a_clause(cfp: Scheme) -> None:
    mine = [item for item in cfp.items.values() if item.checklist == "ledger-security"]
    assert len(mine) == 117
    assert all(item.clauses[0].place == f"JR/T 0184-2020 {item.id.removeprefix('DLT-')}" for item in mine)
    assert {item.id: item.obligation for item in mine}["DLT-7.10"] is Obligation.SHOULD
    assert {item.clauses[0].clause.split(".")[0] for item in mine} == {str(chapter) for chapter in range(6, 18)}


def test_both_readings_of_the_rules_are_served(cfp: Scheme) -> None:
    news, rules = cfp.profile(), cfp.profile("rules-2022")
    assert (news.id, news.required, news.promotion) == (
        "news-2019",
        (Module.TYPE_TEST, Module.AUDIT),
        Promotion.NOT_DIRECT,
    )
    assert (news.mark_on_logo, rules.mark_on_logo) == (True, False)
    assert (rules.required, rules.promotion) == ((Module.TYPE_TEST,), Promotion.WITHIN_SCOPE)


def test_every_act_says_whose_approval_it_needs(cfp: Scheme) -> None:
    assert set(KINDS.split()) <= set(cfp.approvals)
    assert cfp.approval("test.reported").all_of == ("tester", "authorised_signatory")
    assert cfp.approval("review.recommended").all_of == ("reviewer",)
    assert cfp.approval("decision.made").all_of == ("decision_maker",)
    assert cfp.approval("signoff.made").all_of == ("responsible_person",)
    assert cfp.approval("application.supplemented").all_of == ()


def test_a_scheme_that_is_not_shipped_is_missing() -> None:
    with pytest.raises(schemes.NoSuchScheme):
        schemes.read("../cfp")
