"""Ed25519 under one strict rule, in front of whichever library checks the equation.

Libraries disagree on edge cases (of C2SP's 914 vectors `cryptography` accepts 208), and a quorum whose members
disagree can be split. The rule, for public key A and signature R || S (RFC 8032):

1. A and R are canonical encodings of a point's y (y < p);
2. neither A nor R has small order (which also settles the sign of x = 0);
3. S < L;
4. [S]B = R + [k]A, without cofactor (the library).
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hallmark.kernel.errors import Unverified
from hallmark.kernel.text import Text

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SIZE_KEY = 32
SIZE_SIGNATURE = 64

_Y = (1 << 255) - 1
# The y of the eight points whose order divides 8: orders 1, 2, 4 and 8.
_Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER_Y = frozenset((0, 1, P - 1, _Y8, P - _Y8))
_KEYS_KEPT = 4096  # a node meets the same keys again and again
_KEY, _R = Text("密钥", "the key"), Text("签名中的 R", "R")
_UNEQUAL = Text("签名等式不成立", "the equation does not hold")


class BadSignature(Unverified):
    """The signature does not verify under the key."""

    en = "The signature does not verify: {why}. The bytes or the key are not the ones that were signed."
    zh = "签名验证失败：{why}。内容或密钥并非签署时所用。"


def check_point(encoding: bytes, what: Text) -> None:
    """Raise `BadSignature` unless `encoding` is the canonical encoding of a point not of small order."""
    if len(encoding) != SIZE_KEY:
        raise BadSignature(why=Text(f"{what.zh}不是 32 字节", f"{what.en} is not 32 bytes"))
    y = int.from_bytes(encoding, "little") & _Y
    if y >= P:
        raise BadSignature(why=Text(f"{what.zh}未用规范编码", f"{what.en} is not encoded canonically"))
    if y in _SMALL_ORDER_Y:
        raise BadSignature(why=Text(f"{what.zh}的阶过小", f"{what.en} has small order"))


def check_key(encoding: bytes) -> None:
    """Raise `BadSignature` unless `encoding` is a point as `check_point` wants it, and on the curve."""
    check_point(encoding, _KEY)
    y = int.from_bytes(encoding, "little") & _Y
    # x^2 = (y^2 - 1) / (d y^2 + 1); the quotient is a square where the product is (Euler's criterion).
    if pow((y * y - 1) * (D * y * y + 1), (P - 1) // 2, P) != 1:
        raise BadSignature(why=Text("密钥不是曲线上的点", "the key is no point of the curve"))


def verify(key: bytes, message: bytes, signature: bytes) -> None:
    """Raise `BadSignature` unless the 64-byte `signature` over `message` satisfies the rule under the 32-byte `key`."""
    if len(signature) != SIZE_SIGNATURE:
        raise BadSignature(why=Text("长度不是 64 字节", "it is not 64 bytes"))
    public = _load(key)
    check_point(signature[:32], _R)
    if int.from_bytes(signature[32:], "little") >= L:
        raise BadSignature(why=Text("S 未约减", "S is not reduced"))
    try:
        public.verify(signature, message)
    except InvalidSignature:
        raise BadSignature(why=_UNEQUAL) from None


@lru_cache(_KEYS_KEPT)
def _load(key: bytes) -> Ed25519PublicKey:
    """Return the key for the library; raises `BadSignature`."""
    check_point(key, _KEY)
    try:
        return Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        raise BadSignature(why=_UNEQUAL) from None
