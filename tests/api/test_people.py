"""Coming in: passwords, tokens, invitations, keys."""

from __future__ import annotations

import pytest

from hallmark.kernel.keys import SoftwareSigner
from hallmark.office.accounts import enrolment
from hallmark.statement.plain import write
from office.registry.conftest import key

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery"


def test_a_person_signs_in_uses_the_token_and_ends_it(office, stranger):
    status, made = stranger.post("/sign-in", {"login": "alice", "password": PASSWORD, "scopes": ["read", "manage"]})
    assert status == 201
    assert made["token"].startswith(f"hallmark_{made['prefix']}_")
    assert made["organisation"] == office.places["lotus"]
    alice = type(stranger)(made["token"])
    assert alice.get("/me")[1]["person"] == office.persons["alice"]
    status, second = alice.post("/tokens", {"name": "script", "scopes": ["read"], "days": 1})
    assert (status, second["scopes"]) == (201, ["read"])
    listed = alice.get("/tokens")[1]
    assert [(each["name"], each["token"]) for each in listed] == [("script", None), ("sign-in", None)]
    status, problem = alice.post("/tokens", {"name": "more", "scopes": ["write"], "days": 1})
    assert (status, problem["code"]) == (403, "out-of-scope")
    assert alice.delete(f"/tokens/{second['prefix']}") == (204, None)
    assert type(stranger)(second["token"]).get("/me")[1]["code"] == "bad-token"
    assert alice.delete(f"/tokens/{second['prefix']}")[1]["code"] == "no-such-token"


def test_wrong_credentials_open_nothing_and_attempts_are_counted(office, stranger, settings):
    settings.HALLMARK_RATES = {**settings.HALLMARK_RATES, "sign-in": (2, 300)}
    for body in ({"login": "alice", "password": "wrong"}, {"login": "nobody", "password": PASSWORD}):
        status, problem = stranger.post("/sign-in", body)
        assert (status, problem["code"]) == (401, "wrong-credentials")
    assert stranger.post("/sign-in", {"login": "bea", "password": PASSWORD})[0] == 429
    for days in (0, 367, "30", True):
        assert stranger.post("/sign-in", {"login": "bea", "password": PASSWORD, "days": days})[0] == 400


def test_a_newcomer_is_enrolled_given_a_function_invited_and_brings_a_key(office, people, stranger):
    olga, alice = people.olga, people.alice
    lotus = office.places["lotus"]
    person = olga.post("/persons", {"name": "Nina", "registration": "no. nina"})[1]["id"]
    assert olga.post("/persons", {"name": "Nina L.", "registration": "no. nina"})[1]["code"] == "already-enrolled"
    member = f"/organisations/{lotus}/members/{person}"
    assert alice.put(member, {"functions": ["tester"]})[1]["code"] == "function-not-here"
    assert alice.put(member, {"functions": ["applicant_representative"]}) == (204, None)
    invitation = {"person": person, "login": "nina"}
    status, invited = alice.post(f"/organisations/{lotus}/invitations", invitation)
    assert status == 201
    accept = {"code": invited["code"], "password": "short"}
    assert stranger.post("/invitations", accept)[1]["code"] == "weak-password"
    accept["password"] = "a long and rare sentence"
    assert stranger.post("/invitations", accept)[0] == 204
    assert stranger.post("/invitations", accept)[1]["code"] == "bad-invitation"
    token = stranger.post("/sign-in", {"login": "nina", "password": accept["password"]})[1]["token"]
    nina = type(stranger)(token)
    me = nina.get("/me")[1]
    assert (me["person"], me["key"]) == (person, None)

    signer = SoftwareSigner.generate()
    proof = write(enrolment.prove(me["environment"], person, signer).to_value())
    public = {"algorithm": signer.public.algorithm, "material": signer.public.material.hex()}
    foreign = {"key": public, "proof": write(enrolment.prove(me["environment"], person, key("alice")).to_value())}
    assert nina.post(f"/persons/{person}/keys", foreign)[0] == 422
    assert alice.post(f"/persons/{person}/keys", {"key": public, "proof": proof})[1]["code"] == "registrar-needed"
    assert nina.post(f"/persons/{person}/keys", {"key": public, "proof": proof}) == (204, None)
    assert nina.get("/me")[1]["key"] == signer.public.id.hex()
    assert nina.post(f"/persons/{person}/keys", {"key": public, "proof": proof})[1]["code"] == "key-taken"


@pytest.mark.parametrize("name", ["", "a\tb", "x" * 201, "   ", "a\u202eb", 7, None])
def test_a_name_that_no_statement_could_carry_is_refused_at_the_door(people, name):
    assert people.olga.post("/persons", {"name": name, "registration": "no. 1"})[0] == 400
