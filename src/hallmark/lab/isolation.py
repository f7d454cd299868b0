"""How a measurement is kept apart from the machine: namespaces by bubblewrap where it works, else limits alone.

Under bubblewrap the process sees the interpreter, the libraries, the system's programs, the files it was given and an
empty scratch folder, all else is absent; there is no network, no capability and no other process.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

SCRATCH = "/tmp"  # noqa: S108 - inside the sandbox, where it is empty and nobody else's
SCRATCH_BYTES = 512 * 2**20
COMPILED = "/compiled"
PATH = "/usr/local/bin:/usr/bin:/bin"
_TRIAL_S = 20
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "ssl", "ca-certificates", "fonts", "localtime")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_ENVIRONMENT = {
    "PATH": PATH,
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    **dict.fromkeys(_ONE_THREAD, "1"),
}
# A user of its own needs user namespaces, a fresh /proc an unmasked one; a container may lack either. Best first.
_IDENTITIES = (("--unshare-user", "--uid", "65534", "--gid", "65534"), ())
_PROCESSES = (("--proc", "/proc"), ("--dir", "/proc"))
_VIEW = (
    *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "laboratory"),
    *("--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", SCRATCH),
)


class Isolation(StrEnum):
    """How well a measurement is kept apart, best first."""

    BUBBLEWRAP = "bubblewrap"
    LIMITS = "limits"
    NONE = "none"


@functools.cache
def isolation_here() -> Isolation:
    """Return the best isolation of this machine, found by trying it once."""
    if _working() is not None:
        return Isolation.BUBBLEWRAP
    return Isolation.LIMITS if importlib.util.find_spec("resource") else Isolation.NONE


def find_program(name: str) -> str | None:
    """Return where a measurement finds program `name`, or None."""
    return shutil.which(name, path=PATH)


def environment(scratch: str, compiled: str = "") -> dict[str, str]:
    """Return all variables a measurement sees: none of the caller's, so that none changes what is observed.

    `compiled` is where Numba reads and writes machine code; it must be writable.
    """
    searched = os.pathsep.join(path for path in sys.path if path)
    own = compiled or f"{scratch}/compiled"
    return _ENVIRONMENT | {"HOME": scratch, "TMPDIR": scratch, "NUMBA_CACHE_DIR": own, "PYTHONPATH": searched}


def bubblewrap(command: Iterable[str], shown: Iterable[tuple[Path, str]]) -> list[str]:
    """Return `command` in a sandbox that also shows each path of `shown` read only, under the name beside it."""
    working = _working()
    if working is None:
        raise RuntimeError("bubblewrap was asked for where it does not work")
    binds = (word for path, name in shown for word in ("--ro-bind", str(path), name))
    return [*working, *_system(), *binds, "--remount-ro", "/", "--", *command]


@functools.cache
def _working() -> tuple[str, ...] | None:
    """Return the start of a bubblewrap command that works here, or None."""
    program = shutil.which("bwrap")
    for identity, processes in itertools.product(_IDENTITIES, _PROCESSES) if program else ():
        start = (str(program), *_VIEW, *identity, *processes)
        trial = [*start, *_system(), "--remount-ro", "/", "--", sys.executable, "-c", "import hallmark.lab.measure"]
        try:
            tried = subprocess.run(  # noqa: S603 - the command is ours
                trial, env=environment(SCRATCH), capture_output=True, timeout=_TRIAL_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if tried.returncode == 0:
            return start
    return None


def _system() -> Iterator[str]:
    """Yield the options that show the interpreter, the libraries and the system's programs, all read only."""
    for folder in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        path = Path(folder)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), folder)
        elif path.is_dir():
            yield from ("--ro-bind", folder, folder)
    settings = [Path("/etc", name) for name in _ETC] + sorted(Path("/etc").glob("java*"))
    for path in settings:
        yield from ("--ro-bind-try", str(path), str(path))
    shown = [Path("/usr")]
    ours = {Path(each).absolute() for each in (sys.prefix, sys.base_prefix, *sys.path) if each}
    for path in sorted(ours - {Path("/"), Path(SCRATCH)}):
        if path.exists() and not any(path.is_relative_to(other) for other in shown):
            shown.append(path)
            yield from ("--ro-bind", str(path), str(path))
