"""The TPM's process: it ends with its node, comes back after any end, and is never run twice."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hallmark.node.attester import program
from hallmark.node.attester.attester import attesting
from hallmark.node.attester.errors import NoTpm, ProgramMissing, TpmFailed
from hallmark.node.attester.manufacturer import Manufacturer
from hallmark.node.attester.software_tpm import SoftwareTpm

ROOT = Path(__file__).parents[3]
RUN = """
import sys, time
from pathlib import Path
from hallmark.node.attester.software_tpm import SoftwareTpm
with SoftwareTpm(Path(sys.argv[1])) as tpm:
    tpm.run("tpm2_quote", "-c", "0x81010002", "-l", "sha256:8", "-q", "00")
    print("quoted", flush=True)
    time.sleep(60)
"""


def test_a_node_killed_often_takes_its_tpm_with_it_and_attests_again(node, state) -> None:
    """More often than the three wrong guesses after which a TPM locks up: it counts each kill as one.

    A TPM left behind would hold the lock on its state.
    """
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-c", RUN, str(node.folder)], stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"quoted\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    with node.running(state) as attester:
        assert attester.request().evidence.evidence["quote"]
    assert not list(node.folder.glob("desk-*"))


def test_one_tpm_is_not_run_twice(attester, node) -> None:
    with pytest.raises(TpmFailed), SoftwareTpm(node.folder):
        pass
    assert attester.request().endorsement


def test_a_tpm_that_went_away_is_said_to_have_failed(node, state) -> None:
    with node.running(state) as attester:
        attester.tpm._process.kill()
        attester.tpm._process.wait()
        with pytest.raises(TpmFailed, match="tpm2_nvread"):
            attester.request()


def test_a_tpm_runs_however_deep_its_folder_lies(node, state, tmp_path) -> None:
    deep = shutil.copytree(node.folder, tmp_path / ("deep" * 30) / "tpm")
    with attesting(deep, state) as attester:
        assert attester.request().endorsement


def test_a_folder_without_a_tpm_is_named_and_stays_empty(tmp_path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NoTpm, match=str(folder)):
            SoftwareTpm(folder).__enter__()
    assert not list(tmp_path.iterdir())


def test_a_second_tpm_is_not_made_over_the_first(maker, node) -> None:
    before = {path: path.read_bytes() for path in node.folder.iterdir()}
    with pytest.raises(TpmFailed, match="swtpm_setup"):
        maker.make(node.folder, "again")
    assert {path: path.read_bytes() for path in node.folder.iterdir()} == before


def test_a_missing_program_is_named_with_the_line_that_installs_it(node, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    line = "apt-get install swtpm swtpm-tools tpm2-tools"
    for act in (
        lambda: Manufacturer(tmp_path / "maker").make(tmp_path / "tpm", "node"),
        SoftwareTpm(node.folder).__enter__,
    ):
        with pytest.raises(ProgramMissing, match=line) as caught:
            act()
        assert line in caught.value.explain("zh")


def test_the_programs_are_among_those_that_a_set_up_installs() -> None:
    assert set(program.PACKAGES) <= set((ROOT / "packaging" / "apt.txt").read_text().split())
