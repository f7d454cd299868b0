"""What it costs a member to follow a ledger from its first entry, and what it then keeps, at growing sizes.

One member holds the ledger and serves it from another process; the other begins with an empty store, fetches over HTTP,
checks every entry by all rules and writes each batch in one durable transaction. A fifth of the entries are what
products go through from application to certificate, under the signatures of several people; the rest are small
statements under one signature each. CPU is that of the member who catches up, wall clock includes the disk and the wait
for the other.

A cost per entry that grows with the size of the ledger would stand in the rows that come again at each size.

    python3 run.py bench catch_up --entries 1000000     10,000, 100,000 and then so many; 100,000 without it
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count, islice
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

from measure import Row, best, show

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "node"))

from network import constitution, log_key, signers

from hallmark.consortium import finality
from hallmark.consortium.finality import ARCHIVE, MIRROR, WITNESS
from hallmark.ledger import cosignature, note
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.node import follow
from hallmark.node.client import Peer
from hallmark.node.node import Node, Setting
from hallmark.node.service import Service
from hallmark.node.store import Pair, Store
from hallmark.statement import disclosure, envelope
from office import SCHEME, Market
from world.cast import key, org, person
from world.ledger import START

SIZES = (10_000, 100_000)
SMALL_A_PRODUCT = 60
BATCH = 1_000
LOOKUPS = 500


class Busy(Market):
    """A market whose products travel side by side, not one after the other."""

    def pass_time(self, days: float = 0, seconds: int = 60) -> None:  # noqa: ARG002 - the form of the base
        super().pass_time(seconds=seconds)


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=SIZES[-1])
    entries = parser.parse_args().entries
    for size in sorted({*(each for each in SIZES if each < entries), entries}):
        with tempfile.TemporaryDirectory(prefix="hallmark-bench-") as folder:
            show(f"a member catches up with {size:,} entries", rows(Path(folder), size))


def rows(folder: Path, size: int) -> Iterator[Row]:
    """Yield what the ledger of `size` entries costs its holder and who catches up."""
    holder, spent = hold(folder / "a.sqlite", size)
    yield Row("hold: leaves, tiles, SQLite", size / spent)
    yield Row("prove what a batch begins", best(lambda: holder.store.log.prove_consistency(size // 2 + 1)) * 1e6, "us")
    holder.store.close()
    ours, theirs = Pipe()
    server = Process(target=serve, args=(folder / "a.sqlite", theirs), daemon=True)
    server.start()
    node = open_node("b", folder / "b.sqlite")
    with closing(Peer("a", ours.recv(), timeout=60)) as peer:
        wall, spent = time.perf_counter(), time.process_time()
        follow.catch_up(node, [peer])
        wall, spent = time.perf_counter() - wall, time.process_time() - spent
    server.terminate()
    server.join()
    assert node.published == node.state.tree.size == size
    yield Row("catch up, entries, wall clock", size / wall)
    yield Row("catch up, entries", size / spent)
    yield Row("catch up, an entry", spent / size * 1e6, "us")
    yield from kept(node, folder / "b.sqlite", size)


def hold(path: Path, size: int) -> tuple[Node, float]:
    """Return the node "a" with a ledger of `size` final entries, and the CPU seconds that storing them took."""
    node, spent = open_node("a", path), 0.0
    entries = islice(ledger(), size)
    while batch := [*islice(entries, BATCH)]:
        begin = time.process_time()
        with node.store.transaction():
            for entry, hidden in batch:
                node.store.append(entry, hidden, {})  # who asks for entries sees no records
        spent += time.process_time() - begin
    with node.turn():
        node.keep(replace(node.state, tree=node.store.tree))
    checkpoint = Checkpoint(node.state.origin, size, node.store.tree.root)
    node.accept(signed(checkpoint, WITNESS))
    node.finish(signed(checkpoint, MIRROR, ARCHIVE))
    return node, spent


def ledger() -> Iterator[Pair]:
    """Yield entries without end."""
    market = Busy(SCHEME, "CFP-01").open()
    holders = count()
    while True:
        market.certified()
        for entry, disclosures in market.ledger:
            yield entry, disclosure.encode(disclosures)
        market.ledger.clear()
        for number in islice(holders, SMALL_A_PRODUCT):
            claims = {"interest_in": org("bank"), "nature": "other", "from": "2026-01-01"}
            draft, disclosures = market.draft("interest.declared", "operator", person(f"holder {number}"), claims)
            yield envelope.sign(draft, (), key("operator")), disclosure.encode(disclosures)


def signed(checkpoint: Checkpoint, *purposes: str) -> Note:
    """Return the checkpoint under the sequencer's key and all members' of these purposes."""
    agreed = constitution()
    lines = [note.sign(checkpoint.text, checkpoint.origin, log_key())]
    for purpose in purposes:
        for seat in agreed.members:
            name = finality.cosigner(agreed, seat, purpose).name
            lines.append(cosignature.sign(checkpoint, name, getattr(signers(seat.name), purpose), START // 1000))
    return Note(checkpoint.text, tuple(lines))


def open_node(name: str, path: Path) -> Node:
    """Return a node over the store at `path` that signs."""
    node = Node(name, Store(path), signers(name), constitution(), Setting(lambda: START, {SCHEME.digest: SCHEME}))
    with node.turn():
        node.keep(replace(node.state, awake=True))
    return node


def serve(path: Path, ready: Connection) -> None:
    """Serve the node "a" until the process ends."""
    service = Service(open_node("a", path), ("127.0.0.1", 0))
    ready.send(service.url)
    service.serve_forever()


def kept(node: Node, path: Path, size: int) -> Iterator[Row]:
    """Yield what the caught-up node keeps, and what it costs to read."""
    database = node.store._database  # noqa: SLF001 - to see how a record is found, and which there are
    keys = [found for (found,) in database.execute("SELECT DISTINCT key FROM record WHERE key LIKE 'interest/%'")]
    wanted = random.Random(1).sample(keys, LOOKUPS)  # noqa: S311 - the same work in every run, not a secret
    yield Row("a record as of long ago", _each(lambda found: node.store.record(found, size - 1), wanted), "us")
    yield Row("a record that there is not", _each(lambda found: node.store.record(found + "?", size - 1), wanted), "us")
    yield Row("prove what a batch begins", best(lambda: node.store.log.prove_consistency(size // 2 + 1)) * 1e6, "us")
    node.store.close()
    yield Row("on disk, an entry", path.stat().st_size / size, "B")
    begin = time.perf_counter()
    node = open_node("b", path)
    yield Row("open the store and its node, wall clock", (time.perf_counter() - begin) * 1e3, "ms")
    node.store.close()


def _each(read: Callable[[str], object], wanted: Sequence[str]) -> float:
    return best(lambda: [read(each) for each in wanted]) / len(wanted) * 1e6


if __name__ == "__main__":
    main()
