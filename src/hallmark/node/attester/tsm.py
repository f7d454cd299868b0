"""Reports of a confidential virtual machine, as its kernel hands them out (Linux 6.7 and later, configfs-tsm).

As Documentation/ABI/testing/configfs-tsm-report has it: a folder made below `REPORTS` holds attributes at once; writing
them is asking, reading `outblob` has the report made, and `generation` counts the writes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from hallmark.kernel.text import Text
from hallmark.node.attester.errors import NoDevice, NotReported
from hallmark.verify import disk

REPORTS = Path("/sys/kernel/config/tsm/report")
_NONE = Text(
    "本机不是机密虚拟机，或内核早于 6.7 或未加载其驱动（sev-guest、tdx-guest），或未挂载 configfs",
    "it is no confidential virtual machine, its kernel is older than 6.7 or did not load the driver (sev-guest, "
    "tdx-guest), or configfs is not mounted",
)
_RACED = Text("另有程序改动了同一请求", "something else changed the same request")


@dataclass(frozen=True, slots=True)
class Report:
    """What the `provider` reported in its own format, and what came `beside` it: certificates, or nothing."""

    provider: str
    blob: bytes
    beside: bytes


def report(report_data: bytes, reports: Path) -> Report:
    """Return the machine's report on the 64 bytes `report_data`; raises `NoDevice`, `NotReported`."""
    if not reports.is_dir():
        raise NoDevice(device=reports, why=_NONE)
    request = reports / f"hallmark-{secrets.token_hex(8)}"
    try:
        request.mkdir()
        try:
            return _ask(request, report_data)
        finally:
            request.rmdir()  # the kernel lets a request go with its attributes, and takes none of them alone
    except OSError as error:
        raise NotReported(why=disk.reason(error)) from None


def _ask(request: Path, report_data: bytes) -> Report:
    before = _generation(request)
    written = {"inblob": report_data}
    floor, beside = request / "privlevel_floor", request / "auxblob"
    if floor.exists():  # a machine below a paravisor may not ask for the highest level, which is what it gets unasked
        written["privlevel"] = floor.read_bytes()
    for name, content in written.items():
        (request / name).write_bytes(content)
    blob = (request / "outblob").read_bytes()
    made = Report((request / "provider").read_text().strip(), blob, beside.read_bytes() if beside.exists() else b"")
    # What is written takes effect when the file is closed, and no error is told then: the count tells that as well.
    if _generation(request) != before + len(written):
        raise NotReported(why=_RACED)
    return made


def _generation(request: Path) -> int:
    return int((request / "generation").read_text())
