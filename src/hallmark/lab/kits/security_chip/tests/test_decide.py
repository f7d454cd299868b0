"""The set rules, the repeats and their price: decided from observations alone."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from hallmark.lab.kit import LimitNotSet, Verdict
from hallmark.lab.kits.security_chip import decide
from hallmark.lab.kits.security_chip.sets import chi_squared_tail, evenness, needed, single_parameter, upper_tail

ORDER = {"declared": "msb-first", "marker": "msb-first"}
RULES = {"alpha": "0.01", "alpha_t": "0.0001", "retests": 1}
STAGES = {
    "factory_sequences": 50,
    "factory_bits": 1_000_000,
    "power_on_sequences": 20,
    "power_on_bits": 1_000_000,
    "periodic_sequences": 20,
    "periodic_bits": 20_000,
    "single_use_bits": 128,
}
HEALTH = {"restarts": 1000, "samples_per_restart": 1000}


def spread(count: int, low: int = 0) -> list[float]:
    """Values that spread evenly, the first `low` of them below 0.01."""
    return [0.001] * low + [(i + 0.5) / count for i in range(low, count)]


def attempt(role: str = "sequences", bits: int = 1_000_000, **columns: list[float]) -> dict:
    sequences = len(next(iter(columns.values())))
    named = {name.replace("_", "/"): values for name, values in columns.items()}
    q = {name: spread(sequences) for name in named}
    return {"role": role, "bits": bits, "sequences": sequences, "bytes_left_over": 0, "p": named, "q": q}


def seen(*attempts: dict, order: dict = ORDER) -> dict:
    return {"bit_order": order, "attempts": list(attempts)}


def test_the_published_thresholds() -> None:
    # GM/T 0005-2021 6.2 by two implementations; P_T: test of github.com/Trisia/randomness, detect_test.go
    assert [needed(s, 0.01) for s in (1000, 50, 20)] == [981, 48, 19]
    values = (
        "900 910 070 080 100 110 120 130 140 200 210 220 230 240 250 260 270 300 310 320 330 340 350 360 400 450 500 "
        "510 520 530 540 600 610 700 710 720 730 740 750 760 770 800 810 820 830 840 850 860 870 880"
    )
    assert evenness([int(each) / 1000 for each in values.split()]) == pytest.approx(0.096578, abs=1e-6)


def test_bins_hold_their_lower_edge_and_the_last_its_upper() -> None:
    edges = [i / 10 for i in range(10)]
    assert evenness(edges) == 1
    assert evenness([*edges[:9], 1.0]) == 1


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(0, 500))
def test_chi_squared_has_the_tail_of_scipy(freedom: int, value: float) -> None:
    assert chi_squared_tail(freedom, value) == pytest.approx(chi2.sf(value, freedom), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("bits", "m"), [(128, 2), (319, 2), (320, 4), (10_232, 4), (10_240, 8), (10**6, 8)])
def test_a_single_use_takes_the_poker_test_its_length_allows(bits: int, m: int) -> None:
    assert single_parameter(bits) == m


@pytest.mark.parametrize(("low", "verdict"), [(0, Verdict.PASS), (2, Verdict.PASS), (3, Verdict.INCONCLUSIVE)])
def test_a_set_passes_with_enough_sequences_and_is_repeated_otherwise(low: int, verdict: Verdict) -> None:
    judgement = decide.whole_set(seen(attempt(runs=spread(50, low))), RULES)
    assert judgement.verdict is verdict
    assert judgement.values["needed"] == 48


def test_uneven_values_miss_even_where_all_sequences_pass() -> None:
    uneven = attempt(runs=spread(50))
    uneven["q"]["runs"] = [0.25] * 8 + spread(50)[:42]
    assert decide.whole_set(seen(uneven), {"alpha": "0.01", "retests": 1}).verdict is Verdict.PASS
    judgement = decide.whole_set(seen(uneven), {"alpha_t": "0.05", "retests": 1})
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "P_T" in judgement.findings[0]


@pytest.mark.parametrize(
    ("again", "retests", "verdict"),
    [
        (2, 1, Verdict.PASS),
        (3, 1, Verdict.FAIL),
        (3, 2, Verdict.INCONCLUSIVE),
        (2, 0, Verdict.FAIL),
        (2, None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_column_that_missed_is_repeated_on_fresh_data_as_often_as_the_operator_says(
    again: int, retests: int | None, verdict: Verdict
) -> None:
    observation = seen(attempt(runs=spread(50, 3)), attempt("sequences-retest", runs=spread(50, again)))
    judgement = decide.whole_set(observation, RULES | {"retests": retests})
    assert judgement.verdict is verdict
    assert len(judgement.findings) == (2 if retests else 1)  # every attempt that counts is reported


def test_what_chance_does_not_explain_fails_without_a_repeat() -> None:
    hopeless = seen(attempt(runs=spread(50, 12)), attempt("sequences-retest", runs=spread(50)))
    assert decide.whole_set(hopeless, RULES).verdict is Verdict.FAIL
    assert decide.whole_set(hopeless, RULES | {"retests": None}).verdict is Verdict.FAIL
    assert decide.whole_set(hopeless, RULES | {"chance_floor": "1e-30"}).verdict is Verdict.PASS


def test_the_first_data_again_are_no_fresh_data() -> None:
    first = {f"poker_{i}": [(i + 1) * value / 6 for value in spread(50, 3 * (i == 0))] for i in range(5)}
    other = {name: values[::-1] for name, values in first.items()}
    other["poker_0"] = spread(50)
    missed = seen(attempt(**first), attempt("sequences-retest", **other))
    assert decide.whole_set(missed, {"alpha": "0.01", "retests": 1}).verdict is Verdict.PASS
    copied = seen(attempt(**first), attempt("sequences-retest", **first))
    judgement = decide.whole_set(copied, {"alpha": "0.01", "retests": 1})
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "not fresh" in judgement.findings[0]


def test_how_often_a_perfect_generator_is_rejected_is_stated() -> None:
    once = binom.cdf(47, 50, 0.99)
    for retests, wanted in ((0, once), (1, once**2)):
        values = decide.whole_set(seen(attempt(runs=spread(50))), {"alpha": "0.01", "retests": retests}).values
        assert values["false_rejection"] == pytest.approx(wanted)
    many = decide.whole_set(seen(attempt(**{f"poker_{i}": spread(50) for i in range(27)})), {"alpha": "0.01"})
    assert many.values["false_rejection"] == pytest.approx(1 - (1 - once) ** 27)
    assert 0.30 < many.values["false_rejection"] < 0.32  # type: ignore[operator]


def test_the_scheme_names_the_columns_of_a_test() -> None:
    observation = seen(attempt(poker_4=spread(50), poker_8=spread(50, 12), runs=spread(50, 12)))
    poker = decide.of_test("poker")
    assert poker(observation, RULES).verdict is Verdict.FAIL
    assert poker(observation, RULES | {"m": 4}).verdict is Verdict.PASS
    assert poker(observation, RULES | {"m": [4, 8]}).verdict is Verdict.FAIL
    assert poker(observation, RULES | {"m": 8, "m_1000000": [4]}).verdict is Verdict.PASS
    assert poker(observation, RULES | {"m": [4, 16]}).verdict is Verdict.INCONCLUSIVE
    assert decide.of_test("rank")(observation, RULES).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    "order",
    [
        {"declared": "", "marker": ""},
        {"declared": "", "marker": "msb-first"},
        {"declared": "msb-first", "marker": "lsb-first"},
        {"declared": "msb-first", "marker": "unreadable"},
    ],
)
def test_without_a_bit_order_nothing_is_decided(order: dict[str, str]) -> None:
    observation = seen(attempt(runs=spread(50, 12)), order=order)
    for one in (decide.whole_set, decide.of_test("runs"), decide.cross_check):
        judgement = one(observation, RULES)
        assert judgement.verdict is Verdict.INCONCLUSIVE
        assert judgement.findings == ()


def test_without_a_significance_level_nothing_is_decided() -> None:
    for limits in ({}, {"alpha": None}, {"alpha_t": None}):
        with pytest.raises(LimitNotSet):
            decide.whole_set(seen(attempt(runs=spread(50))), limits)


def test_an_empty_set_is_inconclusive() -> None:
    assert decide.whole_set(seen(attempt(runs=[])), RULES).verdict is Verdict.INCONCLUSIVE


def test_the_cross_check_looks_at_the_spread_of_p() -> None:
    observation = seen(attempt(runs=[0.55] * 50))
    assert decide.cross_check(observation, {"alpha_t": "0.0001"}).verdict is Verdict.FAIL
    assert decide.whole_set(observation, {"alpha_t": "0.0001"}).verdict is Verdict.PASS
    assert decide.cross_check(seen(), RULES).verdict is Verdict.NOT_APPLICABLE


def stages(**changes) -> dict:
    found = {
        "factory": [attempt("factory", runs=spread(50))],
        "power-on": [attempt("power-on", runs=spread(20))],
        "periodic": [attempt("periodic", 20_000, runs=spread(20))],
        "single": [{"role": "single", "sequences": 1, "shortest": 128, "p": {"poker": [0.5]}}],
    }
    for name, change in changes.items():
        found[name.replace("_", "-")][0].update(change)
    return {"bit_order": dict.fromkeys(found, ORDER), "stages": found}


def test_stages_must_be_there_and_of_the_right_length() -> None:
    assert decide.stage_plan(stages(), STAGES).verdict is Verdict.PASS
    for change in (
        {"factory": {"sequences": 49}},
        {"power_on": {"sequences": 21}},
        {"periodic": {"bytes_left_over": 1}},
        {"factory": {"bits": 20_000}},
        {"single": {"shortest": 120}},
    ):
        judgement = decide.stage_plan(stages(**change), STAGES)
        assert judgement.verdict is Verdict.FAIL
        assert next(iter(change)).replace("_", "-") in judgement.findings[0]
    for name in ("factory", "power-on", "periodic", "single"):
        observation = stages()
        del observation["stages"][name]
        judgement = decide.stage_plan(observation, STAGES)
        assert (judgement.verdict, name in judgement.reason.en) == (Verdict.INCONCLUSIVE, True)


def test_stages_are_judged_by_their_values_where_the_scheme_gives_a_level() -> None:
    bad = stages(periodic={"p": {"runs": spread(20, 9)}})
    assert decide.stage_plan(bad, STAGES).verdict is Verdict.PASS
    for levels in ({"alpha": "0.01"}, {"alpha": "0.01", "alpha_t": "0.0001"}):
        assert decide.stage_plan(stages(), STAGES | levels).verdict is Verdict.PASS
    judgement = decide.stage_plan(bad, STAGES | {"alpha": "0.01"})
    assert judgement.verdict is Verdict.FAIL
    assert judgement.findings[0].startswith("periodic: runs, attempt 1")
    assert decide.stage_plan(bad, STAGES | {"alpha": "0.01", "chance_floor": 0}).verdict is Verdict.INCONCLUSIVE


def test_min_entropy_is_refuted_or_left_to_an_expert_but_never_passed() -> None:
    limits = {"symbols": 1000}

    def verdict(claimed: float, estimate: float | None, symbols: int = 1000) -> Verdict:
        observation = {"claimed": claimed, "symbols": symbols, "most_common_value": estimate}
        return decide.min_entropy(observation, limits).verdict

    assert verdict(7.5, 7.2) is Verdict.FAIL
    assert verdict(7.0, 7.2) is Verdict.INSPECTION_NEEDED
    assert verdict(7.0, 7.2, 999) is Verdict.INCONCLUSIVE
    assert verdict(7.0, None, 10) is Verdict.INCONCLUSIVE
    assert verdict(0.0, 7.2) is Verdict.INCONCLUSIVE


def test_health_fails_by_alarms_or_restarts_that_chance_does_not_explain() -> None:
    def verdict(
        repetition: int = 0, proportion: int = 0, longest: int = 20, most: int = 580, **restarts: int
    ) -> Verdict:
        observation = {
            "claimed": 1.0,
            "symbols": 10**6,
            "repetition": {"cutoff": 21, "alarms": repetition, "longest": longest},
            "proportion": {"cutoff": 589, "alarms": proportion, "most": most, "window": 1024, "windows": 976},
            "restarts": {"symbols": 10**6, "row": 540, "place": 540} | restarts,
        }
        return decide.health(observation, HEALTH).verdict

    assert verdict() is Verdict.PASS
    assert verdict(repetition=3) is Verdict.PASS  # about one is expected in 10^6 symbols
    assert verdict(repetition=40) is Verdict.FAIL
    assert verdict(longest=45) is Verdict.FAIL
    assert verdict(proportion=4) is Verdict.FAIL
    assert verdict(most=640) is Verdict.FAIL
    assert verdict(row=640) is Verdict.FAIL
    assert verdict(place=640) is Verdict.FAIL
    assert verdict(symbols=10) is Verdict.INCONCLUSIVE
    assert decide.health({"claimed": 0.0, "symbols": 10**6}, HEALTH).verdict is Verdict.INCONCLUSIVE
    assert decide.health({"claimed": 1.0, "symbols": 10}, HEALTH).verdict is Verdict.INCONCLUSIVE


def test_the_block_screen_allows_what_chance_gives() -> None:
    limits = {"expected_rate": "0.0008"}
    for failing, verdict in ((0, Verdict.PASS), (45, Verdict.PASS), (100, Verdict.FAIL)):
        assert decide.block_screen({"blocks": 49_999, "failing": failing}, limits).verdict is verdict
    assert decide.block_screen({"blocks": 0, "failing": 0}, limits).verdict is Verdict.INCONCLUSIVE
    assert math.isclose(upper_tail(49_999, 0.0008, 39), binom.sf(38, 49_999, 0.0008), rel_tol=1e-6)
