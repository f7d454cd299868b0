"""Real processes under load: nodes and the sequencer are killed at random, and a liar offers what rules forbid."""

from __future__ import annotations

import random
import sys
import time

import pytest

from hallmark import schemes
from hallmark.consortium import finality
from hallmark.consortium.epoch import Record
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.note import Note, sign
from hallmark.ledger.tree import Tree
from hallmark.node.errors import NotReached
from hallmark.node.protocol import SEQUENCER, Message, Offer, encode_entries, encode_wanted
from hallmark.node.store import Store
from hallmark.rules.admission import admit
from hallmark.rules.state import MemoryState
from hallmark.scheme import loader
from hallmark.statement import disclosure, envelope
from node.network import NAMES, eventually, log_key, signers
from node.processes import Processes
from world.cast import org
from world.market import Market

SECONDS = 60


def lie(processes, name, statement):
    """Offer a node a head over its entries and one more that the rules forbid, under the sequencer's own key."""
    peer = processes.peer(name)
    try:
        note = peer.note("certificate")
        if note is None:
            return None
        size = Checkpoint.parse(note.text).size
        entries = []
        while len(entries) < size:
            content = encode_wanted(len(entries), size)
            wanted = Message("a", name, "wanted", int(time.time()), content).signed(signers("a").witness)
            entries += [entry for entry, _ in peer.chunk(wanted)[0]]
        handed = Message(SEQUENCER, name, "entries", int(time.time()), encode_entries(size, [(statement, b"\x80")]))
        peer.hand_in(handed.signed(log_key()))
        tree = Tree(map(leaf_hash, [*entries, statement]))
        checkpoint = Checkpoint(processes.first.origin(1), size + 1, tree.root())
        head = Note(checkpoint.text, (sign(checkpoint.text, checkpoint.origin, log_key()),))
        peer.witness(Offer(size, tuple(tree.prove_consistency(size)), head))
    except HallmarkError as error:
        return str(error.facts.get("code", error.code))
    finally:
        peer.close()
    raise AssertionError("a node signed what the rules forbid")


LOAD = (10**6, 4)  # batches, cases in a batch
BOOT = 3.0  # seconds after which a node that was started again counts as up


class Trouble:
    """Kills and starts processes at random, so that two nodes at most are away at once, and lies in between."""

    def __init__(self, processes, forbidden):
        self.processes, self.forbidden = processes, forbidden
        self.dice = random.Random(7)
        self.kills = dict.fromkeys([*NAMES, "sequencer"], 0)
        self.refusals = {}
        self._down, self._booting = {}, {}

    def start(self, *names):
        for name in names:
            self.processes.start(name, *(LOAD if name == "sequencer" else ()))
            self._booting[name] = time.monotonic() + BOOT

    def go_on(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self.dice.uniform(0.2, 0.8))
            now = time.monotonic()
            back = [name for name, until in self._down.items() if until < now]
            self._down = {name: until for name, until in self._down.items() if until >= now}
            self.start(*back)
            away = {*self._down, *(name for name, until in self._booting.items() if until >= now)}
            victim = self.dice.choice([*NAMES, "sequencer"])
            if victim not in away and (victim == "sequencer" or len(away - {"sequencer"}) < 2):
                self.processes.kill(victim)
                self.kills[victim] += 1
                self._down[victim] = now + self.dice.uniform(0.2, 2.0)
            if self.dice.random() < 0.3 and (code := lie(self.processes, self.dice.choice(NAMES), self.forbidden)):
                self.refusals[code] = self.refusals.get(code, 0) + 1
        self.start(*self._down)


@pytest.mark.long
def test_nothing_acknowledged_is_lost_and_nothing_invalid_becomes_final(tmp_path, capsys):
    scheme = loader.load(schemes.read("cfp"))
    market = Market(scheme, "CFP-01")
    forbidden, _ = market.prepare("time.told", "operator", org("operator"), {"utc_ms": 1})
    with Processes(tmp_path) as processes:
        trouble = Trouble(processes, forbidden.encoded)
        trouble.start(*NAMES, "sequencer")
        trouble.go_on(SECONDS)
        settled = processes.acknowledged()[-1][0]
        eventually(lambda: processes.acknowledged()[-1][0] > settled, 60)
        processes.kill("sequencer")
        acknowledged = processes.acknowledged()
        last = acknowledged[-1][0]
        eventually(lambda: all(_published(processes, name) >= last for name in NAMES), 60)
    ledgers = [_entries(tmp_path / name / "node.sqlite", last) for name in NAMES]
    assert all(ledger == ledgers[0] for ledger in ledgers)
    frontier, roots = Frontier(), {}
    state = MemoryState({scheme.digest: scheme})
    for entry, hidden in ledgers[0]:
        state.apply(admit(state, envelope.parse(entry), disclosure.decode(hidden)))
        frontier = frontier.extend([leaf_hash(entry)])
        roots[frontier.size] = frontier.root
    assert all(roots[size] == root for size, root, *_ in acknowledged)
    times = sorted(took for _, _, took, _ in acknowledged)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{SECONDS} s of trouble: {len(acknowledged)} heads acknowledged and none lost; {last} statements, all"
            f" admitted again by an independent run; killed {trouble.kills}; lies refused {trouble.refusals};"
            f" a head took p50 {times[len(times) // 2]:.2f} s, at most {times[-1]:.2f} s\n"
        )
    assert len(acknowledged) > 10
    assert sum(trouble.kills.values()) > 10
    assert trouble.refusals.get("time-not-increasing")


def _published(processes, name):
    peer = processes.peer(name)
    try:
        note = peer.note("checkpoint")
        finality.check_final(note, Record.first(processes.first), processes.first)
    except NotReached:
        return 0
    finally:
        peer.close()
    return Checkpoint.parse(note.text).size


def _entries(path, size):
    store = Store(path)
    try:
        with store.lock:
            return [*store.pairs(0, size)]
    finally:
        store.close()
