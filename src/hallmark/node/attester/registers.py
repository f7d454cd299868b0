"""Which platform configuration registers say what a node is, and what they hold for a given state.

- `OWN`, of a TPM that starts anew with the node: the first two that the TCG leaves to the operating system (PC Client
  Platform Firmware Profile: registers 8 to 15).
- `SHARED`, of a machine's TPM: boot loaders extend 8 and 9 there, and no node may restart the machine. Left are the two
  that the PC Client Platform TPM Profile gives to applications, 16 (debug) and 23 (application support): they are reset
  before each use, from locality 0, so whoever controls the operating system can set them too. What that system is the
  registers of the boot say, 0 to 7, which are quoted with them for a policy to ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hallmark.kernel import hashing

BANK = "sha256"


@dataclass(frozen=True, slots=True)
class State:
    """What a node is: the measurement of its code and the digest of the constitution it obeys, 32 bytes each."""

    code: bytes
    constitution: bytes


@dataclass(frozen=True, slots=True)
class Registers:
    """The registers `code` and `constitution`, the lower first, and those of the `boot`, lower still."""

    code: int
    constitution: int
    boot: tuple[int, ...] = ()
    reset: bool = False  # before they are extended, as they hold what was there before

    @property
    def sealed(self) -> str:
        """What keys are sealed under, as `tpm2-tools` write a selection."""
        return f"{BANK}:{self.code},{self.constitution}"

    @property
    def quoted(self) -> str:
        """What a quote is over."""
        return f"{BANK}:{','.join(map(str, (*self.boot, self.code, self.constitution)))}"

    def events(self, state: State) -> Mapping[int, bytes]:
        """Return, by register, the digest that is extended into it when it holds zeros."""
        return {self.code: state.code, self.constitution: state.constitution}

    def values(self, state: State) -> Mapping[int, bytes]:
        """Return, by register, its value in `state` (TPM 2.0 Library, Part 1, 17.2: hash of old value and digest)."""
        zeros = bytes(hashing.SIZE)
        return {register: hashing.sha256(zeros + event) for register, event in self.events(state).items()}

    def measurements(self, state: State) -> dict[str, bytes]:
        """Return the reference values of `state`, as `hallmark.attestation.policy.Reference` takes them."""
        return {f"pcr {BANK}:{register}": value for register, value in self.values(state).items()}


OWN = Registers(8, 9)
SHARED = Registers(16, 23, boot=tuple(range(8)), reset=True)
