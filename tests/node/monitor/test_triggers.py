"""What is allowed and odd: each trigger speaks when its threshold is reached, and not before."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from hallmark import schemes
from hallmark.kernel import instant
from hallmark.node.monitor.finding import Weight
from hallmark.node.monitor.history import Event, History
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.threshold import DEFAULTS, THRESHOLDS
from hallmark.node.monitor.triggers import TRIGGERS
from hallmark.node.store import Store
from hallmark.rules.admission import RULES
from hallmark.scheme import loader
from hallmark.statement import disclosure
from hallmark.statement.approval import Approval
from portal.filled import state_status
from world.cast import build, name
from world.market import Market

HOUR, DAY, MINUTE = instant.HOUR, instant.DAY, instant.MINUTE


class Story:
    """Events as they would come, with the codes of what was told of them."""

    def __init__(self, **values):
        self.values = {**DEFAULTS, **{key.replace("_", "-"): value for key, value in values.items()}}
        self.history = History()
        self.at = 1_000 * DAY
        self.told: list[str] = []
        self._count = 0

    def wait(self, milliseconds):
        self.at += milliseconds
        return self

    def tell(self, kind, issuer, subject, *by, age=0, **claims):
        approvals = tuple(Approval(person, "tester", b"", b"") for person in by)
        event = Event(self._count, self.at, self.at - age, kind, issuer, subject, claims, approvals)
        self._count += 1
        self.history.take(event)
        for trigger in TRIGGERS:
            if not trigger.kinds or kind in trigger.kinds:
                self.told += [found.code for found in trigger.look(self.history, event, self.values)]
        return self

    def apply(self, case, applicant="A", **claims):
        return self.tell("application.submitted", applicant, case, product_type="CFP-01", **claims)

    def evaluate(self, case, body="N", span=30 * DAY, by=("P",)):
        self.tell("evaluation.planned", body, case).wait(span)
        return self.tell("test.reported", "L", case, *by, report=f"report of {case}")

    def issue(self, case, body="N", number=None):
        return self.tell("certificate.issued", body, number or f"of {case}", reports=[f"report of {case}"])


def certificates(story, count, span=30 * DAY):
    for number in range(count):
        case = f"case {story._count} {number}"
        story.apply(case, f"applicant {number}").evaluate(case, span=span, by=()).issue(case).wait(HOUR)
    return story


def test_a_burst_is_as_many_certificates_of_one_body_in_its_days():
    assert certificates(Story(burst_count=3), 2, span=0).told == []
    assert certificates(Story(burst_count=3), 3, span=0).told.count("burst-of-certificates") == 1
    assert "burst-of-certificates" not in certificates(Story(burst_count=3), 3, span=4 * DAY).told


@pytest.mark.parametrize("end", ["application.declined", "application.closed", "decision.made"])
def test_a_certificate_after_a_refusal_elsewhere(end):
    def story(days=100, first="S", applicant="A", **claims):
        told = Story().apply("one").tell("application.accepted", first, "one").tell(end, first, "one", **claims)
        return told.wait(days * DAY).apply("two", applicant).evaluate("two", span=DAY).issue("two").told

    assert story() == ["certified-after-refusal-elsewhere"]
    assert story(days=200) == []
    assert story(first="N") == []
    assert story(applicant="B") == []
    if end == "decision.made":
        assert story(outcome="grant") == []
        assert story(outcome="refuse") == ["certified-after-refusal-elsewhere"]


def test_where_products_are_disclosed_only_the_same_one_counts():
    def story(*contents):
        told = Story()
        for case, content, body in zip(("one", "two"), contents, "SN", strict=True):
            product = {"name": name(content), "model": content, "builds": [build(content=content.encode())]}
            told.apply(case, product=product)
            if body == "S":
                told.tell("application.declined", "S", case)
        return told.evaluate("two").issue("two").told

    assert story("wallet", "wallet") == ["certified-after-refusal-elsewhere"]
    assert story("wallet", "terminal") == []


def test_quick_evaluations_count_by_their_share_once_there_are_enough():
    assert certificates(Story(), 4, span=HOUR).told == []
    assert certificates(Story(), 5, span=HOUR).told == ["quick-evaluations"]
    assert certificates(Story(), 5, span=25 * HOUR).told == []
    mixed = certificates(certificates(Story(), 5, span=30 * HOUR), 5, span=HOUR)
    assert mixed.told == []  # half of them, and more than half is asked for
    assert certificates(mixed, 1, span=HOUR).told == ["quick-evaluations"]


def test_one_person_who_evaluates_for_one_applicant_again_and_again():
    def story(person, applicant, wait=DAY):
        told = Story(pair_count=3)
        for number in range(3):
            case = f"case {number}"
            told.apply(case, applicant(number)).evaluate(case, span=0, by=(person(number),)).wait(wait)
        return told.told

    same, another = (lambda _: "X"), str
    assert story(same, same) == ["one-evaluator-one-applicant"]
    assert story(another, same) == story(same, another) == story(same, same, 300 * DAY) == []


def test_a_certificate_that_is_suspended_again_and_again():
    def story(times, wait=10 * DAY):
        told = Story()
        for _ in range(times):
            told.tell("certificate.suspended", "N", "X").tell("certificate.restored", "N", "X").wait(wait)
        return told.told

    assert story(2) == story(3, wait=200 * DAY) == []
    assert story(3) == ["suspended-again-and-again"]


def test_a_statement_much_older_than_its_entry():
    assert Story().tell("interest.declared", "N", "N", age=5 * HOUR).told == []
    assert Story().tell("interest.declared", "N", "N", age=6 * HOUR).told == ["back-dated"]


def test_a_nonconformity_closed_as_soon_as_it_was_answered():
    def story(minutes, number=1):
        told = Story().apply("one").tell("nonconformity.answered", "A", "one", number=1).wait(minutes * MINUTE)
        return told.tell("nonconformity.closed", "N", "one", number=number).told

    assert story(29) == ["nonconformity-closed-at-once"]
    assert story(30) == story(1, number=2) == []


def test_a_decision_under_a_key_that_is_new():
    def story(hours, kind="decision.made", who="P"):
        told = Story().apply("one").tell("person.rekeyed", "O", "P").wait(hours * HOUR)
        return told.tell(kind, "N", "one", who).told

    assert story(1) == ["decided-under-a-new-key"]
    assert story(24) == story(1, who="Q") == story(1, kind="interest.declared") == []
    told = Story().apply("one").evaluate("one").tell("organisation.rekeyed", "O", "N").issue("one").told
    assert told == ["decided-under-a-new-key"]


def test_a_report_that_is_amended_again_and_again():
    def story(times):
        told = Story().apply("one").tell("test.reported", "L", "one", report="r0")
        for number in range(times):
            told.tell("test.reported", "L", "one", report=f"r{number + 1}", amends=f"r{number}")
        return told.told

    assert story(2) == []
    assert story(3) == ["report-amended-again-and-again"]


def test_every_trigger_reads_kinds_that_there_are_and_says_what_it_cannot_show():
    assert {kind for trigger in TRIGGERS for kind in trigger.kinds} <= set(RULES)
    assert len({trigger.code for trigger in TRIGGERS}) == len(TRIGGERS)
    assert all(part for trigger in TRIGGERS for part in (*trigger.words, *trigger.source, *trigger.blind))
    assert len({each.name for each in THRESHOLDS}) == len(THRESHOLDS)


def test_on_a_real_ledger_triggers_find_the_same_with_and_without_disclosures_and_after_a_restart(tmp_path):
    scheme = loader.load(schemes.read("cfp"))
    market = Market(scheme, "CFP-01").open()
    for _ in range(2):
        _, number = market.certified()
    market.set_status("suspended", number)
    state_status(market)
    values = {**DEFAULTS, "burst-count": 2, "quick-count": 2, "quick-hours": 72, "flip-count": 1, "pair-count": 2}
    wanted = {
        "burst-of-certificates",
        "quick-evaluations",
        "nonconformity-closed-at-once",
        "one-evaluator-one-applicant",
        "suspended-again-and-again",
    }
    pairs = [(entry, disclosure.encode(shown)) for entry, shown in market.ledger]
    for disclosed, parts in ((False, 1), (True, 1), (False, 7), (True, 7)):
        path, found = tmp_path / f"{disclosed} {parts}.sqlite", []
        for part in range(parts):
            with closing(Store(path)) as store:
                replay = Replay(store, {scheme.digest: scheme}, values, disclosed=disclosed)
                found += replay.take(pairs[len(pairs) * part // parts : len(pairs) * (part + 1) // parts])
        assert {each.code for each in found} == wanted
        assert {each.weight for each in found} == {Weight.NOTABLE}
        assert replay.size == len(market.ledger) and replay.told == market.clock


def test_the_page_on_monitors_has_every_trigger_and_every_threshold_with_its_value():
    page = (Path(__file__).parents[3] / "docs" / "spec" / "monitor.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$", page.partition("## Triggers")[2], re.MULTILINE) == [
        trigger.code for trigger in TRIGGERS
    ]
    values = re.findall(r"`([a-z-]+)` \| (\d+) \|", page.partition("## Thresholds")[2])
    assert {name: int(value) for name, value in values} == DEFAULTS
