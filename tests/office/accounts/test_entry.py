"""The door: passwords, second factor, invitations, tokens, and how often one may try."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import authenticate as django_authenticate

from hallmark.kernel import instant
from hallmark.office.accounts import entry, queries, services, throttle, totp
from hallmark.office.accounts.errors import (
    BadInvitation,
    BadLogin,
    BadToken,
    CodeNeeded,
    LoginTaken,
    NoSuchAccount,
    NoSuchMember,
    NoSuchToken,
    NotAMember,
    OutOfScope,
    RegistrarNeeded,
    SecondFactorOn,
    TooManyRequests,
    WeakPassword,
    WrongCredentials,
)
from hallmark.office.accounts.models import Spending, Token, User
from hallmark.office.accounts.policies import Scope

AT = 1_800_000_000_000
HERE = "192.0.2.1"
NEW_PASSWORD = "a quite different sentence"


def sign_in(login: str, password: str, code: str = "", address: str = HERE, at: int = AT) -> User:
    return entry.sign_in(login, password, code=code, address=address, at=at)


def test_alice_signs_in_however_she_writes_her_login(market: SimpleNamespace) -> None:
    for login in ("alice", " Alice ", "ＡＬＩＣＥ"):
        assert sign_in(login, market.password).login == "alice"


@pytest.mark.parametrize(("login", "password"), [("alice", "wrong"), ("nobody", "wrong"), ("alice", ""), ("", "")])
def test_wrong_credentials_do_not_tell_what_is_wrong(market: SimpleNamespace, login: str, password: str) -> None:
    with pytest.raises(WrongCredentials) as caught:
        sign_in(login, password)
    assert caught.value.facts == {}


def test_a_closed_account_opens_to_nobody(market: SimpleNamespace) -> None:
    User.objects.filter(login="alice").update(is_active=False)
    with pytest.raises(WrongCredentials):
        sign_in("alice", market.password)


def test_signing_in_rightly_uses_no_allowance_up(market: SimpleNamespace, settings: Any) -> None:
    settings.HALLMARK_RATES = {**settings.HALLMARK_RATES, "sign-in": (2, 60)}
    for _ in range(5):
        sign_in("alice", market.password)
    for _ in range(2):
        with pytest.raises(WrongCredentials):
            sign_in("alice", "wrong")
    with pytest.raises(TooManyRequests):
        sign_in("alice", market.password)


def test_djangos_own_sign_in_lets_nobody_past_the_counting(market: SimpleNamespace) -> None:
    assert django_authenticate(username="alice", password=market.password) is None


def test_guessing_ends_for_the_login_and_for_the_address(market: SimpleNamespace, settings: SimpleNamespace) -> None:
    settings.HALLMARK_RATES = {"sign-in": (3, 60)}
    for number in range(3):
        with pytest.raises(WrongCredentials):
            sign_in("alice", "wrong", address=f"192.0.2.{number}")
    with pytest.raises(TooManyRequests, match="60 seconds"):
        sign_in("alice", market.password, address="192.0.2.99")
    for login in ("bob", "dora", "erin"):
        with pytest.raises(WrongCredentials):
            sign_in(login, "wrong", address="192.0.2.50")
    with pytest.raises(TooManyRequests):
        sign_in("charlie", market.password, address="192.0.2.50")
    assert sign_in("alice", market.password, at=AT + 60_000)


def test_an_ipv6_customer_counts_once() -> None:
    assert throttle.network("2001:db8::1") == throttle.network("2001:db8::ffff:1") == "2001:db8::/64"
    assert throttle.network("2001:db8:0:1::1") != throttle.network("2001:db8::1")
    assert throttle.network("192.0.2.1") == "192.0.2.1"
    assert throttle.network("unix:") == "unix:"


def test_counts_keep_no_address_and_are_forgotten(market: SimpleNamespace) -> None:
    sign_in("alice", market.password)
    assert all(HERE not in row.key and "alice" not in row.key for row in Spending.objects.all())
    throttle.forget(AT + 1)
    assert not Spending.objects.exists()


@pytest.mark.parametrize(
    ("password", "en", "zh"),
    [
        ("short", "fewer than 12 characters", "少于 12 个字符"),
        ("123456789012345", "all digits", "全为数字"),
        ("1qaz2wsx3edc", "most common", "常见密码"),
        ("mallory.the.stranger", "like the login", "与登录名过于相似"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_in_both_languages(
    market: SimpleNamespace, password: str, en: str, zh: str
) -> None:
    User.objects.filter(login="mallory").update(login="mallory.the.strange")
    with pytest.raises(WeakPassword, match=en) as caught:
        entry.change_password(market.mallory, market.password, password, address=HERE, at=AT)
    assert zh in caught.value.explain("zh")


def test_changing_a_password_takes_the_old_one_and_ends_other_sessions(market: SimpleNamespace) -> None:
    before = User.objects.get(login="alice").get_session_auth_hash()
    with pytest.raises(WrongCredentials):
        entry.change_password(market.alice, "wrong", NEW_PASSWORD, address=HERE, at=AT)
    reader = replace(market.alice, scopes=frozenset({Scope.READ, Scope.WRITE}))
    with pytest.raises(OutOfScope):
        entry.change_password(reader, market.password, NEW_PASSWORD, address=HERE, at=AT)
    entry.change_password(market.alice, market.password, NEW_PASSWORD, address=HERE, at=AT)
    assert sign_in("alice", NEW_PASSWORD).get_session_auth_hash() != before
    with pytest.raises(WrongCredentials):
        sign_in("alice", market.password)


# RFC 6238, appendix B, SHA-1: the last six of the eight digits given there.
@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, digits: str) -> None:
    secret = b"12345678901234567890"
    assert totp.code(secret, seconds // 30) == digits.encode()
    assert totp.matching_step(secret, digits, seconds * 1_000) == seconds // 30
    assert totp.matching_step(secret, digits, (seconds + 30) * 1_000) == seconds // 30
    assert totp.matching_step(secret, digits, (seconds + 61) * 1_000) is None
    assert totp.matching_step(secret, "۲۸۷۰۸۲", seconds * 1_000) is None


def test_a_second_factor_is_asked_for_once_it_is_confirmed(market: SimpleNamespace) -> None:
    alice = market.alice
    secret, address = entry.new_second_factor(alice)
    assert address.startswith("otpauth://totp/")

    def confirm(code: bytes, password: str = market.password, secret: bytes = secret) -> None:
        entry.confirm_second_factor(alice, secret, password, code.decode(), address=HERE, at=AT)

    step = AT // 30_000
    with pytest.raises(WrongCredentials):
        confirm(b"no code")
    with pytest.raises(WrongCredentials):  # a token that leaks does not shut its owner out
        confirm(totp.code(secret, step), "wrong")
    assert sign_in("alice", market.password)

    confirm(totp.code(secret, step))
    assert secret not in bytes(User.objects.get(login="alice").totp_secret)
    another, _ = entry.new_second_factor(alice)
    with pytest.raises(SecondFactorOn):
        confirm(totp.code(another, step), secret=another)
    with pytest.raises(CodeNeeded):
        sign_in("alice", market.password, at=AT + 30_000)
    following = totp.code(secret, step + 1).decode()
    with pytest.raises(WrongCredentials):
        sign_in("alice", market.password, "no code", at=AT + 30_000)
    assert sign_in("alice", market.password, following, at=AT + 30_000)
    with pytest.raises(WrongCredentials):  # a code works once
        sign_in("alice", market.password, following, at=AT + 30_000)

    with pytest.raises(CodeNeeded):
        entry.remove_second_factor(alice, market.password, "", address=HERE, at=AT)
    last = totp.code(secret, step + 2).decode()
    entry.remove_second_factor(alice, market.password, last, address=HERE, at=AT + 60_000)
    assert sign_in("alice", market.password)


def test_a_member_is_invited_and_chooses_a_password_that_nobody_else_knew(market: SimpleNamespace) -> None:
    nora = services.enrol_person(market.olga, "Nora", "nora").id
    with pytest.raises(NoSuchMember):
        entry.invite(market.alice, market.lotus, nora, "nora", at=AT)
    services.set_functions(market.alice, market.lotus, nora, ["applicant_representative"])
    code = entry.invite(market.alice, market.lotus, nora, "Nora", at=AT)
    with pytest.raises(WrongCredentials):
        sign_in("nora", "")
    user_id, expires, seal = code.split(".")
    for wrong in (
        "",
        "x.y.z",
        f"{user_id}.{int(expires) + 1}.{seal}",
        code[:-1],
        f"{market.bob.user}.{expires}.{seal}",
    ):
        with pytest.raises(BadInvitation):
            entry.accept(wrong, NEW_PASSWORD, at=AT)
    with pytest.raises(BadInvitation):
        entry.accept(code, NEW_PASSWORD, at=AT + entry.INVITATION_MS)
    assert entry.accept(code, NEW_PASSWORD, at=AT).person_id == nora
    assert queries.actor_of(sign_in("nora", NEW_PASSWORD)).organisations == {market.lotus}
    with pytest.raises(BadInvitation):
        entry.accept(code, "and yet another one", at=AT)


def test_who_invites_and_what_for(market: SimpleNamespace) -> None:
    with pytest.raises(NotAMember):
        entry.invite(market.alice, market.jade, market.charlie.person, "charlie2", at=AT)
    for login in ("bob", "another"):  # taken; and Bob has an account
        with pytest.raises(LoginTaken):
            entry.invite(market.alice, market.lotus, market.bob.person, login, at=AT)
    nora = services.enrol_person(market.olga, "Nora", "nora").id
    services.set_functions(market.alice, market.lotus, nora, ["applicant_representative"])
    for login in ("a", "two words", "a" * 101, "semi;colon"):
        with pytest.raises(BadLogin):
            entry.invite(market.alice, market.lotus, nora, login, at=AT)


def test_who_is_invited_by_one_of_two_organisations_is_invited_by_a_registrar(market: SimpleNamespace) -> None:
    victor = services.enrol_person(market.olga, "Victor", "victor").id
    services.set_functions(market.dora, market.northern, victor, ["decision_maker"])
    with pytest.raises(RegistrarNeeded):  # or Charlie would sign in as Victor at Northern
        services.set_functions(market.charlie, market.jade, victor, ["manager"])
    services.set_functions(market.olga, market.jade, victor, ["applicant_representative"])
    for manager, place in ((market.charlie, market.jade), (market.dora, market.northern)):
        with pytest.raises(RegistrarNeeded):
            entry.invite(manager, place, victor, "victor", at=AT)
    assert entry.invite(market.olga, market.northern, victor, "victor", at=AT)


def test_a_reset_is_the_registrars_and_shuts_the_account_meanwhile(market: SimpleNamespace) -> None:
    with pytest.raises(RegistrarNeeded):
        entry.reset(market.alice, "bob", at=AT)
    with pytest.raises(NoSuchAccount):
        entry.reset(market.olga, "nobody", at=AT)
    code = entry.reset(market.olga, "bob", at=AT)
    with pytest.raises(WrongCredentials):
        sign_in("bob", market.password)
    entry.accept(code, NEW_PASSWORD, at=AT)
    assert sign_in("bob", NEW_PASSWORD)


def test_a_reset_ends_sessions_and_tokens_whoever_made_them(market: SimpleNamespace) -> None:
    token, session = make_token(market, Scope.READ), User.objects.get(login="alice").get_session_auth_hash()
    others = entry.make_token(market.bob, market.lotus, "his", [Scope.READ], expires_ms=AT + instant.DAY, at=AT)[1]
    code = entry.reset(market.olga, "alice", at=AT)
    with pytest.raises(BadToken, match="reset"):
        entry.authenticate(token, address=HERE, at=AT)
    assert entry.authenticate(others, address=HERE, at=AT).person == market.bob.person
    entry.accept(code, NEW_PASSWORD, at=AT)
    assert sign_in("alice", NEW_PASSWORD).get_session_auth_hash() != session
    with pytest.raises(BadToken):
        entry.authenticate(token, address=HERE, at=AT)


def make_token(market: SimpleNamespace, *scopes: Scope) -> str:
    return entry.make_token(market.alice, market.lotus, "build server", scopes, expires_ms=AT + instant.DAY, at=AT)[1]


def test_a_token_acts_for_its_maker_at_one_organisation_within_its_scopes(market: SimpleNamespace) -> None:
    services.set_functions(market.olga, market.jade, market.alice.person, ["applicant_representative"])
    actor = entry.authenticate(make_token(market, Scope.READ), address=HERE, at=AT)
    assert (actor.person, actor.organisations, actor.scopes) == (market.alice.person, {market.lotus}, {Scope.READ})


def test_a_token_is_shown_once_and_what_is_kept_cannot_make_it(market: SimpleNamespace) -> None:
    text = make_token(market, Scope.READ)
    (row,) = queries.tokens(market.alice)
    assert text.startswith(f"hallmark_{row.prefix}_")
    secret = text.split("_", 2)[2]
    assert all(secret not in str(value) for value in Token.objects.values_list().get())
    assert queries.tokens(market.bob) == []


def test_a_token_ends_by_time_by_revocation_with_the_membership_and_with_the_account(market: SimpleNamespace) -> None:
    text = make_token(market, Scope.READ)
    with pytest.raises(BadToken):
        entry.authenticate(text, address=HERE, at=AT + instant.DAY)
    services.set_functions(market.olga, market.lotus, market.bob.person, ["manager"])
    services.set_functions(market.olga, market.lotus, market.alice.person, [])
    assert entry.authenticate(text, address=HERE, at=AT).organisations == frozenset()
    (row,) = queries.tokens(market.alice)
    with pytest.raises(NoSuchToken):
        entry.revoke_token(market.bob, row.prefix, at=AT)
    User.objects.filter(login="alice").update(is_active=False)
    with pytest.raises(BadToken):
        entry.authenticate(text, address=HERE, at=AT)
    User.objects.filter(login="alice").update(is_active=True)
    entry.revoke_token(market.alice, row.prefix, at=AT)
    with pytest.raises(BadToken):
        entry.authenticate(text, address=HERE, at=AT)


@pytest.mark.parametrize("text", ["", "hallmark_", "hallmark_aaaaaaaaaaaa_" + "x" * 43, "Bearer x", "\x00"])
def test_what_is_no_token_opens_nothing(market: SimpleNamespace, text: str) -> None:
    with pytest.raises(BadToken):
        entry.authenticate(text, address=HERE, at=AT)


def test_half_a_token_opens_nothing(market: SimpleNamespace) -> None:
    text = make_token(market, Scope.READ)
    with pytest.raises(BadToken):
        entry.authenticate(text[:-1] + ("A" if text[-1] != "A" else "B"), address=HERE, at=AT)


def test_a_token_cannot_make_one_that_reaches_further(market: SimpleNamespace) -> None:
    reader = entry.authenticate(make_token(market, Scope.READ), address=HERE, at=AT)
    with pytest.raises(OutOfScope):
        entry.make_token(reader, market.lotus, "more", [Scope.READ], expires_ms=AT, at=AT)
    manager = entry.authenticate(make_token(market, Scope.READ, Scope.MANAGE), address=HERE, at=AT)
    with pytest.raises(OutOfScope, match="write"):
        entry.make_token(manager, market.lotus, "more", [Scope.WRITE], expires_ms=AT, at=AT)
    with pytest.raises(NotAMember):
        entry.make_token(market.alice, market.jade, "more", [Scope.READ], expires_ms=AT, at=AT)


def test_requests_are_counted_by_token_and_by_address(market: SimpleNamespace, settings: SimpleNamespace) -> None:
    text = make_token(market, Scope.READ)
    settings.HALLMARK_RATES = {"token": (2, 60), "address": (3, 60)}
    for number in range(2):
        entry.authenticate(text, address=f"198.51.100.{number}", at=AT)
    with pytest.raises(TooManyRequests):
        entry.authenticate(text, address="198.51.100.9", at=AT)
    for _ in range(3):
        with pytest.raises(BadToken):
            entry.authenticate("guess", address=HERE, at=AT)
    with pytest.raises(TooManyRequests):
        entry.authenticate("guess", address=HERE, at=AT)
    assert entry.authenticate(text, address=HERE, at=AT + 60_000)


def test_the_server_hashes_passwords_with_argon2() -> None:
    from hallmark.server import settings as server

    assert django_settings.PASSWORD_HASHERS != server.PASSWORD_HASHERS
    assert server.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
