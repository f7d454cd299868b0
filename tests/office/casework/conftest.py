"""The demonstration's market with an open ledger, and products that travel through it one step at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from hallmark.kernel import instant
from hallmark.scheme.model import Module

LIMITS = {
    "acceptance_days": 5,
    "type_test_days": 20,
    "audit_days": 25,
    "review_days": 6,
    "decision_days": 4,
    "certificate_days": 3,
    "appeal_decision_days": 30,
    "renewal_window_days": 90,
    "suspension_max_days": 60,
}
OFFSET = 480


@pytest.fixture(scope="module")
def opened(django_db_setup, django_db_blocker, tmp_path_factory):
    """The stage with everybody in place, 300 days ago; the owner has set time limits. Tests undo what they change."""
    from django.conf import settings

    from hallmark.office.evidence import vault
    from hallmark.office.keys import services as keys
    from hallmark.server.demonstration import stage

    folder = tmp_path_factory.mktemp("market")
    names = ("DATA", "HALLMARK_LOG", "HALLMARK_KEYS", "HALLMARK_EVIDENCE", "HALLMARK_DATA_KEYS")
    kept = {name: getattr(settings, name) for name in names}
    for name in names:
        setattr(settings, name, folder / name.lower())
    set_before = dict(stage.PARAMETERS)
    stage.PARAMETERS.update(LIMITS)
    keys.port.cache_clear()
    vault.server_vault.cache_clear()
    with django_db_blocker.unblock():
        market = stage.Stage(timedelta(days=300))
        market.open()
        yield market
        call_command("flush", verbosity=0, interactive=False)
    stage.PARAMETERS.clear()
    stage.PARAMETERS.update(set_before)
    for name, value in kept.items():
        setattr(settings, name, value)
    keys.port.cache_clear()
    vault.server_vault.cache_clear()


@pytest.fixture
def way(opened, db):
    """A product of Lotus that has not set out yet."""
    began = opened.at
    yield Way(opened)
    opened.at = began


class Way:
    """One case of an applicant; each step is a statement, and returns this."""

    def __init__(self, stage, maker: str = "alice", place: str = "lotus") -> None:
        self.stage, self.maker, self.place = stage, maker, place
        self.case = stage.new("CASE", f"{place} {stage.at}")

    @property
    def record(self) -> dict[str, Any]:
        from hallmark.office.registry import queries

        return queries.case(self.case)

    @property
    def digest(self) -> bytes:
        from hallmark.office.casework import queries

        return queries.view(self.case, at=self.stage.at).digest

    def items(self, module: Module):
        from hallmark.office.casework import queries

        view = queries.view(self.case, at=self.stage.at)
        return view.edition.items(view.record, module)

    def wait(self, **duration: int) -> Way:
        self.stage.pass_time(**duration)
        return self

    def act(self, kind: str, who: str, claims: Mapping[str, Any], *, place: str = "northern", **approvals: str) -> Way:
        self.stage.act(kind, who, place, self.case, claims, approvals)
        return self

    def apply(self) -> Way:
        party = {"name": {"zh": "莲花厂", "en": "Lotus works"}, "address": "8 Lotus Road"}
        build = {"role": "apk", "name": "wallet.apk", "size": 7, "sha256": hashlib.sha256(b"a build").digest()}
        documents = [
            {"document": each.id, "title": each.id, **self.file(each.id)}
            for each in self.stage.scheme.documents.values()
            if "CFP-01" in each.applies_to and not each.claim
        ]
        claims = {
            "scheme": self.stage.scheme.id,
            "edition": self.stage.scheme.edition,
            "product_type": "CFP-01",
            "body": self.stage.places["northern"],
            "product": {"name": {"zh": "钱包", "en": "Wallet"}, "model": "LW-1", "version": "1.0", "builds": [build]},
            "manufacturer": party,
            "factory": party,
            "documents": documents,
            "declares": [],
        }
        return self.act("application.submitted", self.maker, claims, place=self.place)

    def file(self, title: str) -> dict[str, Any]:
        digest = hashlib.sha256(title.encode()).digest()
        return {"sha256": digest, "size": len(title), "address": digest[::-1]}

    def decline(self) -> Way:
        return self.act("application.declined", "dora", {"reasons": "no"}, case_officer="dora")

    def accept(self) -> Way:
        from hallmark.office.evidence import services as evidence

        kept = self.stage.keep("northern", "agreement", b"we agree")
        evidence.share(kept.address, self.stage.places[self.place], organisations=[kept.owner])
        self.act("application.accepted", "dora", {"agreement": self.stage.claim(kept)}, case_officer="dora")
        agreement = {"agreement": bytes.fromhex(kept.digest)}
        return self.act(
            "agreement.signed", self.maker, agreement, place=self.place, applicant_representative=self.maker
        )

    def plan(self, days: int = 40, team: tuple[str, ...] = ("erin",)) -> Way:
        claims = {
            "laboratory": self.stage.places["meridian"],
            "team": [{"person": self.stage.persons[who], "function": "auditor"} for who in team],
            "evaluate_by": self.stage.day(days),
        }
        return self.act("evaluation.planned", "dora", claims, case_officer="dora")

    def planned(self) -> Way:
        return self.apply().wait(hours=1).accept().plan()

    def receive(self) -> Way:
        self.sample = self.stage.new("SAMPLE", self.case)
        claims = {
            "sample": self.sample,
            "builds": self.record["product"]["builds"],
            "seals": ["A-1"],
            "condition": "whole",
            "received_on": self.stage.day(),
        }
        return self.act("sample.received", "ivan", claims, place="meridian")

    def test(self, failing: tuple[str, ...] = ()) -> Way:
        self.receive()
        claims = {
            "report": self.stage.new("REPORT", f"{self.case} test"),
            "sample": self.sample,
            "builds": self.record["product"]["builds"],
            "kit": {"id": "by-hand", "version": "1", "isolation": "manual"},
            "verdicts": {each.id: "fail" if each.id in failing else "pass" for each in self.items(Module.TYPE_TEST)},
            "record": {"title": "record", **self.file("record")},
            "paper": {"title": "paper", **self.file("paper")},
            "started_on": self.stage.day(),
            "finished_on": self.stage.day(),
        }
        approvals = {"tester": "ivan", "authorised_signatory": "judy"}
        return self.act("test.reported", "ivan", claims, place="meridian", **approvals)

    def raise_nonconformity(self, days: int = 30) -> Way:
        claims = {
            "number": len(self.record["nonconformities"]) + 1,
            "grade": "minor",
            "requirement": self.items(Module.AUDIT)[0].id,
            "finding": "out of date",
            "evidence": [],
            "due": self.stage.day(days),
        }
        return self.act("nonconformity.raised", "erin", claims, auditor="erin")

    def answer(self, number: int = 1) -> Way:
        claims = {"number": number, "cause": "none", "corrective_action": "done", "evidence": []}
        kind, approvals = "nonconformity.answered", {"applicant_representative": self.maker}
        return self.act(kind, self.maker, claims, place=self.place, **approvals)

    def close(self, number: int = 1) -> Way:
        return self.act("nonconformity.closed", "erin", {"number": number, "verification": "seen"}, auditor="erin")

    def audit(self) -> Way:
        raised = self.record["nonconformities"]
        wrong = {each["requirement"] for each in raised.values()}
        claims = {
            "report": self.stage.new("REPORT", f"{self.case} audit"),
            "site": {"name": "works", "address": "8 Lotus Road"},
            "findings": {
                item.id: "nonconforming" if item.id in wrong else "conforms" for item in self.items(Module.AUDIT)
            },
            "evidence": [],
            "nonconformities": [int(number) for number in raised],
            "started_on": self.stage.day(),
            "finished_on": self.stage.day(),
            "offline": False,
        }
        return self.act("audit.reported", "erin", claims, auditor="erin")

    def review(self, outcome: str = "grant") -> Way:
        claims = {"case_digest": self.digest, "recommendation": outcome, "reasons": "read"}
        return self.act("review.recommended", "frank", claims, reviewer="frank")

    def decide(self, outcome: str = "grant") -> Way:
        claims = {"case_digest": self.digest, "outcome": outcome, "reasons": "as reviewed"}
        return self.act("decision.made", "grace", claims, decision_maker="grace")

    def sign_off(self) -> Way:
        claims = {"case_digest": self.digest, "remark": "signed"}
        return self.act("signoff.made", "henry", claims, responsible_person="henry")

    def issue(self) -> Way:
        from hallmark.office.casework import queries

        self.number, claims = queries.certificate_claims(self.case, at=self.stage.at)
        self.stage.act("certificate.issued", "dora", "northern", self.number, claims)
        return self

    def certified(self) -> Way:
        return self.planned().test().audit().review().decide().sign_off().issue()

    def set_status(self, event: str) -> Way:
        claims = {"effective_on": self.stage.day(), "reason_code": "test", "reason": "a test"}
        self.stage.act(f"certificate.{event}", "grace", "northern", self.number, claims, {"decision_maker": "grace"})
        return self

    def lodge_appeal(self) -> Way:
        claims, approvals = {"grounds": "unfair"}, {"applicant_representative": self.maker}
        return self.act("appeal.lodged", self.maker, claims, place=self.place, **approvals)

    def decide_appeal(self, outcome: str) -> Way:
        claims = {"case_digest": self.digest, "outcome": outcome, "reasons": "heard"}
        return self.act("appeal.decided", "kate", claims, decision_maker="kate")

    def day_starts(self, days: int) -> int:
        """Return the instant at which the civil day `days` from now begins."""
        return instant.start_of(instant.parse_date(self.stage.day(days)), OFFSET)
