"""DCAP quotes and collateral made here, under our own root in Intel's place."""

from __future__ import annotations

import hashlib
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from attestation.makers import REPORT_DATA, Authority, der, ec_key, number, oid, raw, xy
from hallmark.attestation.formats import Bundle

_SGX = "1.2.840.113741.1.13.1"
_PCK, _TCB, _ATTESTATION = (ec_key(seed, ec.SECP256R1) for seed in (60, 61, 62))
SVNS = [5] * 16
MODULE = bytes(48)
QE_SIGNER = b"\xab" * 32
P256 = hashes.SHA256()


def _svn(svns) -> list[dict[str, int]]:
    return [{"svn": svn} for svn in svns]


def _level(tcb, status: str, advisories=()) -> dict[str, object]:
    return {"tcb": tcb, "tcbDate": "2025-03-12T00:00:00Z", "tcbStatus": status, "advisoryIDs": list(advisories)}


def pck_extension(svns=SVNS, pce_svn: int = 13, fmspc: bytes = b"\x00\xa0\x67\x11\x00\x00") -> bytes:
    def pair(name: str, value: bytes) -> bytes:
        return der(0x30, oid(f"{_SGX}.{name}"), value)

    tcb = [pair(f"2.{at}", number(svn)) for at, svn in enumerate([*svns, pce_svn], 1)]
    entries = (
        pair("1", der(4, bytes(16))),
        pair("2", der(0x30, *tcb)),
        pair("3", der(4, bytes(2))),
        pair("4", der(4, fmspc)),
    )
    return der(0x30, *entries)


def tcb_info(tdx: bool, **changes) -> dict[str, object]:
    current = {"sgxtcbcomponents": _svn(SVNS), "pcesvn": 13}
    old = {"sgxtcbcomponents": _svn([4] * 16), "pcesvn": 11}
    info = {
        "id": "TDX" if tdx else "SGX",
        "version": 3,
        "issueDate": "2025-06-10T00:00:00Z",
        "nextUpdate": "2025-07-10T00:00:00Z",
        "fmspc": "00A067110000",
        "pceId": "0000",
        "tcbEvaluationDataNumber": 17,
    }
    if tdx:
        identity = {"mrsigner": MODULE.hex(), "attributes": bytes(8).hex(), "attributesMask": "FF" * 8}
        levels = [_level({"isvsvn": 5}, "UpToDate"), _level({"isvsvn": 2}, "OutOfDate", ["INTEL-SA-2"])]
        info |= {"tdxModule": identity, "tdxModuleIdentities": [{"id": "TDX_01", **identity, "tcbLevels": levels}]}
        current["tdxtcbcomponents"] = _svn([5, 0, 3] + [0] * 13)
        old["tdxtcbcomponents"] = _svn([1, 0, 1] + [0] * 13)
    return info | {"tcbLevels": [_level(current, "UpToDate"), _level(old, "OutOfDate", ["INTEL-SA-1"])]} | changes


def qe_identity(tdx: bool, **changes) -> dict[str, object]:
    identity = {
        "id": "TD_QE" if tdx else "QE",
        "version": 2,
        "issueDate": "2025-06-10T00:00:00Z",
        "nextUpdate": "2025-07-10T00:00:00Z",
        "miscselect": "00000000",
        "miscselectMask": "FFFFFFFF",
        "attributes": "11" + "00" * 15,
        "attributesMask": "FB" + "FF" * 7 + "00" * 8,
        "mrsigner": QE_SIGNER.hex(),
        "isvprodid": 1,
        "tcbEvaluationDataNumber": 17,
    }
    return identity | {"tcbLevels": [_level({"isvsvn": 8}, "UpToDate"), _level({"isvsvn": 6}, "OutOfDate")]} | changes


def enclave(signer: bytes, report_data: bytes, *, attributes: int = 0x11, svn: int = 8) -> bytes:
    body = bytearray(384)
    body[48] = attributes
    body[64:96], body[128:160] = b"\x4d" * 32, signer
    body[256:260] = b"\1\0" + svn.to_bytes(2, "little")
    body[320:] = report_data.ljust(64, b"\0")
    return bytes(body)


def domain(report_data: bytes, *, attributes: int = 0, svns: bytes = b"\5\1\3") -> bytes:
    body = bytearray(584)
    body[:16] = svns.ljust(16, b"\0")
    body[120:128] = attributes.to_bytes(8, "little")
    body[136:184] = b"\x4d" * 48
    body[520:] = report_data
    return bytes(body)


def quote(version: int, body: bytes, chain: bytes, *, tdx: bool, qe_svn: int = 8) -> bytes:
    head = (
        version.to_bytes(2, "little")
        + (2).to_bytes(2, "little")
        + (0x81 if tdx else 0).to_bytes(4, "little")
        + bytes(4)
    )
    head += bytes.fromhex("939a7233f79c4ca9940a0db3957f0607") + bytes(20)
    if version == 5:
        kind = {384: 1, 584: 2, 648: 3}[len(body)]
        head += kind.to_bytes(2, "little") + len(body).to_bytes(4, "little")
    auth_data = bytes(range(32))
    qe = enclave(QE_SIGNER, hashlib.sha256(xy(_ATTESTATION) + auth_data).digest(), svn=qe_svn)
    inner = qe + raw(_PCK, qe, P256) + (32).to_bytes(2, "little") + auth_data
    inner += (5).to_bytes(2, "little") + len(chain).to_bytes(4, "little") + chain
    if version > 3:
        inner = (6).to_bytes(2, "little") + len(inner).to_bytes(4, "little") + inner
    signed = raw(_ATTESTATION, head + body, P256) + xy(_ATTESTATION) + inner
    return head + body + len(signed).to_bytes(4, "little") + signed


def dcap(
    authority: Authority,
    report_data: bytes = REPORT_DATA,
    *,
    version: int = 3,
    body: bytes = b"",
    svns=SVNS,
    qe_svn: int = 8,
    info=None,
    identity=None,
    revoked=(),
    signer: str = "Intel SGX TCB Signing",
) -> Bundle:
    tdx = len(body) > 384 or (version > 3 and not body)
    body = body or (domain(report_data) if tdx else enclave(b"\xcd" * 32, report_data))
    pck = authority.leaf(_PCK, "Intel SGX PCK Certificate", [(_SGX, pck_extension(svns))])
    chain = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in (pck, authority.issuing, authority.root))
    signing = authority.chain(authority.leaf(_TCB, signer, under_root=True, serial=88), under_root=True)
    statements = {"tcb_info": info or tcb_info(tdx), "qe_identity": identity or qe_identity(tdx)}
    collateral = {"pck_crl": authority.revocation_list(*revoked), "root_crl": authority.revocation_list(root=True)}
    for name, value in statements.items():
        text = json.dumps(value).encode()
        collateral |= {name: text, f"{name}_signature": raw(_TCB, text, P256), f"{name}_chain": signing}
    return Bundle("dcap", {"quote": quote(version, body, chain, tdx=tdx, qe_svn=qe_svn)}, collateral)
