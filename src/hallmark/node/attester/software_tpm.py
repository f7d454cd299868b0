"""A TPM 2.0 in software: `swtpm` in a process of its own, spoken to by `tpm2-tools` over a Unix socket."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from hallmark.kernel.text import Text
from hallmark.node.attester import program
from hallmark.node.attester.errors import NoTpm, TpmFailed
from hallmark.node.attester.registers import OWN
from hallmark.node.attester.tpm import Tpm

_STATE = "tpm2-00.permall"
_DESK, _SOCKET, _CONTROL = "desk-", "tpm", "tpm.ctrl"
_START_S, _STOP_S, _POLL_S, _AGAIN_S = 10, 5, 0.01, 0.2
_HELD_S = 2  # for so long the TPM of a node that was killed may still hold the state
_ENDED = Text("进程已退出", "its process ended")
_LATE = Text(f"{_START_S} 秒内未启动", f"it did not start within {_START_S} s")


class SoftwareTpm(Tpm):
    """The TPM whose state is in `folder`; it runs while the context is open, and every start is a reset.

    One process at a time may run it. It ends with the thread that started it, killed or not.
    """

    registers, tcti = OWN, f"swtpm:path={_SOCKET}"

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it; raises `NoTpm`, `ProgramMissing`, `TpmFailed`."""
        if not (self._folder / _STATE).is_file():  # else `swtpm` would begin an empty one
            raise NoTpm(folder=self._folder)
        self._scratch = tempfile.TemporaryDirectory(prefix=_DESK, dir=self._folder)
        self.desk = Path(self._scratch.name)
        try:
            self._open()
            self._sweep()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, in order where it still answers."""
        try:
            with suppress(TpmFailed):
                self.run("tpm2_shutdown", "--clear")
        finally:
            self._end()

    def _open(self) -> None:
        """Start the TPM and have it answer: it listens before it finds that another one holds the state."""
        began = time.monotonic()
        while True:
            try:
                self._start()
                # A TPM that was killed counts that as a wrong guess of a key's password, and after three it locks up.
                self.run("tpm2_dictionarylockout", "--clear-lockout")
            except TpmFailed:
                if time.monotonic() - began > _HELD_S:
                    raise
                self._stop()
                time.sleep(_AGAIN_S)
            else:
                return

    def _start(self) -> None:
        command = [
            *(program.find("setpriv"), "--pdeathsig", "KILL", program.find("swtpm"), "socket", "--tpm2"),
            *("--tpmstate", f"dir={self._folder}", "--flags", "startup-clear"),
            *("--server", f"type=unixio,path={_SOCKET}"),
            *("--ctrl", f"type=unixio,path={_CONTROL}"),
        ]
        self._process = process = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            cwd=self.desk,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        late = time.monotonic() + _START_S
        while not _listens(process):
            if process.poll() is not None:
                raise TpmFailed(program="swtpm", why=_ENDED)
            if time.monotonic() > late:
                raise TpmFailed(program="swtpm", why=_LATE)
            time.sleep(_POLL_S)

    def _sweep(self) -> None:
        """Remove what nodes that were killed left; as this one holds the TPM's lock, none of them runs."""
        for desk in self._folder.glob(f"{_DESK}*"):
            if desk != self.desk:
                shutil.rmtree(desk)

    def _end(self) -> None:
        self._stop()
        self._scratch.cleanup()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _listens(tpm: subprocess.Popen[bytes]) -> bool:
    """Tell whether `tpm` takes connections; its folder's own path may be longer than the 107 bytes of a socket's."""
    for name in (_CONTROL, _SOCKET):
        with socket.socket(socket.AF_UNIX) as tried:
            try:
                tried.connect(f"/proc/{tpm.pid}/cwd/{name}")
            except OSError:
                return False
    return True
