"""Counts on raw noise follow SP 800-90B's own examples and plain definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from hallmark.lab.kits.security_chip import entropy
from hallmark.lab.kits.security_chip.sets import upper_tail

RANDOM = np.random.default_rng(1)


def test_most_common_value_is_that_of_the_standards_example() -> None:
    # SP 800-90B 6.3.1: S = (0, 1, 1, 2, 0, 1, 2, 2, 0, 1, 0, 1, 1, 0, 2, 2, 1, 0, 2, 1), p = 0.4, p_u = 0.6895
    symbols = np.array([0, 1, 1, 2, 0, 1, 2, 2, 0, 1, 0, 1, 1, 0, 2, 2, 1, 0, 2, 1], np.uint8)
    assert entropy.most_common_value(symbols) == pytest.approx(0.5363, abs=1e-4)
    assert entropy.most_common_value(np.zeros(100, np.uint8)) == 0


@pytest.mark.parametrize(("bits", "cutoff"), [(1, 21), (2, 11), (8, 4), (0.5, 41)])
def test_repetition_cutoff_is_the_standards_formula(bits: float, cutoff: int) -> None:
    assert entropy.repetition_cutoff(bits) == cutoff


@pytest.mark.parametrize(("bits", "window"), [(1, 1024), (0.5, 1024), (4, 512), (7.5, 512)])
def test_proportion_cutoff_is_the_binomial_one(bits: float, window: int) -> None:
    assert entropy.proportion_cutoff(bits, window) == 1 + binom.ppf(1 - 2.0**-20, window, 2.0**-bits)


def test_alarms_are_counted_as_the_definition_says() -> None:
    symbols = (RANDOM.random(50_000) < 0.8).astype(np.uint8)
    runs = [len(list(group)) for _, group in itertools.groupby(symbols.tolist())]
    assert entropy.repetition_alarms(symbols, 21) == (sum(length >= 21 for length in runs), max(runs))
    windows = [symbols[i : i + 1024] for i in range(0, 50_000 - 1023, 1024)]
    counts = [int((window == window[0]).sum()) for window in windows]
    alarms, most = entropy.proportion_alarms(symbols, 1024, 800)
    assert (alarms, most) == (sum(count >= 800 for count in counts), max(counts))
    assert alarms > 0


def test_restarts_are_looked_at_by_rows_and_by_places() -> None:
    matrix = RANDOM.integers(0, 256, (1000, 1000)).astype(np.uint8)
    calm = entropy.restart_counts(matrix.ravel())
    assert max(calm) < 30
    matrix[:, 17] = 3
    assert entropy.restart_counts(matrix.ravel())[1] == 1000
    matrix[5, :] = 4
    assert entropy.restart_counts(matrix.ravel())[0] == 1000


def test_blocks_are_screened_by_all_four_tests() -> None:
    good = RANDOM.integers(0, 2, 20_000 * 50).astype(np.uint8)
    blocks, failing = entropy.screened_blocks(good)
    assert (blocks, failing <= 2) == (50, True)
    biased = (RANDOM.random(20_000) < 0.55).astype(np.uint8)
    nibbles = np.unpackbits((RANDOM.integers(1, 15, (5000, 1)).astype(np.uint8) << 4), axis=1)[:, :4].ravel()
    long_run = good[:20_000].copy()
    long_run[100:126] = 1
    short_runs = np.resize(np.array([0, 0, 1, 1, 0, 1], np.uint8), 20_000)
    for bad in (biased, nibbles, long_run, short_runs):
        assert entropy.screened_blocks(bad) == (1, 1)
    assert entropy.screened_blocks(good[:19_999]) == (0, 0)


def test_binomial_tails_are_those_of_scipy() -> None:
    for n, p, k in ((20, 0.01, 2), (1000, 0.01, 20), (1024, 0.5, 624), (10**6, 2.0**-20, 6), (5, 0.3, 0), (5, 0.3, 6)):
        assert upper_tail(n, p, k) == pytest.approx(binom.sf(k - 1, n, p), rel=1e-7, abs=1e-300)
    assert (upper_tail(5, 0.0, 1), upper_tail(5, 1.0, 5), math.isclose(upper_tail(5, 0.5, 3), 0.5)) == (0.0, 1.0, True)
