"""What can be said of raw noise by simple counting: SP 800-90B most common value, health tests, restarts; FIPS 140-2.

Of SP 800-90B only the most common value estimate (6.3.1), the two health tests (4.4) and the counts of the restart test
(3.1.4.3) are done. The other nine estimators and the test for independence are not, so a value here never proves
entropy: it can only show that a claim is too high.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hallmark.lab.kits.security_chip.sets import FALSE_ALARM, upper_tail

Symbols = NDArray[np.uint8]
_Z = 2.5758293035489008  # 99.5 % of the normal distribution, 6.3.1
_WINDOW_BINARY, _WINDOW_OTHER = 1024, 512
RESTARTS = 1000
_BLOCK = 20_000


def most_common_value(symbols: Symbols) -> float:
    """Return the min-entropy a symbol, in bits, by the most common value estimate (6.3.1): 99 % sure not below it."""
    share = int(np.bincount(symbols).max()) / len(symbols)
    upper = min(1.0, share + _Z * math.sqrt(share * (1 - share) / (len(symbols) - 1)))
    return max(-math.log2(upper), 0.0)


def repetition_cutoff(entropy: float) -> int:
    """Return how many equal symbols in a row are an alarm (4.4.1)."""
    return 1 + math.ceil(-math.log2(FALSE_ALARM) / entropy)


def repetition_alarms(symbols: Symbols, cutoff: int) -> tuple[int, int]:
    """Return how many runs of equal symbols reach the cutoff (4.4.1), and the length of the longest run."""
    ends = np.flatnonzero(np.diff(symbols)) + 1
    lengths = np.diff(np.concatenate([[0], ends, [len(symbols)]]))
    return int(np.count_nonzero(lengths >= cutoff)), int(lengths.max())


def proportion_window(bits_per_symbol: int) -> int:
    """Return the window of the adaptive proportion test in symbols (4.4.2)."""
    return _WINDOW_BINARY if bits_per_symbol == 1 else _WINDOW_OTHER


def proportion_cutoff(entropy: float, window: int) -> int:
    """Return how often the first symbol of a window must occur for an alarm (4.4.2)."""
    return next(k for k in range(window + 2) if upper_tail(window, 2.0**-entropy, k) <= FALSE_ALARM)


def proportion_alarms(symbols: Symbols, window: int, cutoff: int) -> tuple[int, int]:
    """Return how many windows hold their first symbol as often as the cutoff (4.4.2), and the most that one holds."""
    windows = symbols[: len(symbols) // window * window].reshape(-1, window)
    counts = (windows == windows[:, :1]).sum(axis=1)
    return int(np.count_nonzero(counts >= cutoff)), int(counts.max())


def restart_counts(symbols: Symbols) -> tuple[int, int]:
    """Return the highest count of one symbol in any of 1000 restarts, and at any of their 1000 places (3.1.4.3)."""
    matrix = symbols.reshape(RESTARTS, RESTARTS)
    return _highest(matrix), _highest(matrix.T)


def _highest(rows: Symbols) -> int:
    return max(int(np.bincount(row).max()) for row in rows)


# FIPS 140-2, change notice 1: what 20,000 bits may show. Runs by length, the last 6 and longer; a run of 26 fails.
_ONES = (9_725, 10_275)
_POKER = (2.16, 46.17)
_RUNS = ((2_315, 2_685), (1_114, 1_386), (527, 723), (240, 384), (103, 209), (103, 209))
_LONG = 26


def screened_blocks(bits: Symbols) -> tuple[int, int]:
    """Return how many blocks of 20,000 bits there are, and how many fail a test of FIPS 140-2."""
    blocks = bits[: len(bits) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    return len(blocks), sum(not _block_passes(block) for block in blocks)


def _block_passes(block: Symbols) -> bool:
    nibbles = np.bincount(np.packbits(block) >> 4, minlength=16) + np.bincount(np.packbits(block) & 15, minlength=16)
    poker = 16 / 5000 * int((nibbles**2).sum()) - 5000
    ends = np.concatenate([[0], np.flatnonzero(np.diff(block)) + 1, [_BLOCK]])
    lengths, values = np.diff(ends), block[ends[:-1]]
    runs = [np.bincount(np.minimum(lengths[values == value], 6), minlength=7)[1:] for value in (0, 1)]
    return (
        _ONES[0] < int(block.sum()) < _ONES[1]
        and _POKER[0] < poker < _POKER[1]
        and all(low <= count <= high for counts in runs for count, (low, high) in zip(counts, _RUNS, strict=True))
        and int(lengths.max()) < _LONG
    )
