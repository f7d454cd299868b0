"""Signed notes and verifier keys (C2SP signed-note): lines of text, then the signatures of named keys."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hallmark.kernel import hashing, keys
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text

# Signature types, the byte in front of the public key in a verifier key.
PLAIN = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_ML_DSA_44 = 0x06
ALGORITHMS: Mapping[int, int] = {
    PLAIN: keys.ED25519,
    COSIGNATURE_ED25519: keys.ED25519,
    COSIGNATURE_ML_DSA_44: keys.ML_DSA_44,
}

MAX_SIGNATURES = 256
_ID_SIZE = 4
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_DASH = "\u2014 "
FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")  # control characters but newline; what has no UTF-8


class BadNote(Malformed):
    """The bytes are not a signed note."""

    article = "C2SP signed-note"
    en = "This is not a signed note: {why}. Send the note as it was signed."
    zh = "这不是有效的签名文本（signed note）：{why}。请按签署时的原样提交。"


class BadVerifierKey(Malformed):
    """The text is not a verifier key of a type used here."""

    article = "C2SP signed-note"
    en = "This is not a verifier key: {why}. Copy it again from its owner."
    zh = "这不是有效的验证密钥：{why}。请向密钥所有者重新取得。"


class BadNoteSignature(Unverified):
    """A signature that names a known key does not verify under it."""

    article = "C2SP signed-note"
    en = "The signature of {name} does not verify: {why}. Do not rely on any part of the note."
    zh = "{name} 的签名未通过验证：{why}。请勿信赖该文本的任何内容。"


class Unsigned(Unverified):
    """None of the known keys signed the note."""

    article = "C2SP signed-note"
    en = "None of the keys known here signed the note. Do not rely on it."
    zh = "该文本没有任何已知密钥的签名。请勿信赖。"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name and the signature type under which it signs notes; `parse` and `of` check it."""

    name: str
    type: int
    key: keys.PublicKey

    @property
    def id(self) -> bytes:
        """4 bytes that, with the name, say in a note which key signed; not a strong hash."""
        return hashing.sha256(f"{self.name}\n".encode() + bytes([self.type]) + self.key.material)[:_ID_SIZE]

    @property
    def text(self) -> str:
        """The verifier key (vkey) as text."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.type]) + self.key.material)}"

    @classmethod
    def of(cls, name: str, signature_type: int, key: keys.PublicKey) -> VerifierKey:
        """Return the verifier key with these parts; raises `BadVerifierKey`, `BadKey`."""
        if not is_name(name):
            raise BadVerifierKey(
                why=Text("名称为空，或含空格或加号", "its name is empty or holds a space or a plus sign")
            )
        if ALGORITHMS.get(signature_type) != key.algorithm:
            raise BadVerifierKey(
                why=Text(
                    f"签名类型 {signature_type} 与算法 {key.algorithm} 不配",
                    f"signature type {signature_type} does not go with algorithm {key.algorithm}",
                )
            )
        key.check()
        return cls(name, signature_type, key)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key that a vkey spells; raises `BadVerifierKey`, `BadKey`."""
        name, _, rest = text.partition("+")
        identifier, _, encoded = rest.partition("+")
        typed = from_base64(encoded)
        if not typed:
            raise BadVerifierKey(
                why=Text(
                    "不是以 + 相连的名称、标识和 base64 密钥",
                    "it is not a name, an identifier and a key in base64, joined by +",
                )
            )
        if typed[0] not in ALGORITHMS:
            raise BadVerifierKey(why=Text(f"不支持签名类型 {typed[0]}", f"signature type {typed[0]} is not supported"))
        key = cls.of(name, typed[0], keys.PublicKey(ALGORITHMS[typed[0]], typed[1:]))
        if key.id.hex() != identifier:
            raise BadVerifierKey(why=Text("其标识与密钥不符", "its identifier is not that of its key"))
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line: who says to have signed, the 4-byte key identifier, and the signature in its type's form."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.value)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Return the signature in `line`, given without its newline; raises `BadNote`."""
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        blob = from_base64(encoded)
        if not line.startswith(_DASH) or not is_name(name) or blob is None or len(blob) <= _ID_SIZE:
            raise BadNote(
                why=Text("有签名行不是破折号、名称和 base64", "a signature line is not a dash, a name and base64")
            )
        return cls(name, blob[:_ID_SIZE], blob[_ID_SIZE:])


