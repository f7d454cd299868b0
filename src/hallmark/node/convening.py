"""Whoever carries an epoch change from node to node; it decides nothing and needs no key.

The members' operators give their calls; then seals, prepares and commits are collected, each from a quorum, and the
start that they make is shown to every node. A node that lacks entries is asked again while it fetches them. What the
votes have made is told by the nodes that hold the base of the next epoch: by more than f alike, of whom one is honest.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic, sleep
from typing import TypeVar

from hallmark.consortium import succession
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Ballot, Consent, Head, OtherConstitution, Record, Start, verified
from hallmark.consortium.member import MemberState
from hallmark.consortium.seal import SignedSeal
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.merkle import Frontier
from hallmark.node.client import Peer
from hallmark.node.errors import NotAgreedOn

_log = logging.getLogger(__name__)
_PAUSE = 0.5  # seconds between rounds
T = TypeVar("T")


def convene(
    peers: Iterable[Peer],
    epoch: tuple[Record, Constitution],
    attempt: int,
    calls: Mapping[str, bytes],
    consent: Consent | None = None,
    patience: float = 60,
) -> Start:
    """Return the start of the epoch after `epoch` and show it to all nodes.

    `calls` are by member; with `consent`, shown to all before any call, another sequencer begins it. Raises
    `QuorumNotReached` and `NotAgreedOn` after `patience` seconds for a step; the attempt has failed then, and another
    may follow. Raises `OtherConstitution` where an earlier attempt must be carried on, with the consent of that one or
    without, and as `Consent.check`.
    """
    peers = list(peers)
    record, constitution = epoch

    if consent:
        consent.check(record, constitution)
        _show(peers, lambda peer: peer.consent(consent))

    def seal(peer: Peer) -> SignedSeal:
        signed = peer.seal(attempt, dict(calls))
        signed.verify(record, constitution)
        return signed

    seals = [*_collect(peers, constitution, seal, patience).values()]
    here, reports = MemberState("", record, constitution, Frontier(), record.base), [each.seal for each in seals]
    agreed = _agreed(peers, constitution, succession.propose(here, reports, constitution).base, patience)
    if consent:
        agreed = consent.under(agreed)
    ballot = Ballot(attempt, succession.propose(here, reports, agreed))
    if ballot.record.constitution != agreed.digest:
        raise OtherConstitution(epoch=ballot.record.epoch)

    def prepare(peer: Peer) -> bytes:
        signature = peer.prepare(ballot, seals)
        verified(ballot.prepare_message, {peer.name: signature}, constitution, "witness")
        return signature

    prepares = _collect(peers, constitution, prepare, patience)

    def commit(peer: Peer) -> tuple[bytes, bytes]:
        pair = peer.commit(ballot, prepares)
        for purpose, signature in zip(("mirror", "archive"), pair, strict=True):
            verified(ballot.commit_message, {peer.name: signature}, constitution, purpose)
        return pair

    commits = _collect(peers, constitution, commit, patience)
    start = Start(ballot, agreed, commits, consent.signatures if consent else {})
    _show(peers, lambda peer: peer.start(start))
    return start


def _show(peers: Iterable[Peer], act: Callable[[Peer], None]) -> None:
    for peer in peers:
        try:
            act(peer)
        except HallmarkError as error:
            _log.info("%s was not shown it: %s", peer.name, error)


def _collect(
    peers: Iterable[Peer], constitution: Constitution, ask: Callable[[Peer], T], patience: float
) -> dict[str, T]:
    """Return the answers of a quorum at least, by member; raises `QuorumNotReached`."""
    answers: dict[str, T] = {}
    for answers in _rounds(peers, ask, patience):
        if len(constitution.names.intersection(answers)) >= constitution.quorum:
            break
    constitution.check_quorum(answers)
    return answers


def _agreed(peers: Iterable[Peer], constitution: Constitution, base: Head, patience: float) -> Constitution:
    """Return what more than f members say the votes up to `base` have made; raises `NotAgreedOn`."""
    for answers in _rounds(peers, lambda peer: peer.successor(base), patience):
        told = Counter(answer for name, answer in answers.items() if name in constitution.names)
        for agreed, nodes in told.items():
            if nodes > constitution.faults:
                return agreed
    raise NotAgreedOn(needed=constitution.faults + 1, size=base.size)


def _rounds(peers: Iterable[Peer], ask: Callable[[Peer], T], patience: float) -> Iterator[dict[str, T]]:
    """Yield the answers so far, by name, after each round of asking those who gave none, for `patience` seconds."""
    answers: dict[str, T] = {}
    end = monotonic() + patience
    while True:
        for peer in peers:
            if peer.name not in answers:
                try:
                    answers[peer.name] = ask(peer)
                except HallmarkError as error:
                    _log.info("no answer from %s: %s", peer.name, error)
        yield answers
        if monotonic() > end:
            return
        sleep(_PAUSE)
