"""Money against an adversary who knows every note, every statement and every order, and has keys of their own.

Whatever is tried, in whatever order: the rules admit it exactly when a few lines of bookkeeping say that it is honest,
and what was issued and not redeemed is what the unspent notes are worth.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hallmark.kernel.errors import HallmarkError
from hallmark.rules.admission import AdmittedBefore
from hallmark.rules.ledger import LedgerFoundedTwice
from hallmark.statement import envelope
from world.cast import key, name, org, public
from world.market import Market
from world.money import currency, found, ids_of, made, notes, order, signed, supply, unspent

WHICH = ("yuan", "points")
HOLDERS = ("alice", "bob", "mallory")
LIMITS = {"note": 50, "supply": 120}
AMOUNTS = st.integers(1, 20) | st.integers(1, LIMITS["note"] + 1)
MADE = st.lists(st.tuples(st.sampled_from(HOLDERS), AMOUNTS), min_size=1, max_size=3)


class Money(RuleBasedStateMachine):
    """`notes` is the bookkeeping: every note ever made, as [currency, holder, amount, spent]."""

    scheme = None

    def __init__(self):
        super().__init__()
        self.market = Market(self.scheme, "CFP-01")
        self.notes = {}
        self.circulating = dict.fromkeys(WHICH, 0)
        self.orders = []

    @initialize()
    def found(self):
        self.market.found()
        for who in ("lotus", "jade"):
            claims = {"name": name(who), "address": "-", "key": public(key(who)), "hosted": False}
            self.market.submit("applicant.registered", "bank", org(who), claims)
        for which in WHICH:
            found(self.market, which, institutions=[org("lotus")], limits=LIMITS)

    @rule(which=st.sampled_from(WHICH), issuer=st.sampled_from(["bank", "bank", "lotus"]), pairs=MADE)
    def issues(self, which, issuer, pairs):
        amount = self.circulating[which] + sum(each for _, each in pairs)
        honest = issuer == "bank" and amount <= LIMITS["supply"] and self.small(pairs)
        if self.tries(honest, "money.issued", issuer, which, made(notes(*pairs))):
            self.circulating[which] = amount
            self.keep(which, pairs)

    @precondition(lambda self: self.notes)
    @rule(data=st.data(), issuer=st.sampled_from(["lotus", "lotus", "lotus", "jade"]))
    def pays(self, data, issuer):
        spent, signers, which = self.chooses(data)
        worth = sum(self.notes[each][2] for each in spent)
        pairs = data.draw(self.split(worth) | st.just([("bob", worth)]) | MADE)
        claims = signed(order(self.market, spent, pairs), *signers, issuer=issuer, which=which)
        self.orders.append((which, issuer, claims))
        conserved = worth == sum(each for _, each in pairs)
        honest = issuer == "lotus" and conserved and self.small(pairs) and self.spendable(spent, signers, which)
        self.transfers(honest, which, issuer, claims, pairs)

    @precondition(lambda self: self.notes)
    @rule(data=st.data(), issuer=st.sampled_from(["bank", "bank", "lotus"]))
    def redeems(self, data, issuer):
        spent, signers, which = self.chooses(data)
        at = {"kind": "money.redeemed", "issuer": issuer, "which": which}
        claims = signed(order(self.market, spent), *signers, **at)
        honest = issuer == "bank" and self.spendable(spent, signers, which)
        if self.tries(honest, "money.redeemed", issuer, which, claims):
            self.circulating[which] -= sum(self.notes[each][2] for each in spent)
            self.spend(spent)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), pairs=MADE)
    def turns_an_order_to_another_payee(self, data, pairs):
        which, issuer, claims = data.draw(st.sampled_from(self.orders))
        pairs = data.draw(st.just(pairs) | st.just([("mallory", sum(each["amount"] for each in claims["outputs"]))]))
        other = made(notes(*pairs))
        if other["outputs"] != claims["outputs"]:
            self.transfers(False, which, issuer, {**claims, **other}, pairs)

    @precondition(lambda self: self.market.ledger)
    @rule(data=st.data())
    def replays(self, data):
        encoded, disclosures = data.draw(st.sampled_from(self.market.ledger))
        self.refused(encoded, disclosures)

    def transfers(self, honest, which, issuer, claims, pairs):
        if self.tries(honest, "money.transferred", issuer, which, claims):
            self.spend(claims["inputs"])
            self.keep(which, pairs)

    def tries(self, honest, kind, issuer, which, claims):
        """Submit; it must be admitted if `honest`, else refused without a trace. Return whether it was admitted."""
        before = dict(self.market.state._records)
        try:
            self.market.submit(kind, issuer, currency(which), claims)
        except HallmarkError as error:
            assert not honest, error
            assert self.market.state._records == before
            return False
        assert honest, "the rules admitted what they must refuse"
        return True

    def refused(self, encoded, disclosures):
        with pytest.raises((AdmittedBefore, LedgerFoundedTwice)):
            self.market.admit(envelope.parse(encoded), disclosures)

    def keep(self, which, pairs):
        made_now = ids_of(envelope.parse(self.market.ledger[-1][0]))
        assert not set(made_now) & self.notes.keys()
        self.notes |= {each: [which, *pair, False] for each, pair in zip(made_now, pairs, strict=True)}

    def spend(self, spent):
        for each in spent:
            self.notes[each][3] = True

    def spendable(self, spent, signers, which):
        owned = all(
            self.notes[each][:2] == [which, signer] and not self.notes[each][3]
            for each, signer in zip(spent, signers, strict=True)
        )
        return owned and len(set(spent)) == len(spent)

    def small(self, pairs):
        return all(amount <= LIMITS["note"] for _, amount in pairs)

    def chooses(self, data):
        """Return notes to spend, who signs for each, and the currency named: as an honest payer would, or not quite."""
        which = data.draw(st.sampled_from(WHICH))
        mine = [each for each, note in self.notes.items() if note[0] == which and not note[3]]
        honest, any_notes = mine or [*self.notes], [*self.notes]
        spent = data.draw(
            st.lists(st.sampled_from(honest), min_size=1, max_size=3, unique=True)
            | st.lists(st.sampled_from(honest), min_size=2, max_size=2)
            | st.lists(st.sampled_from(any_notes), min_size=1, max_size=2)
        )
        holders = [self.notes[each][1] for each in spent]
        signers = data.draw(st.just(holders) | st.just(holders) | st.just(["mallory"] * len(spent)))
        return spent, signers, which

    def split(self, worth):
        """Return the strategy of a payment with change."""
        return st.integers(1, max(1, worth - 1)).map(lambda part: [("alice", part), ("mallory", max(1, worth - part))])

    @invariant()
    def what_circulates_is_what_was_issued_and_not_redeemed(self):
        for which in WHICH if self.market.ledger else ():
            held = unspent(self.market, which)
            mine = {each: note for each, note in self.notes.items() if note[0] == which and not note[3]}
            assert held.keys() == mine.keys()
            assert (
                supply(self.market, which) == self.circulating[which] == sum(each["amount"] for each in held.values())
            )


def test_no_adversary_makes_loses_or_moves_money(cfp):
    Money.scheme = cfp
    profile = settings(
        max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True
    )
    run_state_machine_as_test(Money, settings=profile)
