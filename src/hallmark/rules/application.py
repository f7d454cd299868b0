"""Rules from application to agreement.

1. A case is opened once (`RegisteredTwice`), under an edition that takes applications (`EditionNotInForce`), for a type
   of its catalogue on this day (`ProductTypeUnknown`), at a level of that type and with claims that the scheme knows
   (`NotInScheme`), for a product whose description fits on a certificate (`ProductTooLong`).
2. The body is designated for the type on this day (Regulation art. 9, `BodyNotDesignated`).
3. Body and applicant have no tie (Regulation art. 13, `BodyNotImpartial`).
4. The application is complete before it is accepted (ISO/IEC 17065 7.2, 7.3.1, `ApplicationIncomplete`).
5. Each step comes in its place (Regulation art. 21, `StepOutOfOrder`), from the party whose step it is (`NotYourCase`).
6. The body brings the agreement as evidence; the applicant signs the SHA-256 of that file (ISO/IEC 17065 4.1.2,
   `AgreementDiffers`).
7. Who approves is competent and impartial (`personnel`).
8. A case may be withdrawn by the applicant until it has its certificate; the body closes it only for a ground that the
   ledger shows (`GroundNotGiven`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from hallmark.kernel import canonical, instant
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import Frontier
from hallmark.rules import person
from hallmark.rules.act import Act
from hallmark.rules.edition import Edition
from hallmark.rules.market import ProductTypeUnknown, RegisteredTwice
from hallmark.rules.personnel import approvers_are_competent
from hallmark.rules.state import State
from hallmark.statement.words import listed, named

OPEN_STAGES = ("submitted", "accepted", "agreed", "planned")
MOST_PRODUCT = 48 << 10  # of the 65,535 bytes of an entry; the rest of a certificate takes a few thousand
_NOT_DUE = Text("评价尚无截止日", "the evaluation has no day to end by yet")


class BodyNotDesignated(Refusal):
    """Only a designated body certifies."""

    article = "Regulation on Certification and Accreditation art. 9"
    en = "{body} is not designated to certify {product_type} on {today}. Apply to a body that is."
    zh = "{body} 在 {today} 未获指定从事 {product_type} 认证。请向获指定的机构申请。"


class BodyNotImpartial(Refusal):
    """A body may have no tie to the applicant."""

    article = "Regulation on Certification and Accreditation art. 13; ISO/IEC 17065:2012 4.2"
    en = "{body} and {applicant} are tied ({nature}). Another body must certify this product."
    zh = "{body} 与 {applicant} 存在关联（{nature}）。须由其他机构认证该产品。"


class NotInScheme(Refusal):
    """Level and claims are the scheme's."""

    en = "The scheme knows no {what} {which} for {product_type}. Choose one of: {known}."
    zh = "方案中 {product_type} 没有{what} {which}。可选：{known}。"


class ProductTooLong(Refusal):
    """A certificate is one entry of the ledger, and names every build."""

    en = "The product's description has {size} bytes, and {most} fit. Apply for fewer builds, or name them shorter."
    zh = "产品描述占 {size} 字节，上限为 {most}。请减少版本文件或缩短名称。"


class ApplicationIncomplete(Refusal):
    """Documents are missing."""

    article = "ISO/IEC 17065:2012 7.2, 7.3.1"
    en = "The application lacks: {missing}. Add these documents, then it can be accepted."
    zh = "申请缺少：{missing}。补齐后方可受理。"


class StepOutOfOrder(Refusal):
    """No step may be skipped, added or taken out of order."""

    article = "Regulation on Certification and Accreditation art. 21"
    en = "{kind} cannot follow here: the case is at the stage '{stage}' ({why}). Take the steps in their order."
    zh = "此处不能进行{kind}：案件处于“{stage}”阶段（{why}）。请按顺序办理。"


class NotYourCase(Refusal):
    """The case belongs to other parties."""

    en = "{issuer} is not the {party} of case {case}. Only that party may do this."
    zh = "{issuer} 不是案件 {case} 的{party}。仅该方可以办理。"


class AgreementDiffers(Refusal):
    """Both sides must sign the same agreement."""

    article = "ISO/IEC 17065:2012 4.1.2"
    en = "The agreement signed is not the agreement offered. Sign the file that the body brought to the case."
    zh = "所签协议与机构所提供的协议不同。请签署机构提交至本案的文件。"


class GroundNotGiven(Refusal):
    """The ground for closing is not what the ledger shows."""

    en = "The case cannot be closed for {ground}: {why}."
    zh = "不能以 {ground} 终止案件：{why}。"


