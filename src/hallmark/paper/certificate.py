"""A certificate on paper: what art. 7 of the measures on certificates and marks, and ISO/IEC 17065 clause 7.7, list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.certificate.form import MACHINE_FORM as MACHINE_FORM  # part of this face
from hallmark.kernel.text import Text
from hallmark.paper.typesetting import Attachment, typeset
from hallmark.statement import kinds, plain
from hallmark.statement.certificate import CERTIFICATE, record_digest
from hallmark.statement.kind import Visibility

DEVELOPMENT = Text(
    "开发账本：本证书仅供试用，不具任何效力。", "Development ledger: this certificate is a trial and has no effect."
)
DEMONSTRATION = Text("所列人员与机构均为虚构。", "The persons and organisations named here are fictitious.")

_MEDIA_TYPE = "application/cbor"
_DESCRIPTION = Text("本证书的机器可读形式。", "This certificate in machine-readable form.")
_MODES: Mapping[str, Text] = {
    "type_test": Text("型式试验", "prototype inspection (type test)"),
    "audit": Text("现场审核", "on-site audit"),
    "surveillance": Text("获证后监督", "surveillance"),
}
_PARTIES: Mapping[str, Text] = {
    "applicant": Text("申请人", "Applicant"),
    "manufacturer": Text("生产者", "Manufacturer"),
    "factory": Text("生产企业", "Factory"),
}
_KIND = kinds.find("certificate.issued")


def render_certificate(
    number: str,
    record: Mapping[str, Any],
    machine_form: bytes,
    at: int,
    *,
    qr_svg: str | None = None,
    mark_svg: str | None = None,
    page: str = "",
    development: bool = False,
    demonstration: bool = False,
) -> bytes:
    """Return the certificate as PDF/A-3u with `machine_form` inside, dated `at` in ms since 1970 UTC; not yet sealed.

    `record` is the public claims of `certificate.issued`; `page` the address of its web page. Without `mark_svg` a
    neutral mark with the scheme's letters is drawn. Raises `BadClaim`, `GlyphMissing`, `NotTypeset`, `PaperMissing`.
    """
    check_record(number, record)
    shown = plain.write(dict(record))
    scheme = record["scheme"]
    data = {
        "number": number,
        "record": shown,
        "letters": scheme["id"].split("-")[0][:5],
        "scheme": f"{scheme['id'].upper()} {scheme['edition']} · {scheme['profile']}",
        "parties": _parties(shown),
        "standards": ["-".join(filter(None, (each["id"], each.get("edition")))) for each in record["standards"]],
        "modes": [_MODES.get(mode, Text(mode, mode))._asdict() for mode in record["mode"]],
        "record_digest": record_digest(number, record).hex(),
        "notices": [
            words._asdict() for words, told in ((DEVELOPMENT, development), (DEMONSTRATION, demonstration)) if told
        ],
        "page": page,
        "qr_svg": qr_svg,
        "mark_svg": mark_svg,
    }
    return typeset("certificate.typ", data, at, Attachment(MACHINE_FORM, machine_form, _MEDIA_TYPE, _DESCRIPTION))


def check_record(number: str, record: Mapping[str, Any]) -> None:
    """Raise `BadClaim` unless `number` and `record` are a certificate's number and public claims."""
    CERTIFICATE.check(number, "number")
    public = _KIND.visible(Visibility.PUBLIC)
    for claim in _KIND.claims:
        if claim.name in public:
            claim.shape.check(record.get(claim.name), claim.name)
    for name in record:
        _KIND.named(name)


def _parties(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the three parties, those that are one and the same under one title."""
    titles: dict[str, list[Text]] = {}
    found: dict[str, Any] = {}
    for role, title in _PARTIES.items():
        party = record[role]
        key = repr(party)
        titles.setdefault(key, []).append(title)
        found[key] = party
    return [
        {
            "title": {"zh": "、".join(each.zh for each in names), "en": ", ".join(each.en for each in names)},
            "party": found[key],
        }
        for key, names in titles.items()
    ]
