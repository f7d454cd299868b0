"""A ledger in memory, with a clock that its operator tells: what everything in the simulated market is said on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.keys import SoftwareSigner
from hallmark.rules import admission
from hallmark.rules.state import Changes, MemoryState
from hallmark.scheme.model import Scheme
from hallmark.statement import envelope
from hallmark.statement.approval import approve
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.envelope import Draft, Statement
from world.cast import key, org, person

ENVIRONMENT = "simulated market"
START = int(datetime(2026, 3, 2, 1, 0, tzinfo=UTC).timestamp() * 1000)


class Ledger:
    """`ledger` holds (encoded statement, disclosures) in order."""

    def __init__(self, scheme: Scheme) -> None:
        self.state = MemoryState({scheme.digest: scheme})
        self.ledger: list[tuple[bytes, tuple[Disclosure, ...]]] = []
        self.clock = START
        self._salts = 0

    def prepare(
        self,
        kind: str,
        issuer: str,
        subject: str,
        claims: Mapping[str, Any],
        approvals: Mapping[str, str] | None = None,
        *,
        environment: str = ENVIRONMENT,
        issued_at: int | None = None,
        signer: SoftwareSigner | None = None,
    ) -> tuple[Statement, tuple[Disclosure, ...]]:
        """Return a signed statement; `approvals` is function -> name of the person."""
        draft, disclosures = self.draft(kind, issuer, subject, claims, environment=environment, issued_at=issued_at)
        signed = [
            approve(draft.approval_digest, person(who), function, key(who))
            for function, who in (approvals or {}).items()
        ]
        return envelope.parse(envelope.sign(draft, signed, signer or key(issuer))), disclosures

    def draft(
        self,
        kind: str,
        issuer: str,
        subject: str,
        claims: Mapping[str, Any],
        *,
        environment: str = ENVIRONMENT,
        issued_at: int | None = None,
    ) -> tuple[Draft, tuple[Disclosure, ...]]:
        """Return an unsigned draft and its disclosures, with salts that repeat from run to run."""
        return envelope.compose(
            kind,
            environment=environment,
            issuer=org(issuer),
            subject=subject,
            issued_at=self.clock // 1000 if issued_at is None else issued_at,
            claims=claims,
            salt=self._salt,
        )

    def _salt(self) -> bytes:
        self._salts += 1
        return hashlib.sha256(self._salts.to_bytes(8)).digest()[:16]

    def admit(self, statement: Statement, disclosures: tuple[Disclosure, ...]) -> Changes:
        """Let a statement happen; raises the breach."""
        changes = admission.admit(self.state, statement, disclosures)
        self.state.apply(changes)
        self.ledger.append((statement.encoded, disclosures))
        return changes

    def submit(self, kind: str, issuer: str, subject: str, claims: Mapping[str, Any], /, **options: Any) -> Changes:
        """Prepare a statement and let it happen."""
        return self.admit(*self.prepare(kind, issuer, subject, claims, **options))

    def pass_time(self, days: float = 0, seconds: int = 60) -> None:
        """Let the operator tell a later time."""
        self.clock += int(days * instant.DAY) + seconds * 1000
        self.submit("time.told", "operator", org("operator"), {"utc_ms": self.clock})

    @property
    def today(self) -> str:
        """The civil date in the market."""
        return instant.civil_date(self.clock, 480).isoformat()

    def day(self, days: int) -> str:
        """Return the civil date `days` from now."""
        return instant.civil_date(self.clock + days * instant.DAY, 480).isoformat()
