"""`hallmark operate`: what whoever runs the server does on its machine. These commands call services, not the API."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time

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
    demo_job = jobs.add_parser("demo", help="load the demonstration, serve and work / 演示")
    demo_job.set_defaults(run=demo)
    demo_job.add_argument("--load-only", action="store_true", help="load and stop / 仅加载")
    for job in (serve_job, demo_job):
        job.add_argument("--host", default=HOST)
        job.add_argument("--port", type=int, default=PORT)


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


def demo(options: argparse.Namespace) -> int:
    """Load the demonstration where there is none yet, then serve it with a worker beside."""
    os.environ.setdefault("HALLMARK_ENVIRONMENT", "demonstration")
    os.environ.setdefault("HALLMARK_ORIGIN", f"http://localhost:{options.port}")
    server.migrate()
    from hallmark.server.demonstration import show  # noqa: PLC0415

    began = time.monotonic()
    show.load(lambda line: print(f"[{time.monotonic() - began:5.1f} s] {line}", flush=True))
    if options.load_only:
        return 0
    beside = multiprocessing.get_context("spawn").Process(target=server.worker)
    beside.start()
    print(f"http://localhost:{options.port}  (development ledger; stop with Ctrl-C)", flush=True)
    try:
        server.serve(options.host, options.port)
    finally:
        beside.terminate()
        beside.join()
    return 0
