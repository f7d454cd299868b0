"""`hallmark operate`: what whoever runs the server does on its machine. These commands call services, not the API."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hallmark.server import serve as server

HOST, PORT = "127.0.0.1", 8000


def add_to(operate: argparse.ArgumentParser) -> None:
    """Add the commands to the parser of `hallmark operate`, which finds them by entry point `hallmark.commands`."""
    jobs = operate.add_subparsers(dest="job", required=True, metavar="JOB")
    jobs.add_parser("migrate", help="bring tables and static files up to date / 升级数据库").set_defaults(run=migrate)
    serve_job = jobs.add_parser("serve", help="answer requests / 提供服务")
    serve_job.set_defaults(run=answer)
    jobs.add_parser("worker", help="do the work behind requests / 执行后台任务").set_defaults(run=worker)
    jobs.add_parser("check", help="replay the whole ledger / 重放全部账本").set_defaults(run=check)
    jobs.add_parser("rebuild", help="make the projections again / 重建投影").set_defaults(run=rebuild)
    rewrap_job = jobs.add_parser("rewrap", help="turn the key that wraps evidence, all else stopped / 更换证据封装密钥")
    rewrap_job.set_defaults(run=rewrap)
    demo_job = jobs.add_parser("demo", help="load the demonstration, serve and work / 演示")
    demo_job.set_defaults(run=demo)
    demo_job.add_argument("--load-only", action="store_true", help="load and stop / 仅加载")
    for job in (serve_job, demo_job):
        job.add_argument("--host", default=HOST)
        job.add_argument("--port", type=port, default=PORT)


def port(text: str) -> int:
    """Return the number of a TCP port; raises `ArgumentTypeError`."""
    if not (text.isdecimal() and 0 < int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text[:20]}: 1 - 65535")
    return int(text)


def migrate(_: argparse.Namespace) -> int:
    """Bring the tables and the static files to this version."""
    server.migrate()
    return 0


def answer(options: argparse.Namespace) -> int:
    """Answer requests until told to stop."""
    server.serve(options.host, options.port)
    return 0


def worker(_: argparse.Namespace) -> int:
    """Do jobs until told to stop."""
    server.worker()
    return 0


def check(_: argparse.Namespace) -> int:
    """Replay the ledger and compare everything with it; raises `ReplayDiffers`."""
    server.set_up()
    from hallmark.office.registry import check as registry_check  # noqa: PLC0415 - models exist only after set-up

    began = time.monotonic()
    found = registry_check.replay()
    print(
        f"{found.entries} entries, {found.records} records, root {found.root.hex()}: all as the ledger gives them "
        f"({time.monotonic() - began:.1f} s)"
    )
    return 0


def rebuild(_: argparse.Namespace) -> int:
    """Drop the projections and make them again from the ledger."""
    server.set_up()
    from hallmark.office.registry import projection  # noqa: PLC0415

    print(f"{projection.rebuild()} entries read, projections made again")
    return 0


def rewrap(_: argparse.Namespace) -> int:
    """Wrap the keys of all evidence anew and destroy the old wrapping key: what was erased opens with no copy then."""
    server.set_up()
    from hallmark.office.evidence.vault import server_vault  # noqa: PLC0415

    print(f"{server_vault().rewrap()} data keys wrapped anew")
    return 0


def demo(options: argparse.Namespace) -> int:
    """Load the demonstration where there is none yet, then serve it with a worker beside."""
    os.environ.setdefault("HALLMARK_ENVIRONMENT", "demonstration")
    os.environ.setdefault("HALLMARK_ORIGIN", f"http://localhost:{options.port}")
    if not options.load_only:
        server.check_free(options.host, options.port)
    server.migrate()
    from hallmark.server.demonstration import show  # noqa: PLC0415

    began = time.monotonic()
    show.load(lambda line: print(f"[{time.monotonic() - began:5.1f} s] {line}", flush=True))
    if options.load_only:
        return 0
    print(f"http://localhost:{options.port}  (development ledger; stop with Ctrl-C)", flush=True)
    with _worker_beside():
        server.serve(options.host, options.port)
    return 0


@contextmanager
def _worker_beside() -> Iterator[None]:
    """Keep one worker process running meanwhile: one that ends is started again."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            process = multiprocessing.get_context("spawn").Process(target=server.worker)
            process.start()
            while process.is_alive() and not over.wait(1):
                pass
            process.terminate()
            process.join()

    watching = threading.Thread(target=watch, name="worker")
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
