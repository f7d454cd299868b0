"""The door: accounts and passwords, second factor, tokens. With `services` the only writer of this app."""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Collection, Mapping
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from hallmark.kernel import hashing, instant
from hallmark.kernel.text import Text
from hallmark.office.accounts import policies, queries, totp
from hallmark.office.accounts.errors import (
    BadInvitation,
    BadLogin,
    BadToken,
    CodeNeeded,
    LoginTaken,
    NoSuchAccount,
    NoSuchMember,
    NoSuchToken,
    OutOfScope,
    SecondFactorOn,
    WeakPassword,
    WrongCredentials,
)
from hallmark.office.accounts.models import Person, Token, User
from hallmark.office.accounts.policies import Actor, Scope, may
from hallmark.office.accounts.throttle import give_back, network, spend
from hallmark.office.keys.services import port

INVITATION_MS = 7 * instant.DAY

_PURPOSE = "accounts"
_LOGIN = re.compile(r"[\w.@+-]{3,100}")
_TOKEN = re.compile(r"hallmark_([a-z2-7]{12})_[A-Za-z0-9_-]{43}")
_PREFIX_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"

_WEAKNESSES: Mapping[str, Text] = {
    "password_too_short": Text("少于 {min_length} 个字符", "it has fewer than {min_length} characters"),
    "password_too_common": Text("属于常见密码", "it is one of the most common"),
    "password_entirely_numeric": Text("全为数字", "it is all digits"),
    "password_too_similar": Text("与登录名过于相似", "it is too much like the login"),
}


def open_account(login: str, person: Person, password: str | None = None) -> User:
    """Return a new account, which nobody can enter where no password is given; raises `LoginTaken` and the like."""
    user = User(login=_normal(login), person=person)
    _set_password(user, password) if password else user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise LoginTaken(login=login) from None
    return user


def invite(actor: Actor, organisation: str, person: str, login: str, *, at: int) -> str:
    """Open an account for a member of the organisation, and return the code with which that person chooses a password.

    Takes the manager, or a registrar where the person is known elsewhere too: the account opens all their offices.
    Raises `NoSuchMember`, `BadLogin`, `LoginTaken`.
    """
    may(actor, policies.INVITE, organisation)
    if person not in queries.members(actor, organisation):
        raise NoSuchMember(person=person, organisation=organisation)
    if queries.is_known_elsewhere(person, organisation):
        may(actor, policies.BRING_IN)
    return _invitation(open_account(login, queries.person(person)), at)


def reset(actor: Actor, login: str, *, at: int) -> str:
    """Shut the account until its person uses the returned code: for a lost password or second factor.

    Its sessions and tokens end at once: whoever found the password may have made some.
    Takes a registrar: the manager of one organisation must not get into what its people do for another.
    """
    may(actor, policies.REGISTER)
    user = User.objects.filter(login=_folded(login)).first()
    if user is None:
        raise NoSuchAccount(login=login[:100])
    user.set_unusable_password()
    user.totp_secret = b""
    with transaction.atomic():
        user.save(update_fields=["password", "totp_secret"])  # sessions hang on the password, and end with it
        Token.objects.filter(user=user, revoked_ms=None).update(revoked_ms=at)
    return _invitation(user, at)


def accept(code: str, password: str, *, at: int) -> User:
    """Set the password of an invited account; raises `BadInvitation`, `WeakPassword`. A code works once."""
    name, _, rest = code.partition(".")
    expires, _, seal = rest.partition(".")
    try:
        user = User.objects.get(pk=UUID(name))
        expires_ms = int(expires)
    except (ValueError, User.DoesNotExist):
        raise BadInvitation from None
    if at >= expires_ms or not hmac.compare_digest(seal.encode(), _seal(user, expires_ms).encode()):
        raise BadInvitation
    _set_password(user, password)
    user.save(update_fields=["password"])
    return user


def change_password(actor: Actor, old: str, new: str, *, address: str, at: int) -> None:
    """Change the password of somebody who knows the old one; raises `WrongCredentials`, `WeakPassword`."""
    user = sign_in(_account(actor).login, old, code=None, address=address, at=at)
    _set_password(user, new)
    user.save(update_fields=["password"])


def sign_in(login: str, password: str, *, code: str | None = "", address: str, at: int) -> User:
    """Return the user of these credentials; `address` is where the request came from.

    Raises `TooManyRequests`, `WrongCredentials`, `CodeNeeded`. Call it outside transactions: attempts that fail stay
    counted.
    """
    counted = (f"address {network(address)}", f"login {_folded(login)}")
    for who in counted:
        spend("sign-in", who, at=at)
    user = User.objects.filter(login=_folded(login), is_active=True).first()
    if user is None:
        make_password(password)  # a login that is unknown takes as long as one that is known
        raise WrongCredentials
    if not user.check_password(password):
        raise WrongCredentials
    if code is not None and user.totp_secret:
        _use_code(user, code, at)
    for who in counted:
        give_back("sign-in", who)
    return user


def new_second_factor(actor: Actor) -> tuple[bytes, str]:
    """Return a fresh secret and the address that an authenticator reads; nothing is stored until it is confirmed."""
    secret = totp.new_secret()
    return secret, totp.uri(secret, _account(actor).login, settings.HALLMARK_ENVIRONMENT)


