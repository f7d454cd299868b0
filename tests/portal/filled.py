"""A filled register: a market whose products got certificates, and how to put its ledger into a server's database.

The entries go in as they are and not through the sequencer, which has tests of its own: what is tried here is what
people see of a ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hallmark import schemes
from hallmark.kernel import instant
from hallmark.kernel.keys import SoftwareSigner
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.sorted_map import SortedMap
from hallmark.rules.register import status_leaves
from hallmark.scheme import loader
from hallmark.statement import envelope
from world.cast import ORGANISATIONS, build, key, org
from world.market import Market

ORIGIN = "hallmark/simulated-market"


@dataclass
class Filled:
    """A market with the numbers of its certificates, and `now`, ms since 1970 UTC, an hour after its last statement."""

    market: Market
    numbers: list[str] = field(default_factory=list)
    log: Path = Path()
    """The folder of the log's files."""

    @property
    def now(self) -> int:
        return self.market.clock + instant.HOUR

    def put_into_database(self, patch: Callable[[Any, str, object], None]) -> None:
        """Make the market's ledger this server's; `patch` sets clock and keys, and undoes it after the test."""
        from hallmark.kernel import canonical
        from hallmark.office.accounts.models import Organisation
        from hallmark.office.registry import hosted, projection, queries, sequencer
        from hallmark.office.registry.models import Entry, Head
        from hallmark.office.registry.state import store
        from hallmark.portal import reading
        from hallmark.portal.views import certificate
        from hallmark.statement import disclosure

        for module in (reading, certificate):
            patch(module, "now", lambda: self.now)
        for module in (hosted, queries, sequencer):
            patch(module, "keys", lambda: _Keys)
        for module in (queries, sequencer):
            patch(module, "origin", lambda: ORIGIN)
        rows, told, frontier = [], 0, Frontier()
        for index, (encoded, disclosures) in enumerate(self.market.ledger):
            statement = envelope.parse(encoded)
            draft = statement.draft
            told = draft.public.get("utc_ms", told) if draft.kind.name == "time.told" else told
            rows.append(
                Entry(
                    index=index,
                    digest=statement.digest,
                    kind=draft.kind.name,
                    issuer=draft.issuer,
                    subject=draft.subject,
                    told_ms=told,
                    encoded=encoded,
                    disclosures=disclosure.encode(disclosures),
                )
            )
            frontier = frontier.extend([leaf_hash(encoded)])
        Entry.objects.bulk_create(rows)
        for place, each in self.market.state.scan("organisation/"):
            title = each["name"]
            Organisation.objects.create(
                id=place.removeprefix("organisation/"), role=each["role"], name_zh=title["zh"], name_en=title["en"]
            )
        store(dict(self.market.state.scan("")), len(rows) - 1)
        Head.objects.create(pk=1, frontier=canonical.encode(frontier.to_value()))
        projection.follow(row.index for row in rows if row.kind.startswith("certificate."))
        sequencer.publish()


class _Keys:
    @staticmethod
    def get_signer(which: str) -> SoftwareSigner:
        return key(next((each for each in ORGANISATIONS if org(each) == which), which))


def fill(more: int = 0) -> Filled:
    """Return a market with a certificate in force, suspended, withdrawn and cancelled, and `more` in force."""
    market = Market(loader.load(schemes.read("cfp")), "CFP-01").open()
    filled = Filled(market)
    for title in ("钱包", "收银台", "键盘", "令牌", *(f"应用{count}" for count in range(more))):
        product = {
            "name": {"zh": f"莲花{title}", "en": f"Lotus product {len(filled.numbers) + 1}"},
            "model": f"LW-{len(filled.numbers) + 1}",
            "version": "1.0.0",
            "builds": [build(content=title.encode())],
        }
        _, number = market.certified(product=product)
        filled.numbers.append(number)
        market.pass_time(days=1)
    for event, number in zip(("suspended", "withdrawn", "cancelled"), filled.numbers[1:], strict=False):
        market.set_status(event, number, reason="decided after supervision")
    state_status(market)
    return filled


def state_status(market: Market) -> None:
    """Let the operator state the status of all certificates as of now."""
    market.pass_time(seconds=60)
    leaves = status_leaves(market.state)
    claims = {"size": len(leaves), "root": SortedMap(leaves).root, "at": market.clock}
    market.submit("status.stated", "operator", org("operator"), claims)
