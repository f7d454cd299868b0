"""The frame around every page, and the headers it is sent with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import render

from hallmark.kernel.errors import HallmarkError, Missing, Refusal
from hallmark.office.jobs.errors import OUT_OF_REACH
from hallmark.office.registry import queries
from hallmark.office.registry.state import held_schemes
from hallmark.portal import language, reading
from hallmark.portal.errors import Broken, OutOfReach

FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Headers of what programs on other sites may read."""
FOR_GOOD = "public, max-age=31536000, immutable"
"""How long what never changes may be kept."""
_PAGES = "portal"  # the namespace of what people read
_PLAIN = "text/plain; charset=utf-8"
_AGAIN_S = 30
_REFUSED: tuple[tuple[type[HallmarkError], int], ...] = ((Missing, 404), (Refusal, 409), (HallmarkError, 503))


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Return the page that `template` makes of `context`, inside the frame that all pages share."""
    frame = {
        "ledger": queries.record("ledger"),
        "in_consortium": queries.record("consortium") is not None,
        "scheme_id": reading.schemes()[0].id,
    }
    return _render(request, template, {**frame, **(context or {})}, status)


def refuse(request: HttpRequest, error: HallmarkError) -> HttpResponse:
    """Return the page that explains what is missing, wrong or unavailable."""
    return show(request, "refused.html", _why(error), status=_status_of(error))


def refuse_program(error: HallmarkError) -> HttpResponse:
    """Return the same as one sentence, for addresses that programs read."""
    return HttpResponse(error.explain(language.current()), status=_status_of(error), content_type=_PLAIN)


def send_json(value: Mapping[str, Any]) -> HttpResponse:
    """Return `value` as JSON, Chinese as it is."""
    options = {"ensure_ascii": False, "indent": 2}
    return JsonResponse(value, json_dumps_params=options, headers={"Cache-Control": "no-cache"})


def broken(request: HttpRequest) -> HttpResponse:
    """Return the answer to whatever Django caught, without the database: that this is out of reach, or worse."""
    gone = isinstance(sys.exception(), OUT_OF_REACH)
    error = OutOfReach(seconds=_AGAIN_S) if gone else Broken()
    status = 503 if gone else 500
    place = request.resolver_match
    if place and place.namespace != _PAGES:
        sentences = f"{error.explain('zh')}\n{error.explain('en')}\n"
        response = HttpResponse(sentences, status=status, content_type=_PLAIN)
    else:
        context = {**_why(error), "scheme_id": min(scheme.id for scheme in held_schemes().values())}
        response = _render(request, "refused.html", context, status)
    if gone:
        response.headers["Retry-After"] = str(_AGAIN_S)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django hands it over
    """Return the page for an address at which there is nothing."""
    if request.path_info.startswith("/api/"):
        return HttpResponseNotFound(content_type="text/plain")
    return show(request, "missing.html", status=404)


def _render(request: HttpRequest, template: str, context: Mapping[str, Any], status: int) -> HttpResponse:
    other = language.other()
    switch = {
        "other_language": language.CODES[other],
        "other_language_name": language.NAMES[other],
        "other_address": language.address_in(request, other),
    }
    response = render(request, f"portal/{template}", {**switch, **context}, status=status)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _why(error: HallmarkError) -> Mapping[str, str]:
    return {"why": error.explain(language.current()), "code": error.code}


def _status_of(error: HallmarkError) -> int:
    return next(status for family, status in _REFUSED if isinstance(error, family))
