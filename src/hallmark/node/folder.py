"""A node as a folder of files: what it is trusted to begin with, its keys, its peers, and its store.

name                 the member's name
constitution         that of epoch 1, canonical CBOR, which the operator compared with the other members'
peers                a line a node: name and URL
keys/witness.pem     Ed25519; PKCS #8, for its owner's eyes only, as are the others
keys/mirror.pem      Ed25519
keys/archive.pem     ML-DSA-44
keys/sealing.pem     X25519, to which confidential claims are sealed, the newest first; made where absent
keys/sealed          instead of these: they open in this node's TPM, under this code and constitution
node.sqlite          the store
evidence/            evidence that the node, or another before it, was presented with; served to whoever asks

For its operator, to be admitted and to admit others:

policy               the appraisal policy whose digest the constitution holds, canonical CBOR
family               the family of TEE that the node runs on; without it `tpm`
tpm/                 the state of the node's software TPM
tpm                  instead of it: the TCTI by which the machine's TPM is reached
collateral           what its evidence is verified with, from the registrar; a canonical map of bytes
collateral/          instead of it: a file for each part, as its operator archived them
product              the certificate of the node's product, where the constitution asks for one
keys/organisation.pem  the organisation's key; without it, drafts are written instead of statements
statements/          what the operator's commands made, to be submitted
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from hallmark import schemes
from hallmark.attestation.policy import Policy
from hallmark.consortium.constitution import Constitution
from hallmark.kernel import canonical, keys
from hallmark.kernel.keys import SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.node import store
from hallmark.node.archive import Archive, write
from hallmark.node.attester import families
from hallmark.node.attester.attester import attesting
from hallmark.node.attester.errors import WithoutTpm
from hallmark.node.attester.measurement import PACKAGE, measure
from hallmark.node.attester.registers import State
from hallmark.node.client import Peer
from hallmark.node.errors import WrongFolder
from hallmark.node.node import Node, Setting, Signers
from hallmark.node.store import Store
from hallmark.node.vault import Vault
from hallmark.scheme import loader
from hallmark.verify import disk

TPM, COLLATERAL, POLICY, FAMILY = "tpm", "collateral", "policy", "family"
PURPOSES = ("witness", "mirror", "archive")
SEALING = "sealing"
SEALED = Path("keys/sealed")
_OTHERS = 0o077


def open_node(folder: Path, package: Path = PACKAGE) -> Node:
    """Return the node in `folder`; raises `StoreInUse`, as `Constitution.parse`, and as `signers`.

    A sealing key is made where there is none, unless the others are sealed: then it comes with the next sealing.
    """
    held = (loader.load(schemes.read(each)) for each in schemes.names())
    schemes_held = {scheme.digest: scheme for scheme in held}
    setting = Setting(lambda: time.time_ns() // 1_000_000, schemes_held, archive=archive(folder))
    member, first = identity(folder)
    own, vault = _keys(folder, package)
    if vault is None and not is_sealed(folder):
        vault = Vault.generate(member)
        _write_private(_pem_of(folder, SEALING), vault.to_pem())
    return Node(member, Store(folder / store.FILE, vault), own, first, setting)


def signers(folder: Path, package: Path = PACKAGE) -> Signers:
    """Return the node's keys; sealed ones open in its TPM with the code of `package` measured.

    Raises `WrongFolder`, `BadKey`, and as `Attester.unseal` and `attesting`.
    """
    return _keys(folder, package)[0]


def _keys(folder: Path, package: Path) -> tuple[Signers, Vault | None]:
    """Return the signers, and the vault where a sealing key is there; raises as `signers`."""
    member = name(folder)
    sealing, pems = _pem_of(folder, SEALING), [_pem_of(folder, each) for each in PURPOSES]
    if not is_sealed(folder):
        vault = Vault.from_pem(member, _read_private(sealing)) if sealing.exists() else None
        return Signers(*map(read_key, pems)), vault
    if any(pem.exists() for pem in (*pems, sealing)):
        why = Text(
            "其中既有封存的密钥也有明文密钥；请移除明文密钥", "a key is there sealed and open; remove the open one"
        )
        raise WrongFolder(path=folder / "keys", why=why)
    with attesting(folder / TPM, sealing_state(folder, measure(package))) as attester:
        witness, mirror, archived, *more = canonical.decode(attester.unseal(_read(folder / SEALED)))
    own = Signers(*map(SoftwareSigner.from_pem, (witness, mirror, archived)))
    return own, Vault.from_pem(member, more[0]) if more else None  # what was sealed before there was such a key


def is_sealed(folder: Path) -> bool:
    """Return whether the node's keys are sealed."""
    return (folder / SEALED).exists()


def seal(folder: Path, code: bytes | None = None, package: Path = PACKAGE) -> None:
    """Seal the node's keys for `code`, that of `package` without it, and remove them where they lie open.

    A sealing key is made where there is none. Raises `WithoutTpm`, and as `signers` and `Attester.seal`.
    """
    check_tpm(folder)
    (own, vault), measured = _keys(folder, package), measure(package)
    _seal(folder, own, vault or Vault.generate(name(folder)), measured, code or measured)


