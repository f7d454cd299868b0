"""Triggers: what the rules allow and somebody may want to ask about. A table; each row names what it cannot show.

They follow the catalogue of "questionable activity" of ONC's CHPL, as far as an append-only ledger with public claims
can show it. What CHPL watches and this ledger cannot show: edits of a listing (there are none; corrections are
entries), draws that were skipped (they are not on the ledger yet), complaints, and what a visit found.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.node.monitor.finding import Finding, Weight
from hallmark.node.monitor.history import Case, Event, History, since

Values = Mapping[str, int]
Facts = Mapping[str, object]
Find = Callable[[History, Event, Values], Iterator[Facts]]


@dataclass(frozen=True, slots=True)
class Trigger:
    """One row: asked after each statement of `kinds`, it yields facts for `words`; `source` is what it reads."""

    code: str
    kinds: tuple[str, ...]
    find: Find
    words: Text
    source: Text
    blind: Text

    def look(self, history: History, event: Event, values: Values) -> Iterator[Finding]:
        """Yield what is to be told of `event`, which `history` has taken."""
        for facts in self.find(history, event, values):
            words = Text(self.words.zh.format_map(facts), self.words.en.format_map(facts))
            yield Finding(self.code, Weight.NOTABLE, words, event.index)


def _burst(history: History, event: Event, values: Values) -> Iterator[Facts]:
    count = sum(1 for _ in since(history.issued[event.issuer], event.told - values["burst-days"] * instant.DAY))
    if count == values["burst-count"]:
        yield {"body": event.issuer, "count": count, "days": values["burst-days"]}


def _after_refusal(history: History, event: Event, values: Values) -> Iterator[Facts]:
    case = history.case_of(event)
    if case is None:
        return
    for other in history.by_applicant[case.applicant]:
        ended = other.ended
        if other is case or ended is None or other.body in ("", event.issuer) or not _same(case, other):
            continue
        days = (event.told - ended.told) // instant.DAY
        if days <= values["refusal-days"]:
            yield {
                "number": event.subject,
                "other": other.name,
                "body": other.body,
                "kind": ended.kind,
                "days": days,
                "type": case.product_type,
            }


def _same(case: Case, other: Case) -> bool:
    """Tell whether two cases may be about one product: by the builds where both are disclosed, else by its type."""
    if case.product and other.product:
        builds = [{build["sha256"] for build in each["builds"]} for each in (case.product, other.product)]
        name = [(each["name"]["zh"], each["model"]) for each in (case.product, other.product)]
        return not builds[0].isdisjoint(builds[1]) or name[0] == name[1]
    return case.product_type == other.product_type


def _quick(history: History, event: Event, values: Values) -> Iterator[Facts]:
    case, limit = history.case_of(event), values["quick-hours"] * instant.HOUR
    if case is None or case.evaluation is None or case.evaluation >= limit:
        return
    spans = history.spans[event.issuer]
    quick, count = bisect_left(spans, limit), len(spans)
    if count >= values["quick-count"] and 100 * quick > values["quick-share"] * count:
        yield {"body": event.issuer, "quick": quick, "count": count, "hours": values["quick-hours"]}


def _pair(history: History, event: Event, values: Values) -> Iterator[Facts]:
    case = history.cases.get(event.subject)
    if case is None:
        return
    for person in sorted({approval.person for approval in event.approvals}):
        evaluations = history.evaluations[person, case.applicant]
        count = sum(1 for _ in since(evaluations, event.told - values["pair-days"] * instant.DAY))
        if count == values["pair-count"]:
            yield {"person": person, "applicant": case.applicant, "count": count, "days": values["pair-days"]}


def _flip(history: History, event: Event, values: Values) -> Iterator[Facts]:
    suspended = [each for each in history.statuses[event.subject] if each.kind == event.kind]
    count = sum(1 for _ in since(suspended, event.told - values["flip-days"] * instant.DAY))
    if count == values["flip-count"]:
        yield {"number": event.subject, "count": count, "days": values["flip-days"]}


def _back_dated(_: History, event: Event, values: Values) -> Iterator[Facts]:
    hours = (event.told - event.made) // instant.HOUR
    if hours >= values["back-hours"]:
        yield {"kind": event.kind, "issuer": event.issuer, "hours": hours}


def _closed_at_once(history: History, event: Event, values: Values) -> Iterator[Facts]:
    case, number = history.cases.get(event.subject), event.claims["number"]
    answered = [each for each in case.events if each.kind == "nonconformity.answered"] if case else []
    answer = next((each for each in reversed(answered) if each.claims["number"] == number), None)
    if answer and event.told - answer.told < values["close-minutes"] * instant.MINUTE:
        yield {"case": event.subject, "number": number, "minutes": (event.told - answer.told) // instant.MINUTE}


def _new_key(history: History, event: Event, values: Values) -> Iterator[Facts]:
    for who in (event.issuer, *(approval.person for approval in event.approvals)):
        rekeyed = history.rekeyed.get(who)
        if rekeyed and event.told - rekeyed.told < values["key-hours"] * instant.HOUR:
            hours = (event.told - rekeyed.told) // instant.HOUR
            yield {"who": who, "kind": event.kind, "subject": event.subject, "hours": hours}


def _amended(history: History, event: Event, values: Values) -> Iterator[Facts]:
    case = history.cases.get(event.subject)
    amended = [each for each in case.events if "amends" in each.claims] if case else []
    if "amends" in event.claims and len(amended) == values["amend-count"]:
        yield {"case": event.subject, "count": len(amended), "laboratory": event.issuer}


_ISSUED = ("certificate.issued",)

TRIGGERS = (
    Trigger(
        "burst-of-certificates",
        _ISSUED,
        _burst,
        Text("{body} 在 {days} 日内颁发 {count} 张证书", "{body} issued {count} certificates within {days} days"),
        Text("颁证条目与报时", "entries of issue, and the time told"),
        Text("无法说明原因：一次集中申请也会如此", "why: applications that came together look the same"),
    ),
    Trigger(
        "certified-after-refusal-elsewhere",
        _ISSUED,
        _after_refusal,
        Text(
            "{number}：同一申请方的 {type} 类案件 {other} 于 {days} 日前在 {body} 以 {kind} 结束而未获证",
            "{number}: case {other} of the same applicant, type {type}, ended without a certificate at {body} {days} "
            "days before ({kind})",
        ),
        Text("案件的申请方、产品类型与结束方式", "applicant, product type and end of cases"),
        Text(
            "未披露时看不到产品与决定结果：可能是另一产品，或案件尚在办理；换一申请方则无从发现",
            "without disclosures the product and the outcome: it may be another product or a case still going on; a "
            "product that comes back under another applicant is not seen",
        ),
    ),
    Trigger(
        "quick-evaluations",
        _ISSUED,
        _quick,
        Text(
            "{body} 的 {count} 次评价中有 {quick} 次短于 {hours} 小时",
            "{quick} of {count} evaluations of {body} took less than {hours} hours",
        ),
        Text("计划与最后一份报告的报时", "the time told at the plan and at the last report"),
        Text("计划之前所做的工作，以及报告自述的日期", "work before the plan, and the dates that reports give"),
    ),
    Trigger(
        "one-evaluator-one-applicant",
        ("test.reported", "audit.reported"),
        _pair,
        Text(
            "{person} 在 {days} 日内为 {applicant} 评价 {count} 次",
            "{person} evaluated for {applicant} {count} times within {days} days",
        ),
        Text("报告上的批准", "the approvals under reports"),
        Text("参与而未批准报告的人员", "people who took part and approved no report"),
    ),
    Trigger(
        "suspended-again-and-again",
        ("certificate.suspended",),
        _flip,
        Text("{number} 在 {days} 日内被暂停 {count} 次", "{number} was suspended {count} times within {days} days"),
        Text("状态条目", "entries of status"),
        Text("每次暂停是否有据", "whether each time was called for"),
    ),
    Trigger(
        "back-dated",
        (),
        _back_dated,
        Text(
            "{issuer} 的 {kind} 作于入账前 {hours} 小时",
            "{kind} of {issuer} was made {hours} hours before it was entered",
        ),
        Text("声明自述的时间与报时", "the statement's own time, and the time told"),
        Text(
            "现场声明允许较晚入账；自述时间可以是任意值",
            "what is made on site may come later; the own time is anybody's word",
        ),
    ),
    Trigger(
        "nonconformity-closed-at-once",
        ("nonconformity.closed",),
        _closed_at_once,
        Text(
            "案件 {case} 的不符合项 {number} 在答复 {minutes} 分钟后关闭",
            "nonconformity {number} of case {case} was closed {minutes} minutes after the answer",
        ),
        Text("答复与关闭的报时", "the time told at answer and closure"),
        Text("其等级，以及所附证据", "its grade, and the evidence"),
    ),
    Trigger(
        "decided-under-a-new-key",
        ("decision.made", "signoff.made", "certificate.issued", "certificate.restored"),
        _new_key,
        Text(
            "{who} 换钥 {hours} 小时后即以新密钥作出 {kind}（{subject}）",
            "{who} changed its key {hours} hours before {kind} about {subject}",
        ),
        Text("换钥条目与批准", "entries of new keys, and approvals"),
        Text("换钥是否本人所为", "whether the change was the holder's own"),
    ),
    Trigger(
        "report-amended-again-and-again",
        ("test.reported",),
        _amended,
        Text(
            "案件 {case} 的报告已由 {laboratory} 修改 {count} 次",
            "{laboratory} amended the report of case {case} {count} times",
        ),
        Text("报告之间的修改关系", "which report amends which"),
        Text("改了什么", "what was changed"),
    ),
)
"""A row without kinds is asked after every statement, and about that alone."""
