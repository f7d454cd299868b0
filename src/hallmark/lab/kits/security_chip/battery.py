"""The 15 tests of GM/T 0005-2021, ten of them also SP 800-22's, on one sequence: a P-value and a Q-value a column.

P says how far from random, Q also in which direction, so that its distribution over many sequences can be judged. They
differ where the statistic is normal (two tails against one) and are equal where it is chi-squared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, ndtr

from hallmark.lab.kits.security_chip import statistic
from hallmark.lab.kits.security_chip.constants import Constants, Plan, Test
from hallmark.lab.kits.security_chip.order import Bits

Column = tuple[str, float, float]
_WRAP = 64
_MATRIX = 1024
_PEAK = 2.995732274  # -ln 0.05, as both editions print it
_HALF_BLOCK = 500


class Sequence:
    """One sequence of bits, with what several tests count, counted once."""

    def __init__(self, bits: Bits) -> None:
        self.bits = np.ascontiguousarray(bits)
        self.n = len(bits)
        around = np.resize(bits, self.n + _WRAP)  # overlapping patterns go on at the beginning
        packed = np.packbits(around)
        padded = np.concatenate([packed, np.zeros(-len(packed) % 8 + 16, np.uint8)])
        self.words = padded.view(">u8").astype(np.uint64)
        self._patterns: dict[int, NDArray[np.int64]] = {}

    @cached_property
    def ones(self) -> int:
        """How many bits are one."""
        return int(statistic.count_ones(self.words, self.n))

    @cached_property
    def walk(self) -> tuple[int, int, int]:
        """Lowest, highest and last place of the walk."""
        low, high, last = statistic.walk(self.bits)
        return int(low), int(high), int(last)

    @cached_property
    def runs(self) -> NDArray[np.int64]:
        """Number of runs by value and length."""
        counts: NDArray[np.int64] = statistic.runs(self.words, self.n)
        return counts

    def patterns(self, m: int) -> NDArray[np.int64]:
        """Return how often each overlapping pattern of `m` bits occurs, the sequence closed to a ring."""
        longer = [length for length in self._patterns if length >= m]
        counts = self._patterns[min(longer)] if longer else statistic.patterns(self.words, self.n, max(m, 1))
        while len(counts) > 1 << m:
            counts = counts[0::2] + counts[1::2]  # in a ring, patterns of m bits are those of m + 1 bits cut by one
        self._patterns[m] = counts
        return counts

    @cached_property
    def halves_of_thousand(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Linear complexity of blocks of 1000 bits, and of the first 500 bits of each: the work of one serves both."""
        blocks = self.n // (2 * _HALF_BLOCK)
        whole, half = statistic.complexities(self.bits, 0, 2 * _HALF_BLOCK, blocks, 2 * _HALF_BLOCK)
        return whole, half

    def complexities(self, m: int) -> NDArray[np.int64]:
        """Return the linear complexities of all blocks of `m` bits, in any order."""
        if m == 2 * _HALF_BLOCK:
            return self.halves_of_thousand[0]
        if m == _HALF_BLOCK and "halves_of_thousand" in self.__dict__:
            rest, _ = statistic.complexities(self.bits, m, 2 * m, (self.n // m) // 2, m)
            return np.concatenate([self.halves_of_thousand[1], rest])
        whole: NDArray[np.int64] = statistic.complexities(self.bits, 0, m, self.n // m, m)[0]
        return whole


def run(sequence: Sequence, plan: Plan, constants: Constants) -> dict[str, tuple[float, float]]:
    """Return (P, Q) of every column of `plan`, named test/parameter and perhaps /part."""
    longest = max((parameter for test, values in plan for parameter in values if test is Test.SERIAL), default=0)
    entropy = max((m + 1 for test, values in plan for m in values if test is Test.APPROXIMATE_ENTROPY), default=0)
    sequence.patterns(max(longest, entropy))
    found: dict[str, tuple[float, float]] = {}
    for test, parameters in plan:
        for parameter in sorted(parameters, reverse=test is Test.LINEAR_COMPLEXITY):
            name = f"{test}/{parameter}" if parameter else str(test)
            for part, p, q in _TESTS[test](sequence, parameter, constants):
                found[f"{name}/{part}" if part else name] = (p, q)
    return found


def columns(plan: Plan) -> tuple[str, ...]:
    """Return the names of the columns of `plan`, in the order of the standard."""
    names = []
    for test, parameters in plan:
        for parameter in parameters:
            name = f"{test}/{parameter}" if parameter else str(test)
            names += [f"{name}/{part}" for part in _PARTS[test]] if test in _PARTS else [name]
    return tuple(names)


_PARTS: Mapping[Test, tuple[str, ...]] = {
    Test.SERIAL: ("1", "2"),
    Test.LONGEST_RUN: ("ones", "zeros"),
    Test.CUMULATIVE_SUMS: ("forward", "backward"),
}


def _normal(value: float, part: str = "") -> Column:
    """Return P and Q of a statistic that is standard normal divided by sqrt 2."""
    return part, math.erfc(abs(value)), math.erfc(value) / 2


def _chi_squared(freedom: float, value: float, part: str = "") -> Column:
    p = float(gammaincc(freedom / 2, max(value, 0.0) / 2))
    return part, p, p


def _against(counts: NDArray[np.int64], probabilities: tuple[float, ...], part: str = "") -> Column:
    """Return P and Q of counts in classes against the classes' probabilities."""
    expected = int(counts.sum()) * np.asarray(probabilities)
    return _chi_squared(len(probabilities) - 1, float(((counts - expected) ** 2 / expected).sum()), part)


def _frequency(s: Sequence, _: int, __: Constants) -> Iterator[Column]:
    yield _normal((2 * s.ones - s.n) / math.sqrt(2 * s.n))


def _block_frequency(s: Sequence, m: int, _: Constants) -> Iterator[Column]:
    blocks = s.n // m
    ones = s.bits[: blocks * m].reshape(blocks, m).sum(axis=1, dtype=np.int64)
    yield _chi_squared(blocks, 4 * m * float(((ones / m - 0.5) ** 2).sum()))


def _poker(s: Sequence, m: int, _: Constants) -> Iterator[Column]:
    blocks = s.n // m
    values = np.packbits(s.bits[: blocks * m].reshape(blocks, m), axis=1)[:, 0] >> (8 - m)
    counts = np.bincount(values, minlength=1 << m)
    yield _chi_squared((1 << m) - 1, (1 << m) / blocks * int((counts**2).sum()) - blocks)


def _psi(s: Sequence, m: int) -> float:
    if m <= 0:
        return 0.0
    counts = s.patterns(m)
    return (1 << m) / s.n * int((counts**2).sum()) - s.n


def _serial(s: Sequence, m: int, _: Constants) -> Iterator[Column]:
    longest, middle, shortest = _psi(s, m), _psi(s, m - 1), _psi(s, m - 2)
    yield _chi_squared(2.0 ** (m - 1), longest - middle, "1")
    yield _chi_squared(2.0 ** (m - 2), longest - 2 * middle + shortest, "2")


def _runs(s: Sequence, _: int, __: Constants) -> Iterator[Column]:
    share = s.ones / s.n
    spread = share * (1 - share)
    if spread == 0:
        yield "", 0.0, 0.0
        return
    yield _normal((int(s.runs.sum()) - 2 * s.n * spread) / (2 * math.sqrt(2 * s.n) * spread))


def _runs_distribution(s: Sequence, _: int, __: Constants) -> Iterator[Column]:
    most = 1
    while (s.n - most + 2) / 2 ** (most + 3) >= 5:
        most += 1
    counts = s.runs[:, 1 : most + 1].copy()
    counts[:, most - 1] += s.runs[:, most + 1 :].sum(axis=1)
    total = int(counts.sum())
    expected = np.array([total / 2 ** (length + 1) for length in range(1, most)] + [total / 2**most])
    yield _chi_squared(2 * (most - 1), float(((counts - expected) ** 2 / expected).sum()))


def _longest_run(s: Sequence, m: int, constants: Constants) -> Iterator[Column]:
    table = constants.longest_run[m]
    classes = len(table.probabilities)
    zeros, ones = statistic.longest_runs(s.bits, table.block)
    for part, longest in (("ones", ones), ("zeros", zeros)):
        places = np.clip(longest - table.shortest, 0, classes - 1)
        yield _against(np.bincount(places, minlength=classes), table.probabilities, part)


def _derivative(s: Sequence, k: int, _: Constants) -> Iterator[Column]:
    words = s.words
    for _step in range(k):
        words = words ^ statistic.shifted(words, 1)
    n = s.n - k
    yield _normal((2 * int(statistic.count_ones(words, n)) - n) / math.sqrt(2 * n))


def _autocorrelation(s: Sequence, d: int, _: Constants) -> Iterator[Column]:
    n = s.n - d
    different = int(statistic.count_ones(s.words ^ statistic.shifted(s.words, d), n))
    yield _normal((2 * different - n) / math.sqrt(2 * n))


def _rank(s: Sequence, _: int, constants: Constants) -> Iterator[Column]:
    rows = s.words.astype(">u8").view(">u4").astype(np.uint32)
    yield _against(statistic.ranks(rows, s.n // _MATRIX), constants.rank)


def _cumulative_sums(s: Sequence, _: int, __: Constants) -> Iterator[Column]:
    low, high, last = s.walk
    for part, far in (("forward", max(high, -low)), ("backward", max(last - low, high - last))):
        root, steps = math.sqrt(s.n), s.n // far
        first = np.arange(int((1 - steps) / 4), (steps - 1) // 4 + 1)
        second = np.arange(int((-steps - 3) / 4), (steps - 1) // 4 + 1)
        outside = 1 - (ndtr((4 * first + 1) * far / root) - ndtr((4 * first - 1) * far / root)).sum()
        p = float(outside + (ndtr((4 * second + 3) * far / root) - ndtr((4 * second + 1) * far / root)).sum())
        p = min(max(p, 0.0), 1.0)  # the sum of many rounded terms may leave the range by an ulp
        yield part, p, p


def _approximate_entropy(s: Sequence, m: int, _: Constants) -> Iterator[Column]:
    def phi(length: int) -> float:
        shares = s.patterns(length) / s.n
        shares = shares[shares > 0]
        return float((shares * np.log(shares)).sum())

    yield _chi_squared(2.0**m, 2 * s.n * (math.log(2) - (phi(m) - phi(m + 1))))


def _linear_complexity(s: Sequence, m: int, constants: Constants) -> Iterator[Column]:
    sign = 1 if m % 2 == 0 else -1
    mean = m / 2 + (9 - sign) / 36 - (m / 3 + 2 / 9) * 2.0**-m
    distance = sign * (s.complexities(m) - mean) + 2 / 9
    classes = np.searchsorted([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], distance)
    yield _against(np.bincount(classes, minlength=7), constants.complexity)


def _universal(s: Sequence, _: int, constants: Constants) -> Iterator[Column]:
    block, start, mean, variance = constants.universal
    blocks = s.n // block - start
    average = float(statistic.distances(s.words, s.n, block, start)) / blocks
    factor = 0.7 - 0.8 / block + (4 + 32 / block) * blocks ** (-3 / block) / 15
    yield _normal((average - mean) / (factor * math.sqrt(2 * variance / blocks)))


def _fourier(s: Sequence, _: int, constants: Constants) -> Iterator[Column]:
    below = 0.95 * s.n / 2
    deviation = math.sqrt(2 * 0.95 * 0.05 * s.n / constants.fourier)
    yield _normal((peaks_below(s.bits, _PEAK * s.n) - below) / deviation)


def peaks_below(bits: Bits, square: float) -> int:
    """Return how many of the first n/2 Fourier coefficients of the bits as -1 and 1 have a squared modulus below.

    The length is the sequence's own: padding to a power of two would test another sequence.
    """
    signal = bits.astype(np.float64)
    signal *= 2
    signal -= 1
    return int(statistic.count_below(np.fft.rfft(signal), len(bits) // 2, square))


_TESTS: Mapping[Test, Callable[[Sequence, int, Constants], Iterator[Column]]] = {
    Test.FREQUENCY: _frequency,
    Test.BLOCK_FREQUENCY: _block_frequency,
    Test.POKER: _poker,
    Test.SERIAL: _serial,
    Test.RUNS: _runs,
    Test.RUNS_DISTRIBUTION: _runs_distribution,
    Test.LONGEST_RUN: _longest_run,
    Test.DERIVATIVE: _derivative,
    Test.AUTOCORRELATION: _autocorrelation,
    Test.RANK: _rank,
    Test.CUMULATIVE_SUMS: _cumulative_sums,
    Test.APPROXIMATE_ENTROPY: _approximate_entropy,
    Test.LINEAR_COMPLEXITY: _linear_complexity,
    Test.UNIVERSAL: _universal,
    Test.FOURIER: _fourier,
}
