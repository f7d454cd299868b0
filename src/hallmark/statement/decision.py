"""Statements of review, decision, sign-off and appeal; each names the case digest it was made on."""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, members, public
from hallmark.statement.shape import CASE, DIGEST, PROSE, OneOf

OUTCOMES = ("grant", "refuse")

KINDS = (
    Kind(
        "review.recommended",
        Text("复核建议", "Review recommended"),
        (Role.BODY,),
        CASE,
        (public("case_digest", DIGEST), members("recommendation", OneOf(OUTCOMES)), members("reasons", PROSE)),
    ),
    Kind(
        "decision.made",
        Text("认证决定", "Decision made"),
        (Role.BODY,),
        CASE,
        (public("case_digest", DIGEST), members("outcome", OneOf(OUTCOMES)), members("reasons", PROSE)),
    ),
    Kind(
        "signoff.made",
        Text("负责人签发", "Sign-off made"),
        (Role.BODY,),
        CASE,
        (public("case_digest", DIGEST), members("remark", PROSE)),
    ),
    Kind(
        "appeal.lodged",
        Text("申诉提出", "Appeal lodged"),
        (Role.APPLICANT,),
        CASE,
        (members("grounds", PROSE),),
    ),
    Kind(
        "appeal.decided",
        Text("申诉决定", "Appeal decided"),
        (Role.BODY,),
        CASE,
        (public("case_digest", DIGEST), members("outcome", OneOf(("upheld", "rejected"))), members("reasons", PROSE)),
    ),
)
