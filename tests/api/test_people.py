"""Coming in: passwords, tokens, invitations, keys."""

from __future__ import annotations

import base64

import pytest

from hallmark.kernel.keys import SoftwareSigner
from hallmark.office.accounts import enrolment, totp
from hallmark.office.accounts.models import User
from hallmark.office.jobs.clock import now
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


def test_a_manager_gets_into_nobody_elses_office_by_an_invitation(office, people, stranger):
    victor = people.olga.post("/persons", {"name": "Victor", "registration": "no. victor"})[1]["id"]
    member = f"/members/{victor}"
    northern, jade = (f"/organisations/{office.places[name]}" for name in ("northern", "jade"))
    assert people.dora.put(northern + member, {"functions": ["decision_maker"]}) == (204, None)
    status, problem = people.charlie.put(jade + member, {"functions": ["manager"]})
    assert (status, problem["code"]) == (403, "registrar-needed")
    status, problem = people.charlie.post(f"{jade}/invitations", {"person": victor, "login": "victor"})
    assert (status, problem["code"]) == (404, "no-such-member")
    assert people.dora.post(f"{northern}/invitations", {"person": victor, "login": "victor"})[0] == 201


def test_a_second_factor_is_set_up_asked_for_and_removed(office, people, stranger):
    sign_in = {"login": "alice", "password": PASSWORD}
    begun = people.alice.post("/second-factor")[1]
    secret = base64.b32decode(begun["secret"])
    assert begun["secret"] in begun["address"]

    def code(later: int = 0) -> str:
        return totp.code(secret, now() // 30_000 + later).decode()

    wrong = {"secret": begun["secret"], "code": code(), "password": "wrong"}
    assert people.alice.put("/second-factor", wrong)[1]["code"] == "wrong-credentials"
    assert people.alice.put("/second-factor", {**wrong, "password": PASSWORD}) == (204, None)
    assert stranger.post("/sign-in", sign_in)[1]["code"] == "code-needed"
    assert stranger.post("/sign-in", {**sign_in, "code": code(1)})[0] == 201
    remove = {"password": PASSWORD, "code": ""}
    assert people.alice.post("/second-factor/remove", remove)[1]["code"] == "code-needed"
    User.objects.update(totp_step=0)  # as if time had passed
    assert people.alice.post("/second-factor/remove", {**remove, "code": code()}) == (204, None)
    assert stranger.post("/sign-in", sign_in)[0] == 201


def test_a_password_is_changed_by_who_knows_the_old_one(office, people, stranger):
    change = {"old": "wrong", "new": "a long and rare sentence"}
    assert people.alice.post("/password", change)[1]["code"] == "wrong-credentials"
    assert people.alice.post("/password", {"old": PASSWORD, "new": "short"})[1]["code"] == "weak-password"
    assert people.alice.post("/password", {**change, "old": PASSWORD}) == (204, None)
    assert stranger.post("/sign-in", {"login": "alice", "password": change["new"]})[0] == 201
    assert stranger.post("/sign-in", {"login": "alice", "password": PASSWORD})[0] == 401


def test_a_person_is_erased_by_a_registrar_and_stays_a_number(office, people, stranger):
    lotus, alice = office.places["lotus"], office.persons["alice"]
    assert people.olga.delete(f"/persons/{alice}") == (204, None)
    members = people.olga.get(f"/organisations/{lotus}/members")[1]
    assert [(each["person"], each["name"]) for each in members] == [(alice, "")]
    assert people.alice.get("/me")[1]["code"] == "bad-token"
    assert stranger.post("/sign-in", {"login": "alice", "password": PASSWORD})[0] == 401
    assert people.olga.delete(f"/persons/{office.places['lotus'].replace('ORG', 'PERSON')}")[0] == 404


def test_a_person_who_was_enrolled_twice_becomes_one_by_an_entry(market):
    operator = market.olga.get("/me")[1]["organisations"][0]["id"]
    claims = {"into": market.persons["grace"], "reason": "one person under two numbers"}
    body = {"kind": "person.merged", "issuer": operator, "subject": market.persons["frank"], "claims": claims}
    draft = market.olga.post("/drafts", body)[1]
    assert market.olga.post(f"/drafts/{draft['id']}/submit")[0] == 200
    members = market.dora.get(f"/organisations/{market.places['northern']}/members")[1]
    held = {each["person"]: each["functions"] for each in members}
    assert held[market.persons["grace"]] == ["decision_maker", "reviewer"]
    assert market.persons["frank"] not in held


@pytest.mark.parametrize("name", ["", "a\tb", "x" * 201, "   ", "a\u202eb", 7, None])
def test_a_name_that_no_statement_could_carry_is_refused_at_the_door(people, name):
    assert people.olga.post("/persons", {"name": name, "registration": "no. 1"})[0] == 400
