"""A consortium of real processes on one machine: with software TPMs, without them, and started again."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.attestation import tpm
from hallmark.consortium.constitution import VIRTUAL
from hallmark.kernel.keys import SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.node import acts
from hallmark.node import folder as files
from hallmark.node.archive import write
from hallmark.node.attester import program
from hallmark.node.attester.errors import TpmFailed
from hallmark.office.registry import finality, queries, services
from hallmark.server import attesting, rehearsal
from hallmark.server.network import Network, SealedForOtherCode
from hallmark.verify.bundle import TrustBundle
from office.registry.conftest import office as office

NAMES = ("ORG-A", "ORG-B", "ORG-C", "ORG-D")
LEDGER = "hallmark/test"
needs_tpm = pytest.mark.skipif(bool(program.missing()), reason=f"not installed: {' '.join(program.missing())}")


@pytest.fixture
def no_programs(monkeypatch):
    monkeypatch.setattr(program, "missing", lambda: ["swtpm"])


def found(place, members=NAMES, log_key=None):
    network = Network(place)
    start = network.found(LEDGER, members, log_key or SoftwareSigner.generate().public, 1)
    return network, start


def test_without_the_programs_nodes_are_virtual_and_nothing_claims_to_be_attested(tmp_path, no_programs):
    network, start = found(tmp_path)
    assert {member.family for member in start.constitution.members} == {VIRTUAL}
    assert (start.constitution.attestation, start.constitution.development) == (bytes(32), True)
    assert not network.attests and not list(tmp_path.glob("*/policy"))
    said = []
    attesting.attest(network, said.append)
    assert said == []


@needs_tpm
def test_with_them_the_constitution_holds_the_policy_that_is_in_each_folder_and_the_measured_code(tmp_path):
    network, start = found(tmp_path)
    assert network.attests and network.members == list(NAMES)
    assert {member.family for member in start.constitution.members} == {tpm.FAMILY}
    for name in NAMES:
        assert files.policy(network.home(name)).digest == start.constitution.attestation
        assert files.identity(network.home(name)) == (name, start.constitution)
    assert Network(tmp_path).start_signed == start
    with pytest.raises(FileExistsError):
        found(tmp_path)


@needs_tpm
def test_making_a_tpm_and_sealing_go_on_where_they_were_killed(tmp_path):
    network, start = found(tmp_path, ("ORG-A",))
    home = network.home("ORG-A")
    pems = {pem: pem.read_bytes() for pem in (home / "keys").iterdir()}
    (home / files.TPM).mkdir()  # killed while the TPM was made
    (home / files.SEALED).write_bytes(b"")  # killed before the first open key was removed
    network.equip()
    assert {path.name for path in (home / "keys").iterdir()} == {"sealed"}
    pem, content = pems.popitem()
    write(pem, content)  # killed before the last was
    network.equip()
    assert {path.name for path in (home / "keys").iterdir()} == {"sealed"}
    assert files.signers(home).mirror.public == start.constitution.members[0].mirror


@needs_tpm
def test_nodes_whose_keys_were_sealed_for_other_code_are_not_started_and_the_reason_is_said(tmp_path):
    network, _ = found(tmp_path, ("ORG-A",))
    network.equip()
    files.seal(network.home("ORG-A"), bytes(32))  # as for a release to come
    with pytest.raises(SealedForOtherCode) as refused, network.running():
        pass
    assert "Put that release back" in refused.value.explain("en") and "封存" in refused.value.explain("zh")
    assert not network.is_running


def test_where_no_tpm_can_be_made_nodes_are_virtual_and_the_reason_is_kept(tmp_path, monkeypatch):
    def fail(_place):
        raise TpmFailed(program="swtpm_setup", why=Text("不行", "no"))

    monkeypatch.setattr(program, "missing", list)
    monkeypatch.setattr(acts, "found_registrar", fail)
    network, start = found(tmp_path)
    assert {member.family for member in start.constitution.members} == {VIRTUAL}
    assert not network.attests and "swtpm_setup" in str(network.failed)


# A rehearsal.


def rehearse(place, *members):
    said = []
    rehearsal.rehearse(Network(place), members, said.append)


@pytest.mark.django_db
def test_before_there_is_a_ledger_there_is_nothing_to_keep(tmp_path):
    with pytest.raises(rehearsal.NoLedgerYet):
        rehearse(tmp_path)


@pytest.mark.django_db
def test_on_a_ledger_that_counts_one_hand_keeps_no_seven_nodes(office, tmp_path, monkeypatch):
    from hallmark.office.registry.state import DatabaseState

    ledger = {**DatabaseState().get("ledger"), "development": False}
    monkeypatch.setattr(rehearsal, "DatabaseState", lambda: {"ledger": ledger})
    with pytest.raises(rehearsal.OneHandKeepsAll) as refused:
        rehearse(tmp_path)
    assert "protect nobody" in str(refused.value) and not list(tmp_path.glob("ORG-*"))


@pytest.mark.django_db
def test_members_are_organisations_of_the_scheme_and_at_least_four(office, tmp_path, no_programs):
    with pytest.raises(rehearsal.MayNotBeMember, match=re.escape(office.jade)):
        rehearse(tmp_path, office.jade)
    with pytest.raises(rehearsal.TooFewMembers):
        rehearse(tmp_path, office.bank, office.northern, office.meridian)


# The real thing.


@pytest.fixture
def rehearsed(settings, tmp_path):
    """Run a rehearsal until all is attested, do something then, and stop it; returns what it said."""
    settings.HALLMARK_NODES = tmp_path / "nodes"
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(then):
        said = []

        def say(words):
            said.append(words.en)
            if words.en.startswith("Attested"):
                then()
            if "nodes are running" not in words.en:
                os.kill(os.getpid(), signal.SIGTERM)

        rehearsal.rehearse(Network(settings.HALLMARK_NODES), (), say)
        finality.forget_nodes()
        return said

    yield run
    finality.forget_nodes()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.long
@needs_tpm
@pytest.mark.django_db(transaction=True)
def test_real_nodes_attest_to_each_other_on_the_ledger_and_start_again_on_sealed_keys(office, settings, rehearsed):
    members = {queries.record("ledger")["operator"], office.bank, office.northern, office.meridian}
    sizes, done = [], []

    def look():
        attested = TrustBundle.parse(queries.trust_bundle()).attested
        assert set(attested) == members
        assert {(each.family, each.accepted_by) for each in attested.values()} == {(tpm.FAMILY, 3)}
        assert {path.name for path in settings.HALLMARK_NODES.glob("*/keys/*")} == {"sealed"}
        sizes.append(queries.size())
        done.append("looked")

    founded = queries.size()
    assert rehearsed(look) == ["4 nodes are running (stop with Ctrl-C)", ATTESTED] and done == ["looked"]
    # The founding, the requests, and the findings of each on the three others: three batches, each told the time.
    assert sizes[0] - founded == (1 + 1) + (1 + 4) + (1 + 4 * 3)

    def append():
        sizes.append(queries.size())  # what was accepted is not asked for again
        services.append([services.issue("interest.declared", office.northern, office.northern, interest(office))])
        sizes.append(queries.size())

    assert rehearsed(append)[-1] == ATTESTED
    assert sizes[1:] == [sizes[0], sizes[0] + 2]


ATTESTED = (
    "Attested: of 4 nodes the evidence of 4 was accepted by other members (software TPMs, self-reported measurements)"
)


def interest(office):
    return {"interest_in": office.jade, "nature": "other", "from": "2026-01-01", "until": "2030-01-01"}
