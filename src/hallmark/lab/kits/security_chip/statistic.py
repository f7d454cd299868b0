"""What the tests count, in machine code on packed bits: 64 bits a word, first bit highest. No probabilities here."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bits = NDArray[np.uint8]
Words = NDArray[np.uint64]
Counts = NDArray[np.int64]

WORD = 64
MOST_RUN = 64


@njit(cache=True, nogil=True)
def popcount(word: np.uint64) -> np.uint64:
    """Return the number of ones in a word."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit(cache=True, nogil=True)
def count_ones(words: Words, n: int) -> np.int64:
    """Return the number of ones among the first `n` bits."""
    total = np.uint64(0)
    for index in range(n // WORD):
        total += popcount(words[index])
    left = n % WORD
    if left:
        total += popcount(words[n // WORD] >> np.uint64(WORD - left))
    return np.int64(total)


@njit(cache=True, nogil=True)
def shifted(words: Words, d: int) -> Words:
    """Return the words moved `d` < 64 bits towards the front; behind the end are zeros."""
    out = np.zeros_like(words)
    up, down = np.uint64(d), np.uint64(WORD - d)
    for index in range(len(words) - 1):
        out[index] = (words[index] << up) | (words[index + 1] >> down)
    out[-1] = words[-1] << up
    return out


@njit(cache=True, nogil=True)
def patterns(words: Words, n: int, m: int) -> Counts:
    """Return how often each of the 2^m patterns begins at one of the first `n` bits."""
    even = np.zeros(1 << m, np.int64)
    odd = np.zeros(1 << m, np.int64)  # neighbours often meet in one counter; two tables let them overlap in time
    keep = np.uint64(WORD - m)
    for index in range((n + WORD - 1) // WORD):
        first, second = words[index], words[index + 1]
        bits = min(WORD, n - index * WORD)
        even[first >> keep] += 1
        for up in range(1, bits):
            window = ((first << np.uint64(up)) | (second >> np.uint64(WORD - up))) >> keep
            if up & 1:
                odd[window] += 1
            else:
                even[window] += 1
    return even + odd


@njit(cache=True, nogil=True)
def runs(words: Words, n: int) -> Counts:
    """Return how many runs of zeros (row 0) and of ones (row 1) have each length; the last column holds longer ones.

    A run ends where a bit differs from the next. From the end of the sequence on, such places are the ones of a word,
    lowest first, and the value alternates.
    """
    counts = np.zeros((2, MOST_RUN + 1), np.int64)
    one = np.uint64(1)
    end = np.int64(n - 1)
    value = np.int64((words[end // WORD] >> np.uint64(WORD - 1 - end % WORD)) & one)
    for index in range((n - 1) // WORD, -1, -1):
        changes = words[index] ^ ((words[index] << one) | (words[index + 1] >> np.uint64(WORD - 1)))
        valid = min(WORD, n - 1 - index * WORD)  # the last bit has no next one
        if valid < WORD:
            changes &= ~((~np.uint64(0)) >> np.uint64(valid)) if valid else np.uint64(0)
        while changes:
            lowest = changes & (np.uint64(0) - changes)
            place = index * WORD + WORD - 1 - np.int64(popcount(lowest - one))
            length = min(int(end - place), MOST_RUN)
            counts[value, length] += 1
            end, value = place, 1 - value
            changes ^= lowest
    length = min(int(end) + 1, MOST_RUN)
    counts[value, length] += 1
    return counts


@njit(cache=True, nogil=True)
def longest_runs(bits: Bits, m: int) -> Counts:
    """Return the longest run of zeros (row 0) and of ones (row 1) in each block of `m` bits."""
    blocks = len(bits) // m
    longest = np.zeros((2, blocks), np.int64)
    for block in range(blocks):
        best_zero = best_one = zero = one = 0
        for index in range(block * m, block * m + m):
            bit = int(bits[index])
            one = (one + 1) * bit
            zero = (zero + 1) * (1 - bit)
            best_one = max(best_one, one)
            best_zero = max(best_zero, zero)
        longest[0, block], longest[1, block] = best_zero, best_one
    return longest


@njit(cache=True, nogil=True)
def walk(bits: Bits) -> tuple[int, int, int]:
    """Return lowest, highest and last place of the walk that goes up for a one and down for a zero, start included."""
    place = low = high = 0
    for bit in bits:
        place += 2 * int(bit) - 1
        low = min(low, place)
        high = max(high, place)
    return low, high, place


@njit(cache=True, nogil=True)
def ranks(rows: NDArray[np.uint32], matrices: int) -> Counts:
    """Return how many 32 x 32 matrices over GF(2), a row a word of 32 bits, have rank 32, 31, and less."""
    counts = np.zeros(3, np.int64)
    matrix = np.empty(32, np.uint32)
    for number in range(matrices):
        matrix[:] = rows[32 * number : 32 * number + 32]
        rank = 0
        for row in range(32):
            value = matrix[row]
            if value == 0:
                continue
            rank += 1
            pivot = value & (~value + np.uint32(1))
            for below in range(row + 1, 32):
                if matrix[below] & pivot:
                    matrix[below] ^= value
        counts[min(32 - rank, 2)] += 1
    return counts


@njit(cache=True, nogil=True)
def distances(words: Words, n: int, bits: int, start: int) -> float:
    """Return Maurer's sum of log2 of the distance to the last equal block of `bits` bits, after `start` blocks."""
    last = np.zeros(1 << bits, np.int64)
    total = 0.0
    keep = np.uint64(WORD - bits)
    for block in range(1, n // bits + 1):
        place = (block - 1) * bits
        index, up = place // WORD, np.uint64(place % WORD)
        window = words[index] << up
        if up:
            window |= words[index + 1] >> (np.uint64(WORD) - up)
        value = window >> keep
        if block > start:
            total += np.log2(block - last[value])
        last[value] = block
    return total


@njit(cache=True, nogil=True)
def complexities(bits: Bits, start: int, stride: int, blocks: int, m: int) -> tuple[Counts, Counts]:
    """Return the linear complexity of `blocks` blocks of `m` bits, and of the first half of each.

    Block b begins at bit `start` + b * `stride`. This is Berlekamp and Massey's algorithm on 64 blocks at once: each
    coefficient is a word whose lane b is the coefficient of block b, so that a step is a few long loops without
    branches. The sequence lies back to front; multiplying `before` by x moves its beginning one word down.
    """
    whole, half = np.empty(blocks, np.int64), np.empty(blocks, np.int64)
    newest, current, before = np.empty(m, np.uint64), np.empty(m + 2, np.uint64), np.empty(2 * m + 2, np.uint64)
    length = np.empty(WORD, np.int64)
    for first in range(0, blocks, WORD):
        lanes = min(WORD, blocks - first)
        newest[:], current[:], before[:], length[:] = 0, 0, 0, 0
        for lane in range(lanes):
            begin = start + (first + lane) * stride
            for step in range(m):
                newest[m - 1 - step] |= np.uint64(bits[begin + step]) << np.uint64(lane)
        base = m
        current[0] = before[base] = ~np.uint64(0)
        reach = 2
        for step in range(m):
            if step == m // 2:
                half[first : first + lanes] = length[:lanes]
            base -= 1
            window = newest[m - 1 - step : m]
            shifted_before = before[base:]
            odd = np.uint64(0)
            for index in range(min(reach, step + 1)):
                odd ^= window[index] & current[index]
            grows, reach = np.uint64(0), 0
            for lane in range(WORD):
                jump = np.int64((odd >> np.uint64(lane)) & np.uint64(1)) * np.int64(2 * length[lane] <= step)
                reach = max(reach, max(length[lane], step + 1 - length[lane]) + 1)
                length[lane] += jump * (step + 1 - 2 * length[lane])
                grows |= np.uint64(jump) << np.uint64(lane)
            for index in range(reach):
                kept, other = current[index], shifted_before[index]
                current[index] = kept ^ (other & odd)
                shifted_before[index] = other ^ ((other ^ kept) & grows)
        whole[first : first + lanes] = length[:lanes]
    return whole, half


@njit(cache=True, nogil=True)
def count_below(spectrum: NDArray[np.complex128], n: int, square: float) -> int:
    """Return how many of the first `n` complex numbers have a squared modulus below `square`."""
    count = 0
    for index in range(n):
        value = spectrum[index]
        count += value.real * value.real + value.imag * value.imag < square
    return count
