"""What people do with their inbox; the projections write it."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from hallmark.kernel import identifier
from hallmark.office.accounts.policies import Actor, reach
from hallmark.office.casework import policies
from hallmark.office.casework.errors import NoSuchNotice
from hallmark.office.casework.models import Notice
from hallmark.office.jobs.clock import now as wall_clock


def mark_read(actor: Actor, notices: Collection[str], *, at: int | None = None) -> None:
    """Mark notices as read, all or none; what is for a function is read once for all who hold it.

    Raises `BadIdentifier`, `NoSuchNotice`.
    """
    reach(actor, policies.MARK_READ)
    with transaction.atomic():
        theirs = Notice.objects.filter(policies.addressed_to(actor))
        for name in notices:
            if not theirs.filter(pk=identifier.parse(name, "NOTICE")).exists():
                raise NoSuchNotice(notice=name)
        theirs.filter(pk__in=list(notices), read_ms=None).update(read_ms=wall_clock() if at is None else at)
