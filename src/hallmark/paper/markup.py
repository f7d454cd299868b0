"""A test report as one HTML file that needs nothing else: the content of `report`, in both languages, on a screen."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hallmark.kernel.text import Text
from hallmark.paper.report import (
    CERTAINTIES,
    DEVELOPMENT,
    ISOLATION_LEVELS,
    METHODS,
    OBLIGATIONS,
    RESULTS,
    STATES,
    check_test_report,
)
from hallmark.statement import plain

Report = Mapping[str, Any]

_MARKS = {
    "pass": "✓",
    "fail": "✗",
    "inconclusive": "?",
    "inspection-needed": "◉",
    "not-applicable": "–",
    "not-run": "○",
    "error": "!",
}
_NONE = Text("无", "none")
_TITLES = {True: Text("检测报告", "Test report"), False: Text("自测结果", "Pre-test")}

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
dl{display:grid;grid-template-columns:13rem 1fr;margin:0;border-top:1px solid var(--line)}
dt,dd{margin:0;padding:.4rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}dt{color:var(--soft)}
table{width:100%;border-collapse:collapse}
th{text-align:left;font-weight:600;border-bottom:2px solid var(--ink)}td{border-bottom:1px solid var(--line)}
th,td{padding:.5rem .6rem .5rem 0;vertical-align:top;overflow-wrap:anywhere}
.wide{overflow-x:auto}
code{font:.86em/1.4 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.c{display:block;color:var(--soft)}td:first-child{min-width:9rem}
blockquote{margin:.5rem 0 0;border-left:3px solid var(--line);padding-left:.7rem}
ul{margin:.3rem 0 0;padding-left:1.1rem}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem;color:var(--soft);font-size:.85em}
@media(max-width:40rem){header{flex-direction:column}dl{grid-template-columns:1fr}dt{border:0;padding-bottom:0}}
@media print{body{padding:0;max-width:none;font-size:10.5pt}tr,dl>*{break-inside:avoid}h2{break-after:avoid}
@page{margin:18mm 15mm}}
"""


