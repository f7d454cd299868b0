"""Founders agree from house to house, by commands over their folders and files that they hand each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hallmark.consortium.epoch import BadMemberSignature, Start
from hallmark.kernel import canonical
from hallmark.node import folder, founding
from hallmark.node.__main__ import main
from hallmark.node.attester.measurement import measure
from hallmark.node.errors import BadRequest
from hallmark.rules.ledger import VERSION
from verify.register import ORIGIN, signer, trust
from world.cast import org

FOUNDERS = ("operator", "bank", "northern", "meridian")


@pytest.fixture
def houses(tmp_path):
    """Four folders, each made in its own house, and the operator's trust bundle."""
    (tmp_path / "trust.json").write_bytes(trust())
    for who in FOUNDERS:
        home = str(tmp_path / who)
        assert main(["create", "--folder", home, "--name", org(who), "--family", "tpm"]) == 0
        policy = ["--name", "ours", "--anchor", "ab" * 32, "--seats", "8", "--fresh", "86400"]
        assert main(["policy", "--folder", home, *policy]) == 0
    return {who: tmp_path / who for who in FOUNDERS}


def agree(houses, who, *founders):
    seats = [str(houses[each] / "seat") for each in founders or FOUNDERS]
    return main(
        ["agree", "--folder", str(houses[who]), "--trust", str(houses[who].parent / "trust.json"), "--seats", *seats]
    )


def test_everybody_writes_the_same_constitution_and_the_commits_of_all_make_its_start(houses, capsys):
    capsys.readouterr()
    assert [agree(houses, who) for who in FOUNDERS] == [0] * 4
    (digest,) = {*capsys.readouterr().out.split()}
    name, agreed = folder.identity(houses["bank"])
    assert (name, agreed.digest.hex()) == (org("bank"), digest)
    assert (agreed.ledger, agreed.sequencer, agreed.rules) == (ORIGIN, signer("operator").public, VERSION)
    assert (agreed.code, agreed.development) == ((measure(),), True)
    assert agreed.attestation == folder.policy(houses["meridian"]).digest
    for who in FOUNDERS:
        assert main(["commit", "--folder", str(houses[who])]) == 0
    capsys.readouterr()
    commits = [str(home / "commit") for home in houses.values()]
    assert main(["found", "--folder", str(houses["operator"]), "--commits", *commits]) == 0
    claims = json.loads(Path(capsys.readouterr().out.strip()).read_text())
    start = Start.parse(bytes.fromhex(claims["start"]))
    assert start.constitution == agreed and set(start.commits) == agreed.names


def test_a_constitution_without_its_own_seat_is_not_written(houses, capsys):
    assert agree(houses, "bank", "operator", "northern", "meridian") == 1
    assert "no seat for this node" in capsys.readouterr().err
    assert not (houses["bank"] / "constitution").exists()


def test_a_commit_to_another_constitution_does_not_count(houses):
    for who in FOUNDERS:
        agree(houses, who, *(FOUNDERS if who != "bank" else FOUNDERS[:3]))
    commits = [founding.commit(home) for home in houses.values()]
    agreed = folder.identity(houses["operator"])[1]
    with pytest.raises(BadMemberSignature, match=org("bank")):
        founding.start(agreed, commits)
    with pytest.raises(BadRequest):
        founding.start(agreed, [canonical.encode([org("bank"), b"", 1])])


def test_a_folder_that_has_keys_gets_no_others(houses):
    with pytest.raises(FileExistsError):
        founding.create(houses["bank"], org("bank"), "tpm")
