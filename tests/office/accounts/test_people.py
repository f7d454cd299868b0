"""People: enrolled once, known by a random identifier, erasable; and the keys with which they approve."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.conf import settings

from hallmark.kernel import hashing, identifier
from hallmark.kernel.keys import ED25519, BadKey, PublicKey, SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.office.accounts import enrolment, queries, services
from hallmark.office.accounts.errors import (
    AlreadyEnrolled,
    AlreadyOpen,
    KeyTaken,
    NoSuchPerson,
    OutOfScope,
    RegistrarNeeded,
)
from hallmark.office.accounts.models import Person, User
from hallmark.office.accounts.policies import Scope
from hallmark.statement.approval import BadApproval

ENVIRONMENT = settings.HALLMARK_ENVIRONMENT


def test_a_server_is_opened_once(market: SimpleNamespace) -> None:
    with pytest.raises(AlreadyOpen):
        services.found(Text("二", "Two"), name="Eve", registration="eve", login="eve", password=market.password)


def test_an_identifier_tells_nothing_and_checks_itself(market: SimpleNamespace) -> None:
    identifier.parse(market.alice.person, "PERSON")
    identifier.parse(market.lotus, "ORG")


def test_one_natural_person_is_enrolled_once(market: SimpleNamespace) -> None:
    with pytest.raises(AlreadyEnrolled, match=market.alice.person):
        services.enrol_person(market.olga, "Alice under another name", "alice")
    assert Person.objects.count() == len({**vars(market)}) - len(("lotus", "jade", "northern", "meridian", "password"))


def test_name_and_number_are_disclosures_with_salts_of_their_own(market: SimpleNamespace) -> None:
    name, registration = queries.disclosures_of(market.alice.person)
    assert (name.name, name.value) == ("name", "Alice")
    assert (registration.name, registration.value) == ("registration", "alice")
    assert len({name.salt, registration.salt}) == 2
    assert {len(name.salt), len(registration.salt)} == {16}


def test_an_erased_person_stays_an_identifier(market: SimpleNamespace) -> None:
    bob = market.bob.person
    assert queries.person_names([bob]) == {bob: "Bob"}
    services.erase_person(market.olga, bob)
    assert queries.person_names([bob]) == {}
    assert queries.disclosures_of(bob) == ()
    assert queries.person(bob).id == bob
    assert not User.objects.filter(login="bob").exists()
    assert bob in queries.members(market.alice, market.lotus)


def test_a_person_who_was_enrolled_twice_becomes_one(market: SimpleNamespace) -> None:
    double = services.enrol_person(market.olga, "Alice Li", "alice's other document")
    services.set_functions(market.olga, market.jade, double.id, ["applicant_representative"])
    services.merge_persons(double.id, market.alice.person)
    alice = queries.actor_of(User.objects.get(login="alice"))
    assert alice.offices == {
        market.lotus: {"manager", "applicant_representative"},
        market.jade: {"applicant_representative"},
    }
    assert queries.person(double.id).merged_into_id == market.alice.person
    services.merge_persons(double.id, market.alice.person)  # projected again, it is the same
    assert queries.actor_of(User.objects.get(login="alice")) == alice


def test_of_two_accounts_of_one_person_one_stays_open(market: SimpleNamespace) -> None:
    services.merge_persons(market.mallory.person, market.alice.person)
    assert queries.actor_of(User.objects.get(login="mallory")).user is None
    assert queries.actor_of(User.objects.get(login="alice")).person == market.alice.person


def test_alice_enrols_her_own_key_and_a_new_one_takes_its_place(market: SimpleNamespace) -> None:
    for number in (1, 2):
        signer = SoftwareSigner.generate()
        proof = enrolment.prove(ENVIRONMENT, market.alice.person, signer)
        services.enrol_key(market.alice, market.alice.person, signer.public, proof, at=number)
        row = queries.key_of(market.alice.person)
        assert row
        assert row.public == signer.public
    assert queries.key_of(market.bob.person) is None
    with pytest.raises(KeyTaken):
        services.enrol_key(market.alice, market.alice.person, signer.public, proof, at=3)


def test_a_key_takes_proof_that_this_person_holds_it_here(market: SimpleNamespace) -> None:
    signer, another = SoftwareSigner.generate(), SoftwareSigner.generate()
    alice = market.alice.person
    for proof in (
        enrolment.prove(ENVIRONMENT, market.bob.person, signer),
        enrolment.prove("another environment", alice, signer),
        enrolment.prove(ENVIRONMENT, alice, another),
    ):
        with pytest.raises(BadApproval):
            services.enrol_key(market.alice, alice, signer.public, proof, at=1)
    with pytest.raises(BadApproval):  # a signature of a key is no assertion of an authenticator
        services.enrol_key(
            market.alice,
            alice,
            signer.public,
            enrolment.prove(ENVIRONMENT, alice, signer),
            at=1,
            relying_party="register.example",
        )
    small_order = PublicKey(ED25519, bytes(32))
    with pytest.raises(BadKey):
        services.enrol_key(market.alice, alice, small_order, enrolment.prove(ENVIRONMENT, alice, signer), at=1)


def test_a_key_is_enrolled_by_its_person_or_a_registrar(market: SimpleNamespace) -> None:
    signer = SoftwareSigner.generate()
    proof = enrolment.prove(ENVIRONMENT, market.bob.person, signer)
    with pytest.raises(RegistrarNeeded):
        services.enrol_key(market.alice, market.bob.person, signer.public, proof, at=1)
    reader = replace(market.bob, scopes=frozenset({Scope.READ, Scope.WRITE}))
    with pytest.raises(OutOfScope):  # a token that leaks does not bring in a key
        services.enrol_key(reader, market.bob.person, signer.public, proof, at=1)
    services.enrol_key(market.olga, market.bob.person, signer.public, proof, at=1)
    another = SoftwareSigner.generate()
    proof = enrolment.prove(ENVIRONMENT, "PERSON-NOBODY", another)
    with pytest.raises(NoSuchPerson):
        services.enrol_key(market.olga, "PERSON-NOBODY", another.public, proof, at=1)


def test_the_proof_is_over_environment_person_and_key() -> None:
    key = SoftwareSigner.from_seed(bytes(32)).public
    expected = hashing.digest_of("hallmark/enrolment/1", ["test", "PERSON-1", key.algorithm, key.material])
    assert enrolment.digest("test", "PERSON-1", key) == expected
