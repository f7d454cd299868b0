"""Constants of the test methods by edition, and which tests with which parameters a sequence length calls for.

The editions round the same probabilities differently, and a verdict follows the edition. GM/T 0005-2021 itself was not
at hand: its numbers are taken from two independent open implementations that agree with each other and with the
standard's published examples (certainty `stated`); where the two differ the line says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Test(StrEnum):
    """The 15 tests of GM/T 0005-2021, in its order; SP 800-22 shares ten of them."""

    FREQUENCY = "frequency"
    BLOCK_FREQUENCY = "block-frequency"
    POKER = "poker"
    SERIAL = "serial"
    RUNS = "runs"
    RUNS_DISTRIBUTION = "runs-distribution"
    LONGEST_RUN = "longest-run"
    DERIVATIVE = "derivative"
    AUTOCORRELATION = "autocorrelation"
    RANK = "rank"
    CUMULATIVE_SUMS = "cumulative-sums"
    APPROXIMATE_ENTROPY = "approximate-entropy"
    LINEAR_COMPLEXITY = "linear-complexity"
    UNIVERSAL = "universal"
    FOURIER = "fourier"


@dataclass(frozen=True)
class LongestRun:
    """Block length in bits, length of run in the first class, and the probability of each class."""

    block: int
    shortest: int
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Constants:
    """What an edition rounds in its own way.

    `rank` are the probabilities of rank 32, 31 and less; `longest_run` by block length; `complexity` the classes of the
    linear complexity test; `fourier` divides the variance of the number of peaks; `universal` is Maurer's (L, Q, mean,
    variance).
    """

    rank: tuple[float, float, float]
    longest_run: Mapping[int, LongestRun]
    complexity: tuple[float, ...]
    fourier: float
    universal: tuple[int, int, float, float] = (7, 1280, 6.1962507, 3.125)


GMT_0005_2021 = Constants(
    rank=(0.2888, 0.5776, 0.1336),
    longest_run={
        8: LongestRun(8, 1, (0.2148, 0.3672, 0.2305, 0.1875)),
        128: LongestRun(128, 4, (0.1174, 0.2430, 0.2494, 0.1752, 0.1027, 0.1124)),
        10_000: LongestRun(10_000, 10, (0.086632, 0.208201, 0.248419, 0.193913, 0.121458, 0.068011, 0.073366)),
    },
    complexity=(0.010417, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833),
    fourier=3.8,
)

# SP 800-22 rev. 1a as its reference code has it: the first class of the linear complexity test is 0.01047 there.
SP_800_22 = Constants(
    rank=(0.2887880950866024, 0.5775761901732048, 0.1336357147401928),
    longest_run={
        8: LongestRun(8, 1, (0.21484375, 0.3671875, 0.23046875, 0.1875)),
        128: LongestRun(128, 4, (0.1174035788, 0.242955959, 0.249363483, 0.17517706, 0.102701071, 0.112398847)),
        10_000: LongestRun(10_000, 10, (0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727)),
    },
    complexity=(0.01047, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833),
    fourier=4.0,
)

Plan = tuple[tuple[Test, tuple[int, ...]], ...]

_SMALL: Plan = (
    (Test.FREQUENCY, (0,)),
    (Test.BLOCK_FREQUENCY, (1_000,)),
    (Test.POKER, (4, 8)),
    (Test.SERIAL, (3, 5)),
    (Test.RUNS, (0,)),
    (Test.RUNS_DISTRIBUTION, (0,)),
    (Test.LONGEST_RUN, (128,)),
    (Test.DERIVATIVE, (3, 7)),
    (Test.AUTOCORRELATION, (2, 8, 16)),
    (Test.CUMULATIVE_SUMS, (0,)),
    (Test.APPROXIMATE_ENTROPY, (2, 5)),
    (Test.FOURIER, (0,)),
)
_MIDDLE: Plan = (
    (Test.FREQUENCY, (0,)),
    (Test.BLOCK_FREQUENCY, (10_000,)),
    (Test.POKER, (4, 8)),
    (Test.SERIAL, (3, 5)),
    (Test.RUNS, (0,)),
    (Test.RUNS_DISTRIBUTION, (0,)),
    (Test.LONGEST_RUN, (10_000,)),
    (Test.DERIVATIVE, (3, 7)),
    (Test.AUTOCORRELATION, (1, 2, 8, 16)),
    (Test.RANK, (0,)),
    (Test.CUMULATIVE_SUMS, (0,)),
    (Test.APPROXIMATE_ENTROPY, (2, 5)),
    (Test.LINEAR_COMPLEXITY, (500, 1_000)),
    (Test.UNIVERSAL, (0,)),
    (Test.FOURIER, (0,)),
)
# At 10^8 bit the implementations differ: block frequency 1,000,000 or 100,000, serial with or without 7, approximate
# entropy 5 and 7 or 2 and 5. The majority is followed (certainty `inferred`).
_LARGE: Plan = (
    (Test.FREQUENCY, (0,)),
    (Test.BLOCK_FREQUENCY, (1_000_000,)),
    (Test.POKER, (4, 8)),
    (Test.SERIAL, (3, 5, 7)),
    (Test.RUNS, (0,)),
    (Test.RUNS_DISTRIBUTION, (0,)),
    (Test.LONGEST_RUN, (10_000,)),
    (Test.DERIVATIVE, (3, 7, 15)),
    (Test.AUTOCORRELATION, (1, 2, 8, 16, 32)),
    (Test.RANK, (0,)),
    (Test.CUMULATIVE_SUMS, (0,)),
    (Test.APPROXIMATE_ENTROPY, (5, 7)),
    (Test.LINEAR_COMPLEXITY, (5_000,)),
    (Test.UNIVERSAL, (0,)),
    (Test.FOURIER, (0,)),
)
PLANS: Mapping[int, Plan] = {20_000: _SMALL, 1_000_000: _MIDDLE, 100_000_000: _LARGE}
"""GM/T 0005-2021 annex A: length of a sequence in bits -> tests and parameters (0 where a test has none)."""

SP_800_22_PLAN: Plan = (
    (Test.FREQUENCY, (0,)),
    (Test.BLOCK_FREQUENCY, (128,)),
    (Test.CUMULATIVE_SUMS, (0,)),
    (Test.RUNS, (0,)),
    (Test.LONGEST_RUN, (10_000,)),
    (Test.RANK, (0,)),
    (Test.FOURIER, (0,)),
    (Test.UNIVERSAL, (0,)),
    (Test.APPROXIMATE_ENTROPY, (10,)),
    (Test.SERIAL, (16,)),
    (Test.LINEAR_COMPLEXITY, (500,)),
)
"""SP 800-22 rev. 1a at 10^6 bit, parameters of its appendix B; the template and excursion tests are not done."""
