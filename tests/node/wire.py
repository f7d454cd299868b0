"""The wire to one node: a proxy on loopback that can be cut and mended."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread


class Wire:
    """Carries bytes from `port` to a node's own port, while it is whole."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self.whole = True
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.whole = False
        for each in [*self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self._target), 5) if self.whole else None
            except OSError:
                there = None
            if there is None:
                here.close()
                continue
            for one, other in ((here, there), (there, here)):
                self._open.add(one)
                Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while self.whole and (data := source.recv(1 << 16)):
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._open.discard(each)
