"""Rules about money: notes are issued, change hands and are redeemed, and between the two none is made or lost.

A note is a record of its currency, its amount in minor units and its holder's key; when it is spent, the record stays
and says by what. Two currencies are exchanged by two transfers in one batch.

1. A currency is founded once (`RegisteredTwice`), for an issuer and institutions that are registered (`NotRegistered`);
   its institutions and limits are revised by the owner that founded it (`NotTheOwner`). A confidential one needs a
   consortium, to whose nodes its payments are sealed (`NoNodesToSealTo`).
2. Only its issuer issues and redeems (`NotTheIssuer`); only its issuer and its institutions hand in transfers
   (`NotAnInstitution`).
3. What is spent exists (`NoteUnknown`), is of this currency (`NoteOfAnotherCurrency`), is named once
   (`NoteNamedTwice`) and was not spent before (`NoteSpent`).
4. The holder of each note spent signed this very order: environment, kind, institution, currency, notes spent, notes
   made, and how long it stands (`HolderDidNotSign`, `OrderLapsed`).
5. The notes made are as many as everyone is told (`NotesMiscounted`), were not made before (`NotesMadeBefore`), belong
   to keys (`BadKey`) of algorithms that genesis allows (`AlgorithmNotAllowed`), and keep to the limit for one note
   (`NoteTooLarge`).
6. A transfer makes exactly what it spends (`NotConserved`).
7. What is issued and not redeemed keeps to the limit of the supply (`SupplyExceeded`).
"""

from __future__ import annotations

from hallmark.kernel import instant
from hallmark.kernel.errors import Missing, Refusal
from hallmark.kernel.keys import BadSignature, PublicKey
from hallmark.kernel.text import Text
from hallmark.rules.act import Act
from hallmark.rules.market import NotTheOwner, RegisteredTwice, check_key
from hallmark.rules.state import Record
from hallmark.statement.money import note_id, order_digest, verify_order


class NoNodesToSealTo(Refusal):
    """One operator cannot run rules over what it may not read."""

    en = "{currency} is to be confidential, and no consortium keeps this ledger. Found it first, or leave that out."
    zh = "{currency} 拟为保密货币，而本账本尚无联盟维护。请先创立联盟，或去掉该项。"


class NotTheIssuer(Refusal):
    """A currency has one issuer."""

    en = "{issuer} may not issue or redeem {currency}; that is for {named}, which the currency names. Ask it."
    zh = "{issuer} 不得发行或赎回 {currency}；仅限该货币指定的发行方 {named}。请向其提出。"


class NotAnInstitution(Refusal):
    """Payments are handed in by those whom the currency names."""

    en = "{issuer} is no institution of {currency}. Hand the payment in through one, or have the currency revised."
    zh = "{issuer} 不是 {currency} 的运营机构。请通过其运营机构提交，或由设立方变更该货币。"


class NoteUnknown(Missing):
    """Nothing made this note."""

    en = "There is no note {note} on the ledger. Check its identifier; a note is made by an issue or a transfer."
    zh = "账本上不存在币串 {note}。请核对编号；币串只由发行或转移产生。"


class NoteOfAnotherCurrency(Refusal):
    """One statement moves one currency."""

    en = "Note {note} is of {theirs}, not of {currency}. Pay each currency by a transfer of its own."
    zh = "币串 {note} 属于 {theirs}，而非 {currency}。每种货币须各以一次转移支付。"


class NoteNamedTwice(Refusal):
    """A note pays once, in one statement too."""

    en = "Note {note} is named twice. Name every note once."
    zh = "币串 {note} 被列出两次。每枚币串只能列出一次。"


class NoteSpent(Refusal):
    """A note is spent once."""

    en = "Note {note} was spent before. Pay with notes that are unspent."
    zh = "币串 {note} 此前已被花费。请以未花费的币串支付。"


class HolderDidNotSign(Refusal):
    """Nobody moves the money of another."""

    en = "The holder of note {note} did not sign this order: {why}. Every holder signs the order as it is handed in."
    zh = "币串 {note} 的持有者未签署该支付指令：{why}。每位持有者须签署所提交的指令本身。"


class OrderLapsed(Refusal):
    """An order stands as long as its holders said."""

    en = "The order stood until {until}, and it is {now}. Let the holders sign a new one."
    zh = "该支付指令有效至 {until}，现为 {now}。请由持有者重新签署。"


