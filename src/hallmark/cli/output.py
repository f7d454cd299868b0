"""What is printed: lines for people or one JSON value, and nothing that could move the cursor."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TextIO

_SPACES = "\u00a0\u3000"


class Said(NamedTuple):
    """The answer of a command: a JSON value, lines for people, and the exit code."""

    value: Any = None
    lines: Sequence[str] = ()
    code: int = 0


def say(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Print lines, each as one line whatever it holds."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    text = "".join(f"{shown(line)}\n" for line in lines)
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def say_json(value: Any, stream: TextIO | None = None) -> None:
    """Print a JSON value, in ASCII so that every terminal and pipe can take it."""
    print(json.dumps(value, indent=2), file=stream or sys.stdout, flush=True)


def shown(line: str) -> str:
    """Return `line` with a replacement for whatever does not print: strangers wrote some of it."""
    return "".join(each if each.isprintable() or each in _SPACES else "\ufffd" for each in line)


def facts(value: Mapping[str, Any], indent: str = "") -> list[str]:
    """Return a JSON object as indented lines, name and value."""
    lines: list[str] = []
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            lines += [f"{indent}{name}:", *facts(item, f"{indent}  ")]
        elif isinstance(item, list) and any(isinstance(each, Mapping) for each in item):
            lines.append(f"{indent}{name}:")
            for each in item:
                inner = facts(each, f"{indent}    ") if isinstance(each, Mapping) else [f"{indent}    {each}"]
                lines += [f"{indent}  - {inner[0].lstrip()}", *inner[1:]] if inner else []
        elif isinstance(item, list):
            lines.append(f"{indent}{name}: {', '.join(map(str, item))}")
        else:
            lines.append(f"{indent}{name}: {'' if item is None else item}")
    return lines


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as columns."""
    listed = [tuple(map(str, row)) for row in rows]
    widths = [max(map(_width, column)) for column in zip(*listed, strict=True)]
    return ["  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in listed]


def pad(text: str, width: int) -> str:
    """Return `text` with spaces up to so many columns."""
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return the columns that a terminal gives to text: Chinese takes two each."""
    return sum(2 if "\u2e80" <= each <= "\uffdc" else 1 for each in text)
