"""Which attester collects the evidence of which family of TEE; what is verified is a longer list (`FORMATS`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from hallmark.attestation import sev_snp, tpm
from hallmark.attestation.dcap import FAMILIES
from hallmark.attestation.dcap_quote import TDX
from hallmark.attestation.formats import Bundle
from hallmark.node.attester import tsm
from hallmark.node.attester.attester import attesting
from hallmark.node.attester.confidential_vm import ConfidentialVm
from hallmark.node.attester.errors import NoAttester
from hallmark.node.attester.registers import State

DEFAULT = tpm.FAMILY
WITH_TPM = frozenset({tpm.FAMILY})
"""Families whose nodes enrol a TPM and seal their keys in it."""


class Collector(Protocol):
    """Whoever makes evidence of a node."""

    def attest(self, report_data: bytes, collateral: Mapping[str, bytes]) -> Bundle:
        """Return evidence bound to the 64 bytes `report_data`."""
        ...


Opening = Callable[[Path, State], AbstractContextManager[Collector]]


def _in_vm(family: str) -> Opening:
    return lambda _place, _state: nullcontext(ConfidentialVm(family, tsm.REPORTS))


_ATTESTERS: Mapping[str, Opening] = {
    tpm.FAMILY: attesting,
    **{family: _in_vm(family) for family in (sev_snp.FAMILY, FAMILIES[TDX])},
}


def attester(family: str, place: Path, state: State) -> AbstractContextManager[Collector]:
    """Return the attester of a node of `family` in `state`, whose TPM, if it has one, is at `place`.

    Raises `NoAttester`; to be entered, which raises as `attesting`.
    """
    if family not in _ATTESTERS:
        raise NoAttester(family=family, known=", ".join(_ATTESTERS))
    return _ATTESTERS[family](place, state)
