"""The three commands, as processes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hallmark.server import serve

PATIENCE_S = 30


PATIENCE_OF_THE_SERVER_S = 3


def start(command: str, data: Path) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HALLMARK_", "DJANGO_"))}
    code = f"from hallmark.server import serve\nif __name__ == '__main__': serve.{command}"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=kept
        | {"HALLMARK_DATA": str(data), "HALLMARK_WORKERS": "1", "HALLMARK_PATIENCE": str(PATIENCE_OF_THE_SERVER_S)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )


def finish(process: subprocess.Popen[bytes]) -> str:
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE_S)
    return said.decode()


def get(url: str) -> bytes:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
                return bytes(answer.read())
        except urllib.error.URLError:
            assert time.monotonic() < until, "the server did not answer"
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with one process."""
    data, port = tmp_path_factory.mktemp("served"), free_port()
    start("migrate()", data).communicate(timeout=PATIENCE_S)
    server = start(f"serve('127.0.0.1', {port})", data)
    get(f"http://localhost:{port}/health")
    yield port
    finish(server)


def post(port: int, length: int, body: bytes) -> socket.socket:
    """Begin to post a body of `length` bytes, and send `body` of it."""
    line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    head = f"POST /api/v1/invitations HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: {length}\r\n"
    line.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
    return line


def read_all(line: socket.socket) -> tuple[bytes, bytes]:
    """Return head and body of what comes until the other side closes."""
    head, _, body = b"".join(iter(lambda: line.recv(1 << 16), b"")).partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(("length", "sent"), [(1_000, 1), (1 << 20, 100_000)], ids=["little", "much"])
def test_idle_bodies_hold_no_thread_and_are_cut_off(port: int, length: int, sent: int) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(post(port, length, b"x" * sent)) for _ in range(24)]
        time.sleep(0.5)
        began = time.monotonic()
        assert get(f"http://localhost:{port}/health") == b"ok\n"
        assert time.monotonic() - began < PATIENCE_OF_THE_SERVER_S / 2
        head, body = read_all(lines[0])  # which returns, for the connection is closed
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"content-type: application/problem+json" in head.lower()
        assert b"content-security-policy: default-src 'none'" in head.lower()
        assert json.loads(body)["code"] == "too-slow"


def test_a_body_in_pieces_arrives_whole(port: int) -> None:
    body = json.dumps({"code": "x" * 300_000}).encode()
    with post(port, len(body), body[:70_000]) as line:
        for start in range(70_000, len(body), 10_000):
            time.sleep(0.02)
            line.sendall(body[start : start + 10_000])
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert json.loads(answer.read())["code"] == "bad-request"  # it was read whole, as JSON


def test_who_does_not_take_the_answer_holds_no_thread(port: int) -> None:
    pages = b"".join(f"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode() for _ in range(50))
    with ExitStack() as stack:
        for _ in range(24):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(pages)
        time.sleep(0.5)
        assert get(f"http://localhost:{port}/health") == b"ok\n"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_server_answers_to_both_names_of_this_machine(port: int, host: str) -> None:
    assert get(f"http://{host}:{port}/health") == b"ok\n"


@pytest.mark.long
def test_a_fresh_folder_becomes_a_server_with_a_worker(tmp_path: Path) -> None:
    port = free_port()
    for _ in range(2):
        migration = start("migrate()", tmp_path)
        _, said = migration.communicate(timeout=PATIENCE_S)
        assert (migration.returncode, said) == (0, b"")
    server, worker = start(f"serve('127.0.0.1', {port})", tmp_path), start("worker()", tmp_path)
    try:
        assert get(f"http://localhost:{port}/health") == b"ok\n"
        time.sleep(1)
    finally:
        log, said = finish(server), finish(worker)
    assert "GET /health 200" in log
    assert "127.0.0.1" not in log.replace(f"127.0.0.1:{port}", "")
    assert (worker.returncode, said) == (0, "")


def test_a_port_is_not_shared_with_another_server() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(serve.PortTaken):
            serve.check_free("127.0.0.1", other.getsockname()[1])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    serve.check_free("127.0.0.1", free)


def test_a_database_without_tables_is_said_to_need_them(tmp_path: Path) -> None:
    asked = start("open_database()", tmp_path)
    _, said = asked.communicate(timeout=PATIENCE_S)
    assert asked.returncode != 0
    assert b"hallmark operate migrate" in said
