"""The profile `w3c`: a certificate's record as a credential of the W3C data model 2.0, signed by the issuing body.

The whole record is in it, as a JSON literal, with the record's digest; so the credential is a function of `Export` and
nothing in it goes unchecked. Status is two entries of Bitstring Status List 1.0, one list for each purpose. The proof
is `eddsa-jcs-2022`.

The contexts that credentials name are pinned by SHA-256, and never fetched: `CONTEXTS`, and our own `TERMS`, which
stands at the register's address. It is named and not written out, for readers compare contexts by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.certificate import bitstring, integrity, jcs, multikey
from hallmark.kernel import instant, keys
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.statement import plain
from hallmark.statement.certificate import record_digest
from hallmark.statement.shape import BadClaim, Either, Whole, Words

W3C = "https://www.w3.org/ns/credentials/v2"
UNTP = "https://vocabulary.uncefact.org/untp/0.7.0/context/"
CONTEXTS: Mapping[str, str] = {
    # W3C Verifiable Credentials Data Model 2.0, appendix B.1
    W3C: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    # uncefact/tests-untp, packages/untp-utils/artefacts/manifest.json
    UNTP: "922764eee09c13717a8002095568c7e064fde4e8d93a98dcf00759ee039b829d",
}

TERMS = jcs.encode(
    {
        "@context": {
            "@protected": True,
            "hallmark": "urn:hallmark:certificate:1#",
            "ProductCertificate": "hallmark:ProductCertificate",
            "CertifiedProduct": "hallmark:CertifiedProduct",
            "environment": "hallmark:environment",
            "number": "hallmark:number",
            "recordDigest": "hallmark:recordDigest",
            "record": {"@id": "hallmark:record", "@type": "@json"},
        }
    }
)
"""The context of the register, for its web server; its SHA-256 is part of the format."""

_PUBLIC = Words(200, r"https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")
_LOOPBACK = Words(200, r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
_POSITION = Whole()


class BadAddress(Malformed):
    """The address cannot stand in front of the addresses of certificates."""

    en = (
        "{address} cannot be the address of the register in credentials. Give an https address without / at its end; "
        "on a development ledger, http on the same machine will do."
    )
    zh = "{address} 不能作为凭证中登记簿的地址。请提供结尾不带 / 的 https 地址；开发账本也可使用本机的 http 地址。"


@dataclass(frozen=True, slots=True)
class Export:
    """All that a credential is made from.

    `record` is the public claims of `certificate.issued`, `issued_at` that statement's time in seconds since 1970 UTC,
    `register` the address of the register as `check_register` wants it, `position` how many certificates the body had
    issued before, which is the place in its status lists.
    """

    number: str
    record: Mapping[str, Any]
    issued_at: int
    environment: str
    register: str
    position: int
    development: bool = False

    def __post_init__(self) -> None:
        check_register(self.register, development=self.development)
        try:
            _POSITION.check(self.position, "position")
        except BadClaim:
            raise BadAddress(address=f"{self.register!s:.80} / {self.position!s:.20}") from None

    @property
    def address(self) -> str:
        """Address of the certificate."""
        return f"{self.register}/certificates/{self.number}"

    @property
    def terms(self) -> str:
        """Address of `TERMS`."""
        return f"{self.register}/contexts/certificate/1"

    @property
    def body(self) -> Mapping[str, Any]:
        """The issuing body, as in the record."""
        body: Mapping[str, Any] = self.record["body"]
        return body

    @property
    def digest(self) -> bytes:
        """32-byte digest of the record."""
        return record_digest(self.number, self.record)

    @property
    def created(self) -> str:
        """RFC 3339 time of issue."""
        return instant.to_text(self.issued_at * instant.SECOND)

    @property
    def validity(self) -> tuple[str, str]:
        """RFC 3339 times of the first and the last millisecond of the days of validity."""
        offset = self.record["scheme"]["offset_minutes"]
        first, last = (instant.parse_date(self.record[name]) for name in ("valid_from", "valid_until"))
        return (
            instant.to_text(instant.start_of(first, offset)),
            instant.to_text(instant.start_of(last, offset) + instant.DAY - 1),
        )

    def status_entry(self, purpose: str) -> dict[str, Any]:
        """Return the entry in the list of `purpose`, its index still a number."""
        number, index = divmod(self.position, bitstring.LENGTH)
        address = status_list_address(self.register, self.body["id"], purpose, number)
        return {
            "id": f"{address}#{index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": index,
            "statusListCredential": address,
        }


@dataclass(frozen=True, slots=True)
class StatusList:
    """Status list `number` of a body and a purpose: the `indexes` whose bits are set, as the status was stated.

    `body` is the body's identifier and `signer` the name of whoever signs; `at` is when the status was stated and
    `fresh_for` how long the list may be used, both in ms.
    """

    register: str
    body: str
    purpose: str
    number: int
    indexes: frozenset[int]
    at: int
    fresh_for: int
    signer: Mapping[str, str]

    @property
    def address(self) -> str:
        """Address of the list."""
        return status_list_address(self.register, self.body, self.purpose, self.number)


def check_register(address: object, *, development: bool) -> None:
    """Raise `BadAddress` unless credentials may name a register by `address`.

    That is by https, for anybody has to reach it. Those of a development ledger may name the reader's own machine,
    which is as hard to forge (W3C Secure Contexts, section 3.1).
    """
    try:
        (Either((_PUBLIC, _LOOPBACK)) if development else _PUBLIC).check(address, "register")
    except BadClaim:
        raise BadAddress(address=f"{address!s:.80}") from None


def did_of(key: keys.PublicKey) -> str:
    """Return the did:key identifier of an Ed25519 key; raises `NotEd25519`."""
    return f"did:key:{multikey.encode(key)}"


def method_of(key: keys.PublicKey) -> str:
    """Return the verification method of `did_of`; raises `NotEd25519`."""
    return f"{did_of(key)}#{multikey.encode(key)}"


def status_list_address(register: str, body: str, purpose: str, number: int) -> str:
    """Return the address of a body's status list."""
    return f"{register}/organisations/{body}/status/{purpose}/{number}"


