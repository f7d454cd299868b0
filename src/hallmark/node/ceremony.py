"""How a node takes part in the change to the next epoch: sealed, prepared, committed, entered (`succession`).

Sealing stops a member, so neither a stranger nor one member may ask for it: f + 1 members *call* for an attempt, each
by the hand of its operator, so one of them is honest. A call is a signature of the witness key over
`["hallmark/call/1", [digest of the epoch's record, attempt]]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from hallmark.consortium import seal as seals
from hallmark.consortium import succession
from hallmark.consortium.epoch import MAX_NUMBER, Ballot, Consent, Head, Record, Start, verified
from hallmark.consortium.seal import SignedSeal
from hallmark.consortium.succession import ConstitutionNotAgreed
from hallmark.kernel import canonical
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.note import Note
from hallmark.node import protocol, sighting
from hallmark.node.errors import BadRequest, TooFewCalls
from hallmark.node.node import CERTIFICATE, CONSENT, PREPARES, Node, check_leads
from hallmark.node.replay import replay
from hallmark.node.sighting import COMMITTED, PREPARED
from hallmark.node.store import Pair

Chunks = Callable[[int], Iterable[tuple[list[Pair], list[bytes]]]]
"""Yields a peer's entries from a position on, in chunks with their proofs."""


def call_message(record: Record, attempt: int) -> bytes:
    """Return what a member signs to call for `attempt` at the epoch after that of `record`."""
    return canonical.encode(["hallmark/call/1", [record.digest, attempt]])


def seal(node: Node, attempt: int, calls: Mapping[str, bytes]) -> SignedSeal:
    """Return this member's seal; raises `TooFewCalls`, `BadMemberSignature`, and as `succession.seal`."""
    with node.store.lock:
        here = node.state
        callers = verified(call_message(here.record, attempt), calls, here.constitution, "witness")
        if len(callers) <= here.constitution.faults:
            raise TooFewCalls(calls=len(callers), needed=here.constitution.faults + 1)
        with node.turn():
            state, report = succession.seal(here, attempt)
            node.keep(state)
        certificate, prepares = node.store.slot(CERTIFICATE), node.store.slot(PREPARES)
        return SignedSeal(
            report,
            node.signers.witness.sign(seals.message(report)),
            Note.parse(certificate) if certificate else None,
            protocol.decode_signatures(canonical.decode(prepares)) if prepares else {},
        )


def consent(node: Node, given: Consent) -> None:
    """Prepare the next epoch under another sequencer only, to which members consented; raises as `Consent.check`.

    It is shown before an epoch is called for, so that nobody who hears the calls is faster with a ballot without it.
    """
    with node.turn():
        given.check(node.state.record, node.state.constitution)
        node.store.put_slot(CONSENT, given.encode())


def prepare(node: Node, ballot: Ballot, signed: Sequence[SignedSeal]) -> bytes:
    """Return this member's signature of a prepare.

    Raises `EntriesNotHeld` until this node holds the base, and as `SignedSeal.verify` and `succession.prepare`;
    `BadRequest` where there are more seals than members.
    """
    with node.store.lock:
        here, base = node.state, ballot.record.base
        if not 0 < len(signed) <= len(here.constitution.members):
            raise BadRequest(why=Text("封存数量与成员数不符", "it has no seal, or more than there are members"))
        reports = [each.verify(here.record, here.constitution) for each in signed]
        if here.attempt and base == succession.propose(here, reports, here.constitution).base and not node.holds(base):
            node.wanted = base  # who certified it may show that to nobody else
        agreed = node.successor(base)
        if consented := node.store.slot(CONSENT):
            agreed = Consent.parse(consented).under(agreed)
        with node.turn():
            state, _ = succession.prepare(here, ballot, reports, agreed)
            node.keep(state)
            node.store.see(sighting.in_seal(each, here.record) for each in signed)
        return node.signers.witness.sign(ballot.prepare_message)


