"""Statements about money: who founds a currency, and how its notes are issued, change hands and are redeemed.

A note is an amount in minor units, for whoever signs with its holder's key. It is spent whole; what spends it makes
new ones. Everyone reads which notes are spent and how many are made; members, how much and whose (spec/payment.md):
of a confidential currency, their nodes alone (spec/confidential.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.kernel import hashing
from hallmark.kernel.keys import PublicKey, Signer
from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, members, optional, public
from hallmark.statement.shape import CODE, DIGEST, NAME, ORGANISATION, PROSE, Flag, Id, ListOf, Octets, Record, Whole

MOST_NOTES = 100
"""So many notes a statement spends at most, and so many it makes: 3,400 bytes of the 65,535."""

_ORDER = "hallmark/payment/1"
_NOTE = "hallmark/note/1"

CURRENCY = Id(("CURRENCY",))
AMOUNT = Whole(1)
HOLDER = Record({"algorithm": Whole(-100, -1), "material": Octets(0, 65)})  # Ed25519 or P-256: others are longer
NOTE = Record({"amount": AMOUNT, "holder": HOLDER})
_LIMITS = Record({"note": AMOUNT, "supply": AMOUNT})
_INSTITUTIONS = ListOf(ORGANISATION, 0, 100)

_CARRIERS = (Role.OPERATOR, Role.OWNER, Role.APPLICANT)
_SPENT = (public("inputs", ListOf(DIGEST, 1, MOST_NOTES)), public("until", Whole()))
_MADE = (public("count", Whole(1, MOST_NOTES)), members("outputs", ListOf(NOTE, 1, MOST_NOTES)))
_SIGNED = members("signatures", ListOf(Octets(64), 1, MOST_NOTES))

KINDS = (
    Kind(
        "currency.founded",
        Text("货币设立", "Currency founded"),
        (Role.OWNER,),
        CURRENCY,
        (
            public("name", NAME),
            public("unit", CODE),
            public("decimals", Whole(0, 15)),
            public("issuer", ORGANISATION),
            public("institutions", _INSTITUTIONS),
            public("limits", _LIMITS),
            optional(public("confidential", Flag())),
            public("basis", PROSE),
        ),
    ),
    Kind(
        "currency.revised",
        Text("货币参数变更", "Currency revised"),
        (Role.OWNER,),
        CURRENCY,
        (public("institutions", _INSTITUTIONS), public("limits", _LIMITS), public("basis", PROSE)),
    ),
    Kind("money.issued", Text("货币发行", "Money issued"), _CARRIERS, CURRENCY, _MADE),
    Kind("money.transferred", Text("货币转移", "Money transferred"), _CARRIERS, CURRENCY, (*_SPENT, *_MADE, _SIGNED)),
    Kind("money.redeemed", Text("货币赎回", "Money redeemed"), _CARRIERS, CURRENCY, (*_SPENT, _SIGNED)),
)


def note_id(approval_digest: bytes, index: int) -> bytes:
    """Return the 32 bytes that name the note at `index` among those that the draft of that digest makes."""
    return hashing.digest_of(_NOTE, [approval_digest, index])


def order_digest(environment: str, kind: str, issuer: str, currency: str, claims: Mapping[str, Any]) -> bytes:
    """Return the 32 bytes that stand for a payment order: all that the holders of the notes it spends agree to."""
    notes = [claims["inputs"], claims.get("outputs", [])]
    return hashing.digest_of(_ORDER, [environment, kind, issuer, currency, claims["until"], *notes])


def sign_order(order: bytes, signer: Signer) -> bytes:
    """Return a holder's signature under the order whose digest is given."""
    return signer.sign(_ORDER.encode() + order)


def verify_order(order: bytes, holder: PublicKey, signature: bytes) -> None:
    """Raise `BadSignature` unless `holder` signed the order whose digest is given."""
    holder.verify(_ORDER.encode() + order, signature)
