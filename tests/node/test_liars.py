"""What one member's node can do to the others: whatever it answers, they go on, and ask somebody else."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.consortium.epoch import BadMemberSignature, Ballot, Record
from hallmark.consortium.member import StoreRolledBack, Trace
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.node import follow, reading, sighting
from hallmark.node.client import Peer
from hallmark.node.sighting import ATTEMPT, COMMITTED, MIRRORED, PREPARED, WITNESSED, Sighting
from node.network import constitution, eventually, head_over, offer, signers, told

ANSWERS = {
    "a list that is no list of starts": (200, "application/octet-stream", canonical.encode([1])),
    "a size that is no number": (409, "text/x.tlog.size", b"12x"),
    "a size of five thousand digits": (409, "text/x.tlog.size", b"9" * 5000 + b"\n"),
    "a problem nested too deeply": (500, "application/problem+json", b"[" * 200_000),
    "no HTTP": (99, "text/plain", b""),
}


@contextmanager
def answering(status, media_type, body):
    """A peer b that gives one answer to everything."""

    class Liar(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name is the base class's

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    peer = Peer("b", f"http://127.0.0.1:{server.server_address[1]}")
    try:
        yield peer
    finally:
        peer.close()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_a_peer_answers_the_others_are_asked(network, story, answer):
    network.append(story.ledger[:3])
    network.stop("a")
    network.append(story.ledger[3:10])
    node = network.start("a")
    with answering(*answer) as liar:
        peers = [liar, *(network.peer(name) for name in "cdefg")]
        follow.wake(node, peers)
        follow.catch_up(node, peers)
    assert (node.state.awake, node.state.tree.size, node.published) == (True, 10, 10)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_a_peer_answers_an_operator_reads_from_the_others(network, story, answer):
    network.append(story.ledger[:5])
    eventually(lambda: network.nodes["c"].published == 5)
    with answering(*answer) as liar:
        assert reading.read([liar, network.peer("c")], network.first).size == 5


def retell(network, name, told):
    """Let a node tell other things of others than it saw."""
    network.nodes[name].store.seen = lambda _member: told


def let_b_see_a(network, story):
    """Let five entries be final by the signatures of a, b, c, d and e, which are shown to all of these."""
    network.now = told(story.ledger[:5])
    head = head_over(network, [encoded for encoded, _ in story.ledger[:5]])
    certificate = head.with_signatures(line for name in "abcde" for line in offer(network, name, story.ledger[:5], 0))
    final = head.with_signatures([line for name in "abcde" for line in network.peer(name).mirror(certificate)])
    for name in "abcde":
        network.peer(name).finish(final)


def claim(name, size, ledger="ledger.example/simulated/e1"):
    """Return what a liar may say that a member witnessed, under its own key for want of that one's."""
    checkpoint = Checkpoint(ledger, size, bytes(32))
    line = sighting.cosignature.sign(checkpoint, "x", signers(name).witness, 1)
    return Sighting(WITNESSED, checkpoint.text.encode(), line.value)


def test_a_liar_puts_nobody_out_who_restarts(network, story):
    network.append(story.ledger[:5])
    eventually(lambda: set(network.sizes().values()) == {5})
    network.stop("a")
    network.start("a")
    retell(network, "b", [claim("b", 10**6)])
    assert not network.nodes["a"].state.awake
    network.wake("a")
    assert network.nodes["a"].state.awake, "five others told what they saw"
    network.append(story.ledger[5:10])


def test_what_a_member_signed_once_is_shown_to_it_by_any_of_its_peers(network, story):
    let_b_see_a(network, story)
    network.stop("a")
    network.path("a").unlink()
    network.start("a")
    for name in "cdefg":
        retell(network, name, [])
    with pytest.raises(StoreRolledBack, match=r"^b saw"):
        network.wake("a")


def votes(kind, record, name="a"):
    ballot = Ballot(2, Record(2, record.digest, record.base, record.constitution))
    message, purpose = (ballot.prepare_message, "witness") if kind == PREPARED else (ballot.commit_message, "mirror")
    signature = getattr(signers(name), purpose).sign(message)
    ((_, seen),) = sighting.in_votes(ballot, {name: signature}, [name], kind)
    return seen


def test_each_kind_of_signature_is_recognised_by_whose_it_is_and_nobody_else(network, story):
    let_b_see_a(network, story)
    record = network.epoch[0]
    message = follow.ceremony.call_message(record, 3)
    calls = {name: signers(name).witness.sign(message) for name in "abc"}
    held = {each.kind: each for each in network.nodes["b"].store.seen("a")}
    seal = network.peer("a").seal(3, calls)
    held |= {ATTEMPT: sighting.in_seal(seal, record)[1]}
    held |= {kind: votes(kind, record) for kind in (PREPARED, COMMITTED)}
    shown = {
        WITNESSED: Trace(1, 5, 0),
        MIRRORED: Trace(1, 0, 5),
        ATTEMPT: Trace(1, 0, 5, 3),
        PREPARED: Trace(1, 0, 0, 2, 2),
        COMMITTED: Trace(1, 0, 0, 2, 0, 2),
    }
    own, other = network.nodes["a"], network.nodes["c"]
    for kind, trace in shown.items():
        (seen,) = sighting.read([held[kind].value])
        assert own.recognise([seen]) == trace
        with pytest.raises(BadMemberSignature):
            other.recognise([seen])
    assert own.recognise(held.values()) == Trace(1, 5, 5, 3, 2, 2)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from([WITNESSED, MIRRORED, ATTEMPT, PREPARED, COMMITTED]),
    content=st.binary(max_size=80)
    | st.integers(0, 9).map(
        lambda epoch: f"ledger.example/simulated/e{epoch}\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".encode()
    ),
    signature=st.binary(max_size=80),
)
def test_sightings_that_nobody_signed_are_refused(kind, content, signature):
    (seen,) = sighting.read([[kind, content, signature]])
    own = {purpose: getattr(signers("a"), purpose).public for purpose in ("witness", "mirror")}
    with pytest.raises(HallmarkError):
        seen.verify("a", own, constitution())


@pytest.mark.parametrize(
    "value",
    [None, 1, [1], [["other", b"", b""]], [["witnessed", b"", b""]] * 2, [["witnessed", b""]], [[b"", b"", b""]]],
)
def test_what_is_no_list_of_sightings_is_refused(value):
    with pytest.raises(HallmarkError):
        sighting.read(value)
