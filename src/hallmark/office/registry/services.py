"""Statements on their way: prepared here, approved and signed where the keys are, submitted, in order on the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_bytes
from typing import Any

from django.db import transaction

from hallmark.kernel import canonical, identifier, instant
from hallmark.kernel.keys import PublicKey
from hallmark.kernel.text import Text
from hallmark.ledger.sorted_map import SortedMap
from hallmark.node.errors import NotJudged
from hallmark.office.accounts.errors import NoSuchPerson
from hallmark.office.accounts.policies import Actor, may
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.registry import finality, hosted, policies, projection, queries, sequencer
from hallmark.office.registry.errors import (
    AnotherDraft,
    ApprovedTwice,
    DraftSubmitted,
    NoSuchDraft,
    NoSuchEntry,
    NotFinalYet,
)
from hallmark.office.registry.hosted import environment as environment  # part of this face, as are the two others
from hallmark.office.registry.hosted import issue as issue
from hallmark.office.registry.hosted import salt as salt
from hallmark.office.registry.hosted import signer_of
from hallmark.office.registry.models import Draft, Head
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import confidential
from hallmark.rules.admission import AdmittedBefore
from hallmark.rules.register import status_leaves
from hallmark.statement import disclosure, envelope
from hallmark.statement.approval import Approval
from hallmark.statement.sealing import Sealed

_RANDOM = 16
_ROUNDS = 3  # in which others may overtake what is judged


def prepare(
    actor: Actor,
    kind: str,
    issuer: str,
    subject: str,
    claims: Mapping[str, Any],
    *,
    at: int | None = None,
) -> Draft:
    """Keep the draft of a statement of `issuer` about `subject`.

    Raises `UnknownKind`, `BadClaim`, `NotSealed`, or as `may` and `policies.must_concern`.
    """
    may(actor, policies.act_of(kind), issuer)
    made = wall_clock() if at is None else at
    draft, disclosures = envelope.compose(
        kind,
        environment=environment(),
        issuer=issuer,
        subject=subject,
        issued_at=made // instant.SECOND,
        claims=claims,
        salt=salt,
    )
    policies.must_concern(actor, kind, issuer, subject, claims)
    confidential.check_sealed(DatabaseState(), draft, sealed=False)
    return Draft.objects.create(
        id=identifier.from_seed("DRAFT", token_bytes(_RANDOM)),
        kind=kind,
        issuer=issuer,
        subject=subject,
        content=envelope.encode_draft(draft),
        disclosures=disclosure.encode(disclosures),
        approvals=canonical.encode([]),
        made_by=actor.person or "",
        made_ms=made,
    )


def approve(actor: Actor, name: str, approval: Approval) -> Draft:
    """Add a person's approval to a draft; whether it counts is for the rules.

    Raises `NoSuchDraft`, `ApprovedTwice`, `NoSuchPerson`, and `BadApproval` where it is not that person's over this
    draft: it would take the function's place.
    """
    with transaction.atomic():
        draft = _open(actor, name)
        enrolled = queries.record(f"person/{approval.person}")
        if enrolled is None:
            raise NoSuchPerson(person=approval.person)
        content = envelope.decode_draft(bytes(draft.content))
        approval.verify(PublicKey(**enrolled["key"]), content.approval_digest, enrolled["relying_party"])
        approvals = _approvals(draft)
        if any(each.function == approval.function for each in approvals):
            raise ApprovedTwice(draft=name, function=approval.function)
        draft.approvals = canonical.encode([each.to_value() for each in (*approvals, approval)])
        draft.save()
    return draft


def submit(actor: Actor, name: str, signed: bytes | None = None, *, at: int | None = None) -> int:
    """Let a draft happen and return the index of its entry.

    `signed` is the statement signed by the organisation; without it, the server signs where it holds the
    organisation's key. Raises `NoSuchDraft`, `KeyElsewhere`, `AnotherDraft`, or what the rules raise.
    """
    with sequencer.turn():
        draft = _open(actor, name)
        content = envelope.decode_draft(bytes(draft.content))
        if signed is None:
            signed = envelope.sign(content, _approvals(draft), signer_of(draft.issuer))
        elif envelope.parse(signed).draft != content:
            raise AnotherDraft(draft=name)
        entries = append([(signed, disclosure.decode(bytes(draft.disclosures)))], at=at)
        draft.entry = entries[0]
        draft.save()
    return entries[0]


def submit_sealed(actor: Actor, signed: bytes, sealed: Sealed, *, at: int | None = None) -> int:
    """Let a statement happen that was composed, signed and sealed elsewhere; return the index of its entry.

    Raises as `may`, `envelope.parse` and `append`.
    """
    draft = envelope.parse(signed).draft
    may(actor, policies.act_of(draft.kind.name), draft.issuer)
    policies.must_concern(actor, draft.kind.name, draft.issuer, draft.subject, draft.public)
    return append([(signed, sealed)], at=at)[0]


def append(batch: list[sequencer.Submission], *, at: int | None = None) -> range:
    """Let `batch` happen, all or nothing, with the projections that follow; return its entries, of an empty one none.

    A consortium's nodes are asked once the outermost transaction is committed, and before about what is sealed. What
    is sent again while it waits keeps its place. Raises as `sequencer.append` and `finality.judge`, and then as
    `finality.settle`.
    """
    if not batch:
        return range(0)
    try:
        if any(isinstance(beside, Sealed) for _, beside in batch):
            return _append_sealed(batch, at)
        with sequencer.turn() as head:
            return _order(head, sequencer.admit(head, batch, at=at))
    except AdmittedBefore:
        with sequencer.turn() as head:
            places = sequencer.places(head, batch)
            if not places:
                raise
            finality.arrange(places.stop, envelope.parse(batch[-1][0]).digest)
            return places


def _append_sealed(batch: list[sequencer.Submission], at: int | None) -> range:
    """Ask the nodes while others go on, and order what they judged as they judged it, on top of the same.

    Who was overtaken asks anew, and at last in the turn, for which all others wait.
    """
    for _ in range(_ROUNDS):
        with sequencer.turn() as head:
            admitted = sequencer.admit(head, batch, at=at)
            question = finality.question(head, admitted)
        failed: NotJudged | None = None
        try:
            finality.judge(question, finality.PATIENCE_TO_JUDGE)
        except NotJudged as error:  # maybe because the nodes are further by now
            failed = error
        with sequencer.turn() as head:
            if sequencer.stands(head, admitted):
                if failed:
                    raise failed
                return _order(head, admitted)
    with sequencer.turn() as head:
        admitted = sequencer.admit(head, batch, at=at)
        finality.judge(finality.question(head, admitted), finality.PATIENCE_IN_TURN)
        return _order(head, admitted)


def _order(head: Head, admitted: sequencer.Admitted) -> range:
    entries = sequencer.order(head, admitted)
    if admitted.at_once:
        projection.follow(entries)
    else:
        finality.arrange(entries.stop, admitted.rows[-1][1])
    return entries


def state_status(*, at: int | None = None) -> int:
    """State the status of all certificates as of now; return the index of the entry. Raises `LedgerBusy`."""
    with sequencer.turn():
        state = sequencer.state_ordered()
        ledger = state.get("ledger")
        if ledger is None:
            raise NoSuchEntry(index=0, size=0)
        told = max(wall_clock() if at is None else at, ledger["now"] + 1)
        leaves = status_leaves(state)
        claims = {"size": len(leaves), "root": SortedMap(leaves).root, "at": told}
        return append([hosted.keep("status.stated", claims, at=told)], at=told)[0]


def find_draft(actor: Actor, name: str) -> envelope.Draft:
    """Return what a draft says; raises `NoSuchDraft`."""
    draft = Draft.objects.filter(pk=name, issuer__in=actor.organisations).first()
    if draft is None:
        raise NoSuchDraft(draft=name)
    return envelope.decode_draft(bytes(draft.content))


def _open(actor: Actor, name: str) -> Draft:
    draft = Draft.objects.select_for_update().filter(pk=name).first()
    if draft is None or draft.issuer not in actor.organisations:
        raise NoSuchDraft(draft=name)
    may(actor, policies.act_of(draft.kind), draft.issuer)
    if draft.entry is not None:
        if draft.entry >= queries.size():
            raise NotFinalYet(index=draft.entry, reasons=Text("仍在等待", "it still waits"))
        raise DraftSubmitted(draft=name, entry=draft.entry)
    return draft


def _approvals(draft: Draft) -> list[Approval]:
    return [Approval.from_value(value) for value in canonical.decode(bytes(draft.approvals))]
