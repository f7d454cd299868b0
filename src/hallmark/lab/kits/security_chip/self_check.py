"""The self-check: published answers on sequences that everybody can compute, and planted bad sequences.

Sources. Short examples: GM/T 0005-2021 annex C, as kept in the tests of github.com/Trisia/randomness. Digits of e under
GM/T 0005-2021: README of the Rust package opengm_rts (which cuts off after six digits) and, for rank, linear complexity
and universal, the same tests as above. Digits of e under SP 800-22: rev. 1a appendix B.
"""

from __future__ import annotations

import numpy as np

from hallmark.lab.kit import KnownAnswer
from hallmark.lab.kits.security_chip import battery, constants, published, sets
from hallmark.lab.kits.security_chip.constants import Constants, Plan, Test
from hallmark.lab.kits.security_chip.order import Bits, unpack

N = 1_000_000
BITS_128 = bytes.fromhex("cc156c4ce0024d5113d680d7cce6d8b2")
BITS_100 = bytes.fromhex("c90fdaa22168c234c4c6628b80")

Answers = dict[str, tuple[str, str]]

SHORT: tuple[tuple[bytes, int, Test, int, Answers], ...] = (
    (BITS_128, 128, Test.FREQUENCY, 0, {"frequency": ("0.215925", "0.892038")}),
    (BITS_100, 100, Test.BLOCK_FREQUENCY, 10, {"block-frequency/10": ("0.706438", "0.706438")}),
    (BITS_128, 128, Test.POKER, 4, {"poker/4": ("0.213734", "0.213734")}),
    (BITS_128, 128, Test.POKER, 8, {"poker/8": ("0.221829", "0.221829")}),
    (
        BITS_128,
        128,
        Test.SERIAL,
        2,
        {"serial/2/1": ("0.436868", "0.436868"), "serial/2/2": ("0.723674", "0.723674")},
    ),
    (BITS_128, 128, Test.RUNS, 0, {"runs": ("0.620729", "0.310364")}),
    (BITS_128, 128, Test.RUNS_DISTRIBUTION, 0, {"runs-distribution": ("0.970152", "0.970152")}),
    (
        BITS_128,
        128,
        Test.LONGEST_RUN,
        8,
        {"longest-run/8/ones": ("0.180598", "0.180598"), "longest-run/8/zeros": ("0.839299", "0.839299")},
    ),
    (BITS_128, 128, Test.DERIVATIVE, 3, {"derivative/3": ("0.039669", "0.980166")}),
    (BITS_128, 128, Test.AUTOCORRELATION, 1, {"autocorrelation/1": ("0.790080", "0.395040")}),
    (
        BITS_100,
        100,
        Test.CUMULATIVE_SUMS,
        0,
        {"cumulative-sums/forward": ("0.219194", "0.219194"), "cumulative-sums/backward": ("0.114866", "0.114866")},
    ),
    (BITS_100, 100, Test.APPROXIMATE_ENTROPY, 2, {"approximate-entropy/2": ("0.235301", "0.235301")}),
)

E_GMT: Answers = {
    "frequency": ("0.953749", "0.476874"),
    "block-frequency/10000": ("0.676227", "0.676227"),
    "poker/8": ("0.023947", "0.023947"),
    "serial/5/1": ("0.225783", "0.225783"),
    "serial/5/2": ("0.057499", "0.057499"),
    "runs": ("0.561917", "0.719042"),
    "runs-distribution": ("0.772412", "0.772412"),
    "longest-run/10000/ones": ("0.718355", "0.718355"),
    "longest-run/10000/zeros": ("0.437861", "0.437861"),
    "derivative/7": ("0.760365", "0.619817"),
    "autocorrelation/16": ("0.912409", "0.543796"),
    "rank": ("0.307543", "0.307543"),
    "cumulative-sums/forward": ("0.669886", "0.669886"),
    "cumulative-sums/backward": ("0.724265", "0.724265"),
    "approximate-entropy/5": ("0.361688", "0.361688"),
    "linear-complexity/1000": ("0.844721", "0.844721"),
    "universal": ("0.282568", "0.141284"),
    "fourier": ("0.851010", "0.425505"),
}
E_SP_800_22 = {
    "frequency": "0.953749",
    "block-frequency/128": "0.211072",
    "runs": "0.561917",
    "longest-run/10000/ones": "0.718945",
    "rank": "0.306156",
    "fourier": "0.847187",
    "universal": "0.282568",
    "approximate-entropy/10": "0.700073",
    "serial/16/1": "0.766182",
    "linear-complexity/500": "0.826335",
}


def run() -> list[KnownAnswer]:
    """Return every published answer beside this machine's."""
    e = battery.Sequence(unpack(published.digits_of_e(N)))
    seen = _values(e, constants.PLANS[N], constants.GMT_0005_2021)
    nist = _values(e, constants.SP_800_22_PLAN, constants.SP_800_22)
    answers = [_answer("GM/T 0005 example", name, want, got) for name, want, got in _short()]
    answers += [_answer("GM/T 0005, e", name, want, seen[name]) for name, want in E_GMT.items()]
    answers += [KnownAnswer(f"SP 800-22, e, {name}", want, nist[name][0]) for name, want in E_SP_800_22.items()]
    answers += [
        KnownAnswer(f"passes needed of {count}", str(want), str(sets.needed(count, 0.01)))
        for count, want in ((1000, 981), (50, 48), (20, 19))
    ]
    return answers + _planted()


def _short() -> list[tuple[str, tuple[str, str], tuple[str, str]]]:
    found = []
    for data, n, test, parameter, wanted in SHORT:
        sequence = battery.Sequence(unpack(data)[:n])
        seen = _values(sequence, ((test, (parameter,)),), constants.GMT_0005_2021)
        found += [(name, want, seen[name]) for name, want in wanted.items()]
    return found


def _planted() -> list[KnownAnswer]:
    """Return what bad sequences give: zeros fail the frequency test, a shift register only its linear complexity."""
    zeros = battery.Sequence(np.zeros(N, np.uint8))
    register = battery.Sequence(shift_register(N))
    plan: Plan = ((Test.FREQUENCY, (0,)), (Test.LINEAR_COMPLEXITY, (500,)))
    return [
        KnownAnswer(f"planted {name}, {column}", want, "fails" if p < 0.01 else "passes")
        for name, sequence, wanted in (
            ("zeros", zeros, {"frequency": "fails"}),
            ("shift register", register, {"frequency": "passes", "linear-complexity/500": "fails"}),
        )
        for column, want in wanted.items()
        for p in [battery.run(sequence, plan, constants.GMT_0005_2021)[column][0]]
    ]


def shift_register(n: int) -> Bits:
    """Return `n` bits of the shift register x^31 + x^28 + 1: as many ones as zeros, and linear complexity 31."""
    bits = np.zeros(n, np.uint8)
    bits[:31] = unpack(BITS_128)[:31]
    done = 31
    while done < n:
        step = min(28, n - done)
        bits[done : done + step] = bits[done - 31 : done - 31 + step] ^ bits[done - 28 : done - 28 + step]
        done += step
    return bits


def _values(sequence: battery.Sequence, plan: Plan, edition: Constants) -> dict[str, tuple[str, str]]:
    return {name: (f"{p:.6f}", f"{q:.6f}") for name, (p, q) in battery.run(sequence, plan, edition).items()}


def _answer(source: str, name: str, want: tuple[str, str], got: tuple[str, str]) -> KnownAnswer:
    return KnownAnswer(f"{source}, {name}", " ".join(want), " ".join(got))
