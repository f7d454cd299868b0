"""A machine's TPM, which runs since the machine was started, is used by others too, and is reached over a TCTI.

It is `swtpm` here, started by these tests as a machine would have it, and not by `SoftwareTpm`.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.attestation.appraisal import ProductNotShown, appraise
from hallmark.attestation.formats import Bundle
from hallmark.attestation.policy import Policy, Reference, Rule
from hallmark.node import acts, folder
from hallmark.node.__main__ import main
from hallmark.node.attester import program
from hallmark.node.attester.attester import attesting
from hallmark.node.attester.errors import NoDevice, OtherState, TpmFailed, UnknownMaker
from hallmark.node.attester.measurement import measure
from hallmark.node.attester.registers import SHARED
from node.admission.seven import NEWCOMER, constitution, make_home
from world.consortium import node_key

REPORT_DATA = bytes(range(64))
KEYS = b"keys of a node" * 100
FIRMWARE, LOADER = "a1" * 32, "b2" * 32


class Machine:
    """A machine with a TPM: its firmware and boot loader extended their registers, and nobody made a key in it yet."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tcti = folder, f"swtpm:path={folder / 's'}"
        command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder / 'tpm'}", "--flags", "startup-clear"]
        sockets = ["--server", f"type=unixio,path={folder / 's'}", "--ctrl", f"type=unixio,path={folder / 's.ctrl'}"]
        self.process = subprocess.Popen([*command, *sockets], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        late = time.monotonic() + 10
        while not ((folder / "s").exists() and (folder / "s.ctrl").exists()):
            assert time.monotonic() < late and self.process.poll() is None
            time.sleep(0.01)
        for register, digest in ((0, FIRMWARE), (7, FIRMWARE), (8, LOADER), (9, LOADER), (16, LOADER)):
            self.run("tpm2_pcrextend", f"{register}:sha256={digest}")
        for handle in self.run("tpm2_getcap", "handles-persistent").decode().split():
            if handle.startswith("0x"):
                self.run("tpm2_evictcontrol", "-C", "owner", "-c", handle)

    def run(self, tool: str, *arguments: str) -> bytes:
        """Use the TPM as any other program of the machine."""
        return program.run(tool, "--tcti", self.tcti, *arguments, folder=self.folder)


@pytest.fixture(scope="module")
def machine(maker, tmp_path_factory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("m")
    maker.make(folder / "tpm", "machine")
    made = Machine(folder)
    yield made
    made.process.kill()
    made.process.wait()


@pytest.fixture(scope="module")
def later(machine) -> int:
    """Once the machine is there, whose TPM was made after the others."""
    return time.time_ns() // 10**6


@pytest.fixture(scope="module")
def place(machine) -> Path:
    """The file of a node's folder that names the machine's TPM."""
    path = machine.folder / "node-tpm"
    path.write_text(f"{machine.tcti}\n")
    return path


@pytest.fixture(scope="module")
def certificate(place, registrar, state, later) -> bytes:
    with attesting(place, state) as attester:
        challenge = registrar.challenge(attester.request(), later)
        return registrar.certify(challenge.number, attester.activate(challenge.credential), later)


@pytest.fixture(scope="module")
def evidence(place, registrar, certificate, state, later) -> Bundle:
    with attesting(place, state) as attester:
        return attester.attest(REPORT_DATA, registrar.collateral(certificate, later))


@pytest.fixture(scope="module")
def policy(registrar, state) -> Policy:
    rule = Rule(frozenset({registrar.anchor}), (Reference("release", SHARED.measurements(state)),))
    return Policy("policy", {"tpm": rule}, {"tpm": 2}, fresh_seconds=86400)


def test_a_node_enrols_and_attests_by_it_though_the_boot_loader_used_registers_8_and_9(evidence, policy, later) -> None:
    result = appraise(Bundle.decode(evidence.encode()), policy, REPORT_DATA, later)
    assert (result.reference, result.status, result.claims.missing) == ("release", "affirming", ())


def test_the_registers_of_the_boot_are_quoted_for_a_policy_to_ask_for(evidence, policy, later) -> None:
    shown = evidence.verify(policy.rules["tpm"].anchors, later).measurements
    assert (
        shown["pcr sha256:0"] == shown["pcr sha256:7"] == hashlib.sha256(bytes(32) + bytes.fromhex(FIRMWARE)).digest()
    )
    assert shown["pcr sha256:1"] == bytes(32)

    def asking(value: bytes) -> Policy:
        products = {"C-1": {"pcr sha256:7": frozenset({value})}}
        return replace(policy, rules={"tpm": replace(policy.rules["tpm"], products=products)})

    assert appraise(evidence, asking(shown["pcr sha256:7"]), REPORT_DATA, later, product="C-1").reference == "release"
    with pytest.raises(ProductNotShown):
        appraise(evidence, asking(b"\x01" * 32), REPORT_DATA, later, product="C-1")


@pytest.mark.parametrize("changed", ["code", "constitution"])
def test_sealed_keys_open_in_the_same_state_and_in_no_other(changed, place, machine, state) -> None:
    with attesting(place, state) as attester:
        sealed = attester.seal(KEYS, state)
    machine.run("tpm2_pcrextend", f"16:sha256={LOADER}")
    with attesting(place, state) as attester:
        assert attester.unseal(sealed) == KEYS
    with attesting(place, replace(state, **{changed: b"\x0e" * 32})) as attester, pytest.raises(OtherState):
        attester.unseal(sealed)


def test_whoever_controls_the_machine_can_pretend_any_state(place, machine, state) -> None:
    """Registers of an application cannot prevent it, as the docs say: a policy has to ask for the system below."""
    with attesting(place, state) as attester:
        sealed = attester.seal(KEYS, state)
    other = replace(state, code=b"\x0f" * 32)
    with attesting(place, other) as attester:
        machine.run("tpm2_pcrreset", "16")
        machine.run("tpm2_pcrextend", f"16:sha256={state.code.hex()}")
        assert attester.unseal(sealed) == KEYS


def test_sessions_of_other_programs_are_left_alone(place, machine, registrar, state, later) -> None:
    machine.run("tpm2_startauthsession", "--policy-session", "-S", "another")
    with attesting(place, state) as attester:
        challenge = registrar.challenge(attester.request(), later)
        attester.activate(challenge.credential)
        with pytest.raises(TpmFailed):
            attester.activate(b"no credential")
    machine.run("tpm2_policysecret", "-S", "another", "-c", "endorsement")
    machine.run("tpm2_flushcontext", "another")
    assert not machine.run("tpm2_getcap", "handles-saved-session").strip()
    assert not machine.run("tpm2_getcap", "handles-loaded-session").strip()


def test_two_processes_of_a_node_take_turns(place, registrar, certificate, state, later) -> None:
    states = [replace(state, code=bytes([number]) * 32) for number in range(3)]
    collateral = registrar.collateral(certificate, later)

    def shown(each) -> Bundle:
        with attesting(place, each) as attester:
            return attester.attest(REPORT_DATA, collateral)

    with ThreadPoolExecutor(len(states)) as pool:
        for each, bundle in zip(states, pool.map(shown, states), strict=True):
            measured = bundle.verify(frozenset({registrar.anchor}), later).measurements
            assert SHARED.measurements(each).items() <= measured.items()


def test_a_machine_without_such_a_device_says_so_in_both_languages(state, tmp_path) -> None:
    place = tmp_path / "tpm"
    place.write_text(f"device:{tmp_path}/tpmrm0\n")
    with pytest.raises(NoDevice, match=r"This machine has no .*/tpmrm0") as caught, attesting(place, state):
        pass
    assert "本机没有" in caught.value.explain("zh")
    place.write_text("swtpm:path=/absent\n")
    with pytest.raises(TpmFailed), attesting(place, state):
        pass


@pytest.fixture
def home(tmp_path) -> Path:
    """Harbour's folder, where nothing is enrolled yet."""
    policy = acts.development_policy(b"\x01" * 32, "ours", 8, 600)
    return make_home(tmp_path / "home", NEWCOMER, constitution(policy, measure()), policy)


def test_commands_enrol_it_with_a_registrar_that_knows_its_maker_and_seal_the_keys_in_it(
    home, machine, maker, tmp_path, capsys
) -> None:
    (tmp_path / "maker.pem").write_bytes(maker.chain)
    office, strict = str(tmp_path / "office"), str(tmp_path / "strict")
    assert main(["registrar", "--folder", office, "--maker", str(tmp_path / "maker.pem")]) == 0
    anchor = bytes.fromhex(capsys.readouterr().out)
    assert not (tmp_path / "office" / "maker").exists()  # or it would certify TPMs in software
    enrol = ["enrol", "--folder", str(home), "--tcti", machine.tcti, "--registrar"]
    assert main([*enrol, office]) == 0
    assert (home / "tpm").read_text() == f"{machine.tcti}\n"
    with attesting(home / "tpm", folder.sealing_state(home, measure())) as attester:
        bundle = attester.attest(REPORT_DATA, folder.collateral(home))
    assert bundle.verify(frozenset({anchor}), time.time_ns() // 10**6).missing == ()

    assert main(["seal", "--folder", str(home)]) == 0
    assert not (home / "keys" / "witness.pem").exists()
    assert folder.signers(home).witness.public == node_key(NEWCOMER, "witness").public

    acts.found_registrar(Path(strict))  # which knows its own maker alone
    with pytest.raises(UnknownMaker):
        acts.enrol(home, Path(strict), tcti=machine.tcti)


def test_a_software_tpm_is_not_left_for_a_machine_s_without_being_moved_away(home, machine, tmp_path, capsys) -> None:
    (home / "tpm").mkdir()
    assert main(["enrol", "--folder", str(home), "--tcti", machine.tcti, "--registrar", str(tmp_path)]) == 1
    assert "move that folder away first" in capsys.readouterr().err
