"""The scheme for anyone to read: catalogue, what a type is tested against, values in force, law of admission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse

from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.portal import language, law, page, reading
from hallmark.portal.errors import NotAQuestion
from hallmark.scheme.explain import NotInCatalogue, explain
from hallmark.scheme.model import (
    Certainty,
    Effect,
    Method,
    Module,
    NoSuchLine,
    Obligation,
    Parameter,
    Promotion,
    Provenance,
    RequirementItem,
    Role,
    Scheme,
    StepKind,
    Value,
)
from hallmark.schemes import NoSuchScheme
from hallmark.statement import kinds

WORDS: Mapping[Any, Text] = {
    Certainty.PRIMARY: Text("原文", "primary"),
    Certainty.STATED: Text("有载", "stated"),
    Certainty.INFERRED: Text("推断", "inferred"),
    Certainty.GENERAL: Text("惯例", "general"),
    Certainty.UNKNOWN: Text("未见", "unknown"),
    Obligation.SHALL: Text("应", "shall"),
    Obligation.SHOULD: Text("宜", "should"),
    Obligation.MAY: Text("可", "may"),
    Method.AUTO: Text("程序检测", "by machine"),
    Method.INSTRUMENT: Text("仪器测量", "by instrument"),
    Method.INSPECTION: Text("人员检查", "by inspection"),
    Method.DOCUMENT: Text("文件审查", "by document"),
    Method.INTERVIEW: Text("访谈", "by interview"),
    Method.WITNESS: Text("见证", "by witness"),
    Role.BASIS: Text("认证依据", "basis"),
    Role.PROBABLE: Text("可能的依据", "probable basis"),
    Role.COMPANION: Text("配套标准", "companion"),
    Module.TYPE_TEST: Text("型式试验", "prototype inspection (type test)"),
    Module.AUDIT: Text("现场检查", "on-site audit"),
    StepKind.FACTORY: Text("工厂", "factory"),
    StepKind.SOFTWARE: Text("软件", "software"),
    Effect.PERMIT: Text("可以", "permitted"),
    Effect.REQUIRE: Text("必须", "required"),
    Effect.FORBID: Text("禁止", "forbidden"),
    Promotion.NOT_DIRECT: Text("不得直接用于宣传推销", "no use in direct promotion"),
    Promotion.WITHIN_SCOPE: Text("可在认证范围内宣传", "promotion within the scope"),
    Provenance.SOURCE: Text("来源给出", "given by the source"),
    Provenance.HALLMARK: Text("本系统自定", "chosen by this house"),
    Provenance.OPERATOR: Text("方案所有者设定", "set by the scheme owner"),
}
MEANINGS: Mapping[Certainty, Text] = {
    Certainty.PRIMARY: Text("通读过法规原文", "the legal text was read in full"),
    Certainty.STATED: Text("见于所查阅的网页或文件", "stated in a page or file that was seen"),
    Certainty.INFERRED: Text("由已见事实推断", "follows from facts that were seen"),
    Certainty.GENERAL: Text("通行做法或本系统自定，未见原文", "general practice or our own choice; no text was seen"),
    Certainty.UNKNOWN: Text("未找到来源", "no source was found"),
}
UNITS: Mapping[str, Text] = {
    "day": Text("天", "days"),
    "year": Text("年", "years"),
    "month": Text("个月", "months"),
    "h": Text("小时", "hours"),
    "min": Text("分钟", "minutes"),
    "minute": Text("分钟", "minutes"),
    "s": Text("秒", "seconds"),
    "ms": Text("毫秒", "milliseconds"),
    "person": Text("人", "persons"),
    "bit": Text("位", "bits"),
    "byte": Text("字节", "bytes"),
    "degree": Text("度", "degrees"),
    "module": Text("个模块", "modules"),
    "CNY": Text("元", "CNY"),
    **dict.fromkeys(("1", "text", "set", "flag"), Text("", "")),
}
_YES_NO = {True: Text("是", "yes"), False: Text("否", "no")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A parameter or limit with its value in force as words; none where nobody has set one."""

    id: str
    line: Parameter
    value: Text | None
    provenance: Text
    ground: str


def catalogue(request: HttpRequest, which: str) -> HttpResponse:
    """Show the product types of a scheme, its legal instruments and its profiles."""
    try:
        scheme = reading.find_scheme(which)
    except NoSuchScheme as error:
        return page.refuse(request, error)
    batches: dict[int, list[Any]] = {}
    for each in scheme.types.values():
        batches.setdefault(each.batch, []).append(each)
    editions = reading.adopted(scheme.id)
    context = {
        **_frame(scheme),
        "batches": sorted(batches.items()),
        "today": reading.today(),
        "instruments": sorted(scheme.instruments.values(), key=lambda each: each.issued or date.min),
        "profiles": scheme.profiles.values(),
        "adopted": editions[-1] if editions else None,
    }
    return page.show(request, "scheme/catalogue.html", context)


