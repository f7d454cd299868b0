"""Whose a notice is."""

from __future__ import annotations

from django.db.models import Q

from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Act, Actor, Scope

SEE_INBOX = Act(Text("查看通知", "see your notices"), scope=Scope.READ)
MARK_READ = Act(Text("标记通知为已读", "mark notices as read"))


def addressed_to(actor: Actor) -> Q:
    """Return the condition under which a notice is for whoever asks, at the organisations they act for.

    It is theirs by name, by a function that they hold, or because they manage the organisation.
    """
    theirs = Q(pk__in=())
    for organisation, functions in actor.offices.items():
        held = Q() if "manager" in functions else Q(function__in=functions)
        theirs |= Q(organisation=organisation) & (Q(person=actor.person) | (Q(person="") & held))
    return theirs
