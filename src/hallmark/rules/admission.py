"""Admission: may this statement happen here and now?

Every statement, in this order:

1. The ledger is founded, or this founds it (`NotYetFounded`).
2. It was made for this environment (`WrongEnvironment`) and under an algorithm that genesis allows
   (`AlgorithmNotAllowed`).
3. Neither its content nor what persons approved in it was admitted before (`AdmittedBefore`).
4. Its issuer is registered, in a role that may issue the kind (Regulation art. 9, `IssuerNotEntitled`), and signed it
   with its present key (`BadSignature`).
5. It was made neither too long ago nor in the future (`MadeTooLate`, `MadeTooEarly`).
6. Its members' claims are disclosed to the rules (`NotDisclosed`) and are of their shapes (`BadClaim`).
7. It carries the approvals that the scheme asks of the kind (Electronic Signature Law art. 13, `ApprovalMissing`),
   each by an enrolled person's own present key (`BadApproval`), each by another natural person
   (`OnePersonTwoFunctions`), and no others (`ApprovalNotAsked`).

Then the rules of its subject: `ledger`, `consortium`, `market`, `application`, `evaluation`, `audit`, `decision`,
`certificate`, `retention`, `money`; the last entry of each list is the effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hallmark.kernel import instant, keys
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.rules import (
    application,
    audit,
    certificate,
    consortium,
    decision,
    evaluation,
    ledger,
    market,
    money,
    person,
    retention,
)
from hallmark.rules.act import THINGS, Act, NotRegistered, NotYetFounded
from hallmark.rules.market import AlgorithmNotAllowed
from hallmark.rules.state import Changes, Overlay, State
from hallmark.statement.approval import Approval
from hallmark.statement.disclosure import Disclosure, open_claims
from hallmark.statement.envelope import Statement
from hallmark.statement.words import listed, named

Rule = Callable[[Act], None]

RULES: Mapping[str, tuple[Rule, ...]] = {
    **ledger.RULES,
    **consortium.RULES,
    **market.RULES,
    **application.RULES,
    **evaluation.RULES,
    **audit.RULES,
    **decision.RULES,
    **certificate.RULES,
    **retention.RULES,
    **money.RULES,
}

LEAD = 5 * instant.MINUTE
LATENESS = instant.DAY
LATENESS_ON_SITE = 30 * instant.DAY
ON_SITE = ("audit.reported", "nonconformity.raised")


class WrongEnvironment(Refusal):
    """A statement counts only in the environment it names."""

    en = "The statement was made for {made_for}, and this is {here}. It cannot be used here; make one for this place."
    zh = "该声明属于环境 {made_for}，而此处为 {here}。不能在此使用，请在此重新生成。"


class AdmittedBefore(Refusal):
    """A statement is admitted once."""

    en = "This statement is on the ledger already. There is nothing to do."
    zh = "该声明已在账本上，无需再次提交。"


class IssuerNotEntitled(Refusal):
    """The organisation's role does not allow this kind of statement."""

    article = "Regulation on Certification and Accreditation art. 9"
    en = "{issuer} is registered as {role} and may not issue {kind}; that is for {wanted}."
    zh = "{issuer} 登记为 {role}，不得作出 {kind}；仅限 {wanted}。"


class MadeTooLate(Refusal):
    """The statement is older than its kind may be."""

    en = "The statement was made at {made}, more than {hours} hours before now ({now}). Prepare it again."
    zh = "该声明作于 {made}，距现在（{now}）超过 {hours} 小时。请重新准备。"


class MadeTooEarly(Refusal):
    """The statement is from the future."""

    en = "The statement was made at {made}, which is after now ({now}). Set the clock right and prepare it again."
    zh = "该声明作于 {made}，晚于现在（{now}）。请校准时钟后重新准备。"


