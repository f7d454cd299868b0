"""The kit's verdicts: pure functions of observation and limits.

The scheme's limits say which rules decide: `alpha` (with `sigmas`) the number of sequences that must pass, `alpha_t`
(with `bins`) the evenness of the Q-values, `m`, `k` or `d` (with the length behind them where it differs) the columns.
`retests` says how often a column that missed may be repeated on fresh data. A miss that chance gives less often than
`chance_floor` has failed and is not repeated. Every attempt is reported, and how often a perfect generator is rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hallmark.kernel.text import Text
from hallmark.lab.kit import Decide, Judgement, LimitNotSet, Verdict, combine, number
from hallmark.lab.kits.security_chip.sets import (
    BINS,
    FALSE_ALARM,
    HOPELESS,
    LEAST_SYMBOLS,
    RESTART_ALPHA,
    SIGMAS,
    SINGLE,
    STAGES,
    evenness,
    needed,
    upper_tail,
)

if TYPE_CHECKING:
    from hallmark.lab.kit import Limits, Observation

Attempt = Mapping[str, Any]
_TELLING = 5  # so many P-values never agree by chance


@dataclass(frozen=True)
class Rules:
    """The rules in force; None where a rule does not decide, or where nobody has set the number of repeats."""

    alpha: float | None
    sigmas: float
    alpha_t: float | None
    bins: int
    retests: int | None
    floor: float

    @classmethod
    def of(cls, limits: Limits) -> Rules:
        """Return the rules that `limits` hold; raises `LimitNotSet` where neither rule has its level."""
        alpha = number(limits, "alpha") if "alpha" in limits else None
        alpha_t = number(limits, "alpha_t") if "alpha_t" in limits else None
        if alpha is None and alpha_t is None:
            raise LimitNotSet(name="alpha")
        return cls(
            alpha,
            _or(limits, "sigmas", SIGMAS),
            alpha_t,
            int(_or(limits, "bins", BINS)),
            int(number(limits, "retests")) if limits.get("retests") is not None else None,
            _or(limits, "chance_floor", HOPELESS),
        )

    def least(self, sequences: int) -> int | None:
        """Return how many sequences must pass, or None where that rule does not decide."""
        return None if self.alpha is None else needed(sequences, self.alpha, self.sigmas)

    def false_rejection(self, sequences: int, columns: int) -> float:
        """Return how often a perfect generator fails any of `columns` independent columns, repeats included."""
        once, least = self.alpha_t or 0.0, self.least(sequences)
        if self.alpha is not None and least is not None:
            once += upper_tail(sequences, self.alpha, sequences - least + 1)
        return float(1 - (1 - min(once, 1.0) ** ((self.retests or 0) + 1)) ** columns)


def of_test(test: str) -> Decide:
    """Return the decision on one test of GM/T 0005-2021, on the columns that the scheme names for this length."""

    def decide(observation: Observation, limits: Limits) -> Judgement:
        attempts = observation["attempts"]
        columns = [name for name in attempts[0]["p"] if name.split("/")[0] == test]
        if not columns:
            reason = Text("附录 A 对此样本长度不要求该检测。", "Annex A does not ask for this test at this length.")
            return Judgement(Verdict.NOT_APPLICABLE, reason)
        wanted = _parameters(limits, attempts[0]["bits"])
        absent = wanted - {name.split("/")[1] for name in columns if "/" in name}
        if absent:
            named = ", ".join(sorted(absent))
            reason = Text(f"本套件未按参数 {named} 检测。", f"This kit does not measure with parameter {named}.")
            return Judgement(Verdict.INCONCLUSIVE, reason)
        columns = [name for name in columns if not wanted or name.split("/")[1] in wanted]
        return _unordered(observation) or _columns(attempts, columns, Rules.of(limits))

    return decide


def whole_set(observation: Observation, limits: Limits) -> Judgement:
    """Decide on all columns of the main set."""
    return _unordered(observation) or _columns(observation["attempts"], None, Rules.of(limits))


def cross_check(observation: Observation, limits: Limits) -> Judgement:
    """Decide on the tests that SP 800-22 shares; there it is P that must spread evenly."""
    if not observation["attempts"]:
        reason = Text("仅对 10^6 比特样本进行对照。", "The cross-check is made at 10^6 bit only.")
        return Judgement(Verdict.NOT_APPLICABLE, reason)
    attempts = [dict(attempt) | {"q": attempt["p"]} for attempt in observation["attempts"]]
    return _unordered(observation) or _columns(attempts, None, Rules.of(limits))


def stage_plan(observation: Observation, limits: Limits) -> Judgement:
    """Decide whether the stages of GM/T 0062-2018 are complete and right in length, and pass where a rule is set."""
    found: Mapping[str, list[Attempt]] = observation["stages"]
    wrong = tuple(_wrong_sizes(found, limits))
    if wrong:
        reason = Text("样本数量或长度不符。", "Number or length of sequences is wrong.")
        return Judgement(Verdict.FAIL, reason, wrong)
    absent = [name for name in (*STAGES, SINGLE) if name not in found]
    missing = Text(f"缺少阶段：{'、'.join(absent)}。", f"Stages are missing: {', '.join(absent)}.")
    complete = Text("各阶段样本齐全，长度正确。", "All stages are complete and of the right length.")
    parts = {
        "plan": Judgement(Verdict.INCONCLUSIVE, missing) if absent else Judgement(Verdict.PASS, complete),
    }
    if "alpha" in limits or "alpha_t" in limits:
        rules = Rules.of(limits)
        once = replace(rules, alpha_t=None)  # one use is no set whose values could spread
        for name, attempts in found.items():
            parts[name] = _unordered({"bit_order": observation["bit_order"][name]}) or _columns(
                attempts, None, once if name == SINGLE else rules
            )
    verdict = combine(part.verdict for part in parts.values())
    reason = next(part.reason for part in parts.values() if part.verdict is verdict)
    findings = tuple(f"{name}: {finding}" for name, part in parts.items() for finding in part.findings)
    return Judgement(
        verdict, reason, findings, {name: dict(part.values) for name, part in parts.items() if part.values}
    )


def min_entropy(observation: Observation, limits: Limits) -> Judgement:
    """Decide whether the claimed min-entropy is refuted; one estimator never proves it."""
    claimed, seen, symbols = observation["claimed"], observation.get("most_common_value"), observation["symbols"]
    values = {"claimed": claimed, "most_common_value": seen, "symbols": symbols}
    least = int(number(limits, "symbols"))
    if not claimed:
        return _undeclared()
    if seen is not None and seen < claimed:
        reason = Text(
            f"最常见值估计 {seen:.4f} 低于声明的最小熵 {claimed}。",
            f"The most common value estimate {seen:.4f} is below the claimed min-entropy {claimed}.",
        )
        return Judgement(Verdict.FAIL, reason, values=values)
    if seen is None or symbols < least:
        return _too_few(least)
    reason = Text(
        f"最常见值估计 {seen:.4f} 未低于声明值 {claimed}；其余估计和独立性检验未做，须由专家评定。",
        f"The most common value estimate {seen:.4f} is not below the claim {claimed}; the other nine estimators and "
        "the test for independence of SP 800-90B are not done here, so an expert has to assess the claim.",
    )
    return Judgement(Verdict.INSPECTION_NEEDED, reason, values=values)


def health(observation: Observation, limits: Limits) -> Judgement:
    """Decide on repetition count, adaptive proportion and restarts at the claimed entropy."""
    rows, places = int(number(limits, "restarts")), int(number(limits, "samples_per_restart"))
    if not observation["claimed"]:
        return _undeclared()
    if "repetition" not in observation:
        return _too_few(LEAST_SYMBOLS)
    chance, floor = 2.0 ** -observation["claimed"], _or(limits, "chance_floor", HOPELESS)
    symbols, restarts = observation["symbols"], observation.get("restarts", {})
    repetition, proportion = observation["repetition"], observation["proportion"]
    explained = {
        f"{repetition['alarms']} runs of {repetition['cutoff']} equal symbols": (
            upper_tail(symbols, FALSE_ALARM, repetition["alarms"]) >= floor
        ),
        f"a run of {repetition['longest']} equal symbols": symbols * chance ** (repetition["longest"] - 1) >= floor,
        f"{proportion['alarms']} windows with {proportion['cutoff']} equal symbols": (
            upper_tail(proportion["windows"], FALSE_ALARM, proportion["alarms"]) >= floor
        ),
        f"a window with {proportion['most']} equal symbols": (
            proportion["windows"] * upper_tail(proportion["window"], chance, proportion["most"]) >= floor
        ),
    }
    for name, length in (("row", places), ("place", rows)):
        if name in restarts:
            said = f"restarts with {restarts[name]} equal symbols in one {name}"
            explained[said] = upper_tail(length, chance, restarts[name]) >= RESTART_ALPHA
    findings = [said for said, by_chance in explained.items() if not by_chance]
    values = {"repetition": repetition, "proportion": proportion, "restarts": restarts}
    if findings:
        reason = Text(
            "在声明的熵下，健康测试或重启测试不通过。", "The health or restart tests fail at the claimed entropy."
        )
        return Judgement(Verdict.FAIL, reason, tuple(findings), values)
    if "row" not in restarts or restarts["symbols"] != rows * places:
        size = f"{rows} × {places}"
        reason = Text(f"缺少重启数据（{size} 个符号）。", f"The restart data are missing ({size} symbols).")
        return Judgement(Verdict.INCONCLUSIVE, reason, values=values)
    return Judgement(Verdict.PASS, Text("未见异常报警。", "No alarms beyond chance."), values=values)


def block_screen(observation: Observation, limits: Limits) -> Judgement:
    """Decide on the FIPS 140-2 screen: failing blocks no more frequent than chance explains."""
    blocks, failing = observation["blocks"], observation["failing"]
    if not blocks:
        return Judgement(Verdict.INCONCLUSIVE, Text("样本不足一个分组。", "The sample is shorter than a block."))
    chance = upper_tail(blocks, number(limits, "expected_rate"), failing)
    verdict = Verdict.PASS if chance >= _or(limits, "chance_floor", HOPELESS) else Verdict.FAIL
    reason = Text(f"{blocks} 个分组中 {failing} 个不通过。", f"{failing} of {blocks} blocks fail.")
    return Judgement(verdict, reason, values={"blocks": blocks, "failing": failing, "chance": chance})


def _or(limits: Limits, name: str, otherwise: float) -> float:
    return number(limits, name) if limits.get(name) is not None else otherwise


def _parameters(limits: Limits, bits: int) -> set[str]:
    """Return the parameters that the scheme names for this length, empty where it names none."""
    for letter in ("m", "k", "d"):
        value = limits.get(f"{letter}_{bits}", limits.get(letter))
        if value is not None:
            return {str(each) for each in (value if isinstance(value, list | tuple) else [value])}
    return set()


def _wrong_sizes(found: Mapping[str, list[Attempt]], limits: Limits) -> Iterable[str]:
    for name in STAGES:
        stage = name.replace("-", "_")
        count, bits = int(number(limits, f"{stage}_sequences")), int(number(limits, f"{stage}_bits"))
        for attempt in found.get(name, ()):
            if (attempt["sequences"], attempt["bits"], attempt["bytes_left_over"]) != (count, bits, 0):
                have = f"{attempt['sequences']} x {attempt['bits']} bit and {attempt['bytes_left_over']} bytes"
                yield f"{attempt['role']}: {have}, not {count} x {bits} bit"
    least = int(number(limits, "single_use_bits"))
    for attempt in found.get(SINGLE, ()):
        if attempt["shortest"] < least:
            yield f"{attempt['role']}: {attempt['shortest']} bit, not {least}"


def _undeclared() -> Judgement:
    reason = Text("申请人未声明 entropy_per_symbol（最小熵）。", "The applicant declares no entropy_per_symbol.")
    return Judgement(Verdict.INCONCLUSIVE, reason)


def _too_few(least: int) -> Judgement:
    reason = Text(f"样本少于 {least} 个符号。", f"There are fewer than {least} symbols.")
    return Judgement(Verdict.INCONCLUSIVE, reason)


def _unordered(observation: Observation) -> Judgement | None:
    """Return why nothing can be decided for want of a bit order, or None."""
    declared, marker = observation["bit_order"]["declared"], observation["bit_order"]["marker"]
    if not declared:
        reason = Text(
            "未声明比特顺序：请在声明中填写 bit_order（msb-first 或 lsb-first）。",
            "The bit order is not declared: put bit_order (msb-first or lsb-first) into the declaration.",
        )
    elif marker not in ("", declared):
        reason = Text(
            f"声明的比特顺序为 {declared}，标记文件显示为 {marker}。",
            f"The declared bit order is {declared}, the marker file shows {marker}.",
        )
    else:
        return None
    return Judgement(Verdict.INCONCLUSIVE, reason)


def _columns(attempts: Sequence[Attempt], names: Iterable[str] | None, rules: Rules) -> Judgement:
    """Decide on a set by columns, repeating on fresh data what chance may explain."""
    columns = list(names if names is not None else attempts[0]["p"])
    sequences = attempts[0]["sequences"]
    if not sequences:
        return Judgement(Verdict.INCONCLUSIVE, Text("没有一个完整的样本序列。", "There is not one whole sequence."))
    fresh = [attempts[0], *(attempt for attempt in attempts[1:] if not _shared(attempts[0], attempt))]
    findings = (
        ["the data for repeating hold sequences of the first set: not fresh"] if len(fresh) < len(attempts) else []
    )
    verdicts: dict[str, Verdict] = {}
    for column in columns:
        verdicts[column], tried = _column(fresh, column, rules)
        findings += tried
    verdict, lost = combine(verdicts.values()), rules.false_rejection(sequences, len(columns))
    values = {
        "sequences": sequences,
        "columns": len(columns),
        "needed": rules.least(sequences),
        "retests": rules.retests,
        "false_rejection": lost,
    }
    return Judgement(verdict, _reason(verdict, verdicts, rules.retests, lost), tuple(findings), values)


def _shared(first: Attempt, again: Attempt) -> bool:
    """Return whether the two sets hold a sequence in common, known by all its P-values."""
    if len(first["p"]) < _TELLING:
        return False
    return not set(zip(*first["p"].values(), strict=True)).isdisjoint(zip(*again["p"].values(), strict=True))


def _column(attempts: Sequence[Attempt], column: str, rules: Rules) -> tuple[Verdict, list[str]]:
    """Return the verdict on one column, and a finding for each attempt once the first has missed."""
    findings: list[str] = []
    for count, attempt in enumerate(attempts[: (rules.retests or 0) + 1], 1):
        missed, chance, said = _missed(attempt, column, rules)
        if missed or findings:
            findings.append(f"{column}, attempt {count} ({attempt['role']}): {said}")
        if not missed:
            return Verdict.PASS, findings
        if chance < rules.floor:
            return Verdict.FAIL, findings
    used_up = rules.retests is not None and len(findings) > rules.retests
    return (Verdict.FAIL if used_up else Verdict.INCONCLUSIVE), findings


def _missed(attempt: Attempt, column: str, rules: Rules) -> tuple[bool, float, str]:
    """Return whether an attempt misses a rule, how probable that is for a perfect generator, and the numbers."""
    sequences, least, chance, said = attempt["sequences"], rules.least(attempt["sequences"]), 1.0, []
    if rules.alpha is not None and least is not None:
        passed = sum(p >= rules.alpha for p in attempt["p"][column])
        said.append(f"{passed} of {sequences} pass, {least} needed")
        if passed < least:
            chance = upper_tail(sequences, rules.alpha, sequences - passed)
    if rules.alpha_t is not None:
        spread = evenness(attempt["q"][column], rules.bins)
        said.append(f"P_T {spread:.6f}, {rules.alpha_t:g} needed")
        if spread < rules.alpha_t:
            chance = min(chance, spread)
    return chance < 1, chance, "; ".join(said)


def _reason(verdict: Verdict, verdicts: Mapping[str, Verdict], retests: int | None, lost: float) -> Text:
    bad, rate = [name for name, each in verdicts.items() if each is verdict], f"{100 * lost:.2g} %"
    if verdict is Verdict.PASS:
        return Text(
            f"{len(verdicts)} 列全部通过；按此规则，理想发生器被误拒的概率约 {rate}。",
            f"All columns pass ({len(verdicts)}); this rule rejects a perfect generator in about {rate} of cases.",
        )
    if verdict is Verdict.FAIL:
        return Text(f"不通过：{'、'.join(bad)}。", f"Failed: {', '.join(bad)}.")
    if retests is None:
        return Text(
            f"未达到要求，且未设定复测次数（retests）：{'、'.join(bad)}；理想发生器一次误拒的概率约 {rate}。",
            f"Missed, and the operator has not set how often to repeat (retests): {', '.join(bad)}; once alone, a "
            f"perfect generator misses in about {rate} of cases.",
        )
    return Text(
        f"须用新数据复测：{'、'.join(bad)}；含复测，理想发生器的误拒概率约 {rate}。",
        f"To be repeated on fresh data: {', '.join(bad)}; repeats included, a perfect generator is rejected in about "
        f"{rate} of cases.",
    )
