"""The kernel's configfs-tsm, simulated: folders whose attributes behave as its drivers/virt/coco has them.

`Kernel` stands where the path of the folder of reports does, with the few acts of a path that are done there.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field

LARGEST_INBLOB, LOWEST_PRIVILEGE = 64, 3
Made = tuple[bytes, bytes]


@dataclass
class Kernel:
    """A kernel whose driver is `provider`; `make` returns report and auxiliary blob for input and privilege level."""

    provider: str
    make: Callable[[bytes, int], Made]
    floor: int | None = None  # where the driver knows of privilege levels
    has_auxblob: bool = True
    meddle: Callable[[Request], None] = lambda _request: None  # what another program does before a report is read
    requests: dict[str, Request] = field(default_factory=dict)

    def is_dir(self) -> bool:
        return True

    def __truediv__(self, name: str) -> Folder:
        return Folder(self, name)


@dataclass
class Request:
    """What the driver holds for one folder."""

    kernel: Kernel
    inblob: bytes = b""
    privilege: int = 0
    written: int = 0
    read: int = 0
    made: Made | None = None

    def report(self) -> Made:
        if not self.inblob:
            raise failure(errno.EINVAL)
        if self.made is None or self.read != self.written:
            self.made = self.kernel.make(self.inblob, self.privilege)
            self.read = self.written
        return self.made


@dataclass
class Folder:
    kernel: Kernel
    name: str

    def mkdir(self) -> None:
        if not self.kernel.provider:
            raise failure(errno.ENXIO)
        if self.name in self.kernel.requests:
            raise failure(errno.EEXIST)
        self.kernel.requests[self.name] = Request(self.kernel)

    def rmdir(self) -> None:
        if self.kernel.requests.pop(self.name, None) is None:
            raise failure(errno.ENOENT)

    def __truediv__(self, name: str) -> Attribute:
        return Attribute(self, name)


@dataclass
class Attribute:
    folder: Folder
    name: str

    @property
    def request(self) -> Request:
        if self.folder.name not in self.folder.kernel.requests or not self.exists():
            raise failure(errno.ENOENT)
        return self.folder.kernel.requests[self.folder.name]

    def exists(self) -> bool:
        kernel = self.folder.kernel
        seen = {"inblob", "outblob", "provider", "generation"}
        seen |= {"auxblob"} if kernel.has_auxblob else set()
        return self.name in seen | ({"privlevel", "privlevel_floor"} if kernel.floor is not None else set())

    def write_bytes(self, content: bytes) -> None:
        request = self.request
        match self.name:
            case "inblob" if len(content) > LARGEST_INBLOB:
                raise failure(errno.EFBIG)
            case "inblob":
                request.inblob = content
            case "privlevel" if not request.kernel.floor <= int(content) <= LOWEST_PRIVILEGE:
                raise failure(errno.EINVAL)
            case "privlevel":
                request.privilege = int(content)
            case _:
                raise failure(errno.EACCES)
        request.written += 1

    def read_bytes(self) -> bytes:
        request = self.request
        match self.name:
            case "outblob":
                request.kernel.meddle(request)
                return request.report()[0]
            case "auxblob":
                return request.report()[1]
            case "provider":
                return f"{request.kernel.provider}\n".encode()
            case "generation":
                return f"{request.written}\n".encode()
            case "privlevel_floor":
                return f"{request.kernel.floor}\n".encode()
        raise failure(errno.EACCES)

    def read_text(self) -> str:
        return self.read_bytes().decode()


def failure(number: int) -> OSError:
    return OSError(number, os.strerror(number))
