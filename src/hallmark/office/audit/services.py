"""Preparing an audit, recording what is found, handing out packs and taking them back, drawing up the statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from secrets import token_bytes
from typing import Any

from django.db import transaction

from hallmark.kernel import identifier, instant
from hallmark.kernel.text import Text
from hallmark.office.accounts import queries as accounts
from hallmark.office.accounts.policies import Actor
from hallmark.office.audit import pack, policies, queries
from hallmark.office.audit.errors import (
    AnotherCase,
    AnotherEdition,
    AnotherEnvironment,
    AuditReported,
    ChecklistChanged,
    FieldworkFromTheFuture,
    FieldworkTooOld,
    ItemUnknown,
    NoAudit,
    PackChanged,
)
from hallmark.office.audit.models import Audit, Pack
from hallmark.office.audit.photos import find_photos
from hallmark.office.audit.sheet import FILLING, SITE, Sheet, blank
from hallmark.office.evidence import services as evidence
from hallmark.office.evidence.cipher import Readable
from hallmark.office.evidence.models import Evidence
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import queries as registry
from hallmark.office.registry.policies import may_see_case
from hallmark.office.registry.services import environment
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.admission import LATENESS_ON_SITE, LEAD
from hallmark.rules.decision import case_digest
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record
from hallmark.scheme.model import Module
from hallmark.statement.kind import Visibility

_RANDOM = 16


def open_audit(actor: Actor, case: str, *, site: Mapping[str, str] | None = None, at: int | None = None) -> Audit:
    """Begin an audit of a case at a site {name, address}, without one at its factory.

    Raises `NoSuchCase`, or as `may`; `NoAudit` where the profile has none or the case is not planned.
    """
    may_see_case(actor, case)
    record = registry.case(case)
    policies.may_prepare(actor, record["body"])
    _require_audit(case, record)
    factory = record["factory"]
    where = site or {"name": " · ".join(factory["name"].values())[:200], "address": factory["address"]}
    SITE.check(where, "site")
    return Audit.objects.create(
        id=identifier.from_seed("AUDIT", token_bytes(_RANDOM)),
        case=case,
        body=record["body"],
        sheet=Sheet(where).encode(),
        opened_by=actor.person or "",
        opened_ms=wall_clock() if at is None else at,
    )


def record_finding(actor: Actor, name: str, item: str, finding: str, note: str = "", *, at: int | None = None) -> Sheet:
    """Record the finding on an item, whatever was found before, and a note; for the team. Raises `ItemUnknown`."""
    work: dict[str, Any] = {"findings": {item: finding}, "notes": {item: note} if note else {}}
    return _work(actor, name, lambda sheet: sheet.without_finding(item), work, at)


def draft_nonconformity(
    actor: Actor, name: str, label: str, nonconformity: Mapping[str, Any], *, at: int | None = None
) -> Sheet:
    """Draft a nonconformity, a `sheet.NONCONFORMITY`, under a label of one's own; raises `PhotosMissing`."""
    return _work(actor, name, lambda sheet: sheet, {"nonconformities": {label: dict(nonconformity)}}, at)


def drop_nonconformity(actor: Actor, name: str, nonconformity: str, *, at: int | None = None) -> Sheet:
    """Drop a drafted nonconformity, by its name on the sheet."""
    return _work(actor, name, lambda sheet: sheet.without_nonconformity(nonconformity), {}, at)


def add_photo(
    actor: Actor, name: str, item: str, source: Readable, *, title: str, media_type: str, at: int | None = None
) -> Evidence:
    """Keep a photo as evidence of the body and show it under an item; raises as `evidence.store`, `ItemUnknown`."""
    audit = policies.may_see(actor, name)
    person = policies.may_carry_out(actor, audit, registry.case(audit.case))
    kept = evidence.store(
        source,
        name=title,
        media_type=media_type,
        owner=audit.body,
        visibility=Visibility.MEMBERS,
        at=wall_clock() if at is None else at,
        case=audit.case,
        by=person,
    )
    photo = {"item": item, "sha256": bytes.fromhex(kept.digest), "title": title}
    _work(actor, name, lambda sheet: sheet, {"photos": [photo]}, at)
    return kept


