"""The frame around every page, and the headers it is sent with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import render

from hallmark.kernel.errors import HallmarkError, Missing, Refusal
from hallmark.office.registry import queries
from hallmark.portal import language, reading

FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Headers of what programs on other sites may read."""
FOR_GOOD = "public, max-age=31536000, immutable"
"""How long what never changes may be kept."""
_REFUSED: tuple[tuple[type[HallmarkError], int], ...] = ((Missing, 404), (Refusal, 409), (HallmarkError, 503))


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Return the page that `template` makes of `context`, inside the frame that all pages share."""
    other = language.other()
    frame = {
        "ledger": queries.record("ledger"),
        "in_consortium": queries.record("consortium") is not None,
        "scheme_id": reading.schemes()[0].id,
        "other_language": language.CODES[other],
        "other_language_name": language.NAMES[other],
        "other_address": language.address_in(request, other),
    }
    response = render(request, f"portal/{template}", {**frame, **(context or {})}, status=status)
    response.headers["Cache-Control"] = "no-cache"
    return response


def refuse(request: HttpRequest, error: HallmarkError) -> HttpResponse:
    """Return the page that explains what is missing, wrong or unavailable."""
    context = {"why": error.explain(language.current()), "code": error.code}
    return show(request, "refused.html", context, status=_status_of(error))


def refuse_program(error: HallmarkError) -> HttpResponse:
    """Return the same as one sentence, for addresses that programs read."""
    sentence = error.explain(language.current())
    return HttpResponse(sentence, status=_status_of(error), content_type="text/plain; charset=utf-8")


def send_json(value: Mapping[str, Any]) -> HttpResponse:
    """Return `value` as JSON, Chinese as it is."""
    options = {"ensure_ascii": False, "indent": 2}
    return JsonResponse(value, json_dumps_params=options, headers={"Cache-Control": "no-cache"})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django hands it over
    """Return the page for an address at which there is nothing."""
    if request.path_info.startswith("/api/"):
        return HttpResponseNotFound(content_type="text/plain")
    return show(request, "missing.html", status=404)


def _status_of(error: HallmarkError) -> int:
    return next(status for family, status in _REFUSED if isinstance(error, family))
