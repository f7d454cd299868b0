"""Who asks: the holder of a bearer token, or a stranger. Every request counts against an allowance."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security.base import AuthBase

from hallmark.kernel.text import Text
from hallmark.office.accounts import entry, throttle
from hallmark.office.accounts.errors import BadToken, OutOfScope, SignInNeeded
from hallmark.office.accounts.policies import STRANGER, Actor, Scope
from hallmark.office.jobs.clock import now

_READ = Text("读取", "read")
_ACT = Text("办理此事", "do this")


class Request(HttpRequest):
    """A request whose asker is known."""

    auth: Actor


def address_of(request: HttpRequest) -> str:
    """Return the network address that the request came from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def anyone(request: HttpRequest) -> Actor:
    """Return who asks, a stranger where there is no token; raises `TooManyRequests`, `BadToken`, `OutOfScope`."""
    header = request.headers.get("Authorization", "")
    if not header:
        throttle.spend("address", throttle.network(address_of(request)), at=now())
        return STRANGER
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise BadToken
    actor = entry.authenticate(token.strip(), address=address_of(request), at=now())
    if request.method == "GET" and Scope.READ not in actor.scopes:
        raise OutOfScope(act=_READ, scope=Scope.READ)
    return actor


class Bearer(AuthBase):
    """Operations that take a token."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Actor:
        """Return who asks; raises as `anyone`, and `SignInNeeded`."""
        actor = anyone(request)
        if actor.user is None:
            raise SignInNeeded(act=_ACT)
        return actor


signed_in = Bearer()