def require_stage(act: Act, *stages: str, why: Text | None = None) -> None:
    """Rule 5, stages."""
    if act.case["stage"] not in stages:
        belongs = listed(stages, Text("、", " or ")).words
        raise out_of_order(act, why or Text(f"它属于{belongs.zh}阶段", f"it belongs to {belongs.en}"))


def out_of_order(act: Act, why: Text) -> StepOutOfOrder:
    """Return the breach of an act that the case's stage does not allow."""
    return StepOutOfOrder(kind=act.draft.kind.shown, stage=named(act.case["stage"]), why=why)


def issuer_is_applicant(act: Act) -> None:
    """Rule 5, parties."""
    _require_party(act, "applicant")


def issuer_is_body(act: Act) -> None:
    """Rule 5, parties."""
    _require_party(act, "body")


def issuer_is_laboratory(act: Act) -> None:
    """Rule 5, parties."""
    _require_party(act, "laboratory")


def _require_party(act: Act, party: str) -> None:
    if act.case.get(party) != act.issuer:
        raise NotYourCase(issuer=act.issuer, party=named(party), case=act.subject)


def case_is_new(act: Act) -> None:
    """Rule 1."""
    if act.state.get(f"case/{act.subject}"):
        raise RegisteredTwice(which=act.subject)


def edition_takes_applications(act: Act) -> None:
    """Rule 1."""
    edition = Edition.named(act.state, act.claims["scheme"], act.claims["edition"])
    today = edition.date_at(act.now)
    edition.check_open(act.state, today)
    product_type = edition.scheme.types.get(act.claims["product_type"])
    if product_type is None or product_type.valid_from > today:
        raise ProductTypeUnknown(scheme=act.claims["scheme"], product_type=act.claims["product_type"])
    levels = edition.scheme.levels[product_type.levels].levels if product_type.levels else ()
    for what, given, known in (
        (Text("级别", "level"), [act.claims["level"]] if "level" in act.claims else [], [each.id for each in levels]),
        (Text("声明", "claim"), act.claims["declares"], list(edition.scheme.claims)),
    ):
        for which in given:
            if which not in known:
                listed = ", ".join(known) or "-"
                raise NotInScheme(what=what, which=which, product_type=product_type.id, known=listed)


def product_fits(act: Act) -> None:
    """Rule 1."""
    size = len(canonical.encode([act.claims[part] for part in ("product", "manufacturer", "factory")]))
    if size > MOST_PRODUCT:
        raise ProductTooLong(size=size, most=MOST_PRODUCT)


def body_is_designated(act: Act) -> None:
    """Rule 2, on the day of the application."""
    edition = Edition.named(act.state, act.claims["scheme"], act.claims["edition"])
    require_designation(act.state, act.claims, edition.date_at(act.now))


def body_is_still_designated(act: Act) -> None:
    """Rule 2, on the day of this act."""
    require_designation(act.state, act.case, act.today)


def require_designation(state: State, case: Mapping[str, Any], today: date) -> None:
    """Raise `BodyNotDesignated` unless the body of `case` may certify its type today."""
    if not is_designated(state, case["body"], "certification", case["scheme"], case["product_type"], today):
        raise BodyNotDesignated(body=case["body"], product_type=case["product_type"], today=today)


def is_designated(state: State, organisation: str, activity: str, scheme: str, product_type: str, today: date) -> bool:
    """Tell whether `organisation` may do `activity` for the type on this day."""
    record = state.get(f"designation/{organisation}/{activity}/{scheme}") or {"types": {}}
    start, end = record["types"].get(product_type, ("9999-12-31", "0001-01-01"))
    return instant.parse_date(start) <= today <= instant.parse_date(end)


def body_is_impartial(act: Act) -> None:
    """Rule 3, against the applicant that this act or this case names."""
    opening = act.kind == "application.submitted"
    case: Mapping[str, Any] = {**act.claims, "applicant": act.issuer} if opening else act.case
    edition = Edition.of_case(act.state, case)
    today = edition.date_at(act.now)
    years = edition.number("cooling_off_years")
    for _, nature in person.interests(act.state, case["body"], [case["applicant"]], today, years):
        raise BodyNotImpartial(body=case["body"], applicant=case["applicant"], nature=nature)


def application_is_complete(act: Act) -> None:
    """Rule 4."""
    if missing := missing_documents(act.edition, act.case):
        raise ApplicationIncomplete(missing=", ".join(missing))


