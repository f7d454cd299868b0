"""SM2 signatures over SM3 on the recommended curve: verification (GB/T 32918.2 section 7, parameters of part 5).

`cryptography` has SM3 but not this curve. Verification handles no secret, so integers of any timing will do; signing
does, and is not here.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

from hallmark.attestation.errors import BadEvidenceSignature
from hallmark.kernel.text import Text

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)

Point = tuple[int, int]
_Jacobian = tuple[int, int, int]  # x = X / Z^2, y = Y / Z^3; Z = 0 at infinity
_INFINITY: _Jacobian = (1, 1, 0)


def sm3(data: bytes) -> bytes:
    """Return the 32-byte SM3 digest of `data` (GB/T 32905)."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def identity_digest(identity: bytes, public: Point) -> bytes:
    """Return Z: the digest of the signer's identity, the curve and the public key (section 5.5)."""
    numbers = b"".join(number.to_bytes(32) for number in (A, B, *G, *public))
    return sm3((8 * len(identity)).to_bytes(2) + identity + numbers)


def verify(public: Point, identity: bytes, message: bytes, r: int, s: int, what: Text) -> None:
    """Raise `BadEvidenceSignature` unless (r, s) is the signature of `public`, named `identity`, over `message`."""
    x, y = public
    on_curve = 0 <= x < P and 0 <= y < P and (y * y - (x * x * x + A * x + B)) % P == 0
    if not (on_curve and 0 < r < N and 0 < s < N and len(identity) < 1 << 13):
        raise BadEvidenceSignature(what=what)
    e = int.from_bytes(sm3(identity_digest(identity, public) + message))
    t = (r + s) % N
    if t == 0:
        raise BadEvidenceSignature(what=what)
    px, _, pz = _sum_of_products(s, G, t, public)
    if pz == 0 or (e + px * pow(pz, -2, P) % P - r) % N:
        raise BadEvidenceSignature(what=what)


def _sum_of_products(a: int, p: Point, b: int, q: Point) -> _Jacobian:
    """Return [a]p + [b]q, both numbers walked at once (Shamir's trick)."""
    table = {1: (*p, 1), 2: (*q, 1), 3: _add((*p, 1), (*q, 1))}
    total = _INFINITY
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        total = _double(total)
        chosen = (a >> bit & 1) | (b >> bit & 1) << 1
        if chosen:
            total = _add(total, table[chosen])
    return total


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    square = y * y % P
    s = 4 * x * square % P
    m = 3 * (x - z * z) * (x + z * z) % P  # a = -3
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * square * square) % P, 2 * y * z % P


def _add(left: _Jacobian, right: _Jacobian) -> _Jacobian:
    (x1, y1, z1), (x2, y2, z2) = left, right
    if z1 == 0:
        return right
    if z2 == 0:
        return left
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * zz2 % P, x2 * zz1 % P
    s1, s2 = y1 * z2 * zz2 % P, y2 * z1 * zz1 % P
    h, r = (u2 - u1) % P, (s2 - s1) % P
    if h == 0:
        return _double(left) if r == 0 else _INFINITY
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, h * z1 * z2 % P
