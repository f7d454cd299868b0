"""The battery gives the published answers, and on any sequence what the slow reference gives."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from hallmark.lab.kits.security_chip import battery, constants, published, self_check, statistic
from hallmark.lab.kits.security_chip.battery import Sequence
from hallmark.lab.kits.security_chip.constants import GMT_0005_2021, PLANS, SP_800_22, SP_800_22_PLAN, Constants
from hallmark.lab.kits.security_chip.constants import Test as Method
from hallmark.lab.kits.security_chip.order import Bits, unpack
from hallmark.lab.kits.security_chip.tests import reference

N = 1_000_000
# SP 800-22 rev. 1a appendix B, columns of the tests done here; the sums are given there with an older normal function.
APPENDIX_B = {
    "pi": "0.578211 0.380615 0.628308 0.663369 0.419268 0.024390 0.083553 0.010186 0.669012 0.361595 0.143005 0.255475",
    "2": "0.811881 0.833222 0.879009 0.957206 0.313427 0.012117 0.823810 0.581909 0.130805 0.884740 0.861925 0.317127",
    "3": "0.610051 0.473961 0.917121 0.689519 0.261123 0.446726 0.314498 0.776046 0.165981 0.180481 0.157500 0.346469",
}
APPENDIX_B_COLUMNS = (
    "frequency",
    "block-frequency/128",
    "cumulative-sums/forward",
    "cumulative-sums/backward",
    "runs",
    "longest-run/10000/ones",
    "rank",
    "fourier",
    "universal",
    "approximate-entropy/10",
    "serial/16/1",
    "linear-complexity/500",
)
# README of the Rust package opengm_rts: SM3 of the 4-byte numbers from 1 on. Its table stops one hash before 10^8 bit,
# cuts off after six digits, and takes 100,000 for the block frequency test.
SM3_COUNTER = {
    "frequency": (0.369291, 0.184645),
    "block-frequency/100000": (0.100391, 0.100391),
    "poker/4": (0.279315, 0.279315),
    "poker/8": (0.921122, 0.921122),
    "serial/3/1": (0.356591, 0.356591),
    "serial/3/2": (0.361706, 0.361706),
    "serial/5/1": (0.184023, 0.184023),
    "serial/5/2": (0.108221, 0.108221),
    "serial/7/1": (0.177479, 0.177479),
    "serial/7/2": (0.331672, 0.331672),
    "runs": (0.214118, 0.892940),
    "runs-distribution": (0.136170, 0.136170),
    "longest-run/10000/ones": (0.503703, 0.503703),
    "longest-run/10000/zeros": (0.951972, 0.951972),
    "derivative/3": (0.975508, 0.487754),
    "derivative/7": (0.606901, 0.696549),
    "derivative/15": (0.899019, 0.449509),
    "autocorrelation/1": (0.214051, 0.892974),
    "autocorrelation/2": (0.298153, 0.149076),
    "autocorrelation/8": (0.419550, 0.209775),
    "autocorrelation/16": (0.118146, 0.059073),
    "autocorrelation/32": (0.116368, 0.941815),
    "rank": (0.900557, 0.900557),
    "cumulative-sums/forward": (0.310534, 0.310534),
    "cumulative-sums/backward": (0.715149, 0.715149),
    "approximate-entropy/5": (0.172294, 0.172294),
    "approximate-entropy/7": (0.243197, 0.243197),
    "linear-complexity/5000": (0.128996, 0.128996),
    "universal": (0.589902, 0.294951),
    "fourier": (0.838827, 0.580586),
}


def test_the_self_check_agrees_with_every_published_answer() -> None:
    answers = self_check.run()
    assert len(answers) > 45
    assert [answer for answer in answers if answer.seen != answer.expected] == []


def test_the_self_check_notices_a_wrong_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check.constants, "GMT_0005_2021", SP_800_22)
    wrong = [answer.name for answer in self_check.run() if answer.seen != answer.expected]
    assert {name.rpartition(" ")[2] for name in wrong} >= {"rank", "fourier", "longest-run/10000/ones"}


def test_digits_of_e_are_those_others_keep() -> None:
    path = _samples() / "randomness" / "data_e"
    if not path.is_file():
        pytest.skip("the folder of real samples is absent")
    kept = "".join(path.read_text().split())[:N]
    assert f"{int.from_bytes(published.digits_of_e(N)):b}" == kept


@pytest.mark.parametrize("digits", [published.digits_of_e, published.digits_of_pi])
def test_more_digits_begin_with_the_fewer(digits) -> None:
    assert digits(64).hex()[:8] in ("adf85458", "c90fdaa2")
    for n in (8, 64, 1000, 8000):
        assert digits(2 * n)[: n // 8] == digits(n)


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        pytest.param("pi", published.digits_of_pi, marks=pytest.mark.long),
        ("2", lambda n: published.digits_of_root(2, n)),
        pytest.param("3", lambda n: published.digits_of_root(3, n), marks=pytest.mark.long),
    ],
)
def test_sp_800_22_appendix_b_comes_out(name: str, digits) -> None:
    found = battery.run(Sequence(unpack(digits(N))), SP_800_22_PLAN, SP_800_22)
    wanted = map(float, APPENDIX_B[name].split())
    assert [found[column][0] for column in APPENDIX_B_COLUMNS] == [pytest.approx(p, abs=1.1e-6) for p in wanted]


@pytest.mark.long
def test_the_published_table_at_ten_to_the_eight_comes_out() -> None:
    data = b"".join(hashlib.new("sm3", i.to_bytes(4)).digest() for i in range(1, 0x5F5E1))
    plan = ((Method.BLOCK_FREQUENCY, (100_000,)), *PLANS[100_000_000])
    found = battery.run(Sequence(unpack(data)), plan, GMT_0005_2021)
    one_peak = 0.001  # two peaks lie within 1e-7 of the threshold; double precision counts one more than the table
    for name, pair in SM3_COUNTER.items():
        assert found[name] == pytest.approx(pair, abs=one_peak if name == "fourier" else 1.1e-6), name


def good(n: int, seed: int = 0) -> Bits:
    return unpack(hashlib.shake_256(bytes([seed])).digest(n // 8 + 1))[:n]


def sticky(n: int) -> Bits:
    """Bits that stay as they are with probability 0.6."""
    return np.bitwise_xor.accumulate((np.random.default_rng(5).random(n) < 0.4).astype(np.uint8))


SEQUENCES = {
    "random": good(20_000),
    "of odd length": good(12_345, 1),
    "biased": (np.random.default_rng(3).random(16_001) < 0.55).astype(np.uint8),
    "sticky": sticky(20_000),
    "from a register": self_check.shift_register(20_000),
}
PLAN = (
    (Method.FREQUENCY, (0,)),
    (Method.BLOCK_FREQUENCY, (100, 1000)),
    (Method.POKER, (2, 4, 8)),
    (Method.SERIAL, (2, 3, 5, 7)),
    (Method.RUNS, (0,)),
    (Method.RUNS_DISTRIBUTION, (0,)),
    (Method.LONGEST_RUN, (8, 128)),
    (Method.DERIVATIVE, (3, 7, 15)),
    (Method.AUTOCORRELATION, (1, 2, 8, 16, 32)),
    (Method.RANK, (0,)),
    (Method.CUMULATIVE_SUMS, (0,)),
    (Method.APPROXIMATE_ENTROPY, (2, 5, 7)),
    (Method.LINEAR_COMPLEXITY, (60, 101)),
    (Method.UNIVERSAL, (0,)),
    (Method.FOURIER, (0,)),
)


def expected(bits: list[int], edition: Constants) -> dict[str, tuple[float, float]]:
    found = {"frequency": reference.frequency(bits)}
    found |= {f"block-frequency/{m}": reference.block_frequency(bits, m) for m in (100, 1000)}
    found |= {f"poker/{m}": reference.poker(bits, m) for m in (2, 4, 8)}
    for m in (2, 3, 5, 7):
        found[f"serial/{m}/1"], found[f"serial/{m}/2"] = reference.serial(bits, m)
    found["runs"], found["runs-distribution"] = reference.runs(bits), reference.runs_distribution(bits)
    for m in (8, 128):
        table = edition.longest_run[m]
        for value, part in ((1, "ones"), (0, "zeros")):
            found[f"longest-run/{m}/{part}"] = reference.longest_run(
                bits, m, table.shortest, list(table.probabilities), value
            )
    found |= {f"derivative/{k}": reference.derivative(bits, k) for k in (3, 7, 15)}
    found |= {f"autocorrelation/{d}": reference.autocorrelation(bits, d) for d in (1, 2, 8, 16, 32)}
    found["rank"] = reference.rank(bits, list(edition.rank))
    found["cumulative-sums/forward"] = reference.cumulative_sums(bits)
    found["cumulative-sums/backward"] = reference.cumulative_sums(bits[::-1])
    found |= {f"approximate-entropy/{m}": reference.approximate_entropy(bits, m) for m in (2, 5, 7)}
    found |= {
        f"linear-complexity/{m}": reference.linear_complexity(bits, m, list(edition.complexity)) for m in (60, 101)
    }
    found["universal"], found["fourier"] = reference.universal(bits), reference.fourier(bits, edition.fourier)
    return found


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("edition", [GMT_0005_2021, SP_800_22], ids=["GM/T 0005", "SP 800-22"])
def test_every_column_equals_the_slow_reference(name: str, edition: Constants) -> None:
    bits = SEQUENCES[name]
    found = battery.run(Sequence(bits), PLAN, edition)
    assert tuple(sorted(found)) == tuple(sorted(battery.columns(PLAN)))
    wanted = expected(bits.tolist(), edition)
    assert found == {column: pytest.approx(pair, abs=1e-9) for column, pair in wanted.items()}


def test_halves_of_a_thousand_are_the_blocks_of_five_hundred() -> None:
    sequence = Sequence(good(10_500))
    alone = sorted(sequence.complexities(500).tolist())
    sequence.complexities(1000)
    assert sorted(sequence.complexities(500).tolist()) != alone  # the last, odd block of 500 has no thousand
    even = Sequence(good(10_000))
    alone = sorted(even.complexities(500).tolist())
    even.complexities(1000)
    assert sorted(even.complexities(500).tolist()) == alone


@pytest.mark.parametrize("m", [1, 2, 63, 64, 65, 130])
def test_linear_complexity_of_any_block_length_is_the_textbooks(m: int) -> None:
    bits = good(m * 70, 7)
    whole, half = statistic.complexities(bits, 0, m, 70, m)
    parts = reference.blocks(bits.tolist(), m)
    assert whole.tolist() == [reference.complexity(part) for part in parts]
    assert half.tolist() == [reference.complexity(part[: m // 2]) for part in parts]


@pytest.mark.parametrize("n", [64, 65, 127, 128, 129, 1000, 1001])
def test_runs_are_counted_at_every_word_boundary(n: int) -> None:
    for bits in (good(n, n % 256), np.zeros(n, np.uint8), np.ones(n, np.uint8), np.arange(n, dtype=np.uint8) % 2):
        wanted = np.zeros((2, statistic.MOST_RUN + 1), np.int64)
        for value, length in reference.run_lengths(bits.tolist()):
            wanted[value, min(length, statistic.MOST_RUN)] += 1
        assert (Sequence(bits).runs == wanted).all()


def test_a_constant_sequence_fails_everything_it_can_and_breaks_nothing() -> None:
    for bits in (np.zeros(N, np.uint8), np.ones(N, np.uint8)):
        found = battery.run(Sequence(bits), PLANS[N], GMT_0005_2021)
        assert all(0 <= p <= 1 and 0 <= q <= 1 for p, q in found.values())
        assert all(p < 1e-6 for p, _ in found.values())


def test_p_and_q_differ_where_the_statistic_has_two_tails() -> None:
    found = battery.run(Sequence(good(N, 9)), PLANS[N], GMT_0005_2021)
    two_sided = {"frequency", "runs", "derivative", "autocorrelation", "universal", "fourier"}
    assert {name.split("/")[0] for name, (p, q) in found.items() if p != q} == two_sided


def test_each_length_has_the_columns_of_its_table() -> None:
    assert [len(battery.columns(PLANS[n])) for n in (20_000, 1_000_000, 100_000_000)] == [22, 27, 30]
    assert [test for test, _ in PLANS[1_000_000]] == list(constants.Test)


def test_a_real_file_of_random_bits_looks_random() -> None:
    path = _samples() / "randomness" / "data.bin"
    if not path.is_file():
        pytest.skip("the folder of real samples is absent")
    found = battery.run(Sequence(unpack(path.read_bytes())), PLANS[N], GMT_0005_2021)
    assert min(p for p, _ in found.values()) > 1e-5


def _samples() -> Path:
    folder = Path(__file__).resolve().parents[6]
    return Path(os.environ.get("HALLMARK_SAMPLES", folder.parent / "shared" / "samples"))
