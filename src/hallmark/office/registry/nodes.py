"""What the members' nodes publish and announce, as this process last heard it. Whoever asks waits for a second at most.

Each node is asked in a thread of its own, and not again while it owes an answer: one that hangs costs nobody more than
that second, and once.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic

from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.note import Note
from hallmark.node.client import Peer
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.registry import finality
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import consortium

_PATIENCE = 1.0  # seconds
_KEPT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Heard:
    """What a node published at `at`, ms since 1970 UTC: its newest final note, or `why` there is none.

    `sealing` is the encoded announcement of its sealing key, empty where it has none.
    """

    at: int
    note: Note | None = None
    why: Text | None = None
    sealing: bytes = b""


class _Listener:
    def __init__(self) -> None:
        self._lock = Lock()
        self._heard: dict[str, Heard] = {}
        self._asking: dict[str, tuple[Thread, float]] = {}

    def listen(self, nodes: list[Peer]) -> Mapping[str, Heard]:
        """Return what each of `nodes` published, asking those that were not heard lately."""
        with self._lock:
            for node in nodes:
                before = self._heard.get(node.name)
                if node.name not in self._asking and (before is None or wall_clock() - before.at > _KEPT_MS):
                    thread = Thread(target=self._ask, args=(node,), name=f"listen-{node.name}", daemon=True)
                    self._asking[node.name] = thread, monotonic()
                    thread.start()
            asking = list(self._asking.values())
        for thread, since in asking:
            thread.join(max(since + _PATIENCE - monotonic(), 0))
        with self._lock:
            silent = Heard(wall_clock(), why=_SILENT)
            late = {name for name, (_, since) in self._asking.items() if monotonic() - since >= _PATIENCE}
            return {node.name: silent if node.name in late else self._heard.get(node.name, silent) for node in nodes}

    def _ask(self, node: Peer) -> None:
        try:
            note, sealing = node.note("checkpoint"), b""
            with suppress(HallmarkError):
                sealing = node.sealing().encode()
            heard = Heard(wall_clock(), note, sealing=sealing)
        except HallmarkError as error:
            heard = Heard(wall_clock(), why=Text(error.explain("zh"), error.explain("en")))
        finally:
            node.close()
        with self._lock:
            self._heard[node.name] = heard
            del self._asking[node.name]


_SILENT = Text("一秒内没有应答", "it did not answer within a second")
_listener = _Listener()


def announced() -> list[bytes]:
    """Return which sealing keys the nodes announce, as last heard; raises `NoConsortium`, `NodesUnknown`."""
    consortium.epoch_of(DatabaseState())
    return [heard.sealing for heard in _listener.listen(finality.nodes()).values() if heard.sealing]


def listen() -> Mapping[str, Heard]:
    """Return what each node of the operator's file publishes; nothing where there is no such file."""
    with suppress(HallmarkError):
        return _listener.listen(finality.nodes())
    return {}
