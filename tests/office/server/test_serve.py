"""The three commands, as processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

PATIENCE_S = 30


def start(command: str, data: Path) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HALLMARK_", "DJANGO_"))}
    code = f"from hallmark.server import serve\nif __name__ == '__main__': serve.{command}"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=kept | {"HALLMARK_DATA": str(data), "HALLMARK_WORKERS": "1"},
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


@pytest.mark.long
def test_a_fresh_folder_becomes_a_server_with_a_worker(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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
