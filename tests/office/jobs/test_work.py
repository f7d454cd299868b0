"""One worker, a clock in hand, and everything that can happen to a job."""

from __future__ import annotations

import logging
import threading

import pytest
from django.db import InterfaceError, InternalError, OperationalError, transaction

from hallmark.kernel.errors import Malformed, Unavailable
from hallmark.office.jobs import queries, services
from hallmark.office.jobs.errors import LeaseLost, NoSuchJob
from hallmark.office.jobs.models import Job, Outcome
from hallmark.office.jobs.worker import LEASE_MS, Run, claim, work

pytestmark = pytest.mark.django_db
START = 1_800_000_000_000


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


def add(kind: str = "count", **fields: object) -> Job:
    return services.enqueue(kind, {"n": 1}, at=START, **fields)


def ended(job: Job) -> tuple[str, object]:
    job.refresh_from_db()
    return job.outcome, job.result


def test_a_job_is_done_and_its_result_kept(clock: Time) -> None:
    job = add()
    assert work("w", {"count": lambda run: {"seen": run.payload["n"]}}, clock, until_idle=True) == 1
    assert ended(job) == (Outcome.DONE, {"seen": 1})
    assert (job.ended_ms, job.lease_owner, job.attempts) == (START, "", 1)


def test_a_job_waits_for_its_time_and_for_a_worker_that_knows_it(clock: Time) -> None:
    services.enqueue("count", {}, at=START + 10)
    assert claim("w", {"count": work}, clock) is None
    clock.now += 10
    assert claim("w", {"another": work}, clock) is None
    assert claim("w", {}, clock) is None
    assert queries.waiting(clock()) == 1
    assert claim("w", {"count": work}, clock) is not None
    assert queries.waiting(clock()) == 0


def test_jobs_are_taken_in_the_order_of_their_times(clock: Time) -> None:
    clock.now += 100
    for late in (50, 10, 30):
        services.enqueue("count", {"n": late}, at=START + late)
    seen: list[int] = []
    work("w", {"count": lambda run: seen.append(run.payload["n"])}, clock, until_idle=True)
    assert seen == [10, 30, 50]


def test_a_job_stands_or_falls_with_the_transaction_that_adds_it() -> None:
    with transaction.atomic():
        add()
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_a_dedupe_key_works_once_even_after_the_end(clock: Time) -> None:
    first = add(dedupe="index CERT-1")
    assert add(dedupe="index CERT-1").pk == first.pk
    work("w", {"count": lambda _: None}, clock, until_idle=True)
    assert add(dedupe="index CERT-1").pk == first.pk
    services.forget(START + 1)
    assert add(dedupe="index CERT-1").pk == first.pk
    assert add().pk != add().pk


def test_a_leased_job_is_nobody_elses_until_the_lease_runs_out(clock: Time) -> None:
    add()
    handlers = {"count": lambda _: None}
    first = claim("w1", handlers, clock)
    assert first
    assert claim("w2", handlers, clock) is None
    clock.now += LEASE_MS - 1
    first.extend()
    clock.now += LEASE_MS - 1
    assert claim("w2", handlers, clock) is None
    clock.now += 1
    second = claim("w2", handlers, clock)
    assert second
    assert (second.id, second.attempt) == (first.id, 2)


def test_only_the_holder_of_the_lease_can_end_a_job_and_its_effects_go_with_it(clock: Time) -> None:
    job = add()
    handlers = {"count": lambda _: None}
    lost = claim("w", handlers, clock)
    clock.now += LEASE_MS
    held = claim("w", handlers, clock)  # the same name must not help: the attempt counts
    assert lost
    assert held
    for act in (lost.extend, lambda: lost.end(Outcome.DONE), lambda: lost.progress(1, 1)):
        with pytest.raises(LeaseLost):
            act()
    with pytest.raises(LeaseLost), lost.conclude("by the first"):
        pytest.fail("no effect is written")
    with held.conclude("by the second"):
        services.schedule("effect", "once", START)
    assert ended(job) == (Outcome.DONE, "by the second")


