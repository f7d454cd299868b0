"""Full replay: is what the database says what the ledger gives, and is the ledger what was published?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.office.registry import log, projection, queries
from hallmark.office.registry.errors import ReplayDiffers
from hallmark.office.registry.models import Certificate, Entry, Head, StateRecord, StatusPeriod
from hallmark.office.registry.state import held_schemes
from hallmark.rules.admission import admit
from hallmark.rules.state import Changes, MemoryState
from hallmark.statement import disclosure, envelope


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found in order."""

    entries: int
    records: int
    root: bytes


def replay() -> Replayed:
    """Admit every entry again and compare records, head, files and projections; raises `ReplayDiffers` at the first."""
    state = MemoryState(held_schemes())
    told: dict[str, int] = {}
    frontier = Frontier()
    for row in Entry.objects.order_by("index").iterator():
        if row.index != frontier.size:
            raise ReplayDiffers(what=f"entry {frontier.size} is missing")
        changes = _admit(state, row)
        state.apply(changes)
        told.update({key: row.index for key in changes if not key.startswith("statement/")})
        frontier = frontier.extend([leaf_hash(bytes(row.encoded))])
    for difference in (*_records(state, told), *_head(frontier), *_files(frontier), *_register(state)):
        raise ReplayDiffers(what=difference)
    return Replayed(frontier.size, len(told), frontier.root)


def _admit(state: MemoryState, row: Entry) -> Changes:
    try:
        statement = envelope.parse(bytes(row.encoded))
        changes = admit(state, statement, disclosure.decode(bytes(row.disclosures)))
    except HallmarkError as error:
        raise ReplayDiffers(what=f"entry {row.index} is refused: {error}") from error
    draft = statement.draft
    if (row.kind, row.issuer, row.subject, bytes(row.digest)) != (
        draft.kind.name,
        draft.issuer,
        draft.subject,
        statement.digest,
    ):
        raise ReplayDiffers(what=f"entry {row.index} is filed as something that it is not")
    return changes


def _records(state: MemoryState, told: dict[str, int]) -> Iterator[str]:
    for row in StateRecord.objects.iterator():
        record = state.get(row.key)
        if record is None:
            yield f"the record {row.key} comes from no entry"
        elif canonical.encode(record) != bytes(row.record) or told[row.key] != row.entry:
            yield f"the record {row.key} is not what entry {told[row.key]} made it"
    stored = set(StateRecord.objects.values_list("key", flat=True))
    yield from (f"the record {key} is missing" for key in sorted(told.keys() - stored))


def _head(frontier: Frontier) -> Iterator[str]:
    head = Head.objects.filter(pk=1).first()
    if head and canonical.decode(bytes(head.frontier)) != frontier.to_value():
        yield "the head is not that of the entries"


def _files(frontier: Frontier) -> Iterator[str]:
    if not frontier.size:
        return
    try:
        head = Checkpoint.parse(queries.checkpoint().text)
        files = log.at(head.size, head.root)  # read anew, whatever this process has kept
        rows = Entry.objects.filter(index__lt=head.size).order_by("index").values_list("encoded", flat=True)
        for index, (published, row) in enumerate(zip(files.entries(0, head.size), rows.iterator(), strict=False)):
            if published != bytes(row):
                yield f"entry {index} was published as something else"
        if head.size > frontier.size:
            yield "more was published than there is"
    except HallmarkError as error:
        yield f"the published files: {error}"


def _register(state: MemoryState) -> Iterator[str]:
    shown = {row.number: row for row in Certificate.objects.all()}
    days: dict[int, set[tuple[object, ...]]] = defaultdict(set)
    for row in StatusPeriod.objects.iterator():
        days[int(row.certificate_id)].add((row.status, row.first_day, row.last_day))
    for key, record in state.scan("certificate/"):
        number = key.removeprefix("certificate/")
        found = shown.pop(number, None)
        if found is None:
            yield f"the register does not show {number}"
        elif found.status != record["history"][-1]["status"] or found.valid_until.isoformat() != record["valid_until"]:
            yield f"the register shows {number} as {found.status}, the ledger as {record['history'][-1]['status']}"
        elif days[found.entry] != set(projection.periods(record)):
            yield f"the register shows {number} with other days than the ledger"
    yield from (f"the register shows {number}, which no entry issued" for number in shown)
