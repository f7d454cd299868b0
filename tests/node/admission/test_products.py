"""Where the constitution asks for certified products, the register itself decides who may go on."""

from __future__ import annotations

import pytest

from hallmark.consortium import finality
from hallmark.consortium.epoch import Head
from hallmark.kernel import instant
from hallmark.node.acts import read_signatures
from hallmark.node.attester.measurement import measure
from hallmark.node.errors import Refused
from hallmark.node.protocol import Offer
from node.admission.ledger import Ledger
from node.admission.seven import MEMBERS, constitution, found, open_market, seat
from node.network import eventually
from world.cast import org


@pytest.fixture
def certified(tmp_path, cfp, policy, release):
    """Seven nodes, one of them on another product than the others; and the number of that product's certificate."""
    market = open_market(cfp, 30 * instant.DAY)
    (_, common), (_, other) = market.certified(), market.certified()
    members = (*(seat(who, product=common) for who in MEMBERS[:6]), seat(MEMBERS[6], product=other))
    agreed = constitution(policy, measure(release), members=members, certified_products=True)
    found(market, agreed)
    with Ledger(tmp_path, market, agreed, policy) as ledger:
        for who in MEMBERS:
            ledger.start(who)
        for who in MEMBERS:
            ledger.follow(who)
        ledger.append()
        yield ledger, other


def test_a_withdrawn_certificate_puts_the_node_out_at_the_next_epoch(certified, release) -> None:
    ledger, number = certified
    (asked,) = ledger.peers([MEMBERS[0]])
    final = ledger.append()
    base = Head.of(finality.check_final(final, *ledger.epoch).checkpoint)
    eventually(lambda: ledger.running[MEMBERS[0]][0].holds(base))
    assert asked.successor(base) == ledger.epoch[1]
    ledger.market.set_status("withdrawn", number)
    ledger.append()
    calls = "\n".join(ledger.act(who, lambda own: own.call(1), release) for who in MEMBERS[:3])
    started = ledger.act("operator", lambda own: own.convene(1, read_signatures(calls), 20), release)
    ledger.enter(started, MEMBERS[:6])
    assert ledger.epoch[1].names == {*map(org, MEMBERS[:6])}
    final = ledger.append()
    assert org(MEMBERS[6]) not in finality.check_final(final, *ledger.epoch).cosigned
    (out,) = ledger.peers([MEMBERS[6]])
    ledger.follow(MEMBERS[6])
    with pytest.raises(Refused) as refused:
        out.witness(Offer(len(ledger.market.ledger), (), final))
    assert refused.value.facts["code"] == "not-a-member"
