"""Settings from environment variables: each is checked when it is read; a wrong one stops the server and says so."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hallmark.kernel.errors import Malformed
from hallmark.office.keys import durable

_SECRET_LENGTH = 50
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_POSTGRESQL = ("postgres", "postgresql")


class BadSetting(Malformed):
    """An environment variable has a value that means nothing."""

    en = "The environment variable {name} is wrong: {why}. Correct it and start again."
    zh = "环境变量 {name} 有误：{why}。请更正后重新启动。"


def text(name: str, default: str = "", *, pattern: str = ".*") -> str:
    """Return the text of a variable that matches `pattern`."""
    value = os.environ.get(name, default)
    if not re.fullmatch(pattern, value):
        raise BadSetting(name=name, why=f"it does not match {pattern}")
    return value


def choice(name: str, options: Sequence[str], default: str) -> str:
    """Return one of `options`."""
    value = os.environ.get(name, default)
    if value not in options:
        raise BadSetting(name=name, why=f"one of {', '.join(options)} is wanted, not {value!r}")
    return value


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`."""
    value = os.environ.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,18}", value) or not least <= int(value) <= most:
        raise BadSetting(name=name, why=f"a whole number from {least} to {most} is wanted, not {value!r}")
    return int(value)


def rate(name: str, default: str) -> tuple[int, int]:
    """Return how often in how many seconds, written 10/300."""
    value = os.environ.get(name, default)
    if not re.fullmatch(r"[1-9][0-9]{0,6}/[1-9][0-9]{0,6}", value):
        raise BadSetting(name=name, why=f"count/seconds is wanted, such as {default}, not {value!r}")
    count, seconds = value.split("/")
    return int(count), int(seconds)


def folder(name: str, default: Path) -> Path:
    """Return the absolute path of a folder, made for the owner's eyes only where it is absent."""
    path = Path(os.environ.get(name) or default).absolute()
    try:
        return durable.make_folder(path)
    except OSError as error:
        raise BadSetting(name=name, why=f"{path} cannot be a folder: {error.strerror}") from None


def origin(name: str, default: str) -> tuple[str, str]:
    """Return the origin at which people reach the server, and its host name."""
    value = os.environ.get(name, default).rstrip("/")
    match = _ORIGIN.fullmatch(value)
    if not match:
        raise BadSetting(name=name, why=f"an origin is wanted, such as https://register.example, not {value!r}")
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
        raise BadSetting(name=name, why=f"a secret of at least {_SECRET_LENGTH} characters is wanted")
    return value


def database(name: str, default: Path) -> dict[str, Any]:
    """Return Django's settings of the database at a URL; without one, SQLite at the path `default`.

    `postgresql://user:password@host:5432/name?sslmode=verify-full`, or `sqlite:////absolute/path`.
    """
    url = urlsplit(os.environ.get(name) or f"sqlite://{default}")
    path = unquote(url.path)
    if url.scheme == "sqlite" and path.startswith("/") and not url.netloc:
        return _sqlite(path)
    if url.scheme not in _POSTGRESQL or not path.strip("/"):
        raise BadSetting(name=name, why="postgresql://user:password@host/name or sqlite:////path is wanted")
    options = dict(parse_qsl(url.query))
    try:
        port = url.port
    except ValueError:
        raise BadSetting(name=name, why="its port is no number") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": path.strip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": options.pop("host", url.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": options,
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
