"""Reading accounts, people and organisations."""

from __future__ import annotations

from collections.abc import Iterable

from hallmark.kernel.text import Text
from hallmark.office.accounts import policies
from hallmark.office.accounts.errors import NoSuchOrganisation, NoSuchPerson
from hallmark.office.accounts.models import (
    Disclosure,
    Membership,
    Organisation,
    Person,
    PersonKey,
    Token,
    User,
)
from hallmark.office.accounts.policies import STRANGER, Actor
from hallmark.statement import disclosure
from hallmark.statement.kind import Role


def actor_of(user: object) -> Actor:
    """Return who asks, for a signed-in user; a stranger for anybody else."""
    if not isinstance(user, User) or not user.is_active:
        return STRANGER
    rows = Membership.objects.filter(person=user.person_id).values_list("organisation", "functions")
    return Actor(user.id, user.person_id, {organisation: frozenset(functions) for organisation, functions in rows})


def actor(login: str) -> Actor:
    """Return who asks under this login; a stranger where there is none."""
    return actor_of(User.objects.filter(login=login).first())


def organisation(identifier: str) -> Organisation:
    """Return the organisation; raises `NoSuchOrganisation`."""
    found = Organisation.objects.filter(id=identifier).first()
    if found is None:
        raise NoSuchOrganisation(organisation=identifier[:100])
    return found


def organisations(role: Role) -> list[Organisation]:
    """Return the organisations of a role, by identifier."""
    return list(Organisation.objects.filter(role=role).order_by("id"))


def organisation_names(identifiers: Iterable[str]) -> dict[str, Text]:
    """Return the names of the organisations that there are; an applicant's is only for those who deal with it."""
    rows = Organisation.objects.filter(id__in=identifiers).values_list("id", "name_zh", "name_en")
    return {identifier: Text(zh, en) for identifier, zh, en in rows}


def person(identifier: str) -> Person:
    """Return the person; raises `NoSuchPerson`."""
    found = Person.objects.filter(id=identifier).first()
    if found is None:
        raise NoSuchPerson(person=identifier[:100])
    return found


def person_names(identifiers: Iterable[str]) -> dict[str, str]:
    """Return the names of the persons whose names were not erased."""
    rows = Disclosure.objects.filter(person__in=identifiers, name="name")
    return dict(rows.values_list("person", "value"))


def disclosures_of(identifier: str) -> tuple[disclosure.Disclosure, ...]:
    """Return what hides behind a person's identifier, with the salts of the claims, in the order of their names."""
    rows = Disclosure.objects.filter(person=identifier).order_by("name")
    return tuple(disclosure.Disclosure(bytes(row.salt), row.name, row.value) for row in rows)


def key_of(identifier: str) -> PersonKey | None:
    """Return the key with which the person approves now."""
    return PersonKey.objects.filter(person=identifier, retired_ms=None).first()


def members(actor: Actor, organisation_id: str) -> dict[str, frozenset[str]]:
    """Return the functions of every member by person; raises `Forbidden` where `actor` is none of them."""
    policies.may(actor, policies.SEE_MEMBERS, organisation_id)
    rows = Membership.objects.filter(organisation=organisation_id).order_by("person")
    return {member: frozenset(functions) for member, functions in rows.values_list("person", "functions")}


def is_known_elsewhere(person: str, organisation: str) -> bool:
    """Tell whether the person is a member of another organisation, or of none and has an account."""
    places = set(Membership.objects.filter(person=person).values_list("organisation", flat=True))
    return bool(places - {organisation}) or (not places and User.objects.filter(person=person).exists())


def tokens(actor: Actor) -> list[Token]:
    """Return the tokens of the account that asks, newest first."""
    return list(Token.objects.filter(user=actor.user).order_by("-made_ms"))
