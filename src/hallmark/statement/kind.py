"""What a kind of statement is: data that says who may issue it, about what, and who may read which claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Code, Text
from hallmark.statement.shape import MAX_NAME, BadClaim, Shape


class Visibility(StrEnum):
    """Who reads a claim: everyone; the consortium's members and the regulator; nobody but its holders."""

    PUBLIC = "public"
    MEMBERS = "members"
    SEALED = "sealed"


class Role(StrEnum):
    """What an organisation is in the market."""

    OPERATOR = "operator"
    OWNER = "owner"
    APPLICANT = "applicant"
    BODY = "body"
    LABORATORY = "laboratory"
    JURISDICTION = "jurisdiction"


MEMBERS = (Role.OPERATOR, Role.OWNER, Role.BODY, Role.LABORATORY, Role.JURISDICTION)
"""Who may be a member of the consortium."""


class UnknownKind(Malformed):
    """No kind of that name exists."""

    en = "There is no statement of kind {kind}. Update this software, or correct the kind."
    zh = "不存在类型为 {kind} 的声明。请更新软件或更正类型。"


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of a kind: its name, shape and visibility."""

    name: str
    shape: Shape
    visibility: Visibility = Visibility.PUBLIC
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of statement, `subject.event`; `about` is the shape of the identifier that is its subject."""

    name: str
    title: Text
    issuers: tuple[Role, ...]
    about: Shape
    claims: tuple[Claim, ...]

    @property
    def shown(self) -> Code:
        """The name, with the title beside it for readers of Chinese."""
        return Code(self.name, Text(f"{self.title.zh}（{self.name}）", self.name))

    def named(self, name: str) -> Claim:
        """Return the claim of that name; raises `BadClaim`."""
        for claim in self.claims:
            if claim.name == name:
                return claim
        why = Text(f"{self.name} 没有此声明项", f"{self.name} has no such claim")
        raise BadClaim(claim=name[:MAX_NAME], why=why)

    def visible(self, visibility: Visibility) -> frozenset[str]:
        """Return the names of the claims of that visibility."""
        return frozenset(claim.name for claim in self.claims if claim.visibility is visibility)

    def check(self, claims: Mapping[str, object]) -> None:
        """Raise `BadClaim` unless `claims` are complete, known and of their shapes."""
        for claim in self.claims:
            if claim.name in claims:
                claim.shape.check(claims[claim.name], claim.name)
            elif not claim.optional:
                raise BadClaim(claim=claim.name, why=Text("缺少该项", "it is missing"))
        for name in claims:
            self.named(name)


def public(name: str, shape: Shape) -> Claim:
    """Return a claim that everyone reads."""
    return Claim(name, shape)


def members(name: str, shape: Shape) -> Claim:
    """Return a claim that only members and the regulator read."""
    return Claim(name, shape, Visibility.MEMBERS)


def sealed(name: str, shape: Shape) -> Claim:
    """Return a claim whose salted hash is on the ledger and which rules never read."""
    return Claim(name, shape, Visibility.SEALED)


def optional(claim: Claim) -> Claim:
    """Return `claim` as one that may be left out."""
    return Claim(claim.name, claim.shape, claim.visibility, optional=True)
