"""Where a measurement runs: one process that reads a job, answers in JSON lines, and is ended when it takes too much.

What comes out of the sandbox is untrusted text: only finite JSON of reasonable size and depth gets further.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import IO, TYPE_CHECKING, Any

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.lab import isolation
from hallmark.lab.isolation import Isolation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hallmark.lab.kit import Progress

MOST_OUTPUT = 64 * 2**20
MOST_VALUES = 4_000_000
MOST_DEPTH = 24
_MOST_PROCESSES = 512
_MOST_HANDLES = 1024
_MOST_NOTE = 200
_MOST_DETAIL = 4000
_POLL_S = 0.1
_SHELL_SIGNAL = 128  # bubblewrap reports a signal as 128 and its number


class Untrusted(Malformed):
    """What came out of the sandbox is not what a measurement may say."""

    en = "The measurement's answer is not usable: {why}. The kit is at fault, or the sample took it over."
    zh = "检测程序的输出不可用：{why}。套件有误，或已被样品操纵。"


class State(StrEnum):
    """How a measurement ended."""

    DONE = "done"
    NO_FILE = "no-file"
    NO_PROGRAM = "no-program"
    RESOURCE_LIMIT = "resource-limit"
    CRASHED = "crashed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Outcome:
    """How a measurement ended: `value` is the answer of one that is done, `detail` says what was missing or broke."""

    state: State
    value: Any = None
    detail: str = ""


@dataclass(frozen=True)
class Job:
    """One measurement, or the self-check where `measurement` is empty, of the kit that `module` exports."""

    module: str
    measurement: str
    files: Mapping[str, tuple[Path, ...]]
    declaration: Mapping[str, Any]
    seed: bytes
    at: int
    cpu_s: int
    memory_mb: int
    wall_s: int
    threads: int = 1


def _silent(done: int, total: int, note: str = "") -> None:
    """Tell nobody."""


def run(
    job: Job,
    level: Isolation,
    *,
    progress: Progress = _silent,
    cancel: Event | None = None,
    cache: Path | None = None,
) -> Outcome:
    """Run `job` and return how it ended; nothing the sample does raises here. `cache` holds compiled kits."""
    with _placed(job, level, cache) as (command, environment, message), tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - the command is ours; the sample is only data
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        try:
            _write(process, message)
            return _converse(process, job, errors, progress, cancel)
        finally:
            _end(process)


def _converse(
    process: subprocess.Popen[bytes], job: Job, errors: IO[bytes], progress: Progress, cancel: Event | None
) -> Outcome:
    """Follow the process to its end, or to the end of its time."""
    late = time.monotonic() + job.wall_s
    overdue = Outcome(State.RESOURCE_LIMIT, detail=f"wall time {job.wall_s} s")
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    Thread(target=_read, args=(process, lines), daemon=True).start()
    answer: dict[str, Any] = {}
    while True:
        if cancel is not None and cancel.is_set():
            return Outcome(State.CANCELLED)
        if time.monotonic() > late:
            return overdue
        try:
            line = lines.get(timeout=_POLL_S)
        except Empty:
            continue
        if line is None:
            return Outcome(State.RESOURCE_LIMIT, detail=f"output {MOST_OUTPUT} bytes")
        if not line.endswith(b"\n"):
            break
        try:
            said = read_answer(line)
            if "progress" in said:
                done, total, note = said["progress"]
                progress(int(done), int(total), str(note)[:_MOST_NOTE])
            else:
                answer = said
        except (Untrusted, TypeError, ValueError) as error:
            return Outcome(State.CRASHED, detail=str(error))
    try:
        status = process.wait(max(late - time.monotonic(), 1))
    except subprocess.TimeoutExpired:
        return overdue
    return _concluded(status, answer, job, errors)


def _concluded(status: int, answer: dict[str, Any], job: Job, errors: IO[bytes]) -> Outcome:
    """Return the outcome of a process that ended by itself."""
    if status == 0 and "result" in answer:
        return Outcome(State.DONE, answer["result"])
    if status == 0 and "limit" in answer:
        return Outcome(State.RESOURCE_LIMIT, detail=f"memory {job.memory_mb} MiB")
    if status == 0 and "failure" in answer:
        return Outcome(State.CRASHED, detail=str(answer["failure"])[-_MOST_DETAIL:])
    ended_by = -status if status < 0 else status - _SHELL_SIGNAL
    limits = {
        "SIGXCPU": f"processor time {job.cpu_s} s",
        "SIGXFSZ": f"file size {isolation.SCRATCH_BYTES} bytes",
        "SIGKILL": f"killed by the system, as a rule for memory ({job.memory_mb} MiB)",
    }
    for name, detail in limits.items():
        if ended_by == getattr(signal, name, None):
            return Outcome(State.RESOURCE_LIMIT, detail=detail)
    errors.seek(max(errors.seek(0, os.SEEK_END) - _MOST_DETAIL, 0))
    said = errors.read().decode(errors="replace").strip()
    return Outcome(State.CRASHED, detail=said or f"the process ended with status {status} and no answer")


def read_answer(line: bytes) -> dict[str, Any]:
    """Return the JSON object in `line`; raises `Untrusted` for what JSON or a record cannot hold."""
    try:
        value = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Untrusted(why=Text("不是 JSON，或嵌套过深", "it is no JSON, or nested too deep")) from None
    if not isinstance(value, dict):
        raise Untrusted(why=Text("不是对象", "it is not an object"))
    _check(value)
    return value


def _check(value: object) -> None:
    """Raise `Untrusted` where a JSON value is too deep or too big, or holds a number or text without a meaning."""
    level, count = [value], 0
    for _ in range(MOST_DEPTH):
        if not level:
            return
        count += len(level)
        if count > MOST_VALUES:
            raise Untrusted(why=Text(f"所含值超过 {MOST_VALUES} 个", f"it holds more than {MOST_VALUES} values"))
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                below += each
                below += each.values()
            elif isinstance(each, list):
                below += each
            elif isinstance(each, float) and not math.isfinite(each):
                raise Untrusted(why=Text("含有非有限数", "it holds a number that is not finite"))
            elif isinstance(each, str) and not each.isascii():
                _check_text(each)
        level = below
    raise Untrusted(why=Text(f"嵌套超过 {MOST_DEPTH} 层", f"it is nested deeper than {MOST_DEPTH}"))


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Untrusted(why=Text("含有不是 Unicode 的文字", "it holds text that is not Unicode")) from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _write(process: subprocess.Popen[bytes], message: bytes) -> None:
    with suppress(BrokenPipeError):  # it died before reading; its exit status tells
        if process.stdin is not None:
            process.stdin.write(message)
            process.stdin.close()


def _read(process: subprocess.Popen[bytes], lines: SimpleQueue[bytes | None]) -> None:
    """Hand on what the process writes, line by line; empty at its end, None where it writes too much."""
    left = MOST_OUTPUT
    with suppress(ValueError, OSError):  # the pipe is closed when the process is ended
        while process.stdout is not None and (line := process.stdout.readline(left)):
            left -= len(line)
            if left <= 0:
                lines.put(None)
                return
            lines.put(line)
    lines.put(b"")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all it started: its process group here, its process namespace under bubblewrap."""
    if process.poll() is None and hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


