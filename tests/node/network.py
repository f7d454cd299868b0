"""A consortium of seven on loopback, in threads of one process; nodes stop, restart, and lose their stores."""

from __future__ import annotations

import shutil
import time
from functools import cache
from hashlib import sha256
from threading import Thread

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hallmark.consortium.constitution import Constitution, Member
from hallmark.consortium.epoch import Ballot, Record, Start
from hallmark.kernel import keys
from hallmark.kernel.keys import SoftwareSigner
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.note import Note, sign
from hallmark.ledger.tree import Tree
from hallmark.node import follow
from hallmark.node.client import Peer
from hallmark.node.node import Node, Setting, Signers
from hallmark.node.protocol import SEQUENCER, Message, Offer, encode_entries
from hallmark.node.sequencer import Sequencer
from hallmark.node.service import Service
from hallmark.node.store import Store
from hallmark.node.vault import Vault
from hallmark.statement import envelope, sealing
from world.ledger import START

LEDGER = "ledger.example/simulated"
NAMES = "abcdefg"


@cache
def signers(name: str, generation: int = 1) -> Signers:
    """Return a member's keys; the same every time."""

    def key(purpose: str, algorithm: int = keys.ED25519) -> SoftwareSigner:
        return SoftwareSigner.from_seed(sha256(f"{name} {generation} {purpose}".encode()).digest(), algorithm)

    return Signers(key("w"), key("m"), key("a", keys.ML_DSA_44))


def vault(name: str, generation: int = 1) -> Vault:
    """Return a member's sealing key; the same every time."""
    seed = sha256(f"{name} {generation} sealing".encode()).digest()
    return Vault(name, X25519PrivateKey.from_private_bytes(seed))


def seat(name: str, generation: int = 1) -> Member:
    own = signers(name, generation)
    return Member(name, f"family-{name}", own.witness.public, own.mirror.public, own.archive.public)


def founded(first: Constitution) -> Start:
    """Return the start of the first epoch, with the commits of all its members."""
    ballot = Ballot(1, Record.first(first))
    message = ballot.commit_message
    commits = {name: (signers(name).mirror.sign(message), signers(name).archive.sign(message)) for name in first.names}
    return Start(ballot, first, commits)


@cache
def log_key() -> SoftwareSigner:
    return SoftwareSigner.from_seed(b"log".ljust(32, b"."))


def constitution(names: str = NAMES) -> Constitution:
    return Constitution(LEDGER, tuple(map(seat, names)), log_key().public, bytes(32), (b"c" * 32,), 1)


def pairs_of(ledger):
    """Return a market's ledger as a node takes it."""
    return [(encoded, sealing.write(beside)) for encoded, beside in ledger]


def told(ledger) -> int:
    """Return the last time that a market's ledger tells, ms since 1970 UTC."""
    times = [
        statement.draft.public["utc_ms"]
        for statement in (envelope.parse(encoded) for encoded, _ in ledger)
        if statement.draft.kind.name == "time.told"
    ]
    return times[-1] if times else START


class Network:
    def __init__(self, folder, scheme, names=NAMES, agreed=None, first=None, clock=None):
        self.folder = folder
        self.names = names
        self.now = START
        more = {} if agreed is None else {"agreed": agreed}
        self.setting = Setting(clock or (lambda: self.now), {scheme.digest: scheme}, **more)
        self.first = first or constitution(names)
        self.epoch = (Record.first(self.first), self.first)
        self.nodes: dict[str, Node] = {}
        self.services: dict[str, Service] = {}
        self.ports: dict[str, int] = {}
        self._peers: list[Peer] = []

    def __enter__(self):
        for name in self.names:
            self.start(name)
        self.store = Store(self.folder / "sequencer.sqlite")
        self.resume()
        return self

    def __exit__(self, *_):
        self.sequencer.close()
        for name in [*self.services]:
            self.stop(name)
        self.store.close()
        for peer in self._peers:
            peer.close()

    def resume(self, signer: SoftwareSigner | None = None) -> None:
        """Start a sequencer over its store, for the nodes there are."""
        self.sequencer = Sequencer(self.store, signer or log_key(), self.epoch, self.peers(), lambda: self.now)

    def start(self, name: str) -> Node:
        """Start a node over its store, on its port."""
        node = Node(name, Store(self.path(name), vault(name)), signers(name), self.first, self.setting)
        service = Service(node, ("127.0.0.1", self.ports.get(name, 0)))
        self.ports[name] = service.server_address[1]
        Thread(target=service.serve_forever, args=(0.02,), daemon=True).start()
        self.nodes[name], self.services[name] = node, service
        return node

    def stop(self, *names: str) -> None:
        for name in names:
            service = self.services.pop(name)
            service.shutdown()
            service.server_close()
            with self.nodes[name].store.lock:
                self.nodes.pop(name).store.close()

    def path(self, name: str):
        return self.folder / f"{name}.sqlite"

    def copy(self, name: str) -> None:
        """Keep a copy of a stopped node's store."""
        shutil.copy(self.path(name), self.folder / f"{name}.copy")

    def roll_back(self, name: str) -> None:
        """Put the copy back."""
        self.path(name).unlink()
        shutil.copy(self.folder / f"{name}.copy", self.path(name))

    def peer(self, name: str) -> Peer:
        peer = Peer(name, f"http://127.0.0.1:{self.ports[name]}")
        self._peers.append(peer)
        return peer

    def peers(self, but: str = "") -> list[Peer]:
        return [self.peer(name) for name in self.names if name != but]

    def wake(self, *names: str) -> None:
        for name in names or self.nodes:
            follow.wake(self.nodes[name], self.peers(name))

    def catch_up(self, name: str) -> None:
        follow.catch_up(self.nodes[name], self.peers(name))

    def append(self, ledger, patience: float = 20):
        """Let part of a market's ledger become final, at the time it tells."""
        self.now = max(self.now, told(ledger))
        return self.sequencer.append(pairs_of(ledger), patience)

    @property
    def origin(self) -> str:
        """The origin of the present epoch's checkpoints."""
        record, constitution = self.epoch
        return constitution.origin(record.epoch)

    def sizes(self):
        return {name: node.state.tree.size for name, node in self.nodes.items()}


def eventually(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.02)


def head_over(network, entries):
    """Return the sequencer's note over `entries`, whatever it signed before."""
    tree = Frontier().extend(map(leaf_hash, entries))
    checkpoint = Checkpoint(network.origin, tree.size, tree.root)
    return Note(checkpoint.text, (sign(checkpoint.text, checkpoint.origin, log_key()),))


def offer(network, name, ledger, old):
    """Hand a node the entries of `ledger` from `old` on, and a head over all, as any sequencer could."""
    pairs = pairs_of(ledger)
    message = Message(SEQUENCER, name, "entries", network.now // 1000, encode_entries(old, pairs[old:]))
    network.peer(name).hand_in(message.signed(log_key()))
    entries = [entry for entry, _ in pairs]
    proof = tuple(Tree(map(leaf_hash, entries)).prove_consistency(old)) if old else ()
    return network.peer(name).witness(Offer(old, proof, head_over(network, entries)))
