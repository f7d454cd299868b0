"""The constitution: who the members are, under which keys, and what it takes to change that.

Rules of a constitution, in order:

1. Its names and keys are well-formed, each key of the algorithm its purpose asks for (`BadConstitution`, `BadKey`).
2. No two members share a name, and no key serves twice, for another member or another purpose (`SharedKey`).
3. Outside development there are at least four members, so that one may lie (`TooFewMembers`).
4. Outside development no TEE family holds more than f seats, and none is `virtual` (`TooManySeats`).
5. What changes who is trusted needs at least a quorum of votes (`ThresholdTooLow`).

From n members follow f = (n - 1) // 3, how many may lie, and the quorum n - f: two quorums share n - 2f > f members.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from hallmark.kernel import canonical, hashing, keys
from hallmark.kernel.errors import Malformed, Refusal
from hallmark.kernel.text import Text

VIRTUAL = "virtual"
_DOMAIN = "hallmark/constitution/1"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_LEAST_MEMBERS = 4
_RESERVED = ("none", "members")


class Threshold(StrEnum):
    """How many of n members must vote for a proposal."""

    MAJORITY = "majority"
    QUORUM = "quorum"
    ALL = "all"


class ProposalKind(StrEnum):
    """What members vote on."""

    ADMISSION = "admission"
    REMOVAL = "removal"
    ROTATION = "rotation"
    CODE = "code"
    RULES = "rules"
    SCHEME = "scheme"
    SEQUENCER = "sequencer"
    POLICY = "policy"


class BadConstitution(Malformed):
    """The value is no constitution."""

    en = "This is not a constitution: {why}. Take it again from the trust bundle."
    zh = "这不是有效的联盟章程：{why}。请重新从信任包获取。"


class SharedKey(Refusal):
    """Each key belongs to one member for one purpose."""

    en = "A name or key of {member} is used twice. One signature would count as two; make a key for each purpose."
    zh = "{member} 的名称或密钥被重复使用。一个签名会被计作两个；请为每一用途生成单独的密钥。"


class TooFewMembers(Refusal):
    """Fewer than four members tolerate no fault."""

    en = "A consortium of {members} tolerates no fault. Have at least {least} members, or declare it a development one."
    zh = "{members} 个成员的联盟不能容错。请至少设 {least} 个成员，或声明为开发用联盟。"


class TooManySeats(Refusal):
    """One family of TEE holds more seats than may lie."""

    en = "Members on {family} hold {seats} seats, and at most {most} may share one break. Spread them over families."
    zh = "{family} 平台占 {seats} 席，而同一漏洞至多可波及 {most} 席。请分散到不同平台。"


class ThresholdTooLow(Refusal):
    """Fewer votes than a quorum could change who is trusted."""

    en = "Proposals of kind {kind} need a quorum at least. Set the threshold to quorum or all."
    zh = "{kind} 类提案至少须达法定人数。请将门槛设为 quorum 或 all。"


class QuorumNotReached(Refusal):
    """Too few members signed."""

    en = "{signers} of {members} members signed, and {quorum} must. Collect the signatures that are missing."
    zh = "{members} 个成员中有 {signers} 个签署，须达 {quorum} 个。请收集所缺签名。"


@dataclass(frozen=True, slots=True)
class Member:
    """One seat: its node's keys, the family of TEE it runs on, and the certificate of that product, if it has one."""

    name: str
    family: str
    witness: keys.PublicKey
    mirror: keys.PublicKey
    archive: keys.PublicKey
    product: str = ""

    @property
    def keys(self) -> tuple[keys.PublicKey, keys.PublicKey, keys.PublicKey]:
        """The three keys: witness and mirror (Ed25519), archive (the mirror's ML-DSA-44)."""
        return self.witness, self.mirror, self.archive

    def to_value(self) -> dict[str, object]:
        """Return the member as a CBOR value."""
        materials = {name: key.material for name, key in zip(_PURPOSES, self.keys, strict=True)}
        return {"name": self.name, "family": self.family, "product": self.product, **materials}

    @classmethod
    def from_value(cls, value: object) -> Member:
        """Return the member in `value`; raises `BadConstitution`."""
        match value:
            case {"name": str(name), "family": str(family), "product": str(product), **rest} if set(rest) == {
                *_PURPOSES
            }:
                made = {purpose: _key(algorithm, rest[purpose]) for purpose, algorithm in _PURPOSES.items()}
                return cls(name, family, product=product, **made)
        raise BadConstitution(why=Text("成员的字段不符", "a member has other fields"))


