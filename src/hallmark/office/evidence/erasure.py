"""What the ledger says is erased is erased, by a job: the key is destroyed once the entry is final, never before."""

from __future__ import annotations

from collections.abc import Iterable

from hallmark.office.evidence import services
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.worker import Run
from hallmark.office.registry import queries
from hallmark.office.registry.models import Entry

ERASED = "evidence.erased"


def forget() -> None:
    """Drop nothing: what was erased does not come back."""


def follow(rows: Iterable[Entry]) -> None:
    """Have a worker erase what these entries say is erased, once for each entry."""
    for row in rows:
        if row.kind == ERASED:
            claims = queries.claims(row)
            payload = {"address": claims["address"].hex(), "owner": row.issuer, "ground": claims["ground"]}
            jobs.enqueue(ERASED, payload, at=row.told_ms, dedupe=f"{ERASED} {row.index}")


def erase(run: Run) -> None:
    """Do it; an entry about evidence that is not its issuer's, or not here, erases nothing."""
    with run.conclude():
        services.erase(**run.payload, at=run.clock())
