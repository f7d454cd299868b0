"""A command as data, and the options that several share."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hallmark.kernel.text import Text


@dataclass(frozen=True)
class Option:
    """An option `--name`, and what `argparse` is told of it."""

    name: str
    words: Text
    more: Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """A command: what it does, the function whose answer is printed, and its options."""

    words: Text
    act: Callable[[Namespace], object]
    options: tuple[Option, ...] = ()


def option(name: str, zh: str, en: str, **more: Any) -> Option:
    """Return an option; `more` are argparse's keywords."""
    return Option(name, Text(zh, en), more)


def hexadecimal(text: str) -> bytes:
    """Return the bytes that `text` writes; raises `ValueError`, of which argparse says the name of this function."""
    return bytes.fromhex(text)


HEX = hexadecimal
FOLDER = option(
    "folder", "节点文件夹；见 docs/spec/node.md", "the node's folder; see docs/spec/node.md", type=Path, required=True
)
FILES: Mapping[str, Any] = {"type": Path, "nargs": "+", "required": True}
