"""Named people, and what they may not see or do for one another."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "CASE-4BBARBHN-BFJD2F3X-S"


@pytest.fixture
def case(opened):
    """A case of Lotus at Northern, before its laboratory is chosen."""
    return opened.apply()


def test_a_case_is_there_for_its_parties_and_the_regulator_and_for_nobody_else(opened, case, callers):
    for name in ("alice", "dora", "frank", "bea"):
        assert opened.people[name].get(f"/cases/{case}")[0] == 200
        assert case in [line["case"] for line in opened.people[name].get("/cases")[1]]
    paths = ("", "/missing", "/items/audit", "/candidates?function=reviewer", "/laboratories", "/runs")
    for name in ("charlie", "ivan", "olga"):
        for path in paths:
            answer = opened.people[name].get(f"/cases/{case}{path}")
            nothing = opened.people[name].get(f"/cases/{NOBODY}{path}")
            assert answer[0] == nothing[0] == 404
            assert answer[1]["code"] == nothing[1]["code"] == "no-such-case"  # no telling which of the two it is
        assert opened.people[name].get("/cases") == (200, [])
        assert opened.people[name].post(f"/cases/{case}/certificate")[0] == 404
    own = opened.act("charlie", "application.submitted", None, opened.application())
    assert [line["case"] for line in opened.charlie.get("/cases")[1]] == [own]
    assert {line["case"] for line in opened.dora.get("/cases")[1]} == {case, own}


def test_a_draft_is_there_for_its_organisation_alone(opened, case):
    draft = opened.prepare("alice", "application.withdrawn", case, {"reason": "a mistake"})
    path = f"/drafts/{draft['id']}"
    approval = opened.approval(draft, "applicant_representative", "alice")
    for name in ("charlie", "dora", "bea", "olga"):
        caller = opened.people[name]
        for method, there, body in (
            ("GET", path, None),
            ("POST", f"{path}/approvals", approval),
            ("POST", f"{path}/submit", {}),
        ):
            status, problem = caller.call(method, there, json=body)
            assert (status, problem["code"]) == (404, "no-such-draft")
    assert opened.alice.get(path)[0] == 200


def test_nobody_prepares_a_statement_of_another_organisation(opened, case):
    body = {"kind": "application.withdrawn", "issuer": opened.places["lotus"], "subject": case}
    body["claims"] = {"reason": "a rival's joke"}
    for name in ("charlie", "dora", "olga"):
        status, problem = opened.people[name].post("/drafts", body)
        assert (status, problem["code"]) == (403, "not-a-member")
    status, problem = opened.frank.post(
        "/drafts",
        {
            "kind": "decision.made",
            "issuer": opened.places["northern"],
            "subject": case,
            "claims": {"case_digest": "00" * 32, "outcome": "grant", "reasons": "mine"},
        },
    )
    assert (status, problem["code"]) == (403, "wrong-function")


def test_what_the_api_lets_pass_the_rules_still_refuse(opened, case):
    draft = opened.prepare("charlie", "application.withdrawn", case, {"reason": "a rival's joke"})
    assert draft["all_of"] == []  # nothing of a foreign case is told, not even that it is one
    approval = opened.approval(draft, "applicant_representative", "charlie")
    assert opened.charlie.post(f"/drafts/{draft['id']}/approvals", approval)[0] == 200
    status, problem = opened.charlie.post(f"/drafts/{draft['id']}/submit")
    assert (status, problem["code"]) == (409, "not-your-case")
    draft = opened.prepare("dora", "application.declined", case, {"reasons": "no"})
    forged = {**opened.approval(draft, "case_officer", "charlie"), "person": opened.persons["dora"]}
    garbage = {"person": opened.persons["dora"], "function": "case_officer", "key": "aa" * 32, "signature": "aa" * 64}
    for wrong in (forged, garbage):
        status, problem = opened.dora.post(f"/drafts/{draft['id']}/approvals", wrong)
        assert (status, problem["code"]) == (422, "bad-approval")
    approval = opened.approval(draft, "case_officer", "dora")  # nothing has taken its place
    assert opened.dora.post(f"/drafts/{draft['id']}/approvals", approval)[0] == 200


def test_what_may_not_be_stated_is_told_in_a_sentence(opened, case):
    body = {"kind": "certificate.issued", "issuer": opened.places["northern"], "subject": case, "claims": {}}
    _, problem = opened.frank.post("/drafts", body)
    assert problem["detail"].startswith("You may not make the statement “Certificate issued”: at ")


def test_an_organisation_records_the_competence_of_its_own_people_alone(opened):
    period = {"scheme": "cfp", "product_types": ["CFP-01"], "valid_from": "2020-01-01", "valid_until": "2099-12-31"}
    claims = {**period, "function": "applicant_representative", "basis": "trained"}
    body = {"kind": "competence.recorded", "issuer": opened.places["jade"], "claims": claims}
    status, problem = opened.charlie.post("/drafts", {**body, "subject": opened.persons["alice"]})
    assert (status, problem["code"]) == (404, "no-such-member")
    assert opened.charlie.post("/drafts", {**body, "subject": opened.persons["charlie"]})[0] == 201


def test_a_token_reaches_no_further_than_its_scopes(office, callers):
    reader, writer = callers("alice", "read"), callers("alice", "write")
    lotus = office.places["lotus"]
    draft = {"kind": "application.submitted", "issuer": lotus, "claims": {}}
    assert reader.get("/me")[1]["scopes"] == ["read"]
    for status, problem in (
        reader.post("/drafts", draft),
        reader.post("/tokens", {"name": "more", "scopes": ["write"], "days": 1}),
        reader.put(f"/organisations/{lotus}/members/{office.persons['alice']}", {"functions": []}),
        reader.call("POST", f"/evidence?organisation={lotus}&name=x", data=b"x", content_type="text/plain"),
        writer.get("/cases"),
        writer.post("/persons", {"name": "Eve", "registration": "no. eve"}),
    ):
        assert (status, problem["code"]) == (403, "out-of-scope")
    assert writer.post("/drafts", draft)[1]["code"] == "bad-claim"


def test_only_a_registrar_brings_organisations_and_persons_in_and_erases_them(office, people):
    organisation = {"role": "applicant", "name": {"zh": "甲", "en": "A"}, "address": "1 Road"}
    for name in ("alice", "dora", "ivan", "bea"):
        caller = getattr(people, name)
        for path, body in (
            ("/organisations", organisation),
            ("/persons", {"name": "Eve", "registration": "no. eve"}),
            ("/resets", {"login": "alice"}),
        ):
            status, problem = caller.post(path, body)
            assert (status, problem["code"]) == (403, "registrar-needed")
        status, problem = caller.delete(f"/persons/{office.persons['frank']}")
        assert (status, problem["code"]) == (403, "registrar-needed")
    assert people.olga.post("/organisations", organisation)[0] == 201


def test_the_names_of_applicants_and_members_are_not_for_strangers(office, people, stranger):
    shown = stranger.get("/organisations")[1]
    assert {each["role"] for each in shown} == {"operator", "owner", "body", "laboratory"}
    assert "Lotus" not in str(shown)
    lotus = office.places["lotus"]
    assert [each["name"] for each in people.alice.get(f"/organisations/{lotus}/members")[1]] == ["Alice"]
    assert people.olga.get(f"/organisations/{lotus}/members")[0] == 200
    for name in ("charlie", "dora", "bea"):
        assert getattr(people, name).get(f"/organisations/{lotus}/members")[0] == 403


def test_a_job_is_there_for_its_organisation_alone(office, people):
    from hallmark.office.jobs import services

    job = services.enqueue("test", {}, at=0, owner=office.places["meridian"]).pk
    assert people.ivan.get(f"/jobs/{job}")[1]["state"] == "waiting"
    for caller in (people.alice, people.dora, people.bea):
        for answer in (caller.get(f"/jobs/{job}"), caller.post(f"/jobs/{job}/cancel")):
            assert (answer[0], answer[1]["code"]) == (404, "no-such-job")
    status, cancelled = people.ivan.post(f"/jobs/{job}/cancel")
    assert (status, cancelled["state"], cancelled["error"]["code"]) == (200, "cancelled", "cancelled")
    assert people.ivan.get("/jobs/99999999999999999999")[0] == 400
