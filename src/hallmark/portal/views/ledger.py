"""The ledger for anyone to read: what it says of itself, its entries as the public sees them, and its files."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.tile import BadTilePath, Tile
from hallmark.office.registry import log, queries
from hallmark.office.registry.errors import NoSuchEntry
from hallmark.portal import page, reading
from hallmark.portal.errors import NotATile
from hallmark.statement import envelope, plain
from hallmark.statement.envelope import Draft

_RECENT = 25
_CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as the public sees it; `certificate` is the number of the one that it is about, if any."""

    index: int
    draft: Draft
    issuer: Text
    certificate: str

    @property
    def issued_at(self) -> int:
        """When it was made, ms since 1970 UTC."""
        return self.draft.issued_at * instant.SECOND


def ledger(request: HttpRequest) -> HttpResponse:
    """Show the checkpoint and the entries before the one asked for, newest first."""
    try:
        note, tiles = queries.published()
    except NoSuchEntry as error:
        return page.refuse(request, error)
    size = len(tiles)
    before = request.GET.get("before", "")
    end = min(int(before[:18]), size) if before.isascii() and before.isdecimal() else size
    start = max(0, end - _RECENT)
    items = [_item(index, encoded) for index, encoded in enumerate(tiles.entries(start, end), start)]
    context = {
        "checkpoint": Checkpoint.parse(note.text),
        "note": note.encode().decode(),
        "items": reversed(items),
        "start": start,
        "end": end,
        "size": size,
        "newer": min(end + _RECENT, size),
        "offset": reading.offset_minutes(),
    }
    return page.show(request, "ledger.html", context)


def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Show an entry: its public claims, and the proof that it is in the log."""
    try:
        note, tiles = queries.published()
        if index >= len(tiles):
            raise NoSuchEntry(index=index, size=len(tiles))  # noqa: TRY301 - one answer for both
    except NoSuchEntry as error:
        return page.refuse(request, error)
    encoded = tiles.entry(index)
    item = _item(index, encoded)
    claims = plain.write_claims(item.draft.kind, item.draft.public)
    context = {
        "item": item,
        "claims": json.dumps(claims, ensure_ascii=False, indent=2),
        "hidden": [*item.draft.members, *item.draft.sealed],
        "digest": envelope.parse(encoded).digest,
        "approvals": envelope.parse(encoded).approvals,
        "path": tiles.prove_inclusion(index),
        "checkpoint": Checkpoint.parse(note.text),
        "size": len(tiles),
        "offset": reading.offset_minutes(),
    }
    return page.show(request, "entry.html", context)


def published_file(request: HttpRequest, path: str) -> HttpResponse:  # noqa: ARG001 - Django hands it over
    """Send a file of the log: the checkpoint, never kept, or a tile or entry bundle, which never changes."""
    try:
        if path != _CHECKPOINT:
            Tile.parse(path)
        content = log.read(path)
    except (BadTilePath, FileNotFoundError):
        return page.refuse_program(NotATile(path=path[:80]))
    if path == _CHECKPOINT:
        headers = {"Cache-Control": "no-store", **page.FOR_ALL}
        return HttpResponse(content, content_type="text/plain; charset=utf-8", headers=headers)
    return HttpResponse(
        content, content_type="application/octet-stream", headers={"Cache-Control": page.FOR_GOOD, **page.FOR_ALL}
    )


def _item(index: int, encoded: bytes) -> Item:
    draft = envelope.parse(encoded).draft
    certificate = draft.subject if draft.kind.name.startswith("certificate.") else ""
    return Item(index, draft, reading.public_name(draft.issuer), certificate)
