"""The appraisal policy that a consortium agrees on: data, of which one encoding and one digest exist.

The constitution holds the digest, so every member appraises by the same policy and can show that it did. What the
constitution itself decides, which code may run, is not written down twice: `Policy.under` adds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hallmark.attestation.claims import LINKS, Fact
from hallmark.attestation.formats import FORMATS
from hallmark.kernel import canonical, hashing
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

_DOMAIN = "hallmark/attestation/policy/1"
_POLICY = Text("鉴定策略", "appraisal policy")
_LONGEST = 2**53  # as every whole number in a statement
_RULE = {
    "anchors": list,
    "references": list,
    "minimum_tcb": dict,
    "tcb_statuses": list,
    "required": dict,
    "products": dict,
    "tolerated": list,
    "debug_allowed": bool,
    "unverified_boot_allowed": bool,
}


class BadAppraisalPolicy(Malformed):
    """The bytes are no appraisal policy."""

    en = "This is not an appraisal policy: {why}. Take it again from a member, or write it anew and have it agreed."
    zh = "这不是有效的鉴定策略：{why}。请重新向成员获取，或重新拟定并经成员同意。"


@dataclass(frozen=True, slots=True)
class Reference:
    """One approved state: every measurement named has this value."""

    name: str
    measurements: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of evidence of one format.

    `anchors` are key fingerprints; one of `references` must match; `minimum_tcb` holds least security versions;
    `tcb_statuses` what the vendor may say where it says anything; `required` the values a claim may have; `products` by
    the number of a product's certificate, what evidence from that product shows; `tolerated` the links of
    `claims.LINKS` that may stay unchecked. Debug mode and unverified boot are refused unless allowed.
    """

    anchors: frozenset[bytes]
    references: tuple[Reference, ...]
    minimum_tcb: Mapping[str, int] = field(default_factory=dict)
    tcb_statuses: frozenset[str] = frozenset({"UpToDate"})
    required: Mapping[str, frozenset[Fact]] = field(default_factory=dict)
    products: Mapping[str, Mapping[str, frozenset[Fact]]] = field(default_factory=dict)
    tolerated: frozenset[str] = frozenset()
    debug_allowed: bool = False
    unverified_boot_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules by format, how many seats a family may hold, and for how long evidence counts.

    A family without an entry holds no seat. `fresh_seconds` are counted from when the nonce of the evidence was given.
    """

    id: str
    rules: Mapping[str, Rule]
    seats: Mapping[str, int]
    fresh_seconds: int

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for the policy in a constitution."""
        return hashing.digest_of(_DOMAIN, self.to_value())

    def under(self, references: Mapping[str, tuple[Reference, ...]]) -> Policy:
        """Return the policy with `references`, by format, in each rule that has none of its own."""
        rules = {
            name: rule if rule.references else replace(rule, references=references.get(name, ()))
            for name, rule in self.rules.items()
        }
        return replace(self, rules=rules)

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode(self.to_value(), what=_POLICY)

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """Return the policy whose only encoding is `data`; raises `NotCanonical`, `BadAppraisalPolicy`."""
        policy = cls.from_value(canonical.decode(data, what=_POLICY))
        if policy.encode() != data:
            raise BadAppraisalPolicy(why=Text("有集合未排序或有重复项", "a set is unordered or holds a thing twice"))
        return policy

    @classmethod
    def from_value(cls, value: object) -> Policy:
        """Return the policy in a decoded `value`, whatever the order of its sets; raises `BadAppraisalPolicy`."""
        match value:
            case {"id": str(name), "rules": dict(rules), "seats": dict(seats), "fresh_seconds": int(fresh), **rest}:
                if rest or not name or type(fresh) is not int or not 0 < fresh <= _LONGEST:
                    raise BadAppraisalPolicy(why=Text("字段不符", "it has other fields"))
                _check_map(seats, int)
                return cls(name, {each: _rule(each, rule) for each, rule in rules.items()}, seats, fresh)
        raise BadAppraisalPolicy(why=Text("字段不符", "it has other fields"))

    def to_value(self) -> dict[str, object]:
        """Return the policy as a CBOR value."""
        return {
            "id": self.id,
            "rules": {name: _rule_value(rule) for name, rule in self.rules.items()},
            "seats": dict(self.seats),
            "fresh_seconds": self.fresh_seconds,
        }


