"""Reading the ledger: entries, records, proofs, certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

from hallmark.certificate.staple import Leaf, staple
from hallmark.kernel import canonical
from hallmark.kernel.text import Text
from hallmark.ledger import policy
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import PLAIN, Note, VerifierKey
from hallmark.ledger.tile import TiledLog
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import log, sequencer
from hallmark.office.registry.errors import NoSuchCase, NoSuchCertificate, NoSuchEntry, StatusNotStated
from hallmark.office.registry.models import Draft, Entry, Head, StateRecord
from hallmark.office.registry.sequencer import LOG_KEY, origin
from hallmark.office.registry.state import DatabaseState
from hallmark.office.registry.status import last_stated
from hallmark.rules.state import Record
from hallmark.statement import disclosure, envelope
from hallmark.statement.kind import Role
from hallmark.verify import bundle

_PARTIES = ("applicant", "body", "laboratory")


def checkpoint() -> Note:
    """Return the last published checkpoint, signed; raises `NoSuchEntry` before genesis."""
    try:
        return Note.parse(log.read("checkpoint"))
    except FileNotFoundError:
        raise NoSuchEntry(index=0, size=0) from None


def published() -> tuple[Note, TiledLog]:
    """Return the last checkpoint and the log it covers; tiles that were read before are not read again."""
    note = checkpoint()
    head = Checkpoint.parse(note.text)
    return note, _log(head.size, head.root)


_log = lru_cache(2)(log.at)


def entry(index: int) -> Entry:
    """Return the entry at `index`; raises `NoSuchEntry`."""
    row = Entry.objects.filter(pk=index).first()
    if row is None:
        raise NoSuchEntry(index=index, size=Entry.objects.count())
    return row


def claims(row: Entry) -> dict[str, Any]:
    """Return all claims of an entry that are disclosed here."""
    statement = envelope.parse(bytes(row.encoded))
    hidden = {each.name: each.value for each in disclosure.decode(bytes(row.disclosures))}
    return {**statement.draft.public, **hidden}


def case(name: str) -> Record:
    """Return the record of a case; raises `NoSuchCase`."""
    record = DatabaseState().get(f"case/{name}")
    if record is None:
        raise NoSuchCase(case=name)
    return record


def parties(name: str) -> frozenset[str]:
    """Return the organisations that may see a case: its parties, and the scheme owners as regulator."""
    record = case(name)
    owners = (key.removeprefix("organisation/") for key, each in organisations() if each["role"] == Role.OWNER)
    return frozenset([*(record[party] for party in _PARTIES if record.get(party)), *owners])


def organisations() -> Iterator[tuple[str, Record]]:
    """Yield the keys and records of all organisations."""
    return DatabaseState().scan("organisation/")


def cases(seen_by: frozenset[str]) -> list[tuple[str, Record]]:
    """Return the cases that members of these organisations may see, by identifier."""
    state = DatabaseState()
    overseers = {key for key, each in organisations() if each["role"] == Role.OWNER}
    everything = any(f"organisation/{name}" in overseers for name in seen_by)
    return [
        (key.removeprefix("case/"), record)
        for key, record in state.scan("case/")
        if everything or seen_by & {record.get(party) for party in _PARTIES}
    ]


def history(subject: str) -> list[Entry]:
    """Return the entries about `subject`, in ledger order."""
    return list(Entry.objects.filter(subject=subject).order_by("index"))


def draft(name: str) -> Draft | None:
    """Return a draft."""
    return Draft.objects.filter(pk=name).first()


def record(key: str) -> Record | None:
    """Return the record at a key of the state."""
    return DatabaseState().get(key)


def machine_form(number: str) -> bytes:
    """Return the machine form of a certificate under the last checkpoint; raises `NoSuchCertificate`.

    It is the status as last stated. Raises `StatusNotStated` where the certificate changed since.
    """
    stated = last_stated()
    row = StateRecord.objects.filter(pk=f"certificate/{number}").values_list("entry", "record").first()
    issued = Entry.objects.filter(kind="certificate.issued", subject=number).first()
    if row is None or issued is None:
        raise NoSuchCertificate(number=number)
    changed, record = row
    if stated is None or changed > stated.entry:
        raise StatusNotStated(number=number)
    keyed = Entry.objects.filter(
        kind__in=("organisation.registered", "organisation.rekeyed"), subject=issued.issuer, index__lt=issued.index
    )
    note, tiles = _published_with(stated.entry)
    return staple(
        tiles,
        note,
        stated.register,
        issued=_leaf(issued),
        issuer=_leaf(keyed.latest("index")),
        stated=_leaf(entry(stated.entry)),
        status=canonical.decode(bytes(record)),
    ).encode()


def _leaf(row: Entry) -> Leaf:
    return row.index, bytes(row.encoded)


def _published_with(index: int) -> tuple[Note, TiledLog]:
    """Return checkpoint and log with the entry at `index`, published here where whoever appended it has not yet."""
    note, tiles = published()
    if index >= len(tiles):
        sequencer.publish()
        note, tiles = published()
    return note, tiles


def trust_bundle() -> bytes:
    """Return the trust bundle of this ledger: while one operator keeps it, the operator's key alone vouches."""
    key = VerifierKey.of(origin(), PLAIN, keys().get_signer(LOG_KEY).public)
    ledger = DatabaseState().get("ledger")
    if ledger is None:
        raise NoSuchEntry(index=0, size=0)
    operator = DatabaseState().get(f"organisation/{ledger['operator']}") or {}
    return bundle.write(
        settings.HALLMARK_ENVIRONMENT,
        policy.flat([key], {}, 0),
        {key.name: Text(**operator["name"])},
        development=ledger["development"],
    )


def size() -> int:
    """Return how many entries the log has."""
    head = Head.objects.filter(pk=1).first()
    return canonical.decode(bytes(head.frontier))[0] if head else 0


def find_public_record(number: str) -> Mapping[str, Any]:
    """Return the public record of a certificate; raises `NoSuchCertificate`."""
    issued = Entry.objects.filter(kind="certificate.issued", subject=number).first()
    if issued is None:
        raise NoSuchCertificate(number=number)
    return envelope.parse(bytes(issued.encoded)).draft.public
