"""Settings from environment variables: each is checked when it is read; a wrong one stops the server and says so."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.office.keys import durable
from hallmark.verify import disk

_SECRET_LENGTH = 50
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_POSTGRESQL = ("postgres", "postgresql")
# Unless the URL says otherwise: whoever waits for another, or for a machine that vanished, is told within 20 seconds,
# as on SQLite; and a commit is acknowledged when it is where the server's configuration wants it, whatever the role's.
_POSTGRESQL_OPTIONS = {
    "options": "-c lock_timeout=20s -c synchronous_commit=on",
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


class BadSetting(Malformed):
    """An environment variable has a value that means nothing."""

    en = "The environment variable {name} is wrong: {why}. Correct it and start again."
    zh = "环境变量 {name} 有误：{why}。请更正后重新启动。"


def text(name: str, default: str = "", *, pattern: str = ".*") -> str:
    """Return the text of a variable that matches `pattern`."""
    value = os.environ.get(name, default)
    if not re.fullmatch(pattern, value):
        raise BadSetting(name=name, why=Text(f"不符合 {pattern}", f"it does not match {pattern}"))
    return value


def choice(name: str, options: Sequence[str], default: str) -> str:
    """Return one of `options`."""
    value = os.environ.get(name, default)
    if value not in options:
        raise BadSetting(
            name=name,
            why=Text(
                f"应为 {'、'.join(options)} 之一，而不是 {value!r}",
                f"one of {', '.join(options)} is wanted, not {value!r}",
            ),
        )
    return value


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`."""
    value = os.environ.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,18}", value) or not least <= int(value) <= most:
        raise BadSetting(
            name=name,
            why=Text(
                f"应为 {least} 至 {most} 的整数，而不是 {value!r}",
                f"a whole number from {least} to {most} is wanted, not {value!r}",
            ),
        )
    return int(value)


def rate(name: str, default: str) -> tuple[int, int]:
    """Return how often in how many seconds, written 10/300."""
    value = os.environ.get(name, default)
    if not re.fullmatch(r"[1-9][0-9]{0,6}/[1-9][0-9]{0,6}", value):
        raise BadSetting(
            name=name,
            why=Text(
                f"应为“次数/秒数”，如 {default}，而不是 {value!r}",
                f"count/seconds is wanted, such as {default}, not {value!r}",
            ),
        )
    count, seconds = value.split("/")
    return int(count), int(seconds)


def folder(name: str, default: Path) -> Path:
    """Return the absolute path of a folder, made for the owner's eyes only where it is absent."""
    path = Path(os.environ.get(name) or default).absolute()
    try:
        return durable.make_folder(path)
    except OSError as error:
        reason = disk.reason(error)
        why = Text(f"{path} 不能作为文件夹：{reason.zh}", f"{path} cannot be a folder: {reason.en}")
        raise BadSetting(name=name, why=why) from None


def origin(name: str, default: str) -> tuple[str, str]:
    """Return the origin at which people reach the server, and its host name."""
    value = os.environ.get(name, default).rstrip("/")
    match = _ORIGIN.fullmatch(value)
    if not match:
        raise BadSetting(
            name=name,
            why=Text(
                f"应为来源地址，如 https://register.example，而不是 {value!r}",
                f"an origin is wanted, such as https://register.example, not {value!r}",
            ),
        )
    return value, match[2]


def secret(name: str, path: Path) -> str:
    """Return the secret in the variable, or that of the file, which is made at the first start."""
    value = os.environ.get(name)
    if value is None:
        if not path.exists():
            with suppress(FileExistsError):  # another process was first
                durable.write_once(path, secrets.token_urlsafe(_SECRET_LENGTH).encode())
        value = path.read_text()
    if len(value) < _SECRET_LENGTH:
        raise BadSetting(
            name=name,
            why=Text(
                f"应为至少 {_SECRET_LENGTH} 个字符的秘密", f"a secret of at least {_SECRET_LENGTH} characters is wanted"
            ),
        )
    return value


def database(name: str, default: Path) -> dict[str, Any]:
    """Return Django's settings of the database at a URL; without one, SQLite at the path `default`.

    `postgresql://user:password@host:5432/name?sslmode=verify-full`, with a comma between hosts where there are several,
    or `sqlite:////absolute/path`.
    """
    value = os.environ.get(name) or f"sqlite://{default}"
    url = urlsplit(value)
    path = unquote(url.path)
    if url.scheme == "sqlite" and path.startswith("/") and not url.netloc:
        return _sqlite(path)
    settings = _postgresql(value) if url.scheme in _POSTGRESQL else None
    if settings is None:
        raise BadSetting(
            name=name,
            why=Text(
                "应为 postgresql://user:password@host/name 或 sqlite:////path",
                "postgresql://user:password@host/name or sqlite:////path is wanted",
            ),
        )
    return settings


def _postgresql(url: str) -> dict[str, Any] | None:
    """Return the settings of a URL as libpq reads it, or None where it names no database, or no good port."""
    import psycopg.conninfo  # noqa: PLC0415 - not for those on SQLite

    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return None
    values = {key: str(given.pop(key, None) or "") for key in ("dbname", "user", "password", "host", "port")}
    if not values["dbname"] or not re.fullmatch(r"[0-9,]*", values["port"]):
        return None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": values["dbname"],
        "USER": values["user"],
        "PASSWORD": values["password"],
        "HOST": values["host"],
        "PORT": values["port"],
        "OPTIONS": _POSTGRESQL_OPTIONS | given,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(path: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # A transaction takes the write lock when it begins: one that reads first could fail when it comes to write.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        },
        "CONN_MAX_AGE": None,
    }
