"""Who prepares an audit, who carries it out, and who reads what is not reported yet: people of the body alone."""

from __future__ import annotations

from hallmark.kernel import identifier
from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Act, Actor, Scope, may
from hallmark.office.audit.errors import NoSuchAudit, NotOfTheTeam
from hallmark.office.audit.models import Audit
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import person
from hallmark.rules.state import Record

SEE = Act(Text("查看审核", "see the audit"), scope=Scope.READ)
PREPARE = Act(Text("准备审核", "prepare the audit"), frozenset({"auditor", "case_officer", "manager"}))
CARRY_OUT = Act(Text("进行审核", "carry out the audit"), frozenset({"auditor"}))


def may_prepare(actor: Actor, body: str) -> None:
    """Raise as `may` unless the actor prepares audits for this body."""
    may(actor, PREPARE, body)


def may_see(actor: Actor, audit: str) -> Audit:
    """Return the audit; raises `BadIdentifier`, or `NoSuchAudit` unless it is of one of the actor's bodies.

    Before it is reported it is nobody's but the body's: not the applicant's, and not the laboratory's.
    """
    identifier.parse(audit, "AUDIT")
    found = Audit.objects.filter(pk=audit, body__in=actor.organisations).first()
    if found is None:
        raise NoSuchAudit(audit=audit)
    may(actor, SEE, found.body)
    return found


def may_carry_out(actor: Actor, audit: Audit, case: Record) -> str:
    """Return the person who asks; raises as `may`, or `NotOfTheTeam` unless planned as auditor of the case."""
    may(actor, CARRY_OUT, audit.body)
    name = actor.person or ""
    require_planned(name, audit.case, case)
    return name


def require_planned(name: str, which: str, case: Record) -> None:
    """Raise `NotOfTheTeam` unless the natural person `name` is planned as auditor of the case `which`."""
    state = DatabaseState()
    planned = {
        person.resolve(state, each["person"]) for each in case.get("team") or () if each["function"] == "auditor"
    }
    if person.resolve(state, name) not in planned:
        raise NotOfTheTeam(person=name, case=which)
