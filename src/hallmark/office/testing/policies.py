"""Who tests: the laboratory planned for the case."""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Act, Actor, may
from hallmark.office.testing.errors import NoSuchRun
from hallmark.office.testing.models import TestRun

TEST = Act(Text("进行检测", "carry out the test"), frozenset({"tester", "authorised_signatory", "manager"}))


def may_test(actor: Actor, laboratory: str) -> None:
    """Raise as `may` unless the actor tests for this laboratory."""
    may(actor, TEST, laboratory)


def may_see(actor: Actor, run: str) -> TestRun:
    """Return the run; raises `NoSuchRun` unless it is of one of the actor's laboratories."""
    found = TestRun.objects.filter(pk=run, laboratory__in=actor.organisations).first()
    if found is None:
        raise NoSuchRun(run=run)
    return found
