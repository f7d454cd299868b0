"""The order of things: statements become entries, all of one batch or none, and then tiles and a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from secrets import token_bytes

from django.conf import settings
from django.db import transaction

from hallmark.kernel import canonical, instant
from hallmark.ledger import tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.note import Note, sign
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import log
from hallmark.office.registry.errors import ClockBehind, TimeOnlyTold
from hallmark.office.registry.models import Entry, Head
from hallmark.office.registry.state import DatabaseState, store
from hallmark.rules.admission import admit
from hallmark.rules.state import Overlay, State
from hallmark.statement import disclosure, envelope
from hallmark.statement.disclosure import SALT_SIZE, Disclosure
from hallmark.statement.envelope import Statement

LOG_KEY = "log"
OPERATOR_KEY = "operator"

Submission = tuple[bytes, Sequence[Disclosure]]


def append(batch: Iterable[Submission], *, at: int | None = None) -> range:
    """Admit `batch` in order, all or nothing, and return the indexes of its entries once they are durable.

    `at` is the time to tell, ms since 1970 UTC, the wall clock's unless a simulation tells another. Raises what
    `envelope.parse` and `rules.admit` raise; `TimeOnlyTold`, `ClockBehind`.
    """
    statements = [(envelope.parse(encoded), tuple(disclosures)) for encoded, disclosures in batch]
    if any(statement.draft.kind.name == "time.told" for statement, _ in statements):
        raise TimeOnlyTold
    with transaction.atomic():
        head = _lock_head()
        frontier = Frontier.from_value(canonical.decode(bytes(head.frontier)))
        state = Overlay(DatabaseState())
        if frontier.size:
            statements.insert(0, _tell_time(state, at))
        rows: list[Entry] = []
        for index, (statement, disclosures) in enumerate(statements, frontier.size):
            changes = admit(state, statement, disclosures)
            state.apply(changes)
            store(changes, index)
            rows.append(_row(index, statement, disclosures, state))
        Entry.objects.bulk_create(rows)
        frontier = frontier.extend(leaf_hash(bytes(row.encoded)) for row in rows)
        head.frontier = canonical.encode(frontier.to_value())
        head.save()
        transaction.on_commit(publish)
    return range(frontier.size - len(rows) + (rows[0].kind == "time.told"), frontier.size)


def publish() -> None:
    """Write the tiles of what was committed, then the checkpoint that covers them."""
    with transaction.atomic():
        head = _lock_head()
        frontier = Frontier.from_value(canonical.decode(bytes(head.frontier)))
        if frontier.size == head.published:
            return
        fresh = Entry.objects.filter(index__gte=head.published).order_by("index").values_list("encoded", flat=True)
        for place, content in tile.append(log.read, head.published, [bytes(entry) for entry in fresh]):
            log.write(place.path, content)
        checkpoint = Checkpoint(origin(), frontier.size, frontier.root)
        signature = sign(checkpoint.text, origin(), keys().get_signer(LOG_KEY))
        log.write("checkpoint", Note(checkpoint.text, (signature,)).encode())
        head.published = frontier.size
        head.save()


def origin() -> str:
    """Return the name of the log; the environment is in it, so that no two are taken for each other."""
    return f"hallmark/{settings.HALLMARK_ENVIRONMENT}"


def _lock_head() -> Head:
    """Return the head with every other writer waiting."""
    Head.objects.get_or_create(pk=1, defaults={"frontier": canonical.encode(Frontier().to_value())})
    return Head.objects.select_for_update().get(pk=1)


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


def _row(index: int, statement: Statement, disclosures: Sequence[Disclosure], state: State) -> Entry:
    draft = statement.draft
    return Entry(
        index=index,
        digest=statement.digest,
        kind=draft.kind.name,
        issuer=draft.issuer,
        subject=draft.subject,
        told_ms=(state.get("ledger") or {})["now"],
        encoded=statement.encoded,
        disclosures=disclosure.encode(disclosures),
    )