def compose(export: Export, issuer: keys.PublicKey) -> dict[str, Any]:
    """Return the credential without its proof; raises `NotEd25519`."""
    valid_from, valid_until = export.validity
    name = export.record["scheme"]["name"]
    return {
        "@context": [W3C, export.terms],
        "id": export.address,
        "type": ["VerifiableCredential", "ProductCertificate"],
        "name": _in_languages(name),
        "issuer": {"id": did_of(issuer), "name": _in_languages(export.body["name"])},
        "validFrom": valid_from,
        "validUntil": valid_until,
        "credentialSubject": {
            "id": f"{export.address}#product",
            "type": "CertifiedProduct",
            "environment": export.environment,
            "number": export.number,
            "recordDigest": export.digest.hex(),
            "record": plain.write(export.record),
        },
        "credentialStatus": [
            {**entry, "statusListIndex": str(entry["statusListIndex"])}
            for entry in map(export.status_entry, bitstring.PURPOSES)
        ],
    }


def issue(export: Export, signer: keys.Signer) -> bytes:
    """Return the credential as JSON, signed with the issuing body's Ed25519 key; raises `NotEd25519`."""
    document = compose(export, signer.public)
    return jcs.encode(integrity.secure(document, method_of(signer.public), export.created, signer))


def compose_status_list(listed: StatusList, issuer: keys.PublicKey) -> dict[str, Any]:
    """Return the status list as a credential without its proof; raises `NotEd25519`, `BadStatusList`."""
    return {
        "@context": [W3C],
        "id": listed.address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": {"id": did_of(issuer), "name": _in_languages(listed.signer)},
        "validFrom": instant.to_text(listed.at),
        "validUntil": instant.to_text(listed.at + listed.fresh_for),
        "credentialSubject": {
            "id": f"{listed.address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": listed.purpose,
            "encodedList": bitstring.encode(listed.indexes),
        },
    }


def issue_status_list(listed: StatusList, signer: keys.Signer) -> bytes:
    """Return the status list as JSON, signed with an Ed25519 key; raises `NotEd25519`, `BadStatusList`."""
    document = compose_status_list(listed, signer.public)
    return jcs.encode(integrity.secure(document, method_of(signer.public), instant.to_text(listed.at), signer))


def _in_languages(name: Mapping[str, str]) -> list[dict[str, str]]:
    words = Text(**name)
    return [{"@value": words.en, "@language": "en"}, {"@value": words.zh, "@language": "zh"}]
