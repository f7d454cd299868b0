"""What verified evidence says, in one shape for every format (claims, RFC 9334 section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hallmark.kernel.text import Text

Fact = str | int | bool | bytes

# Links of the chain from vendor to evidence that the format, or the collateral at hand, left unchecked.
SELF_REPORTED = "self-reported"
VENDOR_CHAIN = "vendor-chain"
REVOCATION = "revocation"
UNSIGNED_STATUS_LIST = "unsigned-status-list"
NO_VALIDITY = "no-validity"

LINKS: Mapping[str, Text] = {
    SELF_REPORTED: Text("证明密钥没有厂商证书，度量值由节点自述", "no vendor vouches for the attestation key"),
    VENDOR_CHAIN: Text(
        "未提供芯片密钥至厂商根的证书", "the certificates from the chip's key to the vendor's root are absent"
    ),
    REVOCATION: Text("未提供吊销列表", "no revocation list was at hand"),
    UNSIGNED_STATUS_LIST: Text("厂商状态列表未签名，可信程度取决于存档者", "the vendor does not sign its status list"),
    NO_VALIDITY: Text("密钥或证书不含有效期", "the keys or certificates carry no validity dates"),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of evidence whose signatures and bindings hold; nothing here says that they are acceptable.

    `measurements` are digests by name. `report_data` is what the attester had bound in. `debug` and `boot_verified` are
    None where the format says nothing of them. `tcb` holds security versions that only grow. `tcb_status` is the
    vendor's word on them, or "". `signers` are SHA-256 over SubjectPublicKeyInfo, the evidence's key first, the trust
    anchor last. `missing` names the `LINKS` that were not checked.
    """

    format: str
    family: str
    measurements: Mapping[str, bytes]
    report_data: bytes
    signers: tuple[bytes, ...]
    debug: bool | None = None
    boot_verified: bool | None = None
    tcb: Mapping[str, int] = field(default_factory=dict)
    tcb_status: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def shown(self) -> Mapping[str, Fact]:
        """All that a rule may ask for, by name: facts, security versions, measurements, and the family."""
        return {**self.facts, **self.tcb, **self.measurements, "family": self.family}
