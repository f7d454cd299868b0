"""The audit pack: one JSON file with all that an auditor needs on site without network, and room for what is found.

    {"format": "hallmark/audit-pack/1",
     "guide": {"zh": …, "en": …},             for whoever opens the file
     "pack": { … },                           the head: what is audited, as it was handed out
     "signature": {"key", "signature"},       of the body over the head; null where its key is elsewhere
     "filled": { … }}                         what was found, see `sheet.FILLED`; photos by SHA-256 of their files

Bytes are written in hexadecimal, times in ms since 1970 UTC, days as YYYY-MM-DD. The body signs the bytes
"hallmark/audit-pack/1" || digest, where the digest is SHA-256 over the canonical CBOR of [that format, the head].
Nothing in `pack` may be changed; everything in `filled` may. This module needs no server and no network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from hallmark.kernel import canonical, hashing
from hallmark.kernel.errors import Malformed
from hallmark.kernel.keys import BadSignature, PublicKey, Signer
from hallmark.kernel.text import Text
from hallmark.office.audit.errors import BadPack, ItemUnknown, NotFilledIn, NotSigned
from hallmark.office.audit.sheet import FILLED, FILLING, SITE, Filled, blank
from hallmark.scheme.model import Method, Obligation
from hallmark.statement import plain
from hallmark.statement.shape import (
    CASE,
    CODE,
    DIGEST,
    ORGANISATION,
    PARTY,
    PERSON,
    PRODUCT,
    PROSE,
    BadClaim,
    Flag,
    Id,
    ListOf,
    Octets,
    OneOf,
    Record,
    Whole,
    Words,
)

FORMAT = "hallmark/audit-pack/1"
MAX_BYTES = 4 << 20  # photos are named, not carried; the longest checklist fills a hundredth
GUIDE = Text(
    "请只在 filled 中填写：findings 为各项目结论（conforms、nonconforming、not-applicable），notes 为说明，"
    "photos 为照片（item、文件的 sha256、title），nonconformities 为不符合项；"
    "完成后填写 by（本人编号）、made_at（完成时间，毫秒）、started_on 与 finished_on。",
    "Fill in `filled` alone: findings by item (conforms, nonconforming, not-applicable), notes by item, photos (item, "
    "sha256 of the file, title), nonconformities by a label of yours; at the end by (your identifier), made_at (now, "
    "in ms since 1970), started_on and finished_on.",
)

_WORDS = Record({"zh": PROSE, "en": PROSE})
_ITEM = Record(
    {
        "id": CODE,
        "list": _WORDS,
        "title": _WORDS,
        "criterion": _WORDS,
        "clauses": ListOf(Words(400)),
        "obligation": OneOf(tuple(Obligation)),
        "method": OneOf(tuple(Method)),
        "decisive": Flag(),
    }
)
_HEAD = Record(
    {
        "environment": Words(100),
        "audit": Id(("AUDIT",)),
        "case": CASE,
        "case_digest": DIGEST,
        "body": ORGANISATION,
        "scheme": CODE,
        "edition": CODE,
        "scheme_digest": DIGEST,
        "profile": CODE,
        "product_type": CODE,
        "product": PRODUCT,
        "manufacturer": PARTY,
        "factory": PARTY,
        "site": SITE,
        "team": ListOf(Record({"person": PERSON, "function": CODE, "name": Words(200)}), 1, 50),
        "checklist": ListOf(_ITEM, 1, 1000),
        "made_at": Whole(),
    }
)
_SIGNATURE = Record({"key": DIGEST, "signature": Octets(0, 4096)})
_FILE = ("format", "guide", "pack", "signature", "filled")


@dataclass(frozen=True)
class Pack:
    """A pack: its head, the body's signature over it where there is one, and what was filled in so far."""

    head: Mapping[str, Any]
    signature: Mapping[str, bytes] | None
    filled: Filled

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for the head."""
        return hashing.digest_of(FORMAT, self.head)

    @property
    def items(self) -> dict[str, Mapping[str, Any]]:
        """The checklist by item."""
        return {item["id"]: item for item in self.head["checklist"]}

    def verify(self, key: PublicKey) -> None:
        """Raise `NotSigned` or `BadSignature` unless the body whose `key` this is handed out exactly this head."""
        if self.signature is None:
            raise NotSigned
        if self.signature["key"] != key.id:
            raise BadSignature(why=Text("它指明的是另一密钥", "it names another key"))
        key.verify(_signed(self.digest), self.signature["signature"])

    def sign(self, signer: Signer) -> Pack:
        """Return the pack signed by its body."""
        signature = {"key": signer.public.id, "signature": signer.sign(_signed(self.digest))}
        return replace(self, signature=signature)

    def encode(self) -> bytes:
        """Return the file."""
        content = {
            "format": FORMAT,
            "guide": GUIDE._asdict(),
            "pack": plain.write(self.head),
            "signature": plain.write(self.signature),
            "filled": plain.write(self.filled),
        }
        return json.dumps(content, ensure_ascii=False, indent=1).encode()

    # Filling in, where a program helps: each returns the pack with more in it.

    def answer(self, item: str, finding: str, note: str = "") -> Pack:
        """Record the finding on an item, and a note; raises `ItemUnknown`, `BadPack`."""
        self._require(item)
        notes = {**self.filled["notes"], item: note} if note else self.filled["notes"]
        return self._with(findings={**self.filled["findings"], item: finding}, notes=notes)

    def show(self, item: str, title: str, content: bytes) -> Pack:
        """Name a photo of an item by the digest of its file, which is brought separately; raises as `answer`."""
        self._require(item)
        photo = {"item": item, "sha256": hashing.sha256(content), "title": title}
        return self._with(photos=[*(each for each in self.filled["photos"] if each != photo), photo])

    def draft(self, label: str, nonconformity: Mapping[str, Any]) -> Pack:
        """Draft a nonconformity, a `sheet.NONCONFORMITY`, under a label of one's own; raises as `answer`."""
        return self._with(nonconformities={**self.filled["nonconformities"], label: dict(nonconformity)})

    def close(self, by: str, made_at: int, started_on: str, finished_on: str) -> Pack:
        """Say who filled it in, when, and on which days the audit was; raises `BadPack`."""
        return self._with(by=by, made_at=made_at, started_on=started_on, finished_on=finished_on)

    def check_closed(self) -> None:
        """Raise `NotFilledIn` unless it is said who filled it in, and when."""
        try:
            FILLED.check(self.filled, "filled")
        except BadClaim as error:
            raise NotFilledIn(why=_words(error)) from None

    def _require(self, item: str) -> None:
        if item not in self.items:
            raise ItemUnknown(items=item[:100])

    def _with(self, **news: object) -> Pack:
        filled = {**self.filled, **news}
        try:
            FILLING.check(filled, "filled")
        except BadClaim as error:
            raise BadPack(why=_words(error)) from None
        return replace(self, filled=filled)


