"""The kernel and the statements have no clock, no files, no sockets and no chance of their own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hallmark

SOURCE = Path(hallmark.__file__).parent
MODULES = [path for room in ("kernel", "statement") for path in sorted((SOURCE / room).glob("*.py"))]
ALLOWED = {
    "__future__",
    "base64",
    "collections",
    "cryptography",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hallmark",
    "hashlib",
    "json",
    "operator",
    "re",
    "typing",
}
CLOCKS = {"now", "today", "utcnow", "fromtimestamp", "time", "monotonic"}
OUTSIDE = {"open", "print", "input", "eval", "exec", "compile", "__import__", "globals", "breakpoint"}


def breaches(source: str) -> list[str]:
    """Return what reaches outside: imports that are not allowed, clocks, built-in I/O."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [name for name in names if name.split(".")[0] not in ALLOWED]
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            found.append(node.attr)
        if isinstance(node, ast.Name) and node.id in OUTSIDE:
            found.append(node.id)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_module_of_the_core_reaches_nothing_outside(path: Path) -> None:
    assert breaches(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    ["import os", "from time import time", "import random as r", "datetime.now()", "date.today()", "open('x')"],
)
def test_a_module_that_did_would_be_seen(source: str) -> None:
    assert breaches(source)


def test_chance_enters_the_kernel_where_a_key_is_generated_and_nowhere_else() -> None:
    """`cryptography` also draws the nonce of an ECDSA signature; everything else is a function of its inputs."""
    makers = {
        f"{path.name}:{node.attr}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and "generate" in node.attr
    }
    assert makers == {"keys.py:generate", "keys.py:generate_private_key"}
