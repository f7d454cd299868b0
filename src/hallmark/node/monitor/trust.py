"""Whose signatures a monitor counts: those of the trust bundle's policy, and of every epoch that it leads to.

The ledger itself holds how each epoch was started, so that any copy of it is a policy chain: a monitor goes on by the
signatures of the members it knows, and believes no server about who they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hallmark.consortium import finality
from hallmark.consortium.epoch import Start
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError, Unverified
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.policy import Endorsement, Policy, UnknownLog
from hallmark.node.monitor.replay import STARTED
from hallmark.statement import envelope
from hallmark.verify import chain
from hallmark.verify.bundle import TrustBundle


class BeyondItsEpoch(Unverified):
    """Nobody signs in an epoch any more that has ended: what was final in it, the next one goes on from."""

    en = "The checkpoint of {origin} has {size} entries, and that epoch ended with {end}. Keep it: members lied."
    zh = "{origin} 的检查点含 {size} 个条目，而该纪元止于 {end} 个。请保留：有成员作假。"


class Trust:
    """The policies of a trust bundle and of the epochs it led to, in order."""

    def __init__(self, bundle: TrustBundle) -> None:
        self._bundle = bundle
        self._starts: list[Start] = []
        self._policies = [bundle.policy]

    def verify(self, note: Note) -> Endorsement:
        """Return the checkpoint in `note` under its epoch's quorum; raises as `Policy.verify`, `BeyondItsEpoch`."""
        epoch = self._epoch_of(note)
        endorsement = self._policies[epoch].verify(note)
        head = endorsement.checkpoint
        for start in self._starts[epoch + 1 : epoch + 2]:
            if head.size > start.ballot.record.base.size:
                raise BeyondItsEpoch(origin=head.origin, size=head.size, end=start.ballot.record.base.size)
        return endorsement

    def knows(self, note: Note) -> bool:
        """Tell whether `note` is of an epoch known here; raises `BadCheckpoint`."""
        try:
            self._epoch_of(note)
        except UnknownLog:
            return False
        return True

    def is_of_log(self, note: Note) -> bool:
        """Tell whether the key of its epoch's log signed `note`, whoever co-signed it."""
        try:
            return bool(note.verify(self._policies[self._epoch_of(note)].logs))
        except HallmarkError:
            return False

    def follow(self, starts: Sequence[bytes]) -> None:
        """Go on to the last epoch that `starts`, all there are, prove to follow; raises as `chain.lead`.

        Members' signatures prove it, so that the entries they stand in need not be known to be final.
        """
        way = chain.lead(self._bundle, canonical.encode(list(starts))) if starts else []
        if len(way) > len(self._starts):
            self._starts = way
            texts = (finality.policy_text(each.ballot.record, each.constitution) for each in way[1:])
            self._policies = [self._bundle.policy, *map(Policy.parse, texts)]

    def _epoch_of(self, note: Note) -> int:
        """Return the place of the epoch whose log has the note's origin; raises `UnknownLog`, `BadCheckpoint`."""
        origin = Checkpoint.parse(note.text).origin
        for at, policy in enumerate(self._policies):
            if origin in {key.name for key in policy.logs}:
                return at
        raise UnknownLog(origin=origin[:200])


def starts_in(entries: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the starts of epochs that `entries` hold; raises as `envelope.parse`."""
    for entry in entries:
        if any(kind.encode() in entry for kind in STARTED):  # far cheaper than to parse each
            draft = envelope.parse(entry).draft
            if draft.kind.name in STARTED:
                yield draft.public["start"]
