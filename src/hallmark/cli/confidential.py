"""Confidential money at the command line: composed, signed and sealed here, so that the server reads none of it.

Whether a currency is confidential stands in its founding, of which there is one; it is taken from the ledger under the
trust bundle of the profile. So are, by the policy chain, the members to whose nodes it is sealed. What is sealed is
kept before it is sent, in `<profile>/sealed/<statement's digest>` as `[statement, disclosures]`: nobody else could give
it back.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hallmark.cli.cases import keep
from hallmark.cli.desk import Desk
from hallmark.cli.errors import BadArgument, BadFile, NotKept, NotOurServer, NoTrust
from hallmark.cli.money import notes_made
from hallmark.cli.output import Said, facts, table
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.office.keys import durable
from hallmark.statement import disclosure, envelope, sealing
from hallmark.statement.disclosure import SALT_SIZE, Disclosure
from hallmark.statement.envelope import Draft
from hallmark.statement.money import note_id
from hallmark.verify import disk

if TYPE_CHECKING:
    from hallmark.certificate.form import ProvenEntry
    from hallmark.ledger.note import Note
    from hallmark.ledger.policy import Policy
    from hallmark.verify.bundle import TrustBundle

NO_DRAFT = Text("保密货币的声明不在服务器上起草", "what is confidential is not drafted at the server")
_NO_KEY = Text(
    "保密声明在此签署，请指明机构密钥",
    "what is confidential is signed here; name the organisation's key",
)
_FOUNDED, _MONEY, _KEPT = "currency.founded", "money.", "sealed"
_WORDS = Text(
    "已密封并记入账本，第 {entry} 条，主体 {subject}", "Sealed, on the ledger: entry {entry}, about {subject}"
)


def concerns(desk: Desk, kind: str, subject: str) -> bool:
    """Return whether a statement is about money of a confidential currency, by the currency's founding on the ledger.

    Without a trust bundle in the profile the founding is the one that the server shows, which may lie.
    """
    if not kind.startswith(_MONEY):
        return False
    place = desk.client.get(f"/currencies/{subject}")["entry"]
    draft = envelope.parse(_proven(desk, place)[0].encoded).draft
    if (draft.kind.name, draft.subject) != (_FOUNDED, subject):
        raise NotOurServer(server=desk.server, status=Text("它出示了另一条目", "it shows another entry"))
    return bool(draft.public.get("confidential"))


def submit(desk: Desk, kind: str, subject: str, claims: Mapping[str, Any], options: Namespace) -> Said:
    """Compose a statement, sign it with the organisation's key, seal what only members read, and hand it in.

    Raises `NoTrust`, `BadArgument`, as `chain.lead`, and `QuorumNotReached` where too few members' keys are shown.
    """
    if options.draft:
        raise BadArgument(argument="--draft", why=NO_DRAFT)
    if not options.sign_with:
        raise BadArgument(argument="--sign-with", why=_NO_KEY)
    members = _members(desk)
    draft, hidden = envelope.compose(
        kind,
        environment=desk.me["environment"],
        issuer=desk.office,
        subject=subject,
        issued_at=int(time.time()),
        claims=claims,
        salt=lambda: secrets.token_bytes(SALT_SIZE),
    )
    signed = envelope.sign(draft, (), desk.profile.key(options.sign_with)[1])
    digest = envelope.parse(signed).digest
    sealed = sealing.seal(hidden, digest, members, secrets.token_bytes(sealing.KEY_SIZE))
    kept = _kept(desk, digest)
    durable.make_folder(kept.parent)
    durable.write_once(kept, canonical.encode([signed, disclosure.encode(hidden)]))
    body = {name: base64.b64encode(each).decode() for name, each in (("signed", signed), ("sealed", sealed.encode()))}
    answer = desk.client.send("POST", "/sealed", body)
    made = notes_made({"kind": kind, "claims": claims, "approval_digest": draft.approval_digest.hex()})
    return Said({"kind": kind, **answer, **made}, [desk.say(_WORDS).format(**answer), *facts(made)])


def disclose(desk: Desk, options: Namespace) -> Said:
    """Make one claim of a confidential entry, out of what the profile keeps, a file that proves it and nothing else.

    Raises `NotKept`.
    """
    from hallmark.certificate import extract  # noqa: PLC0415 - where it is used

    entry, note = _proven(desk, options.entry)
    path = _kept(desk, envelope.parse(entry.encoded).digest)
    hidden = _read(path)[1] if path.exists() else ()
    claim = next((each for each in hidden if each.name == options.claim), None)
    if claim is None:
        raise NotKept(claim=options.claim, entry=options.entry, path=path)
    content = extract.DisclosedClaim(entry, claim, note).encode()
    return keep(lambda file: file.write(content), options.output or f"{options.entry}.{options.claim}.hallmark")


def list_notes(desk: Desk, _options: Namespace) -> Said:
    """List the notes that what was sealed here makes; those of a statement that was refused never came to be."""
    listed: list[dict[str, Any]] = []
    for path in sorted((desk.profile.folder / _KEPT).glob("[!.]*")):
        draft, hidden = _read(path)
        made: list[Any] = next((each.value for each in hidden if each.name == "outputs"), [])
        for index, output in enumerate(made):
            note, holder = note_id(draft.approval_digest, index).hex(), output["holder"]["material"].hex()
            listed.append({"note": note, "currency": draft.subject, "amount": output["amount"], "holder": holder})
    return Said(listed, table([*each.values()] for each in listed) if listed else [])


def _kept(desk: Desk, digest: bytes) -> Path:
    return desk.profile.folder / _KEPT / digest.hex()


def _read(path: Path) -> tuple[Draft, tuple[Disclosure, ...]]:
    """Return what was sealed; raises `BadFile`."""
    try:
        signed, hidden = canonical.decode(path.read_bytes(), what=Text(path.name, path.name))
        return envelope.parse(signed).draft, disclosure.decode(hidden)
    except (OSError, HallmarkError, ValueError, TypeError) as error:
        why = disk.reason(error) if isinstance(error, OSError) else Text("内容有误", "its content is malformed")
        raise BadFile(path=path, why=why) from None


def _members(desk: Desk) -> dict[str, bytes]:
    """Return the sealing keys by member, as the members announce them under the keys that the trust bundle leads to."""
    from hallmark.consortium.sealing import recipients  # noqa: PLC0415 - where it is used
    from hallmark.verify import chain  # noqa: PLC0415 - where it is used

    trusted = _trusted(desk)
    if trusted is None:
        raise NoTrust(path=desk.profile.trust)
    if trusted.environment != desk.me["environment"]:
        raise NotOurServer(server=desk.server, status=Text("其环境与信任包不同", "it is of another environment"))
    start = chain.lead(trusted, desk.client.call("GET", "/policy-chain"))[-1]
    announced = canonical.decode(desk.client.call("GET", "/sealing"), what=Text("密封密钥公告", "announced keys"))
    shown = [each for each in announced if isinstance(each, bytes)] if isinstance(announced, list) else []
    return recipients(shown, start.ballot.record, start.constitution)


def _proven(desk: Desk, index: int) -> tuple[ProvenEntry, Note]:
    """Return an entry and the checkpoint that proves it to be on the ledger.

    The checkpoint is verified where the profile has a trust bundle; raises as `Policy.verify` and `verify_inclusion`.
    """
    from hallmark.certificate.form import ProvenEntry  # noqa: PLC0415 - where it is used
    from hallmark.ledger.checkpoint import Checkpoint  # noqa: PLC0415 - where it is used
    from hallmark.ledger.note import Note  # noqa: PLC0415 - where it is used

    found = desk.client.get(f"/entries/{index}")
    try:
        statement, path = base64.b64decode(found["statement"], validate=True), map(bytes.fromhex, found["proof"])
        entry, note = ProvenEntry(statement, index, tuple(path)), Note.parse(found["checkpoint"].encode())
    except (binascii.Error, KeyError, TypeError, ValueError, AttributeError):
        raise NotOurServer(server=desk.server, status=Text("条目有误", "its entry is malformed")) from None
    if trusted := _trusted(desk):
        _policy(desk, trusted).verify(note)
    entry.verify(Checkpoint.parse(note.text))
    return entry, note


def _policy(desk: Desk, trusted: TrustBundle) -> Policy:
    """Return the policy of today: that of the bundle, or the one to which its members' signatures lead."""
    from hallmark.verify import chain  # noqa: PLC0415 - where it is used
    from hallmark.verify.bundle import TrustBundle  # noqa: PLC0415 - where it is used

    try:
        data = desk.client.call("GET", "/policy-chain")
    except HallmarkError:  # one operator keeps the ledger, or so it is said: then the bundle's policy decides
        return trusted.policy
    return TrustBundle.parse(chain.follow(trusted, data)[0]).policy


def _trusted(desk: Desk) -> TrustBundle | None:
    from hallmark.verify.bundle import TrustBundle  # noqa: PLC0415 - where it is used

    if not desk.profile.trust.exists():
        return None
    return TrustBundle.parse(desk.profile.trust.read_bytes())
