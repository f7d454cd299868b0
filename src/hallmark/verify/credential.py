"""Did this body sign this credential? What an exported credential proves, offline: the word of one body, and no more.

A credential does not show that the ledger admitted the certificate, nor its status. So it is never "in force" here; the
record's digest leads to the certificate that shows both.

1. The bytes are a credential of one of the two profiles (`BadCredential`), under one key of a body in the trust bundle
   (`UnknownIssuer`).
2. The proof or envelope verifies under that key (`BadProof`, `BadEnvelope`).
3. `w3c`: the credential is, to the byte, the export of the record in it (`NotTheExport`), of the bundle's environment.
   `untp-0.7`: the environment and the digest are read from their places; the record itself is not in it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hallmark.certificate import bitstring, credential, integrity, jcs, jose, multikey, untp
from hallmark.certificate.credential import Export
from hallmark.kernel import keys
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text
from hallmark.statement import kinds, plain
from hallmark.statement.certificate import CERTIFICATE
from hallmark.statement.kind import Visibility
from hallmark.verify.answer import Attestation as Attestation  # part of this face
from hallmark.verify.bundle import Issuer, TrustBundle
from hallmark.verify.certificate import WrongParts

MAX_SIZE = 256 * 1024
_RECORD = kinds.find("certificate.issued")


class BadCredential(Malformed):
    """The bytes are no credential of ours."""

    en = "This is not a credential of a Hallmark certificate: {why}. Get it again from the certification body."
    zh = "这不是 Hallmark 证书的凭证：{why}。请向认证机构重新获取。"


class UnknownIssuer(Unverified):
    """The key that signed is no body's in the trust bundle."""

    en = "The credential is signed with a key of nobody in your trust bundle: {method}. Do not rely on it."
    zh = "该凭证的签署密钥不属于您信任包中的任何机构：{method}。请勿信赖。"


class NotTheExport(Unverified):
    """The credential says something else than its record."""

    en = "The credential is signed but is not the export of the record in it: {why}. Do not rely on it."
    zh = "该凭证虽有签名，但并非其所含记录的导出：{why}。请勿信赖。"


def verify_credential(data: bytes, bundle: TrustBundle) -> Attestation:
    """Return what the credential in `data`, JSON or a compact JWS, proves under `bundle`; raises the first failure."""
    if len(data) > MAX_SIZE:
        why = Text(f"共 {len(data)} 字节，上限 {MAX_SIZE}", f"it has {len(data)} bytes, more than {MAX_SIZE}")
        raise BadCredential(why=why)
    data = data.strip()
    if data.startswith(b"{"):
        return _verify_w3c(data, bundle)
    return _verify_untp(data, bundle)


def _verify_w3c(data: bytes, bundle: TrustBundle) -> Attestation:
    secured = jcs.parse(data)
    key, issuer = _find(integrity.method_of(secured), bundle)
    document = integrity.verify(secured, key)
    match document:
        case {
            "id": str(address),
            "credentialSubject": {"number": str(number), "environment": str(environment), "record": dict(claims)},
            "credentialStatus": [{"statusListIndex": str(index), "statusListCredential": str(status)}, _],
        }:
            pass
        case _:
            raise BadCredential(why=Text("缺少编号、记录或状态", "it lacks a number, a record or a status"))
    record = _record(claims)
    CERTIFICATE.check(number, "number")
    register = address.removesuffix(f"/certificates/{number}")
    place = status.rpartition("/")[2]
    if not (
        index.isascii() and index.isdecimal() and place.isascii() and place.isdecimal() and len(place + index) < 16
    ):
        raise BadCredential(why=Text("状态位置有误", "its place in the status list is not a number"))
    export = Export(
        number=number,
        record=record,
        issued_at=_seconds(secured["proof"]["created"]),
        environment=environment,
        register=register,
        position=int(place) * bitstring.LENGTH + int(index),
        development=bundle.development,
    )
    _check_place(environment, record["body"]["id"], bundle, issuer)
    if credential.compose(export, key) != document or export.created != secured["proof"]["created"]:
        raise NotTheExport(why=Text("内容与记录不一致", "what it says is not what the record says"))
    return Attestation("w3c", number, export.digest, issuer.name, bundle.development, record)


def _verify_untp(data: bytes, bundle: TrustBundle) -> Attestation:
    method = jose.method_of(data)
    key, issuer = _find(method, bundle)
    match jose.verify(data, key):
        case {
            "id": str(address),
            "issuer": {"id": str(did), "issuerAlsoKnownAs": [{"registeredId": str(body)}]},
            "credentialSubject": {
                "conformityCertificate": {"digestMultibase": str(encoded)},
                "conformityAssessment": [{"specifiedCondition": [str(condition), *_]}],
            },
        } if condition.startswith(untp.ENVIRONMENT) and did == credential.did_of(key):
            pass
        case _:
            raise BadCredential(why=Text("缺少摘要、环境或机构", "it lacks a digest, an environment or a body"))
    _check_place(condition.removeprefix(untp.ENVIRONMENT), body, bundle, issuer)
    number = address.rpartition("/")[2]
    CERTIFICATE.check(number, "number")
    credential.check_register(address.removesuffix(f"/certificates/{number}"), development=bundle.development)
    digest = untp.from_multibase_digest(encoded)
    if digest is None:
        raise BadCredential(why=Text("记录摘要有误", "the digest of its record is not one"))
    return Attestation("untp-0.7", number, digest, issuer.name, bundle.development)


def _find(method: str, bundle: TrustBundle) -> tuple[keys.PublicKey, Issuer]:
    """Return the key that a verification method names, and the body whose key the bundle says it is."""
    for text, issuer in bundle.issuers.items():
        key = multikey.decode(text)
        if credential.method_of(key) == method:
            return key, issuer
    raise UnknownIssuer(method=method[:200])


def _check_place(environment: str, body: str, bundle: TrustBundle, issuer: Issuer) -> None:
    if environment != bundle.environment:
        here = bundle.environment
        raise WrongParts(
            why=Text(
                f"它属于环境 {environment[:100]}，而您信任的是 {here}",
                f"it was made for {environment[:100]}, you trust {here}",
            )
        )
    if body != issuer.id:
        raise WrongParts(why=Text("它是另一机构的证书", "it is of another body than the one that signed it"))


def _record(claims: dict[str, Any]) -> dict[str, Any]:
    """Return the record that JSON claims write."""
    record = plain.read_claims(_RECORD, claims)
    public = _RECORD.visible(Visibility.PUBLIC)
    if record.keys() != public:
        raise BadCredential(why=Text("记录项不全或过多", "its record lacks a claim or has one too many"))
    for name in public:
        _RECORD.named(name).shape.check(record[name], name)
    return record


def _seconds(created: str) -> int:
    """Return the seconds since 1970 UTC of a time that `Export.created` wrote; others give another text again."""
    try:
        return int(datetime.fromisoformat(created).timestamp())
    except (ValueError, OverflowError):
        raise BadCredential(why=Text("签署时间有误", "the time of its proof is not one")) from None