@contextmanager
def _placed(job: Job, level: Isolation, cache: Path | None) -> Iterator[tuple[list[str], dict[str, str], bytes]]:
    """Yield the command, its variables and the job as the child reads it, with everything in its place."""
    command = [sys.executable, "-s", "-P", "-m", "hallmark.lab.measure"]
    kept = str(cache) if cache is not None and cache.is_dir() else ""
    if level is not Isolation.BUBBLEWRAP:
        files = {role: [str(path) for path in paths] for role, paths in job.files.items()}
        with tempfile.TemporaryDirectory(prefix="hallmark-") as scratch:
            yield command, isolation.environment(scratch), _message(job, files, scratch, kept, level)
        return
    shown = [(path, f"/sample/{role}/{path.name}") for role, paths in job.files.items() for path in paths]
    files = {role: [f"/sample/{role}/{path.name}" for path in paths] for role, paths in job.files.items()}
    if kept:
        shown.append((Path(kept), isolation.COMPILED))
        kept = isolation.COMPILED
    command = isolation.bubblewrap(command, shown)
    yield command, isolation.environment(isolation.SCRATCH), _message(job, files, isolation.SCRATCH, kept, level)


def _message(job: Job, files: Mapping[str, list[str]], scratch: str, compiled: str, level: Isolation) -> bytes:
    limits = {
        "CPU": job.cpu_s,
        "AS": job.memory_mb * 2**20,
        "FSIZE": isolation.SCRATCH_BYTES,
        "NOFILE": _MOST_HANDLES,
        "CORE": 0,
    }
    if level is Isolation.BUBBLEWRAP:
        limits["NPROC"] = _MOST_PROCESSES  # outside a user namespace it would count all of this person's processes
    value = {
        "module": job.module,
        "measurement": job.measurement,
        "files": files,
        "declaration": dict(job.declaration),
        "seed": job.seed.hex(),
        "at": job.at,
        "folder": scratch,
        "compiled": compiled,
        "threads": job.threads,
        "limits": limits if level is not Isolation.NONE else {},
    }
    return json.dumps(value).encode()