def commit(node: Node, ballot: Ballot, prepares: Mapping[str, bytes]) -> tuple[bytes, bytes]:
    """Return this member's signatures of a commit; raises `BadMemberSignature`, and as `succession.commit`."""
    with node.store.lock:
        here = node.state
        preparers = verified(ballot.prepare_message, prepares, here.constitution, "witness")
        with node.turn():
            state, _ = succession.commit(here, ballot, preparers)
            node.keep(state)
            kept = {name: prepares[name] for name in preparers}
            node.store.put_slot(PREPARES, canonical.encode(kept))
            node.store.see(sighting.in_votes(ballot, prepares, preparers, PREPARED))
        message = ballot.commit_message
        return node.signers.mirror.sign(message), node.signers.archive.sign(message)


def enter(node: Node, start: Start, chunks: Chunks | None = None) -> None:
    """Enter the next epoch; what this node lacks up to its base comes from `chunks`, without them it must hold it.

    Raises as `Start.verify`, `succession.enter`, and `hold`; `EntriesNotHeld`; `ConstitutionNotAgreed` where it is not
    what the votes have made, so that nobody is shown a start without the consent that it takes.
    """
    here, record = node.state, start.ballot.record
    start.verify(here.record, here.constitution)
    attempt = start.ballot.attempt
    if chunks and not node.holds(record.base):
        with node.turn():  # the epoch is over for this member too: what it witnessed in it may be exchanged
            node.keep(replace(node.state, attempt=max(node.state.attempt, attempt)))
        hold(node, record.base, chunks)
    with node.turn():
        if not start.is_of(node.successor(record.base)):
            raise ConstitutionNotAgreed
        node.store.truncate(record.base.size)
        node.keep(succession.enter(node.state, start.ballot, start.commits, start.constitution, node.store.tree))
        node.store.put_slot(CERTIFICATE, None)
        node.store.put_slot(PREPARES, None)
        node.store.put_slot(CONSENT, None)
        node.store.put_start(record.epoch, start.encode())
        node.wanted = node.leading = None
        mirrors = {name: pair[0] for name, pair in start.commits.items()}
        committed = here.constitution.names.intersection(mirrors)
        node.store.see(sighting.in_votes(start.ballot, mirrors, committed, COMMITTED))


def hold(node: Node, head: Head, chunks: Chunks) -> None:
    """Let a sealed member hold the entries up to a certified `head`, of which it may have witnessed others or fewer.

    Raises `NotConsistent`, `WrongPathLength`, and as `replay`.
    """
    if node.holds(head):
        return
    store = node.store
    if node.leading != head:
        with node.turn():
            # What a quorum certified is on one chain: what this member mirrored begins with the head or begins it.
            store.truncate(min(node.state.mirrored.size, head.size))
        node.leading = head
    for pairs, proof in chunks(store.tree.size):
        with node.turn():
            tree = store.tree.extend(leaf_hash(entry) for entry, _ in pairs)
            check_leads(tree.size, tree.root, proof, *head)
            replay(store, node.setting.schemes, pairs)


def decode_call(data: bytes) -> tuple[int, dict[str, bytes]]:
    """Return attempt and calls from `[attempt, {member: signature}]`; raises `NotCanonical`, `BadRequest`."""
    match canonical.decode(data, what=Text("召集", "calls")):
        case [int(attempt), dict(calls)] if type(attempt) is int and 0 < attempt <= MAX_NUMBER:
            return attempt, protocol.decode_signatures(calls)
    raise BadRequest(why=Text("不是尝试序号加召集", "it is not an attempt and calls"))


def decode_proposal(data: bytes) -> tuple[Ballot, list[SignedSeal]]:
    """Return ballot and seals from `[ballot, [seal, ...]]`; raises `BadRequest` and as their parsers."""
    match canonical.decode(data, what=Text("提案", "proposal")):
        case [ballot, list(signed)] if all(type(each) is bytes for each in signed):
            return Ballot.from_value(ballot), [SignedSeal.parse(each) for each in signed]
    raise BadRequest(why=Text("不是选票加封存记录", "it is not a ballot and seals"))


def decode_prepared(data: bytes) -> tuple[Ballot, dict[str, bytes]]:
    """Return ballot and prepares from `[ballot, {member: signature}]`; raises `BadRequest`, `BadEpoch`."""
    match canonical.decode(data, what=Text("准备签名", "prepares")):
        case [ballot, dict(prepares)]:
            return Ballot.from_value(ballot), protocol.decode_signatures(prepares)
    raise BadRequest(why=Text("不是选票加准备签名", "it is not a ballot and prepares"))
