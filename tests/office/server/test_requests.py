"""What happens to every request, whatever room answers it."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from hallmark.server import urls

NAME = "Alice Li"


def page(request: HttpRequest, person: str = "") -> HttpResponse:
    return HttpResponse(f"{request.META['REMOTE_ADDR']} {sorted(request.COOKIES)} {request.user.is_authenticated}")


def broken(request: HttpRequest, person: str) -> HttpResponse:
    raise ValueError(person)


def cached(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"Cache-Control": "max-age=60"})


urlpatterns = [
    *urls.urlpatterns,
    path("page/<person>", page),
    path("api/page", page),
    path("broken/<person>", broken),
    path("cached", cached),
]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False, SERVER_NAME="localhost")


def test_the_server_says_that_it_is_well(client: Client) -> None:
    assert client.get("/health").content == b"ok\n"


def test_nothing_inline_and_nothing_from_elsewhere_runs(client: Client) -> None:
    headers = client.get("/page/x").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_errors_carry_the_same_headers(client: Client) -> None:
    for answer in (client.get("/nowhere"), client.get(f"/broken/{NAME}")):
        assert answer.status_code in {404, 500}
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_nothing_is_kept_unless_a_view_says_so(client: Client) -> None:
    assert client.get("/page/x").headers["Cache-Control"] == "no-store"
    assert client.get("/cached").headers["Cache-Control"] == "max-age=60"


def test_the_api_is_blind_to_cookies(client: Client) -> None:
    client.cookies["sessionid"] = "somebody's"
    assert b"['sessionid']" in client.get("/page/x").content
    answer = client.get("/api/page")
    assert b" [] False" in answer.content
    assert not answer.cookies


def test_a_foreign_host_is_refused(client: Client) -> None:
    assert client.get("/page/x", SERVER_NAME="evil.example").status_code == 400


def test_a_body_beyond_the_limit_is_refused_unread(client: Client, settings: SimpleNamespace) -> None:
    settings.HALLMARK_UPLOAD_LIMIT = 10
    limit = 10 + (1 << 20)
    assert client.get("/page/x", CONTENT_LENGTH=str(limit)).status_code == 200
    for length in (str(limit + 1), "-1", "many"):
        assert client.get("/page/x", CONTENT_LENGTH=length).status_code == 413


@pytest.mark.parametrize(
    ("proxies", "expected"), [(0, b"127.0.0.1"), (1, b"192.0.2.7"), (2, b"198.51.100.9"), (3, b"127.0.0.1")]
)
def test_only_addresses_that_our_proxies_added_count(
    client: Client, settings: SimpleNamespace, proxies: int, expected: bytes
) -> None:
    settings.HALLMARK_PROXIES = proxies
    answer = client.get("/page/x", headers={"X-Forwarded-For": "198.51.100.9, 192.0.2.7"})
    assert answer.content.startswith(expected + b" ")


def test_the_log_tells_the_route_and_neither_person_nor_address(
    client: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO, logger="hallmark.request")
    client.get(f"/page/{NAME}?q={NAME}")
    client.get(f"/broken/{NAME}")
    client.get(f"/nowhere/{NAME}")
    client.get("/page/x", SERVER_NAME="evil.example")
    written = capfd.readouterr().err
    for line in ("GET /page/<person> 200", "GET /broken/<person> 500", "GET /- 404", "GET /- 400"):
        assert line in written
    assert "raise ValueError(person)\nValueError\n" in written
    for secret in (NAME, "127.0.0.1", "Li", "evil"):
        assert secret not in written
