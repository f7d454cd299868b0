"""Leases against a model: whatever order claims, delays, deaths and late finishers come in, a job ends once."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hallmark.office.jobs import services
from hallmark.office.jobs.errors import LeaseLost
from hallmark.office.jobs.models import Job, Outcome
from hallmark.office.jobs.worker import Run, claim

LEASE_MS = 100
HANDLERS = {"count": lambda _: None}


class Crew(RuleBasedStateMachine):
    """What each job's lease is by the rules, beside what the table says."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000
        self.runs: list[Run] = []
        self.attempts: dict[int, int] = {}
        self.leased_until: dict[int, int] = {}
        self.ended: dict[int, int] = {}

    @initialize()
    def begin(self) -> None:
        Job.objects.all().delete()

    @rule()
    def add(self) -> None:
        job = services.enqueue("count", {}, at=self.now, max_attempts=3)
        self.attempts[job.pk], self.leased_until[job.pk] = 0, 0

    @rule(worker=st.sampled_from(["w1", "w2"]))
    def take(self, worker: str) -> None:
        free = [
            job
            for job, attempts in self.attempts.items()
            if job not in self.ended and attempts < 3 and self.leased_until[job] <= self.now
        ]
        run = claim(worker, HANDLERS, lambda: self.now, LEASE_MS)
        assert (run.id if run else None) == min(free, default=None)
        if run:
            self.attempts[run.id] += 1
            self.leased_until[run.id] = self.now + LEASE_MS
            self.runs.append(run)

    @rule(milliseconds=st.sampled_from([1, LEASE_MS - 1, LEASE_MS]))
    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        if self.runs:
            run = data.draw(st.sampled_from(self.runs))
            if self.holds(run):
                run.extend()
                self.leased_until[run.id] = self.now + LEASE_MS
            else:
                with pytest.raises(LeaseLost):
                    run.extend()

    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        if self.runs:
            run = data.draw(st.sampled_from(self.runs))
            if self.holds(run):
                with run.conclude(run.attempt):
                    self.ended[run.id] = run.attempt
            else:
                with pytest.raises(LeaseLost), run.conclude(run.attempt):
                    pytest.fail("an effect without a lease")

    @rule()
    def tick(self) -> None:
        services.tick(self.now)
        for job, attempts in self.attempts.items():
            if attempts >= 3 and self.leased_until[job] <= self.now:
                self.ended.setdefault(job, 0)

    def holds(self, run: Run) -> bool:
        """A late worker still holds a job that nobody else has taken since."""
        return run.id not in self.ended and run.attempt == self.attempts[run.id]

    @invariant()
    def the_table_agrees(self) -> None:
        rows = Job.objects.exclude(outcome=Outcome.OPEN).values_list("pk", "outcome", "result")
        expected = {(job, "done" if by else "failed", by or None) for job, by in self.ended.items()}
        assert set(rows) == expected


@pytest.mark.django_db
def test_a_job_ends_once_whatever_happens_in_whatever_order() -> None:
    run_state_machine_as_test(Crew, settings=settings(max_examples=40, stateful_step_count=25, deadline=None))
