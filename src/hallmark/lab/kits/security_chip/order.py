"""In which order the bits of a file come: declared by the applicant, shown by a marker file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hallmark.lab.kit import Session

Bits = NDArray[np.uint8]

MARKER = bytes.fromhex("80c0e0f0f8fcfe01")
"""The marker where the first bit is the highest. Its bits in order: 1, seven 0, two 1, six 0, three 1, five 0, ..."""

_TURNED = bytes.fromhex("0103070f1f3f7f80")


def unpack(data: bytes, order: str = "msb-first") -> Bits:
    """Return the bits of `data`, a byte each; lowest first only where that is the order."""
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little" if order == "lsb-first" else "big")


def bit_order(session: Session, role: str) -> dict[str, str]:
    """Return the order `declared` for `role`, and the one the `marker` shows; empty where there is none."""
    marker = session.files.get("marker")
    return {
        "declared": declared_order(session, role),
        "marker": {MARKER: "msb-first", _TURNED: "lsb-first"}.get(marker[0].read_bytes(), "unreadable")
        if marker
        else "",
    }


def declared_order(session: Session, role: str) -> str:
    """Return the bit order that the applicant declares for `role`, or nothing."""
    declared = session.declaration.get("bit_order", "")
    return str(declared.get(role, "") if isinstance(declared, dict) else declared)
