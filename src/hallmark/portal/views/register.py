"""Searching the register, and what was found as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from hallmark.certificate.status import Status
from hallmark.kernel.text import Text
from hallmark.office.registry import queries, search
from hallmark.office.registry.search import MOST_COUNTED, PAGE_SIZE, Page, Row
from hallmark.portal import language, page, reading
from hallmark.portal.errors import NotAQuestion
from hallmark.statement import plain

STATUSES = (Status.IN_FORCE, Status.SUSPENDED, Status.WITHDRAWN, Status.CANCELLED, Status.EXPIRED)
MOST_EXPORTED = 1_000
_LONGEST = 200
_FURTHEST = 4_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "number", "status", "product_zh", "product_en", "model", "version", "product_type", "applicant_zh", "applicant_en",
    "body_zh", "body_en", "granted_on", "valid_from", "valid_until",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for; `problems` are the fields that meant nothing and were left out."""

    text: str
    product_type: str
    body: str
    status: str
    page: int
    problems: tuple[NotAQuestion, ...]

    @classmethod
    def asked(cls, request: HttpRequest, types: Collection[str], bodies: Collection[str]) -> Question:
        """Return the question in the address of a request."""
        problems: list[NotAQuestion] = []

        def choose(name: str, field: Text, options: Collection[str]) -> str:
            value = request.GET.get(name, "")
            if not value or value in options:
                return value
            problems.append(NotAQuestion(field=field, value=value[:40]))
            return ""

        number = request.GET.get("page", "1")
        place = int(number) if number.isascii() and number.isdecimal() and 0 < int(number[:9]) <= _FURTHEST else 0
        if not place:
            problems.append(NotAQuestion(field=Text("页码", "The page"), value=number[:40]))
        return cls(
            request.GET.get("q", "").strip()[:_LONGEST],
            choose("type", Text("产品类别", "The product type"), types),
            choose("body", Text("认证机构", "The certification body"), bodies),
            choose("status", Text("状态", "The status"), STATUSES),
            max(place - 1, 0),
            tuple(problems),
        )

    @property
    def filters(self) -> str:
        """The question as part of an address, without its page."""
        named = {"q": self.text, "type": self.product_type, "body": self.body, "status": self.status}
        return urlencode({name: value for name, value in named.items() if value})

    def answer(self, number: int) -> Page:
        """Return the page `number`, counted from 0."""
        return search.find(
            self.text,
            today=reading.today(),
            product_type=self.product_type,
            body=self.body,
            status=self.status,
            page=number,
        )

    def rows(self) -> Iterator[Row]:
        """Yield the first `MOST_EXPORTED` rows."""
        for number in range(MOST_EXPORTED // PAGE_SIZE):
            found = self.answer(number).rows
            yield from found
            if len(found) < PAGE_SIZE:
                return


def register(request: HttpRequest) -> HttpResponse:
    """Show what a search finds; a certificate's whole number leads to its page."""
    types, bodies = _offered()
    question = Question.asked(request, types, bodies)
    number = question.text.upper()
    if number and queries.record(f"certificate/{number}"):
        return redirect("portal:certificate", number)
    found = question.answer(question.page)
    last = max(question.page + 1 if found.rows else 1, -(-found.total // PAGE_SIZE))
    context = {
        "question": question,
        "problems": [problem.explain(language.current()) for problem in question.problems],
        "found": found,
        "types": types,
        "bodies": bodies,
        "statuses": {str(status): status.words for status in STATUSES},
        "pages": pages(question.page + 1, last),
        "place": question.page + 1,
        "last": last,
        "most_counted": MOST_COUNTED,
        "most_exported": MOST_EXPORTED,
    }
    return page.show(request, "register.html", context)


def pages(place: int, last: int) -> list[int]:
    """Return the page numbers to offer: the ends, and those around `place`; 0 stands for a gap."""
    near = sorted({1, last, *range(max(1, place - 1), min(last, place + 1) + 1)})
    shown: list[int] = []
    for number in near:
        if shown and number - shown[-1] > 1:
            shown.append(0)
        shown.append(number)
    return shown


def export_csv(request: HttpRequest) -> HttpResponseBase:
    """Send what a search finds as CSV (RFC 4180), in UTF-8 with a mark for spreadsheets."""
    return _export(request, "csv", "text/csv; charset=utf-8", _csv)


def export_json(request: HttpRequest) -> HttpResponseBase:
    """Send what a search finds as a JSON array of records with number and status."""
    return _export(request, "json", "application/json", _json)


def _export(
    request: HttpRequest, suffix: str, content_type: str, write: Callable[[Iterator[Row]], Iterator[str]]
) -> HttpResponseBase:
    question = Question.asked(request, *_offered())
    if question.problems:
        sentences = "\n".join(problem.explain("en") for problem in question.problems)
        return HttpResponseBadRequest(sentences, content_type="text/plain; charset=utf-8")
    headers = {"Content-Disposition": f'attachment; filename="register.{suffix}"'}
    return StreamingHttpResponse(write(question.rows()), content_type=content_type, headers=headers)


def _offered() -> tuple[Mapping[str, Text], Mapping[str, Text]]:
    """Return the titles of product types and the names of bodies that one may ask for."""
    types = {each.id: each.title for scheme in reading.schemes() for each in scheme.types.values()}
    return types, reading.bodies()


def _csv(rows: Iterator[Row]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow(_COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(cell) for cell in _cells(row)])


def _json(rows: Iterator[Row]) -> Iterator[str]:
    start = "["
    for row in rows:
        value = {"number": row.number, "status": str(row.status), "record": plain.write(row.record)}
        yield f"{start}{json.dumps(value, ensure_ascii=False)}"
        start = ",\n"
    yield "]\n" if start != "[" else "[]\n"


def _cells(row: Row) -> list[str]:
    record = row.record
    product = record["product"]
    names = [record[party]["name"][tongue] for party in ("applicant", "body") for tongue in ("zh", "en")]
    dates = [record[name] for name in ("granted_on", "valid_from", "valid_until")]
    about = [product["name"]["zh"], product["name"]["en"], product["model"], product["version"]]
    return [row.number, str(row.status), *about, record["product_type"]["id"], *names, *dates]


def _cell(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Echo:
    """A file whose lines come back to whoever writes them."""

    def write(self, line: str) -> str:
        return line
