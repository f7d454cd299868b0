"""Settings from the environment: good values are taken, bad ones stop the server with a sentence that helps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hallmark.server import environment
from hallmark.server.environment import BadSetting

NAME = "HALLMARK_TRIED"


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)


def test_whole_numbers_stay_within_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.whole(NAME, 5, least=1, most=9) == 5
    monkeypatch.setenv(NAME, "9")
    assert environment.whole(NAME, 5, least=1, most=9) == 9
    for wrong in ("0", "10", "-1", "many", "1e3", "", " 5", "५"):
        monkeypatch.setenv(NAME, wrong)
        with pytest.raises(BadSetting, match=NAME):
            environment.whole(NAME, 5, least=1, most=9)


def test_a_choice_is_one_of_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.choice(NAME, ("a", "b"), "a") == "a"
    monkeypatch.setenv(NAME, "B")
    with pytest.raises(BadSetting, match="one of a, b"):
        environment.choice(NAME, ("a", "b"), "a")


def test_a_rate_is_written_count_per_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.rate(NAME, "10/300") == (10, 300)
    for wrong in ("10", "10/0", "0/10", "a/b", "10/300/1"):
        monkeypatch.setenv(NAME, wrong)
        with pytest.raises(BadSetting, match="count/seconds"):
            environment.rate(NAME, "10/300")


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("https://register.example", "register.example"),
        ("https://register.example:8443/", "register.example"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("http://[::1]:8000", "[::1]"),
    ],
)
def test_an_origin_names_the_host(monkeypatch: pytest.MonkeyPatch, value: str, host: str) -> None:
    monkeypatch.setenv(NAME, value)
    assert environment.origin(NAME, "") == (value.rstrip("/"), host)


@pytest.mark.parametrize("value", ["", "register.example", "ftp://a.example", "https://a.example/path", "https://*"])
def test_what_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(BadSetting, match="an origin is wanted"):
        environment.origin(NAME, "http://localhost")


def test_the_secret_is_made_once_and_for_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    first = environment.secret(NAME, path)
    assert environment.secret(NAME, path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert environment.secret(NAME, tmp_path / "another") != first
    monkeypatch.setenv(NAME, "too short")
    with pytest.raises(BadSetting, match="at least 50"):
        environment.secret(NAME, path)


def test_sqlite_is_durable_and_takes_the_write_lock_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = environment.database(NAME, tmp_path / "a.sqlite3")
    assert database["NAME"] == str(tmp_path / "a.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "synchronous = FULL" in database["OPTIONS"]["init_command"]
    monkeypatch.setenv(NAME, "sqlite:////elsewhere/b.sqlite3")
    assert environment.database(NAME, tmp_path)["NAME"] == "//elsewhere/b.sqlite3"


def test_a_postgresql_url_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://ha%40ll:p%2Fw@db.example:5433/hallmark?sslmode=verify-full")
    database = environment.database(NAME, Path("unused"))
    found = {name: database[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert found == {
        "NAME": "hallmark",
        "USER": "ha@ll",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "5433",
    }
    assert database["OPTIONS"]["sslmode"] == "verify-full"
    monkeypatch.setenv(NAME, "postgresql://postgres@/hallmark?host=/run/postgresql")
    assert environment.database(NAME, Path("unused"))["HOST"] == "/run/postgresql"


def test_a_postgresql_url_may_name_several_hosts_of_which_one_takes_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://h:p@a.example:5432,[2001:db8::1]:5433/db?target_session_attrs=read-write")
    database = environment.database(NAME, Path("unused"))
    assert (database["HOST"], database["PORT"]) == ("a.example,2001:db8::1", "5432,5433")
    assert database["OPTIONS"]["target_session_attrs"] == "read-write"


def test_postgresql_is_durable_and_nobody_waits_for_ever_unless_the_url_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(NAME, "postgresql://h@a.example/db?connect_timeout=9")
    options = environment.database(NAME, Path("unused"))["OPTIONS"]
    assert "synchronous_commit=on" in options["options"] and "lock_timeout=20s" in options["options"]
    assert options["connect_timeout"] == "9" and options["tcp_user_timeout"] == "20000"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a/b",
        "postgresql://host",
        "sqlite://relative",
        "postgresql://h:x/db",
        "postgresql://h/db?nonsense=1",
        "x",
    ],
)
def test_another_database_is_refused_without_repeating_the_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(NAME, url)
    with pytest.raises(BadSetting) as caught:
        environment.database(NAME, Path("unused"))
    assert url not in str(caught.value)


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.folder(NAME, tmp_path / "new").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(NAME, str(tmp_path / "file"))
    with pytest.raises(BadSetting, match="cannot be a folder"):
        environment.folder(NAME, tmp_path)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "False ['localhost', 'localhost', '127.0.0.1'] False"),
        ({"HALLMARK_MODE": "development"}, "True ['localhost', 'localhost', '127.0.0.1'] False"),
        ({"HALLMARK_ORIGIN": "https://register.example"}, "False ['register.example'] True"),
        ({"HALLMARK_MODE": "Development"}, "BadSetting"),
    ],
    ids=["nothing-said", "development", "public", "misspelt"],
)
def test_debug_pages_and_open_cookies_must_be_asked_for(
    tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    code = "from hallmark.server import settings as s; print(s.DEBUG, s.ALLOWED_HOSTS, s.SESSION_COOKIE_SECURE)"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HALLMARK_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=kept | {"HALLMARK_DATA": str(tmp_path)} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert expected in done.stdout + done.stderr
