"""What the tests see: P- and Q-values of every sequence of every set. No verdicts.

P and Q are kept to nine decimals: that is far finer than any limit, and coarser than what differs between machines.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from hallmark.lab.kits.security_chip import battery
from hallmark.lab.kits.security_chip.constants import (
    GMT_0005_2021,
    PLANS,
    SP_800_22,
    SP_800_22_PLAN,
    Constants,
    Plan,
    Test,
)
from hallmark.lab.kits.security_chip.order import bit_order, declared_order, unpack
from hallmark.lab.kits.security_chip.sets import SINGLE, SPARE, STAGES, single_parameter

if TYPE_CHECKING:
    from pathlib import Path

    from hallmark.lab.kit import Observation, Session

_MIDDLE = 1_000_000
_DECIMALS = 9

Values = Mapping[str, tuple[float, float]]


def randomness(session: Session) -> Observation:
    """Run GM/T 0005-2021 on the main set, and on the fresh data for repeating where there are any."""
    bits = _length(session)
    return {
        "edition": "GM/T 0005-2021",
        "bit_order": bit_order(session, "sequences"),
        "attempts": _attempts(session, "sequences", bits, PLANS[bits], GMT_0005_2021),
    }


def stages(session: Session) -> Observation:
    """Run the stages of GM/T 0062-2018 that the sample holds."""
    found: dict[str, Any] = {}
    for name, stage in STAGES.items():
        if session.files.get(name):
            found[name] = _attempts(session, name, stage.bits, PLANS[stage.bits], GMT_0005_2021)
    if session.files.get(SINGLE):
        found[SINGLE] = [_single(session, role) for role in (SINGLE, SINGLE + SPARE) if session.files.get(role)]
    return {
        "edition": "GM/T 0062-2018",
        "bit_order": {name: bit_order(session, name) for name in found},
        "stages": found,
    }


def cross_check(session: Session) -> Observation:
    """Run the tests that SP 800-22 shares on the main set, with its own constants and parameters."""
    bits = _length(session)
    if bits != _MIDDLE:
        return {"edition": "SP 800-22 rev. 1a", "bits": bits, "attempts": []}
    attempts = _attempts(session, "sequences", bits, SP_800_22_PLAN, SP_800_22)
    for attempt in attempts:
        for values in (attempt["p"], attempt["q"]):
            values.pop(f"{Test.LONGEST_RUN}/10000/zeros")  # SP 800-22 looks at ones only
    return {
        "edition": "SP 800-22 rev. 1a",
        "bits": bits,
        "bit_order": bit_order(session, "sequences"),
        "attempts": attempts,
    }


def _attempts(session: Session, role: str, bits: int, plan: Plan, edition: Constants) -> list[dict[str, Any]]:
    """Return, for the set and for the fresh data, P and Q by column, a value a sequence."""

    def test(sequence: battery.Sequence) -> Values:
        return battery.run(sequence, plan, edition)

    found, columns = [], battery.columns(plan)
    for name in (role, role + SPARE):
        paths = session.files.get(name, ())
        if not paths:
            continue
        lengths = [path.stat().st_size for path in paths]
        total = sum(length // (bits // 8) for length in lengths)
        values: list[Values] = []
        waiting = _sequences(paths, bits, declared_order(session, role))
        with ThreadPoolExecutor(session.threads) as pool:
            while group := list(itertools.islice(waiting, 2 * session.threads)):  # all at once would fill the memory
                values += pool.map(test, group)
                session.progress(len(values), total, name)
        found.append(
            {
                "role": name,
                "bits": bits,
                "sequences": total,
                "bytes_left_over": sum(length % (bits // 8) for length in lengths),
                "p": {column: [round(each[column][0], _DECIMALS) for each in values] for column in columns},
                "q": {column: [round(each[column][1], _DECIMALS) for each in values] for column in columns},
            }
        )
    return found


def _sequences(paths: tuple[Path, ...], bits: int, order: str) -> Iterator[battery.Sequence]:
    size = bits // 8
    for path in paths:
        with path.open("rb") as stream:
            while len(data := stream.read(size)) == size:
                yield battery.Sequence(unpack(data, order))


def _single(session: Session, role: str) -> dict[str, Any]:
    found = []
    for path in session.files[role]:
        sequence = battery.Sequence(unpack(path.read_bytes(), declared_order(session, SINGLE)))
        values = {"poker": (0.0, 0.0)}
        if sequence.n:
            m = single_parameter(sequence.n)
            values["poker"] = battery.run(sequence, ((Test.POKER, (m,)),), GMT_0005_2021)[f"poker/{m}"]
        found.append((sequence.n, round(values["poker"][0], _DECIMALS)))
    return {
        "role": role,
        "sequences": len(found),
        "shortest": min(n for n, _ in found),
        "p": {"poker": [p for _, p in found]},
    }


def _length(session: Session) -> int:
    """Return the length of the main set's sequences: as declared, else that of a file, else 10^6 bits."""
    size = session.file("sequences").stat().st_size * 8
    for bits in PLANS:
        if session.declaration.get("sequence_bits", size) == bits:
            return bits
    return _MIDDLE
