"""Stapling: the machine form made from the log, the register's map and a signed checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.certificate.form import MachineForm, ProvenEntry, ProvenStatus
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.sorted_map import SortedMap, verify_presence
from hallmark.ledger.tree import Prover
from hallmark.statement import envelope
from hallmark.statement.certificate import status_digest

Leaf = tuple[int, bytes]
"""An entry of the log: its index and its bytes."""


def staple(
    log: Prover,
    checkpoint: Note,
    register: SortedMap,
    *,
    issued: Leaf,
    issuer: Leaf,
    stated: Leaf,
    status: Mapping[str, Any],
) -> MachineForm:
    """Return the machine form of the certificate that `issued` issues, under `checkpoint`.

    `issuer` is the entry that gave the issuing body the key it signed with, `stated` the status statement over
    `register`, `status` the certificate's record in it. Signatures are not looked at; every proof is: raises as
    `verify_inclusion`, `prove_presence` and `verify_presence` where a part is not what it is said to be.
    """
    number = envelope.parse(issued[1]).draft.subject
    presence = register.prove_presence(number)
    verify_presence(envelope.parse(stated[1]).draft.public["root"], number, status_digest(status), presence)
    proven = [prove(log, checkpoint, leaf) for leaf in (issued, issuer, stated)]
    return MachineForm(proven[0], proven[1], proven[2], ProvenStatus(status, presence), checkpoint)


def prove(log: Prover, checkpoint: Note, leaf: Leaf) -> ProvenEntry:
    """Return an entry with its proof under `checkpoint`; raises as `verify_inclusion`."""
    head = Checkpoint.parse(checkpoint.text)
    index, encoded = leaf
    entry = ProvenEntry(encoded, index, tuple(log.prove_inclusion(index, head.size)))
    entry.verify(head)
    return entry
