"""The schemes that ship with the house, as files. This is the one place that reads them; the pure core parses bytes."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from hallmark.kernel.errors import Missing


class NoSuchScheme(Missing):
    """No scheme of that name is shipped."""

    en = "There is no scheme named {which} in this installation. It has: {known}."
    zh = "本安装中没有名为 {which} 的方案。现有：{known}。"


def names() -> tuple[str, ...]:
    """Return the names of the schemes shipped, sorted."""
    return tuple(sorted(_folders()))


def read(which: str) -> dict[str, bytes]:
    """Return path inside its folder -> content of every TOML file of scheme `which`; raises `NoSuchScheme`."""
    known = _folders()
    if which not in known:
        raise NoSuchScheme(which=which, known=", ".join(sorted(known)))
    return dict(_files(known[which], ""))


def _folders() -> dict[str, Traversable]:
    return {
        each.name: each for each in resources.files(__name__).iterdir() if each.is_dir() and each.name[0] not in "._"
    }


def _files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            found += _files(each, f"{prefix}{each.name}/")
        elif each.name.endswith(".toml"):
            found.append((prefix + each.name, each.read_bytes()))
    return found
