"""Intel's signed statements about platforms: TCB info (version 3) and enclave identity (version 2), and how a platform
is matched with them (Intel, "Provisioning Certification Service API", Get TCB Info and Get Quoting Enclave Identity).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from hallmark.attestation import chain, der, json_text, signature
from hallmark.attestation.errors import BadEvidence, BrokenBinding, BrokenChain, NoTcbLevel
from hallmark.kernel.text import Text

TCB_INFO = Text("TCB 信息", "TCB info")
QE_IDENTITY = Text("引证飞地身份", "quoting enclave identity")
PCK = Text("PCK 证书", "PCK certificate")
_PLATFORM = Text("平台 TCB", "platform's TCB")
_MODULE = Text("TDX 模块", "TDX module")
_ENCLAVE = Text("引证飞地", "quoting enclave")

_SGX = "1.2.840.113741.1.13.1"
_TCB, _PCE_ID, _FMSPC = f"{_SGX}.2", f"{_SGX}.3", f"{_SGX}.4"
_COMPONENTS = 16
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_SIGNER = "Intel SGX TCB Signing"
_VERSIONS = {"SGX": 3, "TDX": 3, "QE": 2, "TD_QE": 2}

# What an out-of-date quoting enclave or module makes of the platform's status.
_WORSENED: Mapping[str, str] = {
    "UpToDate": "OutOfDate",
    "SWHardeningNeeded": "OutOfDate",
    "ConfigurationNeeded": "OutOfDateConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded": "OutOfDateConfigurationNeeded",
}


@dataclass(frozen=True, slots=True)
class Platform:
    """What a PCK certificate says of its platform."""

    components: tuple[int, ...]
    pce_svn: int
    pce_id: bytes
    fmspc: bytes


@dataclass(frozen=True, slots=True)
class Level:
    """The level that a platform, module or enclave reached: status, date in ms, advisories."""

    status: str
    date: int
    advisories: tuple[str, ...]


def load(statement: bytes, raw: bytes, certificates: Sequence[x509.Certificate], name: str, at: int, what: Text) -> Any:
    """Return the JSON of Intel's `statement` named `name`, in force at `at` ms and signed by the first certificate.

    The chain must have been verified. Raises `BadEvidence`, `BrokenChain`, `BadEvidenceSignature`, `NotYetValid` and
    `Expired`.
    """
    if [name.value for name in certificates[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [_SIGNER]:
        why = Text("签名证书不用于签署 TCB 信息", "its signer's certificate is not for TCB signing")
        raise BrokenChain(what=what, why=why)
    signature.verify_raw_ecdsa(certificates[0].public_key(), raw, statement, hashes.SHA256(), what)
    value = json_text.decode(statement, what)
    if value.get("id") != name or value.get("version") != _VERSIONS[name]:
        raise BadEvidence(what=what, why=Text("种类或版本不符", "it is of another kind or version"))
    chain.check_window(_time(value, "issueDate", what), _time(value, "nextUpdate", what), at, what)
    return value


def platform(certificate: x509.Certificate) -> Platform:
    """Return what the SGX extension of a PCK certificate says; raises `BadEvidence`."""
    encoded = chain.extension(certificate, _SGX)
    if encoded is None:
        raise BadEvidence(what=PCK, why=Text("缺少 SGX 扩展", "it has no SGX extension"))
    entries = _pairs(der.parse(encoded, PCK))
    try:
        tcb = _pairs(entries[_TCB])
        components = tuple(tcb[f"{_TCB}.{number}"].integer() for number in range(1, _COMPONENTS + 1))
        pce_svn = tcb[f"{_TCB}.{_COMPONENTS + 1}"].integer()
        return Platform(components, pce_svn, entries[_PCE_ID].octets(), entries[_FMSPC].octets())
    except KeyError:
        raise BadEvidence(what=PCK, why=Text("SGX 扩展不完整", "its SGX extension lacks an entry")) from None


def match_platform(info: Any, at_hand: Platform, tee_tcb: bytes | None) -> Level:
    """Return the highest level of the TCB `info` that the platform, and for TDX its module, reaches.

    Raises `BrokenBinding` where the info is about another kind of platform, `NoTcbLevel`, `BadEvidence`.
    """
    for name, value in (("fmspc", at_hand.fmspc), ("pceId", at_hand.pce_id)):
        if _bytes(info, name, TCB_INFO) != value:
            why = Text(f"{name} 不符", f"its {name} is another")
            raise BrokenBinding(what=TCB_INFO, whole=PCK, why=why)
    for level in json_text.member(info, "tcbLevels", list, TCB_INFO):
        tcb = json_text.member(level, "tcb", dict, TCB_INFO)
        reached = at_hand.pce_svn >= json_text.member(tcb, "pcesvn", int, TCB_INFO)
        reached = reached and _covers(at_hand.components, _svns(tcb, "sgxtcbcomponents"))
        if reached and tee_tcb is not None:
            # From module version 1 on, the first two components are judged by the module's own identity.
            first = 2 if tee_tcb[1] > 0 else 0
            reached = _covers(tee_tcb[first:], _svns(tcb, "tdxtcbcomponents")[first:])
        if reached:
            return _level(level, TCB_INFO)
    raise NoTcbLevel(what=_PLATFORM)


def match_module(info: Any, tee_tcb: bytes, signer: bytes, attributes: bytes) -> Level | None:
    """Return the level of the TDX module, None for a module whose level is the platform's.

    Raises `BrokenBinding` for a module that is not Intel's, `NoTcbLevel`, `BadEvidence`.
    """
    identity = json_text.member(info, "tdxModule", dict, TCB_INFO)
    if tee_tcb[1] > 0:
        name = f"TDX_{tee_tcb[1]:02X}"
        identities = json_text.member(info, "tdxModuleIdentities", list, TCB_INFO)
        found = [item for item in identities if isinstance(item, dict) and item.get("id") == name]
        if len(found) != 1:
            raise NoTcbLevel(what=_MODULE)
        identity = found[0]
    masked = _masked(attributes, _bytes(identity, "attributesMask", TCB_INFO))
    if signer != _bytes(identity, "mrsigner", TCB_INFO) or masked != _bytes(identity, "attributes", TCB_INFO):
        why = Text("签名者或属性不符", "its signer or its attributes are others")
        raise BrokenBinding(what=_MODULE, whole=TCB_INFO, why=why)
    return _by_svn(identity, tee_tcb[0], TCB_INFO, _MODULE) if tee_tcb[1] > 0 else None


def match_enclave(identity: Any, qe: Mapping[str, bytes]) -> Level:
    """Return the level of the quoting enclave whose report has the fields `qe`.

    Raises `BrokenBinding` for an enclave that is not the one identified, `NoTcbLevel`, `BadEvidence`.
    """
    pairs = (
        (qe["mr_signer"], _bytes(identity, "mrsigner", QE_IDENTITY)),
        (int.from_bytes(qe["isv_prod_id"], "little"), json_text.member(identity, "isvprodid", int, QE_IDENTITY)),
        *(
            (_masked(qe[field], _bytes(identity, f"{name}Mask", QE_IDENTITY)), _bytes(identity, name, QE_IDENTITY))
            for field, name in (("misc_select", "miscselect"), ("attributes", "attributes"))
        ),
    )
    if any(found != stated for found, stated in pairs):
        why = Text("签名者、产品号或属性不符", "its signer, product number or attributes are others")
        raise BrokenBinding(what=_ENCLAVE, whole=QE_IDENTITY, why=why)
    return _by_svn(identity, int.from_bytes(qe["isv_svn"], "little"), QE_IDENTITY, _ENCLAVE)


def converge(platform_status: str, others: Sequence[Level]) -> str:
    """Return the status of the whole: a part that is out of date or revoked worsens the platform's."""
    statuses = {level.status for level in others}
    if "Revoked" in statuses:
        return "Revoked"
    if statuses - {"UpToDate"}:
        return _WORSENED.get(platform_status, platform_status)
    return platform_status


