"""Keys and passwords that were left in the package: in code, resources, assets and native libraries.

What is found is never written down: a finding names the place, the kind, and the beginning of the secret's digest, by
which its owner recognises it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from hallmark.kernel.errors import Malformed
from hallmark.kernel.hashing import sha256
from hallmark.lab.kit import Judgement, Verdict, number
from hallmark.lab.kits.client_software.archive import Archive, OverBudget
from hallmark.lab.kits.client_software.code import EXECUTABLE
from hallmark.lab.kits.client_software.judging import deciding, judge, looking_at
from hallmark.lab.kits.client_software.manifest import NAME, VALUE, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hallmark.lab.kit import Limits, Observation, Session

MOST_HITS = 2000
_BEFORE, _WINDOW = 80, 1000
_MARK_BYTES = 6


class Shape(NamedTuple):
    """A secret with a look of its own: `core` is a part that every one has, sought before the expression is tried."""

    kind: str
    core: bytes
    pattern: re.Pattern[bytes]


_PEM = rb"-----BEGIN (?:[A-Z]{2,9} )?PRIVATE KEY-----(?:[\w-]{1,40}: [^\n]{0,200}\n|\s|\\[nr])*[A-Za-z0-9+/=\s\\]{64,}"
_WORD = rb"[^\s/:@'\"<>{}$%\x00-\x1f]{3,64}"
_RSA_INFO = bytes.fromhex("020100300d06092a864886f70d010101050004")
"""Inside PKCS #8: version 0, rsaEncryption, and the beginning of the key."""
_EC_INFO = bytes.fromhex("020100301306072a8648ce3d0201")

SHAPES = tuple(
    Shape(kind, core, re.compile(pattern))
    for kind, core, pattern in (
        ("private key", b" KEY-----", _PEM),
        ("private key", b"ADANBgkqhkiG9w0BAQEFAAS", rb"MII[A-Za-z0-9+/]{5}ADANBgkqhkiG9w0BAQEFAAS[A-Za-z0-9+/]{40,}"),
        ("private key", b"AAKC", rb"MII[A-Za-z0-9+/]{5}AAKC[A-Za-z0-9+/]{200,}"),
        ("private key", b"MBMGByqGSM49AgEGCC", rb"MIG[A-Za-z0-9+/]AgEAMBMGByqGSM49AgEGCC[A-Za-z0-9+/]{40,}"),
        ("private key", _RSA_INFO, rb"(?s)\x30\x82..\x02\x01\x00\x30\x0d\x06.{12}\x04.{64}"),
        ("private key", _EC_INFO, rb"(?s)\x30\x81.\x02\x01\x00\x30\x13\x06.{64}"),
        ("AWS access key", b"AKIA", rb"\bAKIA[0-9A-Z]{16}\b"),
        ("GitHub token", b"ghp_", rb"\bghp_[A-Za-z0-9]{36}\b"),
        ("Slack token", b"xox", rb"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
        ("Stripe secret key", b"sk_live_", rb"\bsk_live_[0-9A-Za-z]{16,}"),
        ("Google OAuth secret", b"GOCSPX-", rb"\bGOCSPX-[0-9A-Za-z_-]{28}\b"),
        ("Aliyun access key", b"LTAI", rb"\bLTAI[0-9A-Za-z]{16,26}\b"),
        ("Tencent secret id", b"AKID", rb"\bAKID[0-9A-Za-z]{32}\b"),
        ("Google API key", b"AIza", rb"\bAIza[0-9A-Za-z_-]{35}\b"),
        ("password in address", b"://", rb"\b[a-z][a-z0-9+.-]{1,12}://" + _WORD + b":" + _WORD + rb"@[a-z0-9.-]+"),
    )
)
_CERTAIN = {shape.kind for shape in SHAPES} - {"Google API key", "password in address"}
"""A Google API key may be restricted to this package, an address may be an example: those are for a person."""

_KEY_NAME = (
    r"secret|passw(?:or)?d|passphrase|(?:private|api|app|access|aes|des|sm4|mac|sign|signing|encrypt|encryption)[_.-]?key"
    r"|(?:auth|access)[_.-]?token"
)
_NAME = re.compile(f"(?i){_KEY_NAME}")
_NAME_IN_BYTES = re.compile(f"(?i){_KEY_NAME}".encode())
_ASSIGNED = re.compile(rb"[\w.-]{0,20}[\"']?\s*[:=]\s*[\"']?([^\s\"',;<>{}()]+)")
_TEXTS = re.compile(r"(?i).*\.(txt|json|xml|properties|ini|cfg|conf|ya?ml|toml|js|html?|env|csv|lua|sql)")
_STORES = re.compile(r"(?i).*\.(jks|bks|keystore|p12|pfx)")
_MEDIA = re.compile(r"(?i).*\.(png|jpe?g|webp|gif|ogg|mp3|mp4|wav|ttf|otf|woff2?|arsc)")
_WORDS = re.compile(r"[a-z_.-]+")
"""Words that promise a secret themselves, such as `java.net.socks.password`, are names and not one."""
_SECRET_LIKE = re.compile(r"[A-Za-z0-9+/=_!@#$^&*.:-]{12,200}")


@looking_at("apk")
def measure(path: Path, session: Session) -> dict[str, object]:
    """Search every entry for secrets by their look, and by names that promise one."""
    hits: set[tuple[str, str, str, float]] = set()
    unread: set[str] = set()
    with Archive(path) as archive:
        hits.update(_in_resources(Manifest(archive)))
        for done, name in enumerate(archive.entries):
            session.progress(done, len(archive.entries), "entries")
            try:
                hits.update(_in_entry(archive, name))
            except OverBudget:
                raise
            except Malformed as breach:
                unread.add(f"{name}: {breach.facts.get('why')}")
    kept = sorted(hits)[:MOST_HITS]
    return {
        "hits": [{"kind": kind, "place": place, "mark": mark, "bits": bits} for kind, place, mark, bits in kept],
        "left_out": len(hits) - len(kept),
        "unread": sorted(unread),
    }


@deciding
def decide_secrets(seen: Observation, limits: Limits) -> Judgement:
    """CLI-09: no private key, token or password lies in the package.

    What has the look of a key fails. A value under a name that promises a secret, an address with a password, or a key
    store is for a person; of named values those with at least `entropy_bits` of Shannon entropy a character count.
    """
    certain, doubtful = [], []
    for hit in seen["hits"]:
        described = f"{hit['kind']} in {hit['place']} (SHA-256 {hit['mark']}…)"
        if hit["kind"] in _CERTAIN:
            certain.append(described)
        elif hit["kind"] != "named value" or hit["bits"] >= number(limits, "entropy_bits"):
            doubtful.append(described)
    if certain:
        return judge(
            Verdict.FAIL, "软件包中含有硬编码的密钥或令牌。", "Keys or tokens lie in the package.", certain + doubtful
        )
    if seen["unread"] or seen["left_out"]:
        return judge(
            Verdict.INCONCLUSIVE,
            "软件包的部分内容无法读取。",
            "Parts of the package could not be read.",
            [*seen["unread"], *doubtful],
        )
    if doubtful:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "发现疑似密钥或口令，须由人员判断。",
            "Something may be a key or a password: a person judges.",
            doubtful,
        )
    return judge(Verdict.PASS, "未发现硬编码的密钥、令牌或口令。", "No key, token or password was found.")


