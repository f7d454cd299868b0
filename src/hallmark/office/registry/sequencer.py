"""The order of things: statements become entries, all of one batch or none, and then tiles and a checkpoint.

Where a consortium keeps the ledger, statements are only ordered here: they wait, durably, until `finality` lets them be
entries. Later ones are admitted on top of those that wait. What is sealed to the members' nodes is admitted here as far
as a stranger can tell, and must not be ordered before a quorum of these would admit it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Head as LedgerHead
from hallmark.consortium.epoch import Record as Epoch
from hallmark.consortium.epoch import Start
from hallmark.kernel import canonical, instant
from hallmark.ledger import tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.note import Note, sign
from hallmark.node.node import MAX_PENDING
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.jobs.errors import OUT_OF_REACH
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import bulk, hosted, log
from hallmark.office.registry.errors import ClockBehind, LedgerBusy, LedgerDiffers, TimeOnlyTold, TooMuchWaits
from hallmark.office.registry.models import Entry, Head, Ordered
from hallmark.office.registry.state import DatabaseState, store_all
from hallmark.rules import confidential, consortium
from hallmark.rules.state import Overlay, Record, State
from hallmark.statement import envelope, sealing
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.envelope import Statement
from hallmark.statement.sealing import Hidden, Sealed

LOG_KEY, LATER_LOG_KEYS = "log", "log-"

Submission = tuple[bytes, Sequence[Disclosure] | Sealed]
Admissible = tuple[Statement, Hidden]
Made = dict[str, tuple[Record, int]]
Row = tuple[int, bytes, str, str, str, int, bytes, bytes]
_COLUMNS = ("index", "digest", "kind", "issuer", "subject", "told_ms", "encoded", "disclosures")
_PUBLISHED_AT_ONCE = 16 * tile.WIDTH
_MOST_WAITING = MAX_PENDING - 2**20
"""Bytes that may wait, so that a node takes all at once, and the time told anew on top."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A batch on top of the ledger with the `tree` of all entries and of what waits: its rows, after the time told.

    The last `count` rows are those of the batch. They make the records in `made`, at once or, where a consortium keeps
    the ledger, when they are final.
    """

    tree: Frontier
    rows: Sequence[Row]
    made: Made
    count: int
    at_once: bool

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        """The entries, with encoded disclosures."""
        return [(row[-2], row[-1]) for row in self.rows]


@contextmanager
def turn() -> Iterator[Head]:
    """Open a transaction in which every other writer of the ledger waits; raises `LedgerBusy`.

    Whoever locks rows of other tables beside it takes this first, so that nobody waits in a circle.
    """
    try:
        with transaction.atomic():
            yield _lock_head()
    except OUT_OF_REACH as error:
        if not connection.in_atomic_block:
            connection.close()  # the next turn may find another server, which leads by then
        raise LedgerBusy from error


def append(batch: Iterable[Submission], *, at: int | None = None) -> range:
    """Admit `batch` in order, all or nothing, and return the indexes of its entries once they are durable.

    Raises as `admit` and `order`, and `LedgerBusy`.
    """
    with turn() as head:
        return order(head, admit(head, batch, at=at))


def tell_time() -> None:
    """Let the time be told on top of what waits: nodes witness nothing whose last time is past. Raises as `append`."""
    append(())


def admit(head: Head, batch: Iterable[Submission], *, at: int | None = None) -> Admitted:
    """Return `batch` as the rules admit it in order, all or nothing, in the turn that holds `head`; nothing is written.

    `at` is the time to tell, ms since 1970 UTC, the wall clock's unless a simulation tells another. Raises what
    `envelope.parse` and `confidential.admit` raise; `TimeOnlyTold`, `ClockBehind`.
    """
    statements: list[Admissible] = [
        (envelope.parse(encoded), beside if isinstance(beside, Sealed) else tuple(beside)) for encoded, beside in batch
    ]
    if any(statement.draft.kind.name == "time.told" for statement, _ in statements):
        raise TimeOnlyTold
    count = len(statements)
    state, tree = _state_ordered(head, _named_in(statement for statement, _ in statements))
    if tree.size:
        statements.insert(0, _tell_time(state, at))
    rows, made = _admit(state, statements, tree.size)
    return Admitted(tree, rows, made, count, at_once=state.get("consortium") is None)


def stands(head: Head, admitted: Admitted) -> bool:
    """Tell whether a batch was admitted on the ledger as it is in the turn that holds `head`."""
    frontier, before = waiting(head)
    return frontier.extend(leaf_hash(entry) for entry, _ in before) == admitted.tree


def order(head: Head, admitted: Admitted) -> range:
    """Give the batch its place, in a turn in which it stands, and return the indexes of its entries.

    Raises `TooMuchWaits`.
    """
    if admitted.at_once:
        enter(head, admitted.rows, admitted.made)
    else:
        _, before = waiting(head)
        size = sum(len(entry) + len(hidden) for entry, hidden in [*before, *admitted.pairs])
        if admitted.count and size > _MOST_WAITING:
            raise TooMuchWaits(size=size, most=_MOST_WAITING)
        columns = ("index", "encoded", "disclosures")
        bulk.insert(Ordered, columns, [(row[0], row[-2], row[-1]) for row in admitted.rows])
    end = admitted.tree.size + len(admitted.rows)
    return range(end - admitted.count, end)


def places(head: Head, batch: Sequence[Submission]) -> range:
    """Return where these very statements wait, one after another; nothing where they do not."""
    frontier, before = waiting(head)
    waits, sent = [entry for entry, _ in before], [encoded for encoded, _ in batch]
    starts = (start for start in range(len(waits)) if waits[start : start + len(sent)] == sent)
    start = next(starts, None)
    return range(0) if start is None else range(frontier.size + start, frontier.size + start + len(sent))


def state_ordered() -> State:
    """Return the state with what waits on top; inside a turn."""
    with turn() as head:
        return _state_ordered(head, ())[0]


def _state_ordered(head: Head, named: Iterable[str]) -> tuple[Overlay, Frontier]:
    """Return that state, for which the records `named` are read together, and the tree of all that it comes from."""
    recorded = DatabaseState()
    recorded.load(named)
    state, tree = Overlay(recorded), _frontier(head)
    waiting = _waiting(tree.size)
    _admit(state, waiting, tree.size)
    return state, tree.extend(leaf_hash(statement.encoded) for statement, _ in waiting)


def conclude(final: LedgerHead, *, note: bytes | None = None, start: bytes | None = None) -> range:
    """Let what waits up to `final` be so, and return the new entries.

    `note` shows it, or it is the base of an epoch with this `start`. Raises `LedgerDiffers` where the root is another.
    """
    with turn() as head:
        size = _frontier(head).size
        if final.size < size:  # another process has let more be so meanwhile
            return range(size, size)
        head.note, head.start = note or head.note, start or head.start
        rows, made = _admit(Overlay(DatabaseState()), _waiting(size, final.size), size)
        enter(head, rows, made)
        Ordered.objects.filter(index__lt=final.size).delete()
        frontier = _frontier(head)
        if (frontier.size, frontier.root) != final:
            raise LedgerDiffers(size=final.size)
        return range(size, final.size)


def epoch(head: Head) -> tuple[Epoch, Constitution]:
    """Return the epoch in which heads are signed; raises `NoConsortium`."""
    state, _ = _state_ordered(head, ())
    record, constitution = consortium.epoch_of(state), consortium.constitution_of(state)
    start = None if head.start is None else Start.parse(bytes(head.start))
    if start and start.ballot.record.epoch > record.epoch:
        return start.ballot.record, start.constitution
    return record, constitution


def waiting(head: Head) -> tuple[Frontier, list[tuple[bytes, bytes]]]:
    """Return the tree of what is final, and what waits on top of it, with encoded disclosures."""
    rows = Ordered.objects.order_by("index").values_list("encoded", "disclosures")
    return _frontier(head), [(bytes(encoded), bytes(disclosures)) for encoded, disclosures in rows]


def _waiting(start: int, end: int | None = None) -> list[Admissible]:
    rows = Ordered.objects.filter(index__gte=start, **({} if end is None else {"index__lt": end})).order_by("index")
    return [(envelope.parse(bytes(row.encoded)), sealing.read(bytes(row.disclosures))) for row in rows]


def _admit(state: Overlay, statements: Iterable[Admissible], start: int) -> tuple[list[Row], Made]:
    """Admit statements from index `start` on; return their rows, and the records they make with who made them."""
    rows: list[Row] = []
    made: Made = {}
    for index, (statement, beside) in enumerate(statements, start):
        changes = confidential.admit(state, statement, beside)
        state.apply(changes)
        made.update((key, (record, index)) for key, record in changes.items())
        rows.append(_row(index, statement, beside, state))
    return rows, made


def enter(head: Head, rows: Sequence[Row], made: Mapping[str, tuple[Record, int]]) -> None:
    """Write the entries of admitted statements and the records they made, in the turn that holds `head`."""
    bulk.insert(Entry, _COLUMNS, rows)
    store_all(made)
    leaves = (leaf_hash(encoded) for *_, encoded, _ in rows)
    head.frontier = canonical.encode(_frontier(head).extend(leaves).to_value())
    head.save()
    transaction.on_commit(publish, robust=True)  # the entries are durable; the next publication makes up for this one


def publish() -> None:
    """Write the tiles of what was committed, then the checkpoint that covers them; nothing where that was done.

    Where the files are gone, all are written again. Raises `LedgerBusy`, `OSError`.
    """
    with turn() as head:
        note = _final_note(head)
        size = Checkpoint.parse(note.text).size
        published = head.published if log.exists("checkpoint") else 0
        if published >= size:
            return
        for start in range(published, size, _PUBLISHED_AT_ONCE):
            end = min(start + _PUBLISHED_AT_ONCE, size)
            fresh = Entry.objects.filter(index__gte=start, index__lt=end).order_by("index")
            entries = [bytes(entry) for entry in fresh.values_list("encoded", flat=True)]
            log.write((place.path, content) for place, content in tile.append(log.read, start, entries))
        log.write([("checkpoint", note.encode())])
        head.published = size
        head.save()


def _final_note(head: Head) -> Note:
    """Return the newest note that makes entries final: the quorum's, or the operator's own over all."""
    if head.note is not None:
        return Note.parse(bytes(head.note))
    frontier = _frontier(head)
    checkpoint = Checkpoint(origin(), frontier.size, frontier.root)
    return Note(checkpoint.text, (sign(checkpoint.text, origin(), keys().get_signer(LOG_KEY)),))


def origin() -> str:
    """Return the name of the log; the environment is in it, so that no two are taken for each other."""
    return f"hallmark/{settings.HALLMARK_ENVIRONMENT}"


def _lock_head() -> Head:
    waiting = Head.objects.select_for_update()
    head = waiting.filter(pk=1).first()
    if head is None:
        Head.objects.get_or_create(pk=1, defaults={"frontier": canonical.encode(Frontier().to_value())})
        head = waiting.get(pk=1)
    return head


def _frontier(head: Head) -> Frontier:
    return Frontier.from_value(canonical.decode(bytes(head.frontier)))


def _named_in(statements: Iterable[Statement]) -> set[str]:
    """Return the keys that admission will ask for, as far as the statements name them."""
    named = {"ledger"}
    for statement in statements:
        draft = statement.draft
        named.update((f"statement/{statement.digest.hex()}", f"organisation/{draft.issuer}"))
        named.update(f"{family}/{draft.subject}" for family in ("case", "certificate", "origin"))
        named.update(f"person/{approval.person}" for approval in statement.approvals)
        if statement.approvals:
            named.add(f"approved/{draft.approval_digest.hex()}")
    return named


def _tell_time(state: State, at: int | None) -> tuple[Statement, tuple[Disclosure, ...]]:
    ledger = state.get("ledger")
    told, clock = (ledger or {"now": 0})["now"], wall_clock() if at is None else at
    if clock <= told:
        if told - clock > (instant.MINUTE if at is None else 0):
            raise ClockBehind(clock=instant.to_text(clock), told=instant.to_text(told))
        clock = told + 1  # two batches at one instant
    encoded, disclosures = hosted.keep("time.told", {"utc_ms": clock}, at=clock)
    return envelope.parse(encoded), disclosures


def _row(index: int, statement: Statement, beside: Hidden, state: State) -> Row:
    draft = statement.draft
    now: int = (state.get("ledger") or {})["now"]
    hidden = sealing.write(beside)
    return index, statement.digest, draft.kind.name, draft.issuer, draft.subject, now, statement.encoded, hidden
