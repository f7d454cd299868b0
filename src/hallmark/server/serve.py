"""The three commands of the server: bring it up to date, answer requests, do the work behind them."""

from __future__ import annotations

import os
import signal
import socket
import threading
from types import FrameType

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from hallmark.kernel.errors import Unavailable


class PortTaken(Unavailable):
    """Another server listens there."""

    en = "Port {port} of {host} is taken. Stop what listens there, or name another with --port."
    zh = "{host} 的端口 {port} 已被占用。请停止占用该端口的程序，或用 --port 指定其他端口。"


class NotMigrated(Unavailable):
    """The tables are not those of this version."""

    en = "The database has not the tables of this version. Bring it up to date first: hallmark operate migrate"
    zh = "数据库尚无本版本的数据表。请先升级：hallmark operate migrate"


def migrate() -> None:
    """Bring the tables and the static files to this version; safe to repeat."""
    set_up()
    call_command("migrate", verbosity=0, interactive=False)
    if not settings.DEBUG:
        call_command("collectstatic", verbosity=0, interactive=False)


def serve(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Answer requests at `host` and `port` until the process is told to stop."""
    set_up()
    check_free(host, port)
    from granian import Granian  # noqa: PLC0415 - the worker needs no web server
    from granian.constants import Interfaces  # noqa: PLC0415

    call_command("check", verbosity=0)
    Granian(
        "hallmark.server.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        workers=settings.HALLMARK_WORKERS,
        websockets=False,
        respawn_failed_workers=True,
        log_access=False,
    ).serve()


def check_free(host: str, port: int) -> None:
    """Raise `PortTaken` where somebody listens: granian would share the port, and either of the two would answer."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise PortTaken(host=host, port=port) from error


def worker() -> None:
    """Do jobs until SIGTERM or SIGINT; the one in hand is finished first. Start as many as there is work for."""
    set_up()
    from hallmark.office.jobs import clock, services  # noqa: PLC0415 - models exist only after set-up
    from hallmark.office.jobs.worker import work  # noqa: PLC0415
    from hallmark.server.work import HANDLERS, ROUTINES  # noqa: PLC0415

    stop = threading.Event()

    def finish(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, finish)
    for kind in ROUTINES:
        services.schedule(kind, "server", clock.now())
    work(f"{socket.gethostname()}:{os.getpid()}", HANDLERS, clock.now, stop=stop)


def set_up() -> None:
    """Make Django ready in this process, by the settings of this server unless others are named."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hallmark.server.settings")
    django.setup()


def open_database() -> None:
    """Make Django ready, and raise `NotMigrated` where the database is not of this version."""
    set_up()
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    connection.close()  # the server forks
    if plan:
        raise NotMigrated
