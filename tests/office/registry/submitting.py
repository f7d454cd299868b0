"""An office as a process of its own, over whichever database its settings name.

    python submitting.py found            opens the ledger; prints the ids of four members to be, and the log's key
    python submitting.py submit <folder>  founds the consortium whose start is in `<folder>/start`, and then submits

Each line of `<folder>/acknowledged` is an instant in seconds, an index and the digest of the statement that was
acknowledged there; it is on the disk before the next one is sent. It ends when there is a file `<folder>/stop`.

    python submitting.py check            replays the ledger; prints its root and the digests of all entries
"""
# ruff: noqa: E402, T201 - models exist only after set-up; what is printed is the answer

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.server.serve import set_up

set_up()

from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from hallmark.consortium.epoch import Start
from hallmark.kernel.errors import Unavailable
from hallmark.office.accounts import queries as accounts
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import check, enrolment, finality, queries, sequencer, services
from hallmark.office.registry.models import Entry, Ordered
from hallmark.rules.admission import AdmittedBefore
from hallmark.statement import envelope
from hallmark.statement.kind import Role
from office.registry import founding

THREADS = 3
Result = TypeVar("Result")


def found() -> dict:
    call_command("migrate", verbosity=0)
    olga = founding.found()
    names = [queries.record("ledger")["operator"], accounts.organisations(Role.OWNER)[0].id]
    names += founding.register(olga, {"northern": Role.BODY, "meridian": Role.LABORATORY}).values()
    return {"names": names, "log": keys().get_signer(sequencer.LOG_KEY).public.material.hex()}


def submit(folder: Path) -> None:
    enrolment.found_consortium(Start.parse((folder / "start").read_bytes()))
    order = Lock()

    def run(number: int) -> None:
        day = date(2030, 1, 1) + timedelta(days=number)
        with (folder / "acknowledged").open("a") as acknowledged:
            while not (folder / "stop").exists():
                index, digest = send(day)
                day += timedelta(days=THREADS)
                with order:
                    acknowledged.write(f"{time.time()} {index} {digest.hex()}\n")
                    acknowledged.flush()
                    os.fsync(acknowledged.fileno())
        connection.close()

    threads = [Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def send(day: date) -> tuple[int, bytes]:
    """Submit one statement as often as it takes, as a client does, and return its index and digest."""
    body = insist(lambda: accounts.organisations(Role.BODY)[0].id)
    claims = {"interest_in": body, "nature": "other", "from": "2026-01-01", "until": day.isoformat()}
    statement = insist(lambda: services.issue("interest.declared", body, body, claims))
    digest = envelope.parse(statement[0]).digest

    def append() -> int:
        try:
            return services.append([statement])[0]
        except AdmittedBefore:  # an answer was lost: it is acknowledged when it is final
            finality.offer()
            return Entry.objects.get(digest=digest).index

    return insist(append), digest


def insist(act: Callable[[], Result]) -> Result:
    while True:
        try:
            return act()
        except (Unavailable, DatabaseError, InterfaceError, Entry.DoesNotExist) as error:
            cause = error.__cause__ or error
            print(f"{time.time():.2f} {type(error).__name__}: {str(cause)[:150]!r}", flush=True)
            close_old_connections()  # as between requests
            time.sleep(0.1)


def replayed() -> dict:
    finality.offer()
    done = check.replay()
    digests = [bytes(digest).hex() for digest in Entry.objects.order_by("index").values_list("digest", flat=True)]
    waiting = Ordered.objects.count()
    return {"root": done.root.hex(), "digests": digests, "waiting": waiting, "note": queries.checkpoint().text}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["found"]:
            print(json.dumps(found()))
        case ["submit", folder]:
            submit(Path(folder))
        case ["check"]:
            print(json.dumps(replayed()))
