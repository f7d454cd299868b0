"""The order of things: statements become entries, all of one batch or none, and then tiles and a checkpoint.

Where a consortium keeps the ledger, statements are only ordered here: they wait, durably, until `finality` lets them be
entries. Later ones are admitted on top of those that wait. What is sealed to the members' nodes is ordered once a
quorum of these would admit it; here it is admitted as far as a stranger can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

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
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.jobs.errors import OUT_OF_REACH
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import bulk, hosted, log
from hallmark.office.registry.errors import ClockBehind, LedgerBusy, LedgerDiffers, TimeOnlyTold
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
Judge = Callable[[Head, list[tuple[bytes, bytes]]], None]
"""Raises unless a quorum of nodes would admit these statements, with what is beside them, on top of what waits."""
Made = dict[str, tuple[Record, int]]
Row = tuple[int, bytes, str, str, str, int, bytes, bytes]
_COLUMNS = ("index", "digest", "kind", "issuer", "subject", "told_ms", "encoded", "disclosures")
_PUBLISHED_AT_ONCE = 16 * tile.WIDTH


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


def append(batch: Iterable[Submission], *, at: int | None = None, judge: Judge | None = None) -> range:
    """Admit `batch` in order, all or nothing, and return the indexes of its entries once they are durable.

    `at` is the time to tell, ms since 1970 UTC, the wall clock's unless a simulation tells another. `judge` is asked
    where something is sealed, and all others wait meanwhile: what it judged must not change before it is ordered.
    Raises what `envelope.parse`, `confidential.admit` and `judge` raise; `TimeOnlyTold`, `ClockBehind`, `LedgerBusy`.
    """
    statements: list[Admissible] = [
        (envelope.parse(encoded), beside if isinstance(beside, Sealed) else tuple(beside)) for encoded, beside in batch
    ]
    if any(statement.draft.kind.name == "time.told" for statement, _ in statements):
        raise TimeOnlyTold
    if not statements:
        return range(0)
    count = len(statements)
    with turn() as head:
        state, size = _state_ordered(head, _named_in(statement for statement, _ in statements))
        if size:
            statements.insert(0, _tell_time(state, at))
        rows, made = _admit(state, statements, size)
        if state.get("consortium") is None:
            enter(head, rows, made)
        else:
            if judge and any(isinstance(beside, Sealed) for _, beside in statements):
                judge(head, [(row[-2], row[-1]) for row in rows])
            bulk.insert(Ordered, ("index", "encoded", "disclosures"), [(row[0], row[-2], row[-1]) for row in rows])
    end = size + len(rows)
    return range(end - count, end)


def state_ordered() -> State:
    """Return the state with what waits on top; inside a turn."""
    with turn() as head:
        return _state_ordered(head, ())[0]


def _state_ordered(head: Head, named: Iterable[str]) -> tuple[Overlay, int]:
    """Return that state, for which the records `named` are read together, and the index of the next statement."""
    recorded = DatabaseState()
    recorded.load(named)
    state, size = Overlay(recorded), _frontier(head).size
    waiting = _waiting(size)
    _admit(state, waiting, size)
    return state, size + len(waiting)


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
    state = _state_ordered(head, ())[0]
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
    operator = (ledger or {"operator": ""})["operator"]
    encoded, disclosures = hosted.issue("time.told", operator, operator, {"utc_ms": clock}, at=clock)
    return envelope.parse(encoded), disclosures


def _row(index: int, statement: Statement, beside: Hidden, state: State) -> Row:
    draft = statement.draft
    now: int = (state.get("ledger") or {})["now"]
    hidden = sealing.write(beside)
    return index, statement.digest, draft.kind.name, draft.issuer, draft.subject, now, statement.encoded, hidden
