"""Who keeps the ledger, for anyone to ask: the consortium's members and evidence, epochs, votes and forks."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from hallmark.api.identity import anyone
from hallmark.api.schema import Json, Reply, to_json
from hallmark.office.registry import consortium

router = Router(auth=anyone, tags=["public"])


class SeatReply(Reply):
    """A member: organisation, TEE family and product of its node, fingerprints of the node's keys, evidence for them.

    `signed_at` is its newest co-signature under the final checkpoints seen here; `node` is what its node publishes,
    null where this server does not know the address. Times are ms since 1970 UTC.
    """

    id: str
    name: Json
    role: str
    family: str
    product: str
    keys: Json
    evidence: list[Json]
    signed_at: int | None
    node: Json | None


class ConsortiumReply(Reply):
    """The consortium that keeps the ledger, in ledger order; `names` of all organisations that occur."""

    ledger: str
    size: int
    development: bool
    rules: int
    quorum: int
    faults: int
    code: list[str]
    attestation: str
    certified_products: bool
    sequencer: str
    thresholds: Json
    members: list[SeatReply]
    epochs: list[Json]
    proposals: list[Json]
    forks: list[Json]
    names: Json


class KeeperReply(Reply):
    """Who keeps the ledger: the consortium, or null where one operator does."""

    consortium: ConsortiumReply | None


@router.get("/consortium", response=KeeperReply, summary="Who keeps the ledger")
def show_consortium(request: HttpRequest) -> Json:  # noqa: ARG001 - ninja hands the request to every operation
    """Return the consortium as the ledger tells of it, with what its nodes publish; null where one operator stands."""
    return {"consortium": to_json(consortium.find())}
