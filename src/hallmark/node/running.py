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

_log = logging.getLogger(__name__)
_BETWEEN_ROUNDS = 2.0  # seconds


def serve(node: Node, path: Path, address: tuple[str, int], *, attended: bool = False) -> None:
    """Serve `node`, from the folder at `path`, at `address` until SIGTERM or SIGINT.

    If `attended`, also until the standard input ends: with whoever started it, however that one ended.
    """
    service, over, peers = Service(node, address), Event(), folder.peers(path, node.name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    Thread(target=service.serve_forever, daemon=True).start()
    Thread(target=_keep_up, args=(node, peers, over), daemon=True).start()
    if attended:
        Thread(target=_wait_for_end, args=(over,), daemon=True).start()
    sys.stdout.write(f"{node.name} {service.url}\n")
    sys.stdout.flush()
    over.wait()
    service.shutdown()
    service.server_close()
    node.store.close()


def _wait_for_end(over: Event) -> None:
    sys.stdin.buffer.read()
    over.set()


def _keep_up(node: Node, peers: list[Peer], over: Event) -> None:
    """Wake, and catch up with the peers, again and again; what goes wrong is tried again with the next round."""
    while not over.is_set():
        for step in (follow.wake, follow.catch_up):
            try:
                step(node, peers)
            except HallmarkError as error:
                _log.warning("%s: %s", error.code, error)
            except Exception:  # noqa: BLE001 - a full disk, say, may have room again
                if not over.is_set():
                    _log.exception("%s failed", step.__name__)
        over.wait(_BETWEEN_ROUNDS if node.state.awake else _BETWEEN_ROUNDS / 4)


class OneLine(logging.Formatter):
    """Keeps a message on one line, whatever a stranger wrote into it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is the base class's
        """Return the line, with what is not printable escaped."""
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in super().formatMessage(record))
