"""A simulated market: it opens, and products travel the whole way through it. No mocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.kernel import identifier, instant
from hallmark.kernel.keys import ED25519, ESP256, ML_DSA_44
from hallmark.rules import certificate, decision
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record
from hallmark.scheme.model import Module, Scheme
from world.cast import BODY_STAFF, LABORATORY_STAFF, PEOPLE, build, evidence, key, name, org, person, public
from world.ledger import Ledger


class Market(Ledger):
    """The market on one ledger, for products of one type."""

    def __init__(self, scheme: Scheme, product_type: str, parameters: Mapping[str, object] | None = None) -> None:
        super().__init__(scheme)
        self.scheme = scheme
        self.product_type = product_type
        self._cases = 0
        self._parameters = {
            "nonconformity_major_days": 90,
            "nonconformity_minor_days": 180,
            "appeal_days": 15,
            **(parameters or {}),
        }

    def case(self, case: str) -> Record:
        """Return the record of a case."""
        record = self.state.get(f"case/{case}")
        assert record is not None
        return record

    def edition(self) -> Edition:
        """Return the edition in force."""
        return Edition.latest(self.state, self.scheme.id)

    # The market opens.

    def found(self, **claims: object) -> None:
        """Genesis."""

        def founder(who: str) -> dict[str, object]:
            return {"id": org(who), "name": name(who), "address": f"{who} street 1", "key": public(key(who))}

        self.submit(
            "ledger.founded",
            "operator",
            org("operator"),
            {
                "development": True,
                "algorithms": [ED25519, ESP256, ML_DSA_44],
                "rules": 1,
                "operator": founder("operator"),
                "owners": [founder("bank")],
                **claims,
            },
        )

    def open(self, **adoption: object) -> Market:
        """Genesis, scheme, organisations, people, competences, designations."""
        self.found()
        self.pass_time()
        self.adopt_scheme(**adoption)
        for who, role, code in (
            ("northern", "body", "NORTH"),
            ("southern", "body", "SOUTH"),
            ("meridian", "laboratory", None),
            ("zenith", "laboratory", None),
        ):
            self.submit(
                "organisation.registered",
                "bank",
                org(who),
                {
                    "role": role,
                    "name": name(who),
                    "address": f"{who} street 1",
                    "key": public(key(who)),
                    "hosted": True,
                    **({"code": code} if code else {}),
                },
            )
        for who in ("lotus", "jade"):
            self.submit(
                "applicant.registered",
                "bank",
                org(who),
                {"name": name(who), "address": f"{who} road 2", "key": public(key(who)), "hosted": False},
            )
        for who in PEOPLE:
            self.enrol(who)
        for who, function in BODY_STAFF.items():
            self.record_competence("northern", who, function)
        for who, function in LABORATORY_STAFF.items():
            self.record_competence("meridian", who, function)
        self.record_competence("lotus", "alice", "applicant_representative")
        self.record_competence("jade", "charlie", "applicant_representative")
        self.designate("northern", "certification")
        self.designate("meridian", "testing")
        return self

    def adopt_scheme(self, **claims: object) -> None:
        """The owner adopts the scheme and sets the parameters that its sources leave open."""
        settings = [
            {"name": name, "value": value, "basis": "the simulated market"} for name, value in self._parameters.items()
        ]
        self.submit(
            "scheme.adopted",
            "bank",
            org("bank"),
            {
                "scheme": self.scheme.id,
                "edition": self.scheme.edition,
                "digest": self.scheme.digest,
                "profile": self.scheme.default_profile,
                "applies_from": "2026-01-01",
                "parameters": settings,
                **claims,
            },
        )

    def enrol(self, who: str) -> None:
        """Enrol a person with their key."""
        self.submit(
            "person.enrolled",
            "operator",
            person(who),
            {"key": {"key": public(key(who))}, "name": who.title(), "registration": f"no. {who}"},
        )

    def record_competence(
        self, employer: str, who: str, function: str, start: str = "2026-01-01", end: str = "2028-12-31"
    ) -> None:
        """Record a competence for the market's product type."""
        self.submit(
            "competence.recorded",
            employer,
            person(who),
            {
                "function": function,
                "scheme": self.scheme.id,
                "product_types": [self.product_type],
                "valid_from": start,
                "valid_until": end,
                "basis": "trained and witnessed",
            },
        )

    def designate(self, who: str, activity: str, start: str = "2026-01-01", end: str = "2030-12-31") -> None:
        """Designate a body or laboratory for the market's product type."""
        self.submit(
            "designation.granted",
            "bank",
            org(who),
            {
                "activity": activity,
                "scheme": self.scheme.id,
                "product_types": [self.product_type],
                "valid_from": start,
                "valid_until": end,
                "basis": "assessed",
            },
        )

    # A product travels the whole way.

    def apply(self, applicant: str = "lotus", **claims: object) -> str:
        """Submit an application with all documents; return the case."""
        self._cases += 1
        case = identifier.from_seed("CASE", f"case {self._cases}".encode())
        self.submit("application.submitted", applicant, case, self.application(**claims))
        return case

    def application(self, **claims: object) -> dict[str, Any]:
        """Return the claims of a complete application."""
        documents = [
            {"document": document.id, "title": document.title.en[:200], **_file(document.id)}
            for document in self.scheme.documents.values()
            if self.product_type in document.applies_to and not document.claim
        ]
        return {
            "scheme": self.scheme.id,
            "edition": self.scheme.edition,
            "product_type": self.product_type,
            "body": org("northern"),
            "product": {"name": name("wallet", "莲花"), "model": "LW-1", "version": "1.0.0", "builds": [build()]},
            "manufacturer": {"name": name("lotus works"), "address": "lotus road 3"},
            "factory": {"name": name("lotus plant"), "address": "lotus road 4"},
            "documents": documents,
            "declares": [],
            **claims,
        }

    def accept(self, case: str) -> None:
        """The body accepts and offers an agreement."""
        claims = {"agreement": evidence("agreement")}
        self.submit("application.accepted", "northern", case, claims, approvals={"case_officer": "dora"})

    def agree(self, case: str, applicant: str = "lotus") -> None:
        """The applicant signs it."""
        claims = {"agreement": evidence("agreement")["sha256"]}
        self.submit("agreement.signed", applicant, case, claims, approvals={"applicant_representative": "alice"})

    def plan(
        self, case: str, team: Mapping[str, str] | None = None, laboratory: str = "meridian", days: int = 60
    ) -> None:
        """The body plans the evaluation; `team` is name -> function."""
        members = [
            {"person": person(who), "function": function} for who, function in (team or {"erin": "auditor"}).items()
        ]
        claims = {"laboratory": org(laboratory), "team": members, "evaluate_by": self.day(days)}
        self.submit("evaluation.planned", "northern", case, claims, approvals={"case_officer": "dora"})

    def receive(self, case: str, **claims: object) -> str:
        """The laboratory receives the sample; return its identifier."""
        sample = identifier.from_seed("SAMPLE", f"{case} {len(self.case(case)['samples'])}".encode())
        self.submit("sample.received", "meridian", case, {**self.reception(case, sample), **claims})
        return sample

    def reception(self, case: str, sample: str) -> dict[str, Any]:
        """Return the claims of a sample's reception."""
        return {
            "sample": sample,
            "builds": self.case(case)["product"]["builds"],
            "seals": ["A-17"],
            "condition": "sealed, undamaged",
            "received_on": self.today,
        }

    def test(
        self,
        case: str,
        sample: str,
        failing: tuple[str, ...] = (),
        approvals: Mapping[str, str] | None = None,
        **claims: object,
    ) -> str:
        """The laboratory reports the type test; return the report."""
        report = identifier.from_seed("REPORT", f"{case} test {len(self.case(case)['tests'])}".encode())
        self.submit(
            "test.reported",
            "meridian",
            case,
            {**self.test_report(case, sample, report, failing), **claims},
            approvals=approvals or {"tester": "ivan", "authorised_signatory": "judy"},
        )
        return report

    def test_report(self, case: str, sample: str, report: str, failing: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the claims of a test report."""
        verdicts = {
            item.id: "fail" if item.id in failing else "pass"
            for item in self.edition().items(self.case(case), Module.TYPE_TEST)
        }
        return {
            "report": report,
            "sample": sample,
            "builds": self.case(case)["product"]["builds"],
            "kit": {"id": "simulated", "version": "1", "isolation": "bubblewrap"},
            "verdicts": verdicts,
            "record": evidence("result record"),
            "paper": evidence("report.pdf"),
            "started_on": self.today,
            "finished_on": self.today,
        }

    def raise_nonconformity(self, case: str, requirement: str = "", grade: str = "minor", **claims: object) -> int:
        """The auditor raises a nonconformity; return its number."""
        number = len(self.case(case)["nonconformities"]) + 1
        items = self.edition().items(self.case(case), Module.AUDIT)
        self.submit(
            "nonconformity.raised",
            "northern",
            case,
            {
                "number": number,
                "grade": grade,
                "requirement": requirement or items[0].id,
                "finding": "the list of controlled documents is out of date",
                "evidence": [evidence("photo.jpg")],
                "due": self.day(30),
                **claims,
            },
            approvals={"auditor": "erin"},
        )
        return number

    def answer(self, case: str, number: int) -> None:
        """The manufacturer answers with cause, corrective action and evidence."""
        claims = {
            "number": number,
            "cause": "nobody was in charge of the list",
            "corrective_action": "named a keeper of the list",
            "evidence": [evidence("new list")],
        }
        self.submit("nonconformity.answered", "lotus", case, claims, approvals={"applicant_representative": "alice"})

    def close(self, case: str, number: int, who: str = "erin") -> None:
        """The auditor closes it."""
        claims = {"number": number, "verification": "seen on site"}
        self.submit("nonconformity.closed", "northern", case, claims, approvals={"auditor": who})

    def audit(self, case: str, who: str = "erin", **claims: object) -> str:
        """The auditor reports the on-site audit; return the report."""
        report = identifier.from_seed("REPORT", f"{case} audit {len(self.case(case)['audits'])}".encode())
        self.submit(
            "audit.reported",
            "northern",
            case,
            {**self.audit_report(case, report), **claims},
            approvals={"auditor": who},
        )
        return report

    def audit_report(self, case: str, report: str) -> dict[str, Any]:
        """Return the claims of an audit report without nonconforming findings but those raised."""
        raised = self.case(case)["nonconformities"]
        nonconforming = {each["requirement"] for each in raised.values()}
        return {
            "report": report,
            "site": {"name": "Lotus plant", "address": "lotus road 4"},
            "findings": {
                item.id: "nonconforming" if item.id in nonconforming else "conforms"
                for item in self.edition().items(self.case(case), Module.AUDIT)
            },
            "evidence": [evidence("audit photos")],
            "nonconformities": sorted(int(number) for number in raised),
            "started_on": self.today,
            "finished_on": self.today,
            "offline": False,
        }

    def digest(self, case: str) -> bytes:
        """Return the case digest."""
        return decision.case_digest(self.case(case))

    def review(self, case: str, who: str = "frank", recommendation: str = "grant", **claims: object) -> None:
        """The reviewer recommends."""
        self.submit(
            "review.recommended",
            "northern",
            case,
            {
                "case_digest": self.digest(case),
                "recommendation": recommendation,
                "reasons": "read the whole file",
                **claims,
            },
            approvals={"reviewer": who},
        )

    def decide(self, case: str, who: str = "grace", outcome: str = "grant", **claims: object) -> None:
        """The decision maker decides."""
        self.submit(
            "decision.made",
            "northern",
            case,
            {"case_digest": self.digest(case), "outcome": outcome, "reasons": "as recommended", **claims},
            approvals={"decision_maker": who},
        )

    def sign_off(self, case: str, who: str = "henry", **claims: object) -> None:
        """The responsible person signs off."""
        self.submit(
            "signoff.made",
            "northern",
            case,
            {"case_digest": self.digest(case), "remark": "signed", **claims},
            approvals={"responsible_person": who},
        )

    def issue(self, case: str, **claims: object) -> str:
        """The body issues the certificate; return its number."""
        number = certificate.next_number(self.state, self.edition(), self.case(case), instant.parse_date(self.today))
        self.submit("certificate.issued", "northern", number, {**self.certificate(case), **claims})
        return number

    def certificate(self, case: str) -> dict[str, Any]:
        """Return the claims of a certificate of three years from today."""
        years = instant.add_years(instant.parse_date(self.today), 3)
        return {
            "case": case,
            **certificate.record_of(self.state, self.case(case)),
            "granted_on": self.today,
            "valid_from": self.today,
            "valid_until": years.isoformat(),
        }

    def planned(self, **claims: object) -> str:
        """Return a case up to its plan."""
        case = self.apply(**claims)
        self.accept(case)
        self.agree(case)
        self.plan(case)
        return case

    def evaluated(self, **claims: object) -> str:
        """Return a case whose test and audit are reported, with one nonconformity raised and closed."""
        case = self.planned(**claims)
        self.pass_time(days=2)
        self.test(case, self.receive(case))
        number = self.raise_nonconformity(case)
        self.audit(case)
        self.answer(case, number)
        self.close(case, number)
        return case

    def signed_off(self, **claims: object) -> str:
        """Return a case that may have its certificate."""
        case = self.evaluated(**claims)
        self.review(case)
        self.decide(case)
        self.sign_off(case)
        return case

    def certified(self, **claims: object) -> tuple[str, str]:
        """Return a case and the number of its certificate."""
        case = self.signed_off(**claims)
        return case, self.issue(case)

    def set_status(self, event: str, number: str, who: str = "grace", **claims: object) -> None:
        """The body changes the status of a certificate."""
        claims = {"effective_on": self.today, "reason_code": "operator", "reason": "decided", **claims}
        self.submit(f"certificate.{event}", "northern", number, claims, approvals={"decision_maker": who})


def _file(title: str) -> dict[str, object]:
    record = evidence(title)
    return {name: record[name] for name in ("sha256", "size", "address")}
