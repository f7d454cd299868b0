"""Which platform configuration registers say what a development node is, and what they hold for a given state.

The first two that the TCG leaves to the operating system (PC Client Platform Firmware Profile: registers 8 to 15).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hallmark.kernel import hashing

CODE, CONSTITUTION = 8, 9
BANK = "sha256"
SELECTION = f"{BANK}:{CODE},{CONSTITUTION}"


@dataclass(frozen=True, slots=True)
class State:
    """What a node is: the measurement of its code and the digest of the constitution it obeys, 32 bytes each."""

    code: bytes
    constitution: bytes

    @property
    def events(self) -> Mapping[int, bytes]:
        """Register -> the digest that is extended into it after a start, when it holds zeros."""
        return {CODE: self.code, CONSTITUTION: self.constitution}

    @property
    def values(self) -> Mapping[int, bytes]:
        """Register -> its value in this state (TPM 2.0 Library, Part 1, 17.2: the hash of old value and digest)."""
        return {register: hashing.sha256(bytes(hashing.SIZE) + event) for register, event in self.events.items()}

    @property
    def measurements(self) -> dict[str, bytes]:
        """The reference values of this state, as `hallmark.attestation.appraisal.Reference` takes them."""
        return {f"pcr {BANK}:{register}": value for register, value in self.values.items()}
