"""Confidential statements: what travels beside them is sealed to the members' nodes, where alone their rules run.

1. Statements about money of a currency that was founded as confidential come sealed (`NotSealed`), no others do
   (`SealedWithoutNeed`): so whoever cannot open them knows which records it does not keep.
2. Who opens them runs all rules, and says of a breach which rule it is and nothing that the rule read
   (`SealedNotAdmitted`). Who cannot open them admits what a stranger can check (`rules.public`).
"""

from __future__ import annotations

from collections.abc import Callable

from hallmark.kernel.errors import HallmarkError, Refusal, Unavailable
from hallmark.rules import admission, public
from hallmark.rules.state import Changes, State
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.envelope import Draft, Statement
from hallmark.statement.sealing import Hidden, Sealed

Open = Callable[[Sealed, bytes], tuple[Disclosure, ...]]
"""Returns what is sealed beside the statement of a digest; raises as `Sealed.open`."""

_FAMILY = "money."


class NotSealed(Refusal):
    """What is confidential comes sealed to the members' nodes."""

    en = "{currency} is confidential: what only members read is sealed to their nodes. `hallmark money` seals it."
    zh = "{currency} 为保密货币：仅成员可读的内容须密封给其节点。`hallmark money` 会予以密封。"


class SealedWithoutNeed(Refusal):
    """Only what is confidential is sealed, or those who keep records could not follow."""

    en = "{kind} about {subject} is not confidential. Send its disclosures in the clear."
    zh = "关于 {subject} 的 {kind} 并非保密内容。请以明文提交其披露。"


class SealedNotAdmitted(Refusal):
    """A rule forbids it; which one is all that leaves a node."""

    en = "The rules forbid what is sealed: {rule}. What it says stays sealed; correct it where it was sealed."
    zh = "规则不允许所密封的内容：{rule}。其内容保持密封；请在密封之处更正。"


def admit(state: State, statement: Statement, hidden: Hidden, open_sealed: Open | None = None) -> Changes:
    """Return the records that become so; without `open_sealed`, of what is sealed those that a stranger sees.

    Raises as `admission.admit`, `NotSealed`, `SealedWithoutNeed`, `SealedNotAdmitted`, and as `open_sealed`.
    """
    check_sealed(state, statement.draft, sealed=isinstance(hidden, Sealed))
    if not isinstance(hidden, Sealed):
        return admission.admit(state, statement, hidden)
    if open_sealed is None:
        return public.admit(state, statement)
    try:
        return admission.admit(state, statement, open_sealed(hidden, statement.digest))
    except Unavailable:
        raise
    except HallmarkError as error:
        raise SealedNotAdmitted(rule=error.code) from None


def check_sealed(state: State, draft: Draft, *, sealed: bool) -> None:
    """Rule 1."""
    confidential = draft.kind.name.startswith(_FAMILY) and bool(
        (state.get(f"currency/{draft.subject}") or {}).get("confidential")
    )
    if confidential and not sealed:
        raise NotSealed(currency=draft.subject)
    if sealed and not confidential:
        raise SealedWithoutNeed(kind=draft.kind.shown, subject=draft.subject)
