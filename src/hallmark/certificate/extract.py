"""What the ledger says beyond one certificate, with its proof.

Each is a canonical CBOR map, beside the machine form (`form`):

| key          | value                                                                                             |
|--------------|---------------------------------------------------------------------------------------------------|
| `form`       | "hallmark/absence/1": the register has no certificate of a number;                                |
|              | "hallmark/snapshot/1": all certificates, with their status;                                       |
|              | "hallmark/claim/1": one claim of a statement that is hidden from the public                       |
| `checkpoint` | the signed note of the checkpoint under which it is proven                                        |
| `stated`     | of absence and snapshot: the `status.stated` entry with its proof, [statement, index, path]       |
| `number`     | of an absence: the number asked for                                                               |
| `absence`    | of an absence: the proof that the stated map has no such key (`sorted_map.Absence`)               |
| `records`    | of a snapshot: number -> status record, all that the stated map has                               |
| `entry`      | of a claim: the statement with its proof                                                          |
| `claim`      | of a claim: its disclosure, [salt, name, value]; all other claims stay hidden                     |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.certificate.form import BadForm, ProvenEntry
from hallmark.certificate.status import STATUS_RECORD
from hallmark.kernel import canonical
from hallmark.kernel.text import Text
from hallmark.ledger import sorted_map
from hallmark.ledger.note import Note
from hallmark.statement.certificate import CERTIFICATE
from hallmark.statement.disclosure import Disclosure

ABSENCE, SNAPSHOT, CLAIM = FORMS = ("hallmark/absence/1", "hallmark/snapshot/1", "hallmark/claim/1")
MAX_SIZE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Absence:
    """A parsed absence; nothing is verified yet but its form."""

    number: str
    proof: sorted_map.Absence
    stated: ProvenEntry
    checkpoint: Note

    def encode(self) -> bytes:
        """Return the file's bytes."""
        parts = {"number": self.number, "absence": self.proof.to_value(), "stated": self.stated.to_value()}
        return _encode(ABSENCE, self.checkpoint, parts)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A parsed snapshot; nothing is verified yet but its form."""

    records: Mapping[str, Mapping[str, Any]]
    stated: ProvenEntry
    checkpoint: Note

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return _encode(SNAPSHOT, self.checkpoint, {"records": dict(self.records), "stated": self.stated.to_value()})


@dataclass(frozen=True, slots=True)
class DisclosedClaim:
    """A parsed claim; nothing is verified yet but its form."""

    entry: ProvenEntry
    claim: Disclosure
    checkpoint: Note

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return _encode(CLAIM, self.checkpoint, {"entry": self.entry.to_value(), "claim": self.claim.to_value()})


def parse(data: bytes) -> Absence | Snapshot | DisclosedClaim:
    """Return the extract in `data`.

    Raises `BadForm`, `NotCanonical`, `BadClaim`, `BadMapProof`, `BadDisclosure`, `BadNote`.
    """
    if len(data) > MAX_SIZE:
        why = Text(f"共 {len(data)} 字节，上限 {MAX_SIZE}", f"it has {len(data)} bytes, more than {MAX_SIZE}")
        raise BadForm(why=why)
    match canonical.decode(data, what=Text("登记簿摘录", "extract")):
        case {
            "form": "hallmark/absence/1",
            "number": str(number),
            "absence": proof,
            "stated": stated,
            "checkpoint": bytes(checkpoint),
            **rest,
        } if not rest:
            CERTIFICATE.check(number, "number")
            absence = sorted_map.Absence.from_value(proof)
            return Absence(number, absence, ProvenEntry.from_value(stated, "stated"), Note.parse(checkpoint))
        case {
            "form": "hallmark/snapshot/1",
            "records": dict(records),
            "stated": stated,
            "checkpoint": bytes(checkpoint),
            **rest,
        } if not rest:
            for number, record in records.items():
                CERTIFICATE.check(number, "number")
                STATUS_RECORD.check(record, "status")
            return Snapshot(records, ProvenEntry.from_value(stated, "stated"), Note.parse(checkpoint))
        case {"form": "hallmark/claim/1", "entry": entry, "claim": claim, "checkpoint": bytes(checkpoint), **rest} if (
            not rest
        ):
            disclosed = Disclosure.from_value(claim)
            return DisclosedClaim(ProvenEntry.from_value(entry, "entry"), disclosed, Note.parse(checkpoint))
    raise BadForm(why=Text("缺少登记簿摘录的组成部分", "it does not have the parts of an extract"))


def is_extract(data: bytes) -> bool:
    """Tell whether the file begins as an extract does, whatever follows; `form` is the first key of a canonical map."""
    return data[1:].startswith(tuple(canonical.encode("form") + canonical.encode(name) for name in FORMS))


def _encode(form: str, checkpoint: Note, parts: Mapping[str, object]) -> bytes:
    return canonical.encode({"form": form, "checkpoint": checkpoint.encode(), **parts})
