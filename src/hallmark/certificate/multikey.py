"""Ed25519 public keys as Multikey text (W3C Controlled Identifiers 1.0): "z", base58btc of 0xed 0x01 and the key."""

from __future__ import annotations

from hallmark.kernel import keys
from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58BTC = "z"
_ED25519 = b"\xed\x01"
_MOST = 200  # characters: a key has 48, a signature 88


class BadMultikey(Malformed):
    """The text is not an Ed25519 key, or bytes, in multibase base58btc."""

    article = "W3C Controlled Identifiers 1.0 section 2.2.2"
    en = "This is not an Ed25519 key or signature in base58: {why}. Copy it again from its owner."
    zh = "这不是 base58 形式的 Ed25519 密钥或签名：{why}。请向其所有者重新取得。"


class NotEd25519(Malformed):
    """The key is of an algorithm that credentials are not signed with."""

    article = "W3C Data Integrity EdDSA Cryptosuites 1.0"
    en = "Credentials are signed with Ed25519, and this is a key of algorithm {algorithm}. Sign with an Ed25519 key."
    zh = "凭证以 Ed25519 签署，而该密钥的算法为 {algorithm}。请使用 Ed25519 密钥签署。"


def encode(key: keys.PublicKey) -> str:
    """Return the Multikey text of `key`; raises `NotEd25519`."""
    if key.algorithm != keys.ED25519:
        raise NotEd25519(algorithm=keys.NAMES.get(key.algorithm, key.algorithm))
    return to_base58(_ED25519 + key.material)


def decode(text: str) -> keys.PublicKey:
    """Return the key whose Multikey text is `text`; raises `BadMultikey`, `BadKey`."""
    data = from_base58(text)
    if not data.startswith(_ED25519):
        raise BadMultikey(why=Text("其前缀并非 Ed25519 公钥", "its prefix is not that of an Ed25519 public key"))
    key = keys.PublicKey(keys.ED25519, data[len(_ED25519) :])
    key.check()
    return key


def to_base58(data: bytes) -> str:
    """Return `data` in multibase base58btc."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _BASE58BTC + _ALPHABET[0] * zeros + digits


def from_base58(text: str) -> bytes:
    """Return the bytes that `text` spells in multibase base58btc; raises `BadMultikey`."""
    if not text.startswith(_BASE58BTC) or len(text) > _MOST:
        raise BadMultikey(why=Text("其开头不是 z，或过长", "it does not begin with z, or is too long"))
    number = 0
    for character in text[1:]:
        digit = _ALPHABET.find(character)
        if digit < 0:
            why = Text(f"含有非法字符 {character!a}", f"it holds the character {character!a}")
            raise BadMultikey(why=why)
        number = number * 58 + digit
    zeros = len(text) - 1 - len(text[1:].lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
