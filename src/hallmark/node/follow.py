"""What a node learns from its peers: what they saw of it, which epochs began, which entries a quorum certified.

A node signs nothing here. Whatever a peer says is verified, so any peer will do, and one that lies, or says what no
program expects, is passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import monotonic

from hallmark.consortium import finality
from hallmark.consortium.epoch import Head
from hallmark.consortium.member import Trace
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.node import ceremony, protocol
from hallmark.node.client import Peer
from hallmark.node.errors import NotReached
from hallmark.node.node import CERTIFICATE, CHECKPOINT, Node
from hallmark.node.protocol import Message
from hallmark.node.store import Pair

_log = logging.getLogger(__name__)
_PATIENCE = 60  # seconds after which the next peer is asked to go on


def wake(node: Node, peers: Iterable[Peer]) -> None:
    """Let the node sign again if enough peers account for it; raises as `Node.wake`."""
    if node.state.awake:
        return
    accounts: dict[str, Trace] = {}

    def ask(peer: Peer) -> None:
        accounts[peer.name] = node.recognise(peer.account(node.name, node.state.constitution))

    _each(peers, ask)
    node.wake(accounts)


def catch_up(node: Node, peers: Iterable[Peer]) -> None:
    """Bring the node to the newest epoch, certificate and checkpoint that any peer holds."""
    for step in (_open, _enter_epochs, _grow, _publish):
        _each(peers, partial(step, node))


def _each(peers: Iterable[Peer], act: Callable[[Peer], None]) -> None:
    for peer in peers:
        try:
            act(peer)
        except HallmarkError as error:
            _log.info("nothing from %s: %s", peer.name, error)
        except Exception:  # noqa: BLE001 - whatever one peer sends, the others are still to be asked
            _log.exception("nothing from %s", peer.name)


def _open(node: Node, peer: Peer) -> None:
    """Take from a peer that witnessed it what this node was offered and cannot open; then it can witness it too."""
    if head := node.unopened:
        for pairs, _ in _chunks(node, peer, head)(node.state.tree.size):
            node.take(pairs)
        node.unopened = None


def _enter_epochs(node: Node, peer: Peer) -> None:
    for start in peer.starts(node.state.epoch):
        ceremony.enter(node, start, _chunks(node, peer, start.ballot.record.base))


def _grow(node: Node, peer: Peer) -> None:
    if wanted := node.wanted:
        ceremony.hold(node, wanted, _chunks(node, peer, wanted))
        node.wanted = None
    note = _newer(node, peer, CERTIFICATE, node.state.mirrored.size)
    if note is None:
        return
    certified = finality.certify(note, node.state.record, node.state.constitution).checkpoint
    head = Head.of(certified)
    if node.state.attempt:
        ceremony.hold(node, head, _chunks(node, peer, head))
        return
    if node.state.tree.size < certified.size:
        for pairs, proof in _chunks(node, peer, head)(node.state.tree.size):
            node.follow(pairs, proof, certified)
    node.accept(note)


def _publish(node: Node, peer: Peer) -> None:
    if note := _newer(node, peer, CHECKPOINT, node.published):
        node.finish(note)


def _newer(node: Node, peer: Peer, name: str, size: int) -> Note | None:
    note = peer.note(name)
    if note is None:
        return None
    checkpoint = Checkpoint.parse(note.text)
    return note if checkpoint.origin == node.state.origin and checkpoint.size > size else None


def _chunks(node: Node, peer: Peer, head: Head) -> Callable[[int], Iterator[tuple[list[Pair], list[bytes]]]]:
    """Return what yields the entries of `peer` from a position up to `head`."""

    def pull(start: int) -> Iterator[tuple[list[Pair], list[bytes]]]:
        end = monotonic() + _PATIENCE
        while start < head.size:
            content = protocol.encode_wanted(start, head.size, node.store.vault.public if node.store.vault else b"")
            message = Message(node.name, peer.name, protocol.WANTED, node.seconds, content)
            pairs, proof = peer.chunk(message.signed(node.signers.witness))
            if not pairs:
                raise NotReached(node=peer.name, why=Text("它未发来条目", "it sent no entries"))
            start += len(pairs)
            yield pairs, proof
            if start < head.size and monotonic() > end:
                raise NotReached(node=peer.name, why=Text("它太慢，改问其他成员", "it is slow, and others are asked"))

    return pull