def product_type(request: HttpRequest, which: str, product_type: str) -> HttpResponse:
    """Show what a product type is tested against on a day."""
    problem = ""
    try:
        scheme = reading.find_scheme(which)
        kind = scheme.product_type(product_type)
    except (NoSuchScheme, NoSuchLine) as error:
        return page.refuse(request, error)
    day, profile = reading.today(), request.GET.get("profile", "") or _profile_in_force(scheme)
    try:
        day = _day(request, day)
        explained = explain(scheme, kind.id, day, profile=profile)
    except (NotAQuestion, NotInCatalogue, NoSuchLine, instant.NotADate) as error:
        problem = error.explain(language.current())
        day, profile = max(reading.today(), kind.valid_from), _profile_in_force(scheme)
        explained = explain(scheme, kind.id, day, profile=profile)
    sheet = _Values(scheme)
    context = {
        **_frame(scheme),
        "problem": problem,
        "explained": explained,
        "type": kind,
        "day": day,
        "profiles": scheme.profiles,
        "required": _joined([WORDS[module] for module in explained.profile.required]),
        "items": [(item, sheet.limits(item)) for item in explained.items],
        "checklists": [
            (checklist, [(item, sheet.limits(item)) for item in items]) for checklist, items in explained.checklists
        ],
        "outdated": {item for item, _ in explained.outdated},
    }
    return page.show(request, "scheme/type.html", context)


def rules(request: HttpRequest, which: str) -> HttpResponse:
    """Show who must approve what, the rules of the mark, and the law of admission."""
    try:
        scheme = reading.find_scheme(which)
    except NoSuchScheme as error:
        return page.refuse(request, error)
    context = {
        **_frame(scheme),
        "approvals": [
            (rule, kinds.KINDS[rule.id].title) for rule in scheme.approvals.values() if rule.id in kinds.KINDS
        ],
        "marks": scheme.marks.values(),
        "chapters": law.chapters(),
    }
    return page.show(request, "scheme/rules.html", context)


def values(request: HttpRequest, which: str) -> HttpResponse:
    """Show the time limits, fees and other numbers in force, and which of them nobody has set."""
    try:
        scheme = reading.find_scheme(which)
    except NoSuchScheme as error:
        return page.refuse(request, error)
    sheet = _Values(scheme)
    shown = [sheet.show(name, line) for name, line in scheme.parameters.items()]
    context = {
        **_frame(scheme),
        "groups": [
            (Text("费用", "Fees"), [each for each in shown if _is_fee(each)]),
            (Text("时限、期限与其他", "Time limits, terms and others"), [each for each in shown if not _is_fee(each)]),
        ],
        "open": sum(each.value is None for each in shown),
    }
    return page.show(request, "scheme/values.html", context)


def _frame(scheme: Scheme) -> dict[str, Any]:
    return {"scheme": scheme, "words": WORDS, "meanings": MEANINGS, "sources": scheme.sources}


def _profile_in_force(scheme: Scheme) -> str:
    editions = reading.adopted(scheme.id)
    return str(editions[-1]["profile"]) if editions else scheme.default_profile


def _day(request: HttpRequest, default: date) -> date:
    asked = request.GET.get("on", "")
    return instant.parse_date(asked[:20]) if asked else default


class _Values:
    """The values in force of a scheme, to be shown."""

    def __init__(self, scheme: Scheme) -> None:
        self._settings = reading.settings_of(scheme)
        self._grounds = {name: setting.ground for name, setting in reading.overrides(scheme).items()}

    def show(self, name: str, line: Parameter) -> Shown:
        """Return a parameter or limit under its full name."""
        return Shown(
            name,
            line,
            _in_words(self._settings.values[name], line.unit),
            WORDS[self._settings.provenance[name]],
            self._grounds.get(name, ""),
        )

    def limits(self, item: RequirementItem) -> list[Shown]:
        """Return the limits of an item."""
        return [self.show(f"{item.id}.{limit.id}", limit) for limit in item.limits]


def _in_words(value: Value | None, unit: str) -> Text | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return _YES_NO[value]
    numbers = value if isinstance(value, tuple) else (value,)
    measured = UNITS.get(unit, Text(unit, unit))
    spelled = [f"{each:,}" if isinstance(each, int) else str(each) for each in numbers]
    zh, en = "、".join(spelled), ", ".join(spelled)
    return Text(f"{zh} {measured.zh}".strip(), f"{en} {measured.en}".strip())


def _joined(names: list[Text]) -> Text:
    return Text(" + ".join(name.zh for name in names), " + ".join(name.en for name in names))


def _is_fee(shown: Shown) -> bool:
    return shown.id.startswith("fee")
