"""The one shape of every error, whatever raised it."""

from __future__ import annotations

import json
import re
from io import BufferedReader, RawIOBase

import pytest
from django.db import connection

from hallmark.api.urls import api
from hallmark.office.jobs.errors import OUT_OF_REACH

pytestmark = pytest.mark.django_db

SHAPE = ["article", "code", "detail", "facts", "status", "title", "type"]
ID = "ORG-2ZVD1S3S-MTB07TCT-M"
EXAMPLES = {"index": "0", "job": "1", "prefix": "abcdefghijkl", "address": "0" * 64, "scheme": "cfp"}
EXAMPLES |= {"product_type": "CFP-01", "leg": "audit"}


def operations():
    """Yield method, path with identifiers of nothing, and the description of every operation."""
    described = api.get_openapi_schema()
    for path, methods in described["paths"].items():
        filled = path.format_map({**dict.fromkeys(re.findall(r"{(\w+)}", path), ID), **EXAMPLES})
        for method, operation in methods.items():
            yield method.upper(), filled, operation


OPERATIONS = list(operations())


def check(answer, status: int) -> dict:
    """Return the problem in `answer`, which has exactly the one shape."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert sorted(problem) == SHAPE
    assert problem["status"] == status
    assert problem["type"] == f"urn:hallmark:problem:{problem['code']}"
    assert all(isinstance(problem[name], str) for name in ("article", "code", "detail", "title"))
    assert problem["detail"].strip()
    return problem


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_operation_speaks_of_errors_in_one_shape(stranger, method, path, operation):
    assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}
    problem = check(stranger.raw(method, path, headers={"Authorization": "Bearer hallmark_x"}), 401)
    assert problem["code"] == "bad-token"
    check(stranger.raw(method, path, headers={"Authorization": "Basic eDp5"}), 401)
    if "security" in operation:
        answer = stranger.raw(method, path)
        assert check(answer, 401)["code"] == "sign-in-needed"
        assert answer["WWW-Authenticate"] == "Bearer"
    answer = stranger.raw("PATCH", path)
    assert check(answer, 405)["code"] == "wrong-method"
    assert method in answer["Allow"]


WRONG = (
    (b"{", "JSON"),
    (b'{"a": 1, "a": 2}', "twice"),
    (b'{"a": NaN}', "NaN"),
    (b'{"a": -Infinity}', "Infinity"),
    (b'{"a": 1.5}', "1.5"),
    (b'{"a": 1e999}', "1e999"),
    (b'{"a": ' + b"9" * 5000 + b"}", "JSON"),
    (b"[" * 30 + b"]" * 30, "deeper"),
    (b"[" * 100_000, "deeper"),
    (b'{"a": "\\ud800"}', "half"),
    (b'{"\\u0000": 1}', "NUL"),
    (b"\xff\xfe", "JSON"),
)
TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")


def test_every_body_is_refused_that_is_not_what_it_should_be(people):
    read = [each for each in OPERATIONS if "application/json" in each[2].get("requestBody", {}).get("content", ())]
    assert len(read) > 10
    for method, path, _ in read:

        def send(data: bytes, media_type: str = "application/json", to: tuple[str, str] = (method, path)):
            return people.olga.raw(*to, data=data, content_type=media_type)

        for wrong, said in WRONG:
            problem = check(send(wrong), 400)
            assert problem["code"] == "bad-body"
            assert said in problem["detail"]
        for wrong in (b"[]", b"7", b'"text"', b"null", b'{"unheard": 1}'):
            assert check(send(wrong), 400)["code"] == "bad-request"
        for media_type in TYPES:
            assert check(send(b"{}", media_type), 415)["code"] == "wrong-media-type"
        assert check(send(b'{"a": "' + b"x" * (1 << 20) + b'"}'), 413)["code"] == "body-too-large"


def test_an_error_is_told_in_the_language_asked_for(stranger):
    english = check(stranger.raw("GET", f"/register/{ID}", headers={"Accept-Language": "en-GB, zh;q=0.5"}), 404)
    assert english["detail"].startswith("The register has no certificate")
    for wanted in ("zh", "zh-CN", "zh-Hans", "zh-TW", "fr"):
        answer = stranger.raw("GET", f"/register/{ID}", headers={"Accept-Language": wanted})
        assert check(answer, 404)["title"] == "不存在"
        assert answer["Content-Language"] == "zh-Hans"
    assert english["code"] == answer.json()["code"]
    fault = check(stranger.raw("GET", "/register?page=-1&status=odd", headers={"Accept-Language": "zh"}), 400)
    assert "query.page" in fault["detail"]


@pytest.mark.parametrize("path", ["/nowhere", "/", "/api/", "/api/v2/checkpoint", "/docs", "/register/x/y/z"])
def test_what_is_not_there_is_a_problem_too(stranger, path):
    check(stranger.raw("GET", path), 404)


@pytest.mark.parametrize("error", OUT_OF_REACH)
def test_a_database_out_of_reach_is_a_reason_to_try_again(stranger, error):
    def fail(*_):
        raise error("the server is gone, or takes no writes")

    with connection.execute_wrapper(fail):
        assert check(stranger.raw("GET", "/checkpoint"), 503)["code"] == "ledger-busy"


def test_what_the_server_refuses_before_the_api_is_a_problem_too(stranger, settings):
    settings.HALLMARK_UPLOAD_LIMIT = 10
    length = str(11 + (1 << 20))
    assert check(stranger.raw("POST", "/verify", CONTENT_LENGTH=length), 413)["code"] == "body-too-large"
    assert check(stranger.raw("GET", "/checkpoint", SERVER_NAME="evil.example"), 400)["code"] == "not-served"
    assert stranger.raw("GET", "/page-of-the-portal".replace("/page", "/api/../page")).status_code in {301, 404}


def test_every_answer_carries_the_strict_headers_whoever_gives_it(stranger):
    for answer in (
        stranger.raw("GET", "/kinds"),
        stranger.raw("PATCH", "/kinds"),
        stranger.raw("GET", "/nowhere"),
        stranger.raw("POST", "/verify", CONTENT_LENGTH="9" * 15),
        stranger.raw("GET", "/checkpoint", SERVER_NAME="evil.example"),
    ):
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_body_that_comes_too_slowly_is_a_problem_too(people):
    class Slow(RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise TimeoutError

    for path, media_type in (("/verify", "application/octet-stream"), ("/drafts", "application/json")):
        answer = people.alice.raw(
            "POST", path, content_type=media_type, CONTENT_LENGTH="20", **{"wsgi.input": BufferedReader(Slow())}
        )
        assert check(answer, 408)["code"] == "too-slow"


def test_a_fault_of_ours_tells_nothing_of_the_inside(stranger, monkeypatch):
    from hallmark.office.registry import queries

    def broken():
        raise ValueError("the secret is 1234")

    monkeypatch.setattr(queries, "checkpoint", broken)
    problem = check(stranger.raw("GET", "/checkpoint"), 500)
    assert problem["code"] == "broken"
    assert "1234" not in json.dumps(problem)
    assert "ValueError" not in json.dumps(problem)


def test_too_many_requests_say_when_to_come_back(people, stranger, settings):
    settings.HALLMARK_RATES = {**settings.HALLMARK_RATES, "address": (2, 3600), "token": (1, 3600)}
    answers = [people.alice.raw("GET", "/me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    problem = check(answers[1], 429)
    assert 0 < int(answers[1]["Retry-After"]) <= 3600
    assert problem["facts"] == {"seconds": int(answers[1]["Retry-After"])}
    check(stranger.raw("GET", "/kinds"), 429)  # the address has used up its own


def test_the_description_is_there_and_the_inline_scripts_of_a_docs_page_are_not(stranger):
    status, described = stranger.get("/openapi.json")
    assert (status, described["openapi"]) == (200, "3.1.0")
    bearer = {"Bearer": []}
    assert described["paths"]["/api/v1/me"]["get"]["security"] == [bearer]
    assert "security" not in described["paths"]["/api/v1/register"]["get"]
    names = [operation["operationId"] for methods in described["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))
