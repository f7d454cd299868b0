"""A node is a folder of files; what is wrong with one is named before anything is signed."""

from __future__ import annotations

import pytest

from hallmark.consortium.epoch import Consent, Record
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
    for content, breach in (
        (b"b\n", WrongFolder),
        (b"b http://h:99999\n", BadRequest),
        (b"b http://[::1\n", BadRequest),
        (b"\xff\xfe", WrongFolder),
        (b"b file:///etc/passwd\n", BadRequest),
    ):
        (home / "peers").write_bytes(content)
        with pytest.raises(breach):
            folder.peers(home, "a")


def test_what_is_wrong_is_said_in_a_sentence(home, capsys):
    (home / "node.sqlite").write_bytes(b"no database " * 1000)
    (home / "lines").write_bytes(b"\xff\n")
    key = "ab" * 32
    for arguments, said in (
        (["run"], "cannot be used: file is not a database"),
        (["run", "--listen", "192.0.2.1:1"], "cannot be used"),
        (["call", "--attempt", "0"], "numbered 1 to"),
        (["call", "--attempt", "-5"], "numbered 1 to"),
        (["consent", "--sequencer", key], "key"),
        (["convene", "--attempt", "1", "--calls", str(home / "none")], "No such file"),
        (["convene", "--attempt", "1", "--calls", str(home / "lines")], "a name and a signature"),
        (["vote", "--proposal", str(home)], "Is a directory"),
        (["vote", "--proposal", "9" * 5000], "too long"),
        (["create", "--name", "a", "--family", "tpm"], "File exists"),
    ):
        assert main([arguments[0], "--folder", str(home), *arguments[1:]]) == 1, arguments
        printed = capsys.readouterr()
        assert said in printed.err and "Errno" not in printed.err, arguments
        assert printed.out == ""


def test_an_operator_signs_a_consent_to_another_sequencer(home, capsys):
    key = signers("z").witness.public
    assert main(["consent", "--folder", str(home), "--sequencer", key.material.hex()]) == 0
    name, signature = capsys.readouterr().out.split()
    message = Consent.message(Record.first(Processes.first), key)
    signers(name).witness.public.verify(message, bytes.fromhex(signature))


def test_an_operator_signs_a_call_for_the_next_epoch_while_the_node_runs(home, capsys):
    running = folder.open_node(home)
    assert main(["call", "--folder", str(home), "--attempt", "3"]) == 0
    running.store.close()
    name, signature = capsys.readouterr().out.split()
    record = Record.first(Processes.first)
    signers(name).witness.public.verify(call_message(record, 3), bytes.fromhex(signature))
