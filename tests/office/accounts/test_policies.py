"""Who may do what, said with people."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest

from hallmark.kernel.text import Text
from hallmark.office.accounts import policies, queries, services
from hallmark.office.accounts.errors import (
    FunctionNotHere,
    LastManager,
    NoSuchOrganisation,
    NoSuchPerson,
    NotAMember,
    OutOfScope,
    RegistrarNeeded,
    SignInNeeded,
    WrongFunction,
)
from hallmark.office.accounts.policies import FUNCTIONS, FUNCTIONS_AT, STRANGER, Act, Actor, Scope, may
from hallmark.statement.kind import Role
from hallmark.statement.person import FUNCTIONS as SIGNED_FUNCTIONS

DECIDE = Act(Text("作出认证决定", "decide"), frozenset({"decision_maker"}))
LOOK = Act(Text("查看案件", "look at the case"), scope=Scope.READ)


def test_grace_decides_for_northern_and_dora_does_not(market: SimpleNamespace) -> None:
    may(market.grace, DECIDE, market.northern)
    with pytest.raises(WrongFunction, match="decision maker"):
        may(market.dora, DECIDE, market.northern)


def test_alice_and_bob_see_what_is_lotus_and_charlie_does_not(market: SimpleNamespace) -> None:
    may(market.alice, LOOK, market.lotus)
    may(market.bob, LOOK, market.lotus)
    for stranger in (market.charlie, market.mallory, market.dora):
        with pytest.raises(NotAMember):
            may(stranger, LOOK, market.lotus)
    with pytest.raises(SignInNeeded):
        may(STRANGER, LOOK, market.lotus)


def test_a_token_reaches_no_further_than_its_scopes() -> None:
    reader = Actor(uuid4(), "PERSON-1", {"ORG-1": frozenset({"decision_maker"})}, frozenset({Scope.READ}))
    may(reader, LOOK, "ORG-1")
    with pytest.raises(OutOfScope, match="write"):
        may(reader, DECIDE, "ORG-1")


def test_the_reason_is_given_in_both_languages(market: SimpleNamespace) -> None:
    with pytest.raises(WrongFunction) as caught:
        may(market.dora, DECIDE, market.northern)
    assert caught.value.explain("en").startswith("You may not decide: at ORG-")
    assert caught.value.explain("zh").startswith("您无权作出认证决定：在 ORG-")
    assert "认证决定人员" in caught.value.explain("zh")


def test_every_function_has_a_name_and_a_place_and_every_place_a_manager() -> None:
    assert set(SIGNED_FUNCTIONS) < set(FUNCTIONS)
    assert frozenset.union(*FUNCTIONS_AT.values()) == set(FUNCTIONS)
    assert set(FUNCTIONS_AT) == set(Role)
    assert all("manager" in functions for functions in FUNCTIONS_AT.values())
    registrars = {role for role, functions in FUNCTIONS_AT.items() if "registrar" in functions}
    assert registrars == {Role.OPERATOR, Role.OWNER}


def test_only_a_registrar_registers(market: SimpleNamespace) -> None:
    assert services.register_organisation(market.olga, Role.BODY, Text("南方", "Southern")).id.startswith("ORG-")
    for act in (
        lambda who: services.register_organisation(who, Role.BODY, Text("假", "Fake")),
        lambda who: services.enrol_person(who, "Nobody", "0"),
        lambda who: services.erase_person(who, market.bob.person),
    ):
        for who in (market.alice, market.mallory):
            with pytest.raises(RegistrarNeeded):
                act(who)


def test_a_manager_names_the_members_of_one_organisation_only(market: SimpleNamespace) -> None:
    nora = services.enrol_person(market.olga, "Nora", "nora").id
    services.set_functions(market.alice, market.lotus, nora, ["applicant_representative"])
    services.set_functions(market.alice, market.lotus, nora, ["responsible_person"])
    assert queries.members(market.bob, market.lotus)[nora] == {"responsible_person"}
    with pytest.raises(NotAMember):
        services.set_functions(market.alice, market.jade, nora, ["manager"])
    with pytest.raises(WrongFunction):
        services.set_functions(market.bob, market.lotus, market.bob.person, ["manager"])
    with pytest.raises(NotAMember):
        queries.members(market.charlie, market.lotus)


def test_a_manager_brings_in_nobody_who_is_known_elsewhere(market: SimpleNamespace) -> None:
    for known in (market.grace, market.mallory):  # a member of Northern; and one of nobody, with an account
        with pytest.raises(RegistrarNeeded):
            services.set_functions(market.charlie, market.jade, known.person, ["applicant_representative"])
        assert known.person not in queries.members(market.charlie, market.jade)
        services.set_functions(market.olga, market.jade, known.person, ["applicant_representative"])
        services.set_functions(market.charlie, market.jade, known.person, ["responsible_person"])
        services.set_functions(market.charlie, market.jade, known.person, [])


def test_nobody_makes_himself_registrar_at_an_organisation_of_his_own(market: SimpleNamespace) -> None:
    with pytest.raises(FunctionNotHere, match="registrar"):
        services.set_functions(market.alice, market.lotus, market.alice.person, ["manager", "registrar"])


def test_the_last_manager_stays_until_there_is_another(market: SimpleNamespace) -> None:
    with pytest.raises(LastManager):
        services.set_functions(market.alice, market.lotus, market.alice.person, [])
    services.set_functions(market.alice, market.lotus, market.bob.person, ["manager"])
    services.set_functions(market.alice, market.lotus, market.alice.person, [])
    assert set(queries.members(market.bob, market.lotus)) == {market.bob.person}


def test_what_does_not_exist_is_missing(market: SimpleNamespace) -> None:
    with pytest.raises(NoSuchPerson):
        services.set_functions(market.alice, market.lotus, "PERSON-NOBODY", ["manager"])
    with pytest.raises(NoSuchOrganisation):
        services.set_functions(market.olga, "ORG-NOWHERE", market.alice.person, ["manager"])
    with pytest.raises(RegistrarNeeded):
        may(market.alice, policies.REGISTER)
