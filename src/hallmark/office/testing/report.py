"""The test report as people read it, drawn from the ledger and from the laboratory's record, at any time the same.

Before signing it is a draft of the same content: what tester and signatory read is what is issued, but for their
signatures, the day of issue and the place on the ledger. Nobody gets a page whose record says other than the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hallmark.kernel import hashing, instant
from hallmark.kernel.text import Text
from hallmark.lab import record as lab_record
from hallmark.lab import report as lab_report
from hallmark.lab.record import Record
from hallmark.lab.verdict import requirement
from hallmark.office.accounts import queries as accounts
from hallmark.office.accounts.policies import Actor
from hallmark.office.evidence import queries as evidence
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.services import port as keys
from hallmark.office.papers.services import seal_key
from hallmark.office.registry import policies
from hallmark.office.registry import queries as registry
from hallmark.office.registry.state import DatabaseState
from hallmark.office.testing.errors import NoSuchReport, ReportDisagrees
from hallmark.paper import markup, signature
from hallmark.paper.report import STATEMENTS, check_test_report, render_test_report
from hallmark.rules.certificate import record_of
from hallmark.rules.edition import Edition
from hallmark.rules.evaluation import SampleUnknown
from hallmark.scheme.model import Module
from hallmark.statement import envelope, plain

FORMS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
}
"""The forms of a report, with their media types."""

Claims = Mapping[str, Any]
Content = dict[str, Any]

MANUAL = "manual"
_SAMPLING = Text(
    "样品由委托方提供，实验室未参与抽样；结果适用于所接收的样品。",
    "The customer supplied the sample; the laboratory did not draw it. Results apply to the sample as received.",
)
_DECLARED = Text("委托方申报构建文件及其摘要。", "The customer declared the builds with their digests.")
_RECEIVED = Text(
    "实验室接收样品；文件摘要与申报一致。",
    "The laboratory received the sample; the digests of its files are those declared.",
)
_READ = Text(
    "检测套件读取文件；开始和结束时核对摘要。",
    "The test kit read the files; their digests were checked at the beginning and at the end.",
)
_ERASED = Text("（身份信息已销毁）", "(identity erased)")._asdict()


def draw(actor: Actor, case: str, report: str, form: str) -> bytes:
    """Return an issued report in one of `FORMS`, for whoever may see the case.

    The PDF holds the laboratory's record, and its seal where this server has that. Raises `NoSuchCase`, `NoSuchReport`,
    `NoSuchEvidence`, `Erased`, `ReportDisagrees`.
    """
    policies.may_see_case(actor, case)
    row, claims = _find(case, report)
    needed = form == "pdf" or claims["kit"]["isolation"] != MANUAL
    data = _read(claims["record"], row.issuer) if needed else None
    record = registry.case(case)
    content = _issue(record, row, _describe(case, record, row.issuer, claims, data))
    return _FACES[form](content, row, data)


def _to_pdf(content: Content, row: Any, data: bytes | None) -> bytes:
    seal = _seal(row.issuer)
    page = render_test_report(content, row.told_ms, record=data, sealed=seal is not None, development=_is_development())
    return page if seal is None else signature.sign(page, keys().get_signer(seal_key(row.issuer)), seal, wall_clock())


def _to_html(content: Content, _row: Any, _data: bytes | None) -> bytes:
    return markup.write_test_report(content, development=_is_development()).encode()


def _to_json(content: Content, _row: Any, _data: bytes | None) -> bytes:
    check_test_report(content)
    return json.dumps(plain.write(content), ensure_ascii=False, indent=1).encode()


_FACES: Mapping[str, Callable[[Content, Any, bytes | None], bytes]] = {
    "pdf": _to_pdf,
    "html": _to_html,
    "json": _to_json,
}


def draw_draft(case: str, laboratory: str, claims: Claims, data: bytes, at: int) -> bytes:
    """Return the PDF that tester and signatory read before they sign `claims`, with the record `data` inside."""
    content = _describe(case, registry.case(case), laboratory, claims, data)
    return render_test_report(content, at, record=data, development=_is_development())


def _describe(case: str, record: Claims, laboratory: str, claims: Claims, data: bytes | None) -> dict[str, Any]:
    """Return the content of a draft: `claims` are those of `test.reported`, `data` the laboratory's record.

    Raises `SampleUnknown`, `ReportDisagrees`, `NotARecord`.
    """
    state = DatabaseState()
    edition = Edition.of_case(state, record)
    known = record_of(state, record)
    tester = state.get(f"organisation/{laboratory}") or {}
    opened, *later = registry.history(case)
    taken, received = _find_reception(later, claims["sample"])
    custody = [_event(_DECLARED, opened.told_ms, opened.index), _event(_RECEIVED, taken.told_ms, taken.index)]
    if claims["kit"]["isolation"] == MANUAL:
        said = _say_by_hand(edition, record, claims)
    else:
        session = _check(claims, data or b"")
        said = lab_report.describe(session, accounts.person_names({each.who for each in session.by_hand}))
        custody.append(_event(_READ, session.session["at"]))
    return {
        "state": "draft",
        "number": claims["report"],
        "laboratory": {name: tester[name] for name in ("name", "address")},
        "place": tester["address"],
        "customer": known["applicant"],
        "scheme": {name: known["scheme"][name] for name in ("id", "edition", "name")},
        "product_type": {name: known["product_type"][name] for name in ("id", "name")},
        "standards": [
            {"place": standard.name, "title": standard.title._asdict()}
            for _, standard in edition.explain(record).standards
        ],
        "sample": {"id": claims["sample"], "condition": received["condition"], "seals": received["seals"]},
        "custody": custody,
        "product": {**record["product"], "builds": claims["builds"]},
        "received_on": received["received_on"],
        "started_on": claims["started_on"],
        "finished_on": claims["finished_on"],
        "sampling": _SAMPLING._asdict(),
        "external": [],
        "opinions": [],
        "statements": [each._asdict() for each in STATEMENTS["report"]],
        **said,
        **_amend(record, claims),
    }


def _issue(record: Claims, row: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of the report that an entry issues: the draft's, and what signing added."""
    edition = Edition.of_case(DatabaseState(), record)
    approvals = envelope.parse(bytes(row.encoded)).approvals
    names = accounts.person_names({each.person for each in approvals})
    return {
        **content,
        "state": "issued",
        "issued_on": edition.date_at(row.told_ms).isoformat(),
        "entry": row.index,
        "signatures": [
            {
                "function": edition.scheme.functions[each.function].title._asdict(),
                "name": Text(names[each.person], names[each.person])._asdict() if each.person in names else _ERASED,
                "person": each.person,
            }
            for each in approvals
        ],
    }


