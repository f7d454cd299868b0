"""Real processes: a sequencer that orders everything but votes is replaced by the members, and nothing is lost."""

from __future__ import annotations

import shutil
import sys
import time

import pytest

from hallmark.consortium import finality
from hallmark.consortium.epoch import Consent
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import SoftwareSigner
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.node import reading
from hallmark.node.__main__ import main
from hallmark.node.acts import read_signatures
from hallmark.node.convening import convene
from hallmark.node.folder import write_key
from hallmark.node.store import Store
from node.network import NAMES, eventually
from node.processes import Processes

LOAD = (10**6, 4)  # batches, cases in a batch; none of its statements is a proposal or a vote


def by_hand(processes, command, names, *options, capsys):
    """Return the lines that a command prints, done by the operator of each node on its own folder."""
    capsys.readouterr()
    for name in names:
        assert main([command, "--folder", str(processes.folder / name), *map(str, options)]) == 0
    return read_signatures(capsys.readouterr().out)


def published(processes, name, epoch):
    peer = processes.peer(name)
    try:
        note = peer.note("checkpoint")
        finality.check_final(note, *epoch)
        return Checkpoint.parse(note.text).size
    except (HallmarkError, AttributeError):
        return 0
    finally:
        peer.close()


@pytest.mark.long
def test_a_sequencer_that_orders_no_vote_is_replaced_and_nothing_acknowledged_is_lost(tmp_path, capsys):
    new = SoftwareSigner.generate()
    with Processes(tmp_path) as processes:
        for name in NAMES:
            processes.start(name)
        processes.start("sequencer", *LOAD)
        eventually(lambda: len(processes.acknowledged()) > 5, 60)
        key = ("--sequencer", new.public.material.hex())
        calls = by_hand(processes, "call", "abc", "--attempt", 1, capsys=capsys)
        consent = Consent(new.public, by_hand(processes, "consent", "abcde", *key, capsys=capsys))
        peers = [processes.peer(name) for name in NAMES]
        began = time.monotonic()
        convene(peers, reading.present_epoch(peers, processes.first), 1, calls, consent)
        took = time.monotonic() - began
        epoch = reading.present_epoch(peers, processes.first)
        before = processes.acknowledged()
        eventually(lambda: all([*peer.starts(1)] for peer in peers), 60)
        home = processes.make_home("second", processes.ports)
        write_key(home / "keys" / "sequencer.pem", new)
        processes.kill("g")
        for path in (tmp_path / "g").glob("node.sqlite*"):
            shutil.copy(path, home / path.name.replace("node", "sequencer"))
        processes.start("g")
        processes.start("second", *LOAD)
        eventually(lambda: len(processes.acknowledged("second")) > 5, 120)
        replaced = time.monotonic() - began
        assert processes.acknowledged() == before, "the old one goes on, and nobody signs for it"
        assert "NotFinal" not in (tmp_path / "second" / "log").read_text()
        processes.kill("second")
        processes.kill("sequencer")
        acknowledged = [*before, *processes.acknowledged("second")]
        last = acknowledged[-1][0]
        eventually(lambda: all(published(processes, name, epoch) >= last for name in NAMES), 60)
        for peer in peers:
            peer.close()
    for name in NAMES:
        store, frontier, roots = Store(tmp_path / name / "node.sqlite"), Frontier(), {}
        for entry, _ in store.pairs(0, last):
            frontier = frontier.extend([leaf_hash(entry)])
            roots[frontier.size] = frontier.root
        store.close()
        assert all(roots[size] == root for size, root, *_ in acknowledged)
    assert epoch[0].base.size >= before[-1][0]
    with capsys.disabled():
        sys.stdout.write(
            f"\nreplaced under load: {len(before)} heads of the old sequencer acknowledged and none lost, the ceremony"
            f" took {took:.1f} s, six heads of the new one {replaced:.1f} s\n"
        )