class NotesMiscounted(Refusal):
    """Everyone can tell which notes there are."""

    en = "The statement says that it makes {count} notes and makes {made}. State the true number."
    zh = "该声明称产生 {count} 枚币串，实为 {made} 枚。请如实填写数量。"


class NotesMadeBefore(Refusal):
    """One content makes notes once, under whatever key it is signed."""

    en = "Note {note} exists: this content was admitted under another key. Prepare a new statement for a new issue."
    zh = "币串 {note} 已存在：该内容已以另一密钥签署并记入账本。如需再次发行，请另行准备声明。"


class NoteTooLarge(Refusal):
    """The currency limits one note."""

    en = "A note of {amount} is larger than the limit of {limit}. Make several."
    zh = "面额 {amount} 超过单枚限额 {limit}。请分为多枚。"


class NotConserved(Refusal):
    """A transfer neither makes nor loses money."""

    en = "The notes spent are worth {spent}, the notes made {made}. Both must be the same; make a note for the change."
    zh = "所花费币串合计 {spent}，所产生币串合计 {made}。两者必须相等；找零请另列一枚币串。"


class SupplyExceeded(Refusal):
    """The currency limits its supply."""

    en = "With this issue {supply} would be in circulation; the limit is {limit}. Issue less, or have it revised."
    zh = "发行后流通量将达 {supply}，超过限额 {limit}。请减少发行，或由设立方变更限额。"


def currency_is_new(act: Act) -> None:
    """Rule 1."""
    if act.state.get(f"currency/{act.subject}") is not None:
        raise RegisteredTwice(which=act.subject)
    act.need(f"organisation/{act.claims['issuer']}", "organisation", act.claims["issuer"])
    if act.claims.get("confidential") and act.state.get("consortium") is None:
        raise NoNodesToSealTo(currency=act.subject)


def institutions_are_registered(act: Act) -> None:
    """Rule 1."""
    for name in act.claims["institutions"]:
        act.need(f"organisation/{name}", "organisation", name)


def issuer_founded_it(act: Act) -> None:
    """Rule 1."""
    owner = _currency(act)["owner"]
    if owner != act.issuer:
        why = Text(f"{act.subject} 由 {owner} 设立", f"{act.subject} was founded by {owner}")
        raise NotTheOwner(issuer=act.issuer, why=why)


def issuer_is_the_currencys(act: Act) -> None:
    """Rule 2."""
    named = _currency(act)["issuer"]
    if named != act.issuer:
        raise NotTheIssuer(issuer=act.issuer, currency=act.subject, named=named)


def issuer_is_institution(act: Act) -> None:
    """Rule 2."""
    currency = _currency(act)
    if act.issuer not in (currency["issuer"], *currency["institutions"]):
        raise NotAnInstitution(issuer=act.issuer, currency=act.subject)


def inputs_are_unspent(act: Act) -> None:
    """Rule 3."""
    seen: set[bytes] = set()
    for name in act.claims["inputs"]:
        note = _note(act, name)
        if note["currency"] != act.subject:
            raise NoteOfAnotherCurrency(note=name.hex(), theirs=note["currency"], currency=act.subject)
        if name in seen:
            raise NoteNamedTwice(note=name.hex())
        if "spent_by" in note:
            raise NoteSpent(note=name.hex())
        seen.add(name)


def order_stands(act: Act) -> None:
    """Rule 4."""
    if act.now > act.claims["until"]:
        raise OrderLapsed(until=instant.to_text(act.claims["until"]), now=instant.to_text(act.now))


def holders_signed(act: Act) -> None:
    """Rule 4."""
    inputs, signatures = act.claims["inputs"], act.claims["signatures"]
    if len(inputs) != len(signatures):
        why = Text(
            f"{len(inputs)} 枚币串附 {len(signatures)} 个签名", f"{len(signatures)} signatures for {len(inputs)} notes"
        )
        raise HolderDidNotSign(note=inputs[-1].hex(), why=why)
    order = order_digest(act.draft.environment, act.kind, act.issuer, act.subject, act.claims)
    for name, signature in zip(inputs, signatures, strict=True):
        try:
            verify_order(order, PublicKey(**_note(act, name)["holder"]), signature)
        except BadSignature as error:
            raise HolderDidNotSign(note=name.hex(), why=error.facts["why"]) from None


