"""The sample as it was received: which files, with which digests, and what the applicant declares about them.

A sample is hostile until it has been measured. Files are opened without following links, read once for both digests,
and hashed again when the session ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes

from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text
from hallmark.lab.kit import Role
from hallmark.verify import disk

DESCRIPTION = "sample.json"
BIT_ORDERS = ("msb-first", "lsb-first")
_MOST_DESCRIPTION = 2**20
_MOST_NAME = 255
_CHUNK = 2**20
_OPEN = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_MEDIA = {
    ".apk": "application/vnd.android.package-archive",
    ".bin": "application/octet-stream",
    ".csv": "text/csv",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".xml": "application/xml",
    ".zip": "application/zip",
}


class SampleRefused(Malformed):
    """A sample, or a file in it, may not be taken."""

    en = "The sample is refused: {which}: {why}. Deliver plain files, one folder a role."
    zh = "样品被拒收：{which}：{why}。请提交普通文件，每种用途一个文件夹。"


class SampleChanged(Unverified):
    """A file of the sample is not what was received."""

    en = "The sample changed after it was received: {which}. The session is void; take the sample again."
    zh = "样品在接收后发生变化：{which}。本次检测作废，请重新接收样品。"


@dataclass(frozen=True)
class SampleFile:
    """One file: what it is for, its name in the sample, its size in bytes, and its digests in hexadecimal."""

    role: str
    name: str
    size: int
    sha256: str
    sm3: str
    media: str
    bit_order: str
    path: Path = field(compare=False, repr=False)

    def statement(self) -> dict[str, object]:
        """Return the file as the record and the reception statement hold it."""
        words = ("role", "name", "size", "sha256", "sm3", "media", "bit_order")
        return {word: getattr(self, word) for word in words}


@dataclass(frozen=True)
class Manifest:
    """A sample at reception: the product, its files, and what the applicant declares."""

    product: str
    model: str
    version: str
    files: tuple[SampleFile, ...]
    declaration: Mapping[str, Any] = field(default_factory=dict)

    def of(self, role: str) -> tuple[SampleFile, ...]:
        """Return the files of `role`, in order of name."""
        return tuple(file for file in self.files if file.role == role)

    def statement(self) -> dict[str, object]:
        """Return the manifest as the record and the reception statement hold it."""
        return {
            "product": self.product,
            "model": self.model,
            "version": self.version,
            "declaration": dict(self.declaration),
            "files": [file.statement() for file in self.files],
        }

    def check(self) -> None:
        """Read every file again; raises `SampleChanged` where one differs from what was received."""
        for file in self.files:
            try:
                seen = _digests(file.path, file.name, file.size)
            except SampleRefused:
                raise SampleChanged(which=file.name) from None
            if seen != (file.size, file.sha256, file.sm3):
                raise SampleChanged(which=file.name)


def take(
    source: Path | Mapping[str, Sequence[Path]],
    roles: Sequence[Role],
    *,
    product: str = "",
    model: str = "",
    version: str = "",
    declaration: Mapping[str, Any] | None = None,
) -> Manifest:
    """Return the manifest of a sample, hashing every file.

    `source` is one file (of the first role), files by role, or a folder that holds files or folders named after roles
    and perhaps `sample.json` with product, model, version and declaration; what is passed here goes before it. The
    declaration's `bit_order` is one order, or one a role. Raises `SampleRefused` for links, special files, unknown
    roles, odd names, and files too many or too big.
    """
    said: dict[str, Any] = {}
    if isinstance(source, Mapping):
        found = [(role, Path(path)) for role, paths in source.items() for path in paths]
    elif stat.S_ISDIR(_kind(source)):
        found, said = list(_scan(source, roles)), _description(source / DESCRIPTION)
    else:
        found = [(roles[0].name, source)]
    declared = dict(declaration if declaration is not None else said.get("declaration", {}))
    by_name = {role.name: role for role in roles}
    files: dict[tuple[str, str], SampleFile] = {}
    for name, path in sorted(found):
        role = by_name.get(name)
        if role is None:
            raise SampleRefused(which=name, why=Text("套件不读取此用途的文件", "the kit reads no file of this role"))
        file = _receive(role, path, _bit_order(declared.get("bit_order", ""), name))
        if (name, file.name) in files:
            raise SampleRefused(
                which=file.name, why=Text("同一用途有两个文件同名", "two files of one role bear this name")
            )
        files[name, file.name] = file
    for role in roles:
        count = sum(1 for name, _ in files if name == role.name)
        if count > role.most_files:
            raise SampleRefused(
                which=role.name,
                why=Text(
                    f"共 {count} 个文件，至多读取 {role.most_files} 个",
                    f"{count} files, at most {role.most_files} are read",
                ),
            )
    return Manifest(
        product=product or str(said.get("product", "")),
        model=model or str(said.get("model", "")),
        version=version or str(said.get("version", "")),
        files=tuple(files.values()),
        declaration=declared,
    )


def _scan(folder: Path, roles: Sequence[Role]) -> Iterator[tuple[str, Path]]:
    """Yield what lies in a sample's folder as (role, path): `role.ext`, or everything in a folder `role`."""
    names = {role.name for role in roles}
    for entry in sorted(folder.iterdir()):
        if entry.name == DESCRIPTION:
            continue
        role = entry.name if entry.name in names else entry.stem
        if role not in names:
            raise SampleRefused(
                which=_shown(entry), why=Text("套件不读取此用途的文件", "the kit reads no file of this role")
            )
        if stat.S_ISDIR(_kind(entry)):
            yield from ((role, path) for path in sorted(entry.iterdir()))
        else:
            yield role, entry


