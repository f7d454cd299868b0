"""A person's own account at the desk: password and second factor."""

from __future__ import annotations

import pytest

from hallmark.kernel.text import Text

PASSWORD, NEW = "correct horse battery", "a long and rare sentence"
SECRET = b"12345678901234567890"


@pytest.fixture
def olga(desks, server):
    """The registrar of an empty server, signed in."""
    from hallmark.office.accounts import services

    services.found(Text("运营", "Operator"), name="Olga", registration="olga", login="olga", password=PASSWORD)
    desk = desks("olga")
    desk("login", "olga", "--server", server)
    return desk


@pytest.fixture
def code(monkeypatch):
    """What an authenticator with `SECRET` shows, as typed at the prompt; each call is later than the one before."""
    from hallmark.cli import session
    from hallmark.office.accounts import totp
    from hallmark.office.jobs.clock import now

    monkeypatch.setattr(totp, "new_secret", lambda: SECRET)
    later = iter((0, 1))
    monkeypatch.setattr(session, "ask", lambda _: totp.code(SECRET, now() // 30_000 + next(later)).decode())


def test_a_ledger_that_counts_is_not_founded_without_a_name(desks, settings):
    settings.HALLMARK_ENVIRONMENT = "development"
    owner = ("--owner-zh", "央行", "--owner-en", "Central bank", "--address", "1 Main street")
    operator = ("--operator-zh", "运营方", "--operator-en", "Operator", "--registrar", "Olga", "--login", "olga")
    assert desks("olga").refused("operate", "found", *owner, *operator) == (5, "ledger-unnamed")


def test_a_password_that_is_too_short_is_told_how_long_it_must_be(olga, monkeypatch):
    monkeypatch.setenv("HALLMARK_NEW_PASSWORD", "short")
    code, _, said = olga.say("password")
    assert (code, "fewer than 12 characters" in said) == (3, True)
    assert "少于 12 个字符" in olga.say("password", language="zh")[2]


def test_a_second_factor_is_added_asked_for_and_removed(olga, code, server):
    exit_code, out, err = olga.say("second-factor", "add")
    assert (exit_code, out) == (0, "Signing in asks for a code from now on\n")
    assert "otpauth://totp/" in err
    assert olga.refused("login", "olga", "--server", server) == (7, "code-needed")
    olga("second-factor", "remove")
    olga("login", "olga", "--server", server)


def test_a_password_is_changed(olga, monkeypatch, server):
    monkeypatch.setenv("HALLMARK_NEW_PASSWORD", NEW)
    olga("password")
    assert olga.refused("login", "olga", "--server", server) == (7, "wrong-credentials")
    monkeypatch.setenv("HALLMARK_PASSWORD", NEW)
    olga("login", "olga", "--server", server)


def test_a_person_is_erased(olga):
    person = olga("person", "enrol", "--name", "Nora", "--registration", "no. nora")["id"]
    assert olga("person", "erase", person) == {"erased": person}
    assert olga("person", "enrol", "--name", "Nora", "--registration", "no. nora")["id"] != person
