"""Who is told what: for each event the parties and functions it concerns, and for each notice its words.

An event is a statement that was made, or a deadline that has fallen due. A party is `applicant`, `body` or `laboratory`
of the case; `team`, the persons planned in that function; `holder`, the organisation that was designated; `employer`,
the organisation that recorded a competence; `person`, whose competence it is. The managers of an organisation read what
is for any function of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.kernel.text import Text
from hallmark.office.casework.course import is_evaluated
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record

Condition = Callable[[Edition, Record, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class To:
    """Whom an event concerns, the kind of notice where it is not the event's, and when it concerns them at all."""

    party: str
    function: str = ""
    notice: str = ""
    when: Condition | None = None


def _evaluated(edition: Edition, record: Record, _: Mapping[str, Any]) -> bool:
    return is_evaluated(edition, record)


def _granted(_: Edition, __: Record, claims: Mapping[str, Any]) -> bool:
    return bool(claims["outcome"] == "grant")


def _reopened(edition: Edition, record: Record, claims: Mapping[str, Any]) -> bool:
    return bool(claims["outcome"] == "upheld" and is_evaluated(edition, record))


_MAKER = To("applicant", "applicant_representative")
_OFFICER = To("body", "case_officer")
_TESTER = To("laboratory", "tester")
_AUDITOR = To("team", "auditor")
_REVIEW = To("body", "reviewer", "review.needed", _evaluated)

AUDIENCE: Mapping[str, tuple[To, ...]] = {
    # statements
    "application.submitted": (_OFFICER,),
    "application.supplemented": (_OFFICER,),
    "application.withdrawn": (_OFFICER, _TESTER, _AUDITOR),
    "application.accepted": (_MAKER,),
    "application.declined": (_MAKER,),
    "agreement.signed": (_OFFICER,),
    "application.closed": (_MAKER, _TESTER, _AUDITOR),
    "evaluation.planned": (_MAKER, _TESTER, _AUDITOR),
    "sample.received": (_MAKER, _OFFICER),
    "test.reported": (_MAKER, _OFFICER, _REVIEW),
    "audit.reported": (_MAKER, _OFFICER, _REVIEW),
    "nonconformity.raised": (_MAKER,),
    "nonconformity.answered": (_AUDITOR,),
    "nonconformity.rejected": (_MAKER,),
    "nonconformity.closed": (_MAKER, _REVIEW),
    "review.recommended": (To("body", "decision_maker", "decision.needed"),),
    "decision.made": (_MAKER, To("body", "responsible_person", "signoff.needed", _granted)),
    "signoff.made": (To("body", "case_officer", "certificate.needed"),),
    "appeal.lodged": (_OFFICER, To("body", "decision_maker")),
    "appeal.decided": (_MAKER, To("body", "reviewer", "review.needed", _reopened)),
    "certificate.issued": (_MAKER,),
    "certificate.suspended": (_MAKER,),
    "certificate.restored": (_MAKER,),
    "certificate.withdrawn": (_MAKER,),
    "certificate.cancelled": (_MAKER,),
    "designation.granted": (To("holder", "manager"),),
    "designation.ended": (To("holder", "manager"),),
    "person.rekeyed": (To("person"),),
    "competence.recorded": (To("person"),),
    "competence.ended": (To("person"),),
    # deadlines
    "acceptance.overdue": (_OFFICER,),
    "evaluation.due": (_OFFICER, _TESTER, _AUDITOR),
    "evaluation.overdue": (_OFFICER, _MAKER),
    "type_test.overdue": (_TESTER, _OFFICER),
    "audit.overdue": (_AUDITOR, _OFFICER),
    "nonconformity.due": (_MAKER,),
    "nonconformity.overdue": (_MAKER, _AUDITOR, _OFFICER),
    "review.overdue": (To("body", "reviewer"), _OFFICER),
    "decision.overdue": (To("body", "decision_maker"), _OFFICER),
    "issue.overdue": (To("body", "responsible_person"), _OFFICER),
    "appeal.ending": (_MAKER,),
    "appeal.closed": (_MAKER, _OFFICER),
    "appeal.overdue": (To("body", "decision_maker"), _OFFICER),
    "certificate.renewable": (_MAKER,),
    "certificate.ending": (_MAKER, _OFFICER),
    "certificate.expired": (_MAKER, _OFFICER),
    "suspension.overdue": (_MAKER, _OFFICER),
    "designation.ending": (To("holder", "manager"),),
    "designation.expired": (To("holder", "manager"),),
    "competence.ending": (To("person"), To("employer", "manager")),
    "competence.expired": (To("person"), To("employer", "manager")),
}

