"""Money in the simulated market: a currency of the bank's, carried by Lotus and Jade, and holders with keys of theirs.

Holders are named like everybody: `key(name)` is the key of a holder. Lotus is the institution that hands in transfers.
"""

from __future__ import annotations

from hallmark.kernel import identifier
from hallmark.statement import envelope, money
from world.cast import key, name, org, public
from world.ledger import ENVIRONMENT

LIMITS = {"note": 1_000, "supply": 5_000}


def currency(which="yuan"):
    """Return the identifier of a currency."""
    return identifier.from_seed("CURRENCY", which.encode())


def founding(**claims):
    return {
        "name": name("digital yuan", "数字"),
        "unit": "CNY",
        "decimals": 2,
        "issuer": org("bank"),
        "institutions": [org("lotus"), org("jade")],
        "limits": LIMITS,
        "basis": "the simulated market",
        **claims,
    }


def found(market, which="yuan", **claims):
    market.submit("currency.founded", "bank", currency(which), founding(**claims))


def notes(*pairs):
    """Return outputs; each pair is a holder's name, or key, and an amount."""
    return [{"amount": amount, "holder": public(key(who) if isinstance(who, str) else who)} for who, amount in pairs]


def made(outputs, **claims):
    """Return the claims of a statement that makes notes."""
    return {"count": len(outputs), "outputs": outputs, **claims}


def ids_of(statement):
    """Return the identifiers of the notes that a statement makes, as anyone computes them."""
    draft = statement.draft
    return [money.note_id(draft.approval_digest, index) for index in range(draft.public.get("count", 0))]


def issue(market, *pairs, which="yuan", issuer="bank", **claims):
    """Issue notes; return their identifiers."""
    market.submit("money.issued", issuer, currency(which), {**made(notes(*pairs)), **claims})
    return ids_of(envelope.parse(market.ledger[-1][0]))


def order(market, inputs, pairs=(), **claims):
    """Return the claims of a payment that nobody signed yet."""
    spent = {"inputs": list(inputs), "until": market.clock + 60_000}
    return {**spent, **(made(notes(*pairs)) if pairs else {}), **claims}


def signed(claims, *holders, kind="money.transferred", issuer="lotus", which="yuan", environment=ENVIRONMENT):
    """Return the claims with the signatures of the holders, in the order of the notes spent."""
    digest = money.order_digest(environment, kind, org(issuer), currency(which), claims)
    signers = (key(who) if isinstance(who, str) else who for who in holders)
    return {**claims, "signatures": [money.sign_order(digest, signer) for signer in signers]}


def payment(market, inputs, holders, pairs, *, issuer="lotus", which="yuan"):
    """Return a transfer that its holders signed, with its disclosures."""
    claims = signed(order(market, inputs, pairs), *holders, issuer=issuer, which=which)
    return market.prepare("money.transferred", issuer, currency(which), claims)


def transfer(market, inputs, holders, pairs, **at):
    """Let a transfer happen; return the identifiers of the notes it makes."""
    statement, disclosures = payment(market, inputs, holders, pairs, **at)
    market.admit(statement, disclosures)
    return ids_of(statement)


def redeem(market, inputs, holders, issuer="bank", which="yuan"):
    """Let notes be redeemed."""
    at = {"kind": "money.redeemed", "issuer": issuer, "which": which}
    market.submit("money.redeemed", issuer, currency(which), signed(order(market, inputs), *holders, **at))


def supply(market, which="yuan"):
    """Return what the register says is in circulation."""
    return market.state.get(f"supply/{currency(which)}")["amount"]


def unspent(market, which="yuan"):
    """Return the unspent notes of a currency, by identifier."""
    return {
        bytes.fromhex(at.removeprefix("note/")): record
        for at, record in market.state.scan("note/")
        if record["currency"] == currency(which) and "spent_by" not in record
    }