def _find(case: str, report: str) -> tuple[Any, dict[str, Any]]:
    """Return the entry that issued a report, and its claims; raises `NoSuchReport`."""
    for row in registry.history(case):
        if row.kind == "test.reported" and (claims := registry.claims(row))["report"] == report:
            return row, claims
    raise NoSuchReport(report=report)


def _find_reception(history: Iterable[Any], sample: str) -> tuple[Any, dict[str, Any]]:
    """Return the entry that tells of the sample's reception, and its claims; raises `SampleUnknown`."""
    for row in history:
        if row.kind == "sample.received" and (claims := registry.claims(row))["sample"] == sample:
            return row, claims
    raise SampleUnknown(sample=sample)


def _read(named: Claims, laboratory: str) -> bytes:
    data = b"".join(evidence.read(named["address"].hex(), [laboratory]))
    if hashing.sha256(data) != named["sha256"]:
        raise ReportDisagrees(why=Text("记录摘要不同", "the record has another digest"))
    return data


def _check(claims: Claims, data: bytes) -> Record:
    """Return the record; raises `ReportDisagrees` unless ledger and record say the same of kit, files and verdicts."""
    record = lab_record.decode(data)
    ran = {name: record.kit[name] for name in ("id", "version")} | {"isolation": str(record.session["isolation"])}
    builds = {build["sha256"].hex() for build in claims["builds"]}
    for agree, why in (
        (ran == claims["kit"], Text("检测套件不同", "another kit ran")),
        ({file["sha256"] for file in record.sample["files"]} <= builds, Text("文件不同", "other files were read")),
        (
            {line.id: str(record.verdict(line.id)) for line in record.requirements} == claims["verdicts"],
            Text("判定不同", "the verdicts differ"),
        ),
    ):
        if not agree:
            raise ReportDisagrees(why=why)
    return record


def _say_by_hand(edition: Edition, record: Claims, claims: Claims) -> dict[str, Any]:
    """Return what persons found, item by item, without a kit."""
    items = edition.items(record, Module.TYPE_TEST)
    lines = [requirement(item.id, item, edition.settings.limits(item)) for item in items]
    named = {name: claims["record"][name] for name in ("sha256", "size")}
    return {**lab_report.describe_by_hand(lines, claims["verdicts"]), "methods": [claims["kit"]], "record": named}


def _amend(record: Claims, claims: Claims) -> dict[str, Any]:
    """Return what a report changes of the one that it amends."""
    if not claims.get("amends"):
        return {}
    before = next(test["verdicts"] for test in record["tests"] if test["report"] == claims["amends"])
    changes = [
        {"item": item, "verdict": verdict, **({"was": before[item]} if item in before else {})}
        for item, verdict in sorted(claims["verdicts"].items())
        if before.get(item) != verdict
    ]
    return {"amends": {"report": claims["amends"], "changes": changes}}


def _event(words: Text, at: int, entry: int | None = None) -> dict[str, Any]:
    return {"event": words._asdict(), "at": instant.to_text(at), **({} if entry is None else {"entry": entry})}


def _seal(laboratory: str) -> bytes | None:
    """Return the certificate of the laboratory's seal, where the ledger names one and this server holds its key."""
    if seal_key(laboratory) not in keys().names():
        return None
    kinds = ("organisation.registered", "organisation.rekeyed")
    named = [row for row in registry.history(laboratory) if row.kind in kinds]
    return envelope.parse(bytes(named[-1].encoded)).draft.public.get("seal") if named else None


def _is_development() -> bool:
    return bool((registry.record("ledger") or {}).get("development"))
