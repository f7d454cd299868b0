"""The tests once more, slowly and obviously: lists, strings and textbook formulas, sharing nothing with the kit."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
from scipy.stats import chi2, norm

Pair = tuple[float, float]


def two_sided(z: float) -> Pair:
    return 2 * norm.sf(abs(z)), norm.sf(z)


def one_sided(statistic: float, freedom: int) -> Pair:
    p = float(chi2.sf(statistic, freedom))
    return p, p


def classes(values: list[int], first: int, probabilities: list[float]) -> Pair:
    last = first + len(probabilities) - 1
    counts = Counter(min(max(value, first), last) for value in values)
    total = len(values)
    statistic = sum((counts[first + i] - total * p) ** 2 / (total * p) for i, p in enumerate(probabilities))
    return one_sided(statistic, len(probabilities) - 1)


def blocks(bits: list[int], m: int) -> list[list[int]]:
    return [bits[start : start + m] for start in range(0, len(bits) - m + 1, m)]


def frequency(bits: list[int]) -> Pair:
    return two_sided(sum(1 if bit else -1 for bit in bits) / math.sqrt(len(bits)))


def block_frequency(bits: list[int], m: int) -> Pair:
    parts = blocks(bits, m)
    return one_sided(4 * m * sum((sum(part) / m - 0.5) ** 2 for part in parts), len(parts))


def poker(bits: list[int], m: int) -> Pair:
    parts = blocks(bits, m)
    counts = Counter(map(tuple, parts))
    return one_sided(2**m / len(parts) * sum(n * n for n in counts.values()) - len(parts), 2**m - 1)


def psi(bits: list[int], m: int) -> float:
    if m == 0:
        return 0.0
    text = "".join(map(str, bits + bits[: m - 1]))
    counts = Counter(text[i : i + m] for i in range(len(bits)))
    return 2**m / len(bits) * sum(n * n for n in counts.values()) - len(bits)


def serial(bits: list[int], m: int) -> tuple[Pair, Pair]:
    a, b, c = psi(bits, m), psi(bits, m - 1), psi(bits, m - 2)
    return one_sided(a - b, 2 ** (m - 1)), one_sided(a - 2 * b + c, 2 ** (m - 2))


def run_lengths(bits: list[int]) -> list[tuple[int, int]]:
    return [(value, len(list(group))) for value, group in itertools.groupby(bits)]


def runs(bits: list[int]) -> Pair:
    n, share = len(bits), sum(bits) / len(bits)
    return two_sided((len(run_lengths(bits)) - 2 * n * share * (1 - share)) / (2 * math.sqrt(n) * share * (1 - share)))


def runs_distribution(bits: list[int]) -> Pair:
    n = len(bits)
    k = max(i for i in range(1, 60) if (n - i + 3) / 2 ** (i + 2) >= 5)
    counts = Counter((value, min(length, k)) for value, length in run_lengths(bits))
    total = sum(counts.values())
    statistic = 0.0
    for length in range(1, k + 1):
        expected = total / 2 ** (length + 1) if length < k else total / 2**k
        statistic += sum((counts[value, length] - expected) ** 2 / expected for value in (0, 1))
    return one_sided(statistic, 2 * k - 2)


def longest_run(bits: list[int], m: int, first: int, probabilities: list[float], value: int) -> Pair:
    longest = [max((n for bit, n in run_lengths(part) if bit == value), default=0) for part in blocks(bits, m)]
    return classes(longest, first, probabilities)


def derivative(bits: list[int], k: int) -> Pair:
    for _ in range(k):
        bits = [a ^ b for a, b in itertools.pairwise(bits)]
    return frequency(bits)


def autocorrelation(bits: list[int], d: int) -> Pair:
    return frequency([a ^ b for a, b in zip(bits, bits[d:], strict=False)])


def matrix_rank(rows: list[int]) -> int:
    basis: list[int] = []
    for row in rows:
        for other in basis:
            row = min(row, row ^ other)  # noqa: PLW2901 - the textbook's reduction
        if row:
            basis.append(row)
    return len(basis)


def rank(bits: list[int], probabilities: list[float]) -> Pair:
    ranks = [matrix_rank([int("".join(map(str, row)), 2) for row in blocks(part, 32)]) for part in blocks(bits, 1024)]
    return classes([min(32 - r, 2) for r in ranks], 0, probabilities)


def cumulative_sums(bits: list[int]) -> Pair:
    n = len(bits)
    z = max(abs(s) for s in itertools.accumulate(1 if bit else -1 for bit in bits))
    first = range(math.floor((-n / z + 1) / 4), math.floor((n / z - 1) / 4) + 1)
    second = range(math.floor((-n / z - 3) / 4), math.floor((n / z - 1) / 4) + 1)
    p = 1.0
    for k in first:
        p -= norm.cdf((4 * k + 1) * z / math.sqrt(n)) - norm.cdf((4 * k - 1) * z / math.sqrt(n))
    for k in second:
        p += norm.cdf((4 * k + 3) * z / math.sqrt(n)) - norm.cdf((4 * k + 1) * z / math.sqrt(n))
    return p, p


def approximate_entropy(bits: list[int], m: int) -> Pair:
    def phi(length: int) -> float:
        text = "".join(map(str, bits + bits[: length - 1]))
        counts = Counter(text[i : i + length] for i in range(len(bits)))
        return sum(n / len(bits) * math.log(n / len(bits)) for n in counts.values())

    return one_sided(2 * len(bits) * (math.log(2) - phi(m) + phi(m + 1)), 2**m)


def complexity(bits: list[int]) -> int:
    """Berlekamp and Massey, as in the Handbook of Applied Cryptography 6.30."""
    n = len(bits)
    c, b = [1] + [0] * n, [1] + [0] * n
    length, m = 0, -1
    for i in range(n):
        if (bits[i] + sum(c[j] * bits[i - j] for j in range(1, length + 1))) % 2:
            t = c[:]
            for j in range(n - i + m + 1):
                c[i - m + j] ^= b[j]
            if length <= i / 2:
                length, m, b = i + 1 - length, i, t
    return length


def linear_complexity(bits: list[int], m: int, probabilities: list[float]) -> Pair:
    mean = m / 2 + (9 + (-1) ** (m + 1)) / 36 - (m / 3 + 2 / 9) / 2**m
    places = [(-1) ** m * (complexity(part) - mean) + 2 / 9 for part in blocks(bits, m)]
    return classes([math.ceil(t - 0.5) for t in places], -3, probabilities)


def universal(bits: list[int]) -> Pair:
    parts = [tuple(part) for part in blocks(bits, 7)]
    last = {part: i for i, part in enumerate(parts[:1280], 1)}
    total, k = 0.0, len(parts) - 1280
    for i, part in enumerate(parts[1280:], 1281):
        total += math.log2(i - last.get(part, 0))
        last[part] = i
    c = 0.7 - 0.8 / 7 + (4 + 32 / 7) * k ** (-3 / 7) / 15
    return two_sided((total / k - 6.1962507) / (c * math.sqrt(3.125 / k)))


def fourier(bits: list[int], divisor: float) -> Pair:
    n = len(bits)
    modulus = np.abs(np.fft.fft([2 * bit - 1 for bit in bits]))[: n // 2]
    below = int((modulus < math.sqrt(2.995732274 * n)).sum())
    return two_sided((below - 0.95 * n / 2) / math.sqrt(n * 0.95 * 0.05 / divisor))
