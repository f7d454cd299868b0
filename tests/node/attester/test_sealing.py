"""Keys open only in the TPM, and in the state, that they were sealed for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.node.attester.errors import BadSeal, OtherState, TpmFailed

KEYS = b"three keys of a node, more than a TPM seals at once" * 100


@pytest.fixture(scope="module")
def sealed(node, state) -> bytes:
    with node.running(state) as attester:
        return attester.seal(KEYS, state)


def test_the_same_state_opens_them_after_a_restart(sealed, node, state) -> None:
    assert KEYS[:32] not in sealed
    for _ in range(2):
        with node.running(state) as attester:
            assert attester.unseal(sealed) == KEYS


@pytest.mark.parametrize("changed", ["code", "constitution"])
def test_another_state_does_not(sealed, node, state, changed) -> None:
    with node.running(replace(state, **{changed: b"\x0e" * 32})) as attester:
        for _ in range(4):  # more often than a TPM has room for sessions
            with pytest.raises(OtherState):
                attester.unseal(sealed)


def test_a_state_to_come_opens_what_was_sealed_for_it_and_the_present_one_does_not(attester, node, state) -> None:
    upgraded = replace(state, code=b"\x0f" * 32)
    moved = attester.seal(KEYS, upgraded)
    with pytest.raises(OtherState):
        attester.unseal(moved)
    attester.tpm.__exit__()
    with node.running(upgraded) as later:
        assert later.unseal(moved) == KEYS
    attester.tpm.__enter__()


def test_another_tpm_does_not(sealed, other_attester) -> None:
    with pytest.raises(TpmFailed):
        other_attester.unseal(sealed)


def test_changed_bytes_are_refused(sealed, attester) -> None:
    parts = canonical.decode(sealed)
    box = parts[3][:-1] + bytes([parts[3][-1] ^ 1])
    for value in ([*parts[:3], box], [*parts[:2], bytes(12), parts[3]], parts[:3], [*parts[:2], b"", parts[3]], 7):
        with pytest.raises(BadSeal):
            attester.unseal(canonical.encode(value))
    with pytest.raises(TpmFailed):
        attester.unseal(canonical.encode([parts[0], b"", *parts[2:]]))
    with pytest.raises(HallmarkError):
        attester.unseal(sealed[:-1])
