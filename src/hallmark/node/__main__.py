"""Runs one node from a folder, or signs its operator's call for the next epoch: `python -m hallmark.node --help`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from hallmark.consortium import epoch
from hallmark.consortium.epoch import Record
from hallmark.kernel.errors import HallmarkError
from hallmark.node import folder, follow
from hallmark.node.ceremony import call_message
from hallmark.node.client import Peer
from hallmark.node.node import Node
from hallmark.node.service import Service

_BETWEEN_ROUNDS = 2.0  # seconds


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal ends it; return 0, or 1 for what cannot run."""
    parser = argparse.ArgumentParser(prog="python -m hallmark.node", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="what the node is made of; see docs/spec/node.md")
    parser.add_argument("--listen", default="127.0.0.1:0", help="address and port; port 0 takes a free one")
    parser.add_argument("--call", type=int, metavar="ATTEMPT", help="print this member's call for the next epoch, end")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        if given.call:
            _call(given.folder, given.call)
            return 0
        host, _, port = given.listen.rpartition(":")
        _serve(folder.open_node(given.folder), given.folder, (host, int(port)))
    except (HallmarkError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _call(path: Path, attempt: int) -> None:
    """Print the call for the epoch after the newest that any peer can show; the node itself may be running."""
    name, constitution = folder.identity(path)
    record = Record.first(constitution)
    for peer in folder.peers(path, name):
        with suppress(HallmarkError):
            record, constitution = epoch.follow(record, constitution, peer.starts(record.epoch))
        peer.close()
    signature = folder.read_key(path / "keys" / "witness.pem").sign(call_message(record, attempt))
    sys.stdout.write(f"{name} {signature.hex()}\n")


def _serve(node: Node, path: Path, address: tuple[str, int]) -> None:
    service, over, peers = Service(node, address), Event(), folder.peers(path, node.name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    Thread(target=service.serve_forever, daemon=True).start()
    sys.stdout.write(f"{node.name} {service.url}\n")
    sys.stdout.flush()
    while not over.is_set():
        _look_around(node, peers)
        over.wait(_BETWEEN_ROUNDS if node.state.awake else _BETWEEN_ROUNDS / 4)
    service.shutdown()
    service.server_close()
    node.store.close()


def _look_around(node: Node, peers: list[Peer]) -> None:
    try:
        follow.wake(node, peers)
        follow.catch_up(node, peers)
    except HallmarkError as error:
        logging.getLogger(__name__).warning("%s: %s", error.code, error)


if __name__ == "__main__":
    sys.exit(main())