# {subject} is the case, certificate, organisation or person; {product} its name and model; the rest are claims.
WORDS: Mapping[str, Text] = {
    "application.submitted": Text("收到申请 {subject}：{product}。", "Application {subject} came in: {product}."),
    "application.supplemented": Text("申请 {subject} 已补充文件。", "Application {subject} has more documents."),
    "application.withdrawn": Text("申请 {subject} 已撤回。", "Application {subject} was withdrawn."),
    "application.accepted": Text(
        "申请 {subject} 已受理。请签署认证协议。", "Application {subject} was accepted. Sign the agreement."
    ),
    "application.declined": Text(
        "申请 {subject} 不予受理。请查看理由。", "Application {subject} was declined. Read the reasons."
    ),
    "agreement.signed": Text(
        "案件 {subject} 的协议已签署。请安排评价。", "The agreement of {subject} is signed. Plan the evaluation."
    ),
    "application.closed": Text("案件 {subject} 已终止。", "Case {subject} was closed."),
    "evaluation.planned": Text(
        "案件 {subject} 的评价已安排：{product}，须于 {evaluate_by} 前完成。",
        "The evaluation of {subject} is planned: {product}, to be done by {evaluate_by}.",
    ),
    "sample.received": Text("实验室已接收案件 {subject} 的样品。", "The laboratory has the sample of {subject}."),
    "test.reported": Text("案件 {subject} 的检测报告已出具。", "There is a test report on {subject}."),
    "audit.reported": Text("案件 {subject} 的审核报告已出具。", "There is an audit report on {subject}."),
    "nonconformity.raised": Text(
        "案件 {subject} 提出不符合项 {number}。请于 {due} 前答复。",
        "Nonconformity {number} was raised in {subject}. Answer it by {due}.",
    ),
    "nonconformity.answered": Text(
        "案件 {subject} 的不符合项 {number} 已答复。请验证。",
        "Nonconformity {number} of {subject} was answered. Verify the answer.",
    ),
    "nonconformity.rejected": Text(
        "案件 {subject} 不符合项 {number} 的答复未获认可。请重新答复。",
        "The answer to nonconformity {number} of {subject} was not accepted. Answer it again.",
    ),
    "nonconformity.closed": Text(
        "案件 {subject} 的不符合项 {number} 已关闭。", "Nonconformity {number} of {subject} is closed."
    ),
    "review.needed": Text(
        "案件 {subject} 评价完毕，待复核：{product}。", "Case {subject} is evaluated and waits for review: {product}."
    ),
    "decision.needed": Text(
        "案件 {subject} 已复核，待认证决定：{product}。",
        "Case {subject} is reviewed and waits for a decision: {product}.",
    ),
    "decision.made": Text("案件 {subject} 已作出认证决定。", "A decision was made on {subject}."),
    "signoff.needed": Text("案件 {subject} 待签发：{product}。", "Case {subject} waits for sign-off: {product}."),
    "certificate.needed": Text(
        "案件 {subject} 已签发。请颁发证书。", "Case {subject} is signed off. Issue the certificate."
    ),
    "appeal.lodged": Text("案件 {subject} 收到申诉。", "An appeal was lodged in {subject}."),
    "appeal.decided": Text("案件 {subject} 的申诉已有决定。", "The appeal in {subject} was decided."),
    "certificate.issued": Text("证书 {subject} 已颁发：{product}。", "Certificate {subject} was issued: {product}."),
    "certificate.suspended": Text("证书 {subject} 已暂停。", "Certificate {subject} is suspended."),
    "certificate.restored": Text("证书 {subject} 已恢复。", "Certificate {subject} is in force again."),
    "certificate.withdrawn": Text("证书 {subject} 已撤销。", "Certificate {subject} was withdrawn."),
    "certificate.cancelled": Text("证书 {subject} 已注销。", "Certificate {subject} was cancelled."),
    "designation.granted": Text(
        "机构 {subject} 获得指定，至 {valid_until}。", "{subject} is designated until {valid_until}."
    ),
    "designation.ended": Text("机构 {subject} 的指定已终止。", "A designation of {subject} was ended."),
    "person.rekeyed": Text(
        "您的密钥已更换。若非您本人办理，请立即告知登记方。",
        "Your key was replaced. If that was not you, tell the registrar at once.",
    ),
    "competence.recorded": Text(
        "您的能力已登记，至 {valid_until}。", "A competence of yours was recorded, until {valid_until}."
    ),
    "competence.ended": Text("您的一项能力登记已终止。", "A competence of yours was ended."),
    "acceptance.overdue": Text(
        "案件 {subject} 的受理时限已过。", "The time to accept or decline {subject} has passed."
    ),
    "evaluation.due": Text("案件 {subject} 的评价今日到期。", "The evaluation of {subject} must be done today."),
    "evaluation.overdue": Text("案件 {subject} 的评价已逾期。", "The evaluation of {subject} is overdue."),
    "type_test.overdue": Text(
        "案件 {subject} 的型式试验时限已过。", "The time for the type test of {subject} has passed."
    ),
    "audit.overdue": Text("案件 {subject} 的现场检查时限已过。", "The time for the audit of {subject} has passed."),
    "nonconformity.due": Text(
        "案件 {subject} 的不符合项 {number} 今日到期。", "Nonconformity {number} of {subject} is due today."
    ),
    "nonconformity.overdue": Text(
        "案件 {subject} 的不符合项 {number} 已逾期。", "Nonconformity {number} of {subject} is overdue."
    ),
    "review.overdue": Text("案件 {subject} 的复核时限已过。", "The time to review {subject} has passed."),
    "decision.overdue": Text("案件 {subject} 的决定时限已过。", "The time to decide on {subject} has passed."),
    "issue.overdue": Text(
        "案件 {subject} 的制证时限已过。", "The time to issue the certificate of {subject} has passed."
    ),
    "appeal.ending": Text("案件 {subject} 今日为申诉期限末日。", "Today is the last day to appeal in {subject}."),
    "appeal.closed": Text("案件 {subject} 的申诉期限已过。", "The time to appeal in {subject} has passed."),
    "appeal.overdue": Text(
        "案件 {subject} 的申诉处理时限已过。", "The time to decide the appeal in {subject} has passed."
    ),
    "certificate.renewable": Text("证书 {subject} 可申请续期。", "Renewal of certificate {subject} may be asked for."),
    "certificate.ending": Text("证书 {subject} 即将到期。", "Certificate {subject} will soon expire."),
    "certificate.expired": Text("证书 {subject} 已到期。", "Certificate {subject} has expired."),
    "suspension.overdue": Text(
        "证书 {subject} 的暂停已达最长时间。", "Certificate {subject} is suspended for the longest time allowed."
    ),
    "designation.ending": Text("机构 {subject} 的指定即将到期。", "A designation of {subject} will soon end."),
    "designation.expired": Text("机构 {subject} 的指定已到期。", "A designation of {subject} has run out."),
    "competence.ending": Text("人员 {subject} 的能力登记即将到期。", "A competence of {subject} will soon run out."),
    "competence.expired": Text("人员 {subject} 的能力登记已到期。", "A competence of {subject} has run out."),
}
FACTS = ("number", "due", "evaluate_by", "valid_until")
"""The claims that words name."""
