"""A node on HTTP: the paths, how much they take, and the one shape of every refusal (RFC 9457).

    {"type": "urn:hallmark:problem:<code>", "title": ..., "status": ..., "detail": ..., "code": ..., "article": ...}

Only `add-checkpoint` answers a client that is behind by the size alone, as C2SP tlog-witness asks. Transport security
is the affair of what stands in front; nothing here relies on it but that disclosures stay among members.
"""

from __future__ import annotations

import json
import logging
import socket
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from time import monotonic
from typing import Any, ClassVar, cast
from urllib.parse import unquote

from hallmark.consortium.epoch import MAX_NUMBER, Consent, Head, Start
from hallmark.consortium.member import CheckpointIsOld, OtherOrigin
from hallmark.kernel import canonical, hashing
from hallmark.kernel.errors import (
    Forbidden,
    HallmarkError,
    Malformed,
    Missing,
    Refusal,
    Unavailable,
    Unverified,
)
from hallmark.kernel.text import Text, quoted
from hallmark.ledger.note import BadNoteSignature, Note, Signature, Unsigned, from_decimal
from hallmark.node import ceremony, protocol, store
from hallmark.node.client import SIZE_TYPE
from hallmark.node.errors import (
    Broken,
    NoLength,
    NotHere,
    NotHttp,
    OldSizeDiffers,
    StoreUnusable,
    TooLarge,
    TooSlow,
)
from hallmark.node.node import CERTIFICATE, CHECKPOINT, Node
from hallmark.node.protocol import Message, Offer

_log = logging.getLogger(__name__)
PROBLEM_TYPE = "application/problem+json"
TEXT, BINARY = "text/plain; charset=utf-8", "application/octet-stream"
MAX_NOTE = 2**20
MAX_ENTRIES = 2 * protocol.CHUNK_SIZE
CONNECTIONS = 64
SECONDS_TO_SEND = 20
_SECONDS_TO_MAKE_ROOM = 1
_BODY = {"content-length", "transfer-encoding"}

# The nearest class of an error's own line decides.
STATUS: Mapping[type[HallmarkError], int] = {
    Malformed: 400,
    Unsigned: 403,
    BadNoteSignature: 403,
    Forbidden: 403,
    OtherOrigin: 404,
    Missing: 404,
    OldSizeDiffers: 409,
    CheckpointIsOld: 409,
    NoLength: 411,
    TooLarge: 413,
    Refusal: 422,
    Unverified: 422,
    HallmarkError: 500,
    Unavailable: 503,
}

Answer = tuple[str, bytes]
"""Media type and body."""


def _signed(*signatures: Signature) -> Answer:
    return TEXT, "".join(signature.line for signature in signatures).encode()


def _silent(act: Callable[[Node, bytes], None]) -> Callable[[Node, bytes], Answer]:
    def run(node: Node, body: bytes) -> Answer:
        act(node, body)
        return TEXT, b""

    return run


def _seal(node: Node, body: bytes) -> Answer:
    return BINARY, ceremony.seal(node, *ceremony.decode_call(body)).encode()


def _commit(node: Node, body: bytes) -> Answer:
    return BINARY, canonical.encode(list(ceremony.commit(node, *ceremony.decode_prepared(body))))


def _trace(node: Node, member: str, nonce: str) -> Answer:
    try:
        return BINARY, node.account(unquote(member), bytes.fromhex(nonce))
    except ValueError:
        raise NotHere(what=Text("没有十六进制随机数的记述", "account without a nonce in hexadecimal")) from None


def _starts(node: Node, after: str) -> Answer:
    epoch = from_decimal(after)
    if epoch is None or epoch > MAX_NUMBER:
        raise NotHere(what=Text("该序号的纪元", "epoch of that number"))
    with node.store.lock:
        return BINARY, canonical.encode(node.store.starts(epoch))


def _evidence(node: Node, digest: str) -> Answer:
    return BINARY, node.evidence(_digest(digest))


