"""Money at the command line: the notes to make, and those to spend, signed with their holders' keys in the profile."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from hallmark.cli.desk import Desk
from hallmark.cli.errors import BadArgument
from hallmark.kernel.keys import ED25519, ESP256
from hallmark.kernel.text import Text
from hallmark.statement import kinds
from hallmark.statement.money import CURRENCY, note_id, order_digest, sign_order
from hallmark.statement.plain import read_claims

_HOUR = 3600
_HOLDERS: Mapping[int, int] = {64: ED25519, 130: ESP256}
"""Algorithms of holders, by the hexadecimal digits of their keys."""


def read_notes(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the claims of the notes to make, each a key and an amount; raises `BadArgument`."""
    outputs = []
    for holder, amount in pairs:
        algorithm = _HOLDERS.get(len(holder))
        if algorithm is None or not (amount.isascii() and amount.isdecimal()):
            why = Text(
                "应为公钥（Ed25519 或 P-256）=整数金额", "a key (Ed25519 or P-256) and a whole number are wanted"
            )
            raise BadArgument(argument=f"{holder}={amount}"[:100], why=why)
        outputs.append({"amount": int(amount), "holder": {"algorithm": algorithm, "material": holder}})
    return {"outputs": outputs, "count": len(outputs)}


def sign_notes(
    desk: Desk, options: Namespace, pairs: Iterable[tuple[str, str]], made: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the claims of the notes to spend, each a note and the name of its key, for those `made`.

    Raises `BadClaim`, or as `Profile.key`.
    """
    names, holders = zip(*pairs, strict=True)
    spent = {"inputs": [*names], "until": (int(time.time()) + options.hours * _HOUR) * 1000}
    kind = options.act.kind
    claims = read_claims(kinds.find(kind), {**made, **spent})
    order = order_digest(desk.me["environment"], kind, desk.office, options.currency, claims)
    return {**spent, "signatures": [sign_order(order, desk.profile.key(each)[1]).hex() for each in holders]}


def notes_made(draft: Mapping[str, Any]) -> dict[str, Any]:
    """Return the identifiers of the notes that a draft makes, if it makes any."""
    if kinds.find(draft["kind"]).about is not CURRENCY or "count" not in draft["claims"]:
        return {}
    digest = bytes.fromhex(draft["approval_digest"])
    return {"notes": [note_id(digest, index).hex() for index in range(draft["claims"]["count"])]}
