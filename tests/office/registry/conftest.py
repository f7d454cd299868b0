"""A server on which the ledger is founded, with the people of the market and their keys."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import transaction

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.kernel.keys import SoftwareSigner
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
    from hallmark.office.evidence import vault
    from hallmark.office.keys import services as key_services
    from office.snapshot import once

    settings.HALLMARK_LOG = tmp_path / "log"
    settings.HALLMARK_KEYS = tmp_path / "keys"
    key_services.port.cache_clear()
    vault.server_vault.cache_clear()
    places, persons, actors = once("office", tmp_path, _found)
    yield SimpleNamespace(places=dict(places), persons=dict(persons), actors=dict(actors), **places)
    key_services.port.cache_clear()
    vault.server_vault.cache_clear()


def _found():
    """Found the ledger and bring everybody in; return places, persons and actors by name."""
    from hallmark.office.accounts import enrolment as proof
    from hallmark.office.accounts import entry, queries, services
    from hallmark.office.accounts.models import User
    from hallmark.office.registry import enrolment, sequencer
    from hallmark.office.registry.services import environment
    from office.registry import founding

    with transaction.atomic():  # so that tiles are written once
        olga = founding.found()
        places = {"bank": queries.organisations(Role.OWNER)[0].id, **founding.register(olga, ROLES)}
        persons = {}
        for place, staff in STAFF.items():
            for name, functions in staff.items():
                person = enrolment.enrol_person(olga, name.title(), f"no. {name}")
                persons[name] = person.id
                services.set_functions(olga, places[place], person.id, functions)
                entry.open_account(name, person, "correct horse battery")
                enrolment.enrol_key(olga, person.id, key(name).public, proof.prove(environment(), person.id, key(name)))
    sequencer.publish()  # also where what a test does is never committed
    return places, persons, {user.login: queries.actor_of(user) for user in User.objects.all()}
