"""Full replay: is what the database says what the ledger gives, and is the ledger what was published?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.office.registry import log, projection, queries
from hallmark.office.registry.errors import ReplayDiffers
from hallmark.office.registry.models import Certificate, Entry, Head, StateRecord, StatusPeriod
from hallmark.office.registry.state import held_schemes
from hallmark.rules import confidential
from hallmark.rules.state import Changes, MemoryState
from hallmark.statement import envelope, sealing


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
            raise ReplayDiffers(what=Text(f"缺少条目 {frontier.size}", f"entry {frontier.size} is missing"))
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
        changes = confidential.admit(state, statement, sealing.read(bytes(row.disclosures)))
    except HallmarkError as error:
        what = Text(f"条目 {row.index} 被拒绝：{error.explain('zh')}", f"entry {row.index} is refused: {error}")
        raise ReplayDiffers(what=what) from error
    draft = statement.draft
    if (row.kind, row.issuer, row.subject, bytes(row.digest)) != (
        draft.kind.name,
        draft.issuer,
        draft.subject,
        statement.digest,
    ):
        raise ReplayDiffers(
            what=Text(
                f"条目 {row.index} 的归档信息与其内容不符", f"entry {row.index} is filed as something that it is not"
            )
        )
    return changes


def _records(state: MemoryState, told: dict[str, int]) -> Iterator[Text]:
    for row in StateRecord.objects.iterator():
        record = state.get(row.key)
        if record is None:
            yield Text(f"记录 {row.key} 不出自任何条目", f"the record {row.key} comes from no entry")
        elif canonical.encode(record) != bytes(row.record) or told[row.key] != row.entry:
            yield Text(
                f"记录 {row.key} 与条目 {told[row.key]} 的结果不同",
                f"the record {row.key} is not what entry {told[row.key]} made it",
            )
    stored = set(StateRecord.objects.values_list("key", flat=True))
    yield from (Text(f"缺少记录 {key}", f"the record {key} is missing") for key in sorted(told.keys() - stored))


def _head(frontier: Frontier) -> Iterator[Text]:
    head = Head.objects.filter(pk=1).first()
    if head and canonical.decode(bytes(head.frontier)) != frontier.to_value():
        yield Text("账本头与条目不符", "the head is not that of the entries")


def _files(frontier: Frontier) -> Iterator[Text]:
    if not frontier.size:
        return
    try:
        note = queries.checkpoint()
        queries.policy_in_force().verify(note)
        head = Checkpoint.parse(note.text)
        files = log.at(head.size, head.root)  # read anew, whatever this process has kept
        rows = Entry.objects.filter(index__lt=head.size).order_by("index").values_list("encoded", flat=True)
        for index, (published, row) in enumerate(zip(files.entries(0, head.size), rows.iterator(), strict=False)):
            if published != bytes(row):
                yield Text(f"条目 {index} 的发布内容不同", f"entry {index} was published as something else")
        if head.size > frontier.size:
            yield Text("已发布的多于现有的", "more was published than there is")
    except HallmarkError as error:
        yield Text(f"已发布的文件：{error.explain('zh')}", f"the published files: {error}")


def _register(state: MemoryState) -> Iterator[Text]:
    shown = {row.number: row for row in Certificate.objects.all()}
    days: dict[int, set[tuple[object, ...]]] = defaultdict(set)
    for row in StatusPeriod.objects.iterator():
        days[int(row.certificate_id)].add((row.status, row.first_day, row.last_day))
    for key, record in state.scan("certificate/"):
        number = key.removeprefix("certificate/")
        found = shown.pop(number, None)
        if found is None:
            yield Text(f"登记册未列出 {number}", f"the register does not show {number}")
        elif found.status != record["history"][-1]["status"] or found.valid_until.isoformat() != record["valid_until"]:
            yield Text(
                f"{number} 在登记册中为 {found.status}，在账本中为 {record['history'][-1]['status']}",
                f"the register shows {number} as {found.status}, the ledger as {record['history'][-1]['status']}",
            )
        elif days[found.entry] != set(projection.periods(record)):
            yield Text(
                f"登记册所列 {number} 的日期与账本不同", f"the register shows {number} with other days than the ledger"
            )
    yield from (
        Text(f"登记册列有 {number}，而没有条目颁发它", f"the register shows {number}, which no entry issued")
        for number in shown
    )
