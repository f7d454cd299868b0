"""The ASGI application that granian serves: the WSGI application on threads, none of which a slow client can hold.

The event loop takes the first bytes of a body before the request is given a thread, and waits for each further piece,
and for the client to take each piece of the answer, `HALLMARK_PATIENCE` seconds at the most. Bodies that go on after
the first bytes hold half of the threads at the most: whatever happens to uploads, all other requests are answered.
"""

from __future__ import annotations

import asyncio
import io
import sys
from asyncio import AbstractEventLoop, Future
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings

Event = Mapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

_THREADS = 8
_PIECE = 64 << 10
_GRACE_S = 5
_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Body(io.RawIOBase):
    """A request's body: received on the event loop, read on a thread."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self._loop = asyncio.get_running_loop()
        self._held = bytearray()
        self._error: OSError | None = None
        self.ended = False

    async def fill(self, size: int) -> None:
        """Hold `size` bytes, or all that come; that a client is too slow, or has gone, is for the reader to hear."""
        try:
            async with asyncio.timeout(settings.HALLMARK_PATIENCE):
                while len(self._held) < size and not self.ended:
                    event = await self.receive()
                    if event["type"] == "http.disconnect":
                        raise ConnectionResetError
                    self._held += event.get("body", b"")
                    self.ended = not event.get("more_body", False)
        except OSError as error:
            self._error, self.ended = error, True

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read what there is into `buffer`, waiting for the first; raises `TimeoutError`, `ConnectionResetError`."""
        if not self._held and not self.ended:
            _wait(self.fill(min(len(buffer), _PIECE)), self._loop)
        if not self._held and self._error:
            raise self._error
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        del self._held[:size]
        return size


class Gateway:
    """The ASGI application around a WSGI application."""

    def __init__(self, application: Callable[..., Iterable[bytes]], threads: int = _THREADS) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, "request")
        self._uploads = asyncio.Semaphore(max(threads // 2, 1))

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Answer a request."""
        body = Body(receive)
        await body.fill(_PIECE)
        async with nullcontext() if body.ended else self._uploads:
            await self._answer(scope, body, send)

    async def _answer(self, scope: Event, body: Body, send: Send) -> None:
        gone: Future[Any] | None = None

        async def hand_on(*events: Event) -> None:
            nonlocal gone
            if gone is None and body.ended:
                gone = asyncio.ensure_future(body.receive())  # nothing comes any more but that the client has gone
            async with asyncio.timeout(settings.HALLMARK_PATIENCE):
                for event in events:
                    if gone is not None and gone.done():
                        raise ConnectionResetError
                    await send(event)

        loop = asyncio.get_running_loop()
        try:
            last = await loop.run_in_executor(
                self._threads,
                _run,
                self._application,
                environ(scope, body),
                lambda *events: _wait(hand_on(*events), loop),
            )
            async with asyncio.timeout(settings.HALLMARK_PATIENCE):
                for event in last:
                    await send(event)
        except (TimeoutError, ConnectionResetError):
            return  # nobody takes the rest
        finally:
            if gone is not None:
                gone.cancel()


def environ(scope: Event, body: Body) -> dict[str, Any]:
    """Return a request as PEP 3333 wants it."""
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BufferedReader(body, _PIECE),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        if "_" in name:
            continue  # it would pass for the name with hyphens, which a proxy has set
        key = _PLAIN.get(name) or "HTTP_" + name.upper().replace("-", "_")
        found[key] = f"{found[key]}{';' if name == 'cookie' else ','}{text}" if key in found else text
    return found


def _run(
    application: Callable[..., Iterable[bytes]], request: dict[str, Any], hand_on: Callable[..., None]
) -> list[Event]:
    """Run the WSGI application, hand on what it answers, and return the last of it, which may be all."""
    waiting: list[Event] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        waiting[:] = [{"type": "http.response.start", "status": int(status[:3]), "headers": encoded}]

    answer = application(request, start)
    try:
        held = b""
        for piece in answer:
            if held:
                hand_on(*waiting, {"type": "http.response.body", "body": held, "more_body": True})
                waiting.clear()
            held = piece
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return [*waiting, {"type": "http.response.body", "body": held, "more_body": False}]


def _wait(work: Coroutine[Any, Any, None], loop: AbstractEventLoop) -> None:
    """Wait on a thread for `work` on the loop, and not for ever should the loop have ended."""
    asyncio.run_coroutine_threadsafe(work, loop).result(settings.HALLMARK_PATIENCE + _GRACE_S)
