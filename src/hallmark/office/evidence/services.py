"""Storing, sharing and erasing evidence; nothing else writes to the vault or its table."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.conf import settings

from hallmark.office.evidence import policies
from hallmark.office.evidence.cipher import Readable
from hallmark.office.evidence.errors import BadMediaType
from hallmark.office.evidence.models import Evidence, Share
from hallmark.office.evidence.vault import server_vault
from hallmark.statement.kind import Visibility

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_NAME_LENGTH = 200


def store(
    source: Readable,
    *,
    name: str,
    media_type: str,
    owner: str,
    visibility: Visibility,
    at: int,
    case: str = "",
    by: str = "",
) -> Evidence:
    """Keep what `source` gives as evidence of the organisation `owner`; raises `BadMediaType`, `TooLarge`.

    `name` is the file's name for people, `by` the person who brought it, `at` the time in ms.
    """
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise BadMediaType(media_type=media_type[:100])
    stored = server_vault().put(source, settings.HALLMARK_UPLOAD_LIMIT)
    return Evidence.objects.create(
        address=stored.address,
        size=stored.size,
        digest=stored.digest.hex(),
        name=name[:_NAME_LENGTH],
        media_type=media_type,
        owner=owner,
        case=case,
        visibility=visibility,
        stored_by=by,
        stored_ms=at,
    )


def share(address: str, organisation: str, *, organisations: Collection[str]) -> None:
    """Let `organisation` read; raises `NotTheOwner` unless one of `organisations` owns the evidence."""
    Share.objects.get_or_create(evidence=policies.owned(address, organisations), organisation=organisation)


def unshare(address: str, organisation: str, *, organisations: Collection[str]) -> None:
    """Let `organisation` read no longer; raises `NotTheOwner` unless one of `organisations` owns the evidence."""
    Share.objects.filter(evidence=policies.owned(address, organisations), organisation=organisation).delete()


def erase(address: str, *, owner: str, ground: str, at: int) -> None:
    """Destroy the content of `owner`'s evidence for good; address and size stay. Raises `NotTheOwner`.

    The key goes before the row says so: interrupted between the two, the content is gone and erasing again ends it.
    """
    policies.owned(address, [owner])
    server_vault().erase(address)
    Evidence.objects.filter(address=address, erased_ms=None).update(
        digest="", name="", stored_by="", erased_ms=at, ground=ground
    )
