"""What a report says of a session: plain data, the same for every face and whether a kit or persons decided.

It says what the record says, and nothing else: of a text that is too long the beginning, of characters that would move
a reader's cursor their code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hallmark.kernel import hashing, instant
from hallmark.kernel.text import Text
from hallmark.lab.kit import Verdict
from hallmark.lab.record import plain
from hallmark.lab.verdict import conclude, disagreements

if TYPE_CHECKING:
    from hallmark.lab.record import HandJudgement, Record
    from hallmark.lab.verdict import Requirement

DECISION_RULE = Text(
    "每一项目按所列准则和限值，对所存观测结果作出判定。除非该项另列不确定度，数值直接与限值比较，不设保护带（简单接受）。"
    "人员判定的项目以人员判定为准，多人判定取最差者。总结论为全部“应”类项目中最差者；“宜”“可”类项目不影响总结论，"
    "检测错误不归咎于产品。",
    "Each item is decided on the observations kept, by the criterion and limits that it shows. A number is compared "
    "with its limit as it is, without guard band (simple acceptance), unless the item shows an uncertainty. Where a "
    "person judged, the person's verdict stands; of several the worst. The conclusion is the worst of all “shall” "
    "items; “should” and “may” items never count, and an error never counts against the product.",
)
_OPEN: Mapping[Verdict, Text] = {
    Verdict.NOT_RUN: Text("未检测：{items}。", "Not tested: {items}."),
    Verdict.INCONCLUSIVE: Text("检测后无法判定：{items}。", "Tested and not decidable: {items}."),
    Verdict.INSPECTION_NEEDED: Text("尚待人员判定：{items}。", "Left to a person, and not judged: {items}."),
    Verdict.ERROR: Text("检测出错：{items}。", "The test broke: {items}."),
}
_NOT_ISOLATED = Text(
    "检测未在隔离环境中进行（{items}），不得作为实验室报告。",
    "The test did not run isolated ({items}); it must not become a laboratory's report.",
)
_LEFT_OUT = Text(
    "方案所列而未报告的非强制项目：{items}。", "Items of the scheme, not mandatory and not reported: {items}."
)
_SOURCES: Mapping[str, Text] = {
    "product": Text("产品或类别", "Product or type"),
    "model": Text("型号", "Model"),
    "version": Text("版本", "Version"),
}
_CONDITIONS: Mapping[str, Text] = {
    "at": Text("评定时间", "Evaluated as of"),
    "seed": Text("随机种子", "Seed"),
    "python": Text("Python", "Python"),
    "machine": Text("系统", "System"),
    "libraries": Text("程序库", "Libraries"),
}

# C0 without line feed, DEL, C1, and what turns the direction of text: no claim may hold them either.
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CITED = re.compile(r"(?P<place>.*) \[(?P<certainty>[a-z]+)\]", re.DOTALL)
_LONG, _MIDDLE, _SHORT = 4000, 400, 200
_MOST_FINDINGS = 100
_NOTHING = "–"
_NOT_SET = "未设定 not set"
_MORE = "… +{more}：见记录 see the record"


def describe(record: Record, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a report says of a kit's session; `names` are those of the persons who judged, by id."""
    encoded = record.encode()
    session, kit = record.session, record.kit
    said = {**session, "at": instant.to_text(session["at"]), "seed": bytes(session["seed"]).hex()}
    said["libraries"] = ", ".join(f"{name} {version}" for name, version in session["libraries"].items())
    return {
        "methods": [{**kit, "isolation": str(session["isolation"]), "digest": bytes.fromhex(kit["digest"])}],
        "declared": [*_facts(_SOURCES, record.sample), *_declared(record.sample["declaration"])],
        "files": [_file(each) for each in record.sample["files"]],
        "conditions": _facts(_CONDITIONS, said),
        "self_check": {
            "answers": len(record.self_check),
            "wrong": [show(each, _MIDDLE) for each in sorted(disagreements(record.self_check))],
        },
        "measurements": [
            {
                "name": each.name,
                "state": str(each.state),
                **({"detail": show(each.detail, _MIDDLE)} if each.detail else {}),
                **({"digest": bytes.fromhex(each.digest)} if each.observation else {}),
            }
            for each in record.measurements
        ],
        "items": [_item(record, line, names or {}) for line in record.requirements],
        "decision_rule": DECISION_RULE._asdict(),
        "conclusion": str(record.conclusion),
        "deviations": list(_deviations({line.id: record.verdict(line.id) for line in record.requirements}, said)),
        "record": {"sha256": hashing.sha256(encoded), "size": len(encoded), "digest": record.digest},
    }