def _successor(node: Node, size: str, root: str) -> Answer:
    number = from_decimal(size)
    if number is None:
        raise NotHere(what=Text("该大小的账本", "ledger of that size"))
    return BINARY, node.successor(Head(number, _digest(root))).encode()


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != hashing.SIZE:
        raise NotHere(what=Text(f"{hashing.SIZE} 字节的十六进制摘要", f"digest of {hashing.SIZE} bytes in hexadecimal"))
    return digest


def _forks(node: Node) -> Answer:
    with node.store.lock:
        return BINARY, canonical.encode([list(pair) for pair in node.store.forks()])


POST: Mapping[str, tuple[int, Callable[[Node, bytes], Answer]]] = {
    "/add-entries": (MAX_ENTRIES, _silent(lambda node, body: node.hand_in(Message.parse(body)))),
    "/judge": (MAX_ENTRIES, lambda node, body: (BINARY, node.judge(Message.parse(body)).encode())),
    "/add-checkpoint": (MAX_NOTE, lambda node, body: _signed(node.witness(Offer.parse(body)))),
    "/add-certificate": (MAX_NOTE, lambda node, body: _signed(*node.mirror(Note.parse(body)))),
    "/add-final": (MAX_NOTE, _silent(lambda node, body: node.finish(Note.parse(body)))),
    "/entries": (MAX_NOTE, lambda node, body: (BINARY, node.chunk(Message.parse(body)))),
    "/consent": (MAX_NOTE, _silent(lambda node, body: ceremony.consent(node, Consent.parse(body)))),
    "/seal": (MAX_NOTE, _seal),
    "/prepare": (
        MAX_ENTRIES,
        lambda node, body: (BINARY, ceremony.prepare(node, *ceremony.decode_proposal(body))),
    ),
    "/commit": (MAX_NOTE, _commit),
    "/start": (MAX_NOTE, _silent(lambda node, body: ceremony.enter(node, Start.parse(body)))),
}
GET: Mapping[str, tuple[range, Callable[..., Answer]]] = {  # first part of the path -> how many follow, what answers
    "checkpoint": (range(1), lambda node: (TEXT, node.note(CHECKPOINT))),
    "certificate": (range(1), lambda node: (TEXT, node.note(CERTIFICATE))),
    "forks": (range(1), _forks),
    "tile": (range(2, 12), lambda node, *parts: (BINARY, node.tile("/".join(("tile", *parts))))),
    "sealing": (range(1), lambda node: (BINARY, node.announce().encode())),
    "trace": (range(2, 3), _trace),
    "starts": (range(1, 2), _starts),
    "evidence": (range(1, 2), _evidence),
    "successor": (range(2, 3), _successor),
}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    timeout = SECONDS_TO_SEND
    node: ClassVar[Node]

    @property
    def service(self) -> Service:
        """The server."""
        return cast("Service", self.server)

    def handle_one_request(self) -> None:
        """Wait for a request and answer it."""
        self.service.waits(self.connection)
        super().handle_one_request()

    def do_POST(self) -> None:
        """Take a body."""
        self._answer(self._post)

    def do_GET(self) -> None:
        """Read."""
        self._answer(self._get)

    def _post(self) -> Answer:
        found = POST.get(self.path)
        if found is None:
            raise NotHere(what=Text("该路径", "such path"))
        most, act = found
        body = self._body(most)
        self.service.begins(self.connection)
        return act(self.node, body)

    def _get(self) -> Answer:
        name, *rest = self.path.removeprefix("/").split("/")
        parts, act = GET.get(name, (range(0), _forks))
        if len(rest) not in parts:
            raise NotHere(what=Text("该路径", "such path"))
        self.service.begins(self.connection)
        return act(self.node, *rest)

    def _body(self, most: int) -> bytes:
        lengths = self.headers.get_all("Content-Length", [])
        size = from_decimal(lengths[0]) if len(lengths) == 1 else None
        if size is None or "Transfer-Encoding" in self.headers:
            raise NoLength
        if size > most:
            raise TooLarge(size=size, most=most)
        body, end = bytearray(), monotonic() + SECONDS_TO_SEND
        while len(body) < size:
            try:
                part = self.rfile.read1(size - len(body)) if monotonic() < end else b""
            except OSError:
                part = b""
            if not part:
                raise TooSlow(seconds=SECONDS_TO_SEND)
            body += part
        return bytes(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what is no request of HTTP/1.1 that is answered here."""
        self.request_version, self.path = self.protocol_version, ""
        self.headers = HTTPMessage()
        self._send(*self._refusal(NotHttp(why=quoted(message or HTTPStatus(code).phrase)), code))

    def _answer(self, act: Callable[[], Answer]) -> None:
        try:
            status, (media_type, body) = 200, act()
        except HallmarkError as error:
            status, media_type, body = self._refusal(error)
        except sqlite3.Error as error:
            _log.exception("%s failed", self.path)
            status, media_type, body = self._refusal(StoreUnusable(path=store.FILE, why=quoted(error)))
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the reason
            _log.exception("%s failed", self.path)
            status, media_type, body = self._refusal(Broken())
        self._send(status, media_type, body)

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        reads = self.command == "GET" and not _BODY.isdisjoint(map(str.lower, self.headers))
        if status not in {200, 409, 422} or reads:
            self.close_connection = True  # part of a body may still be on its way
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refusal(self, error: HallmarkError, status: int = 0) -> tuple[int, str, bytes]:
        status = status or next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        _log.warning("%s refuses %s: %s: %s", self.node.name, self.path[:200], error.code, error)
        if isinstance(error, OldSizeDiffers):
            return status, SIZE_TYPE, f"{error.facts['size']}\n".encode()
        chinese = self.headers.get("Accept-Language", "").startswith("zh")
        problem: dict[str, Any] = {
            "type": f"urn:hallmark:problem:{error.code}",
            "title": type(error).__doc__,
            "status": status,
            "detail": error.explain("zh" if chinese else "en"),
            "code": error.code,
        }
        if error.article:
            problem["article"] = error.article
        return status, PROBLEM_TYPE, json.dumps(problem, ensure_ascii=False).encode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Leave the access log to what stands in front."""
        _log.debug(format, *args)


class Service(ThreadingHTTPServer):
    """The node's server; of more than `CONNECTIONS` connections it closes the one that has been silent longest.

    So whoever opens many and says nothing keeps nobody else out.
    """

    daemon_threads = True
    request_queue_size = CONNECTIONS

    def __init__(self, node: Node, address: tuple[str, int]) -> None:
        self._free = BoundedSemaphore(CONNECTIONS)
        self._open: set[socket.socket] = set()
        self._silent: dict[socket.socket, None] = {}  # whose request has not come whole, the first for longest
        super().__init__(address, type("NodeHandler", (Handler,), {"node": node}))

    def waits(self, connection: socket.socket) -> None:
        """Note that a connection's next request is waited for."""
        self._silent[connection] = None

    def begins(self, connection: socket.socket) -> None:
        """Note that a connection's request has come whole."""
        self._silent.pop(connection, None)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve in a thread, if one is free or can be freed."""
        if self._free.acquire(blocking=False) or self._make_room():
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def _make_room(self) -> bool:
        with suppress(StopIteration, KeyError, OSError):
            silent = next(iter([*self._silent]))
            del self._silent[silent]
            silent.shutdown(socket.SHUT_RDWR)
        return self._free.acquire(timeout=_SECONDS_TO_MAKE_ROOM)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the thread back whatever happens."""
        self._open.add(request)
        try:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            self.begins(request)
            self._free.release()

    def server_close(self) -> None:
        """Close what is open, kept connections too."""
        super().server_close()
        for request in [*self._open]:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's form
        """Note a connection that broke."""
        _log.debug("a connection broke", exc_info=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"
