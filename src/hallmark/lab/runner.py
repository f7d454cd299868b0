"""A session: self-check, measurements in the sandbox, verdicts, record.

Events, one JSON object each, tell what happens: `self-check`, `item.started`, `progress`, `observation`, `verdict`,
`need.human`. With a run folder they are also appended to `events.jsonl`, and finished observations are kept, so that a
session that was cancelled goes on where it stopped.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from hallmark.kernel import hashing
from hallmark.kernel.errors import Unavailable
from hallmark.kernel.text import quoted
from hallmark.lab import sandbox
from hallmark.lab.isolation import Isolation, environment, find_program, isolation_here
from hallmark.lab.kit import KnownAnswer, Verdict
from hallmark.lab.record import Measured, Record, observation_text, plain
from hallmark.lab.sandbox import Job, Outcome, State
from hallmark.lab.verdict import disagreements, judge, requirements

if TYPE_CHECKING:
    from hallmark.lab.kit import Kit, Measurement
    from hallmark.lab.sample import Manifest
    from hallmark.scheme.model import RequirementItem

Listener = Callable[[Mapping[str, Any]], None]
_SELF_CHECK = {"cpu_s": 300, "memory_mb": 4096, "wall_s": 600}
_WARM_S = 900


class Cancelled(Unavailable):
    """Somebody stopped the session."""

    en = "The session was cancelled. Start it again with the same run folder; finished measurements are kept."
    zh = "检测已取消。用同一运行文件夹重新启动即可，已完成的检测会保留。"


class NotWarmed(Unavailable):
    """The kits could not be compiled ahead."""

    en = "The kits could not be compiled ahead: {why}. Install hallmark[kits] and try again."
    zh = "无法预先编译套件：{why}。请安装 hallmark[kits] 后重试。"


def run(
    kit: Kit,
    manifest: Manifest,
    *,
    seed: bytes,
    at: int,
    catalogue: Mapping[str, RequirementItem] | None = None,
    limits: Mapping[str, Mapping[str, Any]] | None = None,
    folder: Path | None = None,
    workers: int = 1,
    level: Isolation | None = None,
    cache: Path | None = None,
    listen: Listener | None = None,
    cancel: Event | None = None,
) -> Record:
    """Test a sample with a kit and return the record.

    `seed` is the only source of chance and `at` (ms since 1970) the time of evaluation: with the same two, any number
    of `workers` observes the same. `catalogue` holds the scheme's lines by item id, `limits` the values in force by
    item and name. `folder` makes the run resumable, `cache` holds compiled kits (`warm`). Raises `SampleChanged` when a
    file is no longer what was received, and `Cancelled`.
    """
    session = _Session(
        kit=kit,
        manifest=manifest,
        seed=seed,
        at=at,
        level=level or isolation_here(),
        cache=cache or cache_folder(),
        folder=folder,
        workers=workers,
        listen=listen,
        cancel=cancel or Event(),
    )
    wanted = requirements(kit, catalogue, limits)
    needed = {line.measurement for line in wanted if line.measurement}
    manifest.check()
    answers = session.check_itself()
    measured: tuple[Measured, ...] = ()
    if not disagreements(answers):
        measured = session.measure([each for each in kit.measurements if each.name in needed])
    manifest.check()
    outcomes = {each.name: each.outcome for each in measured}
    judgements = judge(kit, wanted, answers, outcomes, manifest.declaration.get("claims", ()))
    for name, judgement in judgements.items():
        session.tell("verdict", item=name, verdict=judgement.verdict, reason=judgement.reason._asdict())
        if judgement.verdict is Verdict.INSPECTION_NEEDED:
            session.tell("need.human", item=name)
    return Record(
        kit={"id": kit.id, "version": kit.version, "digest": digest_of_kit(kit)},
        sample=manifest.statement(),
        session=session.surroundings(),
        self_check=tuple(answers),
        measurements=measured,
        requirements=wanted,
        judgements=judgements,
    )


def warm(folder: Path | None = None) -> Path:
    """Compile every kit's machine code into `folder` and return it; raises `NotWarmed`. Done at set-up, once."""
    target = folder or cache_folder()
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    code = "from hallmark.lab.kits import listing\nfor kit in listing():\n    kit.warm and kit.warm()\n"
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", code],
            env=environment(scratch, str(target)),
            capture_output=True,
            timeout=_WARM_S,
            check=False,
        )
    if done.returncode:
        raise NotWarmed(why=quoted(done.stderr.decode(errors="replace").strip().rpartition("\n")[2]))
    return target


def cache_folder() -> Path:
    """Return where this person's compiled kits are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hallmark" / "kits"


def digest_of_kit(kit: Kit) -> str:
    """Return SHA-256, in hexadecimal, over the names and contents of the kit's source files, its tests left out."""
    spec = importlib.util.find_spec(kit.source)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"kit {kit.id} has no source")
    home = Path(spec.origin).parent
    files = [Path(spec.origin)] if not spec.submodule_search_locations else sorted(home.rglob("*"))
    content = [
        [str(path.relative_to(home).as_posix()), hashing.sha256(path.read_bytes())]
        for path in files
        if path.is_file() and not {"tests", "__pycache__"} & set(path.relative_to(home).parts)
    ]
    return hashing.digest_of("hallmark/kit/1", content).hex()


