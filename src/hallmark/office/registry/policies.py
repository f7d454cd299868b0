"""Which function prepares and submits which kind of statement for its organisation."""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Act, Actor, Scope
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
}

SEE_CASE = Act(Text("查看案件", "see the case"), scope=Scope.READ)


def act_of(kind: str) -> Act:
    """Return the act of preparing and submitting a statement of `kind`; a manager may do all of them."""
    subject = kind.split(".", maxsplit=1)[0]
    functions = frozenset({"manager", *_FUNCTIONS.get(subject, "").split()})
    return Act(kinds.find(kind).title, functions)


def may_see_case(actor: Actor, case: str) -> None:
    """Raise `NoSuchCase` unless the case is of one of the actor's organisations, or the actor oversees the scheme."""
    if not queries.parties(case) & actor.organisations:
        raise NoSuchCase(case=case)
