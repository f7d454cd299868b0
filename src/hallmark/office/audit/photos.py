"""The photos of an audit among the evidence of its body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hallmark.office.audit.errors import PhotosMissing
from hallmark.office.audit.models import Audit
from hallmark.office.evidence import queries as evidence
from hallmark.office.evidence.models import Evidence


def find_photos(audit: Audit, digests: Iterable[bytes]) -> Mapping[bytes, Evidence]:
    """Return what the body keeps of the case under these SHA-256 digests; raises `PhotosMissing`.

    An empty file shows nothing, and what was erased is no longer there.
    """
    wanted = set(digests)
    if not wanted:
        return {}
    kept = {
        bytes.fromhex(row.digest): row
        for row in evidence.of_case(audit.case, [audit.body])
        if row.owner == audit.body and row.digest and row.size
    }
    if missing := sorted(digest.hex() for digest in wanted - kept.keys()):
        raise PhotosMissing(photos=", ".join(missing))
    return {digest: kept[digest] for digest in wanted}
