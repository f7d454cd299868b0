"""A consortium's nodes on one machine: one process a member, each in a folder of its own below `HALLMARK_NODES`.

It is what a developer, a demonstration or a rehearsal needs. Seven processes under one hand protect nobody from that
hand, so its constitution is a development one, and origin and certificates say so. Where the programs of a software TPM
are installed, each node has one, with its keys sealed in it, and one registrar, under the same roof, certifies them.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from hallmark.attestation import tpm
from hallmark.attestation.policy import Policy
from hallmark.consortium.constitution import VIRTUAL, Constitution
from hallmark.consortium.epoch import Start
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError, Unavailable
from hallmark.kernel.hashing import SIZE
from hallmark.kernel.keys import PublicKey
from hallmark.node import acts, founding
from hallmark.node import folder as files
from hallmark.node.archive import write
from hallmark.node.attester import measurement, program
from hallmark.node.attester.errors import OtherState
from hallmark.node.attester.registrar import JOURNAL, Registrar
from hallmark.node.client import Peer

FRESH_MS = instant.DAY
"""For how long evidence counts here."""
_CONSTITUTION, _POLICY, _START, _REGISTRAR = "constitution", "policy", "start", "registrar"
_LONGEST_S = 60
_AGAIN_S, _AGAIN_MOST_S = 0.5, 8.0


class NodesAsleep(Unavailable):
    """The nodes did not come up."""

    en = "Of {members} nodes only {awake} answer after {seconds} s. See the file log in each folder below {folder}."
    zh = "{seconds} 秒后 {members} 个节点中仅 {awake} 个应答。请查看 {folder} 下各文件夹中的 log 文件。"


class SealedForOtherCode(Unavailable):
    """Keys open under the code that they were sealed for, and under no other: that is what sealing is for."""

    en = (
        "The nodes below {folder} sealed their keys for other code than this, so none of them starts, and nothing new "
        "becomes final. Put that release back, or begin with a data folder that is empty."
    )
    zh = (
        "{folder} 下各节点的密钥系为另一份代码封存，因此节点均不启动，新内容不会成为终局。"
        "请恢复该版本，或改用空的数据文件夹重新开始。"
    )


class Network:
    """The nodes below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._over = threading.Event()
        self._watches: list[threading.Thread] = []
        self._pool = ThreadPoolExecutor(1)
        self._equipped: Future[None] | None = None
        self._anchor: Future[bytes] | None = None
        self.failed: HallmarkError | None = None  # why the nodes are founded without TPMs, whose programs are installed

    @property
    def members(self) -> list[str]:
        """The members whose nodes are here; none before `found`."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{_CONSTITUTION}"))

    @property
    def attests(self) -> bool:
        """Whether its nodes have software TPMs: where their programs were installed when it was founded."""
        return any(self.folder.glob(f"*/{_POLICY}"))

    @property
    def start_signed(self) -> Start | None:
        """The start of epoch 1, once `found` made it."""
        path = self.folder / _START
        return Start.parse(path.read_bytes()) if path.exists() else None

    @property
    def is_running(self) -> bool:
        """Whether it was started."""
        return bool(self._watches)

    @property
    def is_over(self) -> bool:
        """Whether it was stopped."""
        return self._over.is_set()

    def home(self, member: str) -> Path:
        """Return the folder of a member's node."""
        return self.folder / member

    def prepare(self) -> None:
        """Begin to found the registrar, which takes some seconds, where a network with TPMs is still to be founded."""
        if not self.members and not program.missing():
            self._anchor = self._pool.submit(self._found_registrar)

    def found(self, ledger: str, members: Sequence[str], sequencer: PublicKey, rules: int) -> Start:
        """Make a node for each of `members`, and return the start of epoch 1, which all of them sign.

        Raises `FileExistsError` where one is there already, and as `Constitution.check`. Nodes are virtual where TPMs
        cannot be made; `failed` says why.
        """
        policy = self._make_policy(len(members)) if not program.missing() else None
        family = tpm.FAMILY if policy else VIRTUAL
        seats = tuple(founding.create(self.home(name), name, family) for name in members)
        attestation = policy.digest if policy else bytes(SIZE)
        agreed = Constitution(ledger, seats, sequencer, attestation, (self._code,), rules, development=True)
        for name in members:
            if policy:
                write(self.home(name) / _POLICY, policy.encode())
            founding.agree(self.home(name), agreed)
        start = founding.start(agreed, [founding.commit(self.home(name)) for name in members])
        write(self.folder / _START, start.encode())
        return start

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the nodes running meanwhile; raises `SealedForOtherCode`."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def start(self) -> None:
        """Start a process for each node, on the ports it had or others; one that ends is started again.

        Beside them, nodes that lack a TPM get one and seal their keys in it: a node that runs holds them already.
        Raises `SealedForOtherCode`, and as `folder.signers`.
        """
        self._check_keys_open()
        ports = _free_ports({name: self._last_ports.get(name, 0) for name in self.members})
        peers = "".join(f"{name} http://127.0.0.1:{port}\n" for name, port in ports.items())
        for folder in (self.folder, *map(self.home, ports)):
            write(folder / "peers", peers.encode())
        for name, port in ports.items():
            watch = threading.Thread(target=self._watch, args=(name, port), name=f"node-{name}")
            watch.start()
            self._watches.append(watch)
        if self.attests and not self._equipped:
            self._equipped = self._pool.submit(self.equip)

    def equip(self) -> None:
        """Give each node that lacks one a TPM, and seal its keys in it; goes on where it was interrupted.

        One node after the other, for all TPMs are by one maker. Raises as `acts.enrol` and `files.seal`.
        """
        for home in map(self.home, self.members):
            if self.is_over:
                return
            _finish_sealing(home)
            if files.is_sealed(home):
                continue
            if not (home / files.COLLATERAL).exists():
                shutil.rmtree(home / files.TPM, ignore_errors=True)  # the making of which was interrupted
                acts.enrol(home, self.folder / _REGISTRAR)
            files.seal(home, self._code)

    def wait(self) -> None:
        """Return when all nodes answer; raises `NodesAsleep`."""
        end = time.monotonic() + _LONGEST_S
        asleep = files.peers(self.folder, "")
        members = len(asleep)
        while asleep and time.monotonic() < end and not self.is_over:
            asleep = [peer for peer in asleep if not _answers(peer)]
            time.sleep(0.1)
        if asleep:
            raise NodesAsleep(members=members, awake=members - len(asleep), seconds=_LONGEST_S, folder=self.folder)

    def wait_equipped(self) -> None:
        """Return when each node has its TPM and sealed its keys; raises as `acts.enrol` and `files.seal`."""
        if self._equipped:
            self._equipped.result()

    def stop(self) -> None:
        """End the processes."""
        self._over.set()
        for watch in self._watches:
            watch.join()
        self._pool.shutdown()

    @cached_property
    def _code(self) -> bytes:
        return measurement.measure()

    @property
    def _last_ports(self) -> dict[str, int]:
        path = self.folder / "peers"
        lines = path.read_text().splitlines() if path.exists() else []
        return {name: int(url.rpartition(":")[2]) for name, url in map(str.split, lines)}

    def _check_keys_open(self) -> None:
        """Try the first node's keys, for all were sealed alike."""
        homes = list(map(self.home, self.members))
        for home in homes:
            _finish_sealing(home)
        try:
            for home in list(filter(files.is_sealed, homes))[:1]:
                files.signers(home)
        except OtherState:
            raise SealedForOtherCode(folder=self.folder) from None

    def _make_policy(self, seats: int) -> Policy | None:
        try:
            anchor = self._anchor.result() if self._anchor else self._found_registrar()
        except HallmarkError as error:
            self.failed = error
            return None
        # Room for as many again: whom to admit is for the vote to say, in development too.
        return acts.development_policy(anchor, "development", 2 * seats, FRESH_MS // instant.SECOND)

    def _found_registrar(self) -> bytes:
        place = self.folder / _REGISTRAR
        if not (place / JOURNAL).exists():
            return acts.found_registrar(place)
        office = Registrar.open(place)
        office.close()
        return office.anchor

    def _watch(self, name: str, port: int) -> None:
        # Behind the server, which shares these cores: whoever starts it waits for a page.
        node = ["nice", "-n", "10", sys.executable, "-m", "hallmark.node", "run", "--attended"]
        command = [*node, "--folder", name, "--listen", f"127.0.0.1:{port}"]
        pause = _AGAIN_S
        while not self._over.is_set():
            began = time.monotonic()
            with (
                (self.home(name) / "log").open("ab") as log,
                subprocess.Popen(  # noqa: S603 - ours; the open input ends with this process
                    command, cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log
                ) as process,
            ):
                while process.poll() is None and not self._over.wait(_AGAIN_S):
                    pass
                process.terminate()
            pause = _AGAIN_S if time.monotonic() - began > _LONGEST_S else min(2 * pause, _AGAIN_MOST_S)
            self._over.wait(pause)


def _finish_sealing(home: Path) -> None:
    """Undo a sealing that was killed on its way, or finish it where open keys were being removed already."""
    open_keys = [pem for purpose in files.PURPOSES if (pem := home / "keys" / f"{purpose}.pem").exists()]
    if files.is_sealed(home):
        for path in [home / files.SEALED] if len(open_keys) == len(files.PURPOSES) else open_keys:
            path.unlink()


def _answers(peer: Peer) -> bool:
    try:
        list(peer.starts(0))
    except HallmarkError:
        return False
    finally:
        peer.close()
    return True


def _free_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """Return a free port for each name, the one wanted where nobody took it meanwhile."""
    held: dict[str, socket.socket] = {}
    for name, port in wanted.items():
        try:
            held[name] = socket.create_server(("127.0.0.1", port))
        except OSError:
            held[name] = socket.create_server(("127.0.0.1", 0))
    ports = {name: each.getsockname()[1] for name, each in held.items()}
    for each in held.values():
        each.close()
    return ports
