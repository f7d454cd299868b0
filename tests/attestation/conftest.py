"""One bundle of every format, made here, and a check that nobody can change what it says (`changes`)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from attestation import arm, changes, intel, makers
from hallmark.attestation.formats import Bundle

Check = Callable[..., int]


@pytest.fixture(scope="session")
def authority() -> makers.Authority:
    return makers.Authority()


@pytest.fixture(scope="session")
def bundles(authority) -> dict[str, Bundle]:
    """Format -> evidence that verifies as of `makers.AT` under `anchors`."""
    made = (makers.tpm, makers.snp, makers.azure, makers.nitro, makers.android, intel.dcap, arm.arm_cca)
    return {bundle.format: bundle for bundle in (*(maker(authority) for maker in made), makers.hygon())}


@pytest.fixture(scope="session")
def anchors(authority) -> frozenset[bytes]:
    return authority.anchors | makers.hygon_anchors()


@pytest.fixture(scope="session")
def unchangeable() -> Check:
    return changes.check