def drop_photo(actor: Actor, name: str, item: str, sha256: bytes, *, at: int | None = None) -> Sheet:
    """Show a photo under an item no more; what was kept stays kept."""
    return _work(actor, name, lambda sheet: sheet.without_photo(item, sha256), {}, at)


def set_days(actor: Actor, name: str, started_on: str, finished_on: str, *, at: int | None = None) -> Sheet:
    """Say on which days the audit was; raises `BadClaim`."""
    days = {"started_on": started_on, "finished_on": finished_on}
    return _work(actor, name, lambda sheet: sheet.without_days(), days, at)


def export(actor: Actor, name: str, *, at: int | None = None) -> bytes:
    """Hand out a pack to fill in without network, signed where the server holds the body's key."""
    audit = policies.may_see(actor, name)
    policies.may_prepare(actor, audit.body)
    record = registry.case(audit.case)
    _require_audit(audit.case, record)
    made = wall_clock() if at is None else at
    empty = pack.make(_head(audit, record, made))
    body = registry.record(f"organisation/{audit.body}")
    if body and body["hosted"]:
        empty = empty.sign(keys().get_signer(audit.body))
    Pack.objects.get_or_create(
        digest=empty.digest.hex(), defaults={"audit": audit, "made_by": actor.person or "", "made_ms": made}
    )
    return empty.encode()


def take(actor: Actor, name: str, content: bytes, *, at: int | None = None) -> Sheet:
    """Take a filled pack back and return the sheet with it, or change nothing.

    Raises `BadPack`, `NotFilledIn`; `AnotherEnvironment`, `AnotherCase`, `AnotherEdition`, `ChecklistChanged` or
    `PackChanged` where it is not as it was handed out; `NotOfTheTeam`, `FieldworkTooOld`, `FieldworkFromTheFuture`;
    `ItemUnknown`, `PhotosMissing`, `FindingsConflict`.
    """
    brought = pack.parse(content)
    now = wall_clock() if at is None else at
    with transaction.atomic():
        audit = _locked(actor, name)
        record = registry.case(audit.case)
        policies.may_carry_out(actor, audit, record)
        _check_head(brought, audit, record)
        brought.check_closed()
        filled = brought.filled
        policies.require_planned(filled["by"], audit.case, record)
        _check_time(filled["made_at"], now)
        _check_items(filled, record)
        find_photos(audit, _digests(filled))
        sheet = Sheet.decode(bytes(audit.sheet)).join(filled, offline=True)
        _keep(audit, sheet)
    return sheet


def _work(actor: Actor, name: str, change: Callable[[Sheet], Sheet], work: Mapping[str, Any], at: int | None) -> Sheet:
    """Let a member of the team change the sheet and add `work` to it."""
    with transaction.atomic():
        audit = _locked(actor, name)
        record = registry.case(audit.case)
        by = policies.may_carry_out(actor, audit, record)
        made = wall_clock() if at is None else at
        filled = {**blank(), **work, "by": by, "made_at": made}
        FILLING.check(filled, "audit")
        _check_items(filled, record)
        find_photos(audit, _digests(filled))
        sheet = change(Sheet.decode(bytes(audit.sheet))).join(filled, offline=False)
        _keep(audit, sheet)
    return sheet


def _locked(actor: Actor, name: str) -> Audit:
    """Return the audit with every other writer waiting; raises `NoSuchAudit`, `AuditReported`."""
    policies.may_see(actor, name)
    audit = Audit.objects.select_for_update().get(pk=name)
    if (entry := queries.entry_of(audit)) is not None:
        raise AuditReported(audit=name, entry=entry)
    return audit


