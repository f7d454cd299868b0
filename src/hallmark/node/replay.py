"""A node's own run of the rules: the state as its store holds it, and new entries on top.

Caution, which is no rule: a member withholds its signature while the last time that new entries tell is more than 30 s
from its own clock. Only the last one counts, so that a batch which waited is carried by the next one; and a quorum that
signed overrules one clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from hallmark.consortium.constitution import Constitution
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError, Unavailable
from hallmark.kernel.text import Text
from hallmark.node.errors import ClockApart, StartNotStated
from hallmark.node.store import Pair, Store
from hallmark.node.vault import Vault
from hallmark.rules import confidential, consortium
from hallmark.rules.confidential import SealedNotAdmitted
from hallmark.rules.state import Overlay, Record, State
from hallmark.scheme.model import Scheme
from hallmark.statement import disclosure, envelope, sealing
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.sealing import NotOpened, Sealed

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


def check_start_is_stated(state: State, epoch: int) -> None:
    """Raise `StartNotStated` where the ledger's consortium is in an epoch before this one."""
    with suppress(consortium.NoConsortium):
        if (stated := consortium.epoch_of(state).epoch) < epoch:
            raise StartNotStated(epoch=epoch, stated=stated)


def replay(store: Store, schemes: Mapping[bytes, Scheme], pairs: Iterable[Pair], clock: Clock | None = None) -> None:
    """Run the rules over `pairs` on top of the store and write them with what they do; with `clock`, cautiously.

    Disclosures that the rules do not read are not kept, and sealed ones stay sealed. Raises the breach of the first
    entry that is not admitted, as `confidential.admit`, `envelope.parse` and `sealing.read` do, and `ClockApart`.
    """
    state = StoreState(store, schemes)
    told = 0
    for entry, hidden in pairs:
        statement = envelope.parse(entry)
        beside = sealing.read(hidden)
        changes = confidential.admit(state, statement, beside, opener(store.vault))
        if isinstance(beside, Sealed):
            store.append(entry, hidden, changes, sealed=True)
        else:
            kept = [each for each in beside if each.name in statement.draft.members]
            store.append(entry, hidden if len(kept) == len(beside) else disclosure.encode(kept), changes)
        if statement.draft.kind.name == "time.told":
            told = statement.draft.public["utc_ms"]
    if clock and told and abs(told - clock()) > CAUTION:
        raise ClockApart(told=instant.to_text(told), clock=instant.to_text(clock()), seconds=CAUTION // instant.SECOND)


def try_out(store: Store, schemes: Mapping[bytes, Scheme], pairs: Iterable[Pair]) -> str:
    """Return the code of the first rule that forbids one of `pairs` on top of the store, or nothing; write nothing.

    Raises what is no breach: `NotOpened`, `StoreLocked`.
    """
    state = Overlay(StoreState(store, schemes))
    try:
        for entry, hidden in pairs:
            statement = envelope.parse(entry)
            state.apply(confidential.admit(state, statement, sealing.read(hidden), opener(store.vault)))
    except SealedNotAdmitted as error:
        return str(error.facts["rule"])
    except Unavailable:
        raise
    except HallmarkError as error:
        return error.code
    return ""


def pass_on(vault: Vault | None, pair: Pair, member: str, key: bytes) -> Pair:
    """Return an entry with what is sealed beside it sealed to another member's key; raises `NotOpened`."""
    entry, hidden = pair
    if not key or not sealing.is_sealed(hidden):
        return pair
    if vault is None:
        raise _closed()
    return entry, vault.pass_on(Sealed.parse(hidden), envelope.parse(entry).digest, member, key).encode()


def opener(vault: Vault | None) -> confidential.Open:
    """Return what opens sealed claims in this node."""
    return _open_nothing if vault is None else vault.open


def _open_nothing(_sealed: Sealed, _statement: bytes) -> tuple[Disclosure, ...]:
    raise _closed()


def _closed() -> NotOpened:
    return NotOpened(member=Text("本节点", "This node"), why=Text("它没有密封密钥", "it has no sealing key"))
