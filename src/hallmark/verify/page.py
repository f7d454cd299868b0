"""Whether a page is, byte for byte, what a trusted seal signed. Nothing but `cryptography` is needed to tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hallmark.kernel import hashing
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.keys import ESP256, BadSignature, PublicKey, from_der
from hallmark.kernel.text import Text
from hallmark.verify import cms
from hallmark.verify.attachment import MAX_PDF

MAX_CMS = 4 * 1024
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BYTE_RANGE = re.compile(rb"/ByteRange ?\[ ?0 ([1-9][0-9]{0,9}) ([1-9][0-9]{0,9}) ([1-9][0-9]{0,9}) *\]")


class NotASeal(Malformed):
    """The bytes are no certificate of a P-256 seal."""

    en = "This is not the certificate of a seal: {why}. Use the one that the body published."
    zh = "这不是签章证书：{why}。请使用认证机构公布的签章证书。"


class UnverifiedPage(Unverified):
    """Nothing on these pages may be relied on, even where the file inside is genuine."""

    en = "The page is not verified: {why}. Do not rely on what it says; check the record inside the file by itself."
    zh = "页面未通过验证：{why}。请勿信赖页面内容；文件内的记录须另行核验。"


class NoSeal(UnverifiedPage):
    """The file has no seal, or none that covers all of it."""


class SealNotTrusted(UnverifiedPage):
    """The seal is not among those trusted."""


class SealNotValid(UnverifiedPage):
    """The seal's certificate does not cover the instant asked about."""


class PageAltered(UnverifiedPage):
    """The file is not the one that was sealed."""


def verify(pdf: bytes, trusted: Sequence[bytes], at: int) -> None:
    """Check that `pdf` is, byte for byte, what one of the `trusted` seals (DER certificates) signed, valid at `at`.

    `at` is the instant the seal had to be valid, in ms since 1970 UTC: that of the signing where a ledger proves it.
    Raises `NoSeal`, `SealNotTrusted`, `SealNotValid`, `PageAltered`, all `UnverifiedPage`.
    """
    digest, seal = _split(pdf)
    certificate = next((each for each in trusted if each in seal), None)
    if certificate is None:
        raise SealNotTrusted(why=Text("其签章不在受信任之列", "its seal is not one of those trusted"))
    key, valid_from, valid_until = read_certificate(certificate)
    if not valid_from <= at <= valid_until:
        raise SealNotValid(why=Text("签章证书在该时刻无效", "the certificate of its seal was not valid at that time"))
    try:
        signature = from_der(cms.signature_in(seal))
        key.verify(cms.attributes(certificate, digest), signature)
    except BadSignature:
        raise _altered() from None
    if cms.compose(certificate, digest, signature) != seal:
        raise _altered()


def read_certificate(certificate: bytes) -> tuple[PublicKey, int, int]:
    """Return the key of a seal's certificate, and its validity in ms; raises `NotASeal`."""
    try:
        read = x509.load_der_x509_certificate(certificate)
        key = read.public_key()
        bounds = read.not_valid_before_utc, read.not_valid_after_utc
    except (ValueError, x509.InvalidVersion):
        raise NotASeal(why=Text("结构有误", "its structure is wrong")) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NotASeal(why=Text("其密钥不是 P-256", "its key is not P-256"))
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    valid_from, valid_until = ((bound - EPOCH) // timedelta(milliseconds=1) for bound in bounds)
    return PublicKey(ESP256, point), valid_from, valid_until + 999


def _split(pdf: bytes) -> tuple[bytes, bytes]:
    """Return the digest of all but the gap, and the CMS object in the gap, which holds nothing else but zeros."""
    if len(pdf) > MAX_PDF:
        raise NoSeal(why=Text(f"文件超过 {MAX_PDF} 字节", f"it is over {MAX_PDF} bytes"))
    found = _BYTE_RANGE.match(pdf, max(0, pdf.rfind(b"/ByteRange")))
    if found is None:
        raise NoSeal(why=Text("文件没有签章", "it has no seal"))
    start, resumed, rest = map(int, found.groups())
    if resumed + rest != len(pdf) or not 2 <= resumed - start <= 4 * MAX_CMS:
        raise NoSeal(why=Text("签章未覆盖整个文件", "its seal does not cover the whole file"))
    gap = pdf[start:resumed]
    if not re.fullmatch(rb"<([0-9A-F]{2})+>", gap):
        raise _altered()
    content = bytes.fromhex(gap[1:-1].decode())
    size = 4 + int.from_bytes(content[2:4])  # every CMS object of ours has a length of two bytes
    if content[size:].strip(b"\0"):
        raise _altered()
    return hashing.sha256(pdf[:start] + pdf[resumed:]), content[:size]


def _altered() -> PageAltered:
    return PageAltered(why=Text("文件在签章后被改动", "the file was changed after it was sealed"))