def _keep(audit: Audit, sheet: Sheet) -> None:
    audit.sheet = sheet.encode()
    audit.save(update_fields=["sheet"])


def _require_audit(case: str, record: Record) -> None:
    if not Edition.of_case(DatabaseState(), record).requires(Module.AUDIT):
        raise NoAudit(case=case, why=Text("所采用的规则剖面没有现场检查", "its profile has no audit on site"))
    if record["stage"] != "planned":
        raise NoAudit(case=case, why=Text("案件不在评价阶段", "it is not being evaluated"))


def _head(audit: Audit, record: Record, made: int) -> dict[str, Any]:
    edition = Edition.of_case(DatabaseState(), record)
    names = accounts.person_names([member["person"] for member in record["team"]])
    return {
        "environment": environment(),
        "audit": audit.id,
        "case": audit.case,
        "case_digest": case_digest(record),
        "body": audit.body,
        "scheme": record["scheme"],
        "edition": record["edition"],
        "scheme_digest": edition.scheme.digest,
        "profile": edition.profile.id,
        "product_type": record["product_type"],
        "product": record["product"],
        "manufacturer": record["manufacturer"],
        "factory": record["factory"],
        "site": dict(Sheet.decode(bytes(audit.sheet)).site),
        "team": [{**member, "name": names.get(member["person"], member["person"])} for member in record["team"]],
        "checklist": [line.write() for line in queries.lines_of(record)],
        "made_at": made,
    }


def _check_head(brought: pack.Pack, audit: Audit, record: Record) -> None:
    """Raise what is wrong unless this head was handed out for this audit."""
    head = brought.head
    if head["environment"] != environment():
        raise AnotherEnvironment(given=head["environment"], here=environment())
    if (head["audit"], head["case"], head["body"]) != (audit.id, audit.case, audit.body):
        raise AnotherCase(given=head["audit"], here=audit.id)
    edition = Edition.of_case(DatabaseState(), record)
    given = (head["scheme"], head["edition"], head["scheme_digest"], head["profile"])
    here = (record["scheme"], record["edition"], edition.scheme.digest, edition.profile.id)
    if given != here:
        raise AnotherEdition(
            given=f"{head['scheme']} {head['edition']}", here=f"{record['scheme']} {record['edition']}"
        )
    wanted = {line.item.id: line.write() for line in queries.lines_of(record)}
    if brought.items != wanted or len(head["checklist"]) != len(wanted):
        names = {*brought.items, *wanted}
        raise ChecklistChanged(
            items=", ".join(sorted(each for each in names if brought.items.get(each) != wanted.get(each)))
        )
    if not Pack.objects.filter(pk=brought.digest.hex(), audit=audit).exists():
        raise PackChanged


def _check_time(made: int, now: int) -> None:
    if made < now - LATENESS_ON_SITE:
        raise FieldworkTooOld(made=instant.to_text(made), days=LATENESS_ON_SITE // instant.DAY)
    if made > now + LEAD:
        raise FieldworkFromTheFuture(made=instant.to_text(made), now=instant.to_text(now))


def _check_items(filled: Mapping[str, Any], record: Record) -> None:
    """Raise `ItemUnknown` for what is not on the checklist; a nonconformity may be about any item of the case."""
    edition = Edition.of_case(DatabaseState(), record)
    listed = {item.id for item in edition.items(record, Module.AUDIT)}
    known = listed | {item.id for item in edition.items(record, Module.TYPE_TEST)}
    named = {*filled["findings"], *filled["notes"], *(photo["item"] for photo in filled["photos"])}
    required = {each["requirement"] for each in filled["nonconformities"].values()}
    if unknown := sorted((named - listed) | (required - known)):
        raise ItemUnknown(items=", ".join(unknown))


def _digests(filled: Mapping[str, Any]) -> Iterable[bytes]:
    yield from (photo["sha256"] for photo in filled["photos"])
    yield from (digest for each in filled["nonconformities"].values() for digest in each["photos"])
