"""A node that answers what it likes: whoever asks gets an error of its own, in time, and shows nobody its tricks."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from hallmark.node import client
from hallmark.node.client import SIZE_TYPE, Peer
from hallmark.node.errors import BadRequest, NotReached, OldSizeDiffers, Refused
from hallmark.node.service import PROBLEM_TYPE


@contextmanager
def answering(*parts: bytes, pause: float = 0, timeout: float = 10):
    """A node that sends these bytes whatever it is asked, part by part."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)

    thread = Thread(target=answer, daemon=True)
    thread.start()
    peer = Peer("mallory", f"http://127.0.0.1:{listener.getsockname()[1]}", timeout)
    try:
        yield peer
    finally:
        peer.close()
        listener.close()
        thread.join()


def answer(status: int, media_type: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def problem(**parts: object) -> bytes:
    return answer(422, PROBLEM_TYPE, json.dumps(parts).encode())


@pytest.mark.parametrize(
    "said",
    [
        answer(409, SIZE_TYPE, b"12x"),
        answer(409, SIZE_TYPE, b"-1\n"),
        answer(409, SIZE_TYPE, b"1" * 5_000 + b"\n"),
        answer(422, PROBLEM_TYPE, b"[" * 200_000),
        answer(422, PROBLEM_TYPE, b"\xff"),
        problem(code=["a list"], detail=""),
        problem(code="no such code\x1b[2J", detail=""),
        problem(code="x" * 101, detail=""),
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nxx",
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx",
        b"SMTP ready\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_answer_is_none(said):
    with answering(said) as peer, pytest.raises(NotReached):
        peer.finish(_Encoded())


@pytest.mark.parametrize("url", ["ftp://node", "http://", "http://[::1", "http://node:70000", "http://node:port"])
def test_what_is_no_url_of_a_node_is_called_so(url):
    with pytest.raises(BadRequest, match="is not the URL of a node"):
        Peer("a", url)


def test_a_size_is_told():
    with answering(answer(409, SIZE_TYPE, b"12\n")) as peer, pytest.raises(OldSizeDiffers) as told:
        peer.finish(_Encoded())
    assert told.value.facts["size"] == 12


def test_its_words_are_shown_without_what_a_terminal_obeys():
    said = problem(code="note-spent", detail="\x1b]0;owned\x07twice\r\n\u202eover \u4e24\u6b21")
    with answering(said) as peer, pytest.raises(Refused) as refused:
        peer.finish(_Encoded())
    assert refused.value.facts["code"] == "note-spent"
    assert str(refused.value) == "mallory refused: ]0;ownedtwiceover \u4e24\u6b21"


@pytest.mark.parametrize(
    "parts",
    [
        [answer(200, "text/plain", b"")[:-2], *[b"X: y\r\n"] * 100],
        [b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 100],
        [b"HTTP/1.1 100 X\r\n\r\n"] * 100,
    ],
)
def test_one_that_trickles_is_not_waited_for_longer_than_one_that_is_silent(parts):
    with answering(*parts, pause=0.02, timeout=0.1) as peer:
        began = time.monotonic()
        with pytest.raises(NotReached, match="too long"):
            peer.finish(_Encoded())
        assert time.monotonic() - began < 1


def test_an_answer_without_end_is_not_kept(monkeypatch):
    monkeypatch.setattr(client, "_MAX_ANSWER", 1_000)
    with answering(answer(200, "text/plain", b"x" * 1_001)) as peer, pytest.raises(NotReached, match="too long"):
        peer.finish(_Encoded())


def test_a_connection_that_is_kept_has_its_patience_again(network):
    peer = network.peer("a")
    for _ in range(3):
        assert peer.note("certificate") is None


class _Encoded:
    """A note, as far as it is sent."""

    def encode(self) -> bytes:
        return b"-"
