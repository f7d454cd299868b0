"""Reading the ledger: entries, records, proofs, certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

from hallmark.certificate import extract, multikey
from hallmark.certificate.staple import Leaf, prove, staple
from hallmark.consortium import finality
from hallmark.kernel import canonical
from hallmark.kernel.keys import ED25519, PublicKey
from hallmark.kernel.text import Text
from hallmark.ledger import policy
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import PLAIN, Note, VerifierKey
from hallmark.ledger.policy import Policy
from hallmark.ledger.tile import TiledLog
from hallmark.office.accounts import queries as accounts
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import appraisals, log, sequencer
from hallmark.office.registry.errors import (
    InTheRegister,
    NoSuchCase,
    NoSuchCertificate,
    NoSuchClaim,
    NoSuchEntry,
    StatusNeverStated,
    StatusNotStated,
)
from hallmark.office.registry.hosted import signer_of as signer_of  # part of this face
from hallmark.office.registry.models import Draft, Entry, Head, StateRecord
from hallmark.office.registry.sequencer import LOG_KEY, origin
from hallmark.office.registry.state import DatabaseState
from hallmark.office.registry.status import Stated, history_at, last_stated
from hallmark.rules import consortium
from hallmark.rules.act import THINGS, NotRegistered
from hallmark.rules.state import Record
from hallmark.statement import envelope, sealing
from hallmark.statement.kind import Role
from hallmark.verify import bundle
from hallmark.verify.bundle import Issuer

_PARTIES = ("applicant", "body", "laboratory")
_KEYED = ("organisation.registered", "organisation.rekeyed")


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
    hidden = {each.name: each.value for each in sealing.in_clear(bytes(row.disclosures))}
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
    keyed = Entry.objects.filter(kind__in=_KEYED, subject=issued.issuer, index__lt=issued.index)
    note, tiles = _published_with(stated.entry)
    return staple(
        tiles,
        _trusted_part(note),
        stated.register,
        issued=_leaf(issued),
        issuer=_leaf(keyed.latest("index")),
        stated=_leaf(entry(stated.entry)),
        status=canonical.decode(bytes(record)),
    ).encode()


def absence(number: str) -> bytes:
    """Return the proof that the register as last stated has no certificate of a number.

    Raises `InTheRegister` where it has, `StatusNeverStated`.
    """
    stated, note, tiles = _stated()
    if number in stated.leaves:
        raise InTheRegister(number=number)
    proof = stated.register.prove_absence(number)
    return extract.Absence(number, proof, prove(tiles, note, _leaf(entry(stated.entry))), note).encode()


def snapshot() -> bytes:
    """Return all certificates with their status as last stated, and the proof that these are all.

    Raises `StatusNeverStated`.
    """
    return _snapshot(*_stated())


@lru_cache(1)
def _snapshot(stated: Stated, note: Note, tiles: TiledLog) -> bytes:
    records = {
        number: {**record, "history": history}
        for key, record in DatabaseState().scan("certificate/")
        if (number := key.removeprefix("certificate/")) in stated.leaves and (history := history_at(record, stated.at))
    }
    return extract.Snapshot(records, prove(tiles, note, _leaf(entry(stated.entry))), note).encode()


def claim(index: int, name: str) -> bytes:
    """Return one hidden claim of an entry with its proof, and none of the others; raises `NoSuchClaim`."""
    row = entry(index)
    found = next((each for each in sealing.in_clear(bytes(row.disclosures)) if each.name == name), None)
    if found is None:
        raise NoSuchClaim(claim=name, index=index)
    note, tiles = _published_with(index)
    part = _trusted_part(note)
    return extract.DisclosedClaim(prove(tiles, part, _leaf(row)), found, part).encode()


def _stated() -> tuple[Stated, Note, TiledLog]:
    stated = last_stated()
    if stated is None:
        raise StatusNeverStated
    note, tiles = _published_with(stated.entry)
    return stated, _trusted_part(note), tiles


def _trusted_part(note: Note) -> Note:
    """Return the note with the signatures that the trust bundle asks for, and no others."""
    trusted = policy_in_force()
    return note.only([*trusted.logs, *trusted.witnesses.values()])


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
    """Return the trust bundle of this ledger: a consortium's members vouch, without one the operator's key alone.

    Its issuers are the bodies, by every key that the ledger gave them, and the operator, who signs the status lists of
    bodies that keep their key elsewhere.
    """
    state = DatabaseState()
    ledger = state.get("ledger")
    if ledger is None:
        raise NoSuchEntry(index=0, size=0)
    trusted, vouchers = _trusted()
    names = {key: state.get(f"organisation/{name or ledger['operator']}") or {} for key, name in vouchers.items()}
    return bundle.write(
        settings.HALLMARK_ENVIRONMENT,
        trusted,
        {key: Text(**organisation["name"]) for key, organisation in names.items()},
        development=ledger["development"],
        issuers=dict(_issuers(ledger["operator"])),
        attested=appraisals.attested(consortium.constitution_of(state)) if state.get("consortium") else {},
    )


def policy_chain() -> bytes:
    """Return the starts of all epochs, by which a verifier goes on from an older bundle; raises `NoConsortium`."""
    consortium.epoch_of(DatabaseState())
    starts = Entry.objects.filter(kind__in=("consortium.founded", "epoch.started")).order_by("index")
    return canonical.encode([claims(row)["start"] for row in starts])


def founding(currency: str) -> int:
    """Return the index of the entry that founded a currency; raises `NotRegistered`."""
    row = Entry.objects.filter(subject=currency, kind="currency.founded").order_by("index").first()
    if row is None:
        raise NotRegistered(what=THINGS["currency"], which=currency)
    return row.index


def policy_in_force() -> Policy:
    """Return the policy under which checkpoints count."""
    return Policy.parse(_trusted()[0])


def _trusted() -> tuple[bytes, dict[str, str]]:
    """Return the policy under which checkpoints count, and the organisations by voucher; the operator's name is empty.

    A checkpoint of before the last epoch counts no more: whoever holds one fetches the certificate again.
    """
    state = DatabaseState()
    if state.get("consortium") is None:
        key = VerifierKey.of(origin(), PLAIN, keys().get_signer(LOG_KEY).public)
        return policy.flat([key], {}, 0), {key.name: ""}
    record, constitution = consortium.epoch_of(state), consortium.constitution_of(state)
    named = {finality.log_key(record, constitution).name: "", **{name: name for name in sorted(constitution.names)}}
    return finality.policy_text(record, constitution), named


def _issuers(operator: str) -> Iterator[tuple[str, Issuer]]:
    """Yield who signs credentials by each of their Ed25519 keys as Multikey text, in ledger order."""
    state = DatabaseState()
    bodies = [each.id for each in accounts.organisations(Role.BODY)]
    state.load(f"organisation/{name}" for name in (operator, *bodies))
    given = Entry.objects.filter(kind__in=_KEYED, subject__in=bodies).order_by("index")
    signing = [(operator, (state.get(f"organisation/{operator}") or {})["key"])]
    signing += [(row.subject, envelope.parse(bytes(row.encoded)).draft.public["key"]) for row in given]
    for name, claim in signing:
        record = state.get(f"organisation/{name}")
        if record and claim["algorithm"] == ED25519:
            yield multikey.encode(PublicKey(**claim)), Issuer(name, Text(**record["name"]))


def size() -> int:
    """Return how many entries the log has."""
    head = Head.objects.filter(pk=1).first()
    return canonical.decode(bytes(head.frontier))[0] if head else 0


def find_public_record(number: str) -> Mapping[str, Any]:
    """Return the public record of a certificate; raises `NoSuchCertificate`."""
    return find_issued(number).public


def find_issued(number: str) -> envelope.Draft:
    """Return the statement that issued a certificate; raises `NoSuchCertificate`."""
    issued = Entry.objects.filter(kind="certificate.issued", subject=number).first()
    if issued is None:
        raise NoSuchCertificate(number=number)
    return envelope.parse(bytes(issued.encoded)).draft
