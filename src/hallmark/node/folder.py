"""A node as a folder of files: what it is trusted to begin with, its keys, its peers, and its store.

name                 the member's name
constitution         that of epoch 1, canonical CBOR, which the operator compared with the other members'
peers                a line a node: name and URL
keys/witness.pem     Ed25519; PKCS #8, for its owner's eyes only, as are the two others
keys/mirror.pem      Ed25519
keys/archive.pem     ML-DSA-44
node.sqlite          the store
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from hallmark import schemes
from hallmark.consortium.constitution import Constitution
from hallmark.kernel.keys import SoftwareSigner
from hallmark.node.client import Peer
from hallmark.node.errors import WrongFolder
from hallmark.node.node import Node, Setting, Signers
from hallmark.node.store import Store
from hallmark.scheme import loader

_OTHERS = 0o077


def open_node(folder: Path) -> Node:
    """Return the node in `folder`; raises `WrongFolder`, `StoreInUse`, `BadKey`, and as `Constitution.parse`."""
    held = (loader.load(schemes.read(name)) for name in schemes.names())
    setting = Setting(lambda: time.time_ns() // 1_000_000, {scheme.digest: scheme for scheme in held})
    name, first = identity(folder)
    signers = Signers(*(read_key(folder / "keys" / f"{purpose}.pem") for purpose in ("witness", "mirror", "archive")))
    return Node(name, Store(folder / "node.sqlite"), signers, first, setting)


def identity(folder: Path) -> tuple[str, Constitution]:
    """Return the member's name and the constitution of epoch 1; raises `WrongFolder`, and as `Constitution.parse`."""
    return _read(folder / "name").decode().strip(), Constitution.parse(_read(folder / "constitution"))


def peers(folder: Path, name: str) -> list[Peer]:
    """Return the other nodes that the folder names; raises `WrongFolder`, `BadRequest`."""
    lines = [line.split() for line in _read(folder / "peers").decode().splitlines()]
    if any(len(line) != 2 for line in lines):
        raise WrongFolder(path=folder / "peers", why="a line is not a name and a URL")
    return [Peer(each, url) for each, url in lines if each != name]


def read_key(path: Path) -> SoftwareSigner:
    """Return the private key in a file that its owner alone may read; raises `WrongFolder`, `BadKey`."""
    pem = _read(path)
    if path.stat().st_mode & _OTHERS:
        raise WrongFolder(path=path, why="others may read the key; chmod 600 and, if they did read it, make a new one")
    return SoftwareSigner.from_pem(pem)


def write_key(path: Path, signer: SoftwareSigner) -> None:
    """Write a private key for its owner's eyes; raises `FileExistsError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(signer.to_pem())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongFolder(path=path, why=error.strerror) from None
