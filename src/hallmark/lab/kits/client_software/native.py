"""Native libraries of an Android package: what the linker and compiler did against exploitation, and page alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallmark.lab.kit import Judgement, Verdict, limit, number
from hallmark.lab.kits.client_software.archive import STORED, Archive
from hallmark.lab.kits.client_software.judging import deciding, judge, looking_at
from hallmark.lab.kits.client_software.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from hallmark.lab.kit import Limits, Observation, Session
    from hallmark.lab.kits.client_software.archive import Entry

_MAGIC = b"\x7fELF"
_CANARIES = ("__stack_chk_fail", "__stack_chk_guard")
_FOR_A_PERSON = {"canary"}
"""A library whose functions need no canary has none: its absence alone proves nothing."""


@looking_at("apk")
def measure(path: Path, session: Session) -> dict[str, object]:
    """Read the headers of every ELF file, wherever in the package it lies."""
    with Archive(path) as archive:
        Manifest(archive)
        entries = [entry for entry in archive.entries.values() if archive.head(entry, 4) == _MAGIC]
        files: list[dict[str, Any]] = []
        for done, entry in enumerate(entries):
            session.progress(done, len(entries), entry.name)
            files.append({"name": entry.name} | _placement(entry) | _protections(archive.read(entry.name)))
        return {"files": files}


@deciding
def decide_native(seen: Observation, limits: Limits) -> Judgement:
    """CLI-11: every native library has the mitigations that `mitigations` lists, and pages of `page_bytes`.

    `mitigations` takes names out of nx, relro (full), pie, no-wx, no-textrel, no-rpath, canary. Page size concerns
    64-bit files: their segments, and their place in the package where they are stored uncompressed.
    """
    if not seen["files"]:
        return judge(Verdict.NOT_APPLICABLE, "软件包不含本地库。", "The package holds no native library.")
    required, page = list(limit(limits, "mitigations")), int(number(limits, "page_bytes"))
    unread = [file["name"] for file in seen["files"] if not file["readable"]]
    missing, doubts = [], []
    for file in (file for file in seen["files"] if file["readable"]):
        absent = [name for name in required if not file["protections"].get(name)]
        doubts += [f"{file['name']}: {name}" for name in absent if name in _FOR_A_PERSON]
        missing += [f"{file['name']}: {name}" for name in absent if name not in _FOR_A_PERSON]
        if file["bits"] == 64 and file["alignment"] < page:
            missing.append(f"{file['name']}: segments aligned to {file['alignment']} bytes")
        if file["bits"] == 64 and file["stored"] and file["begin"] % page:
            missing.append(f"{file['name']}: stored at {file['begin']}, no multiple of {page}")
    values = {"files": len(seen["files"]), "required": required, "page_bytes": page}
    if missing:
        return judge(
            Verdict.FAIL,
            "本地库缺少防护措施或页对齐不足。",
            "Native libraries lack mitigations or page alignment.",
            missing + doubts,
            values=values,
        )
    if unread:
        return judge(
            Verdict.INCONCLUSIVE, "部分本地库无法读取。", "Some native libraries cannot be read.", unread, values=values
        )
    if doubts:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "部分本地库未见栈保护，须由人员判断是否需要。",
            "Some native libraries show no stack canary: a person judges whether they need one.",
            doubts,
            values=values,
        )
    return judge(Verdict.PASS, "本地库均具备防护措施。", "All native libraries have the mitigations.", values=values)


def _placement(entry: Entry) -> dict[str, object]:
    return {"stored": entry.method == STORED, "begin": entry.begin}


def _protections(data: bytes) -> dict[str, object]:
    """Return word size, alignment and mitigations of one ELF file."""
    import lief  # noqa: PLC0415 - heavy, only where it is measured

    lief.logging.disable()
    elf = lief.ELF.parse(data)
    if not isinstance(elf, lief.ELF.Binary) or not len(elf.segments):
        return {"readable": False}
    flags, kinds = lief.ELF.Segment.FLAGS, lief.ELF.Segment.TYPE
    tags = {entry.tag for entry in elf.dynamic_entries}
    tag = lief.ELF.DynamicEntry.TAG
    loads = [segment for segment in elf.segments if segment.type == kinds.LOAD]
    names = {symbol.name for symbol in elf.dynamic_symbols}
    return {
        "readable": True,
        "bits": 64 if elf.header.identity_class == lief.ELF.Header.CLASS.ELF64 else 32,
        "alignment": min((segment.alignment for segment in loads), default=0),
        "protections": {
            "nx": elf.has_nx,
            "relro": any(segment.type == kinds.GNU_RELRO for segment in elf.segments) and _binds_now(elf, lief),
            "pie": elf.header.file_type == lief.ELF.Header.FILE_TYPE.DYN,
            "no-wx": not any(segment.has(flags.W) and segment.has(flags.X) for segment in loads),
            "no-textrel": tag.TEXTREL not in tags and not _flagged(elf, lief, lief.ELF.DynamicEntryFlags.FLAG.TEXTREL),
            "no-rpath": not tags & {tag.RPATH, tag.RUNPATH},
            "canary": any(name in names for name in _CANARIES),
        },
    }


def _binds_now(elf: Any, lief: Any) -> bool:
    flag = lief.ELF.DynamicEntryFlags.FLAG
    if any(entry.tag == lief.ELF.DynamicEntry.TAG.BIND_NOW for entry in elf.dynamic_entries):
        return True
    return _flagged(elf, lief, flag.BIND_NOW) or _flagged(elf, lief, flag.NOW)


def _flagged(elf: Any, lief: Any, flag: Any) -> bool:
    return any(isinstance(entry, lief.ELF.DynamicEntryFlags) and flag in entry.flags for entry in elf.dynamic_entries)
