"""A good generator passes, and for every item there is a bad sample that fails it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hallmark import schemes
from hallmark.lab import sample
from hallmark.lab.kit import Judgement, Session, Verdict
from hallmark.lab.kits import find
from hallmark.lab.kits.security_chip import KIT, noise, observe, self_check
from hallmark.lab.kits.security_chip.constants import PLANS
from hallmark.lab.kits.security_chip.order import MARKER, Bits
from hallmark.lab.record import decode, replay
from hallmark.lab.runner import run, warm
from hallmark.scheme.loader import load
from hallmark.scheme.parameters import Setting, resolve

N = 1_000_000
SEQUENCES = 8
RANDOM = np.random.default_rng(20)
OPERATOR = {
    name: Setting(1, "operator", "laboratory method 7, one repeat") for name in ("RND-16.retests", "RND-17.retests")
}


@cache
def limits() -> Mapping[str, Mapping[str, Any]]:
    """The limits of the shipped scheme, one repeat set by the operator."""
    scheme = load(schemes.read("cfp"))
    settings = resolve(scheme, OPERATOR)
    return {name: settings.limits(item) for name, item in scheme.items.items()}


def good(n: int, seed: int = 0) -> Bits:
    return np.unpackbits(np.frombuffer(hashlib.shake_256(bytes([seed])).digest(n // 8), np.uint8))


def biased() -> Bits:
    return (RANDOM.random(N) < 0.51).astype(np.uint8)


def drifting() -> Bits:
    """Ten thousand bits with more ones, then as many with fewer."""
    share = np.where(np.arange(N) // 10_000 % 2, 0.53, 0.47)
    return (RANDOM.random(N) < share).astype(np.uint8)


def sticky() -> Bits:
    return np.bitwise_xor.accumulate((RANDOM.random(N) < 0.48).astype(np.uint8))


def echoing() -> Bits:
    """Each bit leans towards the one sixteen before."""
    bits = good(N, 3).copy()
    lean = (RANDOM.random(N) < 0.03).astype(bool)
    for start in range(16, N, 16):
        window = slice(start, start + 16)
        bits[window] = np.where(lean[window], bits[start - 16 : start], bits[window])
    return bits


def without_long_runs() -> Bits:
    """A generator that flips the tenth equal bit in a row."""
    bits = good(N, 4).copy()
    length = 1
    for i in range(1, N):
        length = length + 1 if bits[i] == bits[i - 1] else 1
        if length > 9:
            bits[i] ^= 1
            length = 1
    return bits


def repeating_rows() -> Bits:
    """In each matrix of 32 words the last is the first."""
    words = good(N // 1024 * 1024, 5).reshape(-1, 32, 32).copy()
    words[:, 31] = words[:, 0]
    return np.concatenate([words.ravel(), good(N % 1024, 6)])


def repeating_blocks() -> Bits:
    return np.resize(good(700 * 8, 7)[:700], N)


def counter() -> Bits:
    return np.unpackbits(np.arange(N // 32, dtype=">u4").view(np.uint8))


def derived() -> Bits:
    """The seventh binary derivative leans to one."""
    bits = (RANDOM.random(N) < 0.51).astype(np.uint8)
    for _ in range(7):
        bits = np.bitwise_xor.accumulate(bits)
    return bits


BAD = {
    "biased": (biased, {"RND-01", "RND-03", "RND-04", "RND-11", "RND-12", "RND-16", "RND-17", "RND-19", "RND-22"}),
    "drifting": (drifting, {"RND-02", "RND-16", "RND-19"}),
    "sticky": (sticky, {"RND-04", "RND-05", "RND-06", "RND-09", "RND-12"}),
    "echoing": (echoing, {"RND-09"}),
    "without long runs": (without_long_runs, {"RND-06", "RND-07"}),
    "repeating rows": (repeating_rows, {"RND-10"}),
    "repeating blocks": (repeating_blocks, {"RND-10", "RND-14", "RND-15"}),
    "all zero": (lambda: np.zeros(N, np.uint8), {f"RND-{n:02}" for n in (*range(1, 18), 19, 22)} - {"RND-02"}),
    "counter": (counter, {"RND-01", "RND-03", "RND-10", "RND-14"}),
    "shift register": (lambda: self_check.shift_register(N), {"RND-13", "RND-10"}),
    "derived": (derived, {"RND-08"}),
}


def session(folder: Path, declaration: Mapping[str, Any] | None = None, **files: bytes) -> Session:
    """A session on files in `folder`, outside the sandbox."""
    paths = {}
    for role, content in {"marker": MARKER, **files}.items():
        path = folder / role
        path.write_bytes(content)
        paths[role.replace("_", "-")] = (path,)
    declared = {"bit_order": "msb-first"} if declaration is None else declaration
    return Session(paths, declared, b"", 0, folder, lambda *_: None)


def decided(looked: Session, *measurements: str) -> dict[str, Judgement]:
    """What the kit decides on what these measurements see."""
    seen = {each.name: each.run(looked) for each in KIT.measurements if each.name in measurements}
    return {
        item.id: item.decide(seen[item.measurement], limits()[item.id])
        for item in KIT.items
        if item.measurement in measurements
    }


def packed(bits: Bits) -> bytes:
    return np.packbits(bits).tobytes()


def test_a_good_generator_passes_every_test(tmp_path: Path) -> None:
    content = packed(good(20 * N, 2))
    judgements = decided(session(tmp_path, sequences=content), "randomness", "cross-check", "blocks")
    assert {name: each.verdict for name, each in judgements.items() if each.verdict is not Verdict.PASS} == {}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_generator_fails_the_test_made_for_it(name: str, tmp_path: Path) -> None:
    make, wanted = BAD[name]
    content = packed(make()) * SEQUENCES
    judgements = decided(session(tmp_path, sequences=content), "randomness", "cross-check", "blocks")
    failed = {item for item, each in judgements.items() if each.verdict is Verdict.FAIL}
    assert failed >= wanted


def test_every_item_has_failed_once() -> None:
    elsewhere = {"RND-18", "RND-20", "RND-21"}  # wrong lengths and poor noise, below
    assert set().union(*(wanted for _, wanted in BAD.values())) | elsewhere == {item.id for item in KIT.items}


def stage_files() -> dict[str, bytes]:
    return {
        "factory": packed(good(50 * N, 12)),  # seeds at which chance fails no column
        "power_on": packed(good(20 * N, 16)),
        "periodic": packed(good(20 * 20_000, 13)),
        "single": packed(good(320, 14)),
    }


def test_stages_are_observed_and_judged(tmp_path: Path) -> None:
    files = stage_files()
    assert decided(session(tmp_path, **files), "stages")["RND-18"].verdict is Verdict.PASS
    for role, content in (
        ("periodic", files["periodic"][:-1]),  # truncated
        ("periodic", files["periodic"] + bytes(2500)),  # one too many
        ("single", b"\x5a" * 15),  # too short
        ("periodic", bytes(20 * 2500)),  # right in length, and not random
    ):
        short = {"periodic": files["periodic"], "single": files["single"]} | {role: content}
        assert decided(session(tmp_path, **short), "stages")["RND-18"].verdict is Verdict.FAIL
    assert decided(session(tmp_path, single=files["single"]), "stages")["RND-18"].verdict is Verdict.INCONCLUSIVE


def test_an_empty_single_use_breaks_nothing(tmp_path: Path) -> None:
    assert decided(session(tmp_path, single=b""), "stages")["RND-18"].verdict is Verdict.FAIL


def test_poor_noise_is_found_out(tmp_path: Path) -> None:
    strong = np.frombuffer(hashlib.shake_256(b"noise").digest(N), np.uint8)
    weak = (strong % 37).astype(np.uint8)
    stuck = strong.copy()
    stuck[5000:5040] = 7
    stuck[9000:9040] = stuck[12000:12040] = 9
    claim = {"bit_order": "msb-first", "entropy_per_symbol": "7.2"}

    def verdicts(noise_: Bits, restarts: Bits) -> tuple[Verdict, Verdict]:
        looked = session(tmp_path, claim, noise=noise_.tobytes(), restarts=restarts.tobytes())
        found = decided(looked, "noise")
        return found["RND-20"].verdict, found["RND-21"].verdict

    assert verdicts(strong, strong) == (Verdict.INSPECTION_NEEDED, Verdict.PASS)
    assert verdicts(weak, strong) == (Verdict.FAIL, Verdict.FAIL)
    assert verdicts(stuck, strong)[1] is Verdict.FAIL
    same = np.tile(strong[:1000], 1000)  # every restart gives the same
    assert verdicts(strong, same)[1] is Verdict.FAIL
    assert verdicts(strong, strong[:5000])[1] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("claimed", ["", "none", "-1", "9", "nan", None, [1]])
def test_a_claim_that_is_no_entropy_is_no_claim(claimed: object, tmp_path: Path) -> None:
    looked = session(tmp_path, {"entropy_per_symbol": claimed}, noise=bytes(range(256)) * 8)
    assert noise.noise(looked)["claimed"] == 0


def test_too_little_noise_is_not_looked_at(tmp_path: Path) -> None:
    for content in (b"", bytes(1023)):
        looked = session(tmp_path, {"entropy_per_symbol": "1"}, noise=content)
        assert {each.verdict for each in decided(looked, "noise").values()} == {Verdict.INCONCLUSIVE}


def test_the_bit_order_is_the_declared_one_and_the_marker_shows_it(tmp_path: Path) -> None:
    bits = good(20 * 20_000, 21)
    straight = {"bit_order": "msb-first", "sequence_bits": 20_000}
    first = observe.randomness(session(tmp_path, straight, sequences=packed(bits)))
    turned = np.packbits(bits, bitorder="little").tobytes()
    declared = {"bit_order": {"sequences": "lsb-first"}, "sequence_bits": 20_000}
    marker = np.packbits(np.unpackbits(np.frombuffer(MARKER, np.uint8)), bitorder="little").tobytes()
    second = observe.randomness(session(tmp_path, declared, sequences=turned, marker=marker))
    assert first["attempts"] == second["attempts"]
    assert second["bit_order"] == {"declared": "lsb-first", "marker": "lsb-first"}
    wrong = observe.randomness(session(tmp_path, declared, sequences=turned))
    assert wrong["bit_order"]["marker"] == "msb-first"
    unreadable = observe.randomness(session(tmp_path, declared, sequences=turned, marker=b"12345678"))
    assert unreadable["bit_order"]["marker"] == "unreadable"


def test_sequences_may_lie_in_one_file_or_many_and_any_number_of_threads_sees_the_same(tmp_path: Path) -> None:
    content = packed(good(6 * 20_000, 22))
    declared = {"bit_order": "msb-first", "sequence_bits": 20_000}
    one = observe.randomness(session(tmp_path, declared, sequences=content))
    paths = []
    for i in range(6):
        paths.append(tmp_path / f"part{i}")
        paths[-1].write_bytes(content[i * 2500 : i * 2500 + 2500])
    many = Session({"sequences": tuple(paths)}, declared, b"", 0, tmp_path, lambda *_: None, threads=3)
    assert observe.randomness(many)["attempts"] == one["attempts"]
    assert one["attempts"][0]["sequences"] == 6


def test_the_scheme_and_the_kit_name_the_same_parameters() -> None:
    letters = {"block-frequency": "m", "poker": "m", "longest-run": "m", "derivative": "k", "autocorrelation": "d"}
    letters |= {"approximate-entropy": "m", "linear-complexity": "m"}
    for number, (test, parameters) in enumerate(PLANS[N], 1):
        if test in letters:
            value = limits()[f"RND-{number:02}"][letters[test]]
            assert tuple(value if isinstance(value, list) else [value]) == parameters


def test_the_kit_is_found_for_security_chips_and_decides_items_of_the_scheme() -> None:
    assert find("CFP-02") == KIT
    assert {item.id for item in KIT.items} <= set(limits())
    assert {item.measurement for item in KIT.items} == {each.name for each in KIT.measurements}


@pytest.mark.long
def test_a_whole_session_in_the_sandbox(tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "sequences.bin").write_bytes(packed(good(20 * N, 2)))
    (folder / "marker.bin").write_bytes(MARKER)
    manifest = sample.take(folder, KIT.roles, declaration={"bit_order": "msb-first"})
    scheme = load(schemes.read("cfp"))
    catalogue = {name: item for name, item in scheme.items.items() if "CFP-02" in item.applies_to}
    cache_folder = warm(tmp_path / "cache")
    told: list[Mapping[str, Any]] = []
    records = [
        run(KIT, manifest, seed=b"s", at=1, catalogue=catalogue, limits=limits(), workers=workers, cache=cache_folder,
            listen=told.append)
        for workers in (1, 2)
    ]  # fmt: skip
    assert records[0].digest == records[1].digest
    verdicts = {name: each.verdict for name, each in records[0].judgements.items()}
    assert [verdicts[f"RND-{n:02}"] for n in range(1, 18)] == [Verdict.PASS] * 17
    assert verdicts["CHP-05"] is Verdict.NOT_RUN
    assert verdicts["CHP-15"] is Verdict.INSPECTION_NEEDED
    replay(decode(records[0].encode()), KIT)
    assert {"self-check", "progress", "need.human"} <= {event["event"] for event in told}


@pytest.mark.long
def test_the_operating_systems_randomness_misses_as_often_as_the_theory_says(tmp_path: Path) -> None:
    seen = observe.randomness(session(tmp_path, sequences=os.urandom(N // 8 * 200)))["attempts"][0]
    below = [p < 0.01 for values in seen["p"].values() for p in values]
    assert 0.005 < sum(below) / len(below) < 0.018
