"""The organisation's signature around a statement: COSE_Sign1 (RFC 9052) with CWT claims, as in SCITT (RFC 9943).

Protected header: 1 algorithm, 3 content type (`application/vnd.hallmark.<kind>+cbor`), 4 key identifier, 15 CWT claims
{1 issuer, 2 subject, 6 issued at, "env" environment}. Unprotected header: empty. Payload: canonical map of `public`
claims, `members` and `sealed` digests, and `approvals`. The encoded bytes are the leaf of the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hallmark.kernel import canonical, hashing, keys
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.statement import kinds
from hallmark.statement.approval import Approval
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.kind import Kind, Visibility
from hallmark.statement.shape import DIGEST, MAX_NAME, ORGANISATION, PUBLIC_KEY, Whole, Words

MAX_SIZE = 65_535  # an entry of a tlog-tiles bundle has a 16-bit length
_PREFIX = "application/vnd.hallmark."
_SUFFIX = "+cbor"
_ALG, _CONTENT_TYPE, _KID, _CWT_CLAIMS = 1, 3, 4, 15
_ISS, _SUB, _IAT, _ENV = 1, 2, 6, "env"


class BadStatement(Malformed):
    """The bytes are not a statement."""

    en = "This is not a statement: {why}. Prepare and sign it again."
    zh = "这不是有效的声明：{why}。请重新准备并签署。"


@dataclass(frozen=True)
class Draft:
    """What will be signed: the claims that everybody sees and the digests of those that not everybody sees."""

    environment: str
    kind: Kind
    issuer: str
    subject: str
    issued_at: int
    public: Mapping[str, Any]
    members: Mapping[str, bytes] = field(default_factory=dict)
    sealed: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def approval_digest(self) -> bytes:
        """32 bytes that stand for all that a person approves: everything but the approvals themselves."""
        return hashing.digest_of(
            "hallmark/draft/1",
            [
                self.environment,
                self.kind.name,
                self.issuer,
                self.subject,
                self.issued_at,
                self.public,
                self.members,
                self.sealed,
            ],
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed statement; nothing is verified yet but its form."""

    draft: Draft
    approvals: tuple[Approval, ...]
    algorithm: int
    key_id: bytes
    signed: bytes
    signature: bytes
    encoded: bytes

    @property
    def digest(self) -> bytes:
        """32-byte SHA-256 of what was signed; a second signature over the same content has the same digest."""
        return hashing.sha256(self.signed)

    def verify(self, key: keys.PublicKey) -> None:
        """Raise `BadSignature` unless `key` signed the statement (RFC 9052 section 4.4)."""
        if key.id != self.key_id or key.algorithm != self.algorithm:
            raise keys.BadSignature(why=Text("它指明的是另一密钥", "it names another key"))
        key.verify(self.signed, self.signature)


def compose(
    kind_name: str,
    *,
    environment: str,
    issuer: str,
    subject: str,
    issued_at: int,
    claims: Mapping[str, Any],
    salt: Callable[[], bytes],
) -> tuple[Draft, tuple[Disclosure, ...]]:
    """Return the draft of a statement and the disclosures of its hidden claims.

    `issued_at` is in seconds since 1970 UTC; `salt` returns 16 fresh random bytes. Raises `BadClaim`, `UnknownKind`.
    """
    kind = kinds.find(kind_name)
    kind.about.check(subject, "subject")
    kind.check(claims)
    hidden = {
        name: Disclosure(salt(), name, claims[name])
        for visibility in (Visibility.MEMBERS, Visibility.SEALED)
        for name in sorted(kind.visible(visibility))
        if name in claims
    }
    digests = {name: disclosure.digest for name, disclosure in hidden.items()}
    draft = Draft(
        environment,
        kind,
        issuer,
        subject,
        issued_at,
        public={name: claims[name] for name in kind.visible(Visibility.PUBLIC) if name in claims},
        members={name: digests[name] for name in kind.visible(Visibility.MEMBERS) if name in digests},
        sealed={name: digests[name] for name in kind.visible(Visibility.SEALED) if name in digests},
    )
    return draft, tuple(hidden.values())


def encode_draft(draft: Draft) -> bytes:
    """Return the canonical bytes of a draft, to be kept or sent to where the keys are."""
    head = [draft.environment, draft.kind.name, draft.issuer, draft.subject, draft.issued_at]
    return canonical.encode([*head, draft.public, draft.members, draft.sealed])


def decode_draft(data: bytes) -> Draft:
    """Return the draft in `data`; raises `BadStatement`, `NotCanonical`, `UnknownKind`, `BadClaim`."""
    match canonical.decode(data, what=Text("声明草稿", "draft")):
        case [str(env), str(kind_name), str(iss), str(sub), int(iat), dict(public), dict(members), dict(sealed)]:
            kind = kinds.find(kind_name)
            _check_layout(kind, {Visibility.PUBLIC: public, Visibility.MEMBERS: members, Visibility.SEALED: sealed})
            return Draft(env, kind, iss, sub, iat, public, members, sealed)
    raise BadStatement(why=Text("不是草稿", "it is not a draft"))


