"""Everybody is told what concerns them, in both languages, and nobody what does not."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest

from hallmark.kernel.identifier import BadIdentifier
from hallmark.kernel.text import Text
from hallmark.office.accounts.errors import OutOfScope, SignInNeeded
from hallmark.office.accounts.policies import FUNCTIONS, STRANGER, Scope
from hallmark.office.casework import queries, services
from hallmark.office.casework.audience import AUDIENCE, FACTS, WORDS
from hallmark.office.casework.errors import NoSuchNotice
from hallmark.office.casework.models import Notice
from hallmark.office.jobs.worker import work
from hallmark.office.registry import projection
from hallmark.server.work import HANDLERS

pytestmark = pytest.mark.django_db


def told(way, who):
    """Return the kinds of notices about the case or its certificate that `who` has, oldest first."""
    return [each.kind for each in messages(way, who)]


def messages(way, who):
    about = (way.case, getattr(way, "number", ""))
    found = queries.inbox(way.stage.actors[who], most=1000)
    return [each for each in reversed(found) if each.subject in about]


def test_an_application_is_told_to_the_body_and_its_acceptance_to_the_applicant(way):
    way.apply()
    assert told(way, "dora") == ["application.submitted"]
    assert told(way, "alice") == []
    way.accept()
    assert told(way, "alice") == ["application.accepted"]
    assert told(way, "dora") == ["application.submitted", "agreement.signed"]


def test_a_plan_is_told_to_the_laboratory_and_to_the_auditor_who_is_in_it(way):
    way.planned()
    assert told(way, "ivan") == told(way, "erin") == ["evaluation.planned"]
    assert told(way, "judy") == ["evaluation.planned"], "a manager reads what is for any function"
    assert told(way, "leo") == told(way, "mona") == [], "another laboratory"
    assert told(way, "frank") == told(way, "grace") == []


def test_a_nonconformity_goes_back_and_forth(way):
    way.planned().raise_nonconformity(days=30)
    assert told(way, "alice")[-1] == "nonconformity.raised"
    way.answer()
    assert told(way, "erin")[-1] == "nonconformity.answered"
    way.close()
    assert told(way, "alice")[-1] == "nonconformity.closed"


def test_the_reviewer_is_called_when_nothing_is_left_to_evaluate(way):
    way.planned().raise_nonconformity().test().audit()
    assert told(way, "frank") == []
    way.answer().close()
    assert told(way, "frank") == ["review.needed"]
    way.review()
    assert told(way, "grace") == told(way, "kate") == ["decision.needed"]
    way.decide()
    assert told(way, "henry") == ["signoff.needed"]
    way.sign_off()
    assert told(way, "dora")[-1] == "certificate.needed"
    way.issue().set_status("suspended")
    assert told(way, "alice")[-2:] == ["certificate.issued", "certificate.suspended"]


def test_a_product_that_failed_goes_to_review_at_once_and_nobody_signs_off_a_refusal(way):
    way.planned().test(failing=("CLI-03",))
    assert told(way, "frank") == ["review.needed"]
    way.review("refuse").decide("refuse")
    assert told(way, "henry") == []
    assert told(way, "alice")[-1] == "decision.made"
    way.lodge_appeal()
    assert told(way, "kate")[-1] == told(way, "dora")[-1] == "appeal.lodged"
    way.decide_appeal("upheld")
    assert told(way, "frank") == ["review.needed", "review.needed"]


def test_a_rejected_appeal_calls_no_reviewer(way):
    way.planned().test(failing=("CLI-03",)).review("refuse").decide("refuse").lodge_appeal().decide_appeal("rejected")
    assert told(way, "frank") == ["review.needed"]


def test_an_overdue_nonconformity_is_told_to_all_who_deal_with_it(way):
    way.planned().raise_nonconformity(days=10)
    at = way.day_starts(11)
    work("w", HANDLERS, lambda: at, until_idle=True)
    for who in ("alice", "erin", "dora"):
        (message,) = [each for each in messages(way, who) if each.kind == "nonconformity.overdue"]
        assert message.words == Text(
            f"案件 {way.case} 的不符合项 1 已逾期。", f"Nonconformity 1 of {way.case} is overdue."
        )
        assert message.made_ms == at
    assert "nonconformity.overdue" not in told(way, "frank")


def test_designations_and_competences_are_told_to_those_who_hold_them(way):
    stage = way.stage
    held = {each.kind: each.words for each in queries.inbox(stage.actors["erin"], most=1000)}
    assert set(held) == {"competence.recorded"}
    kinds = {each.kind for each in queries.inbox(stage.actors["judy"], most=1000)}
    assert kinds == {"designation.granted", "competence.recorded"}
    work("w", HANDLERS, lambda: way.day_starts(3 * 365 + 1), until_idle=True)
    assert "competence.expired" in {each.kind for each in queries.inbox(stage.actors["erin"])}
    assert f"{stage.persons['erin']}" in {each.subject for each in queries.inbox(stage.actors["dora"])}


def test_words_name_the_product_in_the_language_of_the_reader(way):
    way.apply()
    (message,) = messages(way, "dora")
    assert message.words == Text(f"收到申请 {way.case}：钱包 LW-1。", f"Application {way.case} came in: Wallet LW-1.")


def test_all_words_can_be_said():
    notices = {to.notice or event for event, audience in AUDIENCE.items() for to in audience}
    assert set(WORDS) == notices
    for words in WORDS.values():
        fields = [sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in words]
        assert set(fields[0]) <= {"subject", "product", *FACTS}
        assert set(fields[1]) <= set(fields[0]) | {"subject"}
    assert {to.function for audience in AUDIENCE.values() for to in audience} <= {"", *FUNCTIONS}


def test_everybody_of_the_cast_can_read_all_that_was_ever_told(way):
    way.certified().set_status("suspended").set_status("restored").set_status("withdrawn")
    work("w", HANDLERS, lambda: way.day_starts(5 * 365), until_idle=True)
    for actor in way.stage.actors.values():
        assert all("?" not in each.words.en for each in queries.inbox(actor, most=10_000))


def test_what_was_read_stays_read_and_counts_for_the_function(way):
    way.apply()
    stage = way.stage
    (message,) = messages(way, "dora")
    services.mark_read(stage.actors["dora"], [message.id], at=5)
    assert messages(way, "dora")[0].read_ms == 5
    assert message.id not in {each.id for each in queries.inbox(stage.actors["dora"], unread=True, most=1000)}
    services.mark_read(stage.actors["dora"], [message.id], at=9)
    assert messages(way, "dora")[0].read_ms == 5, "the first reading counts"


def test_an_inbox_comes_in_pages(way):
    way.certified()
    alice = way.stage.actors["alice"]
    everything = queries.inbox(alice, most=1000)
    pages = [queries.inbox(alice, skip=at, most=3) for at in range(0, len(everything), 3)]
    assert [each for page in pages for each in page] == everything
    assert len(everything) > 6


def rows():
    return sorted(Notice.objects.values_list())


def test_rebuilding_makes_the_same_notices_and_keeps_what_was_read(way):
    way.planned().raise_nonconformity().test().audit().answer().close().review().decide().sign_off().issue()
    type(way)(way.stage, "charlie", "jade").planned().test(failing=("CLI-03",)).review("refuse").decide("refuse")
    work("w", HANDLERS, lambda: way.day_starts(20), until_idle=True)
    dora = way.stage.actors["dora"]
    services.mark_read(dora, [each.id for each in queries.inbox(dora)][:2], at=5)
    before = rows()
    projection.rebuild()
    assert rows() == before
    Notice.objects.filter(kind="review.needed").delete()
    Notice.objects.filter(kind="decision.needed").update(organisation=way.stage.places["jade"])
    Notice.objects.create(id="X", organisation="Y", kind="decision.made", subject="Z", facts={}, entry=1, made_ms=1)
    projection.rebuild()
    assert rows() == before


# Who sees what.


def test_charlie_of_jade_learns_nothing_of_the_case_of_lotus(way):
    way.certified().set_status("suspended")
    mine = type(way)(way.stage, "charlie", "jade").apply()
    assert told(way, "charlie") == []
    assert told(mine, "alice") == []
    everything = {each.id for each in queries.inbox(way.stage.actors["alice"], most=1000)}
    assert not everything & {each.id for each in queries.inbox(way.stage.actors["charlie"], most=1000)}


def test_nobody_marks_the_notice_of_another_and_then_none_is_marked(way):
    way.apply()
    mine = type(way)(way.stage, "charlie", "jade").apply().decline()
    (his,), (hers,) = messages(mine, "charlie"), messages(way, "dora")
    with pytest.raises(NoSuchNotice):
        services.mark_read(way.stage.actors["charlie"], [his.id, hers.id])
    assert messages(mine, "charlie")[0].read_ms is messages(way, "dora")[0].read_ms is None
    with pytest.raises(BadIdentifier):
        services.mark_read(way.stage.actors["charlie"], ["\x00" * 500])


def test_colleagues_without_the_function_are_not_told(way):
    way.planned()
    assert told(way, "frank") == told(way, "grace") == told(way, "henry") == []
    assert told(way, "nina") == told(way, "bea") == []


def test_a_token_for_one_organisation_reads_nothing_of_another(way):
    way.planned()
    erin = way.stage.actors["erin"]
    jade = way.stage.places["jade"]
    elsewhere = replace(erin, offices={jade: frozenset({"manager"})})
    assert way.case not in {each.subject for each in queries.inbox(elsewhere, most=1000)}


def test_who_left_the_organisation_is_told_no_more(way):
    way.planned()
    erin = replace(way.stage.actors["erin"], offices={})
    assert queries.inbox(erin) == []


def test_strangers_and_tokens_without_the_scope_are_refused(way):
    with pytest.raises(SignInNeeded):
        queries.inbox(STRANGER)
    reader = replace(way.stage.actors["dora"], scopes=frozenset({Scope.READ}))
    assert queries.inbox(reader) == queries.inbox(way.stage.actors["dora"])
    with pytest.raises(OutOfScope):
        services.mark_read(reader, [])
