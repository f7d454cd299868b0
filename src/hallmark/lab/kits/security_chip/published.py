"""Published answers, and sequences that everybody can compute: the binary digits of e, pi and square roots."""

from __future__ import annotations

import itertools
import math

_SPARE = 64


def digits_of_e(n: int) -> bytes:
    """Return the first `n` bits (a multiple of 8) of e = 10.1011..., first bit highest."""
    terms = next(count for count in itertools.count(16, 64) if math.lgamma(count) > (n + _SPARE) * math.log(2))
    above, below = _one_over_factorials(0, terms)
    return _packed(_quotient(above + below, below, n - 2), n)


def digits_of_root(square: int, n: int) -> bytes:
    """Return the first `n` bits (a multiple of 8) of the square root of 2 or 3, 1.0110... or 1.1011..."""
    return _packed(math.isqrt(square << (2 * (n - 1))), n)


def digits_of_pi(n: int) -> bytes:
    """Return the first `n` bits (a multiple of 8) of pi = 11.0010..., by the series of Chudnovsky."""
    _, below, rest = _chudnovsky(1, n // 47 + 2)  # a term gives 47.1 bits
    root = math.isqrt(10005 << (2 * (n + _SPARE)))
    return _packed(_quotient(426880 * root * below, 13591409 * below + rest, 0) >> (_SPARE + 2), n)


def _quotient(above: int, below: int, n: int) -> int:
    """Return above / below with `n` bits behind the point, cut off; by Newton, as Python divides in square time."""
    bits = n + max(above.bit_length() - below.bit_length(), 0) + _SPARE
    return (above * _inverse(below, bits) << n) >> (below.bit_length() + bits)


def _inverse(value: int, n: int) -> int:
    """Return 2^(length + n) / value to about `n` bits, where length is that of `value` in bits."""
    kept = min(value.bit_length(), n + _SPARE)
    value >>= value.bit_length() - kept
    if n <= _SPARE:
        return (1 << (kept + n)) // value
    half = n // 2 + 8
    guess = _inverse(value, half) << (n - half)
    return guess + (guess * ((1 << (kept + n)) - value * guess) >> (kept + n))


def _packed(value: int, n: int) -> bytes:
    return value.to_bytes(n // 8)


def _one_over_factorials(low: int, high: int) -> tuple[int, int]:
    """Return (p, q) with p / q = 1/(low+1) + 1/((low+1)(low+2)) + ... up to `high` factors."""
    if high - low == 1:
        return 1, high
    middle = (low + high) // 2
    p, q = _one_over_factorials(low, middle)
    r, s = _one_over_factorials(middle, high)
    return p * s + r, q * s


def _chudnovsky(low: int, high: int) -> tuple[int, int, int]:
    if high - low == 1:
        p = -(6 * low - 5) * (2 * low - 1) * (6 * low - 1)
        q = low**3 * (640320**3 // 24)
        return p, q, p * (13591409 + 545140134 * low)
    middle = (low + high) // 2
    p, q, t = _chudnovsky(low, middle)
    r, s, u = _chudnovsky(middle, high)
    return p * r, q * s, s * t + p * u
