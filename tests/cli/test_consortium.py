"""Four members found a consortium by the commands of the operator's guide, each from its own folder, and attest."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli.test_whole_way import town as town
from hallmark.node.attester import program
from hallmark.node.errors import NotReached
from node.network import eventually
from node.processes import free_ports

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.long,
    pytest.mark.skipif(bool(program.missing()), reason=f"not installed: {' '.join(program.missing())}"),
]


@pytest.fixture
def houses(tmp_path):
    """Return the folder of a member's node by its name, and start its process; all end with the test."""
    running = []

    def home(who):
        return tmp_path / "houses" / who

    def start(who, port):
        words = [sys.executable, "-m", "hallmark.node", "run", "--folder", home(who), "--listen", f"127.0.0.1:{port}"]
        with (home(who) / "log").open("ab") as log:
            running.append(subprocess.Popen(list(map(str, words)), stdout=log, stderr=log))

    home.start = start
    yield home
    for each in running:
        each.kill()
        each.wait()


def test_members_found_it_attest_and_appraise_by_the_steps_of_the_guide(town, houses, settings, tmp_path):
    from hallmark.office.registry import finality, queries
    from hallmark.verify.bundle import TrustBundle

    olga = town.olga
    operator = olga("me")["organisations"][0]["id"]
    members = {"operator": operator, **{who: town.places[who] for who in ("bank", "northern", "meridian")}}
    trusted = tmp_path / "trust.json"
    trusted.write_bytes(queries.trust_bundle())
    registrar, told = tmp_path / "registrar", ("--name", "ours", "--seats", 8, "--fresh", 86_400)
    anchor = olga("node", "registrar", "--folder", registrar)["answer"]
    for who, name in members.items():
        olga("node", "create", "--folder", houses(who), "--name", name, "--family", "tpm")
        olga("node", "policy", "--folder", houses(who), "--anchor", anchor, *told)
    seats = [houses(who) / "seat" for who in members]
    agree = {
        olga("node", "agree", "--folder", houses(who), "--trust", trusted, "--seats", *seats)["answer"]
        for who in members
    }
    assert len(agree) == 1
    ports = free_ports(len(members))
    peers = "".join(f"{name} http://127.0.0.1:{port}\n" for name, port in zip(members.values(), ports, strict=True))
    for who, port in zip(members, ports, strict=True):
        olga("node", "commit", "--folder", houses(who))
        olga("node", "enrol", "--folder", houses(who), "--registrar", registrar)
        olga.say("node", "seal", "--folder", houses(who))
        (houses(who) / "peers").write_text(peers)
        houses.start(who, port)
    settings.HALLMARK_NODES = tmp_path / "nodes"
    settings.HALLMARK_NODES.mkdir()
    (settings.HALLMARK_NODES / "peers").write_text(peers)
    eventually(lambda: all(map(answers, finality.nodes())), 60)
    commits = [houses(who) / "commit" for who in members]
    claims = olga("node", "found", "--folder", houses("operator"), "--commits", *commits)["answer"]
    olga("member", "set", olga("me")["person"], "--function", "manager", "--function", "registrar")
    olga("act", "consortium.founded", operator, "--claims", claims)
    desks = {"operator": olga, "bank": town.bea, "northern": town.dora, "meridian": town.judy}
    for who, desk in desks.items():
        request = desk("hand-in", desk("node", "present", "--folder", houses(who))["answer"])["entry"]
        for other, another in desks.items():
            if other != who:
                another("hand-in", appraise(another, houses(other), request))
    attested = TrustBundle.parse(queries.trust_bundle()).attested
    assert {name: each.accepted_by for name, each in attested.items()} == dict.fromkeys(members.values(), 3)
    finality.forget_nodes()


def answers(peer):
    try:
        list(peer.starts(0))
    except NotReached:
        return False
    finally:
        peer.close()
    return True


def appraise(desk, home, request):
    """Return the file with a finding; what is final reaches the nodes a moment later."""
    words = ("node", "appraise", "--folder", home, "--request", request)
    eventually(lambda: desk.say(*words)[0] == 0, 20)
    return desk(*words)["answer"]