def test_effects_that_fail_leave_the_job_open(clock: Time) -> None:
    job = add()

    def handler(run: Run) -> None:
        with run.conclude("never"):
            services.schedule("effect", "never", START)
            raise Unavailable(what="the disk", why="it is full", next="Wait.")

    work("w", {"count": handler}, clock, until_idle=True)
    assert ended(job) == (Outcome.OPEN, None)
    assert queries.deadlines("never") == []


def test_a_failing_job_is_tried_again_later_and_later_and_then_given_up(
    clock: Time, caplog: pytest.LogCaptureFixture
) -> None:
    job = services.enqueue("count", {"name": "Alice"}, at=START, max_attempts=3)

    def handler(run: Run) -> None:
        raise ValueError(run.payload["name"])

    waits = []
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            work("w", {"count": handler}, clock, until_idle=True)
            job.refresh_from_db()
            waits.append(job.due_ms - clock.now)
            clock.now = max(clock.now, job.due_ms)
    assert waits[:2] == [1_000, 2_000]
    assert ended(job)[0] == Outcome.FAILED
    assert job.error["code"] == "handler-failed"
    assert "ValueError" in caplog.text
    assert "Alice" not in caplog.text + str(job.error), "a message may name a person"


def test_a_refusal_is_final_and_kept_in_both_languages(clock: Time) -> None:
    job = add()

    def handler(run: Run) -> None:
        raise Malformed(what="sample", why="it is empty")

    work("w", {"count": handler}, clock, until_idle=True)
    assert ended(job)[0] == Outcome.FAILED
    assert "sample" in job.error["en"]
    assert "无效" in job.error["zh"] or "不是" in job.error["zh"]


def test_a_job_whose_workers_all_die_is_given_up(clock: Time) -> None:
    job = add(max_attempts=2)
    for _ in range(2):
        assert claim("w", {"count": work}, clock)
        services.tick(clock())
        assert ended(job)[0] == Outcome.OPEN
        clock.now += LEASE_MS
    assert claim("w", {"count": work}, clock) is None
    services.tick(clock())
    assert ended(job)[0] == Outcome.FAILED
    assert job.error["code"] == "worker-lost"


def test_progress_is_kept_but_not_more_often_than_people_look(clock: Time) -> None:
    job = add()

    def handler(run: Run) -> None:
        run.progress(1, 4, "reading")
        run.progress(2, 4, "too soon to tell")
        job.refresh_from_db()
        assert job.progress == {"done": 1, "total": 4, "note": "reading"}
        clock.now += 1_000
        run.progress(3, 4)
        job.refresh_from_db()
        assert job.progress["done"] == 3

    work("w", {"count": handler}, clock, until_idle=True)
    assert ended(job)[0] == Outcome.DONE


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_step(clock: Time) -> None:
    waiting, running = add(owner="ORG-1"), add("long", owner="ORG-1")
    services.cancel(waiting.pk, ["ORG-1"], at=START)
    assert ended(waiting)[0] == Outcome.CANCELLED

    def handler(run: Run) -> None:
        run.progress(0, 2)
        services.cancel(running.pk, ["ORG-1"], at=clock())
        assert ended(running)[0] == Outcome.OPEN
        clock.now += 1_000
        run.progress(1, 2)
        pytest.fail("it went on")

    work("w", {"long": handler}, clock, until_idle=True)
    assert ended(running)[0] == Outcome.CANCELLED


def test_strangers_neither_see_nor_cancel_a_job() -> None:
    job, system = add(owner="ORG-1"), add()
    assert queries.find(job.pk, ["ORG-1", "ORG-2"]).pk == job.pk
    for organisations in (["ORG-2"], [], [""]):
        for each in (job, system):
            with pytest.raises(NoSuchJob):
                queries.find(each.pk, organisations)
            with pytest.raises(NoSuchJob):
                services.cancel(each.pk, organisations, at=START)


