"""Who may do what: acts are data, and one rule reads them.

Office rooms declare their own acts and ask `may`. What the *ledger* allows is another question, asked of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from hallmark.kernel.text import Text
from hallmark.office.accounts.errors import NotAMember, OutOfScope, RegistrarNeeded, SignInNeeded, WrongFunction
from hallmark.statement.kind import Role
from hallmark.statement.person import FUNCTIONS_AT as SIGNED_AT
from hallmark.statement.words import FUNCTIONS as SIGNED
from hallmark.statement.words import named

FUNCTIONS: Mapping[str, Text] = {
    **{each: named(each).words for each in ("manager", "registrar")},
    **SIGNED,
}

_REGISTRARS = (Role.OPERATOR, Role.OWNER)

# A function exists only where its work is done: nobody makes himself registrar at an organisation of his own.
FUNCTIONS_AT: Mapping[Role, frozenset[str]] = {
    role: frozenset(["manager", *signed, *(["registrar"] if role in _REGISTRARS else [])])
    for role, signed in SIGNED_AT.items()
}


class Scope(StrEnum):
    """How far a token reaches."""

    READ = "read"
    WRITE = "write"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Act:
    """Something people do; for the organisation concerned it takes one of `functions`, or membership where empty.

    `registrar`: a registrar of the operator or the scheme owner may do it for any organisation.
    """

    title: Text
    functions: frozenset[str] = frozenset()
    scope: Scope = Scope.WRITE
    registrar: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks: account, person, functions at each organisation, and the scopes of the token if there is one."""

    user: UUID | None = None
    person: str | None = None
    offices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[Scope] = frozenset(Scope)

    @property
    def organisations(self) -> frozenset[str]:
        """The organisations for which this is."""
        return frozenset(self.offices)


STRANGER = Actor(scopes=frozenset({Scope.READ}))


def may(actor: Actor, act: Act, organisation: str = "") -> None:
    """Raise unless `actor` may do `act` for `organisation`, or as registrar where the act concerns none.

    Raises `SignInNeeded`, `OutOfScope`, `RegistrarNeeded`, `NotAMember` or `WrongFunction`.
    """
    reach(actor, act)
    if act.registrar and any("registrar" in functions for functions in actor.offices.values()):
        return
    functions = actor.offices.get(organisation)
    if functions is None and not organisation:
        raise RegistrarNeeded(act=act.title)
    if functions is None:
        raise NotAMember(act=act.title, organisation=organisation)
    if act.functions and not act.functions & functions:
        raise WrongFunction(act=act.title, organisation=organisation, functions=_names(act.functions))


def reach(actor: Actor, act: Act) -> None:
    """Raise `SignInNeeded` or `OutOfScope` unless `actor` may do such things at all: for acts on oneself."""
    if actor.user is None:
        raise SignInNeeded(act=act.title)
    if act.scope not in actor.scopes:
        raise OutOfScope(act=act.title, scope=act.scope)


def _names(functions: frozenset[str]) -> Text:
    titles = [FUNCTIONS[function] for function in sorted(functions)]
    return Text("或".join(title.zh for title in titles), " or ".join(title.en for title in titles))


_MANAGER = frozenset({"manager"})

REGISTER = Act(Text("登记机构和人员", "register organisations and people"), scope=Scope.MANAGE, registrar=True)
NAME_MEMBERS = Act(Text("指定成员及其职能", "name members and their functions"), _MANAGER, Scope.MANAGE, True)
SEE_MEMBERS = Act(Text("查看成员", "see the members"), scope=Scope.READ, registrar=True)
BRING_IN = Act(Text("加入他处已知的人员", "bring in who is known elsewhere"), scope=Scope.MANAGE, registrar=True)
INVITE = Act(Text("邀请人员使用系统", "invite people to sign in"), _MANAGER, Scope.MANAGE, True)
MAKE_TOKEN = Act(Text("创建令牌", "make a token"), scope=Scope.MANAGE)
ENROL_KEY = Act(Text("登记本人密钥", "enrol your key"), scope=Scope.MANAGE)
SECURE = Act(Text("更改本人的登录方式", "change how you sign in"), scope=Scope.MANAGE)
