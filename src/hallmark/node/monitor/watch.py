"""One look at a ledger from outside: what the register and the nodes publish, held against each other and the past.

1. Every checkpoint stands under its quorum, or is told; a new epoch is entered by its members' signatures alone.
2. All are of one history: each is a beginning of the largest, entry by entry under the same root. What is not is kept.
3. So is everything that was seen before: no source takes back what it published, and what was taken stays so.
4. The entries that are new are replayed (`replay`), and what is late, silent or stale is told.

Only what a key of the log signed is proof of two histories: anybody can write a checkpoint without signatures. What one
source sends or withholds keeps nobody from looking at the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.policy import Endorsement, QuorumMissing, UnknownLog
from hallmark.ledger.tile import WIDTH, TiledLog
from hallmark.node.errors import NotReached
from hallmark.node.monitor.finding import Finding, Weight, words_of
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.seen import Seen
from hallmark.node.monitor.source import Source
from hallmark.node.monitor.triggers import Values
from hallmark.node.monitor.trust import BeyondItsEpoch, Trust, starts_in
from hallmark.node.store import Pair

Pairs = Callable[[int, int], Iterator[Pair]]
"""Yields the entries of a node's store with their disclosures, those of them that it holds."""

_OF_ERRORS: Mapping[type[HallmarkError], tuple[str, Weight]] = {
    QuorumMissing: ("not-final", Weight.BROKEN),
    BeyondItsEpoch: ("beyond-its-epoch", Weight.BROKEN),
    UnknownLog: ("other-epoch", Weight.FAILING),
    NotReached: ("no-answer", Weight.FAILING),
}
_LONGEST_WAY = 60  # seconds
_LIES = {"split-view", "went-back", "rewritten"}


