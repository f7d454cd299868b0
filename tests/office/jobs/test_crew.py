"""Three worker processes on one database, one of them killed while it holds a lease."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hallmark.office.jobs import clock, services
from hallmark.office.jobs.models import Deadline, Job, Outcome

JOBS = 60
PATIENCE_S = 120  # three processes start on whatever else the machine does


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def test_every_job_is_done_and_its_effect_recorded_once_though_a_worker_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    now = clock.now()
    hung = services.enqueue("hang once", {}, at=now)
    slow = services.enqueue("slowly", {}, at=now)
    for number in range(JOBS):
        services.enqueue("effect", {"number": number}, at=now)
    note = tmp_path / "pid"
    crew = [
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker_process.py")), str(note)],
            env=os.environ | {"HALLMARK_DATABASE_URL": database_url},
        )
        for _ in range(3)
    ]
    try:
        wait_until(lambda: note.exists() and note.read_text() != "")
        victim = int(note.read_text())
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: not Job.objects.filter(outcome=Outcome.OPEN).exists())
    finally:
        for worker in crew:
            worker.terminate()
        codes = sorted(worker.wait(PATIENCE_S) for worker in crew)

    assert codes == [-signal.SIGKILL, 0, 0]
    assert set(Job.objects.values_list("outcome", flat=True)) == {Outcome.DONE}
    effects = Counter(Deadline.objects.filter(kind="effect").values_list("subject", flat=True))
    assert len(effects) == JOBS + 2
    assert set(effects.values()) == {1}
    attempts = dict(Job.objects.values_list("pk", "attempts"))
    assert attempts[hung.pk] == 2, "the killed worker's job was taken again"
    assert attempts[slow.pk] == 1, "the heartbeat kept the slow job's lease"
    assert Job.objects.get(pk=hung.pk).result != {"pid": victim}
