"""The first page: what this is, the two things that people come for, and what the ledger holds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from hallmark.ledger.checkpoint import Checkpoint
from hallmark.office.registry import queries, search
from hallmark.office.registry.errors import NoSuchEntry
from hallmark.portal import page, reading

_RECENT = 5


def home(request: HttpRequest) -> HttpResponse:
    """Show the first page."""
    found = search.find(today=reading.today())
    try:
        size = Checkpoint.parse(queries.checkpoint().text).size
    except NoSuchEntry:
        size = 0
    context = {
        "size": size,
        "certificates": found.total,
        "most_counted": search.MOST_COUNTED,
        "recent": found.rows[:_RECENT],
        "bodies": len(reading.bodies()),
        "offset": reading.offset_minutes(),
    }
    return page.show(request, "home.html", context)
