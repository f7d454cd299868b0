"""The register: what the ledger says of certificates, as leaves of the status map."""

from __future__ import annotations

from datetime import date

from hallmark.kernel import instant
from hallmark.rules.state import State

_PREFIX = "leaf/"


def is_in_force(state: State, number: str, today: date) -> bool:
    """Tell whether the certificate's status is in force and `today` lies within its validity."""
    record = state.get(f"certificate/{number}")
    if record is None or record["history"][-1]["status"] != "in-force":
        return False
    return instant.parse_date(record["valid_from"]) <= today <= instant.parse_date(record["valid_until"])


def status_leaves(state: State) -> dict[str, bytes]:
    """Return certificate number -> 32-byte digest of its status record, for all certificates."""
    return {key.removeprefix(_PREFIX): record["digest"] for key, record in state.scan(_PREFIX)}
