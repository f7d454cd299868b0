"""What will fall due is read from the ledger, tells people when it does, and changes nothing else."""

from __future__ import annotations

import pytest

from hallmark.kernel import instant
from hallmark.office.casework import deadlines
from hallmark.office.casework.audience import AUDIENCE
from hallmark.office.casework.deadlines import of_case, of_designation
from hallmark.office.casework.models import Notice
from hallmark.office.jobs import queries as jobs
from hallmark.office.jobs.models import Deadline, Job
from hallmark.office.jobs.worker import work
from hallmark.office.registry import projection, queries
from hallmark.office.registry.models import Entry
from hallmark.office.registry.state import DatabaseState
from hallmark.rules.edition import Edition
from hallmark.rules.state import digest_of
from hallmark.server.work import HANDLERS
from hallmark.statement.kinds import KINDS

pytestmark = pytest.mark.django_db


def due(subject):
    return dict(jobs.deadlines(subject))


def fall_due_until(at):
    """Let a worker do what is due at `at`; return the notices of deadlines, by kind."""
    work("w", HANDLERS, lambda: at, until_idle=True)
    return {notice.kind for notice in Notice.objects.filter(entry=None)}


def rows():
    return sorted(Deadline.objects.values_list("kind", "subject", "due_ms").distinct())


def test_a_new_application_waits_for_acceptance_as_long_as_the_owner_has_set(way):
    way.apply()
    assert due(way.case) == {"acceptance.overdue": way.day_starts(5 + 1)}
    way.wait(days=2).accept()
    assert due(way.case) == {}


def test_a_plan_sets_the_limits_of_both_legs_and_the_end(way):
    way.planned()
    assert due(way.case) == {
        "type_test.overdue": way.day_starts(21),
        "audit.overdue": way.day_starts(26),
        "evaluation.due": way.day_starts(40),
        "evaluation.overdue": way.day_starts(41),
    }
    planned = due(way.case)
    way.wait(days=3).test()
    assert due(way.case) == {kind: at for kind, at in planned.items() if kind != "type_test.overdue"}


def test_another_plan_moves_its_deadlines(way):
    way.planned().wait(days=2).plan(days=50)
    assert due(way.case)["evaluation.overdue"] == way.day_starts(51)
    assert due(way.case)["audit.overdue"] == way.day_starts(26)


def test_a_nonconformity_is_due_on_its_day_until_it_is_closed(way):
    way.planned().raise_nonconformity(days=30)
    assert due(f"{way.case}#1") == {
        "nonconformity.due": way.day_starts(30),
        "nonconformity.overdue": way.day_starts(31),
    }
    way.answer()
    assert due(f"{way.case}#1")
    way.close()
    assert due(f"{way.case}#1") == {}


def test_review_decision_and_certificate_follow_each_other(way):
    way.planned().test().wait(days=1).audit()
    assert due(way.case)["review.overdue"] == way.day_starts(7)
    way.wait(days=1).review()
    assert "review.overdue" not in due(way.case)
    assert due(way.case)["decision.overdue"] == way.day_starts(5)
    way.wait(days=1).decide()
    assert due(way.case) == {"issue.overdue": way.day_starts(4)}
    way.sign_off()
    assert due(way.case) == {"issue.overdue": way.day_starts(4)}
    way.issue()
    assert due(way.case) == {}


def test_what_comes_after_a_review_makes_it_wait_for_review_again(way):
    way.planned().test().audit().review().raise_nonconformity()
    assert not {"review.overdue", "decision.overdue"} & set(due(way.case))
    way.answer().wait(days=1).close()
    assert due(way.case)["review.overdue"] == way.day_starts(7)


def test_the_window_for_an_appeal_closes_and_an_appeal_has_its_own_time(way):
    way.apply().decline()
    assert due(way.case) == {"appeal.ending": way.day_starts(15), "appeal.closed": way.day_starts(16)}
    way.wait(days=3).lodge_appeal()
    assert due(way.case) == {"appeal.overdue": way.day_starts(31)}
    way.decide_appeal("upheld")
    assert due(way.case) == {"acceptance.overdue": way.day_starts(6)}


def test_a_closed_case_has_no_deadlines(way):
    way.planned().raise_nonconformity()
    claims = {"reason": "enough"}
    way.act("application.withdrawn", "alice", claims, place="lotus", applicant_representative="alice")
    assert due(way.case) == due(f"{way.case}#1") == {}


