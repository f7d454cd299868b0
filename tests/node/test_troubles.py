"""Real processes in trouble: cut wires, slow disks, wrong clocks, two sequencers. Each run prints what was seen."""

from __future__ import annotations

import shutil
import sys
import time

import pytest

from hallmark.consortium import finality
from hallmark.consortium.epoch import Record
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint
from node.network import NAMES, eventually
from node.processes import Processes

pytestmark = pytest.mark.long
LOAD = (10**6, 4)  # batches, cases in a batch


@pytest.fixture
def processes(tmp_path):
    """Seven nodes on wires, and a sequencer under load that has made heads final."""
    with Processes(tmp_path, wired=True) as processes:
        for name in NAMES:
            processes.start(name)
        processes.start("sequencer", *LOAD)
        eventually(lambda: len(processes.acknowledged()) > 2, 60)
        yield processes


@pytest.fixture
def tell(capsys):
    def tell(words):
        with capsys.disabled():
            sys.stdout.write(f"\n{words}\n")

    return tell


def heads(processes, seconds):
    """Return how many heads become final in so many seconds, and how long one took, in the middle."""
    before = len(processes.acknowledged())
    time.sleep(seconds)
    fresh = processes.acknowledged()[before:]
    times = sorted(took for _, _, took, _ in fresh)
    return len(fresh), times[len(times) // 2] if times else None


def published(processes, name):
    peer = processes.peer(name)
    try:
        note = peer.note("checkpoint")
        finality.check_final(note, Record.first(processes.first), processes.first)
        return Checkpoint.parse(note.text).size
    except (HallmarkError, AttributeError):
        return 0
    finally:
        peer.close()


def all_catch_up(processes):
    size = processes.acknowledged()[-1][0]
    eventually(lambda: all(published(processes, name) >= size for name in NAMES), 60)


def test_two_nodes_cut_off_stop_nothing_and_catch_up(processes, tell):
    processes.cut(*NAMES[:2])
    count, took = heads(processes, 10)
    assert count > 2
    behind = published(processes, NAMES[0])
    assert behind < processes.acknowledged()[-1][0]
    processes.mend()
    all_catch_up(processes)
    tell(f"two of seven cut off for 10 s: {count} heads final meanwhile, p50 {took:.2f} s; both caught up")


def test_without_a_quorum_on_one_side_nothing_becomes_final_and_afterwards_it_goes_on(processes, tell):
    processes.cut(*NAMES[:3])
    time.sleep(1)  # what was on its way
    count, _ = heads(processes, 8)
    assert count == 0
    acknowledged = processes.acknowledged()
    began = time.monotonic()
    processes.mend()
    eventually(lambda: len(processes.acknowledged()) > len(acknowledged), 60)
    waited = time.monotonic() - began
    all_catch_up(processes)
    assert processes.acknowledged()[: len(acknowledged)] == acknowledged
    tell(f"three of seven cut off for 9 s: nothing final; {waited:.1f} s after the wires were mended it went on")


def test_two_slow_disks_keep_nobody_waiting(processes, tell):
    _, before = heads(processes, 8)
    for name in NAMES[:2]:
        processes.trouble(name, late=1.0)
    count, took = heads(processes, 12)
    assert count > 2
    assert took < before + 1.0
    for name in NAMES[:2]:
        processes.trouble(name)
    all_catch_up(processes)
    tell(f"two of seven disks 1 s slower a commit: p50 {before:.2f} s before, {took:.2f} s with them, {count} heads")


def test_wrong_clocks_withhold_signatures_and_right_ones_give_them_again(processes, tell):
    for name in NAMES[:2]:
        processes.trouble(name, ahead=3600)
    time.sleep(1)
    two, _ = heads(processes, 8)
    processes.trouble(NAMES[2], ahead=-3600)
    time.sleep(1)
    three, _ = heads(processes, 8)
    for name in NAMES[:3]:
        processes.trouble(name)
    began, before = time.monotonic(), len(processes.acknowledged())
    eventually(lambda: len(processes.acknowledged()) > before, 60)
    waited = time.monotonic() - began
    all_catch_up(processes)
    assert two > 2
    assert three == 0
    tell(f"two clocks an hour ahead: {two} heads in 8 s; with a third behind: {three}; {waited:.1f} s later it went on")


def test_a_second_sequencer_with_an_old_copy_makes_nothing_final_and_leaves_proof(processes, tell):
    folder = processes.folder
    processes.kill("sequencer")
    shutil.copytree(folder / "sequencer", folder / "second")
    (folder / "second" / "acknowledged").unlink()
    processes.start("sequencer", *LOAD)
    before = len(processes.acknowledged())
    eventually(lambda: len(processes.acknowledged()) > before + 2, 60)
    processes.start("second", *LOAD)
    refused = folder / "second" / "log"
    eventually(lambda: "two-heads" in refused.read_text(), 60)
    count, _ = heads(processes, 6)
    processes.kill("second")
    assert not processes.acknowledged("second")
    assert count > 0
    proven = 0
    for name in NAMES:
        peer = processes.peer(name)
        for first, second in peer.forks():
            heads_shown = [Checkpoint.parse(note.text) for note in (first, second)]
            for note in (first, second):
                note.verify([finality.log_key(Record.first(processes.first), processes.first)])
            assert heads_shown[0].size == heads_shown[1].size
            assert heads_shown[0].root != heads_shown[1].root
            proven += 1
        peer.close()
    assert proven > 0
    all_catch_up(processes)
    tell(f"a second sequencer on an old copy: nothing of it final, {proven} proofs of its lies; {count} of the first")
