"""Ledgers as sources publish them, honest or not, without a process: files under notes that members signed."""

from __future__ import annotations

import json

from hallmark.consortium import finality
from hallmark.consortium.epoch import Ballot, Head, Record, Start
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature, tile
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.tree import Tree
from hallmark.node.errors import NotReached
from hallmark.node.monitor.finding import Weight
from hallmark.verify import bundle
from hallmark.verify.bundle import TrustBundle
from node import network
from node.network import NAMES, constitution, head_over, seat, signers


class Members:
    """A consortium in one of its epochs, whose nodes do not run."""

    def __init__(self, epoch=None, first=None):
        self.first = first or constitution()
        self.epoch = epoch or (Record.first(self.first), self.first)
        self.names = NAMES

    @property
    def origin(self):
        record, agreed = self.epoch
        return agreed.origin(record.epoch)

    def changed(self, going, coming, size, root=bytes(32), by="abcde"):
        """Return the consortium of the next epoch, from a head of `size` on, and how that was started."""
        record, agreed = self.epoch
        agreed = agreed.with_members([*(each for each in agreed.members if each.name != going), seat(coming)])
        ballot = Ballot(1, Record(record.epoch + 1, record.digest, Head(size, root), agreed.digest))
        message = ballot.commit_message
        commits = {name: (signers(name).mirror.sign(message), signers(name).archive.sign(message)) for name in by}
        return Members((ballot.record, agreed), self.first), Start(ballot, agreed, commits)

    @property
    def founded(self):
        """The start of the first epoch, to which nobody committed: a reader of it pins its constitution."""
        return Start(Ballot(1, Record.first(self.first)), self.first, {})


class Log:
    """The register's log as files: `entries` under a note."""

    name = "log"

    def __init__(self, entries, note, name="log"):
        self.name = name
        self.published = note
        size = Checkpoint.parse(note.text).size
        self.files = {place.path: content for place, content in tile.append(lambda _: b"", 0, entries[:size])}

    def note(self, name):
        assert name == "checkpoint"
        return self.published

    def tile(self, path):
        if path not in self.files:
            raise NotReached(node=self.name, why="status 404")
        return self.files[path]


class Node(Log):
    """A node as files; `kept` are its forks, or what happens to whoever asks for them."""

    def __init__(self, name, entries, note, kept=()):
        super().__init__(entries, note, name)
        self._kept = kept

    def forks(self):
        if isinstance(self._kept, Exception):
            raise self._kept
        return list(self._kept)


def entries_of(market):
    return [entry for entry, _ in market.ledger]


def final_over(network, entries, names="abcde", at=None):
    """Return a final note over `entries` by the members `names`, whatever they signed before, at `at` seconds."""
    head = head_over(network, entries)
    checkpoint = Checkpoint.parse(head.text)
    cosigned = [
        cosignature.sign(
            checkpoint, f"{network.first.ledger}/{name}/mirror", signers(name).mirror, at or told(entries) // 1000
        )
        for name in names
    ]
    return head.with_signatures(cosigned)


def told(entries):
    """Return the last time that entries tell; what is no statement tells none."""
    return network.told([(entry, ()) for entry in entries if entry.startswith(b"\xd2")])


def root_of(entries):
    return Tree(map(leaf_hash, entries)).root()


def bundle_of(network):
    policy = finality.policy_text(*network.epoch)
    keys = [finality.log_key(*network.epoch).name, *network.names]
    return TrustBundle.parse(bundle.write("simulated", policy, {key: Text(key, key) for key in keys}, development=True))


def grave(look):
    return {(each.code, each.source) for each in look.findings if each.weight is not Weight.NOTABLE}


def proof_of(tmp_path, look, code):
    (name,) = {each.proof for each in look.findings if each.code == code}
    return json.loads((tmp_path / "seen" / name).read_text())