def make(head: Mapping[str, Any]) -> Pack:
    """Return an empty pack for a head; raises `BadPack` where the head is not one."""
    try:
        _HEAD.check(head, "pack")
    except BadClaim as error:
        raise BadPack(why=_words(error)) from None
    return Pack(head, None, blank())


def parse(content: bytes) -> Pack:
    """Return the pack in a file, filled in or not; raises `BadPack`. Nothing in it is verified yet but its form."""
    if len(content) > MAX_BYTES:
        _refuse(f"超过 {MAX_BYTES} 字节", f"it has more than {MAX_BYTES} bytes")
    try:
        file = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_pairs,
            parse_float=lambda _: _refuse("含有小数", "it holds a decimal number"),
            parse_constant=lambda name: _refuse(f"含有 {name}", f"it holds {name}"),
        )
    except (ValueError, RecursionError):
        _refuse("不是 JSON 文件", "it is not a JSON file")
    if not isinstance(file, dict) or file.get("format") != FORMAT:
        _refuse(f"格式不是 {FORMAT}", f"its format is not {FORMAT}")
    if unknown := sorted(file.keys() - set(_FILE)):
        _refuse(f"含有未知的 {unknown[0][:80]}", f"it holds {unknown[0][:80]}, which is not known here")
    try:
        head = plain.read(_HEAD, file.get("pack"), "pack")
        _HEAD.check(head, "pack")
        signature = file.get("signature")
        if signature is not None:
            signature = plain.read(_SIGNATURE, signature, "signature")
            _SIGNATURE.check(signature, "signature")
        filled = plain.read(FILLING, file.get("filled"), "filled")
        FILLING.check(filled, "filled")
        canonical.encode([head, filled], what=Text("审核包", "pack"))  # no half characters, which no database keeps
    except BadClaim as error:
        raise BadPack(why=_words(error)) from None
    except Malformed as error:
        _refuse(error.explain("zh"), error.explain("en"))
    return Pack(head, signature, filled)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object each of whose names comes once: with two, two readers may read two things."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            _refuse(f"{name[:80]} 出现两次", f"{name[:80]} comes twice")
        found[name] = value
    return found


def _signed(digest: bytes) -> bytes:
    return FORMAT.encode() + digest


def _words(error: BadClaim) -> Text:
    claim, why = error.facts["claim"], error.facts["why"]
    both = why if isinstance(why, Text) else Text(str(why), str(why))
    return Text(f"{claim}：{both.zh}", f"{claim}: {both.en}")


def _refuse(zh: str, en: str) -> NoReturn:
    raise BadPack(why=Text(zh, en))
