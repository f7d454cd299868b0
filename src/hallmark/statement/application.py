"""Statements from application to agreement. What is applied for stays between applicant, body and members."""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, members, optional, public
from hallmark.statement.shape import (
    CASE,
    CODE,
    DIGEST,
    DOCUMENT,
    EVIDENCE,
    ORGANISATION,
    PARTY,
    PRODUCT,
    PROSE,
    ListOf,
    Whole,
)

GROUNDS = ("deadline_passed", "nonconformity_overdue", "agreement_ended")

KINDS = (
    Kind(
        "application.submitted",
        Text("申请提交", "Application submitted"),
        (Role.APPLICANT,),
        CASE,
        (
            public("scheme", CODE),
            public("edition", CODE),
            public("product_type", CODE),
            members("body", ORGANISATION),
            members("product", PRODUCT),
            members("manufacturer", PARTY),
            members("factory", PARTY),
            members("documents", ListOf(DOCUMENT)),
            members("declares", ListOf(CODE)),
            optional(members("level", CODE)),
        ),
    ),
    Kind(
        "application.supplemented",
        Text("申请补充", "Application supplemented"),
        (Role.APPLICANT,),
        CASE,
        (members("documents", ListOf(DOCUMENT, 1)),),
    ),
    Kind(
        "application.withdrawn",
        Text("申请撤回", "Application withdrawn"),
        (Role.APPLICANT,),
        CASE,
        (members("reason", PROSE),),
    ),
    Kind(
        "application.declined",
        Text("申请不予受理", "Application declined"),
        (Role.BODY,),
        CASE,
        (members("reasons", PROSE),),
    ),
    Kind(
        "application.accepted",
        Text("申请受理", "Application accepted"),
        (Role.BODY,),
        CASE,
        (members("agreement", EVIDENCE), optional(members("fee_cents", Whole()))),
    ),
    Kind(
        "agreement.signed",
        Text("认证协议签署", "Agreement signed"),
        (Role.APPLICANT,),
        CASE,
        (members("agreement", DIGEST),),
    ),
    Kind(
        "application.closed",
        Text("申请终止", "Application closed"),
        (Role.BODY,),
        CASE,
        (members("ground", CODE), members("reasons", PROSE)),
    ),
)