@dataclass(frozen=True, slots=True)
class Note:
    """Text, with its final newline, and signatures; nothing in it is verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if not self.text.endswith("\n") or FORBIDDEN.search(self.text):
            raise BadNote(
                why=Text(
                    "文字未以换行结尾，或含控制字符", "its text does not end with a newline or holds control characters"
                )
            )
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise BadNote(
                why=Text(f"没有签名，或超过 {MAX_SIGNATURES} 个", f"it has no signature or more than {MAX_SIGNATURES}")
            )

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Return the note whose only encoding is `data`; raises `BadNote`."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise BadNote(why=Text("不是 UTF-8", "it is not UTF-8")) from None
        body, separator, lines = text.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise BadNote(why=Text("没有空行及其后的签名行", "it has no blank line followed by signature lines"))
        return cls(f"{body}\n", tuple(Signature.parse(line) for line in lines[:-1].split("\n")))

    def encode(self) -> bytes:
        """Return the bytes of the note."""
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}".encode()

    def with_signatures(self, signatures: Iterable[Signature]) -> Note:
        """Return the note with more signature lines at its end."""
        return Note(self.text, (*self.signatures, *signatures))

    def only(self, known: Iterable[VerifierKey]) -> Note:
        """Return the note with the signatures of `known` keys alone."""
        kept = tuple(Signature(key.name, key.id, value) for key, value in self.signed_by(known))
        return Note(self.text, kept)

    def signed_by(self, known: Iterable[VerifierKey]) -> Iterator[tuple[VerifierKey, bytes]]:
        """Yield each known key that a signature line names, with the signature, which is still to be verified."""
        by_line = {(key.name, key.id): key for key in known}
        for signature in self.signatures:
            if key := by_line.get((signature.name, signature.key_id)):
                yield key, signature.value

    def verify(self, known: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Return the keys of type `PLAIN` among `known` that signed; raises `BadNoteSignature`, `Unsigned`."""
        signers = []
        for key, value in self.signed_by(known):
            verify(key, self.text.encode(), value)
            signers.append(key)
        if not signers:
            raise Unsigned
        return tuple(signers)


def sign(text: str, name: str, signer: keys.Signer) -> Signature:
    """Return the `PLAIN` signature of the note `text` by an Ed25519 key; raises `BadVerifierKey`."""
    key = VerifierKey.of(name, PLAIN, signer.public)
    return Signature(name, key.id, signer.sign(text.encode()))


def verify(key: VerifierKey, message: bytes, value: bytes) -> None:
    """Raise `BadNoteSignature` unless `value` is the signature over `message` of the public key in `key`."""
    try:
        key.key.verify(message, value)
    except keys.BadSignature as error:
        raise BadNoteSignature(name=key.name, why=error.facts.get("why")) from None


def is_name(text: str) -> bool:
    """Tell whether `text` can name a key: not empty, no space of any kind, no plus sign, no control character."""
    return bool(text) and "+" not in text and not any(map(str.isspace, text)) and not FORBIDDEN.search(text)


def to_base64(data: bytes) -> str:
    """Return `data` in the base64 of RFC 4648 section 4, with padding."""
    return binascii.b2a_base64(data, newline=False).decode()


def from_base64(text: str) -> bytes | None:
    """Return the bytes whose one base64 spelling is `text`, or None; loose bits and line breaks are refused."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return data if to_base64(data) == text else None


def from_decimal(text: str) -> int | None:
    """Return the number below 10^19 that `text` spells without sign or leading zeros, or None."""
    return int(text) if _DECIMAL.fullmatch(text) else None
