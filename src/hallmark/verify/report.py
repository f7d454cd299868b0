"""What the verifier says to people, in one language, and to machines, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hallmark.certificate.status import Reading, Status
from hallmark.kernel import instant
from hallmark.kernel.text import Language, Text
from hallmark.statement import plain
from hallmark.verify.answer import Answer, Attestation
from hallmark.verify.bundle import Attested, TrustBundle
from hallmark.verify.register import Extract, Said

Row = tuple[Text, str]

_HEADLINES: Mapping[Status, Text] = {
    Status.IN_FORCE: Text("真实，且有效。", "Genuine, and in force."),
    Status.NOT_YET: Text("真实，但尚未生效。", "Genuine, but not yet in force."),
    Status.SUSPENDED: Text("真实，但已暂停。", "Genuine, but suspended."),
    Status.WITHDRAWN: Text("真实，但已撤销。", "Genuine, but withdrawn."),
    Status.CANCELLED: Text("真实，但已注销。", "Genuine, but cancelled."),
    Status.EXPIRED: Text("真实，但已过期。", "Genuine, but expired."),
    Status.UNKNOWN: Text("确曾颁发；是否有效无法判断。", "Genuinely issued; whether it is in force cannot be told."),
}
_ATTESTED = Text(
    "确由该机构签署；账本是否接纳、是否有效均无法判断。",
    "Genuinely signed by the body; whether the ledger admitted it, and whether it is in force, cannot be told.",
)
_ATTESTED_WHY = Text(
    "凭证仅是该机构的单方声明；请核验记录摘要相同的 .hallmark 文件",
    "a credential is the word of the body alone; check the .hallmark file with the same record digest",
)
_TPM = "tpm"  # what it quotes, the node's own software measured (docs/spec/attestation.md, 6)
_SELF_REPORTED = {
    False: Text("TPM，度量值为自行报告", "TPM, self-reported measurement"),
    True: Text("软件 TPM，度量值为自行报告", "software TPM, self-reported measurement"),
}
_HOW = Text("{names}（{how}）", "{names} ({how})")
_ALONE = Text("仅此一家运营方的密钥", "one operator's key alone")
_CLAIMED = Text(
    "该声明确在账本中，且确有此项；其余各项未予披露。",
    "The statement is on the ledger and says this; its other hidden claims stay hidden.",
)
_DEVELOPMENT = Text(
    "警告：这是开发账本，其上的证书不具任何效力。",
    "Warning: this is a development ledger; nothing on it has any effect.",
)
_SEALED = Text("页面与颁发机构所签章的文件逐字节一致。", "The page is, byte for byte, what the issuing body sealed.")
_PAGE_NOT_CHECKED = Text(
    "页面未核验：文件所附条目未载明颁发机构的签章，页面内容未得到任何证明。请只依据下列记录。",
    "Page not checked: the file brings no seal of the body, so nothing on the page is proven. Rely only on the record.",
)


def say(
    answer: Answer | Attestation,
    bundle: TrustBundle,
    language: Language,
    *,
    asked: int | None = None,
    page: bool | None = None,
) -> list[str]:
    """Return the lines that tell a person the answer.

    `asked` is the time asked about where it is not the present, `page` whether the page that it came from was
    checked, None where it came from no page; that a page was not checked comes first.
    """
    headline = _HEADLINES[answer.status] if isinstance(answer, Answer) else _ATTESTED
    rows = _asked_rows(asked)
    if page is False:
        rows.append((Text("所附记录", "Record inside"), headline.in_language(language)))
        headline = _PAGE_NOT_CHECKED
    rows += _answer_rows(answer, language) if isinstance(answer, Answer) else _attestation_rows(answer, language)
    rows.append((Text("信任包", "Trust bundle"), f"{bundle.environment}, SHA-256 {bundle.fingerprint.hex()}"))
    lines = [headline.in_language(language)]
    if bundle.development:
        lines.append(_DEVELOPMENT.in_language(language))
    lines.append("")
    lines += [_row(title.in_language(language), value, language) for title, value in rows]
    if page:
        lines += ["", _SEALED.in_language(language)]
    return lines


def to_json(answer: Answer | Attestation, bundle: TrustBundle, *, page: bool | None = None) -> dict[str, Any]:
    """Return the answer as a JSON object; about a file whose `page` was not checked it is `unknown`."""
    value: dict[str, Any] = {
        "number": answer.number,
        "record_digest": answer.record_digest.hex(),
        "record": None if answer.record is None else plain.write(answer.record),
        "environment": bundle.environment,
        "development": bundle.development,
        "trust_bundle": bundle.fingerprint.hex(),
    }
    if page is not None:
        value["page"] = "as-sealed" if page else "not-checked"
    if isinstance(answer, Attestation):
        why = _ATTESTED_WHY._asdict()
        return {"answer": "unknown", "kind": answer.profile, "vouched_by": [answer.body._asdict()], "why": why, **value}
    reading, reason = (Reading(Status.UNKNOWN), _PAGE_NOT_CHECKED) if page is False else (answer.reading, answer.why)
    return {
        "answer": str(reading.status),
        "kind": "certificate",
        "since": reading.since or None,
        "reason_code": reading.reason_code or None,
        "known_at": None if answer.known_at is None else instant.to_text(answer.known_at),
        "age_ms": answer.age,
        "vouched_by": [name._asdict() for name in answer.vouched_by],
        "attested": _attested_json(answer),
        "why": reason and reason._asdict(),
        **value,
    }


def say_extract(
    found: Extract | Said, bundle: TrustBundle, language: Language, *, asked: int | None = None
) -> list[str]:
    """Return the lines that tell a person what an extract proves; `asked` as in `say`."""
    if isinstance(found, Said):
        return _say_claim(found, bundle, language)
    lines = [_found(found).in_language(language)]
    if found.development:
        lines.append(_DEVELOPMENT.in_language(language))
    rows = [
        *_asked_rows(asked),
        *([(Text("原因", "Why"), found.why.in_language(language))] if found.why else []),
        (Text("状态公布于", "Known as of"), f"{instant.to_text(found.known_at)}, {_age(found.age, language)}"),
        *_voucher_rows(found, language),
        (Text("信任包", "Trust bundle"), f"{bundle.environment}, SHA-256 {bundle.fingerprint.hex()}"),
    ]
    lines += ["", *(_row(title.in_language(language), value, language) for title, value in rows)]
    if found.readings:
        shown = ((number, each.status.words.in_language(language)) for number, each in found.readings.items())
        lines += ["", *(_row(number, f"{words}, {found.readings[number].since}", language) for number, words in shown)]
    return lines


def _say_claim(said: Said, bundle: TrustBundle, language: Language) -> list[str]:
    rows = [
        (Text("声明", "Statement"), f"{said.kind.title.in_language(language)} ({said.kind.name})"),
        (Text("由", "By"), said.issuer),
        (Text("关于", "About"), said.subject),
        (Text("时间", "Made at"), instant.to_text(said.issued_at * instant.SECOND)),
        (Text("所称", "It says"), f"{said.claim} = {json.dumps(plain.write(said.value), ensure_ascii=False)}"),
        *_voucher_rows(said, language),
        (Text("信任包", "Trust bundle"), f"{bundle.environment}, SHA-256 {bundle.fingerprint.hex()}"),
    ]
    lines = [_CLAIMED.in_language(language), *([_DEVELOPMENT.in_language(language)] if said.development else []), ""]
    return [*lines, *(_row(title.in_language(language), value, language) for title, value in rows)]


def extract_to_json(found: Extract | Said, bundle: TrustBundle) -> dict[str, Any]:
    """Return what an extract proves as a JSON object."""
    if isinstance(found, Said):
        return {
            "answer": "claimed",
            "kind": found.kind.name,
            "issuer": found.issuer,
            "subject": found.subject,
            "made_at": instant.to_text(found.issued_at * instant.SECOND),
            "claim": found.claim,
            "value": plain.write(found.value),
            "vouched_by": [name._asdict() for name in found.vouched_by],
            "attested": _attested_json(found),
            "why": _CLAIMED._asdict(),
            "environment": bundle.environment,
            "development": bundle.development,
            "trust_bundle": bundle.fingerprint.hex(),
        }
    answer = "register" if found.absent is None else "absent"
    return {
        "answer": answer if found.fresh else "unknown",
        "kind": "absence" if found.absent is not None else "snapshot",
        "number": found.absent,
        "certificates": {
            number: {"status": str(each.status), "since": each.since} for number, each in found.readings.items()
        },
        "known_at": instant.to_text(found.known_at),
        "age_ms": found.age,
        "vouched_by": [name._asdict() for name in found.vouched_by],
        "attested": _attested_json(found),
        "why": (found.why or _found(found))._asdict(),
        "environment": bundle.environment,
        "development": bundle.development,
        "trust_bundle": bundle.fingerprint.hex(),
    }


def _asked_rows(asked: int | None) -> list[Row]:
    return [] if asked is None else [(Text("所问时间", "Time asked about"), instant.to_text(asked))]


def _voucher_rows(answer: Answer | Extract | Said, language: Language) -> Iterator[Row]:
    """Yield who vouches and, where nodes do, which of them are attested: by what, accepted by how many, and when."""
    names = _join(answer.vouched_by, language)
    if len(answer.vouched_by) == 1:
        names = _HOW.in_language(language).format(names=names, how=_ALONE.in_language(language))
    yield Text("由谁担保", "Vouched by"), names
    groups: dict[str, list[Text]] = {}
    for name, attested in answer.attested:
        how = _how_attested(attested, development=answer.development).in_language(language)
        groups.setdefault(how, []).append(name)
    if groups:
        told = (
            _HOW.in_language(language).format(how=how, names=_join(names, language)) for how, names in groups.items()
        )
        yield Text("节点证明", "Nodes attested"), Text("；", "; ").in_language(language).join(told)


def _how_attested(attested: Attested | None, *, development: bool) -> Text:
    if attested is None:
        return Text("未证明", "not attested")
    count, day = attested.accepted_by, instant.civil_date(attested.at, 0).isoformat()
    what = _SELF_REPORTED[development] if attested.family == _TPM else Text(attested.family, attested.family)
    others = "member" if count == 1 else "members"
    return Text(f"{what.zh}，{count} 个成员认可，{day}", f"{what.en}, accepted by {count} {others}, {day}")


def _attested_json(answer: Answer | Extract | Said) -> list[dict[str, Any]]:
    return [
        {
            "name": name._asdict(),
            "family": attested.family,
            "self_reported": attested.family == _TPM,
            "accepted_by": attested.accepted_by,
            "at": instant.to_text(attested.at),
        }
        for name, attested in answer.attested
        if attested
    ]


def _found(found: Extract) -> Text:
    if not found.fresh:
        return Text(
            "登记簿摘录属实；所问时间的情况无法判断。",
            "Genuine; what is so at the time asked about cannot be told.",
        )
    if found.absent is not None:
        return Text(f"登记簿中没有证书 {found.absent}。", f"The register has no certificate {found.absent}.")
    count = len(found.readings)
    return Text(
        f"登记簿完整，共 {count} 张证书。", f"The whole register: {count} certificate{'s' if count != 1 else ''}."
    )


def _answer_rows(answer: Answer, language: Language) -> Iterator[Row]:
    if answer.why:
        yield Text("原因", "Why"), answer.why.in_language(language)
    if answer.reading.since:
        reason = f" ({answer.reading.reason_code})" if answer.reading.reason_code else ""
        yield Text("状态", "Status"), f"{answer.status.words.in_language(language)}, {answer.reading.since}{reason}"
    yield from _record_rows(answer.number, answer.record, language)
    if answer.known_at is not None and answer.age is not None:
        yield Text("状态公布于", "Known as of"), f"{instant.to_text(answer.known_at)}, {_age(answer.age, language)}"
    yield from _voucher_rows(answer, language)
    yield Text("记录摘要", "Record digest"), answer.record_digest.hex()


def _attestation_rows(attestation: Attestation, language: Language) -> Iterator[Row]:
    yield Text("原因", "Why"), _ATTESTED_WHY.in_language(language)
    if attestation.record is None:
        yield Text("证书编号", "Certificate"), attestation.number
    else:
        yield from _record_rows(attestation.number, attestation.record, language)
    yield Text("由谁担保", "Vouched by"), attestation.body.in_language(language)
    yield Text("记录摘要", "Record digest"), attestation.record_digest.hex()


def _record_rows(number: str, record: Mapping[str, Any], language: Language) -> Iterator[Row]:
    product, kind, scheme = record["product"], record["product_type"], record["scheme"]
    yield Text("证书编号", "Certificate"), number
    yield Text("方案", "Scheme"), f"{scheme['name'][language]}, {scheme['id']} {scheme['edition']} {scheme['profile']}"
    yield Text("产品类型", "Product type"), f"{kind['id']} {kind['name'][language]}"
    if "level" in kind:
        yield Text("级别", "Level"), kind["level"]["name"][language]
    yield Text("产品", "Product"), f"{product['name'][language]}, {product['model']}"
    yield Text("版本", "Version"), product["version"]
    for build in product["builds"]:
        yield Text("构建文件", "Build"), f"{build['name']}, SHA-256 {build['sha256'].hex()}"
    yield Text("持证人", "Holder"), record["applicant"]["name"][language]
    yield Text("认证机构", "Certified by"), record["body"]["name"][language]
    yield Text("检测机构", "Inspected by"), ", ".join(each["name"][language] for each in record["laboratories"])
    yield Text("有效期", "Valid"), f"{record['valid_from']} … {record['valid_until']}"


def _join(names: Iterable[Text], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(name.in_language(language) for name in names)


def _age(age: int, language: Language) -> str:
    """Return an age in ms in its largest whole unit."""
    for unit, words in (
        (instant.DAY, Text("天前", "days ago")),
        (instant.HOUR, Text("小时前", "hours ago")),
        (instant.MINUTE, Text("分钟前", "minutes ago")),
    ):
        if age >= 2 * unit:
            return f"{age // unit} {words.in_language(language)}"
    return Text("刚刚", "just now").in_language(language)


def _row(title: str, value: str, language: Language) -> str:
    colon = "：" if language == "zh" else ": "
    return f"  {title}{colon}{value}"
