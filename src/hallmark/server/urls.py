"""Where everything is. A face brings its own `urls` and is included here."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from hallmark.portal import urls as portal


def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django hands the request to every view
    """Answer that the process runs and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health),
    path("api/", include("hallmark.api.urls")),
    *portal.urlpatterns,  # here and not included, for Django wants the addresses of languages in this list
]
handler404 = "hallmark.portal.page.not_found"
handler500 = "hallmark.portal.page.broken"
