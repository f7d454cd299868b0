"""The trust bundle: all that a verifier must know beforehand, in one JSON file with a printed fingerprint.

{"bundle": "hallmark/trust/1", "environment": "…", "development": true, "policy": "…tlog-policy…",
 "vouchers": [{"name": {"zh": "…", "en": "…"}, "key": "…name of the log or witness…",
               "attested": {"family": "tpm", "accepted_by": 6, "at": 1795863000000}}],
 "issuers": [{"id": "ORG-…", "name": {"zh": "…", "en": "…"}, "key": "z6Mk…"}]}

`issuers` may be left out: they are the bodies whose credentials (`certificate.credential`, `certificate.untp`) can be
read, each with the Ed25519 keys it signs with. Certificates themselves need none: the log proves a body's key.
`attested` is left out where nobody accepted evidence of that member's node.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from hallmark.certificate import jcs
from hallmark.kernel import hashing
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.ledger.policy import Endorsement, Policy, UnknownLog
from hallmark.statement.shape import CODE, NAME, ORGANISATION, Flag, ListOf, OneOf, Record, Whole, Words

MAX_SIZE = 256 * 1024
_KIND = "hallmark/trust/1"
_EPOCH = re.compile("(.+)/e([1-9][0-9]{0,9})")  # as `consortium.constitution` names origins
_LATEST = 253_402_300_799_999  # the end of the year 9999
_ATTESTED = Record({"family": CODE, "accepted_by": Whole(1, 200), "at": Whole(0, _LATEST)})
_SHAPE = Record(
    {
        "bundle": OneOf((_KIND,)),
        "environment": Words(100),
        "development": Flag(),
        "policy": Words(200_000),
        "vouchers": ListOf(Record({"name": NAME, "key": Words(200)}, {"attested": _ATTESTED}), 1, 200),
    },
    {"issuers": ListOf(Record({"id": ORGANISATION, "name": NAME, "key": Words(64)}))},
)


class BadBundle(Malformed):
    """The bytes are not a trust bundle."""

    en = "This is not a trust bundle: {why}. Get it from the scheme owner and compare its printed fingerprint."
    zh = "这不是有效的信任包：{why}。请向方案所有者获取，并与公布的指纹核对。"


class OtherEpoch(Unverified):
    """The checkpoint says to be of the ledger that is trusted, in an epoch whose members are not."""

    en = (
        "The file is of epoch {epoch} of the ledger and your trust bundle of epoch {trusted}, so it cannot be checked: "
        "rely on nothing in it yet. If it is newer, bring the bundle up to date: hallmark trust --follow. If it is "
        "older, fetch it again from the register."
    )
    zh = (
        "该文件属于账本的纪元 {epoch}，而您的信任包属于纪元 {trusted}，因此无法核验，暂勿信赖。"
        "文件较新时请更新信任包：hallmark trust --follow；文件较旧时请从登记簿重新获取。"
    )


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certification body."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class Attested:
    """A member's node showed evidence of a TEE `family`, which so many other members accepted, last `at` ms."""

    family: str
    accepted_by: int
    at: int


@dataclass(frozen=True, slots=True)
class TrustBundle:
    """Whom to trust: the log's policy, the names of those who vouch, and bodies by their keys as Multikey text.

    `attested` are those of the vouchers whose nodes are; `fingerprint` is SHA-256 of the file.
    """

    environment: str
    development: bool
    policy: Policy
    vouchers: Mapping[str, Text]
    fingerprint: bytes
    issuers: Mapping[str, Issuer]
    attested: Mapping[str, Attested]

    def verify(self, note: Note) -> Endorsement:
        """Return the checkpoint in `note` under the policy; raises as `Policy.verify`, and `OtherEpoch`."""
        try:
            return self.policy.verify(note)
        except UnknownLog:
            said = _EPOCH.fullmatch(Checkpoint.parse(note.text).origin)
            for trusted in (_EPOCH.fullmatch(key.name) for key in self.policy.logs):
                if said and trusted and said[1] == trusted[1] and said[2] != trusted[2]:
                    raise OtherEpoch(epoch=said[2], trusted=trusted[2]) from None
            raise

    @classmethod
    def parse(cls, data: bytes) -> TrustBundle:
        """Return the bundle in `data`; raises `BadBundle`, `BadClaim`, `BadPolicy`."""
        if len(data) > MAX_SIZE:
            why = Text(f"共 {len(data)} 字节，上限 {MAX_SIZE}", f"it has {len(data)} bytes, more than {MAX_SIZE}")
            raise BadBundle(why=why)
        try:
            value = jcs.parse(data)
        except jcs.BadJson as error:
            raise BadBundle(why=error.facts["why"]) from None
        _SHAPE.check(value, "bundle")
        vouchers = {voucher["key"]: Text(**voucher["name"]) for voucher in value["vouchers"]}
        attested = {each["key"]: Attested(**each["attested"]) for each in value["vouchers"] if "attested" in each}
        issuers = {issuer["key"]: Issuer(issuer["id"], Text(**issuer["name"])) for issuer in value.get("issuers", ())}
        if len(vouchers) != len(value["vouchers"]) or len(issuers) != len(value.get("issuers", ())):
            raise BadBundle(why=Text("同一密钥出现两次", "one key comes twice"))
        policy = Policy.parse(value["policy"].encode())
        fingerprint = hashing.sha256(data)
        return cls(value["environment"], value["development"], policy, vouchers, fingerprint, issuers, attested)


def write(
    environment: str,
    policy: bytes,
    vouchers: Mapping[str, Text],
    *,
    development: bool,
    issuers: Mapping[str, Issuer] | None = None,
    attested: Mapping[str, Attested] | None = None,
) -> bytes:
    """Return the file of a trust bundle; raises as `TrustBundle.parse` does where the parts make none."""
    known = attested or {}
    value: dict[str, object] = {
        "bundle": _KIND,
        "environment": environment,
        "development": development,
        "policy": policy.decode(),
        "vouchers": [
            {"name": name._asdict(), "key": key, **({"attested": asdict(known[key])} if key in known else {})}
            for key, name in vouchers.items()
        ],
    }
    if issuers:
        value["issuers"] = [
            {"id": issuer.id, "name": issuer.name._asdict(), "key": key} for key, issuer in issuers.items()
        ]
    data = json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
    TrustBundle.parse(data)
    return data
