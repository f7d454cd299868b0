"""The leader of the office's PostgreSQL dies again and again while statements come: nothing acknowledged is lost.

PostgreSQL is replicated synchronously under Patroni, as packaging/patroni.yml has it; the office asks for the member
that takes writes. A worker runs beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark import schemes
from hallmark.consortium.constitution import Constitution
from hallmark.kernel.keys import ED25519, PublicKey
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.scheme import loader
from node.network import Network, eventually, founded, seat
from office.registry.patroni import Cluster

SUBMITTING = Path(__file__).with_name("submitting.py")
UNDISTURBED = 3  # seconds of load between two deaths


class Office:
    """The processes of one office."""

    def __init__(self, folder: Path, url: str):
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HALLMARK_")}
        self.environment = kept | {
            "HALLMARK_DATA": str(folder / "data"),
            "HALLMARK_ENVIRONMENT": "failover",
            "HALLMARK_DATABASE_URL": url,
            "HALLMARK_LOG_LEVEL": "WARNING",
        }
        self.running: list[subprocess.Popen] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
            process.wait(timeout=30)

    def ask(self, command: str) -> dict:
        done = subprocess.run(
            [sys.executable, SUBMITTING, command],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *command: object) -> subprocess.Popen:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen([sys.executable, *command], env=self.environment, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def acknowledged(self) -> list[tuple[float, int, str]]:
        """Return instant, index and digest of each statement that was acknowledged, in the order of time."""
        path = self.folder / "acknowledged"
        rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return sorted((float(at), int(index), digest) for at, index, digest in rows if digest)


@pytest.fixture
def cluster(tmp_path):
    folder = tmp_path / "cluster"
    folder.mkdir()
    with Cluster(folder) as cluster:
        eventually(cluster.whole, 60)
        yield cluster


@pytest.fixture
def office(tmp_path, cluster):
    folder = tmp_path / "office"
    folder.mkdir()
    with Office(folder, cluster.url) as office:
        yield office


@pytest.fixture
def network(tmp_path, office):
    """Four nodes, whose consortium is to be founded."""
    opened = office.ask("found")
    log = PublicKey(ED25519, bytes.fromhex(opened["log"]))
    seats = tuple(map(seat, opened["names"]))
    first = Constitution("hallmark/failover", seats, log, bytes(32), (b"c" * 32,), 1, development=True)
    nodes = office.folder / "data" / "nodes"
    nodes.mkdir(exist_ok=True)
    clock = lambda: time.time_ns() // 1_000_000  # noqa: E731
    with Network(tmp_path, loader.load(schemes.read("cfp")), opened["names"], first=first, clock=clock) as network:
        peers = "".join(f"{name} http://127.0.0.1:{port}\n" for name, port in network.ports.items())
        (nodes / "peers").write_text(peers)
        network.wake()
        (office.folder / "start").write_bytes(founded(first).encode())
        yield network


@pytest.mark.long
def test_nothing_acknowledged_is_lost_or_doubled_when_leaders_die(cluster, office, network):
    submitting = office.start(SUBMITTING, "submit", office.folder)
    worker = office.start("-m", "hallmark.cli.main", "operate", "worker")
    eventually(office.acknowledged, 30)
    for kill in (cluster.kill, cluster.kill_postgresql, cluster.kill):
        time.sleep(UNDISTURBED)
        leader, at = cluster.leader, time.time()
        kill(leader)
        eventually(lambda at=at: office.acknowledged()[-1][0] > at + 1, 60)
        tell(f"{kill.__name__}: {pause_around(office, at):.1f} s without an acknowledgement")
        if leader not in cluster.running:
            cluster.start(leader)
        eventually(cluster.whole, 60)
    standbys = {*cluster.ports} - {cluster.leader}
    for name in standbys:
        cluster.kill(name)
    time.sleep(1)
    alone = office.acknowledged()
    time.sleep(UNDISTURBED)
    assert office.acknowledged() == alone, "a leader without a standby acknowledged something"
    for name in standbys:
        cluster.start(name)
    eventually(lambda: len(office.acknowledged()) > len(alone), 60)
    assert worker.poll() is None
    (office.folder / "stop").touch()
    assert submitting.wait(timeout=60) == 0

    acknowledged, ledger = office.acknowledged(), office.ask("check")
    tell(f"{len(acknowledged)} statements acknowledged, {len(ledger['digests'])} entries")
    assert all(ledger["digests"][index] == digest for _, index, digest in acknowledged)
    assert len(set(ledger["digests"])) == len(ledger["digests"]) and not ledger["waiting"]
    assert len({index for _, index, _ in acknowledged}) == len(acknowledged) > 100
    final = Checkpoint.parse(ledger["note"])
    assert (final.size, final.root.hex()) == (len(ledger["digests"]), ledger["root"])
    for peer in network.peers():
        eventually(lambda peer=peer: Checkpoint.parse(peer.note("checkpoint").text) == final, 20)
        assert not peer.forks()


def pause_around(office: Office, at: float) -> float:
    """Return the seconds from the last acknowledgement before the longest pause after `at` to the next."""
    instants = [instant for instant, _, _ in office.acknowledged()]
    return max(later - earlier for earlier, later in pairwise(instants) if later > at)


def tell(measured: str) -> None:
    print(measured)  # noqa: T201 - shown with -s
