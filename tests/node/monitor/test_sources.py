"""What one source sends, or does not send, keeps nobody from looking at the others."""

from __future__ import annotations

import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hallmark.node.client import Peer
from hallmark.node.errors import BadRequest
from hallmark.node.monitor.source import Source
from node.monitor.published import Log, Node, entries_of, final_over, grave


class Stranger(BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def log_message(self, *_):
        pass

    def do_GET(self):
        getattr(self, self.path.split("/")[1])()

    def _send(self, status, body, media_type="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def html(self):
        self._send(200, b"<!doctype html><p>Welcome", "text/html")

    def error(self):
        self._send(500, b"<!doctype html><h1>Server Error (500)</h1>", "text/html")

    def no_size(self):
        self._send(409, b"12x", "text/x.tlog.size")

    def long_size(self):
        self._send(409, b"1" * 10_000 + b"\n", "text/x.tlog.size")

    def deep(self):
        self._send(400, b"[" * 1_000_000, "application/problem+json")

    def no_checkpoint(self):
        self._send(200, "hello\n\n\u2014 x AAAAAAAA\n".encode())

    def endless_head(self):
        while not self.over.wait(0.05):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def in_drops(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self.over.wait(0.05):
            self.wfile.write(b"a")

    def nothing(self):
        self.over.wait(30)


@pytest.fixture(scope="module")
def stranger():
    """The address of a server that is no node."""
    Stranger.over.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # whose reader went away
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Stranger.over.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("html", "bad-note"),
        ("error", "no-answer"),
        ("no_size", "no-answer"),
        ("long_size", "no-answer"),
        ("deep", "no-answer"),
        ("no_checkpoint", "bad-checkpoint"),
        ("endless_head", "no-answer"),
        ("in_drops", "no-answer"),
        ("nothing", "no-answer"),
    ],
)
def test_whatever_a_node_answers_the_others_are_looked_at(members, market, watch, stranger, what, code):
    entries = entries_of(market)
    watching = watch(Node("a", entries, final_over(members, entries)))
    with closing(Peer("x", f"{stranger}/{what}", 0.1)) as peer:
        watching._sources["x"] = Source(peer, node=False)
        look = watching.look(market.clock)
    assert grave(look) == {(code, "x")} and look.replayed == len(entries)


def test_a_node_that_answers_nonsense_about_forks_hides_no_history(members, market, watch):
    entries, other = entries_of(market), [*entries_of(market)[:-1], b"another"]
    honest = Node("a", entries, final_over(members, entries))
    lying = Node("b", other, final_over(members, other, "cdefg"), BadRequest(why="-"))
    assert grave(watch(honest, lying).look(market.clock)) == {("split-view", "b"), ("bad-request", "b")}


@pytest.mark.parametrize("kind", ["tile/0/", "tile/entries/"])
def test_where_one_source_has_no_tiles_those_of_another_are_read(members, market, watch, kind):
    while len(market.ledger) < 300:
        market.pass_time(seconds=1)
    entries = entries_of(market)
    garbage, honest = (Node(name, entries, final_over(members, entries)) for name in "ab")
    garbage.files = {path: b"garbage" if path.startswith(kind) else each for path, each in garbage.files.items()}
    look = watch(garbage, honest, status_minutes=10**6).look(market.clock)
    assert grave(look) == {("tiles-not-readable", "a")} and look.replayed == len(entries)


def test_tiles_that_are_not_the_checkpoints_are_no_ledger(members, market, watch):
    entries = entries_of(market)
    log = Log(entries, final_over(members, entries))
    log.tile = lambda _: bytes(32)
    look = watch(log).look(market.clock)
    assert grave(look) == {("tiles-not-readable", "log"), ("nothing-to-follow", "")}
