"""Allowances counted in the database, so that all workers share them: so many in a window, then wait for the next."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from hallmark.office.accounts.errors import TooManyRequests
from hallmark.office.accounts.models import Spending

_SPEND = """
INSERT INTO accounts_spending (key, started_ms, count) VALUES (%s, %s, 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN accounts_spending.started_ms = excluded.started_ms THEN accounts_spending.count + 1 ELSE 1 END,
    started_ms = excluded.started_ms
RETURNING count
"""


def spend(purpose: str, who: str, *, at: int) -> None:
    """Count one `purpose` (a key of `HALLMARK_RATES`) of `who` at the time `at` in ms; raises `TooManyRequests`.

    `who`, an address or a login, is kept only as a keyed hash. What is spent stays spent, whatever the request becomes:
    call it outside transactions.
    """
    allowed, seconds = settings.HALLMARK_RATES[purpose]
    window = seconds * 1_000
    started = at - at % window
    key = _key(purpose, who)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_SPEND, [key, started])
        (count,) = cursor.fetchone()
    if count > allowed:
        raise TooManyRequests(seconds=-(-(started + window - at) // 1_000))


def give_back(purpose: str, who: str) -> None:
    """Take one off the count: what it was spent on turned out well."""
    Spending.objects.filter(key=_key(purpose, who), count__gt=0).update(count=F("count") - 1)


def network(address: str) -> str:
    """Return what to count an address by: an IPv6 customer has 2^64 of them and is counted once."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


def forget(before_ms: int) -> None:
    """Delete the counts of windows that began before `before_ms`."""
    Spending.objects.filter(started_ms__lt=before_ms).delete()


def _key(purpose: str, who: str) -> str:
    return salted_hmac("hallmark/throttle", f"{purpose} {who}", algorithm="sha256").hexdigest()
