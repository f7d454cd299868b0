"""The machine form: the issuing statement with everything a stranger needs to check it offline, in one file.

A canonical CBOR map:

| key          | value                                                                                            |
|--------------|--------------------------------------------------------------------------------------------------|
| `form`       | "hallmark/certificate/1"                                                                         |
| `issued`     | the `certificate.issued` entry with its inclusion proof                                          |
| `issuer`     | the entry that gave the issuing body its key, with its proof                                     |
| `stated`     | the `status.stated` entry with its proof                                                         |
| `status`     | [the certificate's status record, the proof of its presence in the stated map]                   |
| `checkpoint` | the signed note of the checkpoint under which all three are proven                               |

An entry is [statement, index, path].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.certificate.status import STATUS_RECORD
from hallmark.kernel import canonical
from hallmark.kernel.errors import Malformed
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash, verify_inclusion
from hallmark.ledger.note import Note
from hallmark.ledger.sorted_map import Presence
from hallmark.statement.shape import Octets, Whole

NAME = "hallmark/certificate/1"
MACHINE_FORM = "certificate.hallmark"
"""The name of the machine form as a file, and inside a PDF."""
MAX_SIZE = 512 * 1024
_MOST_HASHES = 63


class BadForm(Malformed):
    """The bytes are not the machine form of a certificate."""

    en = "This is not a Hallmark certificate: {why}. Use the PDF or the .hallmark file as the body sent it."
    zh = "这不是 Hallmark 证书：{why}。请使用认证机构发出的 PDF 或 .hallmark 文件。"


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry of the log with its inclusion proof."""

    encoded: bytes
    index: int
    path: tuple[bytes, ...]

    def verify(self, checkpoint: Checkpoint) -> None:
        """Raise unless the entry is in the log of `checkpoint`."""
        verify_inclusion(leaf_hash(self.encoded), self.index, checkpoint.size, self.path, checkpoint.root)

    def to_value(self) -> list[object]:
        """Return the entry as a CBOR value."""
        return [self.encoded, self.index, list(self.path)]

    @classmethod
    def from_value(cls, value: object, name: str) -> ProvenEntry:
        """Return the entry in a CBOR value; raises `BadForm`, `BadClaim`."""
        match value:
            case [bytes(encoded), int(index), list(path)]:
                Octets(0, 65_535).check(encoded, name)
                Whole(0, 2**62).check(index, f"index of {name}")
                if len(path) <= _MOST_HASHES and all(type(item) is bytes and len(item) == SIZE for item in path):
                    return cls(encoded, index, tuple(path))
        raise BadForm(why=Text(f"{name} 不是带证明的条目", f"{name} is not an entry with its proof"))


@dataclass(frozen=True, slots=True)
class ProvenStatus:
    """A status record with the proof that it is in the stated map."""

    record: Mapping[str, Any]
    presence: Presence

    @classmethod
    def from_value(cls, value: object) -> ProvenStatus:
        """Return the status in a CBOR value; raises `BadForm`, `BadClaim`, `BadMapProof`."""
        match value:
            case [dict(record), presence]:
                STATUS_RECORD.check(record, "status")
                return cls(record, Presence.from_value(presence))
        raise BadForm(why=Text("状态不是带证明的记录", "status is not a record with its proof"))


@dataclass(frozen=True, slots=True)
class MachineForm:
    """A parsed machine form; nothing is verified yet but its form."""

    issued: ProvenEntry
    issuer: ProvenEntry
    stated: ProvenEntry
    status: ProvenStatus
    checkpoint: Note

    def encode(self) -> bytes:
        """Return the file's bytes."""
        return canonical.encode(
            {
                "form": NAME,
                "issued": self.issued.to_value(),
                "issuer": self.issuer.to_value(),
                "stated": self.stated.to_value(),
                "status": [self.status.record, self.status.presence.to_value()],
                "checkpoint": self.checkpoint.encode(),
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> MachineForm:
        """Return the form in `data`; raises `BadForm`, `NotCanonical`, `BadClaim`, `BadNote`."""
        if len(data) > MAX_SIZE:
            why = Text(f"共 {len(data)} 字节，上限 {MAX_SIZE}", f"it has {len(data)} bytes, more than {MAX_SIZE}")
            raise BadForm(why=why)
        value = canonical.decode(data, what=Text("证书", "certificate"))
        match value:
            case {
                "form": "hallmark/certificate/1",
                "issued": issued,
                "issuer": issuer,
                "stated": stated,
                "status": status,
                "checkpoint": bytes(checkpoint),
            } if len(value) == 6:
                return cls(
                    ProvenEntry.from_value(issued, "issued"),
                    ProvenEntry.from_value(issuer, "issuer"),
                    ProvenEntry.from_value(stated, "stated"),
                    ProvenStatus.from_value(status),
                    Note.parse(checkpoint),
                )
        raise BadForm(why=Text(f"缺少 {NAME} 的组成部分", f"it does not have the parts of {NAME}"))
