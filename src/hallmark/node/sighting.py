"""What a node holds of other members' signatures, to show them to a member that may have lost some of its own.

A member that restarted takes no peer's word for what it signed, or one liar could put every other out for good: it
counts what is signed under its own keys. A sighting is `[kind, content, signature]`, one of each kind, the newest:

| kind        | content                                                                  | signature, by the key      |
|-------------|--------------------------------------------------------------------------|----------------------------|
| `witnessed` | text of the checkpoint                                                   | as in a note; witness      |
| `mirrored`  | text of the checkpoint                                                   | as in a note; mirror       |
| `attempt`   | record of the sealed epoch, and what `consortium.seal` signs, in one list | of the seal; witness       |
| `prepared`  | ballot                                                                   | of the prepare; witness    |
| `committed` | ballot                                                                   | of the commit; mirror      |

Lists and ballots are canonical CBOR.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from hallmark.consortium import finality, seal
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import BadMemberSignature, Ballot, Record
from hallmark.consortium.member import Trace
from hallmark.consortium.seal import SignedSeal
from hallmark.kernel import canonical, keys
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import BadNoteSignature, Note, from_decimal
from hallmark.node.errors import BadRequest

WITNESSED, MIRRORED, ATTEMPT, PREPARED, COMMITTED = "witnessed", "mirrored", "attempt", "prepared", "committed"
_KEYS: Mapping[str, str] = {
    WITNESSED: finality.WITNESS,
    MIRRORED: finality.MIRROR,
    ATTEMPT: finality.WITNESS,
    PREPARED: finality.WITNESS,
    COMMITTED: finality.MIRROR,
}
"""Kind, which is the field of a trace that it is about -> purpose of the key that signed."""
NOTHING = Trace(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A signature of a member, as a peer holds it."""

    kind: str
    content: bytes
    signature: bytes

    @property
    def value(self) -> list[object]:
        """The sighting as a CBOR value."""
        return [self.kind, self.content, self.signature]

    @property
    def trace(self) -> Trace:
        """What it shows of the member if the signature holds; raises `BadRequest`, and as what parses its content."""
        if self.kind in (WITNESSED, MIRRORED):
            checkpoint = self._checkpoint
            epoch = from_decimal(checkpoint.origin.rpartition("/e")[2])
            if epoch is None:
                raise _unreadable()
            return replace(Trace(epoch, 0, 0), **{self.kind: checkpoint.size})
        if self.kind == ATTEMPT:
            record, [_, sealed, attempt, size, *_] = self._sealed
            if record.digest != sealed:
                raise _unreadable()
            return Trace(record.epoch, 0, size, attempt)
        ballot = self._ballot
        return replace(Trace(ballot.record.epoch - 1, 0, 0, ballot.attempt), **{self.kind: ballot.attempt})

    @property
    def place(self) -> tuple[int, int]:
        """Epoch and number, by which the newest of a kind is known; raises as `trace`."""
        trace = self.trace
        return trace.epoch, getattr(trace, self.kind)

    def verify(self, member: str, own: Mapping[str, keys.PublicKey], constitution: Constitution) -> Trace:
        """Return what the member's `own` keys, by purpose, signed by this; raises `BadMemberSignature`, and as `trace`.

        `constitution` is any of the ledger's, which all name the same ledger.
        """
        trace, key = self.trace, own[_KEYS[self.kind]]
        try:
            if self.kind in (WITNESSED, MIRRORED):
                if self._checkpoint.origin != constitution.origin(trace.epoch):
                    raise _unreadable()
                cosignature.verify(cosignature.verifier_key(member, key), self._checkpoint, self.signature)
            else:
                key.verify(self._message, self.signature)
        except (keys.BadSignature, BadNoteSignature) as error:
            raise BadMemberSignature(member=member, why=error.facts.get("why")) from None
        return trace

    @property
    def _checkpoint(self) -> Checkpoint:
        return Checkpoint.parse(self.content.decode(errors="replace"))

    @property
    def _sealed(self) -> tuple[Record, list[Any]]:
        match canonical.decode(self.content, what=Text("纪元封存", "seal")):
            case [record, [str(), bytes(), int(attempt), int(size), bytes(), _] as reported] if attempt > 0 <= size:
                return Record.from_value(record), reported
        raise _unreadable()

    @property
    def _ballot(self) -> Ballot:
        return Ballot.from_value(canonical.decode(self.content, what=Text("选票", "ballot")))

    @property
    def _message(self) -> bytes:
        if self.kind == ATTEMPT:
            return seal.message_of(self._sealed[1])
        return self._ballot.prepare_message if self.kind == PREPARED else self._ballot.commit_message


def read(value: object) -> tuple[Sighting, ...]:
    """Return the sightings in a CBOR value, at most one of a kind; raises `BadRequest`."""
    match value:
        case [*items] if len(items) <= len(_KEYS):
            sightings = tuple(map(_read, items))
            if len({each.kind for each in sightings}) == len(sightings):
                return sightings
    raise _unreadable()


def together(traces: Iterable[Trace]) -> Trace:
    """Return what traces of one member show together: the newest epoch's, each number at its highest."""
    return reduce(_joined, traces, NOTHING)


def in_note(note: Note, constitution: Constitution, kind: str) -> Iterator[tuple[str, Sighting]]:
    """Yield the members who signed a verified note, each with the sighting."""
    purpose = _KEYS[kind]
    names = {finality.cosigner(constitution, each, purpose): each.name for each in constitution.members}
    for key, value in note.signed_by(names):
        yield names[key], Sighting(kind, note.text.encode(), value)


def in_seal(signed: SignedSeal, record: Record) -> tuple[str, Sighting]:
    """Return the member whose verified seal of the epoch of `record` this is, with the sighting."""
    content = canonical.encode([record.to_value(), seal.value_of(signed.seal)])
    return signed.seal.member, Sighting(ATTEMPT, content, signed.signature)


def in_votes(
    ballot: Ballot, signatures: Mapping[str, bytes], members: Iterable[str], kind: str
) -> Iterator[tuple[str, Sighting]]:
    """Yield the `members` among those whose signatures of a ballot were verified, each with the sighting."""
    content = canonical.encode(ballot.to_value())
    for name in members:
        yield name, Sighting(kind, content, signatures[name])


def _read(item: object) -> Sighting:
    match item:
        case [str(kind), bytes(content), bytes(signature)] if kind in _KEYS:
            return Sighting(kind, content, signature)
    raise _unreadable()


def _joined(one: Trace, other: Trace) -> Trace:
    if one.epoch != other.epoch:
        return max(one, other, key=lambda trace: trace.epoch)
    return Trace(*map(max, one.numbers, other.numbers))


def _unreadable() -> BadRequest:
    return BadRequest(why=Text("不是成员签名的记述", "it is not an account of a member's signatures"))
