"""Statements about certificates. The public claims of `certificate.issued` are the certificate's one record."""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.kernel import canonical, hashing
from hallmark.kernel.text import Text
from hallmark.statement.kind import Kind, Role, members, public
from hallmark.statement.shape import (
    CASE,
    CODE,
    DAY,
    DIGEST,
    NAME,
    ORGANISATION,
    PARTY,
    PRODUCT,
    PROSE,
    Id,
    ListOf,
    Record,
    Shape,
    Whole,
    Words,
)

CERTIFICATE = Id()

_SCHEME = Record({"id": CODE, "edition": CODE, "name": NAME, "profile": CODE, "offset_minutes": Whole(-840, 840)})
_STANDARD = Record({"id": Words(100)}, {"edition": Words(40)})  # no edition: the source cites it undated
_TITLED: Mapping[str, Shape] = {"id": CODE, "name": NAME}
_ORGANISATION = Record({"id": ORGANISATION, "name": NAME, "address": Words(400)})
_STATUS = (public("effective_on", DAY), public("reason_code", CODE), public("reason", PROSE))

KINDS = (
    Kind(
        "certificate.issued",
        Text("证书颁发", "Certificate issued"),
        (Role.BODY,),
        CERTIFICATE,
        (
            members("case", CASE),
            public("scheme", _SCHEME),
            public("product_type", Record(_TITLED, {"level": Record(_TITLED)})),
            public("mode", ListOf(CODE, 1)),
            public("applicant", PARTY),
            public("manufacturer", PARTY),
            public("factory", PARTY),
            public("product", PRODUCT),
            public("standards", ListOf(_STANDARD, 0)),
            public("body", _ORGANISATION),
            public("laboratories", ListOf(_ORGANISATION)),
            public("reports", ListOf(Id(("REPORT",)), 1)),
            public("case_digest", DIGEST),
            public("granted_on", DAY),
            public("valid_from", DAY),
            public("valid_until", DAY),
        ),
    ),
    Kind("certificate.suspended", Text("证书暂停", "Certificate suspended"), (Role.BODY,), CERTIFICATE, _STATUS),
    Kind("certificate.restored", Text("证书恢复", "Certificate restored"), (Role.BODY,), CERTIFICATE, _STATUS),
    Kind("certificate.withdrawn", Text("证书撤销", "Certificate withdrawn"), (Role.BODY,), CERTIFICATE, _STATUS),
    Kind("certificate.cancelled", Text("证书注销", "Certificate cancelled"), (Role.BODY,), CERTIFICATE, _STATUS),
)


def encode_record(number: str, record: Mapping[str, object]) -> bytes:
    """Return the canonical CBOR of a certificate's record: its number and public claims behind the name of the form."""
    return canonical.encode(["hallmark/certificate/1", [number, record]])


def record_digest(number: str, record: Mapping[str, object]) -> bytes:
    """Return the 32-byte digest of a certificate's record, SHA-256 of `encode_record`. All its forms carry it."""
    return hashing.sha256(encode_record(number, record))


def status_digest(status: Mapping[str, object]) -> bytes:
    """Return the 32-byte digest of a certificate's status record, the value of its leaf in the status map."""
    return hashing.digest_of("hallmark/status/1", status)
