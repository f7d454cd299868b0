"""Rules of the evaluation: plan, sample, type test; those of its other leg are in `audit`.

1. No evaluation before the agreement (ISO/IEC 17065 4.1.2, `StepOutOfOrder`).
2. The laboratory is qualified for the type on this day (Regulation art. 9; 17065 6.2, `LaboratoryNotQualified`), and
   has no tie to the applicant (17025 4.1, `LaboratoryNotImpartial`).
3. Evaluators are competent and impartial (`personnel`), when planned and when they report.
4. The sample received and the builds tested are exactly those declared (`BuildsDiffer`).
5. A report is on a sample that this laboratory received (`SampleUnknown`), has a number of its own
   (`RegisteredTwice`), amends only a report in force in this case (ISO/IEC 17025 7.8.8, `ReportUnknown`). A sample is
   received between application and today, tested after that, and the work ends no later than today
   (`DatesImpossible`).
6. A report gives a verdict on every mandatory item and on no foreign one (Regulation art. 21, `ItemsDiffer`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.rules.act import Act, day
from hallmark.rules.application import (
    body_is_still_designated,
    is_designated,
    issuer_is_body,
    issuer_is_laboratory,
    require_stage,
)
from hallmark.rules.market import RegisteredTwice
from hallmark.rules.personnel import (
    approvers_are_competent,
    require_competent,
    require_impartial,
    ties,
)
from hallmark.scheme.model import Module

_NONE = Text("无", "none")


class LaboratoryNotQualified(Refusal):
    """The laboratory may not test this type on this day."""

    article = "Regulation on Certification and Accreditation art. 9; ISO/IEC 17065:2012 6.2"
    en = "{laboratory} is not designated to test {product_type} on {today}. Choose a laboratory that is."
    zh = "{laboratory} 在 {today} 未获指定检测 {product_type}。请选择获指定的实验室。"


class LaboratoryNotImpartial(Refusal):
    """A laboratory may have no tie to the applicant."""

    article = "ISO/IEC 17025:2017 4.1; ISO/IEC 17065:2012 4.2"
    en = "{laboratory} and {applicant} are tied ({nature}). Another laboratory must test this product."
    zh = "{laboratory} 与 {applicant} 存在关联（{nature}）。须由其他实验室检测该产品。"


class BuildsDiffer(Refusal):
    """What was received or tested is not what was applied for."""

    article = "ISO/IEC 17025:2017 7.8.2.1 g"
    en = "The builds are not those of the application: {why}. Test exactly what was declared, or apply anew."
    zh = "版本文件与申请不符：{why}。须检测所申报的版本，或重新申请。"


class SampleUnknown(Refusal):
    """The report is on a sample that was not received."""

    article = "ISO/IEC 17025:2017 7.4"
    en = "Sample {sample} was not received by this laboratory for this case. Record its reception first."
    zh = "本实验室未就本案接收样品 {sample}。请先登记接收。"


class ReportUnknown(Refusal):
    """A case has one test report in force; a later one amends it."""

    article = "ISO/IEC 17025:2017 7.8.8"
    en = "The report must amend {in_force}, the one in force in this case, not {amends}."
    zh = "该报告须修改本案现行报告 {in_force}，而非 {amends}。"


class DatesImpossible(Refusal):
    """The work cannot have been done on these days."""

    article = "ISO/IEC 17025:2017 7.8.2.1 i"
    en = "The dates {start} to {end} cannot be: {why}. Correct them."
    zh = "日期 {start} 至 {end} 不成立：{why}。请更正。"


class ItemsDiffer(Refusal):
    """No prescribed item may be left out, and none added."""

    article = "Regulation on Certification and Accreditation art. 21"
    en = "The report does not cover the prescribed items: {why}. Report on exactly these."
    zh = "报告未覆盖规定项目：{why}。须按规定项目出具。"


def laboratory_is_qualified(act: Act) -> None:
    """Rule 2."""
    laboratory = act.claims.get("laboratory") or act.case["laboratory"]
    case = act.case
    if not is_designated(act.state, laboratory, "testing", case["scheme"], case["product_type"], act.today):
        raise LaboratoryNotQualified(laboratory=laboratory, product_type=case["product_type"], today=act.today)


def laboratory_is_impartial(act: Act) -> None:
    """Rule 2."""
    laboratory = act.claims.get("laboratory") or act.case["laboratory"]
    for _, nature in ties(act, laboratory):
        raise LaboratoryNotImpartial(laboratory=laboratory, applicant=act.case["applicant"], nature=nature)


def team_is_competent(act: Act) -> None:
    """Rule 3 for the team planned."""
    for member in act.claims["team"]:
        require_competent(act, member["person"], act.issuer, member["function"])
        require_impartial(act, member["person"])


def is_agreed(act: Act) -> None:
    """Rule 1. A plan may be made again until the first report."""
    require_stage(act, "agreed", "planned")
    if act.case["tests"] or act.case["audits"]:
        require_stage(act, "agreed", why=Text("已依据该计划出具报告", "reports were made under the plan"))


def is_planned(act: Act) -> None:
    """Rule 1."""
    require_stage(act, "planned")


def plan_is_in_time(act: Act) -> None:
    """Rule 5 for plans: evaluation ends today or later."""
    if day(act.claims["evaluate_by"]) < act.today:
        raise DatesImpossible(
            start=act.today, end=act.claims["evaluate_by"], why=Text("计划的截止日已过", "the plan ends in the past")
        )


def builds_are_declared(act: Act) -> None:
    """Rule 4."""
    declared = _builds(act.case["product"]["builds"])
    given = _builds(act.claims["builds"])
    if given != declared:
        wrong = sorted(name for role, name, _, _ in given ^ declared)
        raise BuildsDiffer(why=", ".join(dict.fromkeys(wrong)))


def _builds(builds: Sequence[dict[str, Any]]) -> set[tuple[str, str, int, bytes]]:
    return {(build["role"], build["name"], build["size"], build["sha256"]) for build in builds}


def sample_is_new(act: Act) -> None:
    """Rule 5 for samples."""
    if act.claims["sample"] in act.case["samples"]:
        raise RegisteredTwice(which=act.claims["sample"])


def sample_is_received(act: Act) -> None:
    """Rule 5."""
    received = act.case["samples"].get(act.claims["sample"])
    if received is None or received["laboratory"] != act.issuer:
        raise SampleUnknown(sample=act.claims["sample"])
    start = day(act.claims["started_on"])
    if start < day(received["received_on"]):
        raise DatesImpossible(
            start=start,
            end=act.claims["finished_on"],
            why=Text("开始日早于样品接收日", "the start is before the reception"),
        )


def reception_is_possible(act: Act) -> None:
    """Rule 5."""
    start, received = act.edition.date_at(act.case["opened_at"]), day(act.claims["received_on"])
    if not start <= received <= act.today:
        raise DatesImpossible(
            start=start,
            end=received,
            why=Text("样品接收日应在申请日至今日之间", "a sample is received between application and today"),
        )


def report_is_new(act: Act) -> None:
    """Rule 5."""
    if act.state.get(f"report/{act.claims['report']}"):
        raise RegisteredTwice(which=act.claims["report"])


def report_in_force_is_amended(act: Act) -> None:
    """Rule 5."""
    in_force = act.case["tests"][-1]["report"] if act.case["tests"] else None
    if act.claims.get("amends") != in_force:
        raise ReportUnknown(in_force=in_force or _NONE, amends=act.claims.get("amends") or _NONE)


def dates_are_possible(act: Act) -> None:
    """Rule 5."""
    start, end = day(act.claims["started_on"]), day(act.claims["finished_on"])
    if end < start:
        raise DatesImpossible(start=start, end=end, why=Text("结束日早于开始日", "the end is before the start"))
    if end > act.today:
        raise DatesImpossible(start=start, end=end, why=Text("结束日在将来", "the end is in the future"))
    if start < act.edition.date_at(act.case["opened_at"]):
        raise DatesImpossible(start=start, end=end, why=Text("开始日早于申请日", "the start is before the application"))


def test_items_are_prescribed(act: Act) -> None:
    """Rule 6."""
    require_items(act, Module.TYPE_TEST, set(act.claims["verdicts"]))


def require_items(act: Act, module: Module, given: set[str]) -> None:
    """Raise `ItemsDiffer` unless `given` holds each mandatory item of a module, and none that is not prescribed."""
    known = {item.id for item in act.edition.items(act.case, module)}
    mandatory = {item.id for item in act.edition.decisive(act.case, module)}
    if missing := sorted(mandatory - given):
        raise ItemsDiffer(why=Text(f"缺少 {'、'.join(missing)}", f"missing {', '.join(missing)}"))
    if foreign := sorted(given - known):
        raise ItemsDiffer(why=Text(f"未规定 {'、'.join(foreign)}", f"not prescribed {', '.join(foreign)}"))


def plan(act: Act) -> None:
    """Effect: laboratory, team and day are set."""
    claims = act.claims
    act.put_case(
        stage="planned", laboratory=claims["laboratory"], team=claims["team"], evaluate_by=claims["evaluate_by"]
    )


def receive(act: Act) -> None:
    """Effect: the laboratory has the sample."""
    news = {"received_on": act.claims["received_on"], "laboratory": act.issuer}
    act.put_case(samples={**act.case["samples"], act.claims["sample"]: news})


def report_test(act: Act) -> None:
    """Effect: there is a test report; its approvers have evaluated."""
    claims = act.claims
    news = {
        "report": claims["report"],
        "sample": claims["sample"],
        "amends": claims.get("amends"),
        "laboratory": act.issuer,
        "verdicts": claims["verdicts"],
        "kit": claims["kit"],
        "record": claims["record"],
    }
    act.put(f"report/{claims['report']}", {"case": act.subject})
    act.put_case(tests=[*act.case["tests"], news], evaluators=evaluators(act))


def evaluators(act: Act) -> list[str]:
    """Return who has evaluated in the case, those who approve this act included unless they are the applicant's."""
    judged = [] if act.issuer == act.case["applicant"] else act.approvers.values()
    return sorted({*act.case["evaluators"], *judged})


RULES = {
    "evaluation.planned": (
        issuer_is_body,
        approvers_are_competent,
        is_agreed,
        body_is_still_designated,
        laboratory_is_qualified,
        laboratory_is_impartial,
        team_is_competent,
        plan_is_in_time,
        plan,
    ),
    "sample.received": (
        issuer_is_laboratory,
        is_planned,
        laboratory_is_qualified,
        sample_is_new,
        reception_is_possible,
        builds_are_declared,
        receive,
    ),
    "test.reported": (
        issuer_is_laboratory,
        is_planned,
        laboratory_is_qualified,
        laboratory_is_impartial,
        approvers_are_competent,
        sample_is_received,
        builds_are_declared,
        report_is_new,
        report_in_force_is_amended,
        dates_are_possible,
        test_items_are_prescribed,
        report_test,
    ),
}
