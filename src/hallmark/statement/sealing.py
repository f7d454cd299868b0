"""Sealed disclosures: the claims beside a statement, readable inside the members' nodes and nowhere on the way.

    {"box": AES-256-GCM(content key, padded disclosures), "keys": {member: HPKE(content key), ...}}

The content key is drawn for one statement and encrypts once, so its nonce is zero. For each member it is wrapped by
HPKE (RFC 9180, base mode; DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM) to that member's sealing key. Box and
wrapped keys are bound to the statement's digest, each wrapped key to its member besides, so that neither serves beside
another statement. The environment is in that digest; epochs are not, since entries outlive them. Whoever opens it can
wrap the content key for a member that came later: the box stays as it is.

A box's length would tell how large an amount is; it is padded to a multiple of 256 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from hallmark.kernel import canonical
from hallmark.kernel.errors import Malformed, Unavailable
from hallmark.kernel.text import Text
from hallmark.statement import disclosure
from hallmark.statement.disclosure import Disclosure

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
KEY_SIZE = 32  # bytes of a content key, and of a member's public key
BLOCK = 256  # bytes; what is encrypted has a multiple of them
MAX_SIZE = 2**17  # bytes of the encoded form
_DOMAIN = "hallmark/sealed/1"
_NONCE = bytes(12)
_TAG = 16
_WRAPPED = 32 + KEY_SIZE + _TAG
_MAP_OF_TWO = b"\xa2"  # disclosures in the clear are an array


class BadSealed(Malformed):
    """The bytes are not sealed disclosures."""

    en = "These are not sealed disclosures: {why}. Seal them as docs/spec/confidential.md says."
    zh = "这不是有效的密封披露：{why}。请按 docs/spec/confidential.md 密封。"


class BadSealingKey(Malformed):
    """Nothing can be sealed to such a key."""

    en = "The sealing key of {member} is no X25519 key. Ask its operator for another announcement."
    zh = "{member} 的密封密钥不是 X25519 密钥。请向其运营方索取新的公告。"


class NotOpened(Unavailable):
    """This member cannot open it; another one may, and can seal it anew."""

    en = "{member} cannot open what is sealed beside this statement: {why}. It is taken from another member."
    zh = "{member} 无法打开该声明所附的密封内容：{why}。将改从其他成员获取。"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Disclosures in a `box`, and the key to it wrapped for each member; nothing says yet that it opens."""

    box: bytes
    keys: Mapping[str, bytes]

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.encode({"box": self.box, "keys": dict(self.keys)})

    @classmethod
    def parse(cls, data: bytes) -> Sealed:
        """Return what is sealed in `data`; raises `BadSealed`, `NotCanonical`."""
        if len(data) > MAX_SIZE:
            raise BadSealed(why=Text(f"超过 {MAX_SIZE} 字节", f"it has more than {MAX_SIZE} bytes"))
        match canonical.decode(data, what=Text("密封披露", "sealed disclosures")):
            case {"box": bytes(box), "keys": dict(keys), **rest} if not rest:
                pass
            case _:
                raise BadSealed(why=Text("不是密文加密钥", "it is not a box and keys"))
        if len(box) <= _TAG or (len(box) - _TAG) % BLOCK:
            raise BadSealed(why=Text("密文长度不符", "its box has another length"))
        if not keys or not all(type(name) is str and _is_wrapped(key) for name, key in keys.items()):
            raise BadSealed(why=Text("有密钥未按成员封装", "a key is not wrapped for a member"))
        return cls(box, keys)

    def open(self, statement: bytes, member: str, key: X25519PrivateKey) -> tuple[Disclosure, ...]:
        """Return the disclosures beside the statement of that digest, opened by a member's key.

        Whether they are the statement's is for `open_claims`. Raises `NotOpened`, `NotCanonical`, `BadDisclosure`.
        """
        try:
            padded = AESGCM(self._unwrap(statement, member, key)).decrypt(_NONCE, self.box, _bound_to(statement))
        except InvalidTag:
            raise NotOpened(member=member, why=Text("密文不符", "its box is another")) from None
        return disclosure.decode(unpad(padded))

    def pass_on(self, statement: bytes, member: str, key: X25519PrivateKey, to: Mapping[str, bytes]) -> Sealed:
        """Return the same box with the keys wrapped for others, by name and public key; raises as `open` and `seal`."""
        return Sealed(self.box, _wrap(self._unwrap(statement, member, key), statement, to))

    def _unwrap(self, statement: bytes, member: str, key: X25519PrivateKey) -> bytes:
        if member not in self.keys:
            raise NotOpened(member=member, why=Text("未密封给它", "it is not sealed to it"))
        try:
            content_key = SUITE.decrypt(self.keys[member], key, _bound_to(statement, member))
        except InvalidTag:
            raise NotOpened(member=member, why=Text("所封装的密钥不符", "the key is wrapped otherwise")) from None
        return content_key


Hidden = tuple[Disclosure, ...] | Sealed
"""What travels beside a statement: disclosures in the clear, or sealed."""


def seal(
    disclosures: Iterable[Disclosure], statement: bytes, members: Mapping[str, bytes], content_key: bytes
) -> Sealed:
    """Seal what belongs to the statement of that digest to members, by name and X25519 public key (32 bytes).

    `content_key` is 32 fresh random bytes. Raises `BadSealingKey`.
    """
    box = AESGCM(content_key).encrypt(_NONCE, pad(disclosure.encode(disclosures)), _bound_to(statement))
    return Sealed(box, _wrap(content_key, statement, members))


def read(data: bytes) -> Hidden:
    """Return what travels beside a statement; raises as `Sealed.parse` and `disclosure.decode`."""
    return Sealed.parse(data) if is_sealed(data) else disclosure.decode(data)


def write(hidden: Hidden) -> bytes:
    """Return the bytes that `read` reads."""
    return hidden.encode() if isinstance(hidden, Sealed) else disclosure.encode(hidden)


def is_sealed(data: bytes) -> bool:
    """Return whether `data` is sealed, if it is anything; whoever reads it finds out."""
    return data[:1] == _MAP_OF_TWO


def in_clear(data: bytes) -> tuple[Disclosure, ...]:
    """Return the disclosures in `data` that need no key, none where they are sealed; raises as `read`."""
    hidden = read(data)
    return () if isinstance(hidden, Sealed) else hidden


def pad(data: bytes) -> bytes:
    """Return `data`, an 80 and zeros (ISO/IEC 9797-1 padding method 2), in whole blocks."""
    return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK)


def unpad(data: bytes) -> bytes:
    """Return what `pad` was given; raises `BadSealed`."""
    content = data.rstrip(b"\0")
    if content[-1:] != b"\x80" or pad(content[:-1]) != data:
        raise BadSealed(why=Text("填充不符", "its padding is another"))
    return content[:-1]


def _wrap(content_key: bytes, statement: bytes, members: Mapping[str, bytes]) -> dict[str, bytes]:
    wrapped = {}
    for member, public in members.items():
        try:
            wrapped[member] = SUITE.encrypt(
                content_key, X25519PublicKey.from_public_bytes(public), _bound_to(statement, member)
            )
        except ValueError:  # not 32 bytes, or a point of small order
            raise BadSealingKey(member=member) from None
    return wrapped


def _bound_to(statement: bytes, *member: str) -> bytes:
    return canonical.encode([_DOMAIN, [statement, *member]])


def _is_wrapped(key: object) -> bool:
    return type(key) is bytes and len(key) == _WRAPPED
