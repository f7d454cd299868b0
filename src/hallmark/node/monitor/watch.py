"""One look at a ledger from outside: what the register and the nodes publish, held against each other and the past.

1. Every checkpoint stands under its quorum, or is told; a new epoch is entered by its members' signatures alone.
2. All are of one history: each is a beginning of the largest, entry by entry under the same root. What is not is kept.
3. So is everything that was seen before: no source takes back what it published.
4. The entries are replayed (`replay`), and what is late, silent or stale is told.

Only what a key of the log signed is proof of two histories: anybody can write a checkpoint without signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.policy import Endorsement, QuorumMissing, UnknownLog
from hallmark.ledger.tile import TiledLog
from hallmark.node.client import Peer
from hallmark.node.monitor.finding import Finding, Weight, words_of
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.seen import Seen
from hallmark.node.monitor.triggers import Values
from hallmark.node.monitor.trust import Trust
from hallmark.node.store import Pair

Pairs = Callable[[int, int], Iterator[Pair]]
"""Yields the entries of a node's store with their disclosures, those of them that it holds."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a checkpoint and tiles are published: a member's node, or the register's log."""

    peer: Peer
    node: bool

    @property
    def name(self) -> str:
        """The member's name, or the log's."""
        return self.peer.name


@dataclass(slots=True)
class Look:
    """What one look saw at `at`, ms since 1970 UTC: the largest checkpoint under its quorum, and what was found."""

    at: int
    head: Endorsement | None = None
    notes: dict[str, Note] = field(default_factory=dict)
    endorsed: dict[str, Endorsement] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    replayed: int = 0

    def tell(self, code: str, weight: Weight, zh: str, en: str, *, source: str = "", proof: str = "") -> None:
        """Add a finding."""
        self.findings.append(Finding(code, weight, Text(zh, en), source=source, proof=proof))

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object; co-signatures in seconds since 1970 UTC."""
        head = self.head.checkpoint if self.head else None
        return {
            "at": instant.to_text(self.at),
            "origin": head.origin if head else None,
            "size": head.size if head else None,
            "root": head.root.hex() if head else None,
            "cosigned": dict(self.head.cosigned) if self.head else {},
            "sources": {name: Checkpoint.parse(note.text).size for name, note in self.notes.items()},
            "replayed": self.replayed,
            "findings": [each.to_json() for each in self.findings],
        }


class Watch:
    """Looks at the same `sources` again and again; `begin` returns a replay that took nothing yet."""

    def __init__(
        self,
        trust: Trust,
        sources: Sequence[Source],
        seen: Seen,
        begin: Callable[[], Replay],
        values: Values,
        pairs: Pairs | None = None,
    ) -> None:
        self._trust = trust
        self._sources = sources
        self._seen = seen
        self._begin = begin
        self._replay = begin()
        self._of_entries: list[Finding] = []
        self._values = values
        self._pairs = pairs

    def look(self, now: int) -> Look:
        """Return what is to be seen at `now`, ms since 1970 UTC, and remember it. Raises `OSError` from the disk."""
        look = Look(now)
        for source in self._sources:
            self._read(look, source)
        log = self._open(look)
        if log is not None:
            try:
                self._compare(look, log)
                self._take(look, log)
            except HallmarkError as error:
                look.findings.append(Finding("log-not-readable", Weight.FAILING, words_of(error)))
            self._judge_time(look)
        self._remember(look)
        return look

    def _read(self, look: Look, source: Source) -> None:
        """Fetch what a source publishes, and tell what is not as it should be with that alone."""
        try:
            note = source.peer.note("checkpoint")
            if source.node:
                for pair in source.peer.forks():
                    self._check_fork(look, source, *pair)
            if note is None:
                look.tell(
                    "nothing-final", Weight.FAILING, "尚无终局检查点", "it has no final checkpoint", source=source.name
                )
                return
            look.notes[source.name] = note
            look.endorsed[source.name] = self._endorse(source, note)
        except QuorumMissing as error:
            look.findings.append(Finding("not-final", Weight.BROKEN, words_of(error), source=source.name))
        except UnknownLog as error:
            look.findings.append(Finding("other-epoch", Weight.FAILING, words_of(error), source=source.name))
        except HallmarkError as error:
            look.findings.append(Finding(_silent_or(error), Weight.FAILING, words_of(error), source=source.name))

    def _endorse(self, source: Source, note: Note) -> Endorsement:
        try:
            return self._trust.verify(note)
        except UnknownLog:
            checkpoint = Checkpoint.parse(note.text)
            log = TiledLog(source.peer.tile, checkpoint.size, checkpoint.root)
            if not self._trust.follow(log.entries(0, len(log))):
                raise
            return self._trust.verify(note)

    def _check_fork(self, look: Look, source: Source, first: Note, second: Note) -> None:
        one, other = Checkpoint.parse(first.text), Checkpoint.parse(second.text)
        if one.origin != other.origin or one.size != other.size or one.root == other.root:
            return
        if self._trust.is_of_log(first) and self._trust.is_of_log(second):
            proof = self._keep("fork", first, second)
            zh = f"定序者就 {one.size} 个条目签署了两个不同的树根"
            en = f"the sequencer signed two roots over {one.size} entries"
            look.tell("fork", Weight.BROKEN, zh, en, source=source.name, proof=proof)

    def _open(self, look: Look) -> TiledLog | None:
        """Return the largest log under its quorum that can be read."""
        largest = sorted(look.endorsed.items(), key=lambda each: each[1].checkpoint.size, reverse=True)
        peers = {source.name: source.peer for source in self._sources}
        for name, endorsement in largest:
            head = endorsement.checkpoint
            try:
                log = TiledLog(peers[name].tile, head.size, head.root)
            except HallmarkError as error:
                look.findings.append(Finding("tiles-not-readable", Weight.FAILING, words_of(error), source=name))
            else:
                look.head = endorsement
                return log
        look.tell("nothing-to-follow", Weight.FAILING, "没有可以跟踪的账本", "there is no ledger to follow")
        return None

    def _compare(self, look: Look, log: TiledLog) -> None:
        """Hold what is published, and what was seen before, against the log."""
        main = next(name for name, each in look.endorsed.items() if each is look.head)
        for name, note in look.notes.items():
            if name != main and self._trust.is_of_log(note) and not _is_beginning(note, log):
                zh, en = f"它与 {main} 公布了不同的历史", f"it publishes another history than {main}"
                proof = self._keep("split-view", look.notes[main], note, log)
                look.tell("split-view", Weight.BROKEN, zh, en, source=name, proof=proof)
        for name, note in self._seen.sources.items():
            if name in look.endorsed and look.endorsed[name].checkpoint.size < Checkpoint.parse(note.text).size:
                before, size = Checkpoint.parse(note.text).size, look.endorsed[name].checkpoint.size
                zh, en = (
                    f"它此前有 {before} 个条目，现为 {size} 个",
                    f"it had {before} entries before, and has {size} now",
                )
                proof = self._keep("went-back", note, look.notes[name])
                look.tell("went-back", Weight.BROKEN, zh, en, source=name, proof=proof)
        past = {note.text: (name, note) for name, note in self._seen.sources.items()}
        if self._seen.head:
            past[self._seen.head.text] = main, self._seen.head
        for name, note in past.values():
            if not _is_beginning(note, log):
                zh, en = "此前所见不在现今的账本中", "what was seen before is not in the ledger of today"
                proof = self._keep("rewritten", note, look.notes[main], log)
                look.tell("rewritten", Weight.BROKEN, zh, en, source=name, proof=proof)
                self._replay, self._of_entries = self._begin(), []
        if self._seen.head and Checkpoint.parse(self._seen.head.text).size > len(log):
            zh, en = "所有来源都少于此前所见", "all sources show less than was seen before"
            look.tell("less-than-seen", Weight.FAILING, zh, en)

    def _take(self, look: Look, log: TiledLog) -> None:
        """Replay the entries that are new, and tell what was found in all."""
        try:
            if self._pairs is None:
                for entry in log.entries(self._replay.size, len(log)):
                    self._of_entries += self._replay.take(entry)
            else:
                self._take_disclosed(look, log, self._pairs)
        finally:
            look.replayed = self._replay.size
            look.findings += [
                each
                for each in self._of_entries
                if each.weight is not Weight.NOTABLE or (each.entry or 0) >= self._seen.reported
            ]

    def _take_disclosed(self, look: Look, log: TiledLog, pairs: Pairs) -> None:
        start = self._replay.size
        for (entry, disclosures), published in zip(pairs(start, len(log)), log.entries(start, len(log)), strict=False):
            if entry != published:
                zh = f"存储中第 {self._replay.size} 条与账本不同"
                en = f"entry {self._replay.size} of the store is not the ledger's"
                look.tell("store-differs", Weight.BROKEN, zh, en)
                return
            self._of_entries += self._replay.take(entry, disclosures)
        if self._replay.size < len(log):
            zh = f"存储止于第 {self._replay.size} 条，其后未重放"
            en = f"the store ends with {self._replay.size} entries; those after it were not replayed"
            look.tell("store-ends", Weight.NOTABLE, zh, en)

    def _judge_time(self, look: Look) -> None:
        """Tell which nodes are late, and whether the status is stale."""
        if look.head is None:
            return
        newest = max(look.head.cosigned.values(), default=0)
        for source in self._sources:
            endorsed = look.endorsed.get(source.name)
            if endorsed is None or endorsed.checkpoint.size >= look.head.checkpoint.size:
                continue
            minutes = (newest - max(endorsed.cosigned.values(), default=0)) * instant.SECOND // instant.MINUTE
            if minutes >= self._values["late-minutes"]:
                missing = look.head.checkpoint.size - endorsed.checkpoint.size
                zh, en = (
                    f"落后 {missing} 个条目、{minutes} 分钟",
                    f"it is {missing} entries and {minutes} minutes behind",
                )
                look.tell("late", Weight.FAILING, zh, en, source=source.name)
        stated = self._replay.history.stated
        if look.replayed == look.head.checkpoint.size and (stated is not None or self._replay.history.issued):
            minutes = (look.at - (stated or 0)) // instant.MINUTE
            if stated is None:
                look.tell("status-stale", Weight.FAILING, "状态从未公布", "the status was never stated")
            elif minutes > self._values["status-minutes"]:
                zh, en = f"状态已 {minutes} 分钟未公布", f"the status was last stated {minutes} minutes ago"
                look.tell("status-stale", Weight.FAILING, zh, en)

    def _remember(self, look: Look) -> None:
        """Keep the largest that was seen, of the ledger and of each source, unless it contradicts what was kept."""
        lied = {each.source for each in look.findings if each.code in ("split-view", "went-back", "rewritten")}
        for name in look.endorsed.keys() - lied:
            self._seen.sources[name] = look.notes[name]
        if look.head and not lied:
            seen = Checkpoint.parse(self._seen.head.text).size if self._seen.head else -1
            if look.head.checkpoint.size > seen:
                self._seen.head = next(look.notes[name] for name, each in look.endorsed.items() if each is look.head)
            self._seen.reported = max(self._seen.reported, look.replayed)
        self._seen.write()

    def _keep(self, kind: str, first: Note, second: Note, log: TiledLog | None = None) -> str:
        """Keep two notes as proof, with the consistency proof that shows that the smaller does not begin the larger."""
        proof: dict[str, Any] = {"kind": kind, "notes": [each.encode().decode() for each in (first, second)]}
        size = min(Checkpoint.parse(each.text).size for each in (first, second))
        if log is not None and 0 < size <= len(log):
            proof["root"] = log.root(size).hex()
            proof["consistency"] = [each.hex() for each in log.prove_consistency(size)]
        return self._seen.keep(proof)


def _is_beginning(note: Note, log: TiledLog) -> bool:
    """Tell whether the checkpoint in `note` begins `log`; of a larger one that cannot be told, so it passes."""
    head = Checkpoint.parse(note.text)
    return head.size > len(log) or log.root(head.size) == head.root


def _silent_or(error: HallmarkError) -> str:
    return "no-answer" if error.code == "not-reached" else error.code
