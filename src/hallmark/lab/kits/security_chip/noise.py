"""What is seen by counting: raw noise at its claimed entropy, and the main set in blocks of FIPS 140-2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hallmark.lab.kits.security_chip import entropy
from hallmark.lab.kits.security_chip.order import declared_order, unpack
from hallmark.lab.kits.security_chip.sets import LEAST_SYMBOLS

if TYPE_CHECKING:
    from hallmark.lab.kit import Observation, Session

_DECIMALS = 9
_MOST_BITS = 8
_CHUNK = 2500 * 1000  # whole blocks
_RESTARTS = "restarts"


def blocks(session: Session) -> Observation:
    """Screen the main set in blocks of 20,000 bits as FIPS 140-2 does."""
    total = failing = 0
    for path in session.files["sequences"]:
        with path.open("rb") as stream:
            while data := stream.read(_CHUNK):
                count, bad = entropy.screened_blocks(unpack(data, declared_order(session, "sequences")))
                total, failing = total + count, failing + bad
    return {"blocks": total, "failing": failing}


def noise(session: Session) -> Observation:
    """Count on raw noise, one symbol a byte: most common value, health tests at the claimed entropy, restarts."""
    symbols = np.frombuffer(session.file("noise").read_bytes(), np.uint8)
    claimed = _claimed_entropy(session)
    if len(symbols) < LEAST_SYMBOLS:
        return {"symbols": len(symbols), "claimed": claimed}
    width = max(int(symbols.max()).bit_length(), 1)
    seen: dict[str, Any] = {
        "symbols": len(symbols),
        "bits_per_symbol": width,
        "claimed": claimed,
        "most_common_value": round(entropy.most_common_value(symbols), _DECIMALS),
    }
    if claimed:
        window = entropy.proportion_window(width)
        repetition, proportion = entropy.repetition_cutoff(claimed), entropy.proportion_cutoff(claimed, window)
        alarms, longest = entropy.repetition_alarms(symbols, repetition)
        seen["repetition"] = {"cutoff": repetition, "alarms": alarms, "longest": longest}
        alarms, most = entropy.proportion_alarms(symbols, window, proportion)
        counted = {"window": window, "windows": len(symbols) // window, "most": most}
        seen["proportion"] = {"cutoff": proportion, "alarms": alarms, **counted}
    if session.files.get(_RESTARTS):
        restarts = np.frombuffer(session.file(_RESTARTS).read_bytes(), np.uint8)
        seen["restarts"] = {"symbols": len(restarts)}
        if len(restarts) == entropy.RESTARTS**2:
            rows, places = entropy.restart_counts(restarts)
            seen["restarts"] |= {"row": rows, "place": places}
    return seen


def _claimed_entropy(session: Session) -> float:
    try:
        claimed = float(str(session.declaration.get("entropy_per_symbol", "")))
    except ValueError:
        return 0.0
    return claimed if 0 < claimed <= _MOST_BITS else 0.0
