"""Where the database is out of reach, people and programs are told so, and when to try again, in either language."""

from __future__ import annotations

import html
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

GONE = {"NAME": "/nowhere/hallmark.sqlite3", "HOST": "127.0.0.1", "PORT": "1"}  # of a file, and of a server
SESSION = {"sessionid": "0" * 32}  # which is in the database


@pytest.fixture
def get(server: Any, django_db_blocker: Any) -> Callable[..., HttpResponse]:
    """Return a function that asks for a page while the database is gone."""

    def ask(path: str, **headers: str) -> HttpResponse:
        answers: list[HttpResponse] = []

        def run() -> None:  # in a thread of its own, for a thread keeps its connection
            connection.settings_dict = {**connection.settings_dict, **GONE}
            client = Client(raise_request_exception=False, SERVER_NAME="localhost", headers=headers)
            client.cookies.load(SESSION)
            answers.append(client.get(path))

        with django_db_blocker.unblock():
            thread = Thread(target=run)
            thread.start()
            thread.join()
        return answers[0]

    return ask


@pytest.mark.parametrize("path", ["/", "/register/?q=wallet", "/consortium/", "/ledger/3", "/check/"])
def test_a_page_says_what_happened_and_when_to_try_again_in_both_languages(get: Any, path: str) -> None:
    for prefix, language, words, again in (
        ("", "zh-Hans", "数据库暂时无法访问", "请在 30 秒后重试"),
        ("/en", "en", "database is out of reach", "Try again in 30 seconds"),
    ):
        answer = get(prefix + path)
        page = html.unescape(answer.content.decode())
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert f'<html lang="{language}">' in page and words in page and again in page
        assert "sessionid" not in answer.cookies and "default-src 'none'" in answer["Content-Security-Policy"]
        other = {"": f"/en{path}", "/en": path}[prefix]
        assert f'href="{other}"' in page  # the switch leads to the same page


def test_where_there_is_no_page_nobody_can_tell_that(get: Any) -> None:
    assert get("/nothing").status_code == get("/en/register/NONE").status_code == 503


def test_programs_whose_addresses_know_no_language_are_told_in_both(get: Any) -> None:
    for path in ("/register.csv", "/trust-bundle.json", "/health"):
        answer = get(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert answer["Content-Type"].startswith("text/plain")
        chinese, english = answer.content.decode().splitlines()
        assert "请在 30 秒后重试" in chinese and "Try again in 30 seconds" in english


def test_the_api_says_so_in_its_one_shape(get: Any) -> None:
    for language, words in (("zh", "数据库无法访问"), ("en", "database out of reach")):
        answer = get("/api/v1/consortium", **{"Accept-Language": language})
        problem = answer.json()
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert answer["Content-Type"] == "application/problem+json"
        assert (problem["code"], problem["status"], problem["facts"]) == ("ledger-busy", 503, {"seconds": 30})
        assert words in problem["detail"]


@pytest.mark.parametrize(("path", "words"), [("/", "服务器未能生成此页面"), ("/en/", "The server failed")])
def test_a_fault_of_the_server_is_told_as_one(get: Any, monkeypatch: Any, path: str, words: str) -> None:
    monkeypatch.setattr("django.core.handlers.base.BaseHandler._get_response", lambda *_: 1 // 0)
    answer = get(path)
    assert answer.status_code == 500 and "Retry-After" not in answer
    assert words in html.unescape(answer.content.decode()) and "ZeroDivision" not in answer.content.decode()
