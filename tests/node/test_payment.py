"""Money among seven nodes: a payment becomes final by the rules that certificates have, and no note pays twice."""

from __future__ import annotations

import pytest

from hallmark.consortium import finality
from hallmark.ledger.policy import QuorumMissing
from hallmark.node.errors import NotFinal, Refused
from hallmark.rules.state import digest_of
from node.network import eventually, head_over, offer
from world.market import Market
from world.money import found, issue, payment, redeem, supply, transfer


@pytest.fixture
def paying(cfp):
    """A market with a currency in which Alice holds a note, and that note."""
    market = Market(cfp, "CFP-01")
    market.found()
    market.pass_time()
    found(market, institutions=[])
    return market, issue(market, ("alice", 100))[0]


def pay(market, note, who):
    """Return a payment of the note to somebody, without letting it happen."""
    return payment(market, [note], ["alice"], [(who, 100)], issuer="bank")


def test_seven_nodes_finalise_money_from_issue_to_redemption_in_one_state(network, paying):
    market, note = paying
    (bob, change) = transfer(market, [note], ["alice"], [("bob", 60), ("alice", 40)], issuer="bank")
    redeem(market, [bob], ["bob"])
    network.append(market.ledger)
    eventually(lambda: all(node.published == len(market.ledger) for node in network.nodes.values()))
    states = [node.state_at(len(market.ledger)) for node in network.nodes.values()]
    assert {digest_of(state) for state in states} == {digest_of(market.state)}
    assert supply(market) == 40
    assert all("spent_by" not in state.get(f"note/{change.hex()}") for state in states)


def test_a_double_spend_that_a_lying_sequencer_orders_is_signed_by_no_node(network, paying):
    market, note = paying
    (first, hidden), (second, also_hidden) = (pay(market, note, who) for who in ("bob", "mallory"))
    paid = [*market.ledger, (first.encoded, hidden)]
    network.append(paid)
    eventually(lambda: set(network.sizes().values()) == {len(paid)})
    twice = [*paid, (second.encoded, also_hidden)]
    for name in network.names:
        with pytest.raises(Refused) as refused:
            offer(network, name, twice, len(paid))
        assert refused.value.facts["code"] == "note-spent"
    with pytest.raises(NotFinal) as failed:
        network.append(twice[len(paid) :], patience=2)
    assert set(failed.value.facts["codes"].values()) == {"note-spent"}
    assert set(network.sizes().values()) == {len(paid)}


def test_a_sequencer_that_shows_each_half_another_spend_of_a_note_makes_neither_final(network, paying):
    market, note = paying
    network.append(market.ledger)
    eventually(lambda: set(network.sizes().values()) == {len(market.ledger)})
    for who, names in (("bob", "abcd"), ("mallory", "efg")):
        statement, hidden = pay(market, note, who)
        shown = [*market.ledger, (statement.encoded, hidden)]
        signatures = [line for name in names for line in offer(network, name, shown, len(market.ledger))]
        assert len(signatures) == len(names)
        head = head_over(network, [encoded for encoded, _ in shown])
        with pytest.raises(QuorumMissing):
            finality.certify(head.with_signatures(signatures), *network.epoch)
    assert {node.published for node in network.nodes.values()} == {len(market.ledger)}


def test_nodes_refuse_a_payment_whose_amounts_they_may_not_read(network, paying):
    market, note = paying
    statement, hidden = pay(market, note, "bob")
    network.append(market.ledger)
    with pytest.raises(NotFinal) as failed:
        network.append([(statement.encoded, [each for each in hidden if each.name != "outputs"])], patience=2)
    assert set(failed.value.facts["codes"].values()) == {"not-disclosed"}