class _Session:
    """One run: what it is given, and where it tells what happens."""

    def __init__(
        self,
        *,
        kit: Kit,
        manifest: Manifest,
        seed: bytes,
        at: int,
        level: Isolation,
        cache: Path,
        folder: Path | None,
        workers: int,
        listen: Listener | None,
        cancel: Event,
    ) -> None:
        self.kit, self.manifest, self.seed, self.at = kit, manifest, seed, at
        self.level, self.cache, self.folder, self.workers = level, cache, folder, workers
        self.cancel = cancel
        self._listen = listen
        self._lock = Lock()
        self._files = {role.name: tuple(file.path for file in manifest.of(role.name)) for role in kit.roles}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def check_itself(self) -> list[KnownAnswer]:
        """Run the kit's self-check in the sandbox and return its answers; a check that breaks is a wrong answer."""
        outcome = sandbox.run(self._job(None), self.level, cancel=self.cancel, cache=self.cache)
        if outcome.state is State.CANCELLED:
            raise Cancelled
        try:
            answers = [KnownAnswer(str(e["name"]), str(e["expected"]), str(e["seen"])) for e in outcome.value or ()]
        except (TypeError, KeyError):
            answers = []
        if not answers:
            answers = [KnownAnswer("self-check", State.DONE, f"{outcome.state} {outcome.detail[-300:]}".strip())]
        self.tell("self-check", answers=len(answers), wrong=disagreements(answers))
        return answers

    def measure(self, measurements: list[Measurement]) -> tuple[Measured, ...]:
        """Return how each measurement ended, in the kit's order whatever the number of workers."""
        with ThreadPoolExecutor(max(self.workers, 1)) as pool:
            measured = tuple(pool.map(self._measure, measurements))
        if any(each.state is State.CANCELLED for each in measured):
            raise Cancelled
        return measured

    def tell(self, event: str, **facts: object) -> None:
        """Tell the listener, and append to the run folder's events."""
        said = {"event": event, **facts}
        with self._lock:
            if self._listen is not None:
                self._listen(said)
            if self.folder is not None:
                with (self.folder / "events.jsonl").open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(plain(said), ensure_ascii=False) + "\n")

    def surroundings(self) -> dict[str, Any]:
        """Return where and with what was measured."""
        return {
            "isolation": self.level.value,
            "seed": self.seed,
            "at": self.at,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            "libraries": {name: _version(name) for name in ("hallmark", *self.kit.libraries)},
        }

    def _measure(self, measurement: Measurement) -> Measured:
        name = measurement.name
        outcome = self._hindrance(measurement)
        if outcome is None:
            self.tell("item.started", measurement=name, items=self._items(measurement))
            outcome = self._kept(measurement) or sandbox.run(
                self._job(measurement),
                self.level,
                progress=lambda done, total, note="": self.tell(
                    "progress", measurement=name, done=done, total=total, note=note
                ),
                cancel=self.cancel,
                cache=self.cache,
            )
            self._keep(measurement, outcome)
        measured = Measured.of(name, outcome)
        self.tell("observation", measurement=name, state=measured.state, detail=outcome.detail, digest=measured.digest)
        return measured

    def _hindrance(self, measurement: Measurement) -> Outcome | None:
        """Return why the measurement is not even started, or None."""
        absent = [role for role in measurement.roles if not self._files.get(role)]
        if absent:
            return Outcome(State.NO_FILE, detail=", ".join(absent))
        names = [program.partition("=") for program in measurement.programs]
        missing = [package or name for name, _, package in names if find_program(name) is None]
        if missing:
            return Outcome(State.NO_PROGRAM, detail=" ".join(missing))
        return Outcome(State.CANCELLED) if self.cancel.is_set() else None

    def _items(self, measurement: Measurement) -> list[str]:
        return [item.id for item in self.kit.items if item.measurement == measurement.name]

    def _job(self, measurement: Measurement | None) -> Job:
        name = measurement.name if measurement else ""
        bounds = (
            {"cpu_s": measurement.cpu_s, "memory_mb": measurement.memory_mb, "wall_s": measurement.wall_s}
            if measurement
            else _SELF_CHECK
        )
        return Job(
            module=self.kit.source,
            measurement=name,
            files=self._files if measurement else {},
            declaration=self.manifest.declaration,
            seed=hashing.digest_of("hallmark/measurement-seed/1", [self.seed, self.kit.id, name]),
            at=self.at,
            threads=max(self.workers, 1),
            **bounds,
        )

    def _path(self, measurement: Measurement) -> Path | None:
        """Return where the observation is kept: the name depends on everything that the observation depends on."""
        if self.folder is None:
            return None
        rests_on = [digest_of_kit(self.kit), measurement.name, self.seed, self.at, plain(self.manifest.statement())]
        return self.folder / f"{measurement.name}-{hashing.digest_of('hallmark/observation/1', rests_on).hex()}.json"

    def _kept(self, measurement: Measurement) -> Outcome | None:
        path = self._path(measurement)
        if path is None or not path.is_file():
            return None
        return Outcome(State.DONE, sandbox.read_answer(path.read_bytes()))

    def _keep(self, measurement: Measurement, outcome: Outcome) -> None:
        path = self._path(measurement)
        if path is None or outcome.state is not State.DONE:
            return
        part = path.with_suffix(".part")
        part.write_text(observation_text(outcome.value), encoding="utf-8")
        part.replace(path)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
