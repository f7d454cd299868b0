"""Appraisal of verified evidence against a policy that is data (RFC 9334 section 8.5): valid is not acceptable.

Evidence with a debug bit, zero registers or an unlocked bootloader verifies; here it is refused, each breach by its own
name. A consortium's members each appraise by themselves, so the policy is what they have agreed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hallmark.attestation.claims import LINKS, SELF_REPORTED, VENDOR_CHAIN, Claims, Fact
from hallmark.attestation.formats import FORMATS, Bundle
from hallmark.attestation.policy import Policy, Reference, Rule
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text


class FormatNotAccepted(Refusal):
    """The policy has no rule for evidence of this format."""

    en = "The policy {policy} does not accept evidence of the format {format}. Join with a platform it names."
    zh = "策略 {policy} 不接受格式为 {format} 的证据。请使用策略列明的平台加入。"


class DebugMode(Refusal):
    """The attested environment can be debugged: whoever runs it reads its secrets."""

    en = "The {family} environment runs in debug mode, so its secrets can be read. Start it without debugging."
    zh = "{family} 环境处于调试模式，其机密可被读取。请关闭调试后重新启动。"


class BootNotVerified(Refusal):
    """The device booted something its vendor has not signed, or can be made to."""

    en = "The device is unlocked or did not verify what it booted. Lock the bootloader and restore the vendor's system."
    zh = "设备未锁定或未验证所启动的系统。请锁定引导加载程序并恢复厂商系统。"


class ZeroMeasurement(Refusal):
    """A measurement the policy asks for is all zero: nothing was measured."""

    en = "The measurement {name} is all zero, so nothing was measured. Start the environment with measurement on."
    zh = "度量值 {name} 全为零，即未作度量。请启用度量后重新启动环境。"


class UnknownMeasurement(Refusal):
    """What runs is none of the approved states."""

    en = (
        "What was measured matches no approved state of {policy}: {names} differs. "
        "Install an approved release, or have it approved."
    )
    zh = "度量结果与 {policy} 批准的任何状态均不一致：{names} 不符。请安装已批准的版本，或申请批准该版本。"


class WrongReportData(Refusal):
    """The evidence is bound to another nonce, epoch, constitution or key."""

    en = "The evidence is not bound to this request: its report data differs. Collect new evidence for the nonce given."
    zh = "证据未绑定本次请求：报告数据不一致。请以给定的随机数重新采集证据。"


class TcbTooOld(Refusal):
    """A security version lies below the policy's minimum."""

    en = "The security version {name} is {found}, the policy asks for {needed} or more. Update the platform."
    zh = "安全版本 {name} 为 {found}，策略要求不低于 {needed}。请更新平台。"


class TcbStatusNotAccepted(Refusal):
    """The vendor's word on the platform is not one the policy accepts."""

    en = "The vendor states the platform to be {found}; the policy accepts {accepted}. Update or reconfigure it."
    zh = "厂商声明该平台状态为 {found}；策略接受 {accepted}。请更新或重新配置平台。"


class FactNotAccepted(Refusal):
    """A claim the policy restricts has another value, or is absent."""

    en = "The claim {name} is {found}, which the policy does not accept. Reconfigure the environment."
    zh = "声明 {name} 的值为 {found}，不符合策略要求。请重新配置环境。"


class ProductNotShown(Refusal):
    """The seat is for a certified product, and the evidence does not show that one."""

    en = "The evidence does not show the product certified as {product}: {name} is {found}. Run the node on it."
    zh = "证据未显示证书 {product} 所涉产品：{name} 的值为 {found}。请在该产品上运行节点。"


class LinkNotChecked(Refusal):
    """A link between vendor and evidence could not be checked, and the policy does not tolerate that."""

    en = "A link of the evidence could not be checked ({link}). Add the collateral that closes it."
    zh = "证据的一个环节无法验证（{link}）。请补充相应的佐证材料。"


class FamilyFull(Refusal):
    """The family of environments holds as many seats as the policy grants, so that a break of it stays a minority."""

    en = "All {seats} seats for {family} are taken. Join with a platform of another family."
    zh = "{family} 的 {seats} 个席位已满。请使用其他系列的平台加入。"


# What a host sets without changing what is measured, and then takes the memory to a machine of its choice by.
_UNLESS_TOLD: Mapping[str, frozenset[Fact]] = {
    "migration_agent_allowed": frozenset({False}),  # SEV-SNP
    "migratable": frozenset({False}),  # TDX
}


