"""`hallmark test`: the laboratory's own kit, at home, before anybody applies for anything."""

from __future__ import annotations

import re
import secrets
import sys
import time
from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hallmark import schemes
from hallmark.cli.claims import parameters, read_json
from hallmark.cli.desk import Desk
from hallmark.cli.errors import CANNOT_TELL, NO, BadArgument, BadFile
from hallmark.cli.output import Said, pad, say, shown
from hallmark.kernel.text import Text
from hallmark.lab import export, kits, report, run, take
from hallmark.lab.kit import Verdict
from hallmark.paper.markup import write_test_report
from hallmark.paper.report import RESULTS, STATEMENTS, render_test_report
from hallmark.paper.typesetting import PaperMissing
from hallmark.scheme import loader
from hallmark.scheme.explain import Explanation, explain
from hallmark.scheme.model import Module, Provenance, RequirementItem, Scheme
from hallmark.scheme.parameters import Setting, resolve

if TYPE_CHECKING:
    from hallmark.lab.record import Record

_SEED = 32
_COLUMN = 19
_MOST_FINDINGS = 10
_CODES: Mapping[Verdict, int] = {Verdict.PASS: 0, Verdict.FAIL: NO}
_WRITTEN = Text("报告已写入 {folder}", "The reports are in {folder}")
_NO_PAGE = Text("未生成 PDF：{why}", "No PDF was made: {why}")
_SELF_CHECK = Text("自检", "self-check")
_STATES: Mapping[str, Text] = {
    "done": Text("完成", "done"),
    "no-file": Text("没有所需文件", "no file"),
    "no-program": Text("未安装所需程序", "no program"),
    "resource-limit": Text("超出资源限制", "resource-limit"),
    "crashed": Text("出错", "crashed"),
    "cancelled": Text("已取消", "cancelled"),
}
_SAME = Text("（同上）", "(as above)")
_NO_SOURCE = Text("来源未注明", "no source named")
_CONCLUSION = Text("结论", "Conclusion")
_NO_DECLARATION = Text("应为含 claims 列表的 JSON 对象", "a JSON object with a list `claims` is wanted")
_NOT_ISOLATED = Text(
    "未隔离（{level}）：样品未在沙箱中检测。仅供自查，不能作为实验室报告。请安装：apt-get install bubblewrap",
    "Not isolated ({level}): the sample ran on this machine without a sandbox. Good for yourself, never a laboratory's "
    "report. Install bubblewrap: apt-get install bubblewrap",
)


def test(desk: Desk, options: Namespace) -> Said:
    """Test a sample with the kit of its product type, and tell every verdict with its clause."""
    kit = kits.find(options.type)
    declaration = _declaration(options.declaration)
    manifest = take(Path(options.sample), kit.roles, product=options.type, declaration=declaration)
    scheme = loader.load(schemes.read(options.scheme))
    claims = [str(each) for each in manifest.declaration.get("claims", ())]
    explained = explain(scheme, options.type, datetime.now(UTC).date(), level=options.level, claims=claims)
    catalogue = _catalogue(explained)
    settings = resolve(
        scheme,
        {
            each["name"]: Setting(each["value"], Provenance.OPERATOR, each["basis"])
            for each in parameters(desk, options.parameters, options)
        },
    )
    folder = Path(options.report) if options.report else None
    record = run(
        kit,
        manifest,
        seed=_seed(options.seed),
        at=time.time_ns() // 1_000_000,
        catalogue=catalogue,
        limits={name: settings.limits(item) for name, item in catalogue.items()},
        folder=folder and folder / "run",
        workers=options.workers,
        listen=_Telling(desk),
    )
    sources = {
        name: scheme.sources[each.source[0]].title if each.source else _NO_SOURCE for name, each in catalogue.items()
    }
    lines = _lines(desk, record, sources)
    if folder:
        lines += _write(desk, record, _content(scheme, explained, record), folder)
        lines.append(desk.say(_WRITTEN).format(folder=folder))
    return Said(_summary(record), lines, _CODES.get(record.conclusion, CANNOT_TELL))


