"""What follows from entries: the searchable register and people's competences. It can be dropped and made again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from hallmark.kernel import canonical, instant
from hallmark.office.accounts import services as accounts
from hallmark.office.registry import queries
from hallmark.office.registry.models import Certificate, Entry, SearchTerm
from hallmark.office.registry.state import DatabaseState
from hallmark.statement import envelope

_WORD = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]+")
_LONGEST = 40
_STATUS_KINDS = ("certificate.suspended", "certificate.restored", "certificate.withdrawn", "certificate.cancelled")


def follow(entries: Iterable[int]) -> None:
    """Bring the projections up to these entries."""
    for row in Entry.objects.filter(index__in=list(entries)).order_by("index"):
        if row.kind in _FOLLOW:
            _FOLLOW[row.kind](row)


def rebuild() -> int:
    """Drop every projection and make it again from the ledger; return how many entries were read."""
    Certificate.objects.all().delete()
    count = 0
    for row in Entry.objects.order_by("index").iterator():
        count += 1
        if row.kind in _FOLLOW:
            _FOLLOW[row.kind](row)
    return count


def terms(text: str) -> Iterator[str]:
    """Yield the search terms in `text`: its words in small letters, of Chinese every two neighbours and every one."""
    for word in _WORD.findall(text.lower()):
        if word.isascii():
            yield word[:_LONGEST]
        else:
            yield from word
            yield from (word[at : at + 2] for at in range(len(word) - 1))


def _show_certificate(row: Entry) -> None:
    record = envelope.parse(bytes(row.encoded)).draft.public
    certificate = Certificate.objects.create(
        number=row.subject,
        entry=row.index,
        body=row.issuer,
        product_type=record["product_type"]["id"],
        status="in-force",
        valid_from=instant.parse_date(record["valid_from"]),
        valid_until=instant.parse_date(record["valid_until"]),
        record=canonical.encode(record),
    )
    names = (
        record["applicant"]["name"],
        record["product"]["name"],
        record["manufacturer"]["name"],
        record["body"]["name"],
    )
    words = [row.subject, record["product"]["model"], record["product"]["version"], record["product_type"]["id"]]
    words += [name[language] for name in (*names, record["product_type"]["name"]) for language in ("zh", "en")]
    found = {term for text in words for term in terms(text)}
    SearchTerm.objects.bulk_create(SearchTerm(term=term, certificate=certificate) for term in sorted(found))


def _show_status(row: Entry) -> None:
    record = DatabaseState().get(f"certificate/{row.subject}")
    if record is not None:
        Certificate.objects.filter(pk=row.subject).update(status=record["history"][-1]["status"])


def _show_competence(row: Entry) -> None:
    claims = queries.claims(row)
    accounts.record_competence(
        row.subject,
        row.issuer,
        claims["function"],
        claims["scheme"],
        claims["product_types"],
        instant.parse_date(claims["valid_from"]),
        instant.parse_date(claims["valid_until"]),
    )


_FOLLOW: Mapping[str, Callable[[Entry], None]] = {
    "certificate.issued": _show_certificate,
    **dict.fromkeys(_STATUS_KINDS, _show_status),
    "competence.recorded": _show_competence,
}
