"""The simulated market's ledger as its operator publishes it: a log with checkpoints, stated status, trust bundles."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from typing import Any

from hallmark.certificate import multikey
from hallmark.certificate.form import MachineForm
from hallmark.certificate.staple import Leaf, staple
from hallmark.kernel.keys import ED25519, SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature, note, policy
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.note import PLAIN, Note, VerifierKey
from hallmark.ledger.sorted_map import SortedMap
from hallmark.ledger.tree import Tree
from hallmark.rules.register import status_leaves
from hallmark.statement import envelope
from hallmark.verify import bundle
from hallmark.verify.bundle import Attested, Issuer, TrustBundle
from world.cast import key, name, org
from world.ledger import ENVIRONMENT
from world.market import Market

ORIGIN = "log.example/simulated/e1"


def signer(who: str, algorithm: int = ED25519) -> SoftwareSigner:
    """Return the key of a log or witness; the same every time."""
    return SoftwareSigner.from_seed(hashlib.sha256(f"{who} of the log".encode()).digest(), algorithm)


def copy_of(market: Market) -> Market:
    """Return a market that goes its own way from here."""
    twin = copy.copy(market)
    twin.state = copy.copy(market.state)
    twin.state._records = dict(market.state._records)
    twin.ledger = list(market.ledger)
    return twin


def state_status(market: Market, operator: SoftwareSigner | None = None) -> None:
    """Let the operator tell the time and state the status of all certificates."""
    market.clock += 60_000
    leaves = status_leaves(market.state)
    for kind, claims in (
        ("time.told", {"utc_ms": market.clock}),
        ("status.stated", {"size": len(leaves), "root": SortedMap(leaves).root, "at": market.clock}),
    ):
        market.submit(kind, "operator", org("operator"), claims, signer=operator)


class Register:
    """What a stranger can fetch of a market, its status stated last, co-signed by `witnesses`.

    `padding` more entries come after those of the market.
    """

    def __init__(
        self,
        market: Market,
        witnesses: tuple[str, ...] = (),
        *,
        origin: str = ORIGIN,
        log: str = "operator",
        padding: int = 0,
    ) -> None:
        self.market = market
        self.entries = [encoded for encoded, _ in market.ledger]
        self._own = len(self.entries)
        self.entries += [b"later"] * padding
        self.tree = Tree(map(leaf_hash, self.entries))
        self.map = SortedMap(status_leaves(market.state))
        self.now = market.clock
        head = Checkpoint(origin, len(self.tree), self.tree.root())
        lines = [note.sign(head.text, origin, signer(log))]
        lines += [cosignature.sign(head, f"{who}.example", signer(who), self.now // 1000) for who in witnesses]
        self.checkpoint = Note(head.text, tuple(lines))

    def find(self, kind: str, subject: str) -> Leaf:
        """Return the last entry of that kind about that subject."""
        for index in reversed(range(self._own)):
            draft = envelope.parse(self.entries[index]).draft
            if (draft.kind.name, draft.subject) == (kind, subject):
                return index, self.entries[index]
        raise LookupError(kind)

    def form(self, number: str, **parts: Any) -> MachineForm:
        """Return the machine form of a certificate; `parts` replace what would be stapled."""
        issued = self.find("certificate.issued", number)
        body = envelope.parse(issued[1]).draft.issuer
        defaults = {
            "issued": issued,
            "issuer": self.find("organisation.registered", body),
            "stated": self.find("status.stated", org("operator")),
            "status": self.market.state.get(f"certificate/{number}"),
        }
        return staple(self.tree, self.checkpoint, self.map, **{**defaults, **parts})

    def record(self, number: str) -> Mapping[str, Any]:
        """Return the record of a certificate."""
        return envelope.parse(self.find("certificate.issued", number)[1]).draft.public


def trust(
    witnesses: tuple[str, ...] = (),
    threshold: int = 0,
    *,
    origin: str = ORIGIN,
    logs: tuple[str, ...] = ("operator",),
    environment: str = ENVIRONMENT,
    development: bool = True,
    issuers: tuple[str, ...] = ("northern",),
    attested: Mapping[str, Attested] | None = None,
) -> bytes:
    """Return a trust bundle for the market's log."""
    keys = [VerifierKey.of(origin, PLAIN, signer(log).public) for log in logs]
    members = {who: cosignature.verifier_key(f"{who}.example", signer(who).public) for who in witnesses}
    names = {origin: Text("模拟运营方", "The simulated operator")}
    names |= {who: Text(f"见证方{who}", f"Witness {who}") for who in witnesses}
    bodies = {multikey.encode(key(who).public): Issuer(org(who), Text(**name(who))) for who in issuers}
    text = policy.flat(keys, members, threshold)
    return bundle.write(environment, text, names, development=development, issuers=bodies, attested=attested)


def parsed(*arguments: Any, **options: Any) -> TrustBundle:
    """Return the bundle that `trust` writes, read again."""
    return TrustBundle.parse(trust(*arguments, **options))
