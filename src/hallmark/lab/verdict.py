"""From what was seen to verdicts: pure, so that it can be done again from the record.

A verdict is found in this order: a self-check that failed makes everything an error; an item whose claim the applicant
does not make does not apply; an item that rests on others combines theirs; an item of the kit is decided on its
measurement; what no kit measures waits for a person or an instrument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.lab.kit import Judgement, KnownAnswer, LimitNotSet, Verdict, combine
from hallmark.lab.sandbox import Outcome, State
from hallmark.scheme.model import Method, Obligation

if TYPE_CHECKING:
    from hallmark.lab.kit import Item, Kit
    from hallmark.scheme.model import RequirementItem

_MOST_WORDS = 300

_PEOPLE = (Method.INSPECTION, Method.DOCUMENT, Method.INTERVIEW, Method.WITNESS)
_STATES: Mapping[State, tuple[Verdict, Text]] = {
    State.NO_FILE: (Verdict.NOT_RUN, Text("样品中没有所需文件：{detail}。", "The sample has no file for: {detail}.")),
    State.NO_PROGRAM: (
        Verdict.NOT_RUN,
        Text("未安装所需程序。请安装软件包：{detail}。", "A program is not installed. Install the package: {detail}."),
    ),
    State.RESOURCE_LIMIT: (
        Verdict.INCONCLUSIVE,
        Text("检测超出资源限制（resource-limit）：{detail}。", "The measurement met a resource-limit: {detail}."),
    ),
    State.CRASHED: (
        Verdict.ERROR,
        Text(
            "检测程序出错，不归咎于产品：{detail}。",
            "The measurement broke; this does not count against the product: {detail}.",
        ),
    ),
    State.CANCELLED: (Verdict.NOT_RUN, Text("检测被取消。", "The measurement was cancelled.")),
}
_SELF_CHECK_FAILED = Text(
    "自检未通过：{detail}。本机结果不可信，全部项目记为错误。",
    "The self-check failed: {detail}. This machine's results cannot be trusted, so every item is an error.",
)
_NOT_CLAIMED = Text(
    "申请人未声明 {detail}，本项不适用。", "The applicant does not claim {detail}, so the item does not apply."
)
_RESTS = Text("由所依据的项目综合判定，决定者：{detail}。", "Combined from the items it rests on; decided by {detail}.")
_PERSON = Text("须由人员判定，方法：{detail}。", "A person has to judge it; method: {detail}.")
_INSTRUMENT = Text(
    "须由实验室仪器测量，本套件不作此项检测。", "An instrument of the laboratory has to measure it; this kit does not."
)
_NO_KIT = Text("本套件不检测此项。", "This kit does not measure the item.")
_BROKEN = Text(
    "无法判定，观测结果不符合预期：{detail}。", "It cannot be decided, the observation is not as expected: {detail}."
)


@dataclass(frozen=True)
class Requirement:
    """An item as a session reads it: the scheme's line, or, where no scheme is at hand, the kit's id alone."""

    id: str
    title: Text
    criterion: Text
    obligation: str
    method: str
    clauses: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    rests_on: tuple[str, ...] = ()
    claim: str = ""
    measurement: str = ""


def requirements(
    kit: Kit,
    catalogue: Mapping[str, RequirementItem] | None = None,
    limits: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Requirement, ...]:
    """Return what a session decides: the lines of `catalogue`, or without one every item of the kit, as if a `shall`.

    `limits` are the values in force by item and name; a limit that is not among them keeps the scheme's value.
    """
    limits = limits or {}
    measured = {item.id: item.measurement for item in kit.items}
    if catalogue is None:
        return tuple(
            Requirement(
                id=item.id,
                title=Text(item.id, item.id),
                criterion=Text("", ""),
                obligation=Obligation.SHALL,
                method=Method.AUTO,
                limits=dict(limits.get(item.id, {})),
                measurement=item.measurement,
            )
            for item in kit.items
        )
    return tuple(
        requirement(name, line, limits.get(name, {}), measured.get(name, "")) for name, line in catalogue.items()
    )


def requirement(name: str, line: RequirementItem, limits: Mapping[str, Any], measurement: str = "") -> Requirement:
    """Return one line of the scheme as it is decided with the `limits` in force."""
    return Requirement(
        id=name,
        title=line.title,
        criterion=line.criterion,
        obligation=line.obligation,
        method=line.method,
        clauses=tuple(f"{clause.place} [{clause.certainty}]" for clause in line.clauses),
        limits={limit.id: limit.value for limit in line.limits} | dict(limits),
        rests_on=line.rests_on,
        claim=line.claim,
        measurement=measurement,
    )


def judge(
    kit: Kit,
    wanted: Sequence[Requirement],
    answers: Sequence[KnownAnswer],
    outcomes: Mapping[str, Outcome],
    claims: Sequence[str] = (),
) -> dict[str, Judgement]:
    """Return the judgement of each requirement by id, in their order."""
    wrong = disagreements(answers)
    if wrong:
        return {line.id: _said(Verdict.ERROR, _SELF_CHECK_FAILED, "; ".join(wrong)) for line in wanted}
    items = {item.id: item for item in kit.items}
    by_id = {line.id: line for line in wanted}
    found: dict[str, Judgement] = {}

    def find(line: Requirement, above: tuple[str, ...]) -> Judgement:
        if line.id not in found:
            if line.claim and line.claim not in claims:
                found[line.id] = _said(Verdict.NOT_APPLICABLE, _NOT_CLAIMED, line.claim)
            elif line.rests_on:
                below = [by_id[name] for name in line.rests_on if name in by_id and name not in above]
                parts = {each.id: find(each, (*above, line.id)).verdict for each in below}
                worst = combine(parts.values())
                detail = ", ".join(name for name, verdict in parts.items() if verdict is worst)
                found[line.id] = _said(worst, _RESTS, f"{detail or '-'} ({len(parts)}/{len(line.rests_on)})")
            else:
                found[line.id] = _decide(line, items.get(line.id), outcomes)
        return found[line.id]

    return {line.id: find(line, ()) for line in wanted}


def conclude(wanted: Sequence[Requirement], verdicts: Mapping[str, Verdict]) -> Verdict:
    """Return the verdict on the sample: `shall` items only, combined; `should` and `may` items never count."""
    return combine(verdicts[line.id] for line in wanted if line.obligation == Obligation.SHALL)


def disagreements(answers: Sequence[KnownAnswer]) -> list[str]:
    """Return what the self-check got wrong; a kit that checks nothing has checked nothing right."""
    if not answers:
        return ["no answer"]
    return [f"{each.name}: {each.seen} != {each.expected}" for each in answers if each.seen != each.expected]


def _decide(line: Requirement, item: Item | None, outcomes: Mapping[str, Outcome]) -> Judgement:
    if item is None:
        if line.method in _PEOPLE:
            return _said(Verdict.INSPECTION_NEEDED, _PERSON, line.method)
        return _said(Verdict.NOT_RUN, _INSTRUMENT if line.method == Method.INSTRUMENT else _NO_KIT)
    outcome = outcomes[item.measurement]
    if outcome.state is not State.DONE:
        return _said(*_STATES[outcome.state], outcome.detail)
    try:
        return item.decide(outcome.value, line.limits)
    except LimitNotSet as error:
        return Judgement(Verdict.INCONCLUSIVE, Text(error.explain("zh"), error.explain("en")))
    except HallmarkError as error:
        return Judgement(Verdict.ERROR, Text(error.explain("zh"), error.explain("en")))
    except Exception as error:  # noqa: BLE001 - the observation came from a process that read a hostile sample
        return _said(Verdict.ERROR, _BROKEN, f"{type(error).__name__}: {error}")


def _said(verdict: Verdict, words: Text, detail: str = "") -> Judgement:
    short = detail if len(detail) <= _MOST_WORDS else "…" + detail[-_MOST_WORDS:]
    return Judgement(verdict, Text(words.zh.replace("{detail}", short), words.en.replace("{detail}", short)))
