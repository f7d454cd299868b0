"""A server on which the ledger is founded, with the people of the market and their keys."""

from __future__ import annotations

import hashlib
import os
from types import SimpleNamespace

import pytest
from django.db import transaction

from hallmark.kernel.keys import SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.statement.kind import Role

if os.environ.get("HALLMARK_TEST_DATABASE") == "postgresql":
    collect_ignore = ["test_older_copy.py"]

STAFF = {
    "lotus": {"alice": ("manager", "applicant_representative")},
    "jade": {"charlie": ("manager", "applicant_representative")},
    "northern": {
        "dora": ("manager", "case_officer"),
        "erin": ("auditor",),
        "frank": ("reviewer",),
        "grace": ("decision_maker",),
        "henry": ("responsible_person",),
    },
    "meridian": {"judy": ("manager", "authorised_signatory"), "ivan": ("tester",)},
    "bank": {"bea": ("manager",)},
}
ROLES = {"lotus": Role.APPLICANT, "jade": Role.APPLICANT, "northern": Role.BODY, "meridian": Role.LABORATORY}


def key(name: str) -> SoftwareSigner:
    """Return the key of a person; the same every time."""
    return SoftwareSigner.from_seed(hashlib.sha256(f"key of {name}".encode()).digest())


@pytest.fixture
def office(db, settings, tmp_path, monkeypatch):
    """The founded server: organisations and people by name, `office.actors[name]`, `office.persons[name]`."""
    from hallmark.office.accounts import enrolment as proof
    from hallmark.office.accounts import entry, queries, services
    from hallmark.office.accounts.models import User
    from hallmark.office.evidence import vault
    from hallmark.office.keys import services as key_services
    from hallmark.office.registry import enrolment
    from hallmark.office.registry.services import environment

    settings.HALLMARK_LOG = tmp_path / "log"
    settings.HALLMARK_KEYS = tmp_path / "keys"
    key_services.port.cache_clear()
    vault.server_vault.cache_clear()
    with transaction.atomic():  # so that tiles are written once
        olga = enrolment.found_ledger(
            Text("运营方", "Operator"),
            Text("央行", "Central bank"),
            address="1 Main street",
            registrar="Olga",
            login="olga",
            password="correct horse battery",
            development=True,
        )
        bank = queries.organisations(Role.OWNER)[0].id
        places, persons = {"bank": bank}, {}
        for place, role in ROLES.items():
            code = "NORTH" if place == "northern" else ""
            places[place] = enrolment.register_organisation(
                olga, role, Text(f"{place}公司", place.title()), f"{place} road", code=code
            ).id
        for place, staff in STAFF.items():
            for name, functions in staff.items():
                person = enrolment.enrol_person(olga, name.title(), f"no. {name}")
                persons[name] = person.id
                services.set_functions(olga, places[place], person.id, functions)
                entry.open_account(name, person, "correct horse battery")
                enrolment.enrol_key(olga, person.id, key(name).public, proof.prove(environment(), person.id, key(name)))
    actors = {user.login: queries.actor_of(user) for user in User.objects.all()}
    yield SimpleNamespace(places=places, persons=persons, actors=actors, **places)
    key_services.port.cache_clear()
    vault.server_vault.cache_clear()
