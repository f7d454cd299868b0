"""The record as a page for people: one file, both languages, to read on a screen or on paper."""

from __future__ import annotations

import html as markup
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.lab.kit import Verdict
from hallmark.lab.verdict import disagreements

if TYPE_CHECKING:
    from hallmark.lab.record import Record
    from hallmark.lab.verdict import Requirement

VERDICTS: Mapping[Verdict, Text] = {
    Verdict.PASS: Text("符合", "Pass"),
    Verdict.FAIL: Text("不符合", "Fail"),
    Verdict.INCONCLUSIVE: Text("无法判定", "Inconclusive"),
    Verdict.INSPECTION_NEEDED: Text("待人工判定", "Inspection needed"),
    Verdict.NOT_APPLICABLE: Text("不适用", "Not applicable"),
    Verdict.NOT_RUN: Text("未检测", "Not run"),
    Verdict.ERROR: Text("检测错误", "Error"),
}
_OBLIGATIONS = {"shall": Text("应", "shall"), "should": Text("宜", "should"), "may": Text("可", "may")}
_MARKS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INSPECTION_NEEDED: "◉",
    Verdict.NOT_APPLICABLE: "–",
    Verdict.NOT_RUN: "○",
    Verdict.ERROR: "!",
}
_NOT_ISOLATED = Text(
    "本次检测未在隔离环境中进行，不得作为实验室报告。",
    "This session was not isolated; it must not become a laboratory report.",
)
_ONLY = Text("结果仅对所检样品有效。", "The results relate only to the items tested.")
_MOST_VALUE = 120

_STYLE = """
:root{--ink:#16202b;--soft:#5a6773;--line:#d9dfe5;--pass:#14713d;--fail:#b3261e;--open:#8a5a00;--idle:#5a6773}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:2.5rem 1.5rem;color:var(--ink);background:#fff;
font:15px/1.55 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:1.7rem;line-height:1.25;margin:0}h2{font-size:1.05rem;margin:2.2rem 0 .6rem}
[lang=en]{color:var(--soft);font-size:.92em}h1 [lang=en],h2 [lang=en]{font-weight:400}
span[lang=en]{display:block}
header{display:flex;gap:1.5rem;justify-content:space-between;align-items:flex-start;
border-bottom:3px solid var(--ink);padding-bottom:1.2rem}
.sum{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0 0;padding:0;list-style:none}
.v{display:inline-block;white-space:nowrap;border:1px solid;border-radius:99px;padding:.1rem .7rem;font-weight:600}
.v [lang=en]{display:inline;color:inherit;font-weight:400}
.pass{color:var(--pass)}.fail,.error{color:var(--fail)}.inconclusive,.inspection-needed{color:var(--open)}
.not-run,.not-applicable{color:var(--idle)}
.big{font-size:1.15rem;padding:.35rem 1.1rem}
.warn{border-left:4px solid var(--fail);padding:.5rem 1rem;margin:1.2rem 0;background:#fdf3f2}
dl{display:grid;grid-template-columns:11rem 1fr;margin:0;border-top:1px solid var(--line)}
dt,dd{margin:0;padding:.4rem 0;border-bottom:1px solid var(--line)}dt{color:var(--soft)}
table{width:100%;border-collapse:collapse}
th{text-align:left;font-weight:600;border-bottom:2px solid var(--ink)}td{border-bottom:1px solid var(--line)}
th,td{padding:.5rem .6rem .5rem 0;vertical-align:top}
.wide{overflow-x:auto}
code{font:.86em/1.4 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.c{display:block;color:var(--soft)}td:first-child{min-width:13rem}
ul{margin:.3rem 0 0;padding-left:1.1rem}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem;color:var(--soft);font-size:.85em}
@media(max-width:40rem){header{flex-direction:column}dl{grid-template-columns:1fr}dt{border:0;padding-bottom:0}}
@media print{body{padding:0;max-width:none;font-size:10.5pt}tr,dl>*{break-inside:avoid}h2{break-after:avoid}
@page{margin:18mm 15mm}}
"""


def to_html(record: Record) -> str:
    """Return the report as one HTML file that needs nothing else."""
    body = "".join(
        (
            _header(record),
            _warning(record),
            _about(record),
            _items(record),
            _by_hand(record),
            _self_check(record),
            _measurements(record),
            _footer(record),
        )
    )
    title = f"{_safe(record.sample['product'] or record.kit['id'])} {_safe(record.sample['version'])}"
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title} · 检测报告 Test report</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _header(record: Record) -> str:
    counts = Counter(record.verdict(line.id) for line in record.requirements)
    summary = "".join(f"<li>{_badge(verdict, str(counts[verdict]))}</li>" for verdict in VERDICTS if counts[verdict])
    return (
        f"<header><div><h1>检测报告{_en('Test report')}</h1><ul class=sum>{summary}</ul></div>"
        f"<div>{_badge(record.conclusion, size=' big')}</div></header>"
    )


def _warning(record: Record) -> str:
    if record.session["isolation"] == "bubblewrap":
        return ""
    return f'<p class="warn">{_both(_NOT_ISOLATED)}</p>'


