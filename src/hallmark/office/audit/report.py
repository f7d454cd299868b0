"""Drawing up what the ledger is told of an audit: a statement for each nonconformity, and the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from secrets import token_bytes
from typing import Any

from django.db import transaction

from hallmark.kernel import identifier, instant
from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Actor
from hallmark.office.audit import policies, queries
from hallmark.office.audit.errors import AuditReported, FieldworkTooOld, ItemsOpen, NonconformityWanted, NotFilledIn
from hallmark.office.audit.models import Audit
from hallmark.office.audit.photos import find_photos
from hallmark.office.audit.sheet import Sheet
from hallmark.office.evidence import services as evidence
from hallmark.office.evidence.models import Evidence
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.registry import queries as registry
from hallmark.office.registry import services as statements
from hallmark.office.registry.models import Draft
from hallmark.rules.admission import LATENESS_ON_SITE
from hallmark.rules.state import Record
from hallmark.statement import plain
from hallmark.statement.kind import Visibility

_RANDOM = 16


@dataclass(frozen=True)
class Drawn:
    """Drafts for approval by the auditor, to be submitted in this order: nonconformities by number, then the report."""

    nonconformities: tuple[Draft, ...]
    report: Draft


def draw_up(actor: Actor, name: str, *, at: int | None = None) -> Drawn:
    """Prepare `nonconformity.raised` for each drafted one that is not raised yet, and `audit.reported`.

    They bear the time of the fieldwork where it was done offline. Drawn up again, the drafts before are left behind.
    Raises `ItemsOpen`, `NonconformityWanted`, `NotFilledIn`, `FieldworkTooOld`, `AuditReported`, or as `prepare`.
    """
    now = wall_clock() if at is None else at
    with transaction.atomic():
        policies.may_see(actor, name)
        audit = Audit.objects.select_for_update().get(pk=name)
        record = registry.case(audit.case)
        policies.may_carry_out(actor, audit, record)
        sheet = _complete(queries.view_of(audit), record)
        made = _made(sheet, now)
        raised = {
            key: draft
            for key, draft in audit.drafts.get("nonconformities", {}).items()
            if (row := registry.draft(draft)) and row.entry is not None
        }
        drafts = {
            key: _draft_nonconformity(actor, audit, len(record["nonconformities"]) + number, each, made)
            for number, (key, each) in enumerate(
                ((key, each) for key, each in sorted(sheet.nonconformities.items()) if key not in raised), 1
            )
        }
        report = _draft_report(actor, audit, sheet, len(record["nonconformities"]) + len(drafts), made)
        audit.drafts = {
            "nonconformities": {**raised, **{key: draft.id for key, draft in drafts.items()}},
            "report": report.id,
        }
        audit.save(update_fields=["drafts"])
    return Drawn(tuple(drafts.values()), report)


def _complete(view: queries.View, record: Record) -> Sheet:
    """Return the sheet; raises unless everything was found that must be."""
    sheet = view.sheet
    if view.entry is not None:
        raise AuditReported(audit=view.id, entry=view.entry)
    if view.open:
        raise ItemsOpen(items=", ".join(view.open))
    if not sheet.started_on or not sheet.finished_on:
        raise NotFilledIn(why=Text("缺少审核日期", "the days of the audit are missing"))
    told = {each["requirement"] for each in (*record["nonconformities"].values(), *sheet.nonconformities.values())}
    decisive = {line.item.id for line in view.lines if line.decisive}
    silent = [
        item
        for item, finding in sheet.settled.items()
        if finding == "nonconforming" and item in decisive and item not in told
    ]
    if silent:
        raise NonconformityWanted(items=", ".join(sorted(silent)))
    return sheet


def _made(sheet: Sheet, now: int) -> int:
    """Return the time that the statements bear: of the fieldwork, which is no older than a statement may be, or now."""
    if not sheet.offline:
        return now
    if sheet.worked_ms < now - LATENESS_ON_SITE:
        raise FieldworkTooOld(made=instant.to_text(sheet.worked_ms), days=LATENESS_ON_SITE // instant.DAY)
    return sheet.worked_ms


def _draft_nonconformity(actor: Actor, audit: Audit, number: int, drafted: Mapping[str, Any], made: int) -> Draft:
    photos = find_photos(audit, drafted["photos"])
    for photo in photos.values():  # whoever must answer sees what was seen
        evidence.share(photo.address, registry.case(audit.case)["applicant"], organisations=[audit.body])
    claims = {
        "number": number,
        "grade": drafted["grade"],
        "requirement": drafted["requirement"],
        "finding": drafted["finding"],
        "evidence": [_claim(photos[digest]) for digest in dict.fromkeys(drafted["photos"])],
        "due": drafted["due"],
    }
    return statements.prepare(actor, "nonconformity.raised", audit.body, audit.case, claims, at=made)


def _draft_report(actor: Actor, audit: Audit, sheet: Sheet, nonconformities: int, made: int) -> Draft:
    shown = dict.fromkeys(digest for photos in sheet.photos.values() for digest in photos)
    photos = find_photos(audit, shown)
    claims = {
        "report": identifier.from_seed("REPORT", token_bytes(_RANDOM)),
        "site": dict(sheet.site),
        "findings": sheet.settled,
        "evidence": [_claim(_keep_sheet(audit, sheet, actor, made)), *(_claim(photos[digest]) for digest in shown)],
        "nonconformities": list(range(1, nonconformities + 1)),
        "started_on": sheet.started_on,
        "finished_on": sheet.finished_on,
        "offline": sheet.offline,
    }
    return statements.prepare(actor, "audit.reported", audit.body, audit.case, claims, at=made)


def _keep_sheet(audit: Audit, sheet: Sheet, actor: Actor, at: int) -> Evidence:
    """Keep the sheet with its notes as evidence of the body: the report names it, and says the findings alone."""
    photos = [
        {"item": item, "sha256": digest, "title": title}
        for item, shown in sheet.photos.items()
        for digest, title in shown.items()
    ]
    content = plain.write({**asdict(sheet), "photos": photos})
    return evidence.store(
        BytesIO(json.dumps(content, ensure_ascii=False, indent=1).encode()),
        name=f"audit sheet {audit.id}",
        media_type="application/json",
        owner=audit.body,
        visibility=Visibility.MEMBERS,
        at=at,
        case=audit.case,
        by=actor.person or "",
    )


def _claim(kept: Evidence) -> dict[str, Any]:
    return {
        "title": kept.name or kept.digest,
        "sha256": bytes.fromhex(kept.digest),
        "size": kept.size,
        "address": bytes.fromhex(kept.address),
    }
