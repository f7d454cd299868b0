"""Statements that the server signs by itself, with the keys of organisations that it hosts, and nobody's approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from secrets import token_bytes
from typing import Any

from django.conf import settings

from hallmark.kernel import instant
from hallmark.kernel.keys import PublicKey, Signer
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.errors import NoSuchKey
from hallmark.office.keys.services import port as keys
from hallmark.office.registry.errors import KeyElsewhere
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import consortium
from hallmark.statement import envelope
from hallmark.statement.disclosure import SALT_SIZE, Disclosure

OPERATOR_KEY = "operator"


def environment() -> str:
    """Return the id of the environment that every statement made here carries."""
    return str(settings.HALLMARK_ENVIRONMENT)


def salt() -> bytes:
    """Return a fresh salt for a hidden claim."""
    return token_bytes(SALT_SIZE)


def issue(
    kind: str, issuer: str, subject: str, claims: Mapping[str, Any], *, at: int | None = None
) -> tuple[bytes, tuple[Disclosure, ...]]:
    """Return a statement under an organisation's hosted key; raises `KeyElsewhere`."""
    draft, disclosures = envelope.compose(
        kind,
        environment=environment(),
        issuer=issuer,
        subject=subject,
        issued_at=(wall_clock() if at is None else at) // instant.SECOND,
        claims=claims,
        salt=salt,
    )
    return envelope.sign(draft, (), signer_of(issuer)), disclosures


def keep(kind: str, claims: Mapping[str, Any], *, at: int | None = None) -> tuple[bytes, tuple[Disclosure, ...]]:
    """Return a statement about the ledger itself, by the operator or, where its key is elsewhere, by a member.

    Raises `KeyElsewhere` where no key of any of them is here.
    """
    for organisation in _keepers():
        with suppress(KeyElsewhere, NoSuchKey):
            return issue(kind, organisation, organisation, claims, at=at)
    raise KeyElsewhere(organisation=next(_keepers()))


def _keepers() -> Iterator[str]:
    """Yield the operator, and then the members, who are looked for only where its key is elsewhere."""
    state = DatabaseState()
    yield str((state.get("ledger") or {"operator": ""})["operator"])
    if state.get("consortium"):
        yield from sorted(consortium.constitution_of(state).names)


def signer_of(organisation: str) -> Signer:
    """Return what signs for an organisation that is hosted here; raises `KeyElsewhere`."""
    state = DatabaseState()
    record = state.get(f"organisation/{organisation}")
    if record is None or not record["hosted"]:
        raise KeyElsewhere(organisation=organisation)
    ledger = state.get("ledger")
    signer = keys().get_signer(OPERATOR_KEY if ledger and organisation == ledger["operator"] else organisation)
    if signer.public != PublicKey(**record["key"]):
        raise KeyElsewhere(organisation=organisation)  # it got another key since, and what is here is the old one
    return signer