def missing_documents(edition: Edition, case: Mapping[str, Any]) -> list[str]:
    """Return the ids of the documents that the scheme asks of this application and that it lacks."""
    given = {document["document"] for document in case["documents"]}
    return [
        document.id
        for document in edition.scheme.documents.values()
        if case["product_type"] in document.applies_to
        and (not document.claim or document.claim in case["declares"])
        and document.id not in given
    ]


def is_submitted(act: Act) -> None:
    """Rule 5."""
    require_stage(act, "submitted")


def is_accepted(act: Act) -> None:
    """Rule 5."""
    require_stage(act, "accepted")


def is_open(act: Act) -> None:
    """Rule 5."""
    require_stage(act, *OPEN_STAGES)


def has_no_certificate(act: Act) -> None:
    """Rule 8."""
    require_stage(act, *OPEN_STAGES, "granted", "signed_off")


def agreement_is_the_offered(act: Act) -> None:
    """Rule 6."""
    if act.claims["agreement"] != act.case["agreement"]["sha256"]:
        raise AgreementDiffers


def ground_is_given(act: Act) -> None:
    """Rule 8."""
    ground = act.claims["ground"]
    if ground == "deadline_passed":
        due = act.case.get("evaluate_by")
        if due is None or instant.parse_date(due) >= act.today:
            why = Text(f"评价应于 {due} 前完成", f"the evaluation is due by {due}") if due else _NOT_DUE
            raise GroundNotGiven(ground=named(ground), why=why)
    elif ground == "nonconformity_overdue":
        if not list(overdue(act.case["nonconformities"].values(), act.today)):
            raise GroundNotGiven(
                ground=named(ground), why=Text("没有逾期未关闭的不符合项", "no open nonconformity is past its day")
            )
    else:
        raise GroundNotGiven(
            ground=ground,
            why=Text(
                "只能是 deadline_passed 或 nonconformity_overdue",
                "it is not one of deadline_passed, nonconformity_overdue",
            ),
        )


def overdue(nonconformities: Iterable[Mapping[str, Any]], today: date) -> Iterable[Mapping[str, Any]]:
    """Yield the nonconformities that are open and past their day."""
    return (each for each in nonconformities if each["status"] != "closed" and instant.parse_date(each["due"]) < today)


def open_case(act: Act) -> None:
    """Effect: there is a case."""
    claims = act.claims
    act.put(
        f"case/{act.subject}",
        {
            "stage": "submitted",
            "applicant": act.issuer,
            "body": claims["body"],
            "scheme": claims["scheme"],
            "edition": claims["edition"],
            "product_type": claims["product_type"],
            "product": claims["product"],
            "manufacturer": claims["manufacturer"],
            "factory": claims["factory"],
            "documents": claims["documents"],
            "declares": claims["declares"],
            "level": claims.get("level"),
            "opened_at": act.now,
            "samples": {},
            "tests": [],
            "audits": [],
            "nonconformities": {},
            "evaluators": [],
            "representatives": [],
            "judges": [],
            "appeal": None,
            "file": Frontier().to_value(),
        },
    )


def supplement(act: Act) -> None:
    """Effect: the application has more documents."""
    act.put_case(documents=[*act.case["documents"], *act.claims["documents"]])


def end(stage: str) -> Any:
    """Return the effect that ends the case at `stage`."""

    def effect(act: Act) -> None:
        act.put_case(stage=stage, ended_at=act.now, appeal=None)

    return effect


def accept(act: Act) -> None:
    """Effect: the body has taken the application on and offers this agreement."""
    act.put_case(stage="accepted", agreement=act.claims["agreement"])


def agree(act: Act) -> None:
    """Effect: there is an agreement, evaluation may begin."""
    act.put_case(stage="agreed")


RULES = {
    "application.submitted": (
        case_is_new,
        edition_takes_applications,
        product_fits,
        body_is_designated,
        body_is_impartial,
        open_case,
    ),
    "application.supplemented": (issuer_is_applicant, is_submitted, supplement),
    "application.withdrawn": (issuer_is_applicant, approvers_are_competent, has_no_certificate, end("withdrawn")),
    "application.declined": (issuer_is_body, approvers_are_competent, is_submitted, end("declined")),
    "application.accepted": (
        issuer_is_body,
        approvers_are_competent,
        is_submitted,
        body_is_still_designated,
        body_is_impartial,
        application_is_complete,
        accept,
    ),
    "agreement.signed": (issuer_is_applicant, approvers_are_competent, is_accepted, agreement_is_the_offered, agree),
    "application.closed": (issuer_is_body, approvers_are_competent, is_open, ground_is_given, end("closed")),
}
