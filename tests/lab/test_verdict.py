"""Verdicts combine to the worst, mean nothing without a self-check, and never count an error against the product."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel.text import Text
from hallmark.lab.kit import (
    Item,
    Judgement,
    Kit,
    KnownAnswer,
    LimitNotANumber,
    LimitNotSet,
    Measurement,
    Verdict,
    combine,
    limit,
    number,
)
from hallmark.lab.sandbox import Outcome, State
from hallmark.lab.verdict import Requirement, conclude, judge, requirements
from hallmark.scheme.model import Certainty, Clause, Method, Obligation, Parameter, Provenance, RequirementItem

VERDICTS = st.sampled_from(Verdict)
RIGHT = (KnownAnswer("one", "1", "1"),)
WORDS = Text("话", "words")


@settings(deadline=None)
@given(st.lists(VERDICTS), VERDICTS)
def test_combination_only_worsens(verdicts: list[Verdict], more: Verdict) -> None:
    order = ["not-applicable", "pass", "inspection-needed", "not-run", "inconclusive", "fail", "error"]
    before, after = combine(verdicts), combine([*verdicts, more])
    if verdicts:
        assert order.index(after) >= order.index(before)
    assert combine(reversed([*verdicts, more])) is after


@settings(deadline=None)
@given(st.lists(st.sampled_from([Verdict.NOT_APPLICABLE])))
def test_nothing_but_not_applicable_is_no_pass(verdicts: list[Verdict]) -> None:
    assert combine(verdicts) is (Verdict.NOT_APPLICABLE if verdicts else Verdict.NOT_RUN)


def test_a_limit_without_a_value_is_named() -> None:
    assert number({"a": "0.5"}, "a") == 0.5
    assert limit({"a": [1]}, "a") == [1]
    for limits in ({}, {"a": None}):
        with pytest.raises(LimitNotSet, match="a"):
            number(limits, "a")
    with pytest.raises(LimitNotANumber):
        number({"a": "many"}, "a")


def at_least(observation, limits) -> Judgement:
    verdict = Verdict.PASS if observation["n"] >= number(limits, "least") else Verdict.FAIL
    return Judgement(verdict, WORDS)


def kit(*items: Item) -> Kit:
    measurement = Measurement("count", lambda _: {})
    return Kit("k", "1", (), (), (measurement,), items, lambda: list(RIGHT))


def line(name: str, **more) -> Requirement:
    facts = {"obligation": "shall", "method": "auto", "measurement": "count", "limits": {"least": 3}} | more
    return Requirement(name, WORDS, WORDS, **facts)


def verdict_on(wanted: Requirement, outcome: Outcome, answers=RIGHT, **more) -> Verdict:
    found = judge(kit(Item("A", "count", at_least)), [wanted], answers, {"count": outcome}, **more)
    return found[wanted.id].verdict


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome(State.DONE, {"n": 3}), Verdict.PASS),
        (Outcome(State.DONE, {"n": 2}), Verdict.FAIL),
        (Outcome(State.DONE, {"m": 3}), Verdict.ERROR),
        (Outcome(State.DONE, None), Verdict.ERROR),
        (Outcome(State.NO_FILE, detail="bits"), Verdict.NOT_RUN),
        (Outcome(State.NO_PROGRAM, detail="apksigner"), Verdict.NOT_RUN),
        (Outcome(State.RESOURCE_LIMIT, detail="memory"), Verdict.INCONCLUSIVE),
        (Outcome(State.CRASHED, detail="signal"), Verdict.ERROR),
        (Outcome(State.CANCELLED), Verdict.NOT_RUN),
    ],
)
def test_how_a_measurement_ends_decides_the_verdict(outcome: Outcome, verdict: Verdict) -> None:
    assert verdict_on(line("A"), outcome) is verdict


def test_an_open_limit_is_inconclusive_and_a_wrong_one_an_error() -> None:
    done = Outcome(State.DONE, {"n": 3})
    assert verdict_on(line("A", limits={"least": None}), done) is Verdict.INCONCLUSIVE
    assert verdict_on(line("A", limits={"least": "x"}), done) is Verdict.ERROR


@pytest.mark.parametrize("answers", [(), (KnownAnswer("one", "1", "2"),), (*RIGHT, KnownAnswer("two", "2", ""))])
def test_without_a_right_self_check_everything_is_an_error(answers) -> None:
    assert verdict_on(line("A"), Outcome(State.DONE, {"n": 3}), answers) is Verdict.ERROR


def test_an_item_that_is_not_claimed_does_not_apply() -> None:
    done = Outcome(State.DONE, {"n": 2})
    assert verdict_on(line("A", claim="sm9"), done) is Verdict.NOT_APPLICABLE
    assert verdict_on(line("A", claim="sm9"), done, claims=["sm9"]) is Verdict.FAIL


@pytest.mark.parametrize(
    ("method", "verdict"),
    [
        (Method.AUTO, Verdict.NOT_RUN),
        (Method.INSTRUMENT, Verdict.NOT_RUN),
        (Method.INSPECTION, Verdict.INSPECTION_NEEDED),
        (Method.DOCUMENT, Verdict.INSPECTION_NEEDED),
        (Method.INTERVIEW, Verdict.INSPECTION_NEEDED),
        (Method.WITNESS, Verdict.INSPECTION_NEEDED),
    ],
)
def test_what_no_kit_measures_waits_for_a_person_or_an_instrument(method: Method, verdict: Verdict) -> None:
    assert judge(kit(), [line("B", method=method)], RIGHT, {})["B"].verdict is verdict


def test_an_item_that_rests_on_others_takes_their_worst() -> None:
    outcomes = {"count": Outcome(State.DONE, {"n": 3})}
    low = Item("B", "count", lambda _, __: Judgement(Verdict.FAIL, WORDS))
    wanted = [line("TOP", rests_on=("A", "B", "GONE"), measurement=""), line("A"), line("B")]
    found = judge(kit(Item("A", "count", at_least), low), wanted, RIGHT, outcomes)
    assert [each.verdict for each in found.values()] == [Verdict.FAIL, Verdict.PASS, Verdict.FAIL]
    assert "B" in found["TOP"].reason.en


def test_items_that_rest_on_each_other_end() -> None:
    wanted = [line("A", rests_on=("B",)), line("B", rests_on=("A",))]
    assert {each.verdict for each in judge(kit(), wanted, RIGHT, {}).values()} == {Verdict.NOT_RUN}


def test_only_what_a_product_shall_do_decides_on_it() -> None:
    wanted = [line("A"), line("B", obligation="should"), line("C", obligation="may")]
    bad = {"A": Verdict.PASS, "B": Verdict.FAIL, "C": Verdict.ERROR}
    assert conclude(wanted, bad) is Verdict.PASS
    assert conclude(wanted, bad | {"A": Verdict.FAIL}) is Verdict.FAIL
    assert conclude([line("A"), line("B")], {"A": Verdict.FAIL, "B": Verdict.ERROR}) is Verdict.ERROR
    assert conclude(wanted, bad | {"A": Verdict.NOT_APPLICABLE}) is Verdict.NOT_APPLICABLE


def scheme_line(**more) -> RequirementItem:
    parameter = Parameter(
        source=("s",),
        certainty=Certainty.STATED,
        id="least",
        title=WORDS,
        unit="1",
        provenance=Provenance.SOURCE,
        value=9,
    )
    facts = {
        "source": ("s",),
        "certainty": Certainty.STATED,
        "id": "A",
        "title": Text("题", "title"),
        "criterion": WORDS,
        "obligation": Obligation.SHOULD,
        "method": Method.AUTO,
        "clauses": (Clause(standard="GM/T 0005", edition="2021", clause="5.1", certainty=Certainty.STATED),),
        "applies_to": ("CFP-02",),
        "limits": (parameter, replace(parameter, id="open", value=None)),
    }
    return RequirementItem(**(facts | more))


def test_the_scheme_says_what_an_item_is_and_the_values_in_force_go_before_its_own() -> None:
    own = kit(Item("A", "count", at_least), Item("UNLISTED", "count", at_least))
    listed = {"A": scheme_line(), "B": scheme_line(id="B")}
    first, second = requirements(own, listed, {"A": {"open": "4"}})
    assert (first.title.en, first.obligation, first.measurement) == ("title", "should", "count")
    assert first.clauses == ("GM/T 0005-2021 5.1 [stated]",)
    assert dict(first.limits) == {"least": 9, "open": "4"}
    assert (second.measurement, dict(second.limits)) == ("", {"least": 9, "open": None})


def test_without_a_scheme_every_item_of_the_kit_is_decided_as_a_shall() -> None:
    [only] = requirements(kit(Item("A", "count", at_least)), None, {"A": {"least": 1}})
    assert (only.id, only.obligation, dict(only.limits)) == ("A", "shall", {"least": 1})
