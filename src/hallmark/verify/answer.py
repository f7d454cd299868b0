"""The two kinds of answer: what the ledger shows of a certificate, and what one body says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.certificate.status import Reading, Status
from hallmark.kernel.text import Text
from hallmark.verify.bundle import Attested


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a certificate, and how.

    `record` is the certificate's one record; `known_at` is when the status was stated and `age` how long before the
    reader's present, both in ms and None where no status came with it; `vouched_by` are the names of those whose
    signatures the knowledge stands on, and `attested` those of them who run nodes, with how the bundle says they are
    attested, None where they are not; `why` explains an unknown status; `seal` is the certificate (DER) of the seal on
    the body's pages, where it registered one.
    """

    number: str
    record: Mapping[str, Any]
    record_digest: bytes
    reading: Reading
    known_at: int | None
    age: int | None
    vouched_by: tuple[Text, ...]
    development: bool
    why: Text | None = None
    seal: bytes = b""
    attested: tuple[tuple[Text, Attested | None], ...] = ()

    @property
    def status(self) -> Status:
        """The answer in one word."""
        return self.reading.status


@dataclass(frozen=True, slots=True)
class Attestation:
    """The word of one body about one certificate; `record` is None where the `profile` has no room for it."""

    profile: str
    number: str
    record_digest: bytes
    body: Text
    development: bool
    record: Mapping[str, Any] | None = None

    @property
    def status(self) -> Status:
        """Nobody can tell from a credential."""
        return Status.UNKNOWN
