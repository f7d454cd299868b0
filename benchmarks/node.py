"""What a node spends on a ledger that it checks for itself: bytes, signatures, rules, leaf.

CPU time, one core, the best window; about 20 seconds. Three ledgers. `market` is everything that twenty products go
through, from application to certificate: statements of all kinds, most under the signatures of several people. `plain`
is a thousand small statements under one signature each, which is what published figures of other ledgers are about.
`payments` is a thousand transfers of one note to a new payee with change, under its holder's and its bank's signature.
The peer is the limit: the library on the same signatures, and nothing else.

The last rows take a statement's cost apart; they are of the market, and sum to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import patch

from measure import Row, best, show

from hallmark.kernel import keys
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.rules.admission import admit
from hallmark.rules.state import MemoryState
from hallmark.statement import envelope
from hallmark.statement.disclosure import Disclosure
from office import SCHEME, Market
from world.cast import org, person
from world.money import found, issue, transfer

PRODUCTS = 20
PLAIN = 1_000
AIM = 8_000
Ledger = Sequence[tuple[bytes, Sequence[Disclosure]]]
Checked = tuple[keys.PublicKey, bytes, bytes]


def main() -> None:
    """Print the table."""
    rows: list[Row] = []
    for name, ledger in (("market", market()), ("plain", plain()), ("payments", payments())):
        signed = signatures(ledger)
        whole, alone = best(lambda ledger=ledger: replay(ledger)), best(lambda signed=signed: verify(signed))
        rows.append(Row(f"{name}, signatures", len(signed) / whole, aim=AIM, peer="limit", theirs=len(signed) / alone))
        rows.append(Row(f"{name}, statements", len(ledger) / whole))
        if name == "market":
            parts = apart(ledger, whole, alone)
    show("re-verification by a node, a second of CPU on one core", [*rows, *parts])


def market() -> Ledger:
    """Return the ledger of products from application to certificate."""
    world = Market(SCHEME, "CFP-01").open()
    for _ in range(PRODUCTS):
        world.certified()
    return world.ledger


def plain() -> Ledger:
    """Return a ledger of small statements."""
    world = Market(SCHEME, "CFP-01")
    world.found()
    world.pass_time()
    for number in range(PLAIN):
        claims = {"interest_in": org("bank"), "nature": "other", "from": "2026-01-01"}
        world.submit("interest.declared", "operator", person(f"holder {number}"), claims)
    return world.ledger


def payments() -> Ledger:
    """Return a ledger of transfers, each of which spends what is left of the one before."""
    world = Market(SCHEME, "CFP-01")
    world.found()
    world.pass_time()
    found(world, institutions=[], limits={"note": PLAIN + 1, "supply": PLAIN + 1})
    change = issue(world, ("alice", PLAIN + 1))[0]
    for number in range(PLAIN):
        paid = [(f"payee {number}", 1), ("alice", PLAIN - number)]
        _, change = transfer(world, [change], ["alice"], paid, issuer="bank")
    return world.ledger


def replay(ledger: Ledger) -> None:
    """Check a ledger as a node does."""
    state, frontier = MemoryState({SCHEME.digest: SCHEME}), Frontier()
    for encoded, disclosures in ledger:
        state.apply(admit(state, envelope.parse(encoded), disclosures))
        frontier = frontier.extend([leaf_hash(encoded)])


def signatures(ledger: Ledger) -> list[Checked]:
    """Return every signature that a replay checks: key, message, signature."""
    found: list[Checked] = []
    verify_as_ever = keys.PublicKey.verify

    def note(key: keys.PublicKey, message: bytes, signature: bytes) -> None:
        found.append((key, message, signature))
        verify_as_ever(key, message, signature)

    with patch.object(keys.PublicKey, "verify", note):
        replay(ledger)
    return found


def verify(signed: Sequence[Checked]) -> None:
    """Check the signatures alone."""
    for key, message, signature in signed:
        keys.ed25519.Ed25519PublicKey.from_public_bytes(key.material).verify(signature, message)


def apart(ledger: Ledger, whole: float, alone: float) -> list[Row]:
    """Return what a statement costs, by part."""

    def parse() -> None:
        for encoded, _ in ledger:
            envelope.parse(encoded)

    decoding = best(parse)
    each = 1e6 / len(ledger)
    return [
        Row("a statement, whole", whole * each, "us"),
        Row("  its signatures, by the library", alone * each, "us"),
        Row("  decoding and shapes", decoding * each, "us"),
        Row("  rules, digests and leaf", (whole - alone - decoding) * each, "us"),
    ]


if __name__ == "__main__":
    main()
