"""A node's own run of the rules: the state as its store holds it, and new entries on top.

Caution, which is no rule: a member withholds its signature while the last time that new entries tell is more than 30 s
from its own clock. Only the last one counts, so that a batch which waited is carried by the next one; and a quorum that
signed overrules one clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from hallmark.consortium.constitution import Constitution
from hallmark.kernel import instant
from hallmark.node.errors import ClockApart
from hallmark.node.store import Pair, Store
from hallmark.rules import consortium
from hallmark.rules.admission import admit
from hallmark.rules.state import Record, State
from hallmark.scheme.model import Scheme
from hallmark.statement import disclosure, envelope

Clock = Callable[[], int]
"""Returns the time now in ms since 1970 UTC."""

CAUTION = 30 * instant.SECOND


class StoreState:
    """The state after the first `size` entries of a store, after all of them without `size`."""

    def __init__(self, store: Store, schemes: Mapping[bytes, Scheme], size: int | None = None) -> None:
        self._store = store
        self._schemes = schemes
        self._size = size

    def get(self, key: str) -> Record | None:
        return self._store.record(key, self._until)

    def scan(self, prefix: str) -> Iterator[tuple[str, Record]]:
        return self._store.records(prefix, self._until)

    def scheme(self, digest: bytes) -> Scheme | None:
        return self._schemes.get(digest)

    @property
    def _until(self) -> int:
        return self._store.tree.size if self._size is None else self._size


def voted(state: State, constitution: Constitution) -> Constitution:
    """Return what the votes on the ledger have made of `constitution`, which stands where the ledger has none yet."""
    try:
        return consortium.successor(state) if consortium.constitution_of(state) == constitution else constitution
    except consortium.NoConsortium:
        return constitution


def replay(store: Store, schemes: Mapping[bytes, Scheme], pairs: Iterable[Pair], clock: Clock | None = None) -> None:
    """Run the rules over `pairs` on top of the store and write them with what they do; with `clock`, cautiously.

    Disclosures that the rules do not read are not kept. Raises the breach of the first entry that is not admitted, as
    `envelope.parse` and `disclosure.decode` do, and `ClockApart`.
    """
    state = StoreState(store, schemes)
    told = 0
    for entry, hidden in pairs:
        statement = envelope.parse(entry)
        disclosures = disclosure.decode(hidden)
        changes = admit(state, statement, disclosures)
        kept = [each for each in disclosures if each.name in statement.draft.members]
        store.append(entry, disclosure.encode(kept), changes)
        if statement.draft.kind.name == "time.told":
            told = statement.draft.public["utc_ms"]
    if clock and told and abs(told - clock()) > CAUTION:
        raise ClockApart(told=instant.to_text(told), clock=instant.to_text(clock()), seconds=CAUTION // instant.SECOND)
