"""The TPM 2.0 of the machine, or any other that runs already, named by the TCTI that a file holds."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from hallmark.kernel.text import Text
from hallmark.node.attester.errors import NoDevice
from hallmark.node.attester.registers import SHARED
from hallmark.node.attester.tpm import Tpm

_DEVICE = "device:"
_ABSENT = Text(
    "机器没有 TPM 2.0，或固件已将其关闭，或内核缺少其驱动",
    "the machine has no TPM 2.0, its firmware switched it off, or the kernel lacks its driver",
)
_NOT_OURS = Text("本用户无权使用，请将其加入 tss 组", "this user may not use it; add it to the group tss")


class MachineTpm(Tpm):
    """The TPM whose TCTI is in the file `place`: `device:/dev/tpmrm0`, say. It is neither started nor stopped here.

    One process of the node at a time uses it, for each sets the registers: the others wait.
    """

    registers = SHARED

    def __init__(self, place: Path) -> None:
        self._place = place

    def __enter__(self) -> Self:
        """Wait for its turn; raises `NoDevice` for a device that is not there."""
        with ExitStack() as stack:
            file = stack.enter_context(self._place.open())
            self.tcti = file.read().strip()
            if self.tcti.startswith(_DEVICE):
                _check_device(self.tcti.removeprefix(_DEVICE))
            fcntl.flock(file, fcntl.LOCK_EX)
            self.desk = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._held = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Let others have it."""
        self._held.close()


def _check_device(path: str) -> None:
    if not Path(path).exists():
        raise NoDevice(device=path, why=_ABSENT)
    if not os.access(path, os.R_OK | os.W_OK):
        raise NoDevice(device=path, why=_NOT_OURS)
