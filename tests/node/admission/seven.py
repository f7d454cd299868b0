"""A consortium of seven organisations on a simulated market's ledger; Harbour and Mallow ask for the eighth seat."""

from __future__ import annotations

from pathlib import Path

from hallmark.attestation.policy import Policy
from hallmark.consortium.constitution import Constitution, Member
from hallmark.consortium.epoch import START, Record
from hallmark.kernel import instant
from hallmark.ledger import tile
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.tile import TiledLog
from hallmark.ledger.tree import Tree
from hallmark.node import acts
from hallmark.node.folder import PURPOSES, write_key
from hallmark.node.reading import Reading
from hallmark.statement import envelope
from world import consortium as world
from world.cast import key, name, org, public
from world.consortium import node_key
from world.market import Market

MEMBERS = ("bank", "northern", "southern", "meridian", "zenith", "eastern", "western")
NEWCOMER, FORGER = "harbour", "mallow"
FRESH = 3600  # seconds for which evidence counts
OPENED = 2 * instant.HOUR  # before now


def seat(who, generation=1, family="tpm", product=""):
    return Member(org(who), family, *(node_key(who, each, generation).public for each in PURPOSES), product)


def constitution(policy: Policy, code: bytes, **other) -> Constitution:
    given = {"members": tuple(map(seat, MEMBERS)), "attestation": policy.digest, "code": (code,), **other}
    return world.constitution(**given)


def opened(scheme, agreed: Constitution) -> Market:
    """A market that opened two hours ago, with the consortium founded, and told the present time."""
    market = open_market(scheme, OPENED)
    found(market, agreed)
    return market


def open_market(scheme, ago: int) -> Market:
    """A market that opened some ms ago."""
    market = Market(scheme, "CFP-01")
    market.clock = acts.now() - ago
    market.open()
    for who in ("eastern", "western", NEWCOMER, FORGER):
        claims = {"role": "laboratory", "name": name(who), "address": f"{who} quay", "key": public(key(who))}
        market.submit("organisation.registered", "bank", org(who), {**claims, "hosted": True})
    return market


def found(market: Market, agreed: Constitution) -> None:
    """Let the seven found their consortium."""
    world.found(market, agreed, MEMBERS, Record.first(agreed, START))
    tell(market)


def tell(market: Market) -> None:
    market.clock = max(acts.now(), market.clock + 1)
    market.submit("time.told", "operator", org("operator"), {"utc_ms": market.clock})


def read(market: Market, agreed: Constitution, size: int | None = None) -> Reading:
    """The first `size` entries of the market's ledger, or all of them, as if they were final."""
    entries = [entry for entry, _ in market.ledger[:size]]
    tiles = {each.path: data for each, data in tile.append(lambda _path: b"", 0, entries)}
    root = Tree(map(leaf_hash, entries)).root()
    return Reading(Record.first(agreed), agreed, TiledLog(tiles.__getitem__, len(entries), root))


def take(market: Market, path: Path) -> None:
    """Let a statement that an operator's command wrote happen."""
    market.admit(envelope.parse(path.read_bytes()), ())


def make_home(place: Path, who: str, agreed: Constitution, policy: Policy, peers: str = "") -> Path:
    """Write the folder of a node, its TPM and what comes from a registrar left out."""
    place.mkdir(parents=True, exist_ok=True)
    files = {"name": org(who).encode(), "constitution": agreed.encode(), "peers": peers.encode()}
    for file, content in {**files, "policy": policy.encode()}.items():
        (place / file).write_bytes(content)
    for purpose in PURPOSES:
        write_key(place / "keys" / f"{purpose}.pem", node_key(who, purpose))
    write_key(place / "keys" / "organisation.pem", key(who))
    return place
