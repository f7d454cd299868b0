"""What happens to every request: recorded without personal data, limited in size, answered with strict headers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase]

API = "/api/"
_FORM_OVERHEAD = 1 << 20
_TOO_LARGE = 413

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
# A view may set a header itself; what it leaves open is closed here.
HEADERS = {
    "Content-Security-Policy": "; ".join(_CONTENT_SECURITY_POLICY),
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

log = logging.getLogger("hallmark.request")


def find_client(answer: Answer) -> Answer:
    """Put the client's address where the nearest proxy's would be; what is left of it the client could have forged."""

    def found(request: HttpRequest) -> HttpResponseBase:
        addresses = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if 0 < settings.HALLMARK_PROXIES <= len(addresses):
            request.META["REMOTE_ADDR"] = addresses[-settings.HALLMARK_PROXIES].strip()
        return answer(request)

    return found


def record(answer: Answer) -> Answer:
    """Log method, route, status and time in ms: not the address, the query, or the identifiers in the path."""

    def recorded(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = answer(request)
        route = request.resolver_match.route if request.resolver_match else "-"
        milliseconds = (time.perf_counter() - started) * 1_000
        log.info("%s /%s %s %.1f ms", request.method, route, response.status_code, milliseconds)
        return response

    return recorded


def limit_bodies(answer: Answer) -> Answer:
    """Refuse a body that is larger than the largest file before a byte of it is read."""

    def limited(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.HALLMARK_UPLOAD_LIMIT + _FORM_OVERHEAD:
            return HttpResponse(status=_TOO_LARGE)
        return answer(request)

    return limited


def harden(answer: Answer) -> Answer:
    """Tell the browser to load nothing from elsewhere, to run nothing inline, and to keep no copy."""

    def hardened(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return hardened


def forget_cookies(answer: Answer) -> Answer:
    """Make the API blind to cookies, so that a session never opens it and no other site can borrow one."""

    def forgetful(request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(API):
            request.COOKIES = {}
        return answer(request)

    return forgetful
