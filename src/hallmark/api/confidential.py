"""Confidential statements: whom to seal to, and where what is sealed is handed in. Nothing here can be opened here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from hallmark.api.drafts import SubmittedReply
from hallmark.api.identity import Request, anyone, signed_in
from hallmark.api.schema import Base64, Body, Identifier, Json, Reply, decode
from hallmark.kernel import canonical
from hallmark.office.registry import nodes, queries, services
from hallmark.statement import envelope
from hallmark.statement.sealing import Sealed

router = Router(tags=["statements"])


class CurrencyReply(Reply):
    """Where a currency was founded: the entry says whether it is confidential, and its proof that this is so."""

    currency: str
    entry: int


class SealedStatement(Body):
    """A statement that the organisation signed, and its disclosures sealed to the members' nodes (base64)."""

    signed: Base64
    sealed: Base64


@router.get("/currencies/{currency}", auth=anyone, response=CurrencyReply, summary="Where a currency was founded")
def show_currency(request: HttpRequest, currency: Identifier) -> Json:  # noqa: ARG001
    """Return the entry with the currency's founding."""
    return {"currency": currency, "entry": queries.founding(currency)}


@router.get("/sealing", auth=signed_in, summary="The members' sealing keys")
def sealing(request: Request) -> HttpResponse:  # noqa: ARG001
    """Return what the nodes that answer announce, each under its member's witness key; check it by the policy chain."""
    return HttpResponse(canonical.encode(nodes.announced()), content_type="application/cbor")


@router.post("/sealed", auth=signed_in, response=SubmittedReply, summary="Let a confidential statement happen")
def submit(request: Request, body: SealedStatement) -> Json:
    """Put the statement on the ledger once a quorum of nodes would admit it, or say which rule forbids it."""
    signed = decode(body.signed)
    entry = services.submit_sealed(request.auth, signed, Sealed.parse(decode(body.sealed)))
    return {"entry": entry, "subject": envelope.parse(signed).draft.subject}
