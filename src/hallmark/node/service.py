"""A node on HTTP: the paths, how much they take, and the one shape of every refusal (RFC 9457).

    {"type": "urn:hallmark:problem:<code>", "title": ..., "status": ..., "detail": ..., "code": ..., "article": ...}

Only `add-checkpoint` answers a client that is behind by the size alone, as C2SP tlog-witness asks. Transport security
is the affair of what stands in front; nothing here relies on it but that disclosures stay among members.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import unquote

from hallmark.consortium.epoch import MAX_NUMBER, Start
from hallmark.consortium.member import CheckpointIsOld, OtherOrigin
from hallmark.kernel import canonical
from hallmark.kernel.errors import (
    Forbidden,
    HallmarkError,
    Malformed,
    Missing,
    Refusal,
    Unavailable,
    Unverified,
)
from hallmark.kernel.text import Text
from hallmark.ledger.note import BadNoteSignature, Note, Signature, Unsigned, from_decimal
from hallmark.node import ceremony, protocol
from hallmark.node.client import SIZE_TYPE
from hallmark.node.errors import Broken, NoLength, NotHere, OldSizeDiffers, TooLarge, TooSlow, TwoHeads
from hallmark.node.node import CERTIFICATE, CHECKPOINT, Node
from hallmark.node.protocol import Message, Offer

_log = logging.getLogger(__name__)
PROBLEM_TYPE = "application/problem+json"
TEXT, BINARY = "text/plain; charset=utf-8", "application/octet-stream"
MAX_NOTE = 2**20
MAX_ENTRIES = 2 * protocol.CHUNK_SIZE
CONNECTIONS = 64
SECONDS_TO_SEND = 20

# The nearest class of an error's own line decides.
STATUS: Mapping[type[HallmarkError], int] = {
    Malformed: 400,
    Unsigned: 403,
    BadNoteSignature: 403,
    Forbidden: 403,
    OtherOrigin: 404,
    Missing: 404,
    OldSizeDiffers: 409,
    TwoHeads: 409,
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
    try:
        return BINARY, node.evidence(bytes.fromhex(digest))
    except ValueError:
        raise NotHere(what=Text("摘要非十六进制的证据", "evidence without a digest in hexadecimal")) from None


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
    "successor": (range(1), lambda node: (BINARY, node.successor().encode())),
}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    timeout = SECONDS_TO_SEND
    node: ClassVar[Node]

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
        return act(self.node, self._body(most))

    def _get(self) -> Answer:
        name, *rest = self.path.removeprefix("/").split("/")
        parts, act = GET.get(name, (range(0), _forks))
        if len(rest) not in parts:
            raise NotHere(what=Text("该路径", "such path"))
        return act(self.node, *rest)

    def _body(self, most: int) -> bytes:
        size = from_decimal(self.headers.get("Content-Length", ""))
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

    def _answer(self, act: Callable[[], Answer]) -> None:
        try:
            status, (media_type, body) = 200, act()
        except HallmarkError as error:
            status, media_type, body = self._refusal(error)
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer and the log the reason
            _log.exception("%s failed", self.path)
            status, media_type, body = self._refusal(Broken())
        if status not in {200, 409, 422} or (self.command == "GET" and "Content-Length" in self.headers):
            self.close_connection = True  # part of a body may still be on its way
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _refusal(self, error: HallmarkError) -> tuple[int, str, bytes]:
        status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
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
    """The node's server; it holds at most `CONNECTIONS` connections and closes those beyond."""

    daemon_threads = True
    request_queue_size = CONNECTIONS

    def __init__(self, node: Node, address: tuple[str, int]) -> None:
        super().__init__(address, type("NodeHandler", (Handler,), {"node": node}))
        self._free = BoundedSemaphore(CONNECTIONS)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve in a thread if one is free."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the thread back whatever happens."""
        self._open.add(request)
        try:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
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
