"""Durable append in batches of 1,000, on SQLite and on PostgreSQL, beside what the database does by itself.

Wall clock, the best batch; about 40 seconds. `entered` is what the sequencer adds: entries whose statements
were admitted, with the record that each made, committed to the disk. `published` is tiles and a signed checkpoint on
top, each file and folder flushed. `admitted` is what comes before: bytes read, one signature and the rules; its limit
is the bare rate of signatures. `appended` is all three one after the other, in one process.

Beside `entered` stand the same bytes in a table of two columns without an index, by one prepared statement and one
commit, and pymerkle's tree in SQLite, which keeps no records and knows no rules.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from measure import Row, show

import office
from world.cast import org, person

BATCH = 1_000
BATCHES = 20
ENTRY = 500
AIM = 20_000
Batch = list[tuple[int, bytes]]


def run(database: str) -> None:
    """Print the rows of one database."""
    folder = office.start(database)
    times = append_batches()
    generator = random.Random(1)  # noqa: S311 - the same work in every run, not a secret
    plain = [[(index, generator.randbytes(ENTRY)) for index in range(BATCH)] for _ in range(BATCHES)]
    entered, published = (BATCH / min(times[step]) for step in ("entered", "published"))
    both = BATCH / min(map(sum, zip(times["entered"], times["published"], strict=True)))
    rows = [
        Row("entered", entered, aim=AIM, peer="bare table", theirs=table_rate(plain)),
        Row("published", published),
        Row("entered and published", both, aim=AIM, peer="pymerkle in SQLite", theirs=pymerkle_rate(folder, plain)),
        Row("admitted", BATCH / min(times["admitted"]), peer="signatures", theirs=signature_rate()),
        Row("appended", BATCH / min(map(sum, zip(*times.values(), strict=True)))),
    ]
    show(f"durable append, {office.DATABASES[database]}, batches of {BATCH:,}, entries a second of wall clock", rows)


def append_batches() -> dict[str, list[float]]:
    """Append the batches, and return the seconds of wall clock that each step took for each."""
    from hallmark.office.registry import sequencer  # noqa: PLC0415 - Django is ready only now

    market = office.LocalMarket(office.SCHEME, "CFP-01")
    market.found()
    sequencer.append(market.ledger)
    times: dict[str, list[float]] = {"admitted": [], "entered": [], "published": []}
    for number in range(BATCHES):
        batch = statements(market, number)
        market.clock += 1_000
        kept: list[Any] = []
        with patch.object(sequencer, "enter", lambda *admitted, kept=kept: kept.extend(admitted)):
            timed(times["admitted"], lambda batch=batch: sequencer.append(batch, at=market.clock))
        _, rows, made = kept

        def enter(rows: Any = rows, made: Any = made) -> None:
            with patch.object(sequencer, "publish", lambda: None), sequencer.turn() as head:
                sequencer.enter(head, rows, made)

        timed(times["entered"], enter)
        timed(times["published"], sequencer.publish)
    return times


def statements(market: office.LocalMarket, number: int) -> list[tuple[bytes, Any]]:
    """Return a batch of signed statements, each of which makes a record of its own."""
    made = []
    for each in range(BATCH):
        claims = {"interest_in": org("bank"), "nature": "other", "from": "2026-01-01"}
        holder = person(f"holder {number} {each}")
        made.append(market.prepare("interest.declared", "operator", holder, claims))
    return [(statement.encoded, disclosures) for statement, disclosures in made]


def timed(times: list[float], work: Callable[[], object]) -> None:
    """Do `work` and note the seconds of wall clock it took."""
    begin = time.perf_counter()
    work()
    times.append(time.perf_counter() - begin)


def best_rate(batches: Iterable[Any], work: Callable[[Any], object]) -> float:
    """Return entries a second of wall clock in the best batch."""
    times: list[float] = []
    for batch in batches:
        timed(times, lambda batch=batch: work(batch))
    return BATCH / min(times)


def table_rate(batches: list[Batch]) -> float:
    """Return the rate of the database by itself, as this process has it open and as durable."""
    from django.db import connection, transaction  # noqa: PLC0415

    def insert(batch: Batch) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO peer VALUES (%s, %s)", batch)

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE peer (id bigint, entry {connection.data_types['BinaryField']})")
    return best_rate(batches, insert)


def pymerkle_rate(folder: Path, batches: list[Batch]) -> float:
    """Return the rate of pymerkle's tree in SQLite."""
    import pymerkle  # noqa: PLC0415

    tree = pymerkle.SqliteTree(str(folder / "pymerkle.sqlite3"))
    found = best_rate(batches, lambda batch: tree.append_entries([entry for _, entry in batch], chunksize=BATCH))
    tree.con.close()
    return found


def signature_rate() -> float:
    """Return Ed25519 verifications a second by the library alone."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, message = private.public_key(), bytes(ENTRY)
    signature = private.sign(message)
    return best_rate(range(BATCHES), lambda _: [public.verify(signature, message) for _ in range(BATCH)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--on"]:
        run(sys.argv[2])
    else:
        for each in sys.argv[1:] or office.DATABASES:  # each in a process of its own
            subprocess.run([sys.executable, __file__, "--on", each], check=True)