def test_a_deadline_becomes_a_job_when_it_is_due_and_only_once(clock: Time) -> None:
    services.schedule("certificate.expiring", "CERT-1", START + 20)
    services.schedule("certificate.expiring", "CERT-1", START + 10)
    services.schedule("certificate.expiring", "CERT-2", START + 10)
    services.withdraw("certificate.expiring", "CERT-2")
    assert queries.deadlines("CERT-1") == [("certificate.expiring", START + 10)]
    assert services.tick(START + 9) == 0
    assert services.tick(START + 10) == 1
    assert services.tick(START + 10) == 0
    services.schedule("certificate.expiring", "CERT-1", START + 10)  # projected again after a rebuild
    assert services.tick(START + 10) == 1
    (job,) = Job.objects.all()
    assert (job.kind, job.payload) == ("certificate.expiring", {"subject": "CERT-1", "due_ms": START + 10})
    services.schedule("certificate.expiring", "CERT-1", START + 30)
    services.tick(START + 30)
    assert Job.objects.count() == 2


def test_three_years_pass_in_a_moment(clock: Time) -> None:
    day = 86_400_000
    for year in (1, 2, 3):
        services.schedule(f"surveillance {year}", "CERT-1", START + year * 365 * day)
    seen: list[int] = []
    handlers = {f"surveillance {year}": lambda run: seen.append(run.payload["due_ms"]) for year in (1, 2, 3)}
    for _ in range(40):
        clock.now += 30 * day
        work("w", handlers, clock, until_idle=True)
    assert seen == [START + year * 365 * day for year in (1, 2, 3)]


def test_a_worker_stops_when_it_is_told(clock: Time) -> None:
    stop = threading.Event()
    add()
    add()
    taken = work("w", {"count": lambda _: stop.set()}, clock, stop=stop)
    assert taken == 1
    assert queries.waiting(clock()) == 1


@pytest.mark.django_db(transaction=True)  # between jobs a worker has no transaction open
def test_a_worker_outlives_a_locked_database(clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    job = add()
    tick = services.tick
    locked = [
        OperationalError("database is locked"),
        InterfaceError("connection already closed"),
        InternalError("cannot execute UPDATE in a read-only transaction"),
    ]

    def stumble(at: int) -> int:
        if locked:
            raise locked.pop()
        return tick(at)

    monkeypatch.setattr(services, "tick", stumble)
    assert work("w", {"count": lambda _: None}, clock, until_idle=True, pause_s=0) == 1
    assert ended(job)[0] == Outcome.DONE


@pytest.mark.django_db(transaction=True)  # between jobs a worker has no transaction open
def test_a_worker_outlives_an_end_that_cannot_be_recorded(clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    job = add()
    end, stumbled = Run.end, []

    def stumble(run: Run, outcome: Outcome, **changes: object) -> None:
        if len(stumbled) < 2:  # the end, and that it failed
            stumbled.append(outcome)
            raise OperationalError("database is locked")
        end(run, outcome, **changes)

    monkeypatch.setattr(Run, "end", stumble)
    assert work("w", {"count": lambda _: None}, clock, until_idle=True, pause_s=0) == 1
    assert ended(job)[0] == Outcome.OPEN
    clock.now += LEASE_MS
    assert work("w", {"count": lambda _: None}, clock, until_idle=True, pause_s=0) == 1
    assert ended(job)[0] == Outcome.DONE


def test_what_ended_long_ago_is_forgotten(clock: Time) -> None:
    add()
    work("w", {"count": lambda _: None}, clock, until_idle=True)
    kept = add()
    services.forget(START)
    assert Job.objects.count() == 2
    services.forget(START + 1)
    assert list(Job.objects.all()) == [kept]
