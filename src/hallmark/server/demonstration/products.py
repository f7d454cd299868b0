"""What is certified in the demonstration, and where its files come from."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hallmark.kernel.text import Text

_BITS = 10**6
_SEQUENCES = 50
_ROOT = Path(__file__).resolve().parents[4]


@dataclass(frozen=True, slots=True)
class Product:
    """A product to apply for: `read` returns its one file, or None with `lacking` saying what must be installed.

    With `by_persona`, personas judge what needs a device; what they say is marked so in the record.
    """

    product_type: str
    role: str
    name: Text
    model: str
    version: str
    file: str
    read: Callable[[], bytes | None]
    declare: Callable[[], Mapping[str, Any]]
    lacking: str = ""
    media_type: str = "application/vnd.android.package-archive"
    by_persona: bool = False


def _read(path: Path | None) -> Callable[[], bytes | None]:
    return lambda: path.read_bytes() if path and path.is_file() else None


def _automator() -> Path | None:
    """Return the Android package inside the installed PyPI distribution uiautomator2."""
    found = importlib.util.find_spec("uiautomator2")
    folder = Path(found.origin).parent if found and found.origin else None
    return next(iter(sorted(folder.glob("assets/*.apk"))), None) if folder else None


def _declaration() -> Mapping[str, Any]:
    loaded: dict[str, Any] = json.loads((_ROOT / "demo" / "app" / "declaration.json").read_text())
    return loaded


@cache
def _generator() -> bytes:
    """Return what the machine's own generator gives now: 50 sequences of 10^6 bits."""
    return os.urandom(_SEQUENCES * _BITS // 8)


REFERENCE = Product(
    "CFP-01",
    "apk",
    Text("参考支付应用", "Reference Payment App"),
    "HRP-1",
    "1.0.0",
    "reference-payment-1.0.0.apk",
    _read(_ROOT / "demo" / "app" / "reference-payment-1.0.0.apk"),
    _declaration,
    by_persona=True,
)
AUTOMATOR = Product(
    "CFP-01",
    "apk",
    Text("自动化服务应用", "Automation Service App"),
    "U2",
    "as shipped",
    "u2.apk",
    _read(_automator()),
    dict,
    lacking="python3 -m pip install uiautomator2",
)
GENERATOR = Product(
    "CFP-02",
    "sequences",
    Text("本机随机数发生器", "This machine's random generator"),
    "OS-RNG",
    "as running",
    "sequences.bin",
    _generator,
    lambda: {"bit_order": "msb-first", "sequence_bits": _BITS},
    media_type="application/octet-stream",
)
