"""Whose signatures a monitor counts: those of the trust bundle's policy, and of the epoch that it leads to.

The ledger itself holds how each epoch was started, so that any copy of it is a policy chain: a monitor goes on by the
signatures of the members it knows, and believes no server about who they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.policy import Endorsement, Policy
from hallmark.statement import envelope
from hallmark.verify import chain
from hallmark.verify.bundle import TrustBundle

_STARTED = ("consortium.founded", "epoch.started")


class Trust:
    """The policies of a trust bundle and of what it led to, the newest last."""

    def __init__(self, bundle: TrustBundle) -> None:
        self._bundles = [bundle]

    def verify(self, note: Note) -> Endorsement:
        """Return the checkpoint in `note` under the quorum of its epoch; raises as `Policy.verify`."""
        return self._policy_of(note).verify(note)

    def is_of_log(self, note: Note) -> bool:
        """Tell whether the key of its epoch's log signed `note`, whoever co-signed it."""
        try:
            return bool(note.verify(self._policy_of(note).logs))
        except HallmarkError:
            return False

    def follow(self, entries: Iterable[bytes]) -> bool:
        """Go on to the last epoch that `entries` prove to follow; tell whether there is a later one.

        Members' signatures prove it, so that the entries need not be known to be final. Raises as `chain.follow`.
        """
        starts = list(_starts(entries))
        if not starts:
            return False
        data, epochs = chain.follow(self._bundles[-1], canonical.encode(starts))
        if epochs:
            self._bundles.append(TrustBundle.parse(data))
        return epochs > 0

    def _policy_of(self, note: Note) -> Policy:
        origin = Checkpoint.parse(note.text).origin
        policies = [bundle.policy for bundle in self._bundles]
        return next((each for each in policies if origin in {key.name for key in each.logs}), policies[-1])


def _starts(entries: Iterable[bytes]) -> Iterable[bytes]:
    for entry in entries:
        if any(kind.encode() in entry for kind in _STARTED):  # far cheaper than to parse each
            draft = envelope.parse(entry).draft
            if draft.kind.name in _STARTED:
                yield draft.public["start"]
