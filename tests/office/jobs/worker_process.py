"""A worker as its own process, for the test that kills one; an effect is a row, written with the end of its job."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import django

django.setup()

from hallmark.office.jobs import clock  # noqa: E402 - models exist only after set-up
from hallmark.office.jobs.models import Deadline  # noqa: E402
from hallmark.office.jobs.worker import Run, work  # noqa: E402

LEASE_MS = 2_000  # a heartbeat may be late by most of it on a busy machine


def effect(run: Run) -> None:
    with run.conclude({"pid": os.getpid()}):
        Deadline.objects.create(kind="effect", subject=str(run.id), due_ms=os.getpid(), done=True)


def hang_once(run: Run) -> None:
    if run.attempt == 1:
        Path(sys.argv[1]).write_text(str(os.getpid()))
        time.sleep(60)
    effect(run)


def slowly(run: Run) -> None:
    """Take longer than a lease: only the heartbeat keeps the job."""
    time.sleep(2 * LEASE_MS / 1000)
    effect(run)


stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
handlers = {"effect": effect, "hang once": hang_once, "slowly": slowly}
work(str(os.getpid()), handlers, clock.now, stop=stop, lease_ms=LEASE_MS, pause_s=0.05)
