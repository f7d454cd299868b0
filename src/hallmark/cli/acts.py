"""What people do in their roles, as data: each act is a kind of statement, and options that become its claims.

A field's `read` names the function of `claims` that turns the option into the claim; where the claim is "*" it gives
several claims at once. Whatever has no act here is done with `hallmark act KIND`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hallmark.cli.grammar import Command, Option, option
from hallmark.kernel.text import Text


class Field(NamedTuple):
    """One claim: the option it is read from, none where it follows from the case, and how."""

    claim: str
    option: Option | None
    read: str


class Act(NamedTuple):
    """One act: `subject` is the argument that names what it is about.

    It is empty where the server gives the identifier, and `OWN` where it is the organisation itself.
    """

    command: str
    words: Text
    kind: str
    subject: str
    fields: tuple[Field, ...]


OWN = "own"
"""The subject of acts about the organisation itself."""

MANY: Mapping[str, Any] = {"action": "append", "default": []}

CASE = option("case", "案件编号", "the case")
NUMBER = option("number", "证书编号", "the certificate's number")
SUBJECTS = {
    "case": CASE,
    "number": NUMBER,
    "person": option("person", "人员编号", "the person"),
    "organisation": option("organisation", "机构编号", "the organisation"),
    "currency": option("currency", "货币编号", "the currency"),
}

SIGNING = (
    option(
        "--approve",
        "以此职能批准（可写作 职能=密钥名），可重复；默认按方案要求及本人职能",
        "approve in this function (or FUNCTION=KEY), repeatable; else as the scheme asks and you may",
        action="append",
        default=None,
        metavar="FUNCTION[=KEY]",
    ),
    option("--key", "批准所用的密钥名", "name of the key to approve with"),
    option("--sign-with", "机构密钥名（服务器不托管时）", "name of the organisation's key, if not hosted"),
    option("--issuer", "以哪个机构的名义", "the organisation that issues it"),
    option("--draft", "只准备草稿，不提交", "leave it as a draft", action="store_true"),
)


def _text(claim: str, zh: str, en: str) -> Field:
    return Field(claim, option(f"--{claim.replace('_', '-')}", zh, en, required=True), "text")


def _file(claim: str, name: str, zh: str, en: str, read: str, **more: Any) -> Field:
    return Field(claim, option(name, zh, en, **{"metavar": "FILE", **more}), read)


def _day(claim: str, name: str, zh: str, en: str) -> Field:
    return Field(claim, option(name, zh, en, metavar="YYYY-MM-DD"), "day")


def _choice(claim: str, name: str, zh: str, en: str, *values: str) -> Field:
    return Field(claim, option(name, zh, en, required=True, choices=values), "text")


_REASONS = _text("reasons", "理由", "the reasons")
_DIGEST = Field("case_digest", None, "case_digest")
_EVIDENCE = _file("evidence", "--evidence", "证据文件，可重复", "a file of evidence, repeatable", "evidences", **MANY)
_NUMBER = Field("number", option("number", "不符合项编号", "the nonconformity", type=int), "given")
_STARTED = _day("started_on", "--started", "开始日期，默认今日", "first day, today if left out")
_FINISHED = _day("finished_on", "--finished", "结束日期，默认今日", "last day, today if left out")
REASON_CODES = ("complaint", "nonconforming", "holder", "resolved")
"""Codes that the guides use; the scheme has no list, so a body may publish another."""

_STATUS = (
    _day("effective_on", "--effective", "生效日期，默认今日", "the day it takes effect, today if left out"),
    Field(
        "reason_code",
        option(
            "--reason-code",
            f"公布的原因代码，不含空格，如 {'、'.join(REASON_CODES)}",
            f"the code of the reason that is published, such as {', '.join(REASON_CODES)}",
            required=True,
            metavar="CODE",
        ),
        "reason_code",
    ),
    _text("reason", "原因", "the reason"),
)
_SPEND = option(
    "--spend", "币串=密钥名，可重复", "a note and its key's name, repeatable", **MANY, required=True, metavar="NOTE=KEY"
)
_TO = option(
    "--to",
    "公钥（十六进制）=金额（最小单位），可重复",
    "a public key (hexadecimal) and minor units, repeatable",
    **MANY,
    required=True,
    metavar="HOLDER=AMOUNT",
)
_HOURS = Field("", option("--hours", "指令有效小时数", "hours that the order stands", type=int, default=24), "nothing")
_PERIOD = (
    Field("scheme", option("--scheme", "方案", "the scheme", default="cfp"), "given"),
    Field("product_types", option("--type", "产品类型，可重复", "a product type, repeatable", **MANY), "given"),
    _day("valid_from", "--from", "起始日期，默认今日", "first day, today if left out"),
    Field("valid_until", option("--until", "截止日期", "last day", required=True), "given"),
    _text("basis", "依据", "the ground"),
)

ACTS = (
    Act(
        "apply",
        Text("提交认证申请", "apply for certification"),
        "application.submitted",
        "",
        (_file("*", "--file", "申请文件（TOML）", "the application (TOML)", "application", required=True),),
    ),
    Act(
        "supplement",
        Text("补充申请文件", "add documents to an application"),
        "application.supplemented",
        "case",
        (
            Field(
                "documents",
                option(
                    "--document",
                    "文件代码=文件，可重复",
                    "document id and its file, repeatable",
                    **MANY,
                    required=True,
                    metavar="ID=FILE",
                ),
                "documents",
            ),
        ),
    ),
    Act(
        "retract",
        Text("撤回申请", "withdraw an application"),
        "application.withdrawn",
        "case",
        (_text("reason", "原因", "the reason"),),
    ),
    Act(
        "accept",
        Text("受理申请并提供协议", "accept an application and offer an agreement"),
        "application.accepted",
        "case",
        (
            _file("agreement", "--agreement", "协议文件", "the agreement", "evidence", required=True),
            Field("fee_cents", option("--fee", "费用（分）", "the fee in cents", type=int), "given"),
        ),
    ),
    Act("decline", Text("不予受理", "decline an application"), "application.declined", "case", (_REASONS,)),
    Act(
        "close-case",
        Text("终止案件", "close a case for a ground that the ledger shows"),
        "application.closed",
        "case",
        (
            _choice("ground", "--ground", "依据", "the ground", "deadline_passed", "nonconformity_overdue"),
            _REASONS,
        ),
    ),
    Act(
        "agree",
        Text("签署认证协议", "sign the agreement offered"),
        "agreement.signed",
        "case",
        (
            _file(
                "agreement",
                "--agreement",
                "所下载并阅读的协议文件",
                "the agreement as you downloaded and read it, see `case files`",
                "agreed",
                required=True,
            ),
        ),
    ),
    Act(
        "plan",
        Text("制定评价计划", "plan the evaluation"),
        "evaluation.planned",
        "case",
        (
            _text("laboratory", "实验室编号", "the laboratory"),
            Field(
                "team",
                option(
                    "--member",
                    "人员=职能，可重复",
                    "person and function, repeatable",
                    **MANY,
                    metavar="PERSON=FUNCTION",
                ),
                "team",
            ),
            Field("evaluate_by", option("--by", "完成期限", "the day to end by", required=True), "given"),
        ),
    ),
    Act(
        "receive",
        Text("登记样品接收", "record the reception of the sample"),
        "sample.received",
        "case",
        (
            Field(
                "builds",
                option(
                    "--build",
                    "用途=文件，可重复",
                    "role and file received, repeatable",
                    **MANY,
                    required=True,
                    metavar="ROLE=FILE",
                ),
                "builds",
            ),
            Field("seals", option("--seal", "封签号，可重复", "a seal's number, repeatable", **MANY), "given"),
            _text("condition", "样品状态", "its condition"),
            _day("received_on", "--on", "接收日期，默认今日", "the day, today if left out"),
        ),
    ),
    Act(
        "report-test",
        Text("出具型式试验报告", "report the prototype inspection (type test)"),
        "test.reported",
        "case",
        (
            Field("sample", option("--sample", "样品编号", "the sample, if there are several"), "sample"),
            Field("builds", None, "declared_builds"),
            Field("amends", None, "amended"),
            _file(
                "*",
                "--record",
                "检测记录（hallmark test 所写），或人工判定的 JSON（项目：结论）",
                "the record that `hallmark test` wrote, or JSON of verdicts by item, judged by hand",
                "test_results",
                required=True,
            ),
            _file("paper", "--paper", "报告（PDF）", "the report (PDF)", "evidence", required=True),
            _STARTED,
            _FINISHED,
        ),
    ),
    Act(
        "report-audit",
        Text("出具现场审核报告", "report the on-site audit"),
        "audit.reported",
        "case",
        (
            Field("*", option("--site", "场所名称", "name of the site", required=True), "site"),
            Field("", option("--address", "场所地址", "its address", required=True), "nothing"),
            _file(
                "findings",
                "--findings",
                "审核结论 JSON（项目：结论），见 case items",
                "JSON of findings by item, see `case items`",
                "json",
                required=True,
            ),
            _EVIDENCE,
            Field("nonconformities", None, "raised"),
            Field(
                "offline",
                option("--offline", "离线完成", "done without network", action="store_true"),
                "given",
            ),
            _STARTED,
            _FINISHED,
        ),
    ),
    Act(
        "nonconformity raise",
        Text("提出不符合项", "raise a nonconformity"),
        "nonconformity.raised",
        "case",
        (
            Field("number", None, "next_number"),
            _choice("grade", "--grade", "等级", "the grade", "major", "minor"),
            _text("requirement", "要求项", "the requirement item"),
            _text("finding", "发现", "what was found"),
            _EVIDENCE,
            Field("due", option("--due", "整改期限", "the day to correct by", required=True), "given"),
        ),
    ),
    Act(
        "nonconformity answer",
        Text("答复不符合项", "answer a nonconformity"),
        "nonconformity.answered",
        "case",
        (
            _NUMBER,
            _text("cause", "原因", "the cause"),
            _text("corrective_action", "纠正措施", "the corrective action"),
            _EVIDENCE,
        ),
    ),
    Act(
        "nonconformity reject",
        Text("不认可整改", "reject the answer to a nonconformity"),
        "nonconformity.rejected",
        "case",
        (_NUMBER, _REASONS),
    ),
    Act(
        "nonconformity close",
        Text("关闭不符合项", "close a nonconformity"),
        "nonconformity.closed",
        "case",
        (_NUMBER, _text("verification", "验证情况", "how it was verified")),
    ),
    Act(
        "review",
        Text("复核并提出建议", "review a case and recommend"),
        "review.recommended",
        "case",
        (_DIGEST, _choice("recommendation", "--recommend", "建议", "the recommendation", "grant", "refuse"), _REASONS),
    ),
    Act(
        "decide",
        Text("作出认证决定", "decide on a case"),
        "decision.made",
        "case",
        (_DIGEST, _choice("outcome", "--outcome", "决定", "the decision", "grant", "refuse"), _REASONS),
    ),
    Act(
        "sign-off",
        Text("负责人签发", "sign a decision off"),
        "signoff.made",
        "case",
        (_DIGEST, _text("remark", "备注", "a remark")),
    ),
    Act(
        "issue",
        Text("颁发证书", "issue the certificate that a case has earned"),
        "certificate.issued",
        "case",
        (),
    ),
    Act(
        "appeal",
        Text("提出申诉", "appeal against a decision"),
        "appeal.lodged",
        "case",
        (_text("grounds", "申诉理由", "the grounds"),),
    ),
    Act(
        "decide-appeal",
        Text("裁决申诉", "decide an appeal"),
        "appeal.decided",
        "case",
        (_DIGEST, _choice("outcome", "--outcome", "裁决", "the decision", "upheld", "rejected"), _REASONS),
    ),
    Act("suspend", Text("暂停证书", "suspend a certificate"), "certificate.suspended", "number", _STATUS),
    Act("restore", Text("恢复证书", "restore a suspended certificate"), "certificate.restored", "number", _STATUS),
    Act("withdraw", Text("撤销证书", "withdraw a certificate"), "certificate.withdrawn", "number", _STATUS),
    Act("cancel", Text("注销证书", "cancel a certificate"), "certificate.cancelled", "number", _STATUS),
    Act(
        "adopt",
        Text("采用方案版本", "adopt the edition of a scheme that the server holds"),
        "scheme.adopted",
        OWN,
        (
            Field("*", option("--scheme", "方案", "the scheme", default="cfp"), "edition"),
            Field("profile", option("--profile-of-rules", "规则剖面", "the profile of rules"), "given"),
            _day("applies_from", "--from", "适用日期，默认今日", "first day, today if left out"),
            Field("previous_until", option("--previous-until", "上一版本截止日期", "end of the one before"), "given"),
            _file("parameters", "--parameters", "参数（TOML）", "the open parameters (TOML)", "parameters"),
        ),
    ),
    Act(
        "designate",
        Text("指定机构或实验室", "designate a body or a laboratory"),
        "designation.granted",
        "organisation",
        (_choice("activity", "--activity", "活动", "the activity", "certification", "testing"), *_PERIOD),
    ),
    Act(
        "competence",
        Text("记录人员能力", "record what a person is competent for"),
        "competence.recorded",
        "person",
        (_text("function", "职能", "the function"), *_PERIOD),
    ),
    Act(
        "erase",
        Text("销毁本机构的证据", "erase evidence of the organisation for good"),
        "evidence.erased",
        OWN,
        (
            Field("address", option("address", "证据地址", "the address of the evidence"), "given"),
            _text("ground", "依据", "the ground"),
            _text("reason", "理由", "the reason"),
        ),
    ),
    Act(
        "merge",
        Text("合并重复登记的人员", "join a person who was enrolled twice"),
        "person.merged",
        "person",
        (_text("into", "保留的人员编号", "the person that remains"), _text("reason", "理由", "the reason")),
    ),
    Act("money issue", Text("发行货币", "issue money"), "money.issued", "currency", (Field("*", _TO, "notes"),)),
    Act(
        "money transfer",
        Text("支付，由此处密钥签署", "pay, signed with the notes' keys that are here"),
        "money.transferred",
        "currency",
        (Field("*", _TO, "notes"), Field("*", _SPEND, "spending"), _HOURS),
    ),
    Act(
        "money redeem",
        Text("赎回，由此处密钥签署", "redeem, signed with the notes' keys that are here"),
        "money.redeemed",
        "currency",
        (Field("*", _SPEND, "spending"), _HOURS),
    ),
)


def _options(act: Act) -> tuple[Option, ...]:
    about = (SUBJECTS[act.subject],) if act.subject in SUBJECTS else ()
    return (*about, *(field.option for field in act.fields if field.option), *SIGNING)


COMMANDS = tuple(Command(act.command, act.words, "statements:perform", _options(act), {"act": act}) for act in ACTS)
