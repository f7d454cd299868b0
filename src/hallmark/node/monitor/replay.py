"""The law run over the entries again: all of it where members' claims are disclosed, else what strangers can check.

A breach does not end the replay: what breaks a rule is told and counts for nothing, and what follows is judged without.
A store keeps what was taken: entries, the records they made, and what they broke. So a replay goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hallmark.kernel import canonical, instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.tile import TiledLog
from hallmark.node.monitor.finding import Finding, Weight, words_of
from hallmark.node.monitor.history import Event, History
from hallmark.node.monitor.triggers import TRIGGERS, Values
from hallmark.node.replay import StoreState
from hallmark.node.store import Pair, Store
from hallmark.rules import confidential, ledger, public
from hallmark.rules.state import Changes
from hallmark.scheme.model import Scheme
from hallmark.statement import envelope, sealing
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.envelope import Statement
from hallmark.statement.sealing import Hidden, Sealed

STARTED = ("consortium.founded", "epoch.started")
_LAW = "law"
# Records of the monitor's own beside those of the rules, each under the entry that it is about.
_BROKEN, _START = "monitor/broken/", "monitor/start/"


class Replay:
    """The entries in `store`, in order; `disclosed` tells whether members' claims came with all of them."""

    def __init__(
        self, store: Store, schemes: Mapping[bytes, Scheme], values: Values, *, disclosed: bool = False
    ) -> None:
        self.store = store
        self.state = StoreState(store, schemes)
        self._history: History | None = None
        self._disclosed = disclosed
        self._values = values
        law = canonical.encode([ledger.VERSION, sorted(schemes)])
        if store.slot(_LAW) != law:  # what was judged by other rules or without a scheme is judged again
            with store.transaction():
                store.truncate(0)
                store.put_slot(_LAW, law)

    @property
    def size(self) -> int:
        """How many entries were taken."""
        return self.store.tree.size

    @property
    def told(self) -> int:
        """The last time told, in ms since 1970 UTC."""
        told: int = (self.state.get("ledger") or {"now": 0})["now"]
        return told

    @property
    def stated(self) -> int | None:
        """When the status was stated last."""
        status = self.state.get("status")
        return None if status is None else status["at"]

    @property
    def broken(self) -> list[Finding]:
        """What breaks a rule among the entries."""
        return [Finding.from_json(record) for _, record in self.state.scan(_BROKEN)]

    @property
    def starts(self) -> list[bytes]:
        """How the epochs began that the entries started."""
        return [record["start"] for _, record in self.state.scan(_START)]

    @property
    def history(self) -> History:
        """What happened so far. The entries that are held are read for it once, and not before a trigger asks."""
        if self._history is None:
            self._history, told = History(), 0
            broken = {each.entry for each in self.broken}
            for index, (entry, beside) in enumerate(self.store.pairs(0, self.size)):
                if index not in broken:
                    draft = (statement := envelope.parse(entry)).draft
                    told = draft.public["utc_ms"] if draft.kind.name == "time.told" else told
                    hidden = sealing.read(beside) if self._disclosed else ()
                    self._history.take(_event(index, told, statement, hidden))
        return self._history

    def agrees(self, log: TiledLog) -> bool:
        """Tell whether `log` and the entries taken are one history, as far as both go; raises as `TiledLog`."""
        size = min(self.size, len(log))
        return self.store.log.root(size) == log.root(size)

    def take(self, pairs: Iterable[Pair]) -> list[Finding]:
        """Take the next entries, all or none, with what is beside them, and return what is to be told of them."""
        with self.store.transaction():
            return [finding for entry, beside in pairs for finding in self._take(entry, beside)]

    def _take(self, entry: bytes, beside: bytes) -> list[Finding]:
        index, before = self.size, self.stated
        try:
            statement = envelope.parse(entry)
            hidden = sealing.read(beside) if self._disclosed else ()
            changes = self._admit(statement, hidden)
        except HallmarkError as error:
            breach = Finding(f"entry-{error.code}", Weight.BROKEN, words_of(error), index)
            self.store.append(entry, beside, {f"{_BROKEN}{index:019}": breach.to_json()})
            return [breach]
        if statement.draft.kind.name in STARTED:
            changes = {**changes, f"{_START}{index:019}": {"start": statement.draft.public["start"]}}
        self.store.append(entry, beside, changes)
        event = _event(index, self.told, statement, hidden)
        if self._history is not None:
            self._history.take(event)
        return [*self._gap(event, before), *self._odd(event)]

    def _admit(self, statement: Statement, hidden: Hidden) -> Changes:
        if self._disclosed:
            return confidential.admit(self.state, statement, hidden)
        return public.admit(self.state, statement)

    def _gap(self, event: Event, before: int | None) -> Iterator[Finding]:
        """Yield that the status was not stated for too long before `event`, if it states it."""
        if event.kind != "status.stated" or before is None:
            return
        minutes = (event.claims["at"] - before) // instant.MINUTE
        if minutes > self._values["status-minutes"]:
            words = Text(f"状态曾 {minutes} 分钟未公布", f"the status was not stated for {minutes} minutes")
            yield Finding("status-gap", Weight.NOTABLE, words, event.index)

    def _odd(self, event: Event) -> Iterator[Finding]:
        for trigger in TRIGGERS:
            if not trigger.kinds:  # it asks about the statement alone
                yield from trigger.look(History(), event, self._values)
            elif event.kind in trigger.kinds:
                yield from trigger.look(self.history, event, self._values)


def _event(index: int, told: int, statement: Statement, hidden: Hidden) -> Event:
    draft = statement.draft
    made = draft.issued_at * instant.SECOND
    shown: Sequence[Disclosure] = () if isinstance(hidden, Sealed) else hidden
    claims: dict[str, Any] = {**draft.public, **{each.name: each.value for each in shown}}
    told = told or made  # genesis is told by itself
    return Event(index, told, made, draft.kind.name, draft.issuer, draft.subject, claims, statement.approvals)