class NotDisclosed(Refusal):
    """The rules must read what only members may read."""

    en = "The claim {claim} is hidden from the rules. Send its disclosure beside the statement."
    zh = "规则无法读取声明项 {claim}。请随声明提交其披露。"


class ApprovalMissing(Refusal):
    """The act needs a person's own signature."""

    article = "Electronic Signature Law art. 13; Regulation on Certification and Accreditation art. 22"
    en = "{kind} needs the approval of a person as {functions}. Let that person approve it."
    zh = "{kind} 须由 {functions} 本人批准。请由该人员批准。"


class ApprovalNotAsked(Refusal):
    """An approval in a function that the act does not ask for."""

    en = "{kind} asks for no approval as {function}. Leave it out."
    zh = "{kind} 不要求 {function} 批准。请去除。"


class OnePersonTwoFunctions(Refusal):
    """Two approvals of one statement are two natural persons'."""

    article = "ISO/IEC 17025:2017 7.8.2.1 o"
    en = "{person} cannot approve both as {first} and as {second}. A second person must approve."
    zh = "{person} 不能同时以 {first} 与 {second} 身份批准。须由另一人批准。"


def admit(state: State, statement: Statement, disclosures: Iterable[Disclosure]) -> Changes:
    """Return the records that become so if `statement` happens on top of `state`; raises the breach otherwise."""
    overlay = Overlay(state)
    draft = statement.draft
    check_origin(overlay, statement)
    act = Act(overlay, draft, _open(statement, disclosures), {})
    if draft.kind.name != "ledger.founded":
        act.approvers = _approvers(act, statement)
    for rule in RULES[draft.kind.name]:
        rule(act)
    overlay.apply({f"statement/{statement.digest.hex()}": {}})
    if statement.approvals:
        overlay.apply({f"approved/{draft.approval_digest.hex()}": {}})
    _extend_case(act, statement)
    return overlay.changes


def check_origin(state: State, statement: Statement) -> None:
    """Raise the breach of rules 1 to 5, which need no claim that only members read."""
    draft = statement.draft
    if draft.kind.name == "ledger.founded":
        key = draft.public["operator"]["key"]
        statement.verify(keys.PublicKey(key["algorithm"], key["material"]))
        if draft.issuer != draft.public["operator"]["id"]:
            raise IssuerNotEntitled(issuer=draft.issuer, role="?", kind=draft.kind.shown, wanted=named("operator"))
    else:
        _check_place(state, statement)
        _check_issuer(state, statement)
        _check_age(state, statement)


def admit_batch(state: State, batch: Iterable[tuple[Statement, Iterable[Disclosure]]]) -> Changes:
    """Return the records that become so if all statements of `batch` happen in order; all or none."""
    overlay = Overlay(state)
    for statement, disclosures in batch:
        overlay.apply(admit(overlay, statement, disclosures))
    return overlay.changes


def _check_place(state: State, statement: Statement) -> None:
    """Rules 1 to 3."""
    ledger_record = state.get("ledger")
    if ledger_record is None:
        raise NotYetFounded
    if statement.draft.environment != ledger_record["environment"]:
        raise WrongEnvironment(made_for=statement.draft.environment, here=ledger_record["environment"])
    if statement.algorithm not in ledger_record["algorithms"]:
        raise AlgorithmNotAllowed(algorithm=statement.algorithm, allowed=ledger_record["algorithms"])
    if state.get(f"statement/{statement.digest.hex()}") is not None:
        raise AdmittedBefore
    if statement.approvals and state.get(f"approved/{statement.draft.approval_digest.hex()}") is not None:
        raise AdmittedBefore


def _check_issuer(state: State, statement: Statement) -> None:
    """Rule 4."""
    draft = statement.draft
    organisation = state.get(f"organisation/{draft.issuer}")
    if organisation is None:
        raise NotRegistered(what=THINGS["organisation"], which=draft.issuer)
    if organisation["role"] not in draft.kind.issuers:
        raise IssuerNotEntitled(
            issuer=draft.issuer,
            role=named(organisation["role"]),
            kind=draft.kind.shown,
            wanted=listed(draft.kind.issuers),
        )
    key = organisation["key"]
    statement.verify(keys.PublicKey(key["algorithm"], key["material"]))


