"""How a ledger comes about for a test: its founding and its organisations; to be imported once Django is set up."""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Actor
from hallmark.office.registry import enrolment
from hallmark.statement.kind import Role


def found() -> Actor:
    """Found the ledger with its operator and its central bank; return the registrar, Olga."""
    return enrolment.found_ledger(
        Text("运营方", "Operator"),
        Text("央行", "Central bank"),
        address="1 Main street",
        registrar="Olga",
        login="olga",
        password="correct horse battery",
        development=True,
    )


def register(registrar: Actor, roles: Mapping[str, Role]) -> dict[str, str]:
    """Register an organisation under each name; return their identifiers."""
    places = {}
    for place, role in roles.items():
        words, code = Text(f"{place}公司", place.title()), "NORTH" if role is Role.BODY else ""
        places[place] = enrolment.register_organisation(registrar, role, words, f"{place} road", code=code).id
    return places
