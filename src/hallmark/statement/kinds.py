"""All kinds of statement, by name."""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.statement import (
    application,
    certificate,
    consortium,
    decision,
    evaluation,
    ledger,
    money,
    organisation,
    person,
    scheme,
)
from hallmark.statement.kind import Kind, UnknownKind
from hallmark.statement.shape import MAX_NAME

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for subject in (
        ledger,
        consortium,
        scheme,
        organisation,
        person,
        application,
        evaluation,
        decision,
        certificate,
        money,
    )
    for kind in subject.KINDS
}


def find(name: str) -> Kind:
    """Return the kind called `name`; raises `UnknownKind`."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKind(kind=name[:MAX_NAME]) from None
