"""The register: what the ledger says of certificates, as leaves of the status map."""

from __future__ import annotations

from hallmark.rules.state import State

_PREFIX = "leaf/"


def status_leaves(state: State) -> dict[str, bytes]:
    """Return certificate number -> 32-byte digest of its status record, for all certificates."""
    return {key.removeprefix(_PREFIX): record["digest"] for key, record in state.scan(_PREFIX)}
