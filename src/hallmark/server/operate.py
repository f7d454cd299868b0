"""`hallmark operate`: what whoever runs the server does on its machine. These commands call services, not the API."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hallmark.cli.grammar import Command, language_of, option
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.server import serve as server

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from hallmark.server.network import Network

HOST, PORT = "127.0.0.1", 8000


def migrate(_: argparse.Namespace) -> int:
    """Bring the tables and the static files to this version."""
    server.migrate()
    return 0


def answer(options: argparse.Namespace) -> int:
    """Answer requests until told to stop."""
    server.open_database()
    server.serve(options.host, options.port)
    return 0


def worker(_: argparse.Namespace) -> int:
    """Do jobs until told to stop."""
    server.open_database()
    server.worker()
    return 0


def check(_: argparse.Namespace) -> int:
    """Replay the ledger and compare everything with it; raises `ReplayDiffers`."""
    server.open_database()
    from hallmark.office.registry import check as registry_check  # noqa: PLC0415 - models exist only after set-up

    began = time.monotonic()
    found = registry_check.replay()
    seconds = f"{time.monotonic() - began:.1f} s"
    _say(
        f"{found.entries} 条条目，{found.records} 条记录，根 {found.root.hex()}：均与账本一致（{seconds}）",
        f"{found.entries} entries, {found.records} records, root {found.root.hex()}: all as the ledger gives them "
        f"({seconds})",
    )
    return 0


def rebuild(_: argparse.Namespace) -> int:
    """Drop the projections and make them again from the ledger."""
    server.open_database()
    from hallmark.office.registry import projection  # noqa: PLC0415

    count = projection.rebuild()
    _say(f"已读取 {count} 条条目并重建投影", f"{count} entries read, projections made again")
    return 0


def rewrap(_: argparse.Namespace) -> int:
    """Wrap the keys of all evidence anew and destroy the old wrapping key: what was erased opens with no copy then."""
    server.open_database()
    from hallmark.office.evidence.vault import server_vault  # noqa: PLC0415

    count = server_vault().rewrap()
    _say(f"已重新封装 {count} 个数据密钥", f"{count} data keys wrapped anew")
    return 0


def make_log_key(_: argparse.Namespace) -> int:
    """Make another key for the log, for the consortium's members to vote on."""
    server.open_database()
    from hallmark.office.registry import enrolment  # noqa: PLC0415

    made = enrolment.make_log_key().material.hex()
    _say(
        f"{made}\n成员以 sequencer 类提案表决通过并开始新纪元后，检查点改用此密钥签署。",
        f"{made}\nIt signs checkpoints once members voted for it (proposal of kind sequencer) and began an epoch.",
    )
    return 0


def recover(options: argparse.Namespace) -> int:
    """Take in from the store of a member's node, stopped or a copy, what this database lost; raises as `recovery`."""
    server.open_database()
    from hallmark.office.registry import recovery  # noqa: PLC0415

    entries = recovery.recover(options.store)
    _say(
        f"已从节点取回 {len(entries)} 条条目。请运行 hallmark operate check。",
        f"{len(entries)} entries taken back from the node. Run: hallmark operate check",
    )
    return 0


def demo(options: argparse.Namespace) -> int:
    """Load the demonstration where there is none yet, then serve it with a worker beside."""
    os.environ.setdefault("HALLMARK_ENVIRONMENT", "demonstration")
    os.environ.setdefault("HALLMARK_ORIGIN", f"http://localhost:{options.port}")
    if not options.load_only:
        server.check_free(options.host, options.port)
    server.migrate()
    from django.conf import settings  # noqa: PLC0415

    from hallmark.server import attesting  # noqa: PLC0415
    from hallmark.server.demonstration import show  # noqa: PLC0415
    from hallmark.server.network import Network  # noqa: PLC0415

    signal.signal(signal.SIGTERM, _end)  # so that nodes and worker end too
    began = time.monotonic()

    def say(words: Text) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {_told(words)}", flush=True)

    network = Network(settings.HALLMARK_NODES)
    network.prepare()
    with _kept_running(network, say):
        show.load(say, network)
        if options.load_only:
            attesting.attest(network, say)
            return 0
        address = f"http://localhost:{options.port}"
        _say(f"{address}  （开发账本；按 Ctrl-C 停止）", f"{address}  (development ledger; stop with Ctrl-C)")
        threading.Thread(target=attesting.attest, args=(network, say), name="attesting", daemon=True).start()
        with _worker_beside():
            _serve_apart(options.host, options.port)
    return 0


