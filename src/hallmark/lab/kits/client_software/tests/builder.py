"""Builds what the tests examine: packages, resource tables, native binaries, sessions."""

from __future__ import annotations

import io
import json
import plistlib
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

from hallmark.lab.kit import Session
from hallmark.lab.kits.client_software import planted
from hallmark.lab.kits.client_software.planted import Method, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NOW = 1_790_000_000_000  # 21 Sep 2026
SAFE = {"debuggable": False, "allowBackup": False, "usesCleartextTraffic": False}
START = Node(
    "activity",
    {"name": ".Start", "exported": True},
    [
        Node(
            "intent-filter",
            {},
            [
                Node("action", {"name": "android.intent.action.MAIN"}),
                Node("category", {"name": "android.intent.category.LAUNCHER"}),
            ],
        )
    ],
)
NOTHING = Method("Lorg/example/pay/Start;", "run", units=(0x000E,))


def label(value: object) -> str | None:
    """Name a test's parameter: bytes only by their kind, everything else as pytest does."""
    return "bytes" if isinstance(value, bytes) else None


def archive(
    entries: Mapping[str, bytes] | Sequence[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return a ZIP archive with these entries, twice the same name included."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", compression) as opened:
        warnings.simplefilter("ignore")  # a duplicate name is what some tests want
        for name, data in entries.items() if isinstance(entries, dict) else entries:
            opened.writestr(zipfile.ZipInfo(name), data, compression)
    return out.getvalue()


def package(
    manifest: Node | None = None, *methods: Method, files: Mapping[str, bytes] | None = None, **code: Any
) -> bytes:
    """Return an Android package with this manifest, these methods and further files."""
    manifest = manifest or planted.application(START, **SAFE)
    return archive(
        {
            "AndroidManifest.xml": planted.compiled_xml(manifest),
            "classes.dex": planted.executable(*(methods or (NOTHING,)), **code),
            **(files or {}),
        }
    )


def observe(
    folder: Path, measure: Callable[[Session], Any], data: bytes | None, role: str = "apk", **declaration: Any
) -> dict[str, Any]:
    """Measure `data`, and return the observation as it comes out of the sandbox."""
    path = folder / f"sample.{role}"
    if data is not None:
        path.write_bytes(data)
    files = {role: (path,)} if data is not None else {}
    session = Session(files, declaration, b"", NOW, folder, lambda _done, _total, _note="": None)
    found: dict[str, Any] = json.loads(json.dumps(dict(measure(session)), allow_nan=False))
    return found


def resource_table(*entries: tuple[str, str, Sequence[bool | str | planted.Reference]]) -> bytes:
    """Return a resource table of (type, name, one value a configuration); ids 0x7f, type from 1, entry from 0."""
    types = list(dict.fromkeys(kind for kind, _, _ in entries))
    keys = [name for _, name, _ in entries]
    texts = [value for _, _, values in entries for value in values if isinstance(value, str)]
    chunks = b""
    for number, kind in enumerate(types, 1):
        mine = [(name, values) for each, name, values in entries if each == kind]
        for configuration in range(max(len(values) for _, values in mine)):
            offsets, body = [], b""
            for name, values in mine:
                if configuration >= len(values):
                    offsets.append(0xFFFFFFFF)
                    continue
                offsets.append(len(body))
                body += struct.pack("<HHL", 8, 0, keys.index(name)) + _value(values[configuration], texts)
            start = 84 + 4 * len(offsets)
            head = struct.pack("<HHLBBHLL", 0x0201, 84, start + len(body), number, 0, 0, len(offsets), start)
            chunks += head + struct.pack("<L", 64) + bytes(60) + struct.pack(f"<{len(offsets)}L", *offsets) + body
    type_pool, key_pool = planted.string_pool(types), planted.string_pool(keys)
    size = 288 + len(type_pool) + len(key_pool) + len(chunks)
    head = struct.pack("<HHLL", 0x0200, 288, size, 0x7F) + bytes(256)
    inner = head + struct.pack("<5L", 288, 0, 288 + len(type_pool), 0, 0) + type_pool + key_pool + chunks
    pool = planted.string_pool(texts, utf8=False)
    return struct.pack("<HHLL", 0x0002, 12, 12 + len(pool) + len(inner), 1) + pool + inner


def _value(value: bool | str | planted.Reference, texts: list[str]) -> bytes:
    if isinstance(value, planted.Reference):
        return struct.pack("<HBBL", 8, 0, 0x01, value.number)
    if isinstance(value, str):
        return struct.pack("<HBBL", 8, 0, 0x03, texts.index(value))
    return struct.pack("<HBBL", 8, 0, 0x12, 0xFFFFFFFF if value else 0)


def library(
    *,
    page: int = 0x4000,
    stack_executable: bool = False,
    writable_code: bool = False,
    relro: bool = True,
    canary: bool = True,
) -> bytes:
    """Return a 64-bit ELF shared object that holds nothing but headers, dynamic entries and one symbol."""
    load, dynamic, stack, relro_kind = 1, 2, 0x6474E551, 0x6474E552
    base = 64 + 4 * 56
    names = b"\0__stack_chk_fail\0" if canary else b"\0something_else__\0"
    table = base
    symbols = table + 6 * 16
    hashes = symbols + 2 * 24
    text = hashes + 5 * 4
    entries = [(5, text), (6, symbols), (10, len(names)), (11, 24), (4, hashes), (30, 8 if relro else 0)]
    size = text + len(names)
    flags = 7 if writable_code else 5

    def segment(kind: int, permissions: int, begin: int, length: int, alignment: int) -> bytes:
        return struct.pack("<LLQQQQQQ", kind, permissions, begin, begin, begin, length, length, alignment)

    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHLQQQLHHHHHH", 3, 183, 1, 0, 64, 0, 0, 64, 56, 4, 0, 0, 0)
    segments = segment(load, flags, 0, size, page) + segment(dynamic, 4, table, 96, 8)
    segments += segment(stack, 7 if stack_executable else 6, 0, 0, 16)
    segments += segment(relro_kind if relro else 4, 4, table, 96, 1)
    body = b"".join(struct.pack("<QQ", *entry) for entry in entries[:-1]) + struct.pack("<QQ", *entries[-1])
    body += bytes(24) + struct.pack("<LBBHQQ", 1, 0x12, 0, 0, 0, 0)
    return head + segments + body + struct.pack("<5L", 1, 2, 1, 0, 0) + names


def mach(*symbols: str, pie: bool = True, crypt: int = 0, entitlements: Mapping[str, object] | None = None) -> bytes:
    """Return a 64-bit ARM Mach-O executable with these undefined symbols and a signature that carries entitlements."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in symbols)
    offsets = [strings.index(name.encode() + b"\0") for name in symbols]
    blob = b""
    if entitlements is not None:
        inner = plistlib.dumps(dict(entitlements))
        inner = struct.pack(">LL", 0xFADE7171, 8 + len(inner)) + inner
        blob = struct.pack(">LLLLL", 0xFADE0CC0, 20 + len(inner), 1, 5, 20) + inner
    begin = 32 + 2 * 72 + 24 + 24 + (16 if blob else 0)
    table = b"".join(struct.pack("<LBBHQ", offset, 1, 0, 0, 0) for offset in offsets)
    end = begin + len(table) + len(strings) + len(blob)

    def segment(name: bytes, offset: int, size: int) -> bytes:
        return struct.pack("<LL16sQQQQLLLL", 0x19, 72, name, offset, size, offset, size, 5, 5, 0, 0)

    commands = segment(b"__TEXT", 0, begin) + segment(b"__LINKEDIT", begin, end - begin)
    commands += struct.pack("<6L", 0x2, 24, begin, len(symbols), begin + len(table), len(strings))
    commands += struct.pack("<6L", 0x2C, 24, 0, begin, crypt, 0)
    if blob:
        commands += struct.pack("<4L", 0x1D, 16, begin + len(table) + len(strings), len(blob))
    head = struct.pack("<8L", 0xFEEDFACF, 0x0100000C, 0, 2, 5 if blob else 4, len(commands), 0x200000 if pie else 0, 0)
    return head + commands + table + strings + blob


def application(binary: bytes, **properties: object) -> bytes:
    """Return an iOS package with this executable and these properties."""
    said = {"CFBundleExecutable": "Pay", "CFBundleIdentifier": "org.example.pay", **properties}
    return archive({"Payload/Pay.app/Info.plist": plistlib.dumps(said), "Payload/Pay.app/Pay": binary})
