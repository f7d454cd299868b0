"""Approvals: signatures of persons' own keys over the digest of a statement's other claims.

What is signed is a challenge: that digest together with the person and the function, so that nobody turns a tester's
approval into a signatory's. Two forms. `key`: the signature over the bytes "hallmark/approval/1" || challenge.
`webauthn`: a Web Authentication level 2 assertion of the challenge, by an authenticator enrolled for a pinned relying
party.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hallmark.kernel import hashing, keys
from hallmark.kernel.errors import Unverified
from hallmark.kernel.text import Text
from hallmark.statement.shape import CODE, DIGEST, PERSON, BadClaim, Octets, Record, Shape

_DOMAIN = b"hallmark/approval/1"
_PRESENT_AND_VERIFIED = 0x01 | 0x04
_AUTHENTICATOR_DATA = 37

_FIELDS: Mapping[str, Shape] = {"person": PERSON, "function": CODE, "key": DIGEST, "signature": Octets(0, 4096)}
_ASSERTION: Mapping[str, Shape] = {"authenticator_data": Octets(0, 1024), "client_data": Octets(0, 2048)}


class BadApproval(Unverified):
    """An approval is not the person's over this content."""

    article = "Electronic Signature Law art. 13"
    en = "The approval of {person} does not verify: {why}. The person must approve this content with the enrolled key."
    zh = "{person} 的批准未通过验证：{why}。须由本人以已登记密钥对该内容重新批准。"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's signature in one function; `assertion` is present for Web Authentication."""

    person: str
    function: str
    key_id: bytes
    signature: bytes
    assertion: tuple[bytes, bytes] | None = None

    def to_value(self) -> dict[str, object]:
        """Return the approval as a CBOR value."""
        value: dict[str, object] = {
            "person": self.person,
            "function": self.function,
            "key": self.key_id,
            "signature": self.signature,
        }
        if self.assertion:
            value["authenticator_data"], value["client_data"] = self.assertion
        return value

    @classmethod
    def from_value(cls, value: object) -> Approval:
        """Return the approval in a CBOR value; raises `BadClaim`."""
        Record(_FIELDS, _ASSERTION).check(value, "approval")
        fields: dict[str, Any] = value  # type: ignore[assignment]  # the record was checked
        given = [name for name in _ASSERTION if name in fields]
        if given and len(given) != len(_ASSERTION):
            why = Text("Web Authentication 断言不完整", "it is half of a Web Authentication assertion")
            raise BadClaim(claim="approval", why=why)
        assertion = (fields["authenticator_data"], fields["client_data"]) if given else None
        return cls(fields["person"], fields["function"], fields["key"], fields["signature"], assertion)

    def verify(self, key: keys.PublicKey, digest: bytes, relying_party: str | None = None) -> None:
        """Raise `BadApproval` unless `key`, enrolled for `relying_party` or none, approved `digest`."""
        if key.id != self.key_id:
            raise BadApproval(person=self.person, why=Text("其所用为另一密钥", "it names another key"))
        if (relying_party is None) != (self.assertion is None):
            why = Text("该密钥登记用于另一种批准形式", "the key was enrolled for another form of approval")
            raise BadApproval(person=self.person, why=why)
        expected = challenge(digest, self.person, self.function)
        try:
            if self.assertion is None or relying_party is None:
                key.verify(_DOMAIN + expected, self.signature)
            else:
                self._verify_assertion(key, expected, relying_party, *self.assertion)
        except keys.BadSignature as error:
            raise BadApproval(person=self.person, why=error.facts["why"]) from None

    def _verify_assertion(
        self, key: keys.PublicKey, expected: bytes, relying_party: str, authenticator_data: bytes, client_data: bytes
    ) -> None:
        """Web Authentication level 2, section 7.2, steps 11 to 20."""
        try:
            client = json.loads(client_data)
            made, given, origin = client["type"], client["challenge"], client["origin"]
        except (ValueError, KeyError, TypeError, RecursionError):
            why = Text("其客户端数据无法读取", "its client data cannot be read")
            raise BadApproval(person=self.person, why=why) from None
        if made != "webauthn.get" or given != base64.urlsafe_b64encode(expected).rstrip(b"=").decode():
            raise BadApproval(person=self.person, why=Text("其质询值并非此内容", "its challenge is not this content"))
        if origin != f"https://{relying_party}" or authenticator_data[:32] != hashing.sha256(relying_party.encode()):
            raise BadApproval(person=self.person, why=Text("其在另一网站作出", "it was made at another site"))
        if (
            len(authenticator_data) < _AUTHENTICATOR_DATA
            or authenticator_data[32] & _PRESENT_AND_VERIFIED != _PRESENT_AND_VERIFIED
        ):
            why = Text("认证器未验证本人", "the person was not verified by the authenticator")
            raise BadApproval(person=self.person, why=why)
        signed = authenticator_data + hashing.sha256(client_data)
        # Authenticators sign in DER with either s.
        key.verify(signed, keys.from_der(self.signature) if key.algorithm == keys.ESP256 else self.signature)


def challenge(digest: bytes, person: str, function: str) -> bytes:
    """Return the 32 bytes that `person` signs to approve, in `function`, the draft whose approval digest is given."""
    return hashing.digest_of("hallmark/approval/1", [digest, person, function])


def approve(digest: bytes, person: str, function: str, signer: keys.Signer) -> Approval:
    """Return the approval of `digest` by `person` in `function`, signed with their own key."""
    signature = signer.sign(_DOMAIN + challenge(digest, person, function))
    return Approval(person, function, signer.public.id, signature)
