"""The consortium for anyone to read: what the ledger says of its members, epochs and votes, and what nodes publish.

Nothing here is decided: who is a member and what counts is for the rules, which admitted the entries that are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from hallmark.consortium import finality, governance
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Record as EpochRecord
from hallmark.consortium.epoch import Start
from hallmark.consortium.governance import Proposal as Proposed
from hallmark.consortium.governance import VotesMissing
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.tile import TiledLog
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.registry import appraisals, nodes, queries
from hallmark.office.registry.appraisals import STARTED, Evidence, Told, told
from hallmark.office.registry.nodes import Heard
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import consortium

Standing = Literal["level", "behind", "differs", "silent", "unverified"]
Outcome = Literal["open", "adopted", "rejected", "lapsed"]


@dataclass(frozen=True, slots=True)
class Published:
    """What a member's node publishes: how many entries are final there, and how many it is `behind`.

    `differs` is proof of two histories; `unverified` and `silent` come with the reason.
    """

    at: int
    standing: Standing
    size: int | None = None
    behind: int | None = None
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A member: the organisation, its node's TEE family and product, the fingerprints of its keys, evidence for them.

    `signed_at` is the newest co-signature seen under a final checkpoint, None where none of those shown here has one;
    `node` is None where this server does not know its address.
    """

    id: str
    name: Text
    role: str
    family: str
    product: str
    keys: Mapping[str, bytes]
    evidence: tuple[Evidence, ...]
    signed_at: int | None
    node: Published | None


@dataclass(frozen=True, slots=True)
class Epoch:
    """How an epoch began: on which head, at which attempt, and who committed to that."""

    number: int
    base: int
    root: bytes
    attempt: int
    constitution: bytes
    committed: tuple[str, ...]
    at: int
    entry: int


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's vote."""

    by: str
    favour: bool
    reason: str
    at: int
    entry: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal with its votes; `lapsed` is one that was open when its epoch ended."""

    id: bytes
    kind: str
    by: str
    member: str
    digest: bytes
    withdrawn: bool
    rules: int
    reason: str
    needed: int
    outcome: Outcome
    votes: tuple[Vote, ...]
    at: int
    entry: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Two checkpoints of one epoch and size that a member showed."""

    by: str
    size: int
    roots: tuple[bytes, bytes]
    at: int
    entry: int


@dataclass(frozen=True, slots=True)
class Consortium:
    """Everything of the consortium that stands, in ledger order; `names` of all organisations that occur."""

    ledger: str
    size: int
    development: bool
    rules: int
    quorum: int
    faults: int
    code: tuple[bytes, ...]
    attestation: bytes
    certified_products: bool
    sequencer: bytes
    thresholds: Mapping[str, str]
    members: tuple[Seat, ...]
    epochs: tuple[Epoch, ...]
    proposals: tuple[Proposal, ...]
    forks: tuple[Fork, ...]
    names: Mapping[str, Text]


def find() -> Consortium | None:
    """Return the consortium, None where one operator keeps the ledger. Waits for nodes a second at the most."""
    state = DatabaseState()
    if state.get("consortium") is None:
        return None
    record, constitution = consortium.epoch_of(state), consortium.constitution_of(state)
    starts = [(each, Start.parse(each.claims["start"])) for each in told(*STARTED)]
    proposals = tuple(_proposals(constitution, [start.constitution for _, start in starts]))
    forks = tuple(map(_fork, told("fork.shown")))
    epochs = tuple(_epoch(each, start) for each, start in starts)
    seats = tuple(_seats(record, constitution))
    named = {
        *constitution.names,
        *(name for epoch in epochs for name in epoch.committed),
        *(name for each in proposals for name in (each.by, each.member, *(vote.by for vote in each.votes)) if name),
        *(each.by for each in forks),
        *(each.by for seat in seats for evidence in seat.evidence for each in evidence.appraisals),
    }
    return Consortium(
        ledger=constitution.ledger,
        size=queries.size(),
        development=constitution.development,
        rules=constitution.rules,
        quorum=constitution.quorum,
        faults=constitution.faults,
        code=constitution.code,
        attestation=constitution.attestation,
        certified_products=constitution.certified_products,
        sequencer=constitution.sequencer.id,
        thresholds={str(kind): str(threshold) for kind, threshold in constitution.thresholds.items()},
        members=seats,
        epochs=epochs,
        proposals=proposals,
        forks=forks,
        names={name: _name(state, name) for name in sorted(named)},
    )