def outputs_are_sound(act: Act) -> None:
    """Rule 5."""
    count, made = act.claims["count"], act.claims["outputs"]
    if count != len(made):
        raise NotesMiscounted(count=count, made=len(made))
    notes_are_new(act)
    limit, allowed = _currency(act)["limits"]["note"], act.need("ledger", "ledger", "")["algorithms"]
    for output in made:
        check_key(PublicKey(**output["holder"]), allowed)
        if output["amount"] > limit:
            raise NoteTooLarge(amount=output["amount"], limit=limit)


def notes_are_new(act: Act) -> None:
    """Rule 5."""
    first = note_id(act.draft.approval_digest, 0).hex()
    if act.state.get(f"note/{first}") is not None:
        raise NotesMadeBefore(note=first)


def money_is_conserved(act: Act) -> None:
    """Rule 6."""
    if _spent(act) != _made(act):
        raise NotConserved(spent=_spent(act), made=_made(act))


def supply_is_limited(act: Act) -> None:
    """Rule 7."""
    supply, limit = _supply(act) + _made(act), _currency(act)["limits"]["supply"]
    if supply > limit:
        raise SupplyExceeded(supply=supply, limit=limit)


def found(act: Act) -> None:
    """Effect: the currency is, and none of it circulates."""
    act.put(f"currency/{act.subject}", {**act.claims, "owner": act.issuer})
    act.put(f"supply/{act.subject}", {"amount": 0})


def revise(act: Act) -> None:
    """Effect: other institutions and limits from now on; notes there are stay as they are."""
    act.put(f"currency/{act.subject}", {**_currency(act), **act.claims})


def issue(act: Act) -> None:
    """Effect: the notes are, and the supply has grown by them."""
    act.put(f"supply/{act.subject}", {"amount": _supply(act) + _made(act)})
    _make(act)


def transfer(act: Act) -> None:
    """Effect: the notes given are spent, and those made in their place are."""
    mark_spent(act)
    _make(act)


def redeem(act: Act) -> None:
    """Effect: the notes are spent, and the supply has shrunk by them."""
    act.put(f"supply/{act.subject}", {"amount": _supply(act) - _spent(act)})
    mark_spent(act)


def name_notes(act: Act) -> None:
    """Effect for a stranger: the notes are, of an amount and for a holder that strangers do not read."""
    for index in range(act.claims["count"]):
        act.put(f"note/{note_id(act.draft.approval_digest, index).hex()}", {"currency": act.subject})


def mark_spent(act: Act) -> None:
    """Effect: the notes are spent."""
    spender = act.draft.approval_digest
    for name in act.claims["inputs"]:
        act.put(f"note/{name.hex()}", {**_note(act, name), "spent_by": spender})


def _currency(act: Act) -> Record:
    return act.need(f"currency/{act.subject}", "currency", act.subject)


def _supply(act: Act) -> int:
    amount: int = act.need(f"supply/{act.subject}", "currency", act.subject)["amount"]
    return amount


def _note(act: Act, name: bytes) -> Record:
    note = act.state.get(f"note/{name.hex()}")
    if note is None:
        raise NoteUnknown(note=name.hex())
    return note


def _spent(act: Act) -> int:
    return sum(_note(act, name)["amount"] for name in act.claims["inputs"])


def _made(act: Act) -> int:
    return sum(output["amount"] for output in act.claims["outputs"])


def _make(act: Act) -> None:
    maker = act.draft.approval_digest
    for index, output in enumerate(act.claims["outputs"]):
        act.put(f"note/{note_id(maker, index).hex()}", {**output, "currency": act.subject})


_INPUTS = (inputs_are_unspent, order_stands, holders_signed)

RULES = {
    "currency.founded": (currency_is_new, institutions_are_registered, found),
    "currency.revised": (issuer_founded_it, institutions_are_registered, revise),
    "money.issued": (issuer_is_the_currencys, outputs_are_sound, supply_is_limited, issue),
    "money.transferred": (issuer_is_institution, outputs_are_sound, *_INPUTS, money_is_conserved, transfer),
    "money.redeemed": (issuer_is_the_currencys, *_INPUTS, redeem),
}

PUBLIC_RULES = {
    "currency.founded": RULES["currency.founded"],
    "currency.revised": RULES["currency.revised"],
    "money.issued": (issuer_is_the_currencys, notes_are_new, name_notes),
    "money.transferred": (
        issuer_is_institution,
        notes_are_new,
        inputs_are_unspent,
        order_stands,
        mark_spent,
        name_notes,
    ),
    "money.redeemed": (issuer_is_the_currencys, inputs_are_unspent, order_stands, mark_spent),
}
"""What needs no claim that only members read: that no note is spent twice, or spent without having been made."""
