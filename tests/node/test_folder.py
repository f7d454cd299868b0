"""A node is a folder of files; what is wrong with one is named before anything is signed."""

from __future__ import annotations

import pytest

from hallmark.consortium.epoch import Record
from hallmark.kernel.keys import BadKey
from hallmark.node import folder
from hallmark.node.__main__ import main
from hallmark.node.ceremony import call_message
from hallmark.node.errors import BadRequest, WrongFolder
from node.network import signers
from node.processes import Processes


@pytest.fixture
def home(tmp_path):
    return Processes(tmp_path).folder / "a"


def test_a_folder_makes_a_node_that_sleeps_at_the_first_epoch(home):
    node = folder.open_node(home)
    assert (node.name, node.state.epoch, node.state.awake) == ("a", 1, False)
    assert [peer.name for peer in folder.peers(home, "a")] == [*"bcdefg"]
    node.store.close()


@pytest.mark.parametrize("purpose", [*folder.PURPOSES, folder.SEALING])
def test_a_key_that_others_may_read_is_not_used(home, purpose):
    folder.open_node(home).store.close()
    (home / "keys" / f"{purpose}.pem").chmod(0o640)
    with pytest.raises(WrongFolder):
        folder.open_node(home)


def test_a_sealing_key_is_made_once_and_another_kind_of_key_is_none(home):
    keys = []
    for _ in range(2):
        node = folder.open_node(home)
        keys.append(node.announce().key)
        node.store.close()
    assert keys[0] == keys[1]
    (home / "keys" / "sealing.pem").write_bytes((home / "keys" / "witness.pem").read_bytes())
    with pytest.raises(BadKey):
        folder.open_node(home)


@pytest.mark.parametrize("missing", ["name", "constitution", "keys/archive.pem"])
def test_a_missing_file_is_named(home, missing, capsys):
    (home / missing).unlink()
    assert main(["run", "--folder", str(home)]) == 1
    assert missing in capsys.readouterr().err


def test_peers_are_names_and_urls(home):
    for content, breach in (("b\n", WrongFolder), ("b file:///etc/passwd\n", BadRequest)):
        (home / "peers").write_text(content)
        with pytest.raises(breach):
            folder.peers(home, "a")


def test_an_operator_signs_a_call_for_the_next_epoch_while_the_node_runs(home, capsys):
    running = folder.open_node(home)
    assert main(["call", "--folder", str(home), "--attempt", "3"]) == 0
    running.store.close()
    name, signature = capsys.readouterr().out.split()
    record = Record.first(Processes.first)
    signers(name).witness.public.verify(call_message(record, 3), bytes.fromhex(signature))
