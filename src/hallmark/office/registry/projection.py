"""What follows from entries: the searchable register, and who is one person. It can be dropped and made again.

Other rooms follow as well: the modules that the server names in `HALLMARK_FOLLOWERS`, each with `forget` and `follow`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings
from django.db import transaction

from hallmark.certificate.status import Status, read_on
from hallmark.kernel import canonical, instant
from hallmark.office.accounts import services as accounts
from hallmark.office.registry import bulk, queries
from hallmark.office.registry.models import Certificate, Entry, SearchTerm, StatusPeriod
from hallmark.office.registry.state import DatabaseState
from hallmark.statement import envelope

_WORD = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]+")
_LONGEST = 40
TYPE, BODY = "type=", "body="
"""Terms that no text holds: of the product type, and of the body."""

_STATUS_KINDS = ("certificate.suspended", "certificate.restored", "certificate.withdrawn", "certificate.cancelled")


class Follower(Protocol):
    """A projection of another room."""

    def forget(self) -> None:
        """Drop what entries alone made."""
        ...

    def follow(self, rows: Iterable[Entry]) -> None:
        """Bring the projection up to these entries, which come in ledger order; what they made before is the same."""
        ...


def follow(entries: Iterable[int]) -> None:
    """Bring the projections up to these entries."""
    wanted = set(entries)
    if not wanted:
        return
    around = Entry.objects.filter(index__gte=min(wanted), index__lte=max(wanted)).order_by("index")
    rows = [row for row in around if row.index in wanted]
    _show(rows)
    for follower in _followers():
        follower.follow(rows)


def rebuild() -> int:
    """Drop every projection and make it again from the ledger; return how many entries were read."""
    with transaction.atomic():
        for model in (SearchTerm, StatusPeriod, Certificate):
            model.objects.all().delete()
        _show(_ledger())
        for follower in _followers():
            follower.forget()
            follower.follow(_ledger())
        return Entry.objects.count()


def _show(rows: Iterable[Entry]) -> None:
    for row in rows:
        if row.kind in _FOLLOW:
            _FOLLOW[row.kind](row)


def _ledger() -> Iterator[Entry]:
    return Entry.objects.order_by("index").iterator()


def _followers() -> Iterator[Follower]:
    return (cast("Follower", import_module(name)) for name in settings.HALLMARK_FOLLOWERS)


def terms(text: str) -> Iterator[str]:
    """Yield the search terms in `text`: its words, of Chinese every two neighbours and every one; case and width go.

    Traditional and simplified characters are two, as they are typed.
    """
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if word.isascii():
            yield word[:_LONGEST]
        else:
            yield from word
            yield from (word[at : at + 2] for at in range(len(word) - 1))


def periods(record: Mapping[str, Any]) -> Iterator[tuple[str, date, date]]:
    """Yield each status that a status record gives, with its first and last day; together they are all days."""
    changes = {date.min, *(instant.parse_date(event["effective_on"]) for event in record["history"])}
    ends = instant.parse_date(record["valid_until"])
    if ends < date.max:
        changes.add(instant.add_days(ends, 1))
    first, *later = sorted(changes)
    for after in (*later, None):
        yield str(read_on(record, first).status), first, date.max if after is None else instant.add_days(after, -1)
        first = after or first


def _show_certificate(row: Entry) -> None:
    record = envelope.parse(bytes(row.encoded)).draft.public
    Certificate.objects.create(
        number=row.subject,
        entry=row.index,
        status="in-force",
        valid_from=instant.parse_date(record["valid_from"]),
        valid_until=instant.parse_date(record["valid_until"]),
        record=canonical.encode(record),
    )
    bulk.insert(SearchTerm, ("term", "entry"), [(term, row.index) for term in sorted(_terms_of(row.subject, record))])
    _show_status(row)


def _terms_of(number: str, record: Mapping[str, Any]) -> set[str]:
    """Return what a certificate is found by."""
    named = [record[part]["name"] for part in ("applicant", "product", "manufacturer", "body", "product_type")]
    words = [number, record["product"]["model"], record["product"]["version"], record["product_type"]["id"]]
    words += [name[language] for name in named for language in ("zh", "en")]
    facets = {TYPE + record["product_type"]["id"], BODY + record["body"]["id"]}
    return facets.union(*map(terms, words))


def _show_status(row: Entry) -> None:
    record = DatabaseState().get(f"certificate/{row.subject}")
    certificate = Certificate.objects.filter(pk=row.subject).first()
    if record is None or certificate is None:
        return
    certificate.status = record["history"][-1]["status"]
    certificate.save()
    StatusPeriod.objects.filter(status__in=list(Status), certificate=certificate).delete()
    columns = ("status", "entry", "first_day", "last_day")
    bulk.insert(StatusPeriod, columns, [(name, certificate.entry, *days) for name, *days in periods(record)])


def _merge_persons(row: Entry) -> None:
    accounts.merge_persons(row.subject, queries.claims(row)["into"])


_FOLLOW: Mapping[str, Callable[[Entry], None]] = {
    "certificate.issued": _show_certificate,
    **dict.fromkeys(_STATUS_KINDS, _show_status),
    "person.merged": _merge_persons,
}
