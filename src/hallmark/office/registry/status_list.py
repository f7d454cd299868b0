"""Status lists as the ledger gives them: the place of each certificate in them, and whose bits are set.

A place is how many certificates the body had issued before. It follows from the order of entries, so it is kept nowhere
and never changes; the projection already lists a body's certificates in that order.
"""

from __future__ import annotations

from functools import lru_cache

from django.db.models import QuerySet

from hallmark.certificate import bitstring
from hallmark.certificate.status import Status
from hallmark.office.registry.errors import NoSuchCertificate, NoSuchStatusList, StatusNeverStated
from hallmark.office.registry.models import Certificate, SearchTerm, StateRecord, StatusPeriod
from hallmark.office.registry.projection import BODY
from hallmark.office.registry.state import DatabaseState
from hallmark.office.registry.status import history_at, last_stated
from hallmark.statement.kind import Role

_LISTED = (Status.SUSPENDED, Status.WITHDRAWN, Status.CANCELLED)
_LISTS_KEPT = 64


def place_of(number: str, body: str) -> int:
    """Return how many certificates `body` had issued before this one; raises `NoSuchCertificate`."""
    entry = Certificate.objects.filter(number=number).values_list("entry", flat=True).first()
    if entry is None:
        raise NoSuchCertificate(number=number)
    return _issued_by(body).filter(certificate_id__lt=entry).count()


def read(body: str, purpose: str, number: int) -> tuple[int, frozenset[int]]:
    """Return when status list `number` of a body was stated, ms since 1970 UTC, and the indexes that are set in it.

    Raises `NoSuchStatusList`, `StatusNeverStated`.
    """
    record = DatabaseState().get(f"organisation/{body}")
    first, end = number * bitstring.LENGTH, (number + 1) * bitstring.LENGTH
    if purpose not in bitstring.PURPOSES or record is None or record["role"] != Role.BODY:
        raise NoSuchStatusList(body=body, purpose=purpose, number=number)
    if number and _issued_by(body).count() <= first:
        raise NoSuchStatusList(body=body, purpose=purpose, number=number)
    stated = last_stated()
    if stated is None:
        raise StatusNeverStated
    return stated.at, _set_in(stated.entry, stated.register.root, stated.at, body, purpose, first, end)


@lru_cache(_LISTS_KEPT)  # anybody may ask, and the list is long
def _set_in(
    entry: int,
    root: bytes,  # noqa: ARG001 - another root, another ledger
    at: int,
    body: str,
    purpose: str,
    first: int,
    end: int,
) -> frozenset[int]:
    listed = {issued for issued, status in _not_in_force(entry, at).items() if bitstring.purpose_of(status) == purpose}
    entries = _issued_by(body).order_by("certificate_id").values_list("certificate_id", flat=True)
    places = enumerate(map(int, entries[first:end]))
    return frozenset(index for index, issued in places if issued in listed)


def _issued_by(body: str) -> QuerySet[SearchTerm]:
    return SearchTerm.objects.filter(term=BODY + body)


def _not_in_force(entry: int, at: int) -> dict[int, Status]:
    """Return the last status that was recorded at `at`, when `entry` stated it, of certificates by issuing entry.

    Those left out were in force, or not issued yet.
    """
    numbers = set(StatusPeriod.objects.filter(status__in=_LISTED).values_list("certificate__number", flat=True))
    changed = StateRecord.objects.filter(family="certificate", entry__gt=entry).values_list("key", flat=True)
    numbers.update(key.removeprefix("certificate/") for key in changed)
    state = DatabaseState()
    state.load(f"certificate/{number}" for number in numbers)
    issued = Certificate.objects.only("entry").in_bulk(list(numbers))
    found = {}
    for number in numbers & issued.keys():
        history = history_at(state.get(f"certificate/{number}") or {"history": []}, at)
        if history:
            found[issued[number].entry] = Status(history[-1]["status"])
    return found