def _check_age(state: State, statement: Statement) -> None:
    """Rule 5; `time.told` brings its own time."""
    draft = statement.draft
    if draft.kind.name == "time.told":
        return
    now = (state.get("ledger") or {})["now"]
    made = draft.issued_at * instant.SECOND
    lateness = LATENESS_ON_SITE if draft.kind.name in ON_SITE else LATENESS
    if made < now - lateness:
        raise MadeTooLate(made=instant.to_text(made), now=instant.to_text(now), hours=lateness // instant.HOUR)
    if made > now + LEAD:
        raise MadeTooEarly(made=instant.to_text(made), now=instant.to_text(now))


def _open(statement: Statement, disclosures: Iterable[Disclosure]) -> dict[str, Any]:
    """Rule 6: return the public and the members' claims; sealed ones are never read."""
    draft = statement.draft
    opened = open_claims(draft.members, (each for each in disclosures if each.name not in draft.sealed))
    for name in draft.members:
        if name not in opened:
            raise NotDisclosed(claim=name)
        draft.kind.named(name).shape.check(opened[name], name)
    return {**draft.public, **opened}


def _approvers(act: Act, statement: Statement) -> dict[str, str]:
    """Rule 7: return function -> natural person."""
    all_of, any_of = _functions_asked(act)
    approvers: dict[str, str] = {}
    digest = statement.draft.approval_digest if statement.approvals else b""
    for approval in statement.approvals:
        if approval.function not in (*all_of, *any_of) or approval.function in approvers:
            raise ApprovalNotAsked(kind=act.draft.kind.shown, function=named(approval.function))
        check_approval(act, approval, digest)
        natural = person.resolve(act.state, approval.person)
        for function, other in approvers.items():
            if other == natural:
                raise OnePersonTwoFunctions(person=natural, first=named(function), second=named(approval.function))
        approvers[approval.function] = natural
    if missing := [function for function in all_of if function not in approvers]:
        raise ApprovalMissing(kind=act.draft.kind.shown, functions=listed(missing))
    if any_of and not any(function in approvers for function in any_of):
        raise ApprovalMissing(kind=act.draft.kind.shown, functions=listed(any_of, Text(" / ", " / ")))
    return approvers


def check_approval(act: Act, approval: Approval, digest: bytes) -> None:
    """Raise unless an enrolled person's own present key approved `digest`: `NotRegistered`, `BadApproval`."""
    enrolled = act.need(f"person/{approval.person}", "person", approval.person)
    key = enrolled["key"]
    approval.verify(keys.PublicKey(key["algorithm"], key["material"]), digest, enrolled["relying_party"])


def _functions_asked(act: Act) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return whose approvals the scheme of this case or certificate asks of this kind: all of, and one of."""
    if not any(act.state.get(f"{family}/{act.subject}") for family in ("case", "certificate")):
        return (), ()
    rule = act.edition.scheme.approvals.get(act.kind)
    return (rule.all_of, rule.any_of) if rule else ((), ())


def _extend_case(act: Act, statement: Statement) -> None:
    """The statement becomes part of its case's file, and so does the evidence it names.

    A certificate does not change the file it was issued on.
    """
    key = f"case/{act.subject}"
    case = act.state.get(key)
    if case is not None:
        file = Frontier.from_value(case["file"]).extend([leaf_hash(statement.encoded)])
        spoke = act.approvers.values() if act.issuer == case["applicant"] else ()
        representatives = sorted({*case["representatives"], *spoke})
        act.put(key, {**case, "file": file.to_value(), "representatives": representatives})
        act.state.apply(retention.named_by(act.subject, act.claims))