def sign(draft: Draft, approvals: Iterable[Approval], signer: keys.Signer) -> bytes:
    """Return the encoded statement: `draft` with `approvals`, under the organisation's key; raises as `parse` does."""
    header = {
        _ALG: signer.public.algorithm,
        _CONTENT_TYPE: f"{_PREFIX}{draft.kind.name}{_SUFFIX}",
        _KID: signer.public.id,
        _CWT_CLAIMS: {_ISS: draft.issuer, _SUB: draft.subject, _IAT: draft.issued_at, _ENV: draft.environment},
    }
    payload = {
        "public": draft.public,
        "members": draft.members,
        "sealed": draft.sealed,
        "approvals": [approval.to_value() for approval in approvals],
    }
    protected, body = canonical.encode(header), canonical.encode(payload)
    signature = signer.sign(_to_be_signed(protected, body))
    return parse(canonical.encode(canonical.Tag(canonical.COSE_SIGN1, [protected, {}, body, signature]))).encoded


def parse(encoded: bytes) -> Statement:
    """Return the statement in `encoded`; raises `BadStatement`, `NotCanonical`, `BadClaim`, `UnknownKind`."""
    if len(encoded) > MAX_SIZE:
        raise BadStatement(
            why=Text(
                f"共 {len(encoded)} 字节，上限 {MAX_SIZE}；较大内容请作为证据提交",
                f"it has {len(encoded)} bytes, more than {MAX_SIZE}; put large content into evidence",
            )
        )
    envelope = canonical.decode(encoded, what=Text("声明", "statement"))
    match envelope:
        case canonical.Tag(tag=canonical.COSE_SIGN1, value=[bytes(protected), {}, bytes(body), bytes(signature)]):
            if envelope.value[1]:
                raise BadStatement(why=Text("未受保护头不为空", "its unprotected header is not empty"))
        case _:
            raise BadStatement(why=Text("不是带载荷的 COSE_Sign1", "it is not a COSE_Sign1 with payload"))
    header = canonical.decode(protected, what=Text("受保护头", "protected header"))
    payload = canonical.decode(body, what=Text("载荷", "payload"))
    match header:
        case {1: algorithm, 3: str(content_type), 4: key_id, 15: {1: iss, 2: sub, 6: iat, "env": env}}:
            if len(header) != 4 or len(header[_CWT_CLAIMS]) != 4:
                raise BadStatement(why=Text("受保护头含有多余内容", "its protected header holds more than it may"))
        case _:
            raise BadStatement(why=Text("受保护头不完整", "its protected header is not complete"))
    if not (content_type.startswith(_PREFIX) and content_type.endswith(_SUFFIX)):
        raise BadStatement(
            why=Text(f"其内容类型为 {content_type[:MAX_NAME]}", f"its content type is {content_type[:MAX_NAME]}")
        )
    kind = kinds.find(content_type[len(_PREFIX) : -len(_SUFFIX)])
    for value, shape, name in (
        (algorithm, PUBLIC_KEY.fields["algorithm"], "algorithm"),
        (iss, ORGANISATION, "issuer"),
        (sub, kind.about, "subject"),
        (iat, Whole(), "issued at"),
        (env, Words(100), "environment"),
        (key_id, DIGEST, "key id"),
    ):
        shape.check(value, name)
    match payload:
        case {"public": dict(public), "members": dict(members), "sealed": dict(sealed), "approvals": list(approvals)}:
            if len(payload) != 4:
                raise BadStatement(why=Text("载荷含有多余内容", "its payload holds more than it may"))
        case _:
            raise BadStatement(why=Text("载荷不完整", "its payload is not complete"))
    _check_layout(kind, {Visibility.PUBLIC: public, Visibility.MEMBERS: members, Visibility.SEALED: sealed})
    return Statement(
        Draft(env, kind, iss, sub, iat, public, members, sealed),
        tuple(Approval.from_value(value) for value in approvals),
        algorithm,
        key_id,
        _to_be_signed(protected, body),
        signature,
        encoded,
    )


def _check_layout(kind: Kind, layout: Mapping[Visibility, Mapping[object, object]]) -> None:
    """Raise `BadStatement` unless each claim stands where its visibility puts it, hidden ones as digests."""
    for visibility, claims in layout.items():
        known = kind.visible(visibility)
        if unknown := sorted(str(name) for name in claims if name not in known):
            raise BadStatement(
                why=Text(
                    f"{kind.name} 没有可见性为 {visibility} 的声明项 {unknown[0][:MAX_NAME]}",
                    f"{kind.name} has no {visibility} claim {unknown[0][:MAX_NAME]}",
                )
            )
    for claim in kind.claims:
        claims = layout[claim.visibility]
        if claim.name in claims:
            shape = claim.shape if claim.visibility is Visibility.PUBLIC else DIGEST
            shape.check(claims[claim.name], claim.name)
        elif not claim.optional:
            raise BadStatement(why=Text(f"缺少声明项 {claim.name}", f"the claim {claim.name} is missing"))


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    return canonical.encode(["Signature1", protected, b"", payload])
