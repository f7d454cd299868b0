"""The law as far as a stranger can follow it: whoever reads only the public claims of a ledger.

| kinds                                       | what is checked                                                       |
|---------------------------------------------|-----------------------------------------------------------------------|
| of the ledger, the consortium               | everything, as `admission.admit` does; so are stated statuses         |
| organisations and persons with their keys   | everything, of applicants all but the name                            |
| status of certificates                      | that the body changed its own certificate, to what may follow         |
| money                                       | who may; that each note is made before it is spent, and spent once    |
| all others                                  | form, issuer, role, signature, age, and that persons approved it      |

What a stranger cannot see is whether the rules about members' claims hold: that is what the members vouch for.
"""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.rules import admission, certificate, consortium, ledger, market, money
from hallmark.rules.act import Act
from hallmark.rules.admission import Rule
from hallmark.rules.state import Changes, Overlay, State
from hallmark.statement.envelope import Statement
from hallmark.statement.kind import Role


def admit(state: State, statement: Statement) -> Changes:
    """Return the records that anyone can tell become so; raises the breach that anyone can see."""
    overlay = Overlay(state)
    draft = statement.draft
    admission.check_origin(overlay, statement)
    act = Act(overlay, draft, dict(draft.public), {})
    for approval in statement.approvals:
        admission.check_approval(act, approval, draft.approval_digest)
    for rule in RULES.get(draft.kind.name, ()):
        rule(act)
    overlay.apply({f"statement/{statement.digest.hex()}": {}})
    if statement.approvals:
        overlay.apply({f"approved/{draft.approval_digest.hex()}": {}})
    return overlay.changes


def register_applicant(act: Act) -> None:
    """Effect: the organisation is, under a name that strangers do not read."""
    record = {"role": str(Role.APPLICANT), "key": act.claims["key"], "hosted": act.claims["hosted"]}
    act.put(f"organisation/{act.subject}", record)
    market.put_key(act, act.subject, act.claims["key"])


_OF_MARKET = (
    "organisation.registered",
    "organisation.rekeyed",
    "person.enrolled",
    "person.rekeyed",
    "person.merged",
)
_STATUS = (certificate.certificate_is_the_issuers, certificate.status_may_follow, certificate.set_status)

RULES: Mapping[str, tuple[Rule, ...]] = {
    **ledger.RULES,
    **consortium.RULES,
    **{kind: market.RULES[kind] for kind in _OF_MARKET},
    "applicant.registered": (market.organisation_is_new, market.key_is_allowed, register_applicant),
    "scheme.adopted": (consortium.edition_is_voted_for, market.adopt_scheme),
    "certificate.issued": (certificate.register,),
    **dict.fromkeys(certificate.TRANSITIONS, _STATUS),
    **money.PUBLIC_RULES,
}
