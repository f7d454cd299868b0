"""What a test kit is: measurements that look at a sample, items that decide on what was seen.

A measurement runs once, in a sandbox, and returns an observation: numbers and names, no verdict. An item's `decide` is
pure, so its verdict can be given again years later, from the stored observation, without the sample. What an item *is*
(title, clause, obligation, limits) belongs to the scheme; a kit only knows the item's id.

A kit is a package under `hallmark.lab.kits` whose `__init__` exports `KIT`. Keep that module light: the runner imports
it to decide; heavy libraries belong inside the functions that measure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from hallmark.kernel.errors import Malformed, Missing

if TYPE_CHECKING:
    from pathlib import Path

    from hallmark.kernel.text import Text

Observation = Mapping[str, Any]
"""What a measurement saw: a JSON object (finite numbers only), the same for the same sample, seed and time."""

Limits = Mapping[str, Any]
"""An item's limits by name; a value is None where the operator has set none yet."""


class LimitNotSet(Missing):
    """A limit that the item needs has no value: the sources do not give it and the operator has not set it."""

    en = "The limit {name} has no value. The standard's text does not give it here; the operator sets it in the scheme."
    zh = "限值 {name} 未设定。标准文本在此未给出，须由机构在方案中设定。"


class LimitNotANumber(Malformed):
    """A limit holds something that is not a number."""

    en = "The limit {name} is {value}, not a number. Correct it in the scheme."
    zh = "限值 {name} 为 {value}，不是数字。请在方案中更正。"


class Verdict(StrEnum):
    """The outcome of one item."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    INSPECTION_NEEDED = "inspection-needed"
    NOT_APPLICABLE = "not-applicable"
    NOT_RUN = "not-run"
    ERROR = "error"


_ORDER = (
    Verdict.PASS,
    Verdict.INSPECTION_NEEDED,
    Verdict.NOT_RUN,
    Verdict.INCONCLUSIVE,
    Verdict.FAIL,
    Verdict.ERROR,
)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict: pass, inspection needed, not run, inconclusive, fail, error; not applicable is ignored.

    Nothing at all is not run; nothing but not applicable is not applicable: neither is a pass.
    """
    seen = list(verdicts)
    applicable = [verdict for verdict in seen if verdict is not Verdict.NOT_APPLICABLE]
    if not applicable:
        return Verdict.NOT_APPLICABLE if seen else Verdict.NOT_RUN
    return max(applicable, key=_ORDER.index)


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason; `findings` name places in the sample, `values` are the numbers that decided."""

    verdict: Verdict
    reason: Text
    findings: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)


class Progress(Protocol):
    """Tells the tester how far a measurement is; it never changes the observation."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


@dataclass(frozen=True)
class Session:
    """What a measurement may touch.

    `files` are read only and were hashed at reception; `declaration` is what the applicant declares; `seed` is the only
    source of random choices; `at` is the time of evaluation in ms since 1970; `folder` is scratch space that vanishes.
    `threads` may be used, and must not change what is observed.
    """

    files: Mapping[str, tuple[Path, ...]]
    declaration: Mapping[str, Any]
    seed: bytes
    at: int
    folder: Path
    progress: Progress
    threads: int = 1

    def file(self, role: str) -> Path:
        """Return the first file of `role`; the runner does not start a measurement whose `roles` are not all there."""
        return self.files[role][0]


@dataclass(frozen=True)
class Measurement:
    """One look at the sample, in a process of its own.

    It is not started unless each of `roles` has a file and each of `programs` is installed; `programs` are names on the
    path, or `name=package` where the Debian package is called otherwise. Beyond a limit it is inconclusive.
    """

    name: str
    run: Callable[[Session], Observation]
    roles: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    cpu_s: int = 60
    memory_mb: int = 2048
    wall_s: int = 120


Decide = Callable[[Observation, Limits], Judgement]


@dataclass(frozen=True)
class Item:
    """One requirement item of the scheme: decided by `decide` on the observation of `measurement`."""

    id: str
    measurement: str
    decide: Decide


@dataclass(frozen=True)
class KnownAnswer:
    """A published answer, or the finding a planted bad input must give, beside what this machine gives."""

    name: str
    expected: str
    seen: str


@dataclass(frozen=True)
class Role:
    """A kind of sample file that the kit reads."""

    name: str
    title: Text
    required: bool = True
    most_files: int = 1
    most_bytes: int = 256 * 2**20


@dataclass(frozen=True)
class Kit:
    """The measurements and items for one or more product types.

    `self_check` runs in the same sandbox before every session; where an answer differs, every item is an error.
    `module` exports the kit as `KIT`; empty means `hallmark.lab.kits.<id>`. `libraries` are distributions whose
    versions go into the record. `warm` compiles what can be compiled ahead.
    """

    id: str
    version: str
    product_types: tuple[str, ...]
    roles: tuple[Role, ...]
    measurements: tuple[Measurement, ...]
    items: tuple[Item, ...]
    self_check: Callable[[], list[KnownAnswer]]
    module: str = ""
    libraries: tuple[str, ...] = ()
    warm: Callable[[], None] | None = None

    @property
    def source(self) -> str:
        """The importable module that exports this kit."""
        return self.module or f"hallmark.lab.kits.{self.id}"


def limit(limits: Limits, name: str) -> Any:
    """Return the value of limit `name`; raises `LimitNotSet`, which the runner makes inconclusive."""
    value = limits.get(name)
    if value is None:
        raise LimitNotSet(name=name)
    return value


def number(limits: Limits, name: str) -> float:
    """Return limit `name`, an integer or decimal text, as a number; raises `LimitNotSet`, `LimitNotANumber`."""
    value = limit(limits, name)
    try:
        return float(str(value))
    except ValueError:
        raise LimitNotANumber(name=name, value=value) from None