def _by_svn(identity: Any, svn: int, what: Text, judged: Text) -> Level:
    for level in json_text.member(identity, "tcbLevels", list, what):
        if svn >= json_text.member(json_text.member(level, "tcb", dict, what), "isvsvn", int, what):
            return _level(level, what)
    raise NoTcbLevel(what=judged)


def _level(level: Any, what: Text) -> Level:
    advisories = level.get("advisoryIDs", [])
    if not isinstance(advisories, list):
        raise BadEvidence(what=what, why=Text("公告列表类型不符", "its list of advisories is none"))
    status = json_text.member(level, "tcbStatus", str, what)
    return Level(status, _time(level, "tcbDate", what), tuple(map(str, advisories)))


def _svns(tcb: Any, name: str) -> list[int]:
    components = json_text.member(tcb, name, list, TCB_INFO)
    if len(components) != _COMPONENTS:
        raise BadEvidence(what=TCB_INFO, why=Text("组件数不是 16", "a level has not 16 components"))
    return [json_text.member(component, "svn", int, TCB_INFO) for component in components]


def _covers(found: Sequence[int], needed: Sequence[int]) -> bool:
    return all(have >= need for have, need in zip(found, needed, strict=True))


def _masked(value: bytes, mask: bytes) -> bytes:
    return bytes(byte & bits for byte, bits in zip(value, mask.ljust(len(value), b"\xff"), strict=False))


def _bytes(value: Any, name: str, what: Text) -> bytes:
    try:
        return bytes.fromhex(json_text.member(value, name, str, what))
    except ValueError:
        raise BadEvidence(
            what=what, why=Text(f"成员 {name} 不是十六进制", f"its member {name} is not hexadecimal")
        ) from None


def _time(value: Any, name: str, what: Text) -> int:
    text = json_text.member(value, name, str, what)
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        raise BadEvidence(
            what=what, why=Text(f"成员 {name} 不是时间", f"its member {name} is no time with a zone")
        ) from None
    return (moment - _EPOCH) // _MILLISECOND


def _pairs(node: der.Node) -> dict[str, der.Node]:
    """Return the entries of a SEQUENCE of (identifier, value)."""
    entries = [entry.children() for entry in node.children()]
    if any(len(entry) != 2 for entry in entries):
        node.refuse("SGX 扩展格式不符", "an entry of its SGX extension is no pair")
    return {name.oid(): value for name, value in entries}