@dataclass(slots=True)
class Look:
    """What one look saw at `at`, ms since 1970 UTC: the largest checkpoint under its quorum, and what was found."""

    at: int
    head: Endorsement | None = None
    notes: dict[str, Note] = field(default_factory=dict)
    endorsed: dict[str, Endorsement] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    replayed: int = 0

    def tell(self, code: str, weight: Weight, words: Text, *, source: str = "", proof: str = "") -> None:
        """Add a finding, unless the source is told to be so already."""
        if (code, source) not in {(each.code, each.source) for each in self.findings}:
            self.findings.append(Finding(code, weight, words, source=source, proof=proof))

    def tell_error(self, error: HallmarkError, source: str, proof: str = "") -> None:
        """Add what keeps a source from being looked at."""
        code, weight = _OF_ERRORS.get(type(error), (error.code, Weight.FAILING))
        self.tell(code, weight, words_of(error), source=source, proof=proof)

    def lied(self, name: str) -> bool:
        """Tell whether a source was found to contradict itself or others."""
        return any(each.source == name and each.code in _LIES for each in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object; co-signatures in seconds since 1970 UTC."""
        head = self.head.checkpoint if self.head else None
        return {
            "at": instant.to_text(self.at),
            "origin": head.origin if head else None,
            "size": head.size if head else None,
            "root": head.root.hex() if head else None,
            "cosigned": dict(self.head.cosigned) if self.head else {},
            "sources": {name: size_of(note) for name, note in self.notes.items()},
            "replayed": self.replayed,
            "findings": [each.to_json() for each in self.findings],
        }


class Watch:
    """Looks at the same `sources` again and again; `replay` goes on where it stopped."""

    def __init__(
        self,
        trust: Trust,
        sources: Sequence[Source],
        seen: Seen,
        replay: Replay,
        values: Values,
        pairs: Pairs | None = None,
    ) -> None:
        self._trust = trust
        self._sources = {source.name: source for source in sources}
        self._seen = seen
        self._replay = replay
        self._values = values
        self._pairs = pairs
        with suppress(HallmarkError):  # that the bundle is on no way through them is told of the checkpoints concerned
            trust.follow(replay.starts)

    def look(self, now: int) -> Look:
        """Return what is to be seen at `now`, ms since 1970 UTC, and remember it. Raises `OSError` from the disk."""
        look = Look(now, findings=self._replay.broken)
        forks = {name: self._read(look, source) for name, source in self._sources.items()}
        lost = {name: error for name, note in look.notes.items() if (error := self._enter_epoch(name, note))}
        for name, note in look.notes.items():
            self._endorse(look, name, note, lost.get(name))
        for name, pairs in forks.items():
            for pair in pairs:
                self._check_fork(look, name, *pair)
        for name in sorted(look.endorsed, key=lambda each: look.endorsed[each].checkpoint.size, reverse=True):
            try:
                if self._follow(look, name):
                    break
            except HallmarkError as error:
                look.tell("tiles-not-readable", Weight.FAILING, words_of(error), source=name)
        look.replayed = self._replay.size
        if look.head is None:
            look.tell("nothing-to-follow", Weight.FAILING, Text("没有可以跟踪的账本", "there is no ledger to follow"))
        else:
            self._judge_time(look, look.head)
        self._seen.write()
        return look

    def _read(self, look: Look, source: Source) -> list[tuple[Note, Note]]:
        """Fetch what a source publishes; return the forks that it shows."""
        try:
            note = source.peer.note("checkpoint")
            if note is None:
                words = Text("尚无终局检查点", "it has no final checkpoint")
                look.tell("nothing-final", Weight.FAILING, words, source=source.name)
            else:
                Checkpoint.parse(note.text)
                look.notes[source.name] = note
        except HallmarkError as error:
            look.tell_error(error, source.name)
            if isinstance(error, NotReached):
                return []
        try:
            return source.peer.forks() if source.node else []
        except HallmarkError as error:
            look.tell_error(error, source.name)
            return []

    def _enter_epoch(self, name: str, note: Note) -> HallmarkError | None:
        """Go on to the epoch of a note, if it is not known, by what its log proves; return why that leads nowhere."""
        if self._trust.knows(note):
            return None
        head = Checkpoint.parse(note.text)
        try:
            log = TiledLog(self._sources[name].tiles(_LONGEST_WAY), head.size, head.root)
            held, start = self._replay.starts, self._replay.size
            if not held or start > len(log) or not self._replay.agrees(log):
                held, start = [], 0
            self._trust.follow([*held, *starts_in(log.entries(start, len(log)))])
        except HallmarkError as error:
            return error
        return None

    def _endorse(self, look: Look, name: str, note: Note, lost: HallmarkError | None) -> None:
        """Find the quorum under a note, or tell why there is none, or why its epoch cannot be entered."""
        try:
            look.endorsed[name] = self._trust.verify(note)
        except (QuorumMissing, BeyondItsEpoch) as error:
            code, _ = _OF_ERRORS[type(error)]
            look.tell_error(error, name, self._keep(code, note) if self._trust.is_of_log(note) else "")
        except UnknownLog as error:
            look.tell_error(lost or error, name)
        except HallmarkError as error:
            look.tell_error(error, name)

    def _check_fork(self, look: Look, name: str, first: Note, second: Note) -> None:
        if not self._trust.is_of_log(first) or not self._trust.is_of_log(second):
            return
        one, other = Checkpoint.parse(first.text), Checkpoint.parse(second.text)
        if (one.origin, one.size) == (other.origin, other.size) and one.root != other.root:
            words = Text(
                f"定序者就 {one.size} 个条目签署了两个不同的树根",
                f"the sequencer signed two roots over {one.size} entries",
            )
            look.tell("fork", Weight.BROKEN, words, source=name, proof=self._keep("fork", first, second))

    def _follow(self, look: Look, name: str) -> bool:
        """Look at everything beside the log that a source publishes; tell whether that goes on from what was taken.

        Raises as `TiledLog`, and what was found till then is told.
        """
        head, note = look.endorsed[name].checkpoint, look.notes[name]
        log = TiledLog(self._sources[name].peer.tile, head.size, head.root)
        if not self._replay.agrees(log):
            self._tell_rewritten(look, name, self._seen.head or note, note, max(log, self._replay.store.log, key=len))
            return False
        self._compare(look, name, log)
        look.head = look.endorsed[name]
        undecided = (
            look.notes[each] for each, other in look.endorsed.items() if other.checkpoint.size > self._replay.size
        )
        if all(_is_beginning(each, log) for each in undecided):  # of two histories under a quorum, none is followed
            self._take(look, log)
            self._remember(look, name, log)
        return True

    def _compare(self, look: Look, main: str, log: TiledLog) -> None:
        """Hold what is published, and what was seen before, against the log."""
        for name, note in [*look.notes.items(), *self._seen.ahead.items()]:
            if self._trust.is_of_log(note) and not _is_beginning(note, log):
                proof = self._keep("split-view", look.notes[main], note, log=log)
                words = Text(f"它与 {main} 公布了不同的历史", f"it publishes another history than {main}")
                look.tell("split-view", Weight.BROKEN, words, source=name, proof=proof)
        for name, note in self._seen.sources.items():
            before, size = size_of(note), look.endorsed[name].checkpoint.size if name in look.endorsed else None
            if size is not None and size < before:
                words = Text(
                    f"它此前有 {before} 个条目，现为 {size} 个",
                    f"it had {before} entries before, and has {size} now",
                )
                proof = self._keep("went-back", note, look.notes[name])
                look.tell("went-back", Weight.BROKEN, words, source=name, proof=proof)
            if not _is_beginning(note, log):
                self._tell_rewritten(look, name, note, look.notes[main], log)
        if len(log) < max(self._replay.size, size_of(self._seen.head) if self._seen.head else 0):
            words = Text("所有来源都少于此前所见", "all sources show less than was seen before")
            look.tell("less-than-seen", Weight.FAILING, words)

    def _tell_rewritten(self, look: Look, name: str, before: Note, now: Note, longer: TiledLog) -> None:
        words = Text("此前所见不在现今的账本中", "what was seen before is not in the ledger of today")
        proof = self._keep("rewritten", before, now, log=longer)
        look.tell("rewritten", Weight.BROKEN, words, source=name, proof=proof)

    def _take(self, look: Look, log: TiledLog) -> None:
        """Replay the entries that are new, a bundle at a time, and tell what was found in them."""
        while (start := self._replay.size) < len(log):
            published = [*log.entries(start, min((start // WIDTH + 1) * WIDTH, len(log)))]
            pairs = [(entry, b"") for entry in published]
            if self._pairs:
                held = self._pairs(start, start + len(published))
                same = takewhile(lambda both: both[0][0] == both[1], zip(held, published, strict=False))
                pairs = [pair for pair, _ in same]
            look.findings += self._replay.take(pairs)
            if len(pairs) < len(published):
                self._tell_short(look)
                return

    def _tell_short(self, look: Look) -> None:
        end = self._replay.size
        if self._pairs and next(self._pairs(end, end + 1), None):
            words = Text(f"存储中第 {end} 条与账本不同", f"entry {end} of the store is not the ledger's")
            look.tell("store-differs", Weight.BROKEN, words)
        else:
            words = Text(
                f"存储止于第 {end} 条，其后未重放",
                f"the store ends with {end} entries; those after it were not replayed",
            )
            look.tell("store-ends", Weight.NOTABLE, words)

    def _judge_time(self, look: Look, head: Endorsement) -> None:
        """Tell which nodes are late, whose clocks are wrong, and whether the status is stale."""
        size = head.checkpoint.size
        for name, endorsed in look.endorsed.items():
            minutes = (_median(head) - _median(endorsed)) // instant.MINUTE
            if endorsed.checkpoint.size < size and minutes >= self._values["late-minutes"]:
                missing = size - endorsed.checkpoint.size
                words = Text(
                    f"落后 {missing} 个条目、{minutes} 分钟",
                    f"it is {missing} entries and {minutes} minutes behind",
                )
                look.tell("late", Weight.FAILING, words, source=name)
        if look.replayed != size:
            return
        for name, seconds in head.cosigned.items():
            apart = max(seconds * instant.SECOND - look.at, self._replay.told - seconds * instant.SECOND)
            if seconds and apart >= self._values["clock-minutes"] * instant.MINUTE:
                words = Text(
                    f"其共签时间与账本或此处的时钟相差 {apart // instant.MINUTE} 分钟",
                    f"the time of its co-signature is {apart // instant.MINUTE} minutes off the ledger's or this clock",
                )
                look.tell("clock-apart", Weight.FAILING, words, source=name)
        stated = self._replay.stated
        if stated is not None and (minutes := (look.at - stated) // instant.MINUTE) > self._values["status-minutes"]:
            words = Text(f"状态已 {minutes} 分钟未公布", f"the status was last stated {minutes} minutes ago")
            look.tell("status-stale", Weight.FAILING, words)
        elif stated is None and self._replay.history.issued:
            look.tell("status-stale", Weight.FAILING, Text("状态从未公布", "the status was never stated"))

    def _remember(self, look: Look, main: str, log: TiledLog) -> None:
        """Keep the newest of each source and of the ledger, unless it contradicts what was kept."""
        seen = self._seen
        for name in look.endorsed:
            if not look.lied(name):
                seen.sources[name] = look.notes[name]
        for name, note in look.notes.items():
            if size_of(note) > len(log) and self._trust.is_of_log(note):
                seen.ahead.setdefault(name, note)
        decided = [name for name, note in seen.ahead.items() if size_of(note) <= len(log) and _is_beginning(note, log)]
        for name in decided:
            del seen.ahead[name]
        if not look.lied(main) and len(log) > (size_of(seen.head) if seen.head else -1):
            seen.head = look.notes[main]

    def _keep(self, kind: str, *notes: Note, log: TiledLog | None = None) -> str:
        """Keep notes as proof, with how the smaller of two histories does not begin `log`, where that is read."""
        proof: dict[str, Any] = {"kind": kind, "notes": [each.encode().decode() for each in notes]}
        size = min(map(size_of, notes))
        if log is not None and 0 < size <= len(log):
            proof["root"] = log.root(size).hex()
            proof["consistency"] = [each.hex() for each in log.prove_consistency(size)]
        return self._seen.keep(proof)


def size_of(note: Note) -> int:
    """Return how many entries the checkpoint in `note` has."""
    return Checkpoint.parse(note.text).size


def _is_beginning(note: Note, log: TiledLog) -> bool:
    """Tell whether the checkpoint in `note` begins `log`; of a larger one that cannot be told, so it passes."""
    head = Checkpoint.parse(note.text)
    return head.size > len(log) or log.root(head.size) == head.root


def _median(endorsed: Endorsement) -> int:
    """Return when the middle one of those who co-signed did, in ms: one clock that is off does not move it far."""
    times = sorted(endorsed.cosigned.values())
    return times[len(times) // 2] * instant.SECOND if times else 0