def confirm_second_factor(actor: Actor, secret: bytes, password: str, code: str, *, address: str, at: int) -> None:
    """Ask for codes of `secret` from now on, since `code` shows that it arrived.

    Raises `WrongCredentials`, and `SecondFactorOn` where one is asked for already.
    """
    user = sign_in(_account(actor).login, password, code=None, address=address, at=at)
    if user.totp_secret:
        raise SecondFactorOn
    step = totp.matching_step(secret, code, at)
    if step is None:
        raise WrongCredentials
    user.totp_secret, user.totp_step = port().wrap(_PURPOSE, secret, _totp_context(user)), step
    user.save(update_fields=["totp_secret", "totp_step"])


def remove_second_factor(actor: Actor, password: str, code: str, *, address: str, at: int) -> None:
    """Ask for no codes any more; takes both factors once more. Raises as `sign_in`."""
    user = sign_in(_account(actor).login, password, code=code, address=address, at=at)
    user.totp_secret = b""
    user.save(update_fields=["totp_secret"])


def make_token(
    actor: Actor, organisation: str, name: str, scopes: Collection[Scope], *, expires_ms: int, at: int
) -> tuple[Token, str]:
    """Return a token for the account that asks, at one organisation, and its text, which is never seen again.

    Raises `OutOfScope` for a scope beyond the actor's own.
    """
    may(actor, policies.MAKE_TOKEN, organisation)
    for scope in scopes:
        if scope not in actor.scopes:
            raise OutOfScope(act=policies.MAKE_TOKEN.title, scope=scope)
    prefix = "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(12))
    text = f"hallmark_{prefix}_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(
        user=User.objects.get(person=actor.person),
        organisation=queries.organisation(organisation),
        name=name,
        prefix=prefix,
        digest=hashing.sha256(text.encode()),
        scopes=sorted(scopes),
        made_ms=at,
        expires_ms=expires_ms,
    )
    return token, text


def revoke_token(actor: Actor, prefix: str, *, at: int) -> None:
    """End a token of the account that asks; raises `OutOfScope`, `NoSuchToken`."""
    policies.reach(actor, policies.MAKE_TOKEN)
    if not Token.objects.filter(prefix=prefix, user=actor.user, revoked_ms=None).update(revoked_ms=at):
        raise NoSuchToken(prefix=prefix[:20])


def authenticate(text: str, *, address: str, at: int) -> Actor:
    """Return who asks with a token: its account at its organisation, within its scopes.

    Raises `TooManyRequests` by address and by token, and `BadToken`. Call it outside transactions.
    """
    spend("address", network(address), at=at)
    shape = _TOKEN.fullmatch(text)
    token = Token.objects.select_related("user").filter(prefix=shape[1]).first() if shape else None
    if token is None or not hmac.compare_digest(bytes(token.digest), hashing.sha256(text.encode())):
        raise BadToken
    if token.revoked_ms is not None or at >= token.expires_ms or not token.user.is_active:
        raise BadToken
    spend("token", token.prefix, at=at)
    actor = queries.actor_of(token.user)
    offices = {name: functions for name, functions in actor.offices.items() if name == token.organisation_id}
    return Actor(actor.user, actor.person, offices, frozenset(Scope(scope) for scope in token.scopes))


def _account(actor: Actor) -> User:
    policies.reach(actor, policies.SECURE)
    return User.objects.get(pk=actor.user or "")


def _use_code(user: User, code: str, at: int) -> None:
    """Raise unless `code` is right and its time step was not used before (RFC 6238 section 5.2)."""
    if not code:
        raise CodeNeeded
    secret = port().unwrap(_PURPOSE, bytes(user.totp_secret), _totp_context(user))
    step = totp.matching_step(secret, code, at)
    if step is None or not User.objects.filter(pk=user.pk, totp_step__lt=step).update(totp_step=step):
        raise WrongCredentials


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        faults = [(_WEAKNESSES[fault.code or ""], fault.params or {}) for fault in error.error_list]
        zh = "；".join(words.zh.format_map(values) for words, values in faults)
        en = "; ".join(words.en.format_map(values) for words, values in faults)
        raise WeakPassword(why=Text(zh, en)) from None
    user.set_password(password)


def _folded(login: str) -> str:
    return unicodedata.normalize("NFKC", login).strip().casefold()


def _normal(login: str) -> str:
    folded = _folded(login)
    if not _LOGIN.fullmatch(folded):
        raise BadLogin(login=login[:100])
    return folded


def _invitation(user: User, at: int) -> str:
    expires_ms = at + INVITATION_MS
    return f"{user.pk}.{expires_ms}.{_seal(user, expires_ms)}"


def _seal(user: User, expires_ms: int) -> str:
    """Bind the invitation to the password there is, so that it ends when one is chosen."""
    return salted_hmac("hallmark/invitation", f"{user.pk} {user.password} {expires_ms}", algorithm="sha256").hexdigest()


def _totp_context(user: User) -> bytes:
    return b"hallmark/totp/1/" + user.pk.bytes