def renew_sealing_key(folder: Path, package: Path = PACKAGE) -> None:
    """Let the node announce a new sealing key from its next start on; older ones open what was sealed to them.

    Raises as `signers` and `Attester.seal`.
    """
    (own, vault), measured = _keys(folder, package), measure(package)
    renewed = vault.renewed() if vault else Vault.generate(name(folder))
    if is_sealed(folder):
        _seal(folder, own, renewed, measured, measured)
    else:
        write(_pem_of(folder, SEALING), renewed.to_pem())


def _seal(folder: Path, own: Signers, vault: Vault, measured: bytes, code: bytes) -> None:
    content = canonical.encode([*(_pem(getattr(own, each)) for each in PURPOSES), vault.to_pem()])
    with attesting(folder / TPM, sealing_state(folder, measured)) as attester:
        write(folder / SEALED, attester.seal(content, sealing_state(folder, code)))
    for each in (*PURPOSES, SEALING):
        _pem_of(folder, each).unlink(missing_ok=True)


def check_tpm(folder: Path) -> None:
    """Raise `WithoutTpm`, which says what becomes of the keys, where the node's family has none."""
    if family(folder) not in families.WITH_TPM:
        raise WithoutTpm(family=family(folder), keys=folder / "keys")


def sealing_state(folder: Path, code: bytes) -> State:
    """Return the state that keys are sealed for: the code, and the constitution that all later ones follow from.

    Those follow by signatures of its members, so that an epoch's start seals nothing anew.
    """
    return State(code, identity(folder)[1].digest)


def archive(folder: Path) -> Archive:
    """Return the evidence that the folder holds."""
    return Archive(folder / "evidence")


def policy(folder: Path) -> Policy:
    """Return the appraisal policy; raises `WrongFolder`, and as `Policy.parse`."""
    return Policy.parse(_read(folder / POLICY))


def collateral(folder: Path) -> dict[str, bytes]:
    """Return what the registrar gave, or the operator archived, for the node's evidence.

    Of a family whose host may hand all of it over, there may be none. Raises `WrongFolder`, `NotCanonical`.
    """
    path = folder / COLLATERAL
    if path.is_dir():
        return {each.name: _read(each) for each in sorted(path.iterdir())}
    if not path.exists() and family(folder) not in families.WITH_TPM:
        return {}
    match canonical.decode(_read(path), what=Text(path.name, path.name)):
        case dict(parts) if all(type(name) is str and type(part) is bytes for name, part in parts.items()):
            return parts
    raise WrongFolder(path=path, why=Text("不是字节串的映射", "it is no map of bytes"))


def family(folder: Path) -> str:
    """Return the family of TEE that the node runs on."""
    path = folder / FAMILY
    return _words(path).strip() if path.exists() else families.DEFAULT


def product(folder: Path) -> str:
    """Return the certificate of the node's product, or nothing."""
    path = folder / "product"
    return _words(path).strip() if path.exists() else ""


def organisation(folder: Path) -> SoftwareSigner | None:
    """Return the organisation's key where it is at hand; raises as `read_key`."""
    path = folder / "keys" / "organisation.pem"
    return read_key(path) if path.exists() else None


def identity(folder: Path) -> tuple[str, Constitution]:
    """Return the member's name and the constitution of epoch 1; raises `WrongFolder`, and as `Constitution.parse`."""
    return name(folder), Constitution.parse(_read(folder / "constitution"))


def name(folder: Path) -> str:
    """Return the member's name; raises `WrongFolder`."""
    return _words(folder / "name").strip()


def peers(folder: Path, own: str) -> list[Peer]:
    """Return the nodes that the folder names, without the `own`; raises `WrongFolder`, `BadRequest`."""
    lines = [line.split() for line in _words(folder / "peers").splitlines()]
    try:
        return [Peer(each, url) for each, url in lines if each != own]
    except ValueError:
        why = Text("有一行不是名称加 URL", "a line is not a name and a URL")
        raise WrongFolder(path=folder / "peers", why=why) from None


def read_key(path: Path) -> SoftwareSigner:
    """Return the private key in a file that its owner alone may read; raises `WrongFolder`, `BadKey`."""
    return SoftwareSigner.from_pem(_read_private(path))


def write_key(path: Path, signer: SoftwareSigner) -> None:
    """Write a private key for its owner's eyes; raises `FileExistsError`."""
    _write_private(path, signer.to_pem())


def _read_private(path: Path) -> bytes:
    pem = _read(path)
    if path.stat().st_mode & _OTHERS:
        raise WrongFolder(
            path=path,
            why=Text(
                "他人可读该密钥；请 chmod 600，若已被读取则另建密钥",
                "others may read the key; chmod 600 and, if they did read it, make a new one",
            ),
        )
    return pem


def _write_private(path: Path, pem: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)


def _pem_of(folder: Path, purpose: str) -> Path:
    return folder / "keys" / f"{purpose}.pem"


def _pem(signer: keys.Signer) -> bytes:
    if not isinstance(signer, SoftwareSigner):
        raise TypeError("only a key in software can be sealed")
    return signer.to_pem()


def _words(path: Path) -> str:
    try:
        return _read(path).decode()
    except UnicodeDecodeError:
        raise WrongFolder(path=path, why=Text("不是 UTF-8 文本", "it is no text in UTF-8")) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongFolder(path=path, why=disk.reason(error)) from None