def _epoch(each: Told, start: Start) -> Epoch:
    record = start.ballot.record
    committed = tuple(sorted(start.commits))
    return Epoch(record.epoch, *record.base, start.ballot.attempt, record.constitution, committed, each.at, each.entry)


def _seats(record: EpochRecord, constitution: Constitution) -> Iterator[Seat]:
    state = DatabaseState()
    heard = nodes.listen()
    note, log = queries.published()
    notes = [note, *(each.note for each in heard.values() if each.note)]
    signed = _signed(notes, record, constitution)
    for member in constitution.members:
        organisation = state.get(f"organisation/{member.name}") or {"role": ""}
        yield Seat(
            member.name,
            _name(state, member.name),
            organisation["role"],
            member.family,
            member.product,
            {purpose: key.id for purpose, key in zip(("witness", "mirror", "archive"), member.keys, strict=True)},
            appraisals.of(member),
            signed.get(member.name),
            _published(heard[member.name], log, record, constitution) if member.name in heard else None,
        )


def _signed(notes: Iterable[Note], record: EpochRecord, constitution: Constitution) -> dict[str, int]:
    """Return when each member last co-signed, as far as these notes show and by its own clock, in ms, but not ahead."""
    newest: dict[str, int] = {}
    for note in notes:
        try:
            cosigned = finality.check_final(note, record, constitution).cosigned
        except HallmarkError:
            continue
        for name, seconds in cosigned.items():
            newest[name] = max(newest.get(name, 0), min(seconds * instant.SECOND, wall_clock()))
    return newest


def _published(heard: Heard, log: TiledLog, record: EpochRecord, constitution: Constitution) -> Published:
    """Return what a node's note says beside the log that this server published."""
    if heard.note is None:
        why = heard.why or Text("尚无终局检查点", "it has no final checkpoint yet")
        return Published(heard.at, "silent", why=why)
    size = None
    try:
        size = Checkpoint.parse(heard.note.text).size
        head = finality.check_final(heard.note, record, constitution).checkpoint
    except HallmarkError as error:
        return Published(heard.at, "unverified", size, why=Text(error.explain("zh"), error.explain("en")))
    behind = max(len(log) - head.size, 0)
    if head.size <= len(log) and log.root(head.size) != head.root:
        return Published(heard.at, "differs", head.size, behind)
    return Published(heard.at, "behind" if behind else "level", head.size, behind)


def _proposals(now: Constitution, constitutions: Iterable[Constitution]) -> Iterator[Proposal]:
    about = {each.digest: each for each in constitutions}
    votes: dict[bytes, list[Vote]] = defaultdict(list)
    for each in told("vote.cast"):
        vote = Vote(each.issuer, each.claims["favour"], each.claims.get("reason", ""), each.at, each.entry)
        votes[each.claims["proposal"]].append(vote)
    for each in told("proposal.made"):
        proposed = consortium.proposal_of(each.claims)
        constitution = about[proposed.about]
        yield Proposal(
            proposed.id,
            str(proposed.kind),
            each.issuer,
            proposed.member,
            proposed.digest,
            proposed.withdrawn,
            proposed.rules,
            each.claims["reason"],
            proposed.needed(constitution),
            _outcome(proposed, constitution, votes[proposed.id], in_force=constitution == now),
            tuple(votes[proposed.id]),
            each.at,
            each.entry,
        )


def _outcome(proposed: Proposed, constitution: Constitution, votes: Iterable[Vote], *, in_force: bool) -> Outcome:
    cast = {vote.by: vote.favour for vote in votes}
    try:
        governance.check_adopted(constitution, proposed, cast)
    except VotesMissing:
        most = len(proposed.voters(constitution)) - sum(not favour for favour in cast.values())
        if most < proposed.needed(constitution):
            return "rejected"
        return "open" if in_force else "lapsed"
    return "adopted"


def _fork(each: Told) -> Fork:
    first, second = (Checkpoint.parse(Note.parse(each.claims[name]).text) for name in ("first", "second"))
    return Fork(each.issuer, first.size, (first.root, second.root), each.at, each.entry)


def _name(state: DatabaseState, organisation: str) -> Text:
    record = state.get(f"organisation/{organisation}")
    return Text(**record["name"]) if record else Text(organisation, organisation)