def write_test_report(report: Report, *, development: bool = False) -> str:
    """Return a test report as HTML, with a warning where the ledger is a development ledger; raises `BadReport`."""
    check_test_report(report)
    said = plain.write(dict(report))
    title = _TITLES["number" in said]
    body = "".join(
        (
            _header(said, title),
            _warning(STATES[said["state"]]) if said["state"] != "issued" else "",
            _warning(DEVELOPMENT) if development else "",
            _parties(said),
            _sample(said),
            _section("方法与条件", "Methods and conditions", _facts(_conditions(said))),
            _items(said),
            _section("偏离", "Deviations, and what was left out", _list(said["deviations"])),
            _section("意见与解释", "Opinions", _list(said["opinions"])) if "opinions" in said else "",
            _section("外部提供", "External provider", _external(said["external"])) if "external" in said else "",
            _observations(said),
            _closing(said),
        )
    )
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title.zh} {title.en} {_safe(said.get('number', ''))}</title><style>{_STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def _header(said: Report, title: Text) -> str:
    counts = Counter(item["verdict"] for item in said["items"])
    summary = "".join(f"<li>{_badge(verdict, str(counts[verdict]))}</li>" for verdict in _MARKS if counts[verdict])
    number = f"<p><code>{said['number']}</code></p>" if "number" in said else ""
    return (
        f"<header><div><h1>{_both(title)}</h1>{number}<ul class=sum>{summary}</ul></div>"
        f"<div>{_badge(said['conclusion'], size=' big')}</div></header>"
    )


def _warning(words: Text) -> str:
    return f'<p class="warn">{_both(words)}</p>'


def _parties(said: Report) -> str:
    rows = [
        (Text(zh, en), f"{_both(said[key]['name'])}{_safe(said[key]['address'])}")
        for key, zh, en in (("laboratory", "检测机构", "Laboratory"), ("customer", "委托方", "Customer"))
        if key in said
    ]
    if "place" in said:
        rows.append((Text("检测地点", "Place of testing"), _safe(said["place"])))
    rows += [
        (Text("认证方案", "Scheme"), f"{_both(said['scheme']['name'])}{_safe(said['scheme']['edition'])}"),
        (Text("产品类别", "Product type"), f"{said['product_type']['id']} {_both(said['product_type']['name'])}"),
    ]
    if "amends" in said:
        changes = [f"{each['item']}: {each.get('was', '–')} → {each['verdict']}" for each in said["amends"]["changes"]]
        rows.append((Text("修改并代替", "Amends and replaces"), _safe(said["amends"]["report"]) + _lines(changes)))
    return _facts(rows)


def _sample(said: Report) -> str:
    rows: list[tuple[Any, str]] = []
    if "sample" in said:
        sample, product = said["sample"], said["product"]
        rows = [
            (Text("样品编号", "Sample"), f"<code>{sample['id']}</code>"),
            (Text("产品", "Product"), _both(product["name"])),
            (Text("型号与版本", "Model, version"), f"{_safe(product['model'])}，{_safe(product['version'])}"),
            *(
                (name, _safe(product[key]))
                for key, name in (("trademark", Text("商标", "Trade mark")), ("function", Text("功能", "Function")))
                if key in product
            ),
            (Text("接收时状态", "Condition at receipt"), _safe(sample["condition"])),
            (Text("封样", "Seals"), _safe("；".join(sample["seals"])) or _both(_NONE)),
            (Text("抽样", "Sampling"), _both(said["sampling"])),
            (Text("接收", "Received"), said["received_on"]),
            (Text("检测", "Tested"), f"{said['started_on']} – {said['finished_on']}"),
            (Text("签发", "Issued"), said.get("issued_on", "–")),
            *(
                (Text("构建", "Build"), f"{_safe(each['name'])}, {each['size']} B<br><code>{each['sha256']}</code>")
                for each in product["builds"]
            ),
            *((Text("保管记录", "Custody"), _custody(each)) for each in said["custody"]),
        ]
    files = _table(
        (Text("用途", "Role"), Text("文件", "File"), Text("字节", "Bytes"), Text("SHA-256 / SM3", "SHA-256 / SM3")),
        (
            (
                _safe(file["role"]),
                _safe(file["name"]),
                str(file["size"]),
                f"<code>{file['sha256']}</code><br><code>{file['sm3']}</code>",
            )
            for file in said["files"]
        ),
    )
    told = [(each["name"], _safe(each["value"])) for each in said["declared"]]
    sample = _section("样品", "Item tested", _facts(rows) + (files if said["files"] else ""))
    declared = _facts(told) if told else _list(())
    return sample + _section("委托方提供，未经核实", "Declared by the customer, not verified", declared)


def _custody(each: Report) -> str:
    entry = f", 账本条目 <i lang=en>entry</i> {each['entry']}" if "entry" in each else ""
    return f"{_safe(each['at'])}{entry}<br>{_both(each['event'])}"


def _conditions(said: Report) -> Iterator[tuple[Any, str]]:
    for each in said["methods"]:
        level = ISOLATION_LEVELS[each["isolation"]]
        digest = f"<code class=c>{each['digest']}</code>" if "digest" in each else ""
        yield Text("检测方法", "Method"), f"<code>{each['id']} {each['version']}</code><br>{_both(level)}{digest}"
    for each in said["standards"]:
        yield Text("标准", "Standard"), f"<code>{_safe(each['place'])}</code><br>{_both(each['title'])}"
    for each in said["conditions"]:
        yield each["name"], _safe(each["value"])
    if "self_check" in said:
        right, wrong = said["self_check"]["answers"], said["self_check"]["wrong"]
        text = Text(f"{right} 个已知答案，{len(wrong)} 个不一致。", f"{right} known answers, {len(wrong)} wrong.")
        yield Text("自检", "Self-check"), _both(text) + _lines(wrong)
    yield Text("判定规则", "Decision rule"), _both(said["decision_rule"])


def _items(said: Report) -> str:
    heads = (Text("项目", "Item"), Text("结论", "Verdict"), Text("说明", "Reason"))
    return _section("结果", "Results", _table(heads, map(_item, said["items"])))


def _item(item: Report) -> tuple[str, str, str]:
    obligation, method = OBLIGATIONS[item["obligation"]], METHODS[item["method"]]
    title = "" if item["title"]["en"] == item["id"] else f"<br>{_both(item['title'])}"
    clauses = "".join(f"<code class=c>{_safe(each['place'])}{_certainty(each)}</code>" for each in item["clauses"])
    how = f"{obligation.zh} <i lang=en>{obligation.en}</i> · {method.zh} <i lang=en>{method.en}</i>"
    name = f"<b>{_safe(item['id'])}</b> · {how}{title}{clauses}"
    said = _both(item["reason"]) if "reason" in item else ""
    said += "".join(map(_hand, item.get("by_hand", ())))
    if "machine" in item:
        said += f"<p>机器判定 <i lang=en>the kit said</i> {_badge(item['machine'])}</p>"
    said += _lines(item.get("findings", ()))
    if "uncertainty" in item:
        said += f"<br>{_both(Text('不确定度', 'Uncertainty'))}<code>{_safe(item['uncertainty'])}</code>"
    for key, frame in (("values", "{}"), ("limits", "[{}]")):
        if key in item:
            pairs = "; ".join(f"{name} = {value}" for name, value in item[key].items())
            said += f"<br><code>{_safe(frame.format(pairs))}</code>"
    if "criterion" in item:
        said = f"<i class=c>{_both(item['criterion'])}</i>{said}"
    return name, _badge(item["verdict"]), said


def _hand(judged: Report) -> str:
    who = " ".join(filter(None, (judged.get("name", ""), judged["person"], judged["at"])))
    seen = "".join(f"<br><code>{digest}</code>" for digest in judged["evidence"])
    return f"<blockquote>{_badge(judged['verdict'])} {_safe(judged['reason'])}<br>{_safe(who)}{seen}</blockquote>"


def _observations(said: Report) -> str:
    if not said.get("measurements"):
        return ""
    heads = (Text("检测", "Measurement"), Text("结束状态", "Ended"), Text("观测结果 SHA-256", "Observation"))
    rows = (
        (
            _safe(each["name"]),
            _safe(f"{each['state']} {each.get('detail', '')}"),
            f"<code>{each.get('digest', '–')}</code>",
        )
        for each in said["measurements"]
    )
    return _section("观测", "Observations", _table(heads, rows))


def _external(several: Iterable[Report]) -> str:
    rows = [
        (each["provider"]["name"], f"{_safe(each['provider']['address'])}: {_safe(', '.join(each['items']))}")
        for each in several
    ]
    return _facts(rows) if rows else f"<p>{_both(_NONE)}</p>"


def _closing(said: Report) -> str:
    signed: list[tuple[Any, str]] = [
        (each["function"], f"{_both(each['name'])}<code>{_safe(each.get('person', ''))}</code>")
        for each in said.get("signatures", ())
    ]
    if "entry" in said:
        signed.append((Text("账本条目", "Entry of the ledger"), str(said["entry"])))
    elif said["state"] == "draft":
        signed.append((Text("签批", "Signatures"), _both(STATES["draft"])))
    record = said["record"]
    digests = f"<p>记录文件 <i lang=en>Record, SHA-256</i><br><code>{record['sha256']}</code></p>"
    if "digest" in record:
        digests += f"<p>记录摘要 <i lang=en>Record digest</i><br><code>{record['digest']}</code></p>"
    signatures = _section("签批", "Signatures", _facts(signed)) if signed else ""
    return f"{signatures}<footer>{_list(said['statements'])}{digests}</footer>"


def _section(zh: str, en: str, content: str) -> str:
    return f"<h2>{_both(Text(zh, en))}</h2>{content}"


def _facts(rows: Iterable[tuple[Any, str]]) -> str:
    """Return named facts; the values are markup already."""
    return f"<dl>{''.join(f'<dt>{_both(name)}</dt><dd>{value}</dd>' for name, value in rows)}</dl>"


def _table(heads: Iterable[Text], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; the cells are markup already."""
    lines = ["<tr>" + "".join(f"<th>{_both(head)}</th>" for head in heads) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<div class=wide><table>{''.join(lines)}</table></div>"


def _badge(verdict: str, more: str = "", size: str = "") -> str:
    words = RESULTS[verdict]
    return (
        f'<span class="v {verdict}{size}">{_MARKS[verdict]} {words.zh} <span lang=en>{words.en}</span>'
        f"{f' {more}' if more else ''}</span>"
    )


def _certainty(clause: Report) -> str:
    if "certainty" not in clause:
        return ""
    words = CERTAINTIES[clause["certainty"]]
    return f" {words.zh} <i lang=en>{words.en}</i>"


def _list(texts: Iterable[Report]) -> str:
    items = "".join(f"<li>{_both(each)}</li>" for each in texts)
    return f"<ul>{items}</ul>" if items else f"<p>{_both(_NONE)}</p>"


def _lines(lines: Iterable[str]) -> str:
    items = "".join(f"<li><code>{_safe(line)}</code></li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _both(text: Text | Mapping[str, str]) -> str:
    zh, en = text if isinstance(text, Text) else (text["zh"], text["en"])
    return f'{_safe(zh)}<span lang="en">{_safe(en)}</span>' if zh != en else _safe(en)


def _safe(text: object) -> str:
    return html.escape(str(text))
