"""What passes between an attester and its registrar (credential activation, TPM 2.0 Library, Part 1, 24).

Only the TPM that holds both the endorsement key and the very attestation key, restricted as it says, can open the
credential. So the certificate that follows closes the link `self-reported`: it is in a TPM that a maker vouches for.
"""

from __future__ import annotations

from dataclasses import dataclass

from hallmark.attestation.formats import Bundle
from hallmark.kernel import hashing

FORMAT = "tpm"


def bind(endorsement: bytes) -> bytes:
    """Return what the quote of a request carries: the hash of the endorsement it goes with."""
    return hashing.sha256(endorsement)


@dataclass(frozen=True, slots=True)
class Request:
    """An attestation key for certification.

    `endorsement` is the certificate of the TPM's endorsement key, DER; `key` the attestation key, PEM; `evidence` a
    self-reported quote by it, bound to the endorsement, which shows what the key is and that the sender can use it.
    """

    endorsement: bytes
    key: bytes
    evidence: Bundle


@dataclass(frozen=True, slots=True)
class Challenge:
    """A `credential` for the TPM to open, and the `number` to answer under; what is in it stays with the registrar."""

    number: bytes
    credential: bytes
