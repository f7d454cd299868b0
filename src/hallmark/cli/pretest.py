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
from hallmark.scheme import loader
from hallmark.scheme.explain import explain
from hallmark.scheme.model import Module, Provenance, RequirementItem, Scheme
from hallmark.scheme.parameters import Setting, resolve

if TYPE_CHECKING:
    from hallmark.lab.record import Record

_SEED = 32
_COLUMN = 19
_MOST_FINDINGS = 10
_CODES: Mapping[Verdict, int] = {Verdict.PASS: 0, Verdict.FAIL: NO}
_WRITTEN = Text("报告已写入 {folder}", "The reports are in {folder}")
_CONCLUSION = Text("结论", "Conclusion")
_NO_DECLARATION = Text("应为含 claims 列表的 JSON 对象", "a JSON object with a list `claims` is wanted")
_NOT_ISOLATED = Text(
    "未隔离（{level}）：样品未在沙箱中检测。仅供自查，不能作为实验室报告。请安装：apt-get install bubblewrap",
    "Not isolated ({level}): the sample ran on this machine without a sandbox. Good for yourself, never a laboratory's "
    "report. Install bubblewrap: apt-get install bubblewrap",
)


def test(desk: Desk, options: Namespace) -> Said:
    """Test a sample with the kit of its product type, and tell every verdict with its clause."""
    scheme = loader.load(schemes.read(options.scheme))
    kit = kits.find(options.type)
    declaration = _declaration(options.declaration)
    manifest = take(Path(options.sample), kit.roles, product=options.type, declaration=declaration)
    claims = [str(each) for each in manifest.declaration.get("claims", ())]
    catalogue = _catalogue(scheme, options.type, options.level, claims)
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
        listen=_Telling(),
    )
    lines = _lines(desk, record)
    if folder:
        _write(desk, record, folder)
        lines.append(desk.say(_WRITTEN).format(folder=folder))
    return Said(_summary(record), lines, _CODES.get(record.conclusion, CANNOT_TELL))


class _Telling:
    """Tells on the standard error what the laboratory is doing, on one line where that is a terminal."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Tell one event."""
        match event:
            case {"event": "self-check", "answers": answers, "wrong": wrong}:
                self._tell(f"· self-check {answers - len(wrong)}/{answers}", last=True)
            case {"event": "item.started", "measurement": name}:
                self._tell(f"· {name}", last=False)
            case {"event": "progress", "measurement": name, "done": done, "total": total}:
                if self._live:
                    self._tell(f"· {name} {done}/{total} {event.get('note', '')}", last=False)
            case {"event": "observation", "measurement": name, "state": state}:
                self._tell(f"· {name} {state}", last=True)

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


def _catalogue(scheme: Scheme, product_type: str, level: str, claims: list[str]) -> dict[str, RequirementItem]:
    """Return what the type test of this product covers today."""
    today = datetime.now(UTC).date()
    explained = explain(scheme, product_type, today, level=level, claims=claims)
    listed = [
        item for checklist, items in explained.checklists if checklist.module is Module.TYPE_TEST for item in items
    ]
    return {item.id: item for item in (*explained.items, *listed)}


def _lines(desk: Desk, record: Record) -> list[str]:
    lines, indent = [], " " * _COLUMN
    for line in record.requirements:
        verdict = record.verdict(line.id)
        words = report.VERDICTS[verdict].in_language(desk.language)
        clause = "; ".join(line.clauses) or "-"
        title = line.title.in_language(desk.language)
        lines.append(f"{pad(words, _COLUMN)}{line.id}  {title}  ({line.obligation}; {clause})")
        judgement = record.judgements[line.id]
        if verdict is not Verdict.PASS:
            lines.append(f"{indent}{judgement.reason.in_language(desk.language)}")
            lines += [f"{indent}- {finding}" for finding in judgement.findings[:_MOST_FINDINGS]]
    level = str(record.session["isolation"])
    if level != "bubblewrap":
        lines += ["", desk.say(_NOT_ISOLATED).format(level=level)]
    said = report.VERDICTS[record.conclusion].in_language(desk.language)
    return [*lines, "", f"{desk.say(_CONCLUSION)}: {said}"]


def _summary(record: Record) -> dict[str, Any]:
    return {
        "conclusion": str(record.conclusion),
        "isolation": str(record.session["isolation"]),
        "record": record.digest.hex(),
        "verdicts": {line.id: str(record.verdict(line.id)) for line in record.requirements},
    }


def _write(desk: Desk, record: Record, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.cbor").write_bytes(record.encode())
    for name, text in {
        "report.html": report.to_html(record),
        "report.json": export.to_json(record),
        "report.sarif": export.to_sarif(record, desk.language),
        "report.junit.xml": export.to_junit(record, desk.language),
        "report.intoto.json": export.to_in_toto(record),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