def test_a_certificate_reminds_before_it_ends(way):
    way.certified()
    ends = instant.start_of(instant.parse_date(queries.record(f"certificate/{way.number}")["valid_until"]), 480)
    live = {
        "certificate.renewable": ends - 90 * instant.DAY,
        "certificate.ending": ends - deadlines.REMINDER_DAYS * instant.DAY,
        "certificate.expired": ends + instant.DAY,
    }
    assert due(way.number) == live
    way.set_status("suspended")
    assert due(way.number) == {**live, "suspension.overdue": way.day_starts(61)}
    way.set_status("restored")
    assert due(way.number) == live
    way.set_status("withdrawn")
    assert due(way.number) == {}


def test_designations_and_competences_remind_before_they_end(way):
    places, persons = way.stage.places, way.stage.persons
    designation = f"{places['meridian']}/testing/cfp#CFP-01"
    competence = f"{persons['erin']}/{places['northern']}/auditor/cfp"
    assert set(due(designation)) == {"designation.ending", "designation.expired"}
    assert set(due(competence)) == {"competence.ending", "competence.expired"}
    ending = {"activity": "testing", "scheme": "cfp", "product_types": ["CFP-01"], "reason": "asked for"}
    way.stage.act("designation.ended", "bea", "owner", places["meridian"], ending)
    ended = {"function": "auditor", "scheme": "cfp", "reason": "left"}
    way.stage.act("competence.ended", "dora", "northern", persons["erin"], ended)
    assert due(designation) == due(competence) == {}


def test_without_a_value_there_is_no_deadline(way):
    way.planned()
    edition = Edition.of_case(DatabaseState(), way.record)
    unset = Edition(edition.scheme, {**edition.adopted, "parameters": {}})
    told = {"evaluation.planned": way.stage.at}
    assert {each.kind for each in of_case(unset, way.case, way.record, told) if each.at is not None} == {
        "evaluation.due",
        "evaluation.overdue",
    }
    set_by_owner = {each.kind for each in of_case(edition, way.case, way.record, told) if each.at is not None}
    assert {"type_test.overdue", "audit.overdue"} < set_by_owner


def test_an_end_beyond_the_calendar_is_no_deadline(way):
    edition = Edition.latest(DatabaseState(), "cfp")
    ends = {
        each.kind: each.at for each in of_designation(edition, "ORG/testing/cfp", _lasting("9999-12-31")) if each.at
    }
    assert set(ends) == {"designation.ending"}


def _lasting(until):
    return {"types": {"CFP-01": ["2020-01-01", until]}}


def test_an_evaluation_that_is_late_tells_people_and_changes_no_case(way):
    way.planned()
    before = digest_of(DatabaseState()), Entry.objects.count()
    assert "evaluation.due" in fall_due_until(way.day_starts(40))
    assert "evaluation.overdue" not in fall_due_until(way.day_starts(41) - 1)
    assert "evaluation.overdue" in fall_due_until(way.day_starts(41))
    assert (digest_of(DatabaseState()), Entry.objects.count()) == before


def test_a_deadline_falls_due_once_however_often_it_is_projected(way):
    way.planned().raise_nonconformity(days=10)
    fall_due_until(way.day_starts(11))
    told = set(Notice.objects.filter(entry=None).values_list("id", flat=True))
    done = Job.objects.count()
    projection.rebuild()
    fall_due_until(way.day_starts(11))
    assert set(Notice.objects.filter(entry=None).values_list("id", flat=True)) == told
    assert Job.objects.count() == done


def test_a_job_whose_deadline_stands_no_more_says_nothing(way):
    from hallmark.office.jobs import services

    way.planned().raise_nonconformity(days=10)
    at = way.day_starts(11)
    services.tick(at)
    way.answer().close()
    assert fall_due_until(at) == set()
    assert set(Job.objects.exclude(outcome="done").values_list("kind", flat=True)) == set()


def test_rebuilding_makes_the_same_rows_again(way):
    way.certified().set_status("suspended")
    type(way)(way.stage, "charlie", "jade").planned().raise_nonconformity().test(failing=("CLI-03",))
    before = rows()
    assert len({kind for kind, _, _ in before}) >= 10
    deadline = Deadline.objects.get(kind="nonconformity.due")
    deadline.due_ms += 1
    deadline.save()
    Deadline.objects.filter(kind="evaluation.due").delete()
    Deadline.objects.create(kind="evaluation.due", subject="CASE-X", due_ms=1)
    assert rows() != before
    projection.rebuild()
    assert rows() == before
    projection.rebuild()
    assert rows() == before


def test_rebuilding_leaves_other_deadlines_alone(way):
    from hallmark.office.jobs import services

    services.schedule("house.kept", "server", 1)
    projection.rebuild()
    assert due("server") == {"house.kept": 1}


def test_every_deadline_has_an_audience_and_a_handler():
    assert set(AUDIENCE) - set(KINDS) == set(deadlines.FAMILIES)
    assert set(deadlines.FAMILIES) <= set(HANDLERS)
