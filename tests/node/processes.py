"""Seven nodes and a sequencer as real processes, to be killed and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

from hallmark.node.client import Peer
from hallmark.node.folder import write_key
from node.network import NAMES, constitution, log_key, signers
from node.wire import Wire

SEQUENCING = Path(__file__).with_name("sequencing.py")
TROUBLED = Path(__file__).with_name("troubled.py")


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


class Processes:
    first = constitution()

    def __init__(self, folder: Path, *, wired: bool = False):
        """`wired`: each node, and the sequencer, reaches the others over wires that can be cut."""
        self.folder = folder
        self.ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        self.running: dict[str, subprocess.Popen] = {}
        self.wires: dict[tuple[str, str], Wire] = {}
        for name in [*NAMES, "sequencer"]:
            shown = dict(self.ports)
            if wired:
                self.wires |= {(name, other): Wire(port) for other, port in self.ports.items()}
                shown = {other: self.wires[name, other].port for other in NAMES}
            self.make_home(name, shown)
        for name in NAMES:
            for purpose in ("witness", "mirror", "archive"):
                write_key(folder / name / "keys" / f"{purpose}.pem", getattr(signers(name), purpose))
        write_key(folder / "sequencer" / "keys" / "sequencer.pem", log_key())

    def make_home(self, name: str, shown: dict[str, int]) -> Path:
        """Make a folder that shows the nodes at these ports."""
        own = self.folder / name
        own.mkdir()
        (own / "constitution").write_bytes(self.first.encode())
        (own / "peers").write_text("".join(f"{each} http://127.0.0.1:{port}\n" for each, port in shown.items()))
        (own / "name").write_text(f"{name}\n")
        return own

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in [*self.running]:
            self.kill(name)
        for wire in self.wires.values():
            wire.close()

    def start(self, name: str, *arguments: object) -> None:
        """Start a node, or with arguments a sequencer in the folder of that name."""
        own = self.folder / name
        if arguments:
            command = [sys.executable, SEQUENCING, own, *map(str, arguments)]
        else:
            command = [sys.executable, TROUBLED, own, f"127.0.0.1:{self.ports[name]}"]
        with (own / "log").open("ab") as log:
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def peer(self, name: str) -> Peer:
        return Peer(name, f"http://127.0.0.1:{self.ports[name]}")

    def cut(self, *names: str) -> None:
        """Cut the wires from and to these nodes."""
        for ends, wire in self.wires.items():
            if set(names).intersection(ends):
                wire.cut()

    def mend(self) -> None:
        for wire in self.wires.values():
            wire.mend()

    def trouble(self, name: str, *, late: float = 0, ahead: float = 0) -> None:
        """Let a node's disk take `late` seconds longer, and its clock be `ahead` seconds, from now on."""
        (self.folder / name / "trouble").write_text(f"{late} {ahead}")

    def acknowledged(self, sequencer: str = "sequencer") -> list[tuple[int, bytes, float, int]]:
        """Return size, root, seconds and statements of each head that the sequencer was told is final."""
        path = self.folder / sequencer / "acknowledged"
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [line.split() for line in lines]
        return [(int(size), bytes.fromhex(root), float(took), int(count)) for size, root, took, count in rows]
