"""Rules about the persons who act in a case.

1. They are recorded by the organisation they act for, in that function, for the type, on this day (ISO/IEC 17065 6.1,
   `PersonNotCompetent`), and practise for no second certification body (Regulation art. 14, `PersonServesAnotherBody`).
2. They have no interest in the applicant or in whoever acted for it in this case, now or within the cooling-off period
   (Regulation art. 13; 17065 4.2, `PersonNotImpartial`); whoever is recorded by the applicant is its employee. This is
   not asked of the applicant's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from hallmark.kernel.errors import Refusal
from hallmark.rules import person
from hallmark.rules.act import Act
from hallmark.rules.market import BODY_FUNCTIONS, PersonServesAnotherBody
from hallmark.statement.words import named


class PersonNotCompetent(Refusal):
    """The person is not recorded as competent."""

    article = "ISO/IEC 17065:2012 6.1"
    en = "{person} is not recorded by {organisation} as {function} for {product_type} on {today}. Choose one who is."
    zh = "{organisation} 未记录 {person} 在 {today} 具备 {product_type} 的 {function} 能力。请选择合格人员。"


class PersonNotImpartial(Refusal):
    """The person has an interest in the applicant, or had one too recently."""

    article = "Regulation on Certification and Accreditation art. 13; ISO/IEC 17065:2012 4.2"
    en = "{person} has an interest in {party} ({nature}), or had one too recently. Choose another person."
    zh = "{person} 与 {party} 存在利益关系（{nature}），或终止时间不足。请另选人员。"


def approvers_are_competent(act: Act) -> None:
    """Rules 1 and 2 for the persons who approve this statement."""
    for function, name in act.approvers.items():
        require_competent(act, name, act.issuer, function)
        if act.issuer != act.case["applicant"]:
            require_impartial(act, name)


def require_competent(act: Act, name: str, organisation: str, function: str) -> None:
    """Raise `PersonNotCompetent` unless `organisation` records the person in `function` for the case's type today."""
    case = act.case
    if not person.is_competent(
        act.state, name, organisation, function, case["scheme"], case["product_type"], act.today
    ):
        raise PersonNotCompetent(
            person=name,
            organisation=organisation,
            function=named(function),
            product_type=case["product_type"],
            today=act.today,
        )
    if function in BODY_FUNCTIONS:
        for other in person.bodies(act.state, name, act.today):
            if other != organisation:
                raise PersonServesAnotherBody(person=name, body=other)


def require_impartial(act: Act, name: str) -> None:
    """Raise `PersonNotImpartial` where the natural person has an interest in the applicant, now or too recently."""
    for holder in person.identifiers(act.state, name):
        for party, nature in ties(act, holder):
            raise PersonNotImpartial(person=name, party=party, nature=named(nature))


def ties(act: Act, holder: str) -> Iterator[tuple[str, str]]:
    """Yield (party, nature) for each interest between `holder` and the applicant's side, now or too recently."""
    years, applicant = act.edition.number("cooling_off_years"), act.case["applicant"]
    yield from person.interests(act.state, holder, [applicant, *act.case["representatives"]], act.today, years)
    if person.is_employed(act.state, holder, applicant, act.today, years):
        yield applicant, "employment"