def network(options: argparse.Namespace) -> int:
    """Let organisations of a development ledger found a consortium, and run their nodes until told to stop."""
    server.open_database()
    from django.conf import settings  # noqa: PLC0415

    from hallmark.server import rehearsal  # noqa: PLC0415
    from hallmark.server.network import Network  # noqa: PLC0415

    rehearsal.rehearse(Network(settings.HALLMARK_NODES), options.members, lambda words: print(_told(words), flush=True))
    return 0


def _told(words: Text) -> str:
    return words.in_language(language_of(sys.argv[1:], os.environ))


@contextmanager
def _kept_running(network: Network, say: Callable[[Text], object]) -> Iterator[None]:
    """Keep the nodes running meanwhile; where they cannot start, say why: what they made final can be read on."""
    try:
        try:
            network.start()
        except HallmarkError as error:
            say(Text(error.explain("zh"), error.explain("en")))
        yield
    finally:
        network.stop()


def _say(zh: str, en: str) -> None:
    print(_told(Text(zh, en)), flush=True)


@contextmanager
def _worker_beside() -> Iterator[None]:
    """Keep one worker process running meanwhile: one that ends is started again."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            process = _make_child(server.worker)
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


def _serve_apart(host: str, port: int) -> None:
    """Serve in a process of its own: the server forks, and threads that drew pages here would be missing there."""
    process = _make_child(server.serve, host, port)
    process.start()
    try:
        process.join()
    finally:
        process.terminate()
        process.join()


def _make_child(target: Callable[..., None], *arguments: object) -> SpawnProcess:
    return multiprocessing.get_context("spawn").Process(target=_run_child, args=(target, *arguments))


def _run_child(target: Callable[..., None], *arguments: object) -> None:
    """Run `target`, and end when the parent is gone, however that ended."""

    def watch() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    target(*arguments)


def _end(*_: object) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _port(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) < 1 << 16):
        raise ValueError(text)
    return int(text)


_LISTEN = (
    option("--host", "监听地址", "the address to listen at", default=HOST),
    option("--port", "端口，1 至 65535", "the port, 1 to 65535", type=_port, default=PORT, metavar="PORT"),
)

COMMANDS = (
    Command("operate migrate", Text("升级数据库与静态文件", "bring tables and static files up to date"), migrate),
    Command("operate serve", Text("提供服务", "answer requests"), answer, _LISTEN),
    Command("operate worker", Text("执行后台任务", "do the work behind requests"), worker),
    Command("operate check", Text("重放全部账本", "replay the whole ledger"), check),
    Command("operate rebuild", Text("重建投影", "make the projections again"), rebuild),
    Command("operate rewrap", Text("更换证据封装密钥", "turn the key that wraps evidence"), rewrap),
    Command(
        "operate log-key", Text("为日志另建密钥，供成员表决", "make another key for the log, for a vote"), make_log_key
    ),
    Command(
        "operate recover",
        Text("从成员节点的存储取回所失条目", "take back from a member's node what this database lost"),
        recover,
        (option("store", "已停止节点的 node.sqlite 或其副本", "node.sqlite of a stopped node, or a copy", type=Path),),
    ),
    Command(
        "operate network",
        Text("为开发账本创立联盟并运行其节点", "found a consortium on a development ledger, and run its nodes"),
        network,
        (option("members", "成员机构，缺省为全部可任成员的机构", "the members; all that may be if none", nargs="*"),),
    ),
    Command(
        "operate demo",
        Text("载入演示数据，提供服务并执行任务", "load the demonstration, serve and work"),
        demo,
        (*_LISTEN, option("--load-only", "仅载入", "load and stop", action="store_true")),
    ),
)
"""What `hallmark` finds by entry point `hallmark.commands`: a room below imports none of it."""