def entropy(text: str) -> float:
    """Return the Shannon entropy of `text` in bits a character, to two places."""
    counts = Counter(text).values()
    return round(-sum(count / len(text) * math.log2(count / len(text)) for count in counts), 2) if text else 0.0


def _in_entry(archive: Archive, name: str) -> Iterator[tuple[str, str, str, float]]:
    if name.startswith("META-INF/") and name.upper().endswith((".RSA", ".DSA", ".EC", ".SF", ".MF")):
        return
    if _STORES.fullmatch(name):
        yield "key store", name, _mark(archive.read(name)), 0.0
    elif not _MEDIA.fullmatch(name):
        data = archive.read(name)
        yield from _by_shape(data, name)
        if EXECUTABLE.fullmatch(name):
            yield from _in_executable(data, name)
        elif _TEXTS.fullmatch(name):
            for match in _NAME_IN_BYTES.finditer(data):
                assigned = _ASSIGNED.match(data[match.end() : match.end() + _WINDOW])
                if assigned:
                    key, value = (group.decode("utf-8", "replace") for group in (match[0], assigned[1]))
                    yield from _named(key, value, name)


def _by_shape(data: bytes, place: str) -> Iterator[tuple[str, str, str, float]]:
    for shape in SHAPES:
        at = data.find(shape.core)
        while at >= 0:
            begin = max(0, at - _BEFORE)
            match = shape.pattern.search(data[begin : at + _WINDOW])
            if match:
                yield shape.kind, place, _mark(match[0]), 0.0
            at = data.find(shape.core, begin + match.end() if match and begin + match.end() > at else at + 1)


def _in_resources(manifest: Manifest) -> Iterator[tuple[str, str, str, float]]:
    """Search the manifest's own values and all string resources."""
    place = "AndroidManifest.xml"
    texts = dict.fromkeys(manifest.strings())
    yield from _by_shape("\0".join(text for _, text in texts).encode("utf-8", "replace"), "resources.arsc")
    for key, text in texts:
        yield from _named(key, text, "resources.arsc")
    attributes = [attribute.value.text or "" for element in manifest.elements() for attribute in element.attributes]
    yield from _by_shape("\0".join(attributes).encode("utf-8", "replace"), place)
    for element in manifest.elements():
        if element.tag == "meta-data":
            yield from _named(manifest.text(element, NAME), manifest.text(element, VALUE), place)


def _in_executable(data: bytes, place: str) -> Iterator[tuple[str, str, str, float]]:
    """Search the final static fields whose names promise a secret."""
    from hallmark.lab.kits.client_software.dex import Dex  # noqa: PLC0415 - NumPy, only where it is measured

    dex = Dex(data)
    for number_ in range(len(dex.classes)):
        for field, value in dex.final_statics(number_).items():
            if isinstance(value, str):
                owner, name = dex.field(field)
                yield from _named(name, value, f"{place} {owner}->{name}")


def _named(name: str, value: str, place: str) -> Iterator[tuple[str, str, str, float]]:
    if _NAME.search(name) and _SECRET_LIKE.fullmatch(value) and not (_WORDS.fullmatch(value) and _NAME.search(value)):
        yield "named value", f"{place}: {name}"[:300], _mark(value.encode("utf-8", "replace")), entropy(value)


def _mark(secret: bytes) -> str:
    return sha256(secret)[:_MARK_BYTES].hex()