def describe_by_hand(lines: Sequence[Requirement], verdicts: Mapping[str, str]) -> dict[str, Any]:
    """Return what a report says where persons gave the `verdicts` on the items of `lines` without a kit."""
    given = {line.id: Verdict(verdicts[line.id]) for line in lines if line.id in verdicts}
    judged = [line for line in lines if line.id in given]
    return {
        "declared": [],
        "files": [],
        "conditions": [],
        "items": [{**_line(line), "verdict": str(given[line.id])} for line in judged],
        "decision_rule": DECISION_RULE._asdict(),
        "conclusion": str(conclude(judged, given)),
        "deviations": [*_deviations(given), *_named(_LEFT_OUT, [line.id for line in lines if line.id not in given])],
    }


def show(value: object, most: int) -> str:
    """Return `value` as at most `most` characters for people: control characters as codes, a blank as a dash."""
    text = _write(plain(value))
    text = _CONTROL.sub(lambda found: f"\\u{{{ord(found[0]):X}}}", text)
    return text if len(text.strip()) > 0 and len(text) <= most else f"{text[: most - 1]}…" if text.strip() else _NOTHING


def _write(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _facts(names: Mapping[str, Text], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name._asdict(), "value": show(values[key], _LONG)} for key, name in names.items() if values[key]]


def _declared(declaration: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in declaration.items():
        if value not in ([], {}, ""):
            name = show(key, _SHORT)
            yield {"name": {"zh": name, "en": name}, "value": show(value, _LONG)}


def _file(file: Mapping[str, Any]) -> dict[str, Any]:
    digests = {name: bytes.fromhex(file[name]) for name in ("sha256", "sm3")}
    return {"role": show(file["role"], _SHORT), "name": show(file["name"], _SHORT), "size": file["size"], **digests}


def _line(line: Requirement) -> dict[str, Any]:
    """Return an item as the scheme has it."""
    said: dict[str, Any] = {
        "id": line.id,
        "title": line.title._asdict(),
        "clauses": [_clause(each) for each in line.clauses],
        "obligation": str(line.obligation),
        "method": str(line.method),
    }
    if line.criterion.en.strip() and line.criterion.zh.strip():
        said["criterion"] = line.criterion._asdict()
    if line.limits:
        said["limits"] = _values(line.limits)
    return said


def _item(record: Record, line: Requirement, names: Mapping[str, str]) -> dict[str, Any]:
    judgement = record.judgements[line.id]
    values = dict(judgement.values)
    uncertainty = values.pop("uncertainty", None)
    said = _line(line) | {
        "verdict": str(record.verdict(line.id)),
        "reason": {"zh": show(judgement.reason.zh, _LONG), "en": show(judgement.reason.en, _LONG)},
    }
    if hands := [each for each in record.by_hand if each.item == line.id]:
        said["machine"] = str(judgement.verdict)
        said["by_hand"] = [_judged(each, names) for each in hands]
    if values:
        said["values"] = _values(values)
    if uncertainty is not None:
        said["uncertainty"] = show(uncertainty, _SHORT)
    if judgement.findings:
        said["findings"] = [show(each, _MIDDLE) for each in judgement.findings[:_MOST_FINDINGS]]
        if (more := len(judgement.findings) - _MOST_FINDINGS) > 0:
            said["findings"].append(_MORE.format(more=more))
    return said


def _judged(judgement: HandJudgement, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "person": judgement.who,
        **({"name": names[judgement.who]} if judgement.who in names else {}),
        "verdict": str(judgement.verdict),
        "reason": show(judgement.reason, _LONG),
        "at": instant.to_text(judgement.at),
        "evidence": [bytes.fromhex(each) for each in judgement.evidence],
    }


def _clause(cited: str) -> dict[str, str]:
    found = _CITED.fullmatch(cited)
    return {"place": show(found["place"], _SHORT), "certainty": found["certainty"]} if found else {"place": cited}


def _values(values: Mapping[str, Any]) -> dict[str, str]:
    return {show(name, 80): _NOT_SET if value is None else show(value, _MIDDLE) for name, value in values.items()}


def _deviations(verdicts: Mapping[str, Verdict], session: Mapping[str, Any] | None = None) -> Iterator[dict[str, str]]:
    if session is not None and session["isolation"] != "bubblewrap":
        yield from _named(_NOT_ISOLATED, [session["isolation"]])
    for verdict, words in _OPEN.items():
        yield from _named(words, [item for item, given in verdicts.items() if given is verdict])


def _named(words: Text, items: Sequence[str]) -> Iterator[dict[str, str]]:
    if items:
        yield {language: text.format(items=", ".join(items)) for language, text in words._asdict().items()}
