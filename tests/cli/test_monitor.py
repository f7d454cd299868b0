"""Anybody follows the ledger from a terminal: nodes and log in, findings and an exit code out."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from hallmark import schemes
from hallmark.consortium import finality
from hallmark.kernel.text import Text
from hallmark.node.monitor.seen import Seen
from hallmark.scheme import loader
from hallmark.verify import bundle
from node.network import Network, eventually, head_over
from portal.filled import state_status
from verify.register import trust
from world.market import Market

PATIENT = ("--status-minutes", 10**9)  # the market's ledger ends long before today


@pytest.fixture(scope="module")
def market():
    market = Market(loader.load(schemes.read("cfp")), "CFP-01").open()
    market.certified()
    state_status(market)
    return market


@pytest.fixture
def network(tmp_path, market):
    """Seven nodes that hold the market's ledger."""
    folder = tmp_path / "nodes"
    folder.mkdir()
    with Network(folder, market.scheme) as network:
        network.wake()
        network.append(market.ledger)
        eventually(lambda: all(node.published == len(market.ledger) for node in network.nodes.values()))
        yield network


@pytest.fixture
def words(network, tmp_path):
    """The words of the command that looks once at all nodes."""
    policy = finality.policy_text(*network.epoch)
    names = [finality.log_key(*network.epoch).name, *network.names]
    trusted = bundle.write("simulated", policy, {key: Text(key, key) for key in names}, development=True)
    (tmp_path / "trust.json").write_bytes(trusted)
    nodes = [each for name in network.names for each in ("--node", f"{name}=http://127.0.0.1:{network.ports[name]}")]
    return ("monitor", "--once", *nodes, "--trust", tmp_path / "trust.json")


def test_a_ledger_that_is_well_is_told_in_both_languages(desks, market, words):
    code, said, _ = desks("anybody").say(*words, *PATIENT)
    assert code == 0
    assert f"ledger.example/simulated/e1  {len(market.ledger)} entries  co-signed by 5" in said
    assert "notable  nonconformity-closed-at-once  entry" in said
    code, said, _ = desks("anybody").say(*words, *PATIENT, language="zh")
    assert code == 0 and "5 个成员共签" in said and "未发现问题" in said  # what is notable was told


def test_what_fails_is_in_the_exit_code_and_in_json(desks, network, words):
    network.stop("e")
    code, said, _ = desks("anybody").say("--json", *words)
    look = json.loads(said)
    assert code == 8
    assert {each["code"] for each in look["findings"] if each["weight"] == "failing"} == {"no-answer", "status-stale"}
    assert look["sources"].keys() == set("abcdfg") and look["replayed"] == look["size"]


def test_what_is_broken_outweighs_what_fails(desks, network, words):
    network.stop("e")
    store = network.nodes["c"].store
    note = network.nodes["c"].note("checkpoint")
    other = head_over(network, [b"another"] * network.nodes["c"].published)
    with store.lock, store.transaction():
        store.put_head(1, network.nodes["c"].published, note)
        store.put_fork(1, network.nodes["c"].published, other.encode())
    code, said, _ = desks("anybody").say("--json", *words)
    assert code == 1 and {"fork", "no-answer"} <= {each["code"] for each in json.loads(said)["findings"]}


def test_what_is_notable_counts_where_it_is_asked_to(desks, words):
    assert desks("one").say(*words, *PATIENT, "--strict")[0] == 1
    assert desks("another").say(*words, *PATIENT, "--strict", "--close-minutes", 0)[0] == 0


def test_the_store_of_a_stopped_node_shows_what_members_see(desks, network, words):
    running, stopped = network.path("a"), network.path("b")
    assert desks("anybody").refused(*words, *PATIENT, "--store", running)[1] == "store-in-use"
    network.stop("b")
    code, said, _ = desks("anybody").say("--json", *words, *PATIENT, "--store", stopped)
    look = json.loads(said)
    assert {each["code"] for each in look["findings"] if each["weight"] != "notable"} == {"no-answer"}
    assert (code, look["replayed"]) == (8, look["size"])


def test_without_a_trust_bundle_or_a_place_to_look_it_says_what_to_do(desks, words, tmp_path):
    assert desks("anybody").refused("monitor", "--once", "--node", "a=http://127.0.0.1:1")[1] == "no-trust"
    trusted = ("--trust", tmp_path / "trust.json")
    assert desks("anybody").refused("monitor", "--once", *trusted)[1] == "no-server"
    assert desks("anybody").refused("monitor", "--once", *trusted, "--node", "a")[1] == "bad-argument"
    assert desks("anybody").refused("monitor", "--once", *trusted, "--node", "a=ftp://x")[1] == "bad-request"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("--node", "a=http://x:99999"), "bad-request"),
        (("--node", "a=http://x:y"), "bad-request"),
        (("--node", "a=http://[::1"), "bad-request"),
        (("--log", "http://x:y"), "bad-request"),
        (("--node", "a=http://x", "--node", "a=http://y"), "bad-argument"),
        (("--node", "log=http://x"), "bad-argument"),
    ],
)
def test_a_source_that_cannot_be_asked_is_refused(desks, tmp_path, wrong, code):
    bundle_of_one = ("--trust", tmp_path / "trust.json")
    (tmp_path / "trust.json").write_bytes(trust())
    assert desks("anybody").refused("monitor", "--once", *bundle_of_one, *wrong) == (3, code)


@pytest.mark.parametrize("wrong", [("--every", 0), ("--every", -1), ("--late-minutes", -1), ("--burst-count", "x")])
def test_a_number_that_counts_nothing_is_wrong_usage(desks, wrong):
    for language, words in (("zh", "不能为"), ("en", "invalid whole value")):
        code, _, said = desks("anybody").say("monitor", *wrong, language=language)
        assert code == 2 and words in said


def test_a_folder_of_another_monitor_or_of_nothing_readable_is_refused(desks, tmp_path):
    (tmp_path / "trust.json").write_bytes(trust())
    place = ("monitor", "--once", "--node", "a=http://127.0.0.1:1", "--trust", tmp_path / "trust.json", "--state")
    with closing(Seen.read(tmp_path / "busy").store):
        assert desks("anybody").refused(*place, tmp_path / "busy") == (8, "store-in-use")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "seen.sqlite").write_bytes(b"half")
    assert desks("anybody").refused(*place, tmp_path / "half") == (3, "bad-seen")
    assert desks("anybody").refused(*place, tmp_path / "trust.json") == (8, "no-access")
    assert desks("anybody").refused(*place, tmp_path / "new", "--store", tmp_path / "trust.json") == (
        8,
        "store-unusable",
    )
