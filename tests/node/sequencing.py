"""A sequencer as a process of its own: it lets a simulated market go on, and writes down what became final.

    python sequencing.py <folder> <batches> <cases in a batch>

`<folder>` has `constitution`, `peers`, `keys/sequencer.pem`; the store is there too, so that a killed one goes on. Each
line of `acknowledged` is the size and the root of a head, and the seconds it took; it is on the disk before the next
batch.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark import schemes
from hallmark.consortium import finality
from hallmark.consortium.constitution import Constitution
from hallmark.node import folder, reading
from hallmark.node.errors import NotFinal
from hallmark.node.sequencer import Sequencer
from hallmark.node.store import Store
from hallmark.scheme import loader
from hallmark.statement import disclosure, envelope
from world.cast import org
from world.market import Market


def now() -> int:
    return time.time_ns() // 1_000_000


def resume(store: Store) -> Market:
    """Return the market as the entries in the store left it."""
    market = Market(loader.load(schemes.read("cfp")), "CFP-01")
    with store.lock:
        for entry, hidden in store.pairs(0, store.tree.size):
            market.admit(envelope.parse(entry), disclosure.decode(hidden))
    market._salts = secrets.randbits(62)
    market._cases = sum(1 for _ in market.state.scan("case/"))
    return market


def tell(market: Market) -> None:
    """Let the operator tell the real time."""
    market.clock = max(now(), market.clock + 1)
    market.submit("time.told", "operator", org("operator"), {"utc_ms": market.clock})


def main(path: Path, batches: int, cases: int) -> None:
    """Make up to so many batches final, of so many planned cases each."""
    store = Store(path / "sequencer.sqlite")
    constitution = Constitution.parse((path / "constitution").read_bytes())
    peers = folder.peers(path, "")
    epoch = reading.present_epoch(peers, constitution)
    sequencer = Sequencer(store, folder.read_key(path / "keys" / "sequencer.pem"), epoch, peers, now)
    market = resume(store)
    stored = len(market.ledger)
    if not stored:
        market.clock = now() - 600_000
        market.open()
    for _ in range(batches):
        tell(market)
        for _ in range(cases):
            market.planned()
        batch = [(encoded, disclosure.encode(disclosures)) for encoded, disclosures in market.ledger[stored:]]
        stored, started = len(market.ledger), time.monotonic()
        try:
            note = sequencer.append(batch, patience=20)
        except NotFinal as error:
            sys.stdout.write(f"{error}\n")
            sys.stdout.flush()
            continue
        head = finality.check_final(note, *epoch).checkpoint
        with (path / "acknowledged").open("a") as file:
            file.write(f"{head.size} {head.root.hex()} {time.monotonic() - started:.4f} {len(batch)}\n")
            file.flush()
            os.fsync(file.fileno())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
