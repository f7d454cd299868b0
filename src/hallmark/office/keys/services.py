"""The keys of this server, as its settings place them."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from hallmark.office.keys.folder import FolderKeys
from hallmark.office.keys.port import Keys


@cache
def port() -> Keys:
    """Return the place where this server's secret keys live."""
    return FolderKeys(settings.HALLMARK_KEYS, settings.HALLMARK_KEYS_PASSPHRASE)
