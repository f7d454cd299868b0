"""What can be wrong with attestation evidence itself; what a policy refuses is in `appraisal`."""

from __future__ import annotations

from hallmark.kernel.errors import Malformed, Missing, Unverified


class BadEvidence(Malformed):
    """The bytes are not evidence or collateral of their format."""

    en = "This is not a valid {what}: {why}. Collect the evidence again."
    zh = "这不是有效的{what}：{why}。请重新采集证据。"


class NoPart(Missing):
    """A part of the evidence or of its collateral was not handed in."""

    en = "The {what} is missing from the evidence. Archive it together with the evidence and hand both in."
    zh = "证据中缺少{what}。请将其与证据一并存档后提交。"


class BadEvidenceSignature(Unverified):
    """A signature over evidence or collateral does not verify."""

    en = "The signature over the {what} does not verify. The bytes or the key are not the ones that were signed."
    zh = "{what}的签名验证失败。内容或密钥并非签署时所用。"


class BrokenChain(Unverified):
    """A certificate was not issued by the next one in its chain."""

    en = "The certificate chain of the {what} is broken: {why}. Fetch the chain again from the vendor."
    zh = "{what}的证书链不完整：{why}。请从厂商重新获取证书链。"


class UntrustedRoot(Unverified):
    """The chain ends in a key that is no trust anchor of the policy."""

    en = "The {what} ends in the root {root}, which is no trust anchor here. Do not rely on it."
    zh = "{what}的根密钥 {root} 不在信任锚之列。请勿信赖。"


class NotYetValid(Unverified):
    """Something was not valid yet at the time asked about."""

    en = "The {what} is valid from {since}, not yet at {at}. Verify as of the time the evidence was made."
    zh = "{what}自 {since} 起有效，{at} 时尚未生效。请按证据生成的时间验证。"


class Expired(Unverified):
    """Something was not valid any more at the time asked about."""

    en = "The {what} was valid until {until}, not at {at} any more. Collect fresh evidence and collateral."
    zh = "{what}有效期至 {until}，{at} 时已失效。请重新采集证据及其佐证材料。"


class Revoked(Unverified):
    """The vendor has taken a key back."""

    en = "The vendor has revoked the {what} with serial number {serial}. Do not rely on it."
    zh = "厂商已吊销序列号为 {serial} 的{what}。请勿信赖。"


class BrokenBinding(Unverified):
    """Two parts of the evidence do not belong together."""

    en = "The {what} does not belong to the {whole}: {why}. Do not rely on the evidence."
    zh = "{what}与{whole}不匹配：{why}。请勿信赖该证据。"


class NoTcbLevel(Unverified):
    """No level the vendor has published covers this platform."""

    en = "The {what} is older than every level the vendor has published. Update the platform and collect new evidence."
    zh = "{what}低于厂商公布的所有级别。请更新平台后重新采集证据。"
