"""JSON of the API as people read it: names of fields and codes as words, instants with their zone, persons by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.text import Language, Text
from hallmark.statement import kinds
from hallmark.statement.words import named

OFFSET = 480
"""Minutes from UTC at which instants are shown where no scheme says: China Standard Time."""

_LABELS: Mapping[str, str] = {
    "acts": "可办理事项",
    "address": "地址",
    "agreement": "协议",
    "algorithm": "算法",
    "applicant": "认证委托方",
    "basis": "认证依据",
    "body": "认证机构",
    "builds": "构建",
    "case": "案件",
    "case_digest": "案卷摘要",
    "cause": "原因",
    "certificate": "证书",
    "claims": "声明项",
    "conclusion": "总结论",
    "corrective_action": "纠正措施",
    "credential": "可验证凭证",
    "day": "日期",
    "declares": "申请人声明",
    "development": "开发账本",
    "digest": "摘要",
    "due": "期限",
    "edition": "版本",
    "effective_on": "生效日期",
    "environment": "账本环境",
    "error": "错误",
    "evaluate_by": "评价截止日",
    "expires": "到期",
    "factory": "生产企业",
    "file": "文件",
    "finding": "发现",
    "functions": "职能",
    "granted_on": "批准日期",
    "grade": "等级",
    "ground": "依据",
    "grounds": "理由",
    "history": "历史",
    "hosted": "由服务器托管",
    "id": "编号",
    "job": "任务",
    "key": "密钥",
    "kind": "类型",
    "laboratories": "检测机构",
    "laboratory": "检测机构",
    "late": "已逾期",
    "level": "级别",
    "made": "作出时间",
    "manufacturer": "生产者",
    "material": "公钥",
    "media_type": "媒体类型",
    "missing": "缺少",
    "mode": "认证模式",
    "model": "型号",
    "position": "位置",
    "register": "登记册",
    "name": "名称",
    "nonconformities": "不符合项",
    "notes": "币串",
    "number": "编号",
    "offset_minutes": "时区（分钟）",
    "operator": "运营方",
    "organisation": "机构",
    "organisations": "机构",
    "outcome": "结果",
    "overdue": "逾期",
    "person": "人员",
    "prefix": "前缀",
    "product": "产品",
    "product_type": "产品类别",
    "profile": "规则剖面",
    "progress": "进度",
    "reason": "原因",
    "reason_code": "原因代码",
    "reasons": "理由",
    "recommendation": "建议",
    "record": "记录",
    "record_digest": "记录摘要",
    "recorded": "登记时间",
    "registrar": "登记员",
    "remark": "备注",
    "report": "报告",
    "reports": "报告",
    "requirement": "项目",
    "role": "用途",
    "run": "检测",
    "sample": "样品",
    "scheme": "认证方案",
    "scopes": "权限范围",
    "sha256": "SHA-256",
    "since": "自",
    "size": "字节数",
    "stage": "阶段",
    "standards": "标准",
    "state": "状态",
    "status": "状态",
    "title": "标题",
    "trademark": "商标",
    "valid_from": "有效期自",
    "valid_until": "有效期至",
    "verification": "验证方式",
    "version": "版本",
    "waiting": "待人工判定",
}
"""Names of fields in Chinese; in English they are words already."""

_CODED = {"stage", "status", "function", "functions", "outcome", "recommendation", "grade", "ground"}
_AT = "_at"
_MS = "_ms"


def readable(value: Any, language: Language, *, offset: int = OFFSET, people: Mapping[str, str] | None = None) -> Any:
    """Return a JSON value with its names, codes, instants and persons as words; `people` are names by identifier.

    Instants are fields whose name ends with `_ms` or `_at`, shown at `offset` minutes from UTC.
    """

    def read(item: Any, field: str) -> Any:
        if isinstance(item, Mapping):
            if item.keys() == {"zh", "en"}:
                return item[language]
            return {label(name, language): read(each, name) for name, each in item.items()}
        if isinstance(item, list):
            return [read(each, field) for each in item]
        if isinstance(item, int) and not isinstance(item, bool) and field.endswith((_MS, _AT)):
            return instant.shown(item, offset)
        if isinstance(item, bool):
            return Text("是" if item else "否", "yes" if item else "no").in_language(language)
        if isinstance(item, str):
            return _word(item, field, language, people or {})
        return item

    return read(value, "")


def label(name: str, language: Language) -> str:
    """Return the name of a field, without the unit that `readable` takes away."""
    bare = name.removesuffix(_MS).removesuffix(_AT)
    return _LABELS.get(bare, bare) if language == "zh" else bare


def kind(name: str, language: Language) -> str:
    """Return what a kind of statement is called, for readers of Chinese."""
    return kinds.find(name).shown.in_language(language)


def person(identifier: str, people: Mapping[str, str]) -> str:
    """Return a person's name with the identifier, where the reader knows it, else the identifier."""
    return f"{people[identifier]} ({identifier})" if identifier in people else identifier


def _word(item: str, field: str, language: Language, people: Mapping[str, str]) -> str:
    if field in _CODED and language == "zh":
        return named(item).in_language(language)
    if field in {"kind", "acts"} and language == "zh":
        return kind(item, language)
    return person(item, people)
