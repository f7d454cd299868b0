"""What is confidential comes sealed, nothing else does; who cannot open it sees what a stranger sees, and no more."""

from __future__ import annotations

import pytest

from hallmark.rules import admission, confidential, public
from hallmark.rules.confidential import NotSealed, SealedNotAdmitted, SealedWithoutNeed
from hallmark.rules.money import NoNodesToSealTo, NotAnInstitution, NoteSpent, NoteUnknown
from hallmark.rules.state import MemoryState
from hallmark.statement import envelope
from hallmark.statement.sealing import NotOpened, Sealed
from world.cast import org
from world.consortium import found as found_consortium
from world.money import LIMITS, currency, found, issue, payment, transfer

SEALED = Sealed(bytes(272), {"a": bytes(80)})


@pytest.fixture
def paying(market):
    """A market with a consortium and a confidential currency, in which Alice holds a note of 100."""
    found_consortium(market)
    found(market, confidential=True)
    market.note = issue(market, ("alice", 100))[0]
    return market


def pay(market, *pairs, **at):
    return payment(market, [market.note], ["alice"], pairs or [("bob", 100)], **at)


def test_one_operator_alone_founds_no_confidential_currency(market):
    with pytest.raises(NoNodesToSealTo):
        found(market, confidential=True)
    found(market, confidential=False)


def test_money_of_a_confidential_currency_comes_sealed(paying):
    with pytest.raises(NotSealed):
        confidential.admit(paying.state, *pay(paying))


def test_nothing_else_comes_sealed(paying):
    found(paying, "points")
    revision = {"institutions": [], "limits": LIMITS, "basis": "-"}
    for statement, _ in (
        payment(paying, [paying.note], ["alice"], [("bob", 1)], which="points"),
        paying.prepare("currency.revised", "bank", currency(), revision),
        paying.prepare("time.told", "operator", org("operator"), {"utc_ms": paying.clock + 1}),
    ):
        with pytest.raises(SealedWithoutNeed):
            confidential.admit(paying.state, statement, SEALED)


def test_who_opens_it_runs_all_rules_and_makes_the_same_records(paying):
    statement, disclosures = pay(paying)
    changes = confidential.admit(paying.state, statement, SEALED, lambda *_: disclosures)
    assert changes == admission.admit(paying.state, statement, disclosures)


@pytest.mark.parametrize("pairs", [[("bob", 99)], [("bob", 4_321), ("alice", 1)]], ids=["less", "more"])
def test_of_a_breach_only_the_rule_is_told(paying, pairs):
    statement, disclosures = pay(paying, *pairs)
    with pytest.raises(SealedNotAdmitted) as refused:
        confidential.admit(paying.state, statement, SEALED, lambda *_: disclosures)
    assert refused.value.facts == {"rule": "note-too-large" if len(pairs) == 2 else "not-conserved"}
    assert not any(str(amount) in refused.value.explain(language) for _, amount in pairs for language in ("en", "zh"))


def test_what_cannot_be_opened_here_is_no_breach(paying):
    def closed(*_):
        raise NotOpened(member="a", why="-")

    with pytest.raises(NotOpened):
        confidential.admit(paying.state, pay(paying)[0], SEALED, closed)


def test_who_cannot_open_it_keeps_neither_amounts_nor_holders(paying):
    stranger = replayed(paying)
    statement, _ = pay(paying)
    changes = confidential.admit(stranger, statement, SEALED)
    assert changes == public.admit(stranger, statement)
    assert {name for record in changes.values() for name in record} == {"currency", "spent_by"}


def test_a_stranger_sees_that_a_note_is_made_before_it_is_spent_and_spent_once(market):
    """Whatever the currency: these rules need no claim that only members read."""
    found(market, institutions=[org("jade")])
    stranger = replayed(market)
    (market.note,) = issue(market, ("alice", 100))
    first, second = (pay(market, (who, 100), issuer="jade")[0] for who in ("bob", "mallory"))
    with pytest.raises(NoteUnknown):
        public.admit(stranger, first)
    stranger.apply(public.admit(stranger, envelope.parse(market.ledger[-1][0])))
    with pytest.raises(NotAnInstitution):
        public.admit(stranger, pay(market)[0])
    stranger.apply(public.admit(stranger, first))
    with pytest.raises(NoteSpent):
        public.admit(stranger, second)


def test_strangers_follow_money_from_issue_to_transfer(market):
    found(market)
    (note,) = issue(market, ("alice", 100))
    transfer(market, [note], ["alice"], [("bob", 60), ("alice", 40)])
    notes = [record for _, record in replayed(market).scan("note/")]
    assert len(notes) == 3 and all(record["currency"] == currency() for record in notes)
    assert sum("spent_by" in record for record in notes) == 1


def replayed(market):
    """The state of who reads nothing but the entries."""
    state = MemoryState({market.scheme.digest: market.scheme})
    for encoded, _ in market.ledger:
        state.apply(public.admit(state, envelope.parse(encoded)))
    return state
