"""Who prepares and submits which statement for which organisation, and about what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallmark.kernel.text import Text
from hallmark.office.accounts import queries as accounts
from hallmark.office.accounts.errors import NoSuchMember
from hallmark.office.accounts.policies import Act, Actor, Scope
from hallmark.office.evidence import policies as evidence
from hallmark.office.registry import queries
from hallmark.office.registry.errors import NoSuchCase
from hallmark.statement import kinds

_FUNCTIONS: Mapping[str, str] = {
    "application": "case_officer applicant_representative",
    "agreement": "applicant_representative",
    "evaluation": "case_officer",
    "sample": "tester",
    "test": "tester authorised_signatory",
    "audit": "auditor",
    "nonconformity": "auditor tester applicant_representative",
    "review": "reviewer",
    "decision": "decision_maker",
    "signoff": "responsible_person",
    "appeal": "applicant_representative decision_maker",
    "certificate": "case_officer decision_maker responsible_person",
    "person": "registrar",
}

SEE_CASE = Act(Text("查看案件", "see the case"), scope=Scope.READ)


def act_of(kind: str) -> Act:
    """Return the act of preparing and submitting a statement of `kind`; a manager may do all of them."""
    subject = kind.split(".", maxsplit=1)[0]
    functions = frozenset({"manager", *_FUNCTIONS.get(subject, "").split()})
    title = kinds.find(kind).title
    return Act(Text(f"作出声明“{title.zh}”", f"make the statement “{title.en}”"), functions)


def must_concern(actor: Actor, kind: str, issuer: str, subject: str, claims: Mapping[str, Any]) -> None:
    """Raise unless what a statement is about is its issuer's, where the ledger cannot tell.

    Raises `NotTheOwner`, `NoSuchEvidence` for evidence of others, `NoSuchMember` for a competence of somebody else's,
    `NoSuchCase`, and as `evidence.offered` for an agreement that the applicant could not read.
    """
    if kind == "evidence.erased":
        evidence.owned(claims["address"].hex(), [issuer])
    if kind == "application.accepted":
        may_see_case(actor, subject)
        evidence.offered(claims["agreement"], issuer, queries.case(subject)["applicant"])
    if kind == "competence.recorded" and subject not in accounts.members(actor, issuer):
        raise NoSuchMember(person=subject, organisation=issuer)


def may_see_case(actor: Actor, case: str) -> None:
    """Raise `NoSuchCase` unless the case is of one of the actor's organisations, or the actor oversees the scheme."""
    if not queries.parties(case) & actor.organisations:
        raise NoSuchCase(case=case)