class _Telling:
    """Tells on the standard error what the laboratory is doing, on one line where that is a terminal."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._live = sys.stderr.isatty()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Tell one event."""
        match event:
            case {"event": "self-check", "answers": answers, "wrong": wrong}:
                self._tell(f"· {self._desk.say(_SELF_CHECK)} {answers - len(wrong)}/{answers}", last=True)
            case {"event": "item.started", "measurement": name}:
                self._tell(f"· {name}", last=False)
            case {"event": "progress", "measurement": name, "done": done, "total": total}:
                if self._live:
                    self._tell(f"· {name} {done}/{total} {event.get('note', '')}", last=False)
            case {"event": "observation", "measurement": name, "state": state}:
                self._tell(f"· {name} {self._desk.say(_STATES.get(state, Text(state, state)))}", last=True)

    def _tell(self, line: str, *, last: bool) -> None:
        if self._live:
            sys.stderr.write(f"\r\x1b[K{shown(line)[:100]}" + ("\n" if last else ""))
            sys.stderr.flush()
        elif last:
            say([line], sys.stderr)


def _declaration(path: str | None) -> dict[str, Any] | None:
    if path is None:
        return None
    value = read_json(path)
    if not isinstance(value, dict) or not isinstance(value.get("claims", []), list):
        raise BadFile(
            path=path, why=Text("应为含 claims 列表的 JSON 对象", "a JSON object with a list `claims` is wanted")
        )
    return value


def _seed(text: str | None) -> bytes:
    if text is None:
        return secrets.token_bytes(_SEED)
    if not re.fullmatch(f"[0-9a-f]{{{2 * _SEED}}}", text):
        raise BadArgument(argument="--seed", why=Text("应为 64 位小写十六进制", "64 digits of lower-case hexadecimal"))
    return bytes.fromhex(text)


def _catalogue(explained: Explanation) -> dict[str, RequirementItem]:
    """Return what the type test of this product covers today."""
    listed = [
        item for checklist, items in explained.checklists if checklist.module is Module.TYPE_TEST for item in items
    ]
    return {item.id: item for item in (*explained.items, *listed)}


def _content(scheme: Scheme, explained: Explanation, record: Record) -> dict[str, Any]:
    """Return what the report says: what a laboratory's would, but for the laboratory."""
    return {
        "state": "pre-test",
        "scheme": {"id": scheme.id, "edition": scheme.edition, "name": scheme.title._asdict()},
        "product_type": {"id": explained.product_type.id, "name": explained.product_type.title._asdict()},
        "standards": [{"place": each.name, "title": each.title._asdict()} for _, each in explained.standards],
        "statements": [each._asdict() for each in STATEMENTS["pre-test"]],
        **report.describe(record),
    }


def _lines(desk: Desk, record: Record, sources: Mapping[str, Text]) -> list[str]:
    lines, indent, last = [], " " * _COLUMN, None
    for line in record.requirements:
        verdict = record.verdict(line.id)
        words = RESULTS[verdict].in_language(desk.language)
        clause = "; ".join(line.clauses) or desk.say(sources[line.id])
        title = line.title.in_language(desk.language)
        lines.append(f"{pad(words, _COLUMN)}{line.id}  {title}  ({line.obligation}; {clause})")
        judgement = record.judgements[line.id]
        if verdict is not Verdict.PASS:
            same = judgement.reason == last and not judgement.findings
            lines.append(f"{indent}{desk.say(_SAME if same else judgement.reason)}")
            last = judgement.reason
            lines += [f"{indent}- {finding}" for finding in judgement.findings[:_MOST_FINDINGS]]
    level = str(record.session["isolation"])
    if level != "bubblewrap":
        lines += ["", desk.say(_NOT_ISOLATED).format(level=level)]
    said = RESULTS[record.conclusion].in_language(desk.language)
    return [*lines, "", f"{desk.say(_CONCLUSION)}: {said}"]


def _summary(record: Record) -> dict[str, Any]:
    return {
        "conclusion": str(record.conclusion),
        "isolation": str(record.session["isolation"]),
        "record": record.digest.hex(),
        "verdicts": {line.id: str(record.verdict(line.id)) for line in record.requirements},
    }


def _write(desk: Desk, record: Record, content: Mapping[str, Any], folder: Path) -> list[str]:
    """Write record and reports; return what is to be told."""
    folder.mkdir(parents=True, exist_ok=True)
    data = record.encode()
    (folder / "record.cbor").write_bytes(data)
    for name, text in {
        "report.html": write_test_report(content),
        "report.json": export.to_json(record),
        "report.sarif": export.to_sarif(record, desk.language),
        "report.junit.xml": export.to_junit(record, desk.language),
        "report.intoto.json": export.to_in_toto(record),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    try:
        page = render_test_report(content, record.session["at"], record=data)
    except PaperMissing as error:
        return [desk.say(_NO_PAGE).format(why=error.explain(desk.language))]
    (folder / "report.pdf").write_bytes(page)
    return []
