"""A TPM 2.0 as an attester uses it: `tpm2-tools` over a TCTI (TCG TSS 2.0, TPM Command Transmission Interface).

How it is reached is all that differs between a TPM in software and one of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hallmark.node.attester import program
from hallmark.node.attester.registers import Registers


class Tpm:
    """A TPM that answers at `tcti`; `desk` is the folder of the files that its tools exchange."""

    registers: Registers
    tcti: str
    desk: Path

    def run(self, tool: str, *arguments: str, data: bytes = b"") -> bytes:
        """Return what `tool` prints; names of files among the arguments are those of `read` and `write`."""
        return program.run(tool, "--tcti", self.tcti, *arguments, folder=self.desk, data=data)

    def read(self, name: str) -> bytes:
        """Return the file that a tool wrote."""
        return (self.desk / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        """Make a file that a tool will read."""
        (self.desk / name).write_bytes(content)

    @contextmanager
    def room(self) -> Iterator[None]:
        """Free what tools leave in the TPM, which holds three keys and three sessions.

        Sessions that were saved stay: on a machine's TPM some are of others.
        """
        try:
            yield
        finally:
            for kind in ("--transient-object", "--loaded-session"):
                self.run("tpm2_flushcontext", kind)
