"""Registering people and organisations, and what each does for which. Signing in is in `entry`."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from django.conf import settings
from django.db import IntegrityError, transaction

from hallmark.kernel import identifier
from hallmark.kernel.keys import PublicKey
from hallmark.kernel.text import Text
from hallmark.office.accounts import enrolment, entry, policies, queries
from hallmark.office.accounts.errors import (
    AlreadyEnrolled,
    AlreadyOpen,
    FunctionNotHere,
    KeyTaken,
    LastManager,
)
from hallmark.office.accounts.models import Disclosure, Membership, Organisation, Person, PersonKey, User
from hallmark.office.accounts.policies import FUNCTIONS_AT, Actor, may
from hallmark.statement.approval import Approval
from hallmark.statement.disclosure import SALT_SIZE
from hallmark.statement.kind import Role


def found(operator: Text, *, name: str, registration: str, login: str, password: str) -> Actor:
    """Open an empty server: register its operator and its first registrar; raises `AlreadyOpen`."""
    with transaction.atomic():
        if Organisation.objects.exists():
            raise AlreadyOpen
        organisation = _organisation(Role.OPERATOR, operator)
        person = _person(name, registration)
        Membership.objects.create(person=person, organisation=organisation, functions=["manager", "registrar"])
        user = entry.open_account(login, person, password)
    return queries.actor_of(user)


def register_organisation(actor: Actor, role: Role, name: Text) -> Organisation:
    """Register an organisation under a random identifier; takes a registrar."""
    may(actor, policies.REGISTER)
    return _organisation(role, name)


def enrol_person(actor: Actor, name: str, registration: str) -> Person:
    """Enrol a natural person under a random identifier; takes a registrar; raises `AlreadyEnrolled`."""
    may(actor, policies.REGISTER)
    return _person(name, registration)


def merge_persons(duplicate: str, into: str) -> None:
    """Follow a final `person.merged`: what `duplicate` was for others, `into` is from now on."""
    with transaction.atomic():
        one, other = queries.person(duplicate), queries.person(into)
        Person.objects.filter(pk=one.pk).update(merged_into=other)
        for row in Membership.objects.filter(person=one):
            kept, _ = Membership.objects.get_or_create(person=other, organisation=row.organisation)
            kept.functions = sorted({*kept.functions, *row.functions})
            kept.save()
            row.delete()
        if User.objects.filter(person=other).exists():
            User.objects.filter(person=one).update(is_active=False)
        else:
            User.objects.filter(person=one).update(person=other)


def erase_person(actor: Actor, person: str) -> None:
    """Erase who the person is: name, registration number and account. The identifier stays where it was used.

    Takes a registrar. What the ledger sealed of them opens with nothing from then on.
    """
    may(actor, policies.REGISTER)
    with transaction.atomic():
        known = queries.person(person)
        Disclosure.objects.filter(person=known).delete()
        User.objects.filter(person=known).delete()


def enrol_key(
    actor: Actor, person: str, key: PublicKey, proof: Approval, *, at: int, relying_party: str | None = None
) -> PersonKey:
    """Make `key` the one with which the person approves, in place of an older one.

    The person does it, or a registrar in the person's presence. Raises `BadKey`, `BadApproval`, `KeyTaken`.
    """
    policies.reach(actor, policies.ENROL_KEY)
    if actor.person != person:
        may(actor, policies.REGISTER)
    enrolment.verify(settings.HALLMARK_ENVIRONMENT, person, key, proof, relying_party)
    with transaction.atomic():
        if PersonKey.objects.filter(key_id=key.id.hex()).exists():
            raise KeyTaken(key=key.id.hex())
        PersonKey.objects.filter(person=person, retired_ms=None).update(retired_ms=at)
        return PersonKey.objects.create(
            person=queries.person(person),
            key_id=key.id.hex(),
            algorithm=key.algorithm,
            material=key.material,
            relying_party=relying_party or "",
            enrolled_ms=at,
        )


def set_functions(actor: Actor, organisation: str, person: str, functions: Collection[str]) -> None:
    """Say what the person does for the organisation from now on; nothing ends the membership.

    Takes its manager or a registrar; to bring in somebody who is known elsewhere, by membership or account, takes a
    registrar: whoever names a person could read the name and invite them. Raises `FunctionNotHere`, `LastManager`.
    """
    may(actor, policies.NAME_MEMBERS, organisation)
    with transaction.atomic():
        Organisation.objects.select_for_update().filter(pk=organisation).first()  # two managers must not both leave
        Person.objects.select_for_update().filter(pk=person).first()  # nor two organisations bring in one person
        place = queries.organisation(organisation)
        if unknown := set(functions) - FUNCTIONS_AT[Role(place.role)]:
            raise FunctionNotHere(role=place.role, functions=", ".join(sorted(unknown)))
        rows = Membership.objects.filter(organisation=place)
        managers = {row.person_id for row in rows if "manager" in row.functions}
        if managers == {person} and "manager" not in functions:
            raise LastManager(organisation=organisation)
        if functions:
            if not rows.filter(person=person).exists() and queries.is_known_elsewhere(person, organisation):
                may(actor, policies.BRING_IN)
            rows.update_or_create(
                person=queries.person(person), organisation=place, defaults={"functions": sorted(functions)}
            )
        else:
            rows.filter(person=person).delete()


def _organisation(role: Role, name: Text) -> Organisation:
    return Organisation.objects.create(
        id=identifier.from_seed("ORG", secrets.token_bytes(16)), role=role, name_zh=name.zh, name_en=name.en
    )


def _person(name: str, registration: str) -> Person:
    person = Person(id=identifier.from_seed("PERSON", secrets.token_bytes(16)))
    values = {"name": name, "registration": registration}
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            for claim, value in values.items():
                Disclosure.objects.create(person=person, name=claim, value=value, salt=secrets.token_bytes(SALT_SIZE))
    except IntegrityError:
        known = Disclosure.objects.get(name="registration", value=registration)
        raise AlreadyEnrolled(person=known.person_id) from None
    return person
