"""Searching the register in Chinese and English, on either database alike.

Every condition is a list of certificates that the database can read newest first: those with a term, those with a
status on the day. The shortest list is read, and each of its certificates looked up in the others; so neither a term
that every certificate has, nor a status, costs what it would to sort or count all that have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from hallmark.certificate.status import Status
from hallmark.kernel import canonical
from hallmark.office.registry.models import Certificate, SearchTerm, StatusPeriod
from hallmark.office.registry.projection import BODY, TYPE, terms

PAGE_SIZE = 25
MOST_COUNTED = 10_000
_MOST_TERMS = 24
_SHORT = 10_000
_LONGEST = 1_000
_LAST_PAGE = 2**31


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate found: its number, its record and its status on the day of the search."""

    number: str
    record: Mapping[str, Any]
    status: Status


@dataclass(frozen=True, slots=True)
class Page:
    """Rows `page * PAGE_SIZE` onwards of `total` that were found; `MOST_COUNTED` stands for that many or more."""

    rows: tuple[Row, ...]
    total: int
    page: int


def find(
    text: str = "", *, today: date, product_type: str = "", body: str = "", status: str = "", page: int = 0
) -> Page:
    """Return a page of the certificates that hold every term of `text`, newest first; none where it has no term.

    `status` is read on the day `today`. Of a long text the first terms are looked for.
    """
    asked = _asked(text[:_LONGEST])
    facets = [prefix + name for prefix, name in ((TYPE, product_type), (BODY, body)) if name]
    unknown = (text.strip() and not asked) or (status and status not in set(Status))
    if unknown or not all(map(str.isprintable, facets)):
        return Page((), 0, page)
    conditions: list[QuerySet[Any]] = [SearchTerm.objects.filter(term=term) for term in (*asked, *facets)]
    if status:
        conditions.append(_on(today).filter(status=status))
    found = _in_all(conditions).values_list("certificate_id", flat=True)
    start = min(max(page, 0), _LAST_PAGE) * PAGE_SIZE
    entries = found.order_by("-certificate_id")[start : start + PAGE_SIZE]
    return Page(tuple(_rows(list(entries), today)), found[:MOST_COUNTED].count(), page)


def _asked(text: str) -> list[str]:
    """Return the terms to look for; of Chinese the pairs, and a single character only where it stands alone."""
    wanted = list(dict.fromkeys(terms(text)))
    pairs = [term for term in wanted if term.isascii() or len(term) > 1]
    covered = {character for pair in pairs if not pair.isascii() for character in pair}
    return [*pairs, *(term for term in wanted if term not in pairs and term not in covered)][:_MOST_TERMS]


def _on(today: date) -> QuerySet[StatusPeriod]:
    return StatusPeriod.objects.filter(first_day__lte=today, last_day__gte=today)


def _in_all(conditions: list[QuerySet[Any]]) -> QuerySet[Any]:
    """Return the shortest of the lists, less what is not in all others; without any, all certificates."""
    if not conditions:
        return Certificate.objects.annotate(certificate_id=F("entry"))
    shortest, *others = sorted(conditions, key=_length) if len(conditions) > 1 else conditions
    for other in others:
        shortest = shortest.filter(Exists(other.filter(certificate_id=OuterRef("certificate_id"))))
    return shortest


def _length(condition: QuerySet[Any]) -> int:
    return condition[:_SHORT].count()


def _rows(entries: list[int], today: date) -> Iterator[Row]:
    found = Certificate.objects.in_bulk(entries, field_name="entry")
    # The statuses are named for the sake of the index, which begins with them.
    read = _on(today).filter(status__in=list(Status), certificate_id__in=entries)
    status = {int(row.certificate_id): row.status for row in read}
    for entry in entries:
        certificate = found[entry]
        yield Row(certificate.number, canonical.decode(bytes(certificate.record)), Status(status[entry]))