@dataclass(frozen=True, slots=True)
class Result:
    """An attestation result: these claims were accepted, under this policy, as of this time."""

    policy: str
    reference: str
    claims: Claims
    at: int

    @property
    def status(self) -> str:
        """`affirming`, or `warning` where the policy tolerates a link that nobody checked."""
        return "warning" if self.claims.missing else "affirming"

    def to_ear(self) -> dict[str, object]:
        """Return the result in terms of draft-ietf-rats-ear; trust values are AR4SI's 2 (affirmed) and 0 (no claim)."""
        vouched = 0 if {SELF_REPORTED, VENDOR_CHAIN} & set(self.claims.missing) else 2
        vector = {"instance-identity": vouched, "executables": 2, "hardware": vouched}
        submodule = {
            "ear.status": self.status,
            "ear.trustworthiness-vector": vector,
            "ear.appraisal-policy-id": self.policy,
        }
        return {"iat": self.at // 1000, "submods": {self.claims.format: submodule}}


def appraise(
    bundle: Bundle,
    policy: Policy,
    report_data: bytes,
    at: int,
    seated: Mapping[str, int] | None = None,
    product: str = "",
) -> Result:
    """Return the result of verifying `bundle` as of `at` ms and judging it by `policy`.

    `report_data` is what `binding.report_data` gives for this request; `seated` counts the seats families hold already;
    `product` is the number of the certificate of the product that the evidence should come from, if of any.
    Raises what `Bundle.verify` raises, then one of the errors above, in the order of their definition.
    """
    rule = policy.rules.get(bundle.format)
    if rule is None:
        raise FormatNotAccepted(policy=policy.id, format=bundle.format)
    claims = bundle.verify(rule.anchors, at)
    expected = FORMATS[bundle.format].expected(report_data)
    reference = judge(claims, rule, expected, policy.id, product)
    seats = policy.seats.get(claims.family, 0)
    if (seated or {}).get(claims.family, 0) >= seats:
        raise FamilyFull(family=claims.family, seats=seats)
    return Result(policy.id, reference, claims, at)


def judge(claims: Claims, rule: Rule, expected: bytes, policy: str, product: str = "") -> str:
    """Return the name of the approved state that `claims` show; raises as `appraise` does."""
    if claims.debug and not rule.debug_allowed:
        raise DebugMode(family=claims.family)
    if claims.boot_verified is False and not rule.unverified_boot_allowed:
        raise BootNotVerified
    reference = _match(claims, rule, policy)
    if claims.report_data != expected:
        raise WrongReportData
    for name, needed in rule.minimum_tcb.items():
        if claims.tcb.get(name, -1) < needed:
            raise TcbTooOld(name=name, found=claims.tcb.get(name, "?"), needed=needed)
    if claims.tcb_status and claims.tcb_status not in rule.tcb_statuses:
        raise TcbStatusNotAccepted(found=claims.tcb_status, accepted=", ".join(sorted(rule.tcb_statuses)))
    unless_told = {name: accepted for name, accepted in _UNLESS_TOLD.items() if name in claims.facts}
    for name, accepted in {**unless_told, **rule.required}.items():
        if claims.shown.get(name) not in accepted:
            raise FactNotAccepted(name=name, found=claims.shown.get(name, "?"))
    if product:
        _check_product(claims, rule, product)
    for link in claims.missing:
        if link not in rule.tolerated:
            raise LinkNotChecked(link=LINKS[link])
    return reference.name


def _check_product(claims: Claims, rule: Rule, product: str) -> None:
    """Raise `ProductNotShown` unless the rule tells what evidence of the product shows, and this shows it."""
    if product not in rule.products:
        raise ProductNotShown(product=product, name="-", found=Text("策略未列明", "not told by the policy"))
    for name, accepted in rule.products[product].items():
        found = claims.shown.get(name)
        if found not in accepted:
            raise ProductNotShown(product=product, name=name, found="?" if found is None else found)


def _match(claims: Claims, rule: Rule, policy: str) -> Reference:
    """Return the approved state shown; a measurement of zeros is none, even where a reference names zeros."""
    shown = [item for item in rule.references if item.measurements.items() <= claims.measurements.items()]
    for name in (name for reference in shown or rule.references for name in reference.measurements):
        if name in claims.measurements and not any(claims.measurements[name]):
            raise ZeroMeasurement(name=name)
    if not shown or not shown[0].measurements:
        raise UnknownMeasurement(policy=policy, names=_differing(claims, rule))
    return shown[0]


def _differing(claims: Claims, rule: Rule) -> Text | str:
    """Return the names of the measurements that keep the nearest approved state from showing."""
    differing = [
        [name for name, value in each.measurements.items() if claims.measurements.get(name) != value]
        for each in rule.references
    ]
    nearest = min(differing, key=len, default=[])
    return ", ".join(nearest) or Text("全部（未批准任何状态）", "everything (no state is approved)")
