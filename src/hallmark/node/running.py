"""A node as a process: it answers, wakes, and catches up with its peers until a signal ends it."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from threading import Event, Thread

from hallmark.kernel.errors import HallmarkError
from hallmark.node import folder, follow
from hallmark.node.client import Peer
from hallmark.node.node import Node
from hallmark.node.service import Service

_BETWEEN_ROUNDS = 2.0  # seconds


def serve(node: Node, path: Path, address: tuple[str, int], *, attended: bool = False) -> None:
    """Serve `node`, from the folder at `path`, at `address` until SIGTERM or SIGINT.

    If `attended`, also until the standard input ends: with whoever started it, however that one ended.
    """
    service, over, peers = Service(node, address), Event(), folder.peers(path, node.name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    Thread(target=service.serve_forever, daemon=True).start()
    if attended:
        Thread(target=_wait_for_end, args=(over,), daemon=True).start()
    sys.stdout.write(f"{node.name} {service.url}\n")
    sys.stdout.flush()
    while not over.is_set():
        _look_around(node, peers)
        over.wait(_BETWEEN_ROUNDS if node.state.awake else _BETWEEN_ROUNDS / 4)
    service.shutdown()
    service.server_close()
    node.store.close()


def _wait_for_end(over: Event) -> None:
    sys.stdin.buffer.read()
    over.set()


def _look_around(node: Node, peers: list[Peer]) -> None:
    try:
        follow.wake(node, peers)
        follow.catch_up(node, peers)
    except HallmarkError as error:
        logging.getLogger(__name__).warning("%s: %s", error.code, error)
