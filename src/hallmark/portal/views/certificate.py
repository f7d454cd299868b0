"""One certificate: its record, its status and how it came to that, its proofs, and the forms to take away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from django.http import HttpRequest, HttpResponse

from hallmark.certificate import status as certificate_status
from hallmark.certificate.form import MachineForm
from hallmark.kernel import identifier, instant
from hallmark.kernel.errors import HallmarkError, Missing, Unavailable
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.office.jobs.clock import now
from hallmark.office.papers import credentials, printed
from hallmark.office.registry import queries
from hallmark.office.registry.errors import NoSuchCertificate, StatusNotStated
from hallmark.portal import language, page
from hallmark.statement import envelope, plain
from hallmark.statement.certificate import record_digest, status_digest

MODES: Mapping[str, Text] = {
    "type_test": Text("型式试验", "Prototype inspection (type test)"),
    "audit": Text("现场检查", "On-site audit"),
    "surveillance": Text("获证后监督", "Surveillance"),
}
_FILE_TYPE = "application/vnd.hallmark.certificate+cbor"
_DRAWINGS_KEPT = 64
_SVG = 'xmlns="http://www.w3.org/2000/svg"'
HAS_PAPER = all(find_spec(package) for package in ("typst", "pyhanko", "segno"))
"""Whether the extra `paper` is installed."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a certificate: when it was recorded (ms) and from which day it counts."""

    index: int
    title: Text
    recorded_at: int
    effective_on: str
    reason: str
    reason_code: str


def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """Show a certificate."""
    status = queries.record(f"certificate/{number}")
    if status is None:
        return _absent(request, number)
    record = queries.find_public_record(number)
    context = {
        "number": number,
        "record": record,
        "offset": status["offset_minutes"],
        "reading": certificate_status.read(status, now()),
        "now": now(),
        "history": history(number),
        "digest": record_digest(number, record),
        "modes": MODES,
        "parties": _parties(record),
        "has_paper": HAS_PAPER,
        "has_credentials": credentials.is_written_here(record["body"]["id"]),
        **_proofs(number),
    }
    return page.show(request, "certificate.html", context)


def history(number: str) -> list[Event]:
    """Return what the ledger says of a certificate, in its order."""
    events = []
    for entry in queries.history(number):
        draft = envelope.parse(bytes(entry.encoded)).draft
        events.append(
            Event(
                entry.index,
                draft.kind.title,
                entry.told_ms,
                draft.public.get("effective_on", draft.public.get("valid_from", "")),
                draft.public.get("reason", ""),
                draft.public.get("reason_code", ""),
            )
        )
    return events


def machine_form(request: HttpRequest, number: str) -> HttpResponse:
    """Send the machine form."""
    try:
        content = queries.machine_form(number)
    except (Missing, Unavailable) as error:
        return page.refuse(request, error)
    return _send(content, _FILE_TYPE, f"{number}.hallmark")


def pdf(request: HttpRequest, number: str) -> HttpResponse:
    """Send the certificate as PDF, sealed by its body."""
    try:
        content = _draw_pdf(number, queries.checkpoint().text)
    except (Missing, Unavailable) as error:
        return page.refuse(request, error)
    return _send(content, "application/pdf", f"{number}.pdf")


def code_text(request: HttpRequest, number: str) -> HttpResponse:
    """Send the text of the printed code."""
    try:
        content = printed.write_code(number).encode()
    except (Missing, Unavailable) as error:
        return page.refuse(request, error)
    return _send(content, "text/plain; charset=us-ascii", f"{number}.txt")


def code(request: HttpRequest, number: str) -> HttpResponse:
    """Send the printed code as a picture."""
    try:
        content = _draw_code(number, queries.checkpoint().text)
    except (Missing, Unavailable) as error:
        return page.refuse(request, error)
    return HttpResponse(content, content_type="image/svg+xml", headers={"Cache-Control": "no-cache"})


def record(request: HttpRequest, number: str) -> HttpResponse:
    """Send the record as JSON, as the digest covers it."""
    try:
        found = queries.find_public_record(number)
    except NoSuchCertificate as error:
        return page.refuse(request, error)
    value = {"number": number, "record": plain.write(found), "digest": record_digest(number, found).hex()}
    return page.send_json(value)


# Drawing takes a tenth of a second, drawing and sealing a page a whole one, and anybody may ask for it.
@lru_cache(_DRAWINGS_KEPT)
def _draw_pdf(number: str, checkpoint: str) -> bytes:  # noqa: ARG001 - another checkpoint, another file
    from hallmark.office.papers import services as papers  # noqa: PLC0415 - only with the extra `paper`

    return papers.draw_certificate(number)


@lru_cache(_DRAWINGS_KEPT)
def _draw_code(number: str, checkpoint: str) -> str:  # noqa: ARG001
    from hallmark.office.papers import services as papers  # noqa: PLC0415

    form = MachineForm.parse(queries.machine_form(number))
    drawn = papers.draw_code(form, number, record_digest(number, queries.find_public_record(number)))
    return drawn.replace("<svg", f"<svg {_SVG}", 1)  # drawn to stand inside a page, shown here as a picture


def _proofs(number: str) -> dict[str, Any]:
    try:
        form = MachineForm.parse(queries.machine_form(number))
    except (StatusNotStated, Missing) as error:
        return {"form": None, "why_no_form": error.explain(language.current())}
    return {
        "form": form,
        "checkpoint": Checkpoint.parse(form.checkpoint.text),
        "note": form.checkpoint.encode().decode(),
        "stated_at": envelope.parse(form.stated.encoded).draft.public["at"],
        "leaf": status_digest(form.status.record),
        "is_sealed": "seal" in envelope.parse(form.issuer.encoded).draft.public,
        "fresh": now() - envelope.parse(form.stated.encoded).draft.public["at"] <= instant.DAY,
    }


def _parties(record: Mapping[str, Any]) -> list[tuple[Text, Mapping[str, Any]]]:
    """Return the parties with their titles, those that are one and the same once."""
    titles = {
        "applicant": Text("申请人", "Applicant"),
        "manufacturer": Text("生产者", "Manufacturer"),
        "factory": Text("生产企业", "Factory"),
    }
    merged: list[tuple[Text, Mapping[str, Any]]] = []
    for name, title in titles.items():
        for place, (known, party) in enumerate(merged):
            if party == record[name]:
                merged[place] = (Text(f"{known.zh}、{title.zh}", f"{known.en}, {title.en.lower()}"), party)
                break
        else:
            merged.append((title, record[name]))
    return merged


def _absent(request: HttpRequest, number: str) -> HttpResponse:
    """Explain that no such certificate was issued, or what is wrong with the number."""
    try:
        identifier.parse(number.upper())
        mistyped: HallmarkError | None = None
    except identifier.BadIdentifier as error:
        mistyped = error
    why = mistyped.explain(language.current()) if mistyped else ""
    return page.show(request, "absent.html", {"number": number[: identifier.MAX_LENGTH], "why": why}, status=404)


def _send(content: bytes, content_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return HttpResponse(content, content_type=content_type, headers=headers)
