"""Searching the register in Chinese and English, on either database alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from hallmark.certificate.status import Status
from hallmark.kernel import canonical
from hallmark.office.registry.models import Certificate, SearchTerm
from hallmark.office.registry.projection import terms

PAGE_SIZE = 25
_MOST_TERMS = 12
_COMMON = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate found: its number, its record and its status on the day of the search."""

    number: str
    record: Mapping[str, Any]
    status: Status


@dataclass(frozen=True, slots=True)
class Page:
    """Rows `page * PAGE_SIZE` onwards of `total` that were found."""

    rows: tuple[Row, ...]
    total: int
    page: int


def find(
    text: str = "", *, today: date, product_type: str = "", body: str = "", status: str = "", page: int = 0
) -> Page:
    """Return a page of the certificates that hold every term of `text`, newest first."""
    found = Certificate.objects.all()
    if product_type:
        found = found.filter(product_type=product_type)
    if body:
        found = found.filter(body=body)
    if status:
        found = found.filter(_of_status(status, today))
    for term in _rarest_first(text):
        found = found.filter(pk__in=SearchTerm.objects.filter(term=term).values("certificate"))
    rows = found.order_by("-entry")[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    return Page(tuple(_row(certificate, today) for certificate in rows), _count(found), page)


def _rarest_first(text: str) -> list[str]:
    """Return the terms to look for; of Chinese the pairs, and a single character only where it stands alone."""
    wanted = list(dict.fromkeys(terms(text)))
    pairs = [term for term in wanted if term.isascii() or len(term) > 1]
    covered = {character for pair in pairs if not pair.isascii() for character in pair}
    asked = [*pairs, *(term for term in wanted if term not in pairs and term not in covered)][:_MOST_TERMS]
    counts = dict(
        SearchTerm.objects.filter(term__in=asked).values_list("term").annotate(Count("certificate")).order_by()
    )
    return sorted(asked, key=lambda term: counts.get(term, 0))


def _of_status(status: str, today: date) -> Q:
    ended = Q(valid_until__lt=today, status__in=("in-force", "suspended"))
    return ended if status == Status.EXPIRED else Q(status=status) & ~ended


def _count(found: QuerySet[Certificate]) -> int:
    return found.count()


def _row(certificate: Certificate, today: date) -> Row:
    status = Status(certificate.status)
    if status in (Status.IN_FORCE, Status.SUSPENDED) and certificate.valid_until < today:
        status = Status.EXPIRED
    return Row(certificate.number, canonical.decode(bytes(certificate.record)), status)
