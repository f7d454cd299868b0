"""Money on the ledger: who makes it, that it is spent once by its holder, and that none is made or lost on the way."""

from __future__ import annotations

import pytest

from hallmark.kernel.keys import ED25519, ESP256, BadKey, SoftwareSigner
from hallmark.rules import admission
from hallmark.rules.act import NotRegistered
from hallmark.rules.admission import AdmittedBefore, IssuerNotEntitled, WrongEnvironment
from hallmark.rules.market import AlgorithmNotAllowed, NotTheOwner, RegisteredTwice
from hallmark.rules.money import (
    HolderDidNotSign,
    NotAnInstitution,
    NotConserved,
    NoteNamedTwice,
    NoteOfAnotherCurrency,
    NotesMadeBefore,
    NotesMiscounted,
    NoteSpent,
    NoteTooLarge,
    NoteUnknown,
    NotTheIssuer,
    OrderLapsed,
    SupplyExceeded,
)
from hallmark.rules.state import digest_of
from hallmark.statement import envelope
from hallmark.statement.money import MOST_NOTES
from hallmark.statement.shape import BadClaim
from world.cast import key, name, org, public
from world.market import Market
from world.money import (
    LIMITS,
    currency,
    found,
    founding,
    ids_of,
    issue,
    made,
    notes,
    order,
    payment,
    redeem,
    signed,
    supply,
    transfer,
    unspent,
)


@pytest.fixture
def paying(market):
    """A market with a currency; Alice holds a note of 100."""
    found(market)
    market.note = issue(market, ("alice", 100))[0]
    return market


def test_money_is_issued_changes_hands_and_is_redeemed(paying):
    bob, change = transfer(paying, [paying.note], ["alice"], [("bob", 70), ("alice", 30)])
    assert {each["amount"] for each in unspent(paying).values()} == {70, 30}
    (charlie,) = transfer(paying, [bob, change], ["bob", "alice"], [("charlie", 100)])
    assert supply(paying) == 100
    redeem(paying, [charlie], ["charlie"])
    assert supply(paying) == 0
    assert not unspent(paying)


def test_a_spent_note_stays_and_says_what_spent_it(paying):
    statement, disclosures = payment(paying, [paying.note], ["alice"], [("bob", 100)])
    paying.admit(statement, disclosures)
    record = paying.state.get(f"note/{paying.note.hex()}")
    assert record["amount"] == 100
    assert record["spent_by"] == statement.draft.approval_digest


def test_a_holder_may_have_a_p256_key_and_no_larger_one(paying):
    holder = SoftwareSigner.generate(ESP256)
    (note,) = transfer(paying, [paying.note], ["alice"], [(holder, 100)])
    transfer(paying, [note], [holder], [("bob", 100)])
    with pytest.raises(BadClaim):
        issue(paying, outputs=[{"amount": 1, "holder": {"algorithm": -48, "material": bytes(1312)}}], count=1)


# Who may.


def test_a_currency_is_founded_once_and_by_a_scheme_owner(paying):
    with pytest.raises(RegisteredTwice):
        found(paying, issuer=org("lotus"))
    with pytest.raises(IssuerNotEntitled):
        paying.submit("currency.founded", "lotus", currency("points"), founding())


@pytest.mark.parametrize("unknown", [{"issuer": org("nobody")}, {"institutions": [org("nobody")]}])
def test_whom_a_currency_names_is_registered(market, unknown):
    with pytest.raises(NotRegistered):
        found(market, **unknown)


def test_a_currency_is_revised_by_who_founded_it(paying):
    other = {"role": "owner", "name": name("regulator"), "address": "1", "key": public(key("regulator"))}
    paying.submit("organisation.registered", "bank", org("regulator"), {**other, "hosted": True})
    news = {"institutions": [org("jade")], "limits": {"note": 10, "supply": 200}, "basis": "reviewed"}
    with pytest.raises(NotTheOwner):
        paying.submit("currency.revised", "regulator", currency(), news)
    paying.submit("currency.revised", "bank", currency(), news)
    with pytest.raises(NotAnInstitution):
        transfer(paying, [paying.note], ["alice"], [("bob", 100)])
    with pytest.raises(NoteTooLarge):
        issue(paying, ("bob", 11))
    transfer(paying, [paying.note], ["alice"], [("bob", 10)] * 10, issuer="jade")


