"""One bundle of every format, made here, and a check that nobody can change what it says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from attestation import intel, makers
from hallmark.attestation.formats import Bundle
from hallmark.kernel.errors import HallmarkError

Check = Callable[[Bundle, frozenset[bytes], str, int], None]


@pytest.fixture(scope="session")
def authority() -> makers.Authority:
    return makers.Authority()


@pytest.fixture(scope="session")
def bundles(authority) -> dict[str, Bundle]:
    """Format -> evidence that verifies as of `makers.AT` under `anchors`."""
    made = (makers.tpm, makers.snp, makers.azure, makers.nitro, makers.android, intel.dcap)
    return {bundle.format: bundle for bundle in (*(maker(authority) for maker in made), makers.hygon())}


@pytest.fixture(scope="session")
def anchors(authority) -> frozenset[bytes]:
    return authority.anchors | makers.hygon_anchors()


@pytest.fixture(scope="session")
def unchangeable() -> Check:
    """A check that a bundle with any byte of `part` changed is refused, or says the same."""

    def check(bundle: Bundle, anchors: frozenset[bytes], part: str, step: int, at: int = makers.AT) -> None:
        claims, data = bundle.verify(anchors, at), bundle.evidence[part]
        refused = 0
        for position in range(0, len(data), step):
            for flip in (0x01, 0x80):
                changed = data[:position] + bytes([data[position] ^ flip]) + data[position + 1 :]
                try:
                    said = replace(bundle, evidence={**bundle.evidence, part: changed}).verify(anchors, at)
                except HallmarkError:
                    refused += 1
                else:
                    assert said == claims, f"byte {position} of {part}"
        assert refused

    return check
