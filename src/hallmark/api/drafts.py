"""Statements on their way: prepared here, approved and signed where the keys are, submitted."""

from __future__ import annotations

from secrets import token_bytes
from typing import Annotated, Any

from ninja import Path, Router

from hallmark.api.identity import Request, signed_in
from hallmark.api.people import ApprovalBody
from hallmark.api.schema import Base64, Body, Code, Identifier, Json, Reply, decode, encode
from hallmark.kernel import canonical, identifier
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Actor
from hallmark.office.registry import policies, queries, services
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.edition import Edition
from hallmark.statement import disclosure, kinds
from hallmark.statement.plain import read_claims, write, write_claims
from hallmark.statement.shape import BadClaim

router = Router(auth=signed_in, tags=["statements"])

Name = Annotated[Identifier, Path()]
# What a statement brings into being has a random identifier; whoever leaves it out is given one.
OPENS = {"application.submitted": "CASE", "currency.founded": "CURRENCY"}
MAKES = {
    "sample.received": ("sample", "SAMPLE"),
    "test.reported": ("report", "REPORT"),
    "audit.reported": ("report", "REPORT"),
}


class NewDraft(Body):
    """A statement to prepare; bytes in claims are hexadecimal.

    A kind that opens a case or founds a currency needs no `subject`.
    """

    kind: Code
    issuer: Identifier
    subject: Identifier | None = None
    claims: Json


class DraftReply(Reply):
    """A draft. `content` and `disclosures` (base64) are what it is made of: whoever signs checks them, not `claims`.

    Persons approve `approval_digest`. `all_of` and `any_of` are the functions whose approvals the scheme asks for.
    Where `hosted`, the server signs for the organisation; else submit the signed statement. `entry` is its place on the
    ledger, null until it is submitted.
    """

    id: str
    kind: str
    issuer: str
    subject: str
    approval_digest: str
    content: str
    disclosures: str
    claims: Json
    approvals: list[Json]
    all_of: list[str]
    any_of: list[str]
    hosted: bool
    entry: int | None


class Submission(Body):
    """The statement signed by the organisation (base64), where the server does not hold its key."""

    signed: Base64 | None = None


class SubmittedReply(Reply):
    """Where the statement stands on the ledger."""

    entry: int
    subject: str


@router.post("/drafts", response={201: DraftReply}, summary="Prepare a statement")
def prepare(request: Request, body: NewDraft) -> Json:
    """Keep a draft of a statement that an organisation of yours wants to make."""
    kind = kinds.find(body.kind)
    given = dict(body.claims)
    if made := MAKES.get(body.kind):
        given.setdefault(made[0], _new(made[1]))
    subject = body.subject or (_new(OPENS[body.kind]) if body.kind in OPENS else "")
    if not subject:
        raise BadClaim(claim="subject", why=Text("缺少该项", "it is missing"))
    draft = services.prepare(request.auth, body.kind, body.issuer, subject, read_claims(kind, given))
    return show_draft(request.auth, draft.id)


@router.get("/drafts/{draft}", response=DraftReply, summary="A draft")
def show(request: Request, draft: Name) -> Json:
    """Return a draft of an organisation of yours, with the approvals so far."""
    return show_draft(request.auth, draft)


@router.post("/drafts/{draft}/approvals", response=DraftReply, summary="Approve a draft")
def approve(request: Request, draft: Name, body: ApprovalBody) -> Json:
    """Add a person's signature over `approval_digest`, in one function."""
    services.approve(request.auth, draft, body.read())
    return show_draft(request.auth, draft)


@router.post("/drafts/{draft}/submit", response=SubmittedReply, summary="Let a statement happen")
def submit(request: Request, draft: Name, body: Submission) -> Json:
    """Put the statement on the ledger, or say which rule forbids it."""
    content = services.find_draft(request.auth, draft)
    signed = None if body.signed is None else decode(body.signed)
    return {"entry": services.submit(request.auth, draft, signed), "subject": content.subject}


def show_draft(actor: Actor, name: str) -> Json:
    """Return a draft as JSON; raises `NoSuchDraft`."""
    content = services.find_draft(actor, name)
    row: Any = queries.draft(name)
    hidden = disclosure.decode(bytes(row.disclosures))
    all_of, any_of = _functions_asked(actor, content.kind.name, content.subject)
    organisation = queries.record(f"organisation/{content.issuer}")
    return {
        "id": name,
        "kind": content.kind.name,
        "issuer": content.issuer,
        "subject": content.subject,
        "approval_digest": content.approval_digest.hex(),
        "content": encode(bytes(row.content)),
        "disclosures": encode(bytes(row.disclosures)),
        "claims": write_claims(content.kind, {**content.public, **{each.name: each.value for each in hidden}}),
        "approvals": [write(each) for each in canonical.decode(bytes(row.approvals))],
        "all_of": all_of,
        "any_of": any_of,
        "hosted": bool(organisation and organisation["hosted"]),
        "entry": row.entry,
    }


def _functions_asked(actor: Actor, kind: str, subject: str) -> tuple[list[str], list[str]]:
    """Return whose approvals the scheme asks for; nothing about a case that is not the actor's to see."""
    record = queries.record(f"certificate/{subject}")
    try:
        if record is None:
            policies.may_see_case(actor, subject)
            record = queries.case(subject)
        rule = Edition.of_case(DatabaseState(), record).scheme.approvals.get(kind)
    except HallmarkError:
        return [], []
    return (list(rule.all_of), list(rule.any_of)) if rule else ([], [])


def _new(prefix: str) -> str:
    return identifier.from_seed(prefix, token_bytes(16))
