"""What codes in statements and cases are called by people; a code that is not here is read as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hallmark.kernel.text import Code, Text

FUNCTIONS: Mapping[str, Text] = {
    "applicant_representative": Text("认证委托方代表", "applicant representative"),
    "case_officer": Text("案件管理人员", "case officer"),
    "tester": Text("检测人员", "tester"),
    "authorised_signatory": Text("授权签字人", "authorised signatory"),
    "auditor": Text("审核员", "auditor"),
    "reviewer": Text("复核人员", "reviewer"),
    "decision_maker": Text("认证决定人员", "decision maker"),
    "responsible_person": Text("负责人", "responsible person"),
    "inspector": Text("检查员", "inspector"),
}

ROLES: Mapping[str, Text] = {
    "operator": Text("运营方", "operator"),
    "owner": Text("方案所有者", "scheme owner"),
    "applicant": Text("认证委托方", "applicant"),
    "body": Text("认证机构", "certification body"),
    "laboratory": Text("检测机构", "laboratory"),
    "jurisdiction": Text("主管部门", "jurisdiction"),
}

STAGES: Mapping[str, Text] = {
    "submitted": Text("已提交", "submitted"),
    "accepted": Text("已受理", "accepted"),
    "declined": Text("不予受理", "declined"),
    "agreed": Text("已签协议", "agreed"),
    "planned": Text("评价中", "planned"),
    "granted": Text("决定授予", "granted"),
    "refused": Text("决定不授予", "refused"),
    "signed_off": Text("已签发", "signed off"),
    "certified": Text("已发证", "certified"),
    "retracted": Text("已撤回", "retracted"),
    "closed": Text("已终止", "closed"),
}

_OTHERS: Mapping[str, Text] = {
    # what members do in an organisation's own house
    "manager": Text("管理员", "manager"),
    "registrar": Text("登记员", "registrar"),
    # what became of a certificate, a nonconformity, an appeal
    "in-force": Text("有效", "in force"),
    "suspended": Text("暂停", "suspended"),
    "withdrawn": Text("撤销", "withdrawn"),
    "cancelled": Text("注销", "cancelled"),
    "open": Text("未答复", "open"),
    "answered": Text("已答复", "answered"),
    "pending": Text("待决", "pending"),
    "upheld": Text("成立", "upheld"),
    "rejected": Text("驳回", "rejected"),
    "minor": Text("轻微", "minor"),
    "major": Text("严重", "major"),
    # what was done in a case, and by whom
    "evaluator": Text("评价人员", "evaluator"),
    "review": Text("复核", "review"),
    "decision": Text("认证决定", "decision"),
    "signoff": Text("签发", "sign-off"),
    "appeal": Text("申诉裁决", "appeal"),
    "type_test": Text("型式试验", "prototype inspection (type test)"),
    "audit": Text("现场审核", "audit"),
    "certification": Text("认证", "certification"),
    "testing": Text("检测", "testing"),
    "deadline_passed": Text("评价期限已过", "deadline passed"),
    "nonconformity_overdue": Text("不符合项逾期", "nonconformity overdue"),
    # ties
    "employment": Text("雇佣", "employment"),
    "ownership": Text("持股", "ownership"),
    "management": Text("管理", "management"),
    "family": Text("亲属", "family"),
    "consultancy": Text("咨询", "consultancy"),
    "development": Text("开发", "development"),
    "other": Text("其他", "other"),
}

_WORDS = {**_OTHERS, **STAGES, **ROLES, **FUNCTIONS}
_COMMA = Text("、", ", ")


def named(code: str) -> Code:
    """Return the code with its words."""
    return Code(code, _WORDS.get(code, Text(code, code)))


def listed(codes: Iterable[str], between: Text = _COMMA) -> Code:
    """Return several codes with their words, as one."""
    each = [named(code) for code in codes]
    zh, en = between.zh.join(code.words.zh for code in each), between.en.join(code.words.en for code in each)
    return Code(", ".join(each), Text(zh, en))
