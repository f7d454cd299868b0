"""The seven's nodes over their folders, on loopback, with a sequencer that takes what operators' commands wrote."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Thread

from hallmark.consortium.epoch import START, Record, Start
from hallmark.node import acts, folder, follow
from hallmark.node.acts import Operator
from hallmark.node.client import Peer
from hallmark.node.node import Node, Setting
from hallmark.node.sequencer import Sequencer
from hallmark.node.service import Service
from hallmark.node.store import Store
from hallmark.statement import disclosure, envelope
from node.admission.seven import FORGER, MEMBERS, NEWCOMER, make_home, tell
from node.processes import free_ports
from world.cast import org
from world.consortium import node_key

EVERYBODY = (*MEMBERS, NEWCOMER)
HOSTS = (*EVERYBODY, FORGER)


class Ledger:
    """`market` is the same ledger in memory; what its rules refuse is not submitted."""

    def __init__(self, place: Path, market, agreed, policy, newcomer: Path | None = None):
        self.place, self.market = place, market
        self.epoch = (Record.first(agreed, START), agreed)
        self.ports = dict(zip(HOSTS, free_ports(len(HOSTS)), strict=True))
        self.running = {}
        self.opened = []
        lines = "".join(f"{org(who)} http://127.0.0.1:{port}\n" for who, port in self.ports.items())
        if newcomer:
            shutil.copytree(newcomer, self.home(NEWCOMER))
            (self.home(NEWCOMER) / "peers").write_text(lines)
        for who in ("operator", *(who for who in HOSTS if not self.home(who).exists())):
            make_home(self.home(who), who, agreed, policy, lines)

    def __enter__(self):
        self.store = Store(self.place / "sequencer.sqlite")
        self.stored = 0
        self._order(MEMBERS)
        return self

    def __exit__(self, *_):
        self.sequencer.close()
        self.store.close()
        for who in [*self.running]:
            self.stop(who)
        for peer in self.opened:
            peer.close()

    def home(self, who: str) -> Path:
        return self.place / who

    def peers(self, names) -> list[Peer]:
        peers = [Peer(org(who), f"http://127.0.0.1:{self.ports[who]}") for who in names]
        self.opened += peers
        return peers

    def start(self, who: str) -> None:
        home, scheme = self.home(who), self.market.scheme  # as `folder.open_node`, with a scheme that is read already
        setting = Setting(acts.now, {scheme.digest: scheme}, archive=folder.archive(home))
        node = Node(org(who), Store(home / "node.sqlite"), folder.signers(home), self.epoch[1], setting)
        service = Service(node, ("127.0.0.1", self.ports[who]))
        Thread(target=service.serve_forever, args=(0.02,), daemon=True).start()
        self.running[who] = (node, service)

    def stop(self, who: str) -> None:
        node, service = self.running.pop(who)
        service.shutdown()
        service.server_close()
        with node.store.lock:
            node.store.close()

    def follow(self, who: str) -> None:
        """Let a node wake, and learn what its peers hold."""
        node, peers = self.running[who][0], folder.peers(self.home(who), org(who))
        follow.wake(node, peers)
        follow.catch_up(node, peers)
        for peer in peers:
            peer.close()

    def append(self):
        """Let all that the market holds become final, at the present time."""
        tell(self.market)
        batch = [(entry, disclosure.encode(hidden)) for entry, hidden in self.market.ledger[self.stored :]]
        self.stored = len(self.market.ledger)
        return self.sequencer.append(batch, patience=60)

    def take(self, *paths: Path) -> list[bytes]:
        """Let statements from files become final, and return them."""
        statements = [path.read_bytes() for path in paths]
        for each in statements:
            self.market.admit(envelope.parse(each), ())
        self.append()
        return statements

    def act(self, who: str, act, package: Path):
        """Return what an act of who operates a node returns."""
        with Operator(self.home(who), acts.now, package) as operator:
            return act(operator)

    def enter(self, started: Path, members) -> None:
        """Go on in the epoch of an `epoch.started`, and let that be final too."""
        start = Start.parse(envelope.parse(started.read_bytes()).draft.public["start"])
        self.epoch = (start.ballot.record, start.constitution)
        self.sequencer.enter(*self.epoch)
        self.sequencer.close()
        self._order(members)
        self.take(started)

    def _order(self, members) -> None:
        signer = node_key("operator", "sequencer")
        self.sequencer = Sequencer(self.store, signer, self.epoch, self.peers(members), acts.now)
