"""A node's folder says what it attests by, and commands say what that means for its keys."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from hallmark.attestation.policy import Policy
from hallmark.node import acts, folder
from hallmark.node.__main__ import main
from hallmark.node.attester.errors import WithoutTpm
from hallmark.node.attester.measurement import measure
from hallmark.node.errors import WrongFolder
from node.admission.seven import NEWCOMER, constitution, make_home
from world.cast import org


@pytest.fixture
def policy() -> Policy:
    return acts.development_policy(b"\x01" * 32, "ours", 8, 600)


@pytest.fixture
def home(policy, tmp_path) -> Path:
    """The folder of a node in a confidential virtual machine."""
    made = make_home(tmp_path / "home", NEWCOMER, constitution(policy, measure()), policy)
    (made / "family").write_text("amd-sev-snp\n")
    return made


def test_a_folder_is_of_the_family_that_it_was_made_for_and_else_of_a_software_tpm(tmp_path, home) -> None:
    for family in ("tpm", "intel-tdx"):
        place = tmp_path / family
        assert main(["create", "--folder", str(place), "--name", org("bank"), "--family", family]) == 0
        assert folder.family(place) == family
    (home / "family").unlink()
    assert folder.family(home) == "tpm"


def test_keys_that_cannot_be_sealed_stay_and_the_command_says_who_can_read_them(home, capsys) -> None:
    before = {path: path.read_bytes() for path in (home / "keys").iterdir()}
    assert main(["seal", "--folder", str(home)]) == 1
    said = capsys.readouterr().err
    assert f"they lie open in {home / 'keys'}" in said and "its host above all" in said
    assert {path: path.read_bytes() for path in (home / "keys").iterdir()} == before
    with pytest.raises(WithoutTpm) as caught:
        folder.seal(home)
    assert "明文" in caught.value.explain("zh")


def test_a_node_without_a_tpm_is_not_enrolled_and_gets_none(home, tmp_path, capsys) -> None:
    assert main(["enrol", "--folder", str(home), "--registrar", str(tmp_path)]) == 1
    assert "none to enrol" in capsys.readouterr().err
    assert not (home / "tpm").exists()


def test_a_node_that_starts_with_keys_that_lie_open_for_good_says_so_in_its_log(home) -> None:
    command = [sys.executable, "-m", "hallmark.node", "run", "--folder", str(home), "--attended"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60)
    assert org(NEWCOMER) in ended.stdout
    assert "WARNING A node on amd-sev-snp has no TPM here" in ended.stderr


def test_collateral_is_a_file_from_a_registrar_or_a_folder_of_what_was_archived(home) -> None:
    assert folder.collateral(home) == {}
    (home / "collateral").mkdir()
    (home / "collateral" / "chain").write_bytes(b"a chain")
    (home / "collateral" / "revocation_lists").write_bytes(b"a list")
    assert folder.collateral(home) == {"chain": b"a chain", "revocation_lists": b"a list"}
    (home / "collateral" / "more").mkdir()
    with pytest.raises(WrongFolder, match="more"):
        folder.collateral(home)