def _rule_value(rule: Rule) -> dict[str, object]:
    return {
        "anchors": sorted(rule.anchors),
        "references": [[each.name, dict(each.measurements)] for each in rule.references],  # the first that fits counts
        "minimum_tcb": dict(rule.minimum_tcb),
        "tcb_statuses": sorted(rule.tcb_statuses),
        "required": _accepted_value(rule.required),
        "products": {number: _accepted_value(shown) for number, shown in rule.products.items()},
        "tolerated": sorted(rule.tolerated),
        "debug_allowed": rule.debug_allowed,
        "unverified_boot_allowed": rule.unverified_boot_allowed,
    }


def _accepted_value(accepted: Mapping[str, frozenset[Fact]]) -> dict[str, list[Fact]]:
    return {name: sorted(facts, key=canonical.encode) for name, facts in accepted.items()}


def _rule(name: object, value: Any) -> Rule:
    """Return the rule for the format `name`; raises `BadAppraisalPolicy`."""
    if name not in FORMATS:
        raise BadAppraisalPolicy(why=Text("含未知的证据格式", "it has a rule for a format that nobody reads"))
    if not isinstance(value, dict) or {key: type(each) for key, each in value.items()} != _RULE:
        raise BadAppraisalPolicy(why=Text("规则的字段不符", "a rule has other fields"))
    _check_list(value["anchors"], bytes)
    _check_list(value["tcb_statuses"], str)
    _check_list(value["tolerated"], str)
    _check_map(value["minimum_tcb"], int)
    _check_map(value["products"], dict)
    if not all(value["products"].values()):
        raise BadAppraisalPolicy(why=Text("有产品未列明任何声明", "a product shows nothing"))
    if any(len(anchor) != hashing.SIZE for anchor in value["anchors"]):
        raise BadAppraisalPolicy(why=Text("信任锚不是 32 字节", "a trust anchor is not 32 bytes"))
    if not LINKS.keys() >= set(value["tolerated"]):
        raise BadAppraisalPolicy(why=Text("容许未知的环节", "it tolerates a link that nobody knows"))
    references = tuple(map(_reference, value["references"]))
    sets = {each: frozenset(value[each]) for each in ("anchors", "tcb_statuses", "tolerated")}
    products = {number: _accepted(shown) for number, shown in value["products"].items()}
    changed = {**sets, "references": references, "required": _accepted(value["required"]), "products": products}
    return Rule(**{**value, **changed})


def _accepted(value: Mapping[Any, Any]) -> dict[str, frozenset[Fact]]:
    """Return the values that claims may have, by name; raises `BadAppraisalPolicy`."""
    _check_map(value, list)
    for facts in value.values():
        _check_list(facts, str, int, bool, bytes)
    return {name: frozenset(facts) for name, facts in value.items()}


def _reference(value: Any) -> Reference:
    match value:
        case [str(name), dict(measurements)] if measurements:
            _check_map(measurements, bytes)
            return Reference(name, measurements)
    raise BadAppraisalPolicy(why=Text("参考值不是名称加度量值", "a reference is not a name and measurements"))


def _check_map(value: Mapping[object, object], kind: type) -> None:
    if not all(type(name) is str and type(each) is kind for name, each in value.items()):
        raise BadAppraisalPolicy(why=Text("映射的键或值类型不符", "a key or a value in a map is of another type"))


def _check_list(value: list[object], *kinds: type) -> None:
    if not all(type(each) in kinds for each in value):
        raise BadAppraisalPolicy(why=Text("列表中的值类型不符", "a value in a list is of another type"))
