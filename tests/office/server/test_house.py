"""The house is kept once a day, and secrets stay out of the database."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from hallmark.kernel import instant
from hallmark.office.accounts import entry, throttle, totp
from hallmark.office.accounts.models import Spending
from hallmark.office.evidence import services as evidence
from hallmark.office.jobs import queries
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.worker import work
from hallmark.office.keys.services import port
from hallmark.server.work import HANDLERS
from hallmark.statement.kind import Visibility

AT = 1_800_000_000_000


@pytest.mark.django_db
def test_keeping_house_removes_what_is_old_and_comes_back_tomorrow() -> None:
    throttle.spend("address", "192.0.2.1", at=AT - 2 * instant.DAY)
    throttle.spend("address", "192.0.2.2", at=AT)
    jobs.schedule("house.kept", "server", AT)
    assert work("w", HANDLERS, lambda: AT, until_idle=True) == 1
    assert Spending.objects.count() == 1
    assert queries.deadlines("server") == [("house.kept", AT + instant.DAY)]


@pytest.mark.django_db
def test_the_migrations_are_complete() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_no_secret_of_the_server_reaches_the_database(market: SimpleNamespace) -> None:
    port().create("house.log")
    stored = evidence.store(
        io.BytesIO(b"design"),
        name="design",
        media_type="text/plain",
        owner=market.lotus,
        visibility=Visibility.SEALED,
        at=AT,
    )
    factor, _ = entry.new_second_factor(market.alice)
    code = totp.code(factor, AT // 30_000).decode()
    entry.confirm_second_factor(market.alice, factor, market.password, code, address="192.0.2.1", at=AT)
    _, token = entry.make_token(market.alice, market.lotus, "t", ["read"], expires_ms=AT + 1, at=AT)

    secrets = [factor, token.split("_", 2)[2].encode(), market.password.encode(), settings.SECRET_KEY.encode()]
    pems = [path.read_bytes() for path in settings.HALLMARK_KEYS.rglob("*.pem")]
    secrets += [load_pem_private_key(pem, None).private_bytes_raw() for pem in pems]
    wrapped = (settings.HALLMARK_DATA_KEYS / stored.address[:2] / stored.address).read_bytes()
    secrets += [wrapped, port().unwrap("evidence", wrapped, b"hallmark/evidence/1/" + bytes.fromhex(stored.address))]

    values = [value for model in apps.get_models() for row in model.objects.values_list() for value in row]
    held = [bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in values]
    assert market.lotus.encode() in held
    for secret in secrets:
        assert not any(secret in value or secret.hex().encode() in value for value in held)
