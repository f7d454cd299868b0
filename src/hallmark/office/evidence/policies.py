"""Who may read evidence, and whose it is to share and to erase."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Q

from hallmark.office.evidence.errors import NoSuchEvidence, NotShared, NotTheOwner, OtherContent
from hallmark.office.evidence.models import Evidence, Share
from hallmark.statement.kind import Visibility


def readable(organisations: Collection[str]) -> Q:
    """Return the condition under which someone who acts for `organisations` may read: public, owned or shared."""
    shared = Share.objects.filter(organisation__in=organisations).values("evidence")
    return Q(visibility=Visibility.PUBLIC) | Q(owner__in=organisations) | Q(address__in=shared)


def may_read(address: str, organisations: Collection[str]) -> Evidence:
    """Return the evidence; raises `NoSuchEvidence`, also where it exists and is not for this reader.

    An error that said more would tell a stranger who is being evaluated.
    """
    evidence = Evidence.objects.filter(readable(organisations), address=address).first()
    if evidence is None:
        raise NoSuchEvidence(address=address[:100])
    return evidence


def owned(address: str, organisations: Collection[str]) -> Evidence:
    """Return the evidence; raises `NotTheOwner` unless one of `organisations` owns it, `NoSuchEvidence`."""
    evidence = may_read(address, organisations)
    if evidence.owner not in organisations:
        raise NotTheOwner(address=address, owner=evidence.owner)
    return evidence


def offered(named: Mapping[str, Any], owner: str, reader: str) -> None:
    """Raise unless the evidence that a claim names is of `owner`, has that content, and is there for `reader` to read.

    Raises as `owned`, `OtherContent`, `NotShared`.
    """
    evidence = owned(named["address"].hex(), [owner])
    if evidence.digest != named["sha256"].hex():
        raise OtherContent(address=evidence.address)
    if not Evidence.objects.filter(readable([reader]), address=evidence.address).exists():
        raise NotShared(address=evidence.address, reader=reader)