def _receive(role: Role, path: Path, bit_order: str) -> SampleFile:
    name = path.name
    if not name.isprintable() or len(name.encode(errors="replace")) > _MOST_NAME:
        raise SampleRefused(
            which=_shown(path),
            why=Text("名称含不可显示的字符，或过长", "its name holds characters that do not print, or is too long"),
        )
    size, sha256, sm3 = _digests(path, name, role.most_bytes)
    media = _MEDIA.get(path.suffix.lower(), "application/octet-stream")
    return SampleFile(role.name, name, size, sha256, sm3, media, bit_order, path.absolute())


def _digests(path: Path, name: str, most: int) -> tuple[int, str, str]:
    """Return size, SHA-256 and SM3 of a plain file of at most `most` bytes, opened without following a link."""
    try:
        handle = os.open(path, _OPEN)
    except OSError as error:
        raise SampleRefused(which=name, why=disk.reason(error)) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SampleRefused(which=name, why=Text("不是普通文件", "it is not a plain file"))
    with os.fdopen(handle, "rb") as stream:
        size, sha256, sm3 = 0, hashlib.sha256(), hashes.Hash(hashes.SM3())
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise SampleRefused(which=name, why=Text(f"超过 {most} 字节", f"it is bigger than {most} bytes"))
            sha256.update(chunk)
            sm3.update(chunk)
    return size, sha256.hexdigest(), sm3.finalize().hex()


def _description(path: Path) -> dict[str, Any]:
    if not os.path.lexists(path):
        return {}
    _digests(path, path.name, _MOST_DESCRIPTION)
    try:
        said = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise SampleRefused(which=path.name, why=Text("不是 JSON", "it is not JSON")) from None
    if not isinstance(said, dict) or not isinstance(said.get("declaration", {}), dict):
        raise SampleRefused(which=path.name, why=Text("不是含声明的对象", "it is not an object with a declaration"))
    return said


def _bit_order(declared: object, role: str) -> str:
    order = declared.get(role, "") if isinstance(declared, Mapping) else declared
    if order not in ("", *BIT_ORDERS):
        raise SampleRefused(
            which=role,
            why=Text(
                f"其比特序不是 {'、'.join(BIT_ORDERS)} 之一", f"its bit order is neither {' nor '.join(BIT_ORDERS)}"
            ),
        )
    return str(order)


def _kind(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError as error:
        raise SampleRefused(which=_shown(path), why=disk.reason(error)) from None


def _shown(path: Path) -> str:
    return ascii(path.name)[1:-1]
