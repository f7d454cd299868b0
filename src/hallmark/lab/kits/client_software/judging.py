"""The words between an observation and a judgement: what every item of this kit says in the same way."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.lab.kit import Judgement, Verdict
from hallmark.lab.kits.client_software.archive import OverBudget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from hallmark.lab.kit import Decide, Limits, Observation, Session

    Look = Callable[[Path, Session], dict[str, object]]

MOST_FINDINGS = 50


def judge(
    verdict: Verdict, zh: str, en: str, findings: Iterable[str] = (), values: Mapping[str, object] | None = None
) -> Judgement:
    """Return a judgement; findings are sorted, deduplicated and cut to `MOST_FINDINGS`, their number is kept."""
    found = sorted(set(findings))
    more = {"findings": len(found)} if len(found) > MOST_FINDINGS else {}
    return Judgement(verdict, Text(zh, en), tuple(found[:MOST_FINDINGS]), {**(values or {}), **more})


def declared(session: Session, name: str) -> list[str] | None:
    """Return what the applicant declares under `name`: a list, one text, or texts with reasons; None if nothing."""
    said = session.declaration.get(name)
    if isinstance(said, str):
        return [said]
    return sorted(map(str, said)) if isinstance(said, list | tuple | dict) else None


def looking_at(role: str) -> Callable[[Look], Callable[[Session], Mapping[str, object]]]:
    """Turn a look at one file of `role` into a measurement that also says why there is nothing to see."""

    def decorate(look: Look) -> Callable[[Session], Mapping[str, object]]:
        @wraps(look)
        def measure(session: Session) -> Mapping[str, object]:
            if not session.files.get(role):
                wanted = declared(session, "platforms") or ()
                return {"state": "missing" if role in wanted or not any(session.files.values()) else "not-submitted"}
            try:
                return {"state": "seen"} | look(session.file(role), session)
            except Malformed as breach:
                state = "over-budget" if isinstance(breach, OverBudget) else "unreadable"
                return {"state": state, "en": breach.explain("en"), "zh": breach.explain("zh")}

        return measure

    return decorate


def deciding(decide: Decide) -> Decide:
    """Let `decide` see only observations of a readable sample; answer for the others."""

    @wraps(decide)
    def guarded(seen: Observation, limits: Limits) -> Judgement:
        match seen["state"]:
            case "seen":
                return decide(seen, limits)
            case "missing":
                return judge(Verdict.NOT_RUN, "未提交受测软件包。", "The package to be examined was not submitted.")
            case "not-submitted":
                return judge(
                    Verdict.NOT_APPLICABLE,
                    "申请不涉及该平台：未提交其软件包，申请人亦未声明该平台。",
                    "The application does not cover this platform: no package for it was submitted or declared.",
                )
            case _:
                return judge(Verdict.INCONCLUSIVE, seen["zh"], seen["en"])

    return guarded
