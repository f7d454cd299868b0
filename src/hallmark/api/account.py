"""An account: signing in, its tokens, its password, its second factor."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal, get_args

from django.conf import settings
from django.http import HttpRequest
from ninja import Path, Router
from pydantic import Field

from hallmark.api.errors import WhichOrganisation
from hallmark.api.identity import Request, address_of, anyone, signed_in
from hallmark.api.schema import Body, Identifier, Json, Line, Reply
from hallmark.kernel import instant
from hallmark.office.accounts import entry, queries
from hallmark.office.accounts.policies import Actor, Scope
from hallmark.office.jobs.clock import now

router = Router(auth=signed_in, tags=["account"])

_Scope = Literal["read", "write", "manage"]
_Prefix = Annotated[str, Path(pattern=r"^[a-z2-7]{12}$")]
_Secret = Annotated[str, Field(min_length=1, max_length=1000)]
_Code = Annotated[str, Field(max_length=20)]
_Days = Annotated[int, Field(ge=1, le=366)]


class SignIn(Body):
    """Credentials; `code` where the account has a second factor, `organisation` where its person acts for several."""

    login: Line
    password: _Secret
    code: _Code = ""
    organisation: Identifier | None = None
    name: Line = "sign-in"
    scopes: list[_Scope] = Field(default_factory=lambda: list(get_args(_Scope)))
    days: _Days = 30


class NewToken(Body):
    """A token wanted beside the one that asks: at the same organisation, never reaching further."""

    name: Line
    scopes: list[_Scope]
    days: _Days


class TokenReply(Reply):
    """A token; its text is told once, when it is made."""

    prefix: str
    name: str
    organisation: str
    scopes: list[str]
    made_ms: int
    expires_ms: int
    revoked_ms: int | None = None
    token: str | None = None


class MeReply(Reply):
    """Who asks."""

    environment: str
    person: str
    name: str
    key: str | None
    organisations: list[Json]
    scopes: list[str]


class Acceptance(Body):
    """An invitation's code and the password chosen."""

    code: _Secret
    password: _Secret


class NewPassword(Body):
    """The password there is, and the one wanted."""

    old: _Secret
    new: _Secret


class SecondFactorReply(Reply):
    """A fresh secret (base32), and the address with it that an authenticator reads."""

    secret: str
    address: str


class SecondFactor(Body):
    """The secret of `POST /second-factor`, a code that the authenticator makes of it, and the password once more."""

    secret: Annotated[str, Field(pattern=r"^[A-Z2-7]{32}$")]
    code: _Code
    password: _Secret


class BothFactors(Body):
    """The password and a code."""

    password: _Secret
    code: _Code


@router.post("/sign-in", auth=anyone, response={201: TokenReply}, summary="Get a token for login and password")
def sign_in(request: HttpRequest, body: SignIn) -> Json:
    """Return a token that acts for one organisation of the account's person."""
    at = now()
    user = entry.sign_in(body.login, body.password, code=body.code, address=address_of(request), at=at)
    actor = queries.actor_of(user)
    place = body.organisation or _only(actor)
    token, text = entry.make_token(
        actor, place, body.name, _scopes(body.scopes), expires_ms=at + body.days * instant.DAY, at=at
    )
    return {**_token(token), "token": text}


@router.get("/me", response=MeReply, summary="Who the token is")
def me(request: Request) -> Json:
    """Return person, organisation, functions and scopes of the token, and the environment that statements name."""
    actor = request.auth
    person = actor.person or ""
    key = queries.key_of(person)
    names = queries.organisation_names(actor.organisations)
    return {
        "environment": settings.HALLMARK_ENVIRONMENT,
        "person": person,
        "name": queries.person_names([person]).get(person, ""),
        "key": key.key_id if key else None,
        "organisations": [
            {"id": place, "name": names[place]._asdict(), "functions": sorted(functions)}
            for place, functions in actor.offices.items()
        ],
        "scopes": sorted(actor.scopes),
    }


@router.get("/tokens", response=list[TokenReply], summary="Your tokens")
def list_tokens(request: Request) -> list[Json]:
    """Return all tokens of the account, newest first, without their texts."""
    return [_token(token) for token in queries.tokens(request.auth)]


@router.post("/tokens", response={201: TokenReply}, summary="Make a token")
def make_token(request: Request, body: NewToken) -> Json:
    """Return a further token, with the scopes of the one that asks at the most; its text is never shown again."""
    at = now()
    token, text = entry.make_token(
        request.auth,
        _only(request.auth),
        body.name,
        _scopes(body.scopes),
        expires_ms=at + body.days * instant.DAY,
        at=at,
    )
    return {**_token(token), "token": text}


@router.delete("/tokens/{prefix}", response={204: None}, summary="End a token")
def revoke_token(request: Request, prefix: _Prefix) -> None:
    """End one of the account's tokens, by the twelve letters after `hallmark_`."""
    entry.revoke_token(request.auth, prefix, at=now())


@router.post("/invitations", auth=anyone, response={204: None}, summary="Accept an invitation")
def accept_invitation(request: HttpRequest, body: Acceptance) -> None:  # noqa: ARG001 - as every operation
    """Choose the password of an account; the code works once."""
    entry.accept(body.code, body.password, at=now())


@router.post("/password", response={204: None}, summary="Change your password")
def change_password(request: Request, body: NewPassword) -> None:
    """Change the password of the account; its tokens stay."""
    entry.change_password(request.auth, body.old, body.new, address=address_of(request), at=now())


@router.post("/second-factor", response=SecondFactorReply, summary="Begin with a second factor")
def new_second_factor(request: Request) -> Json:
    """Return a secret for the authenticator; codes are asked for once it is confirmed."""
    secret, address = entry.new_second_factor(request.auth)
    return {"secret": base64.b32encode(secret).decode(), "address": address}


@router.put("/second-factor", response={204: None}, summary="Confirm a second factor")
def confirm_second_factor(request: Request, body: SecondFactor) -> None:
    """Ask for codes of the secret at every sign-in from now on."""
    secret = base64.b32decode(body.secret)
    entry.confirm_second_factor(request.auth, secret, body.password, body.code, address=address_of(request), at=now())


@router.post("/second-factor/remove", response={204: None}, summary="Do without the second factor")
def remove_second_factor(request: Request, body: BothFactors) -> None:
    """Ask for no codes any more; it takes both factors."""
    entry.remove_second_factor(request.auth, body.password, body.code, address=address_of(request), at=now())


def _only(actor: Actor) -> str:
    if len(actor.organisations) != 1:
        raise WhichOrganisation(organisations=", ".join(sorted(actor.organisations)) or "-")
    (place,) = actor.organisations
    return place


def _scopes(names: list[_Scope]) -> list[Scope]:
    return [Scope(name) for name in dict.fromkeys(names)]


def _token(token: Any) -> Json:
    names = ("prefix", "name", "scopes", "made_ms", "expires_ms", "revoked_ms")
    return {**{name: getattr(token, name) for name in names}, "organisation": token.organisation_id}
