"""The sets of sequences a chip delivers, and the probabilities by which a set is judged.

A set passes a column when enough sequences have P >= alpha and the Q-values are spread evenly. A perfect generator
misses that now and then, so a column may be repeated on fresh data; the probabilities here say how often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SPARE = "-retest"
"""A role's fresh data for repeating a column bears the role's name and this."""

SIGMAS, BINS = 3.0, 10  # GM/T 0005-2021 6.2 and 6.3, SP 800-22 4.2
HOPELESS = 1e-6
"""Our rule, `chance_floor`: a miss that chance gives once in a million sets is not put down to chance."""

FALSE_ALARM = 2.0**-20  # of a health test, SP 800-90B 4.4
RESTART_ALPHA = 0.000005  # SP 800-90B 3.1.4.3
LEAST_SYMBOLS = 1024
"""Fewer symbols of raw noise fill no window of the health tests, and are not looked at."""

SINGLE = "single"
_NEGLIGIBLE = 1e-17


@dataclass(frozen=True)
class Stage:
    """A stage of GM/T 0062-2018 for class E: into sequences of how many bits its files are cut."""

    bits: int


# For the periodic stage an implementation of GM/T 0062 leaves out other tests than annex A of GM/T 0005-2021 does at
# this length; annex A is followed, as the text of 0062 was not seen. The single-use stage is the poker test alone.
STAGES = {"factory": Stage(1_000_000), "power-on": Stage(1_000_000), "periodic": Stage(20_000)}


def single_parameter(bits: int) -> int:
    """Return the poker test's m for a single use of `bits` bits: each pattern is expected at least five times."""
    return next((m for m in (8, 4) if bits // m >= 5 * 2**m), 2)


def needed(sequences: int, alpha: float, sigmas: float = SIGMAS) -> int:
    """Return how many of the sequences must have P >= alpha (GM/T 0005-2021 6.2; SP 800-22 4.2.1)."""
    return math.ceil(sequences * (1 - alpha - sigmas * math.sqrt(alpha * (1 - alpha) / sequences)))


def evenness(values: Sequence[float], bins: int = BINS) -> float:
    """Return P_T, the chi-squared P-value of the values' spread over the bins (GM/T 0005-2021 6.3; SP 800-22 4.2.2)."""
    counts = [0] * bins
    for value in values:
        counts[min(int(value * bins), bins - 1)] += 1
    expected = len(values) / bins
    return chi_squared_tail(bins - 1, sum((count - expected) ** 2 for count in counts) / expected)


def upper_tail(n: int, p: float, k: int) -> float:
    """Return the probability that of `n` independent trials, each `p`, at least `k` succeed."""
    if k <= 0:
        return 1.0
    if k > n or p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    total = 0.0
    for j in range(k, n + 1):
        ways = math.lgamma(n + 1) - math.lgamma(j + 1) - math.lgamma(n - j + 1)
        term = math.exp(ways + j * math.log(p) + (n - j) * math.log1p(-p))
        total += term
        if j > n * p and term < total * _NEGLIGIBLE:
            break
    return min(total, 1.0)


def chi_squared_tail(freedom: int, value: float) -> float:
    """Return the upper tail of chi-squared, which has a closed form for each whole number of degrees of freedom."""
    half, odd = value / 2, freedom % 2
    terms = math.fsum(math.pow(half, k + odd / 2) / math.gamma(k + 1 + odd / 2) for k in range(freedom // 2))
    return (math.erfc(math.sqrt(half)) if odd else 0.0) + math.exp(-half) * terms
