"""Whoever carries an epoch change from node to node; it decides nothing and needs no key.

The members' operators give their calls; then seals, prepares and commits are collected, each from a quorum, and the
start that they make is shown to every node. A node that lacks entries is asked again while it fetches them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from time import monotonic, sleep
from typing import TypeVar

from hallmark.consortium import succession
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Ballot, Record, Start, verified
from hallmark.consortium.member import MemberState
from hallmark.consortium.seal import SignedSeal
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.merkle import Frontier
from hallmark.node.client import Peer

_log = logging.getLogger(__name__)
_PAUSE = 0.5  # seconds between rounds
T = TypeVar("T")


def convene(
    peers: Iterable[Peer],
    epoch: tuple[Record, Constitution],
    attempt: int,
    calls: Mapping[str, bytes],
    agreed: Constitution,
    patience: float = 60,
) -> Start:
    """Return the start of the epoch after `epoch` and show it to all nodes.

    `calls` are by member, `agreed` is the constitution that the votes on the ledger have made. Raises
    `QuorumNotReached` after `patience` seconds for a step; the attempt has failed then, and another may follow.
    """
    peers = list(peers)
    record, constitution = epoch

    def seal(peer: Peer) -> SignedSeal:
        signed = peer.seal(attempt, dict(calls))
        signed.verify(record, constitution)
        return signed

    seals = [*_collect(peers, constitution, seal, patience).values()]
    here = MemberState("", record, constitution, Frontier(), record.base)
    ballot = Ballot(attempt, succession.propose(here, [each.seal for each in seals], agreed))

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

    start = Start(ballot, agreed, _collect(peers, constitution, commit, patience))
    for peer in peers:
        try:
            peer.start(start)
        except HallmarkError as error:
            _log.info("%s has not entered the epoch: %s", peer.name, error)
    return start


def _collect(
    peers: Iterable[Peer], constitution: Constitution, ask: Callable[[Peer], T], patience: float
) -> dict[str, T]:
    """Return the answers of a quorum at least, by member; raises `QuorumNotReached`."""
    answers: dict[str, T] = {}
    end = monotonic() + patience
    while True:
        for peer in peers:
            if peer.name not in answers:
                try:
                    answers[peer.name] = ask(peer)
                except HallmarkError as error:
                    _log.info("no answer from %s: %s", peer.name, error)
        if len(constitution.names.intersection(answers)) >= constitution.quorum or monotonic() > end:
            constitution.check_quorum(answers)
            return answers
        sleep(_PAUSE)
