"""Whether everybody reads the same package: hostile and ambiguous archives, and readers that disagree.

An attacker profits where the platform and a scanner see different files. Three readers look at the archive, two at the
manifest; the platform's way is ours (`archive`, `axml`), the others are the ones that tools are built on.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from hallmark.kernel.errors import Malformed
from hallmark.kernel.hashing import sha256
from hallmark.lab.kit import Judgement, Verdict
from hallmark.lab.kits.client_software import manifest
from hallmark.lab.kits.client_software.archive import Archive, NotAnArchive
from hallmark.lab.kits.client_software.code import Program
from hallmark.lab.kits.client_software.judging import deciding, judge, looking_at
from hallmark.lab.kits.client_software.manifest import Manifest, PartOfApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from hallmark.lab.kit import Limits, Observation, Session
    from hallmark.lab.kits.client_software.archive import Entry

HOSTILE = {
    "absolute-path": "an entry names an absolute path",
    "dex-in-front": "executable code stands in front of the archive",
    "duplicate-name": "two entries have one name",
    "encrypted-flag": "an entry claims to be encrypted",
    "file-and-folder": "a name is a file and a folder",
    "name-differs": "an entry has two names",
    "overlap": "entries share bytes",
    "path-escape": "an entry's path leads out of the package",
    "symlink": "an entry is a symbolic link",
}
"""What no packaging tool writes and only serves to deceive or attack a reader."""

AMBIGUOUS = {
    "count-differs": "the number of entries is misstated",
    "damaged": "an entry cannot be expanded",
    "directory-not-at-end": "something stands between directory and end",
    "flags-differ": "an entry has two sets of flags",
    "leading-data": "bytes stand in front of the archive",
    "method-differs": "an entry has two compression methods",
    "no-local-header": "an entry has no header of its own",
    "odd-name": "a name holds control characters or backslashes, or is empty",
    "readers-disagree": "readers disagree",
    "several-ends": "there is more than one end record",
    "size-differs": "an entry has two sizes or checksums",
    "trailing-data": "bytes stand behind the archive",
    "unknown-method": "a compression method is none of Android's",
    "zip64": "64-bit extensions are used",
}
_SHOWN = 20
_CRITICAL = ("AndroidManifest.xml", "classes.dex", "resources.arsc")


@looking_at("apk")
def measure(path: Path, session: Session) -> dict[str, object]:
    """Read the archive entirely, compare it with what other readers see, and measure how far it expands."""
    with Archive(path) as archive:
        traits = list(archive.traits)
        packed = expanded = 0
        highest: tuple[float, str] = (0.0, "")
        for done, entry in enumerate(archive.entries.values()):
            session.progress(done, len(archive.entries), "entries")
            size = _expanded(archive, entry, traits)
            packed, expanded = packed + entry.packed, expanded + size
            highest = max(highest, (round(size / max(entry.packed, 1), 1), entry.name))
        readable = _manifest_facts(archive)
        disagreements = [*_archive_readers(path, archive), *_manifest_readers(archive, readable)]
        disagreements += [f"nobody reads {unread}" for unread in Program(archive).unread]
    counted = Counter(trait for trait, _ in traits)
    return {
        "entries": len(archive.entries),
        "packed": packed,
        "expanded": expanded,
        "highest_ratio": {"ratio": highest[0], "name": highest[1]},
        "traits": dict(sorted(counted.items())),
        "where": {trait: [place for name, place in traits if name == trait][:_SHOWN] for trait in sorted(counted)},
        "disagreements": disagreements,
        "manifest": readable,
    }


def decide_archive(seen: Observation, limits: Limits) -> Judgement:
    """CLI-20: what is submitted is a package, and everybody reads the same one (see `_decide_readable`)."""
    if seen["state"] == "unreadable":
        return judge(Verdict.FAIL, seen["zh"], seen["en"])
    return _decide_readable(seen, limits)


@deciding
def _decide_readable(seen: Observation, _: Limits) -> Judgement:
    """CLI-20: the package is no attack on its reader, and all readers see the same.

    What only serves to deceive fails; what readers merely understand differently is for a person.
    """
    traits = seen["traits"]
    hostile = [f"{HOSTILE[trait]}: {place}" for trait in traits if trait in HOSTILE for place in seen["where"][trait]]
    doubts = [
        f"{AMBIGUOUS[trait]}: {place}" for trait in traits if trait in AMBIGUOUS for place in seen["where"][trait]
    ]
    doubts += seen["disagreements"]
    values = {"entries": seen["entries"], "expanded": seen["expanded"], "highest_ratio": seen["highest_ratio"]}
    if hostile:
        return judge(
            Verdict.FAIL,
            "软件包具有欺骗或攻击读取者的构造。",
            "The package is built to deceive or attack its reader.",
            hostile + doubts,
            values=values,
        )
    if seen["manifest"].get("part"):
        return judge(Verdict.INCONCLUSIVE, seen["manifest"]["zh"], seen["manifest"]["refused"], doubts, values)
    if doubts:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "不同读取程序对该软件包的理解可能不同，须由人员检查。",
            "Readers can understand this package differently: a person has to look at it.",
            doubts,
            values=values,
        )
    return judge(Verdict.PASS, "各读取程序所见一致。", "All readers see the same package.", values=values)


def _expanded(archive: Archive, entry: Entry, traits: list[tuple[str, str]]) -> int:
    """Return how many bytes `entry` expands to, noting damage and misstated sizes and checksums."""
    size = crc = 0
    try:
        for piece in archive.chunks(entry):
            size += len(piece)
            crc = zlib.crc32(piece, crc)
    except NotAnArchive:
        traits.append(("damaged", entry.name))
        return size
    if (size, crc) != (entry.size, entry.crc):
        traits.append(("size-differs", entry.name))
    return size


def _archive_readers(path: Path, archive: Archive) -> list[str]:
    """Return how the other readers' view of the archive differs from the platform's."""
    mine = _contents(archive.entries.keys(), archive.read)
    different = []
    for reader, see in (("zipfile", _by_zipfile), ("apkInspector", _by_inspector)):
        try:
            names, contents = see(path)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a reader that breaks off on hostile input is the finding
            different.append(f"{reader} refuses the archive: {type(error).__name__}")
            continue
        if names != archive.entries.keys():
            changed = sorted(map(repr, names ^ archive.entries.keys()))
            different.append(f"{reader} lists {len(names)} names, not {len(archive.entries)}: {', '.join(changed[:3])}")
        different += [f"{reader} reads another {name}" for name in mine if contents.get(name) != mine[name]]
    return different


def _by_zipfile(path: Path) -> tuple[set[str], dict[str, str]]:
    with zipfile.ZipFile(path) as opened:
        names = set(opened.namelist())
        return names, _contents(names, opened.read)


def _by_inspector(path: Path) -> tuple[set[str], dict[str, str]]:
    from apkInspector.headers import ZipEntry  # type: ignore[import-untyped]  # noqa: PLC0415 - untyped; only measured

    opened = ZipEntry.parse(io.BytesIO(path.read_bytes()))
    names = {name for name in opened.namelist() if name}
    return names, _contents(names, opened.read)


def _contents(names: Collection[str], read: Callable[[str], bytes]) -> dict[str, str]:
    return {name: _digest(name, read) for name in _CRITICAL if name in names}


def _digest(name: str, read: Callable[[str], bytes]) -> str:
    try:
        return sha256(read(name)).hex()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - what a reader cannot read differs from what another can
        return f"refused: {type(error).__name__}"


def _manifest_facts(archive: Archive) -> dict[str, Any]:
    """Return what the platform reads of the manifest; raises `Malformed` where there is none."""
    try:
        package = Manifest(archive)
    except PartOfApplication as breach:
        return {"refused": breach.explain("en"), "zh": breach.explain("zh"), "part": True}
    except Malformed as breach:
        if "AndroidManifest.xml" not in archive.entries:
            raise
        return {"refused": breach.explain("en")}
    return {
        "package": package.package,
        "debuggable": _shown(package),
        "components": sorted(Counter(str(each["kind"]) for each in package.components()).items()),
        "permissions": package.requested(),
    }


def _shown(package: Manifest) -> bool:
    value = package.application.value(manifest.DEBUGGABLE)
    return value is not None and not value.is_reference and value.data != 0


def _manifest_readers(archive: Archive, mine: dict[str, Any]) -> list[str]:
    """Return how androguard's view of the manifest differs from the platform's."""
    from androguard.core.axml import AXMLPrinter  # noqa: PLC0415 - only where it is measured
    from loguru import logger  # noqa: PLC0415 - only where it is measured

    logger.disable("androguard")
    try:
        root = AXMLPrinter(archive.read("AndroidManifest.xml")).get_xml_obj()
        space = "{http://schemas.android.com/apk/res/android}"
        application = root.find("application")
        theirs = {
            "package": root.get("package", ""),
            "debuggable": application is not None and application.get(f"{space}debuggable") == "true",
            "components": sorted(Counter(each.tag for each in application if each.tag in manifest.COMPONENTS).items())
            if application is not None
            else [],
            "permissions": sorted(
                {each.get(f"{space}name", "") for each in root if each.tag in manifest.PERMISSION_TAGS}
            ),
        }
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a reader that breaks off on hostile input is the finding
        if "refused" in mine:
            return [] if mine.get("part") else [f"nobody reads the manifest: {mine['refused']}"]
        return [f"androguard refuses the manifest: {type(error).__name__}"]
    if "refused" in mine:
        return [] if mine.get("part") else [f"only androguard reads the manifest: {mine['refused']}"]
    return [f"androguard reads another {name} in the manifest" for name in theirs if theirs[name] != mine[name]]
