"""Reading evidence. `organisations` are those for which the reader acts."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hallmark.office.evidence import policies
from hallmark.office.evidence.models import Evidence
from hallmark.office.evidence.vault import server_vault


def find(address: str, organisations: Collection[str]) -> Evidence:
    """Return what is known of the evidence; raises `NoSuchEvidence`."""
    return policies.may_read(address, organisations)


def read(address: str, organisations: Collection[str]) -> Iterator[bytes]:
    """Return the content in checked chunks; raises `NoSuchEvidence`, `Erased`, and `Damaged` when a chunk is wrong."""
    return server_vault().read(find(address, organisations).address)


def of_case(case: str, organisations: Collection[str]) -> list[Evidence]:
    """Return the evidence of a case that the reader may read, oldest first."""
    return list(Evidence.objects.filter(policies.readable(organisations), case=case).order_by("stored_ms", "address"))
