"""A release, a registrar, and Harbour's node with a TPM that the registrar knows."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from attestation.makers import Authority
from hallmark.attestation.policy import Reference, Rule
from hallmark.kernel import instant
from hallmark.node import acts
from hallmark.node.attester.measurement import PACKAGE, measure
from node.admission.seven import FRESH, NEWCOMER, constitution, make_home, opened


@pytest.fixture(scope="session")
def release(tmp_path_factory) -> Path:
    """One room of ours, taken for a whole release."""
    place = tmp_path_factory.mktemp("release") / "hallmark"
    return Path(shutil.copytree(PACKAGE / "kernel", place, ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture(scope="session")
def registrar(tmp_path_factory) -> tuple[Path, bytes]:
    """The folder of a registrar, and its anchor."""
    place = tmp_path_factory.mktemp("registrar")
    return place, acts.found_registrar(place)


@pytest.fixture(scope="session")
def vendor() -> Authority:
    """A vendor of chips, whose certificates are of these days."""
    return Authority(since=acts.now() - instant.DAY, until=acts.now() + instant.DAY)


@pytest.fixture(scope="session")
def policy(registrar, vendor):
    """Software TPMs that the registrar knows, and one state of a vendor's machines."""
    given = acts.development_policy(registrar[1], "development", 8, FRESH)
    chips = Rule(vendor.anchors, (Reference("release", {"measurement": b"\x4d" * 48}),))
    return replace(given, rules={**given.rules, "sev-snp": chips}, seats={**given.seats, "amd-sev-snp": 2})


@pytest.fixture(scope="session")
def agreed(policy, release):
    return constitution(policy, measure(release))


@pytest.fixture(scope="session")
def home(agreed, policy, registrar, tmp_path_factory) -> Path:
    """Harbour's folder."""
    place = make_home(tmp_path_factory.mktemp("harbour"), NEWCOMER, agreed, policy)
    acts.enrol(place, registrar[0])
    return place


@pytest.fixture
def market(cfp, agreed):
    return opened(cfp, agreed)
