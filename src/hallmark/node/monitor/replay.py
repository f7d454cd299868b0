"""The law run over the entries again: all of it where members' claims are disclosed, else what strangers can check.

A breach does not end the replay: what breaks a rule is told and counts for nothing, and what follows is judged without.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.node.monitor.finding import Finding, Weight, words_of
from hallmark.node.monitor.history import Event, History
from hallmark.node.monitor.triggers import TRIGGERS, Values
from hallmark.rules import confidential, public
from hallmark.rules.state import Changes, Record
from hallmark.scheme.model import Scheme
from hallmark.statement import envelope, sealing
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.envelope import Statement
from hallmark.statement.sealing import Hidden, Sealed


class FamilyState:
    """A state in a dictionary for each family of keys, so that a scan of one does not read the others."""

    def __init__(self, schemes: Mapping[bytes, Scheme]) -> None:
        self._schemes = schemes
        self._families: dict[str, Changes] = defaultdict(dict)

    def get(self, key: str) -> Record | None:
        """Return the record at `key`."""
        return self._families[_family(key)].get(key)

    def scan(self, prefix: str) -> Iterator[tuple[str, Record]]:
        """Yield the keys that begin with `prefix`, which names a family, in order, with their records."""
        records = self._families[_family(prefix)]
        yield from ((key, records[key]) for key in sorted(records) if key.startswith(prefix))

    def scheme(self, digest: bytes) -> Scheme | None:
        """Return a scheme that is held."""
        return self._schemes.get(digest)

    def apply(self, changes: Changes) -> None:
        """Make `changes` so."""
        for key, record in changes.items():
            self._families[_family(key)][key] = record


def _family(key: str) -> str:
    return key.partition("/")[0]


class Replay:
    """The entries taken so far, in order; `disclosed` tells whether members' claims came with all of them."""

    def __init__(self, schemes: Mapping[bytes, Scheme], values: Values, *, disclosed: bool = False) -> None:
        self.size = 0
        self.told = 0
        self.history = History()
        self.state = FamilyState(schemes)
        self._disclosed = disclosed
        self._values = values

    def take(self, entry: bytes, disclosures: bytes | None = None) -> Iterator[Finding]:
        """Yield what is to be told of the next entry; `disclosures` are those of its members' claims, encoded."""
        index, self.size = self.size, self.size + 1
        try:
            statement = envelope.parse(entry)
            beside = sealing.read(disclosures) if disclosures is not None else ()
            self.state.apply(self._admit(statement, beside))
        except HallmarkError as error:
            yield Finding(f"entry-{error.code}", Weight.BROKEN, words_of(error), index)
            return
        event = self._event(index, statement, () if isinstance(beside, Sealed) else beside)
        if event.kind == "status.stated":
            yield from self._gap(event)
        self.history.take(event)
        for trigger in TRIGGERS:
            if not trigger.kinds or event.kind in trigger.kinds:
                yield from trigger.look(self.history, event, self._values)

    def _admit(self, statement: Statement, beside: Hidden) -> Changes:
        if self._disclosed:
            return confidential.admit(self.state, statement, beside)
        return public.admit(self.state, statement)

    def _event(self, index: int, statement: Statement, shown: Sequence[Disclosure]) -> Event:
        draft = statement.draft
        self.told = (self.state.get("ledger") or {"now": 0})["now"]
        claims: dict[str, Any] = {**draft.public, **{each.name: each.value for each in shown}}
        made = draft.issued_at * instant.SECOND
        return Event(index, self.told, made, draft.kind.name, draft.issuer, draft.subject, claims, statement.approvals)

    def _gap(self, event: Event) -> Iterator[Finding]:
        before, most = self.history.stated, self._values["status-minutes"]
        minutes = (event.claims["at"] - before) // instant.MINUTE if before is not None else 0
        if minutes > most:
            words = Text(f"状态曾 {minutes} 分钟未公布", f"the status was not stated for {minutes} minutes")
            yield Finding("status-gap", Weight.NOTABLE, words, event.index)
