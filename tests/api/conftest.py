"""The API through Django's test client, on the founded server of the office's tests."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from office.conftest import _wide_rates as _wide_rates
from office.conftest import pytest_configure as pytest_configure
from office.registry.conftest import key
from office.registry.conftest import office as office

V1 = "/api/v1"
COMPETENT = {
    "lotus": {"alice": "applicant_representative"},
    "jade": {"charlie": "applicant_representative"},
    "northern": {
        "dora": "case_officer",
        "erin": "auditor",
        "frank": "reviewer",
        "grace": "decision_maker",
        "henry": "responsible_person",
    },
    "meridian": {"ivan": "tester", "judy": "authorised_signatory"},
}
MANAGERS = {"lotus": "alice", "jade": "charlie", "northern": "dora", "meridian": "judy", "bank": "bea"}


class Caller:
    """Somebody who calls the API: `get` and the like give status and JSON, `raw` the response."""

    def __init__(self, token: str = "", language: str = "en") -> None:
        from django.test import Client

        self.token = token
        self._client = Client(raise_request_exception=False, SERVER_NAME="localhost")
        self._headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})

    def raw(self, method: str, path: str, **options):
        headers = {**self._headers, **options.pop("headers", {})}
        if "json" in options:
            options |= {"data": json.dumps(options.pop("json")), "content_type": "application/json"}
        return self._client.generic(method, path if path.startswith("/api") else V1 + path, headers=headers, **options)

    def call(self, method: str, path: str, **options) -> tuple[int, Any]:
        answer = self.raw(method, path, **options)
        return answer.status_code, answer.json() if answer.content else None

    def get(self, path: str, **options) -> tuple[int, Any]:
        return self.call("GET", path, **options)

    def post(self, path: str, body: object = None) -> tuple[int, Any]:
        return self.call("POST", path, json={} if body is None else body)

    def put(self, path: str, body: object) -> tuple[int, Any]:
        return self.call("PUT", path, json=body)

    def delete(self, path: str) -> tuple[int, Any]:
        return self.call("DELETE", path)


@pytest.fixture
def stranger(db) -> Caller:
    """Nobody in particular."""
    return Caller()


@pytest.fixture
def callers(office) -> Callable[..., Caller]:
    """Return somebody by name, with a token for the organisation that they act for."""
    from hallmark.kernel import instant
    from hallmark.office.accounts import entry
    from hallmark.office.accounts.policies import Scope
    from hallmark.office.jobs.clock import now

    def find(name: str, *scopes: str) -> Caller:
        actor = office.actors[name]
        (place,) = actor.organisations
        _, token = entry.make_token(
            actor, place, "test", [Scope(each) for each in scopes or Scope], expires_ms=now() + instant.DAY, at=now()
        )
        return Caller(token)

    return find


class Market:
    """The market over HTTP: everybody by name, and statements from draft to ledger."""

    def __init__(self, office, callers) -> None:
        from hallmark.office.registry.state import held_schemes

        self.places: Mapping[str, str] = office.places
        self.persons: Mapping[str, str] = office.persons
        self.homes = {name: place for place, staff in COMPETENT.items() for name in staff} | {"bea": "bank"}
        self.people = {name: callers(name) for name in (*self.homes, "olga")}
        self.scheme = next(each for each in held_schemes().values() if each.id == "cfp")

    def __getattr__(self, name: str) -> Caller:
        return self.people[name]

    def prepare(self, who: str, kind: str, subject: str | None, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return a draft of the organisation of `who`."""
        body = {"kind": kind, "issuer": self.places[self.homes[who]], "claims": claims}
        status, draft = self.people[who].post("/drafts", body | ({"subject": subject} if subject else {}))
        assert status == 201, draft
        return draft

    def approval(self, draft: Mapping[str, Any], function: str, who: str) -> dict[str, Any]:
        """Return the approval of `who` as the API takes it."""
        from hallmark.statement.approval import approve
        from hallmark.statement.plain import write

        digest = bytes.fromhex(draft["approval_digest"])
        return write(approve(digest, self.persons[who], function, key(who)).to_value())

    def act(self, who: str, kind: str, subject: str | None, claims: Mapping[str, Any], **approvers: str) -> str:
        """Let `who` prepare, the approvers (function=name) approve, and `who` submit; return the subject."""
        draft = self.prepare(who, kind, subject, claims)
        for function, name in approvers.items():
            status, answer = self.people[name].post(
                f"/drafts/{draft['id']}/approvals", self.approval(draft, function, name)
            )
            assert status == 200, answer
        status, answer = self.people[who].post(f"/drafts/{draft['id']}/submit")
        assert status == 200, answer
        return answer["subject"]

    def open(self) -> Market:
        """The scheme is adopted, people are competent, body and laboratory designated."""
        values = {"nonconformity_major_days": 90, "nonconformity_minor_days": 60, "appeal_days": 15}
        adoption = {
            "scheme": "cfp",
            "edition": self.scheme.edition,
            "digest": self.scheme.digest.hex(),
            "profile": "news-2019",
            "applies_from": "2020-01-01",
            "parameters": [{"name": name, "value": value, "basis": "test"} for name, value in values.items()],
        }
        self.act("bea", "scheme.adopted", self.places["bank"], adoption)
        period = {"scheme": "cfp", "product_types": ["CFP-01"], "valid_from": "2020-01-01", "valid_until": "2099-12-31"}
        for place, staff in COMPETENT.items():
            for name, function in staff.items():
                claims = {**period, "function": function, "basis": "trained"}
                self.act(MANAGERS[place], "competence.recorded", self.persons[name], claims)
        for place, activity in (("northern", "certification"), ("meridian", "testing")):
            claims = {**period, "activity": activity, "basis": "assessed"}
            self.act("bea", "designation.granted", self.places[place], claims)
        return self

    # A product travels the whole way.

    def application(self, **claims: object) -> dict[str, Any]:
        """Return the claims of a complete application."""
        documents = [
            {"document": each.id, "title": each.title.en[:200], **_file(each.id)}
            for each in self.scheme.documents.values()
            if "CFP-01" in each.applies_to and not each.claim
        ]
        build = {"role": "apk", "name": "wallet.apk", "size": 7, "sha256": hashlib.sha256(b"a build").hexdigest()}
        party = {"name": {"zh": "莲花", "en": "Lotus works"}, "address": "lotus road 3"}
        return {
            "scheme": "cfp",
            "edition": self.scheme.edition,
            "product_type": "CFP-01",
            "body": self.places["northern"],
            "product": {"name": {"zh": "钱包", "en": "Wallet"}, "model": "LW-1", "version": "1.0", "builds": [build]},
            "manufacturer": party,
            "factory": party,
            "documents": documents,
            "declares": [],
            **claims,
        }

    def apply(self, **claims: object) -> str:
        """Return a new case of Lotus at Northern."""
        return self.act("alice", "application.submitted", None, self.application(**claims))

    def agreement(self, reader: str = "lotus") -> dict[str, Any]:
        """Let Northern bring an agreement and `reader` read it; return the claim that names it."""
        path = f"/evidence?organisation={self.places['northern']}&name=agreement.txt"
        _, kept = self.dora.call("POST", path, data=b"we agree", content_type="text/plain")
        self.dora.post(f"/evidence/{kept['address']}/readers", {"organisation": self.places[reader]})
        return dict(kept)

    def planned(self) -> str:
        """Return a case that Meridian tests and Erin audits."""
        case = self.apply()
        offered = self.agreement()
        self.act("dora", "application.accepted", case, {"agreement": offered}, case_officer="dora")
        signed = {"agreement": offered["sha256"]}
        self.act("alice", "agreement.signed", case, signed, applicant_representative="alice")
        team = [{"person": self.persons["erin"], "function": "auditor"}]
        plan = {"laboratory": self.places["meridian"], "team": team, "evaluate_by": "2099-01-01"}
        self.act("dora", "evaluation.planned", case, plan, case_officer="dora")
        return case

    def evaluated(self) -> str:
        """Return a case with test report and audit report."""
        case = self.planned()
        builds = self.dora.get(f"/cases/{case}")[1]["record"]["product"]["builds"]
        today = self.dora.get("/schemes/cfp")[1]["day"]
        received = {"builds": builds, "seals": ["A-17"], "condition": "sealed", "received_on": today}
        self.act("ivan", "sample.received", case, received)
        (sample,) = self.ivan.get(f"/cases/{case}")[1]["record"]["samples"]
        dates = {"started_on": today, "finished_on": today}
        report = {
            "sample": sample,
            "builds": builds,
            "kit": {"id": "hand", "version": "1", "isolation": "manual"},
            "verdicts": dict.fromkeys(self.decisive(case, "type_test"), "pass"),
            "record": {"title": "record", **_file("record")},
            "paper": {"title": "paper", **_file("paper")},
            **dates,
        }
        self.act("ivan", "test.reported", case, report, tester="ivan", authorised_signatory="judy")
        audit = {
            "site": {"name": "Lotus works", "address": "lotus road 3"},
            "findings": dict.fromkeys(self.decisive(case, "audit"), "conforms"),
            "evidence": [],
            "nonconformities": [],
            "offline": False,
            **dates,
        }
        self.act("erin", "audit.reported", case, audit, auditor="erin")
        return case

    def decisive(self, case: str, leg: str) -> list[str]:
        """Return the items that a report must cover."""
        return self.dora.get(f"/cases/{case}/items/{leg}")[1]["decisive"]

    def digest(self, case: str) -> str:
        """Return the case digest as it is now."""
        return self.dora.get(f"/cases/{case}")[1]["digest"]

    def signed_off(self) -> str:
        """Return a case that has earned its certificate."""
        case = self.evaluated()
        for kind, who, function, more in (
            ("review.recommended", "frank", "reviewer", {"recommendation": "grant", "reasons": "all read"}),
            ("decision.made", "grace", "decision_maker", {"outcome": "grant", "reasons": "as recommended"}),
            ("signoff.made", "henry", "responsible_person", {"remark": "signed"}),
        ):
            self.act(who, kind, case, {"case_digest": self.digest(case), **more}, **{function: who})
        return case

    def certified(self) -> tuple[str, str]:
        """Return a case and the number of its certificate."""
        case = self.signed_off()
        status, draft = self.dora.post(f"/cases/{case}/certificate")
        assert status == 201, draft
        status, answer = self.dora.post(f"/drafts/{draft['id']}/submit")
        assert status == 200, answer
        return case, answer["subject"]


@pytest.fixture
def market(office, callers) -> Market:
    """The market before its scheme is adopted: nothing but people and places."""
    return Market(office, callers)


@pytest.fixture
def opened(market, tmp_path) -> Market:
    """The market with everybody in place and no case."""
    from office.snapshot import once

    tokens = once("opened", tmp_path, lambda: {name: each.token for name, each in market.open().people.items()})
    market.people = {name: Caller(token) for name, token in tokens.items()}
    return market


@pytest.fixture
def certified(opened, tmp_path) -> tuple[Market, str, str]:
    """A market, a case that went the whole way, and the number of its certificate."""
    from office.snapshot import once

    return opened, *once("certified", tmp_path, opened.certified)


@pytest.fixture
def people(callers) -> SimpleNamespace:
    """A few of the people, without a market around them."""
    return SimpleNamespace(**{name: callers(name) for name in ("alice", "charlie", "dora", "ivan", "bea", "olga")})


def _file(content: str) -> dict[str, object]:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {"sha256": digest, "size": len(content), "address": digest[::-1]}