def test_only_the_issuer_that_the_currency_names_issues_and_redeems(paying):
    with pytest.raises(NotTheIssuer):
        issue(paying, ("lotus", 1), issuer="lotus")
    with pytest.raises(NotTheIssuer):
        redeem(paying, [paying.note], ["alice"], issuer="lotus")


def test_a_commercial_issuer_issues_its_own_currency_and_not_the_owner(market):
    found(market, "deposit", issuer=org("jade"))
    issue(market, ("alice", 5), which="deposit", issuer="jade")
    with pytest.raises(NotTheIssuer):
        issue(market, ("alice", 5), which="deposit")


def test_payments_are_handed_in_by_an_institution_of_the_currency(market):
    found(market, institutions=[org("jade")])
    (note,) = issue(market, ("alice", 5))
    with pytest.raises(NotAnInstitution):
        transfer(market, [note], ["alice"], [("bob", 5)])
    transfer(market, [note], ["alice"], [("bob", 5)], issuer="bank")


@pytest.mark.parametrize("kind", ["money.issued", "money.transferred", "money.redeemed", "currency.revised"])
def test_there_is_no_money_without_a_currency(market, kind):
    claims = {
        "money.issued": made(notes(("alice", 1))),
        "money.transferred": signed(order(market, [bytes(32)], [("bob", 1)]), "alice"),
        "money.redeemed": signed(order(market, [bytes(32)]), "alice"),
        "currency.revised": {"institutions": [], "limits": LIMITS, "basis": "-"},
    }
    with pytest.raises(NotRegistered, match="currency"):
        market.submit(kind, "bank", currency(), claims[kind])


# No note is spent twice.


def test_a_note_is_spent_once(paying):
    transfer(paying, [paying.note], ["alice"], [("bob", 100)])
    with pytest.raises(NoteSpent):
        transfer(paying, [paying.note], ["alice"], [("charlie", 100)])
    with pytest.raises(NoteSpent):
        redeem(paying, [paying.note], ["alice"])


def test_two_payments_with_one_note_are_refused_in_one_batch_too(paying):
    before = digest_of(paying.state)
    pair = [payment(paying, [paying.note], ["alice"], [(who, 100)]) for who in ("bob", "charlie")]
    with pytest.raises(NoteSpent):
        admission.admit_batch(paying.state, pair)
    assert digest_of(paying.state) == before


def test_a_note_counts_once_in_one_payment(paying):
    with pytest.raises(NoteNamedTwice):
        transfer(paying, [paying.note] * 2, ["alice"] * 2, [("bob", 200)])


def test_a_note_that_nothing_made_is_worth_nothing(paying):
    with pytest.raises(NoteUnknown):
        transfer(paying, [bytes(32)], ["alice"], [("bob", 100)])


def test_a_note_pays_in_its_own_currency(paying):
    found(paying, "points")
    with pytest.raises(NoteOfAnotherCurrency):
        transfer(paying, [paying.note], ["alice"], [("bob", 100)], which="points")


def test_two_currencies_are_exchanged_whole_or_not_at_all(paying):
    found(paying, "points")
    (points,) = issue(paying, ("bob", 8), which="points")
    pay = payment(paying, [paying.note], ["alice"], [("bob", 100)])
    deliver = payment(paying, [points], ["bob"], [("alice", 8)], which="points")
    stolen = payment(paying, [points], ["alice"], [("alice", 8)], which="points")
    with pytest.raises(HolderDidNotSign):
        admission.admit_batch(paying.state, [pay, stolen])
    assert paying.note in unspent(paying)
    paying.state.apply(admission.admit_batch(paying.state, [pay, deliver]))
    assert paying.note not in unspent(paying)
    assert points not in unspent(paying, "points")


# Nobody moves the money of another.


@pytest.mark.parametrize("holders", [["mallory"], [], ["alice", "alice"]], ids=["thief", "nobody", "too many"])
def test_the_holder_of_a_note_signs(paying, holders):
    with pytest.raises((HolderDidNotSign, BadClaim)):
        transfer(paying, [paying.note], holders, [("mallory", 100)])