def _about(record: Record) -> str:
    sample, session = record.sample, record.session
    facts = [
        (Text("产品", "Product"), " ".join(filter(None, (sample["product"], sample["model"], sample["version"])))),
        (Text("检测套件", "Kit"), f"{record.kit['id']} {record.kit['version']}"),
        (Text("评定时间", "Evaluated as of"), instant.to_text(session["at"])),
        (Text("隔离级别", "Isolation"), session["isolation"]),
        (Text("环境", "Environment"), f"Python {session['python']}, {session['machine']}"),
        (Text("程序库", "Libraries"), ", ".join(f"{name} {version}" for name, version in session["libraries"].items())),
        (Text("随机种子", "Seed"), f"{bytes(session['seed']).hex()}"),
        (Text("申请人声明", "Declaration"), json.dumps(sample["declaration"], ensure_ascii=False, default=str)),
    ]
    rows = "".join(f"<dt>{_both(name)}</dt><dd>{_safe(value) or '–'}</dd>" for name, value in facts)
    files = _table(
        (Text("用途", "Role"), Text("文件", "File"), Text("字节", "Bytes"), Text("SHA-256 / SM3", "SHA-256 / SM3")),
        (
            (
                _safe(file["role"]),
                _safe(file["name"]),
                f"{file['size']:,}",
                f"<code>{file['sha256']}</code><br><code>{file['sm3']}</code>",
            )
            for file in sample["files"]
        ),
    )
    return f"<h2>样品与检测{_en('Sample and session')}</h2><dl>{rows}</dl>{files}"


def _items(record: Record) -> str:
    heads = (Text("项目", "Item"), Text("结论", "Verdict"), Text("说明", "Reason"))
    return f"<h2>检测项目{_en('Items')}</h2>" + _table(heads, (_item(record, line) for line in record.requirements))


def _item(record: Record, line: Requirement) -> tuple[str, str, str]:
    judgement = record.judgements[line.id]
    words = _OBLIGATIONS.get(line.obligation, Text(line.obligation, line.obligation))
    title = "" if line.title.en == line.id else f"<br>{_both(line.title)}"
    clauses = "".join(f"<code class=c>{_safe(clause)}</code>" for clause in line.clauses)
    name = f"<b>{_safe(line.id)}</b> · {words.zh} <i lang=en>{_safe(words.en)}</i>{title}{clauses}"
    facts = "; ".join(f"{key} {_short(value)}" for key, value in judgement.values.items())
    limits = "; ".join(f"{key} = {_short(value)}" for key, value in line.limits.items())
    said = _both(judgement.reason) + _list(judgement.findings)
    said += "".join(f"<br><code>{_safe(text)}</code>" for text in (facts, limits and f"[{limits}]") if text)
    return name, _badge(record.verdict(line.id)), said


def _by_hand(record: Record) -> str:
    if not record.by_hand:
        return ""
    heads = (Text("项目", "Item"), Text("判定人", "Person"), Text("结论", "Verdict"), Text("理由", "Reason"))
    rows = (
        (
            _safe(each.item),
            f"{_safe(each.who)}<br>{instant.to_text(each.at)}",
            _badge(each.verdict),
            _safe(each.reason) + "".join(f"<br><code>{digest}</code>" for digest in each.evidence),
        )
        for each in record.by_hand
    )
    return f"<h2>人工判定{_en('Judged by people')}</h2>" + _table(heads, rows)


def _self_check(record: Record) -> str:
    wrong = set(disagreements(record.self_check))
    text = Text(
        f"{len(record.self_check)} 个已知答案，{len(wrong)} 个不一致。",
        f"{len(record.self_check)} known answers, {len(wrong)} wrong.",
    )
    return f"<h2>自检{_en('Self-check')}</h2><p>{_both(text)}</p>{_list(sorted(wrong))}"


def _measurements(record: Record) -> str:
    heads = (Text("检测", "Measurement"), Text("结束状态", "Ended"), Text("观测结果 SHA-256", "Observation"))
    rows = (
        (
            _safe(each.name),
            _safe(f"{each.state} {each.detail}"),
            f"<code>{each.digest if each.observation else '–'}</code>",
        )
        for each in record.measurements
    )
    return f"<h2>观测{_en('Observations')}</h2>" + _table(heads, rows)


def _footer(record: Record) -> str:
    return (
        f"<footer><p>{_both(_ONLY)}</p>"
        f"<p>记录摘要 <i lang=en>Record digest</i><br><code>{record.digest.hex()}</code></p>"
        f"<p>套件摘要 <i lang=en>Kit digest</i><br><code>{_safe(record.kit['digest'])}</code></p></footer>"
    )


def _table(heads: Iterable[Text], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; the cells are markup already."""

    def lines() -> Iterator[str]:
        yield "<tr>" + "".join(f"<th>{_both(head)}</th>" for head in heads) + "</tr>"
        for row in rows:
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"

    return f"<div class=wide><table>{''.join(lines())}</table></div>"


def _badge(verdict: Verdict, more: str = "", size: str = "") -> str:
    words = VERDICTS[verdict]
    return (
        f'<span class="v {verdict.value}{size}">{_MARKS[verdict]} {words.zh} <span lang=en>{words.en}</span>'
        f"{f' {more}' if more else ''}</span>"
    )


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li><code>{_safe(line)}</code></li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _both(text: Text) -> str:
    return f"{_safe(text.zh)}{_en(text.en)}" if text.zh != text.en else _safe(text.en)


def _en(text: str) -> str:
    return f"<span lang=en>{_safe(text)}</span>" if text else ""


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_VALUE else text[:_MOST_VALUE] + "…"


def _safe(text: object) -> str:
    return markup.escape(str(text))
