"""Credentials enveloped in a JSON Web Signature: media type `application/vc+jwt` (W3C VC-JOSE-COSE, section 3.1.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from hallmark.certificate import jcs, multikey
from hallmark.kernel import keys
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text

_HEADER = {"alg": "EdDSA", "cty": "vc", "typ": "vc+jwt"}
MULTIBASE_BASE64URL = "u"


class BadJws(Malformed):
    """The text is not a credential in a compact JSON Web Signature."""

    article = "RFC 7515; W3C VC-JOSE-COSE section 3.1.1"
    en = "This is not a credential in a JSON Web Signature: {why}. Fetch it again from its issuer."
    zh = "这不是 JSON Web Signature 形式的凭证：{why}。请向颁发方重新获取。"


class BadEnvelope(Unverified):
    """The signature around a credential does not verify."""

    article = "RFC 7515 section 5.2"
    en = "The signature around this credential does not verify: {why}. Do not rely on it."
    zh = "该凭证的外层签名未通过验证：{why}。请勿信赖。"


def envelop(document: Mapping[str, Any], method: str, signer: keys.Signer) -> bytes:
    """Return `document` in a compact JWS by `signer`, the Ed25519 key `method`; raises `NotEd25519`, `BadJson`."""
    multikey.encode(signer.public)
    header = {**_HEADER, "kid": method}
    signed = f"{to_base64url(jcs.encode(header))}.{to_base64url(jcs.encode(document))}"
    return f"{signed}.{to_base64url(signer.sign(signed.encode()))}".encode()


def method_of(data: bytes) -> str:
    """Return the verification method that the JWS `data` names; raises `BadJws`, `BadJson`."""
    match jcs.parse(_parts(data)[0]):
        case {"alg": "EdDSA", "cty": "vc", "typ": "vc+jwt", "kid": str(method), **rest} if not rest:
            return method
    raise BadJws(why=Text("头部并非 EdDSA 签署的 vc+jwt", "its header is not that of a vc+jwt signed with EdDSA"))


def verify(data: bytes, key: keys.PublicKey) -> dict[str, Any]:
    """Return the document in the JWS `data`, which `key` signed; raises `BadJws`, `BadEnvelope`, `BadJson`."""
    method_of(data)
    _, payload, signature = _parts(data)
    try:
        key.verify(data.rpartition(b".")[0], signature)
    except keys.BadSignature as error:
        raise BadEnvelope(why=error.facts["why"]) from None
    document = jcs.parse(payload)
    if not isinstance(document, dict):
        raise BadJws(why=Text("内容不是对象", "what it holds is no object"))
    return document


def to_base64url(data: bytes) -> str:
    """Return `data` in base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes | None:
    """Return the bytes whose one spelling in base64url without padding is `text`, or None."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if to_base64url(data) == text else None


def _parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    try:
        parts = [from_base64url(part) for part in data.decode("ascii").split(".")]
    except UnicodeDecodeError:
        parts = []
    match parts:
        case [bytes(header), bytes(payload), bytes(signature)]:
            return header, payload, signature
    raise BadJws(why=Text("它不是以点分隔的三段 base64url", "it is not three parts in base64url joined by dots"))
