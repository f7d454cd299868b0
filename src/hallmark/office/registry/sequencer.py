"""The order of things: statements become entries, all of one batch or none, and then tiles and a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from secrets import token_bytes

from django.conf import settings
from django.db import OperationalError, transaction

from hallmark.kernel import canonical, instant
from hallmark.ledger import tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.note import Note, sign
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import bulk, log
from hallmark.office.registry.errors import ClockBehind, LedgerBusy, TimeOnlyTold
from hallmark.office.registry.models import Entry, Head
from hallmark.office.registry.state import DatabaseState, store_all
from hallmark.rules.admission import admit
from hallmark.rules.state import Overlay, Record, State
from hallmark.statement import disclosure, envelope
from hallmark.statement.disclosure import SALT_SIZE, Disclosure
from hallmark.statement.envelope import Statement

LOG_KEY = "log"
OPERATOR_KEY = "operator"

Submission = tuple[bytes, Sequence[Disclosure]]
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
    except OperationalError as error:
        raise LedgerBusy from error


def append(batch: Iterable[Submission], *, at: int | None = None) -> range:
    """Admit `batch` in order, all or nothing, and return the indexes of its entries once they are durable.

    `at` is the time to tell, ms since 1970 UTC, the wall clock's unless a simulation tells another. Raises what
    `envelope.parse` and `rules.admit` raise; `TimeOnlyTold`, `ClockBehind`, `LedgerBusy`.
    """
    statements = [(envelope.parse(encoded), tuple(disclosures)) for encoded, disclosures in batch]
    if any(statement.draft.kind.name == "time.told" for statement, _ in statements):
        raise TimeOnlyTold
    if not statements:
        return range(0)
    count = len(statements)
    with turn() as head:
        size = _frontier(head).size
        recorded = DatabaseState()
        recorded.load(_named_in(statement for statement, _ in statements))
        state = Overlay(recorded)
        if size:
            statements.insert(0, _tell_time(state, at))
        rows: list[Row] = []
        made: dict[str, tuple[Record, int]] = {}
        for index, (statement, disclosures) in enumerate(statements, size):
            changes = admit(state, statement, disclosures)
            state.apply(changes)
            made.update((key, (record, index)) for key, record in changes.items())
            rows.append(_row(index, statement, disclosures, state))
        enter(head, rows, made)
    end = size + len(rows)
    return range(end - count, end)


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
        frontier = _frontier(head)
        published = head.published if log.exists("checkpoint") else 0
        if published == frontier.size:
            return
        for start in range(published, frontier.size, _PUBLISHED_AT_ONCE):
            fresh = Entry.objects.filter(index__gte=start, index__lt=start + _PUBLISHED_AT_ONCE).order_by("index")
            entries = [bytes(entry) for entry in fresh.values_list("encoded", flat=True)]
            log.write((place.path, content) for place, content in tile.append(log.read, start, entries))
        checkpoint = Checkpoint(origin(), frontier.size, frontier.root)
        signature = sign(checkpoint.text, origin(), keys().get_signer(LOG_KEY))
        log.write([("checkpoint", Note(checkpoint.text, (signature,)).encode())])
        head.published = frontier.size
        head.save()


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
    draft, disclosures = envelope.compose(
        "time.told",
        environment=settings.HALLMARK_ENVIRONMENT,
        issuer=operator,
        subject=operator,
        issued_at=clock // instant.SECOND,
        claims={"utc_ms": clock},
        salt=lambda: token_bytes(SALT_SIZE),
    )
    return envelope.parse(envelope.sign(draft, (), keys().get_signer(OPERATOR_KEY))), disclosures


def _row(index: int, statement: Statement, disclosures: Sequence[Disclosure], state: State) -> Row:
    draft = statement.draft
    now: int = (state.get("ledger") or {})["now"]
    hidden = disclosure.encode(disclosures)
    return index, statement.digest, draft.kind.name, draft.issuer, draft.subject, now, statement.encoded, hidden