_PURPOSES: Mapping[str, int] = {"witness": keys.ED25519, "mirror": keys.ED25519, "archive": keys.ML_DSA_44}
_LEAST_THRESHOLD: Mapping[ProposalKind, Threshold] = {
    kind: Threshold.MAJORITY if kind is ProposalKind.SCHEME else Threshold.QUORUM for kind in ProposalKind
}
DEFAULT_THRESHOLDS: Mapping[ProposalKind, Threshold] = dict.fromkeys(ProposalKind, Threshold.QUORUM)


@dataclass(frozen=True)
class Constitution:
    """What the members agreed on; the order of members is that of their names.

    `ledger` names the ledger and its environment, `sequencer` is the key of its checkpoints, `code` the digests of the
    code a node may run, `rules` the version of the rules, `attestation` the digest of the appraisal policy.
    `certified_products`: a node's TEE product must hold a certificate in force in this register.
    """

    ledger: str
    members: tuple[Member, ...]
    sequencer: keys.PublicKey
    attestation: bytes
    code: tuple[bytes, ...]
    rules: int
    certified_products: bool = False
    development: bool = False
    thresholds: Mapping[ProposalKind, Threshold] = field(default_factory=lambda: DEFAULT_THRESHOLDS)

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(sorted(self.members, key=lambda member: member.name)))
        object.__setattr__(self, "code", tuple(sorted(set(self.code))))

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def names(self) -> frozenset[str]:
        """The members' names."""
        return frozenset(self._members)

    @property
    def faults(self) -> int:
        """f: how many members may lie."""
        return (len(self.members) - 1) // 3

    @property
    def quorum(self) -> int:
        """n - f."""
        return len(self.members) - self.faults

    def count(self, threshold: Threshold) -> int:
        """Return the number of votes that `threshold` asks for."""
        n = len(self.members)
        return {Threshold.MAJORITY: n // 2 + 1, Threshold.QUORUM: self.quorum, Threshold.ALL: n}[threshold]

    def member(self, name: str) -> Member | None:
        """Return the member of that name, or None."""
        return self._members.get(name)

    def origin(self, epoch: int) -> str:
        """Return the origin of the ledger's checkpoints in `epoch`; that of a development ledger says so."""
        return f"{self.ledger}{'/development' if self.development else ''}/e{epoch}"

    def check_quorum(self, signers: Iterable[str]) -> None:
        """Raise `QuorumNotReached` unless a quorum of members is among `signers`."""
        count = len(self.names.intersection(signers))
        if count < self.quorum:
            raise QuorumNotReached(signers=count, members=len(self.members), quorum=self.quorum)

    def check(self) -> None:
        """Raise unless the constitution obeys the rules of this module."""
        _ = self._obeys_rules

    def with_members(self, members: Iterable[Member]) -> Constitution:
        """Return the constitution with these members instead."""
        return replace(self, members=tuple(members))

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that stand for the constitution."""
        return hashing.digest_of(_DOMAIN, self._value())

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self._value(), what=Text("章程", "constitution"))

    @classmethod
    def parse(cls, data: bytes) -> Constitution:
        """Return the constitution whose only encoding is `data`; raises `NotCanonical` and as `check`."""
        constitution = cls._from_value(canonical.decode(data, what=Text("章程", "constitution")))
        if constitution.encode() != data:
            raise BadConstitution(
                why=Text("成员或代码摘要顺序有误，或有重复", "members or code are not in order, or come twice")
            )
        constitution.check()
        return constitution

    @cached_property
    def _members(self) -> dict[str, Member]:
        return {member.name: member for member in self.members}

    def _value(self) -> dict[str, object]:
        return {
            "ledger": self.ledger,
            "members": [member.to_value() for member in self.members],
            "sequencer": self.sequencer.material,
            "attestation": self.attestation,
            "code": list(self.code),
            "rules": self.rules,
            "certified_products": self.certified_products,
            "development": self.development,
            "thresholds": {str(kind): str(threshold) for kind, threshold in self.thresholds.items()},
        }

    @classmethod
    def _from_value(cls, value: Any) -> Constitution:
        if not isinstance(value, dict) or set(value) != _FIELDS:
            raise BadConstitution(why=Text("字段不符", "it has other fields"))
        for name, kind in _TYPES.items():
            if type(value[name]) is not kind:
                raise BadConstitution(why=Text(f"{name} 的类型不符", f"{name} is of another type"))
        try:
            thresholds = {ProposalKind(kind): Threshold(value) for kind, value in value["thresholds"].items()}
        except ValueError:
            raise BadConstitution(why=Text("有未知的通过门槛", "a threshold is not known")) from None
        members = tuple(map(Member.from_value, value["members"]))
        sequencer = _key(keys.ED25519, value["sequencer"])
        if not all(type(digest) is bytes for digest in value["code"]):
            raise BadConstitution(why=Text("code 不是摘要列表", "code is not a list of digests"))
        rest = {name: value[name] for name in ("ledger", "attestation", "rules", "certified_products", "development")}
        return cls(members=members, sequencer=sequencer, code=tuple(value["code"]), thresholds=thresholds, **rest)

    @cached_property
    def _obeys_rules(self) -> bool:
        """True, or raise the breach; a constitution never changes, and checking its keys takes milliseconds."""
        self._check_form()
        self._check_keys()
        if not self.development:
            self._check_seats()
        return True

    def _check_seats(self) -> None:
        if len(self.members) < _LEAST_MEMBERS:
            raise TooFewMembers(members=len(self.members), least=_LEAST_MEMBERS)
        for family, seats in Counter(member.family for member in self.members).items():
            most = 0 if family == VIRTUAL else self.faults
            if seats > most:
                raise TooManySeats(family=family, seats=seats, most=most)

    def _check_form(self) -> None:
        words = [self.ledger, *(word for each in self.members for word in (each.name, each.family))]
        words += [member.product for member in self.members if member.product]
        if not all(map(_WORD.fullmatch, words)):
            raise BadConstitution(
                why=Text(
                    "有名称为空、过长，或含字母、数字和 . _ / - 以外的字符",
                    "a name is empty, too long, or holds other than letters, digits and . _ / -",
                )
            )
        if not self.names.isdisjoint(_RESERVED):
            raise BadConstitution(
                why=Text("有成员名称是信任策略的保留字", "a member's name is a word of trust policies")
            )
        if not self.members or not self.code or self.rules < 1:
            raise BadConstitution(why=Text("缺少成员、代码或规则", "it has no members, no code or no rules"))
        if any(len(digest) != hashing.SIZE for digest in (self.attestation, *self.code)):
            raise BadConstitution(why=Text("有摘要不是 32 字节", "a digest is not 32 bytes"))
        if set(self.thresholds) != set(ProposalKind):
            raise BadConstitution(why=Text("有一类提案没有通过门槛", "a kind of proposal has no threshold"))
        for kind, threshold in self.thresholds.items():
            if threshold is Threshold.MAJORITY and _LEAST_THRESHOLD[kind] is Threshold.QUORUM:
                raise ThresholdTooLow(kind=kind)

    def _check_keys(self) -> None:
        seen: set[object] = {self.sequencer}
        self.sequencer.check()
        for member in self.members:
            for mark in (member.name, *member.keys):
                if mark in seen:
                    raise SharedKey(member=member.name)
                seen.add(mark)
            for key, algorithm in zip(member.keys, _PURPOSES.values(), strict=True):
                if key.algorithm != algorithm:
                    raise BadConstitution(
                        why=Text(f"{member.name} 的一个密钥算法不符", f"a key of {member.name} is of another algorithm")
                    )
                key.check()


_TYPES: Mapping[str, type] = {
    "ledger": str,
    "members": list,
    "sequencer": bytes,
    "attestation": bytes,
    "code": list,
    "rules": int,
    "certified_products": bool,
    "development": bool,
    "thresholds": dict,
}
_FIELDS = set(_TYPES)


def _key(algorithm: int, material: object) -> keys.PublicKey:
    if not isinstance(material, bytes):
        raise BadConstitution(why=Text("密钥不是字节串", "a key is not bytes"))
    return keys.PublicKey(algorithm, material)
