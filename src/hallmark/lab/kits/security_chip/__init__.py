"""The kit for security chips (CFP-02): their random numbers.

The sample is a folder of raw bits. `sequences` is the main set for GM/T 0005-2021, by custom 1000 sequences of 10^6
bit; a file holds one or many. `factory`, `power-on`, `periodic` and `single` are the stages of GM/T 0062-2018. A role
with `-retest` holds fresh data for repeating a column, `marker` shows the bit order, `noise` and `restarts` are raw
noise, one symbol a byte. The declaration says `bit_order`, perhaps `sequence_bits`, and `entropy_per_symbol`.

Everything else that GM/T 0008-2012 asks of a chip (interfaces, keys, firmware, traces, faults, life cycle) needs the
device, an instrument or a person: this kit does not measure it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from hallmark.kernel.text import Text
from hallmark.lab.kit import Item, Kit, Measurement, Role
from hallmark.lab.kits.security_chip import decide
from hallmark.lab.kits.security_chip.constants import Test
from hallmark.lab.kits.security_chip.sets import SINGLE, SPARE

if TYPE_CHECKING:
    from hallmark.lab.kit import KnownAnswer, Observation, Session

_HERE = "hallmark.lab.kits.security_chip"
_LONG_S = 7200  # a set of 1000 sequences takes a minute, one of 10^8 bit twelve seconds each
_MEMORY_MB = 8192
_MOST_FILES = 1000
_RETEST = Text("（复测用新数据）", " (fresh data for a repeat)")
_TITLES = {
    "sequences": Text("随机序列样本", "random sequences"),
    "factory": Text("出厂检测样本", "factory test"),
    "power-on": Text("上电检测样本", "power-on test"),
    "periodic": Text("周期检测样本", "periodic test"),
    SINGLE: Text("单次检测样本", "single use"),
}


def _measurement(name: str, module: str, roles: tuple[str, ...]) -> Measurement:
    """Return a measurement whose libraries are loaded only where it runs."""

    def measure(session: Session) -> Observation:
        found: Observation = getattr(importlib.import_module(f"{_HERE}.{module}"), name.replace("-", "_"))(session)
        return found

    return Measurement(name, measure, roles, (), _LONG_S, _MEMORY_MB, _LONG_S)


def _self_check() -> list[KnownAnswer]:
    answers: list[KnownAnswer] = importlib.import_module(f"{_HERE}.self_check").run()
    return answers


def _warm() -> None:
    _self_check()


def _roles() -> tuple[Role, ...]:
    sets = [
        Role(name + spare, Text(title.zh + zh, title.en + en), name == "sequences" and not spare, _MOST_FILES)
        for name, title in _TITLES.items()
        for spare, (zh, en) in (("", ("", "")), (SPARE, _RETEST))
    ]
    return (
        *sets,
        Role("marker", Text("比特顺序标记文件", "bit order marker"), required=False, most_bytes=64),
        Role("noise", Text("原始噪声", "raw noise"), required=False),
        Role("restarts", Text("重启数据", "restarts"), required=False),
    )


KIT = Kit(
    id="security_chip",
    version="1.0",
    product_types=("CFP-02",),
    roles=_roles(),
    measurements=(
        _measurement("randomness", "observe", ("sequences",)),
        _measurement("stages", "observe", ()),
        _measurement("cross-check", "observe", ("sequences",)),
        _measurement("blocks", "noise", ("sequences",)),
        _measurement("noise", "noise", ("noise",)),
    ),
    items=(
        *(Item(f"RND-{n:02}", "randomness", decide.of_test(test)) for n, test in enumerate(Test, 1)),
        Item("RND-16", "randomness", decide.whole_set),
        Item("RND-17", "randomness", decide.whole_set),
        Item("RND-18", "stages", decide.stage_plan),
        Item("RND-19", "cross-check", decide.cross_check),
        Item("RND-20", "noise", decide.min_entropy),
        Item("RND-21", "noise", decide.health),
        Item("RND-22", "blocks", decide.block_screen),
    ),
    self_check=_self_check,
    libraries=("numpy", "scipy", "numba"),
    warm=_warm,
)