def test_every_holder_signs_and_in_the_order_of_the_notes(paying):
    (other,) = issue(paying, ("bob", 50))
    for holders in (["alice"], ["alice", "alice"], ["bob", "alice"]):
        with pytest.raises(HolderDidNotSign):
            transfer(paying, [paying.note, other], holders, [("charlie", 150)])
    transfer(paying, [paying.note, other], ["alice", "bob"], [("charlie", 150)])


@pytest.mark.parametrize(
    "other",
    [
        {"environment": "production"},
        {"kind": "money.redeemed"},
        {"issuer": "jade"},
        {"which": "points"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_an_order_signed_for_another_place_act_institution_or_currency_is_not_signed(paying, other):
    claims = signed(order(paying, [paying.note], [("bob", 100)]), "alice", **other)
    with pytest.raises(HolderDidNotSign):
        paying.submit("money.transferred", "lotus", currency(), claims)


@pytest.mark.parametrize(
    "changed",
    [
        {"outputs": notes(("mallory", 100))},
        {"outputs": notes(("bob", 99), ("lotus", 1)), "count": 2},
        {"until": 2**53},
    ],
    ids=["payee", "amount", "time"],
)
def test_what_a_holder_signed_serves_no_other_payment(paying, changed):
    claims = signed(order(paying, [paying.note], [("bob", 100)]), "alice")
    with pytest.raises(HolderDidNotSign):
        paying.submit("money.transferred", "lotus", currency(), {**claims, **changed})


def test_an_input_signed_for_another_payment_is_refused(paying):
    (second,) = issue(paying, ("alice", 100))
    claims = signed(order(paying, [paying.note], [("bob", 100)]), "alice")
    with pytest.raises(HolderDidNotSign):
        paying.submit("money.transferred", "lotus", currency(), {**claims, "inputs": [second]})


def test_an_order_stands_as_long_as_its_holders_said(paying):
    claims = signed(order(paying, [paying.note], [("bob", 100)], until=paying.clock), "alice")
    paying.pass_time(seconds=1)
    with pytest.raises(OrderLapsed):
        paying.submit("money.transferred", "lotus", currency(), claims)
    claims = signed(order(paying, [paying.note], [("bob", 100)], until=paying.clock), "alice")
    paying.submit("money.transferred", "lotus", currency(), claims)


# Replays.


def test_a_payment_is_admitted_once(paying):
    statement, disclosures = payment(paying, [paying.note], ["alice"], [("bob", 100)])
    paying.admit(statement, disclosures)
    with pytest.raises(AdmittedBefore):
        paying.admit(statement, disclosures)


def test_an_order_that_was_carried_out_is_not_carried_out_again_in_a_new_statement(paying):
    claims = signed(order(paying, [paying.note], [("bob", 100)]), "alice")
    paying.submit("money.transferred", "lotus", currency(), claims)
    paying.pass_time(seconds=1)
    with pytest.raises(NoteSpent):
        paying.submit("money.transferred", "lotus", currency(), claims)


def test_a_payment_of_another_environment_is_refused(paying):
    claims = signed(order(paying, [paying.note], [("bob", 100)]), "alice", environment="production")
    with pytest.raises(WrongEnvironment):
        paying.admit(*paying.prepare("money.transferred", "lotus", currency(), claims, environment="production"))


def test_an_issue_signed_again_under_a_new_key_makes_no_notes_again(paying):
    draft, disclosures = paying.draft("money.issued", "bank", currency(), made(notes(("alice", 5))))
    paying.admit(envelope.parse(envelope.sign(draft, (), key("bank"))), disclosures)
    new = {"key": public(key("new key")), "hosted": True, "reason": "rotation"}
    paying.submit("organisation.rekeyed", "operator", org("bank"), new)
    with pytest.raises(NotesMadeBefore):
        paying.admit(envelope.parse(envelope.sign(draft, (), key("new key"))), disclosures)


# None is made or lost.


@pytest.mark.parametrize("amounts", [(101,), (99,), (60, 41), (1,) * 3])
def test_a_transfer_makes_what_it_spends(paying, amounts):
    with pytest.raises(NotConserved):
        transfer(paying, [paying.note], ["alice"], [("bob", amount) for amount in amounts])


@pytest.mark.parametrize("amount", [0, -100, 2**53 + 1, True, None])
def test_an_amount_is_a_positive_whole_number(paying, amount):
    with pytest.raises(BadClaim):
        transfer(paying, [paying.note], ["alice"], [("bob", 100), ("mallory", amount)])


def test_a_note_keeps_to_the_limit_and_so_does_the_supply(paying):
    with pytest.raises(NoteTooLarge):
        issue(paying, ("bob", LIMITS["note"] + 1))
    left = LIMITS["supply"] - supply(paying)
    many = [("bob", 600)] * (left // 600)
    with pytest.raises(SupplyExceeded):
        issue(paying, *many, ("bob", left % 600 + 1))
    issue(paying, *many, ("bob", left % 600))
    redeem(paying, [paying.note], ["alice"])
    issue(paying, ("alice", 100))


@pytest.mark.parametrize("count", [1, 3])
def test_everyone_is_told_how_many_notes_there_are(paying, count):
    with pytest.raises(NotesMiscounted):
        issue(paying, ("alice", 1), ("bob", 1), count=count)


def test_money_goes_to_keys_that_the_ledger_allows(paying, cfp):
    holder = {"algorithm": ED25519, "material": bytes(32)}
    with pytest.raises(BadKey):
        issue(paying, outputs=[{"amount": 1, "holder": holder}], count=1)
    strict = Market(cfp, "CFP-01")
    strict.found(algorithms=[ED25519])
    found(strict, institutions=[])
    with pytest.raises(AlgorithmNotAllowed):
        issue(strict, (SoftwareSigner.generate(ESP256), 1))


# What it costs, and who sees what.


def test_the_largest_payment_fits_into_a_statement(paying):
    holder = SoftwareSigner.generate(ESP256)
    many = issue(paying, *[(holder, 3)] * MOST_NOTES)
    statement, disclosures = payment(paying, many, [holder] * MOST_NOTES, [(holder, 3)] * MOST_NOTES)
    assert len(statement.encoded) < envelope.MAX_SIZE // 8
    paying.admit(statement, disclosures)
    with pytest.raises(BadClaim):
        issue(paying, *[("bob", 1)] * (MOST_NOTES + 1))


def test_a_payment_writes_its_own_notes_and_nothing_that_grows(paying):
    def cost():
        statement, disclosures = payment(paying, [paying.note], ["alice"], [("alice", 100)])
        changes = paying.admit(statement, disclosures)
        paying.note = ids_of(statement)[0]
        return sorted(key.partition("/")[0] for key in changes), len(repr(changes))

    costs = [cost() for _ in range(30)]
    assert all(each[0] == ["note", "note", "statement"] for each in costs)
    assert max(size for _, size in costs) - min(size for _, size in costs) < 200


def test_amounts_and_holders_are_for_members_only(paying):
    transfer(paying, [paying.note], ["alice"], [("bob", 70), ("alice", 30)])
    for encoded, _ in paying.ledger[-2:]:
        assert key("alice").public.material not in encoded
        draft = envelope.parse(encoded).draft
        assert set(draft.public) <= {"inputs", "count", "until"}
        assert set(draft.members) <= {"outputs", "signatures"}


def double_spends(ledger):
    """Return what a stranger finds with the public projection alone: notes spent twice, or made by nothing."""
    notes, spent, wrong = set(), set(), []
    for statement in ledger:
        for note in statement.draft.public.get("inputs", ()):
            if note not in notes or note in spent:
                wrong.append(note)
            spent.add(note)
        if statement.draft.kind.name.startswith("money."):
            notes |= set(ids_of(statement))
    return wrong


def test_a_stranger_sees_that_no_note_is_spent_twice_without_any_disclosure(paying):
    twice, _ = payment(paying, [paying.note], ["alice"], [("charlie", 100)])
    (bob,) = transfer(paying, [paying.note], ["alice"], [("bob", 100)])
    redeem(paying, [bob], ["bob"])
    ledger = [envelope.parse(encoded) for encoded, _ in paying.ledger]
    assert double_spends(ledger) == []
    assert double_spends([*ledger, twice]) == [paying.note]
