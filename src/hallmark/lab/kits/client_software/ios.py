"""iOS packages: mitigations of the binaries, transport security, entitlements and URL schemes.

What can be seen of a package that the laboratory is given; the App Store encrypts and signs it anew.
"""

from __future__ import annotations

import plistlib
import re
from typing import TYPE_CHECKING, Any

from hallmark.kernel.text import Text
from hallmark.lab.kit import Judgement, Verdict, limit
from hallmark.lab.kits.client_software.archive import Archive, NotAnArchive
from hallmark.lab.kits.client_software.judging import deciding, declared, judge, looking_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hallmark.lab.kit import Limits, Observation, Session

_PROPERTIES = re.compile(r"Payload/[^/]+\.app/Info\.plist")
_MAGIC = tuple(bytes.fromhex(word) for word in ("feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "cafebabf"))
_COUNTED = ("_objc_release", "_objc_storeStrong", "_objc_autoreleaseReturnValue", "_swift_release")
_OBJECTS = ("_objc_msgSend", "_swift_allocObject", *_COUNTED)
_CANARIES = ("___stack_chk_fail", "___stack_chk_guard")
_SIGNATURE, _ENTITLEMENTS = 0xFADE0CC0, 0xFADE7171
_MOST_BLOBS = 64
_DEEPEST = 16

_OPENING = ("NSAllowsArbitraryLoads", "NSAllowsArbitraryLoadsInWebContent", "NSAllowsArbitraryLoadsForMedia")
_OPEN_DOMAIN = re.compile(r"NS(?:Temporary|ThirdParty)?(?:Exception|ThirdPartyException)AllowsInsecureHTTPLoads")
_OLD_TLS = ("TLSv1.0", "TLSv1.1")


@looking_at("ipa")
def measure(path: Path, session: Session) -> dict[str, object]:
    """Read the property list and every Mach-O binary of the application."""
    with Archive(path) as archive:
        found = sorted(filter(_PROPERTIES.fullmatch, archive.entries))
        if len(found) != 1:
            raise NotAnArchive(
                why=Text(f"其中有 {len(found)} 个应用，而非一个", f"it holds {len(found)} applications, not one")
            )
        properties = _properties(archive.read(found[0]))
        main = found[0].removesuffix("Info.plist") + str(properties.get("CFBundleExecutable"))
        binaries = [
            binary | {"name": name}
            for name, entry in archive.entries.items()
            if archive.head(entry, 4) in _MAGIC
            for binary in _binaries(archive.read(name))
        ]
        transport = properties.get("NSAppTransportSecurity", {})
        types = properties.get("CFBundleURLTypes", [])
        schemes = {str(name) for kind in types if isinstance(kind, dict) for name in kind.get("CFBundleURLSchemes", [])}
        return {
            "bundle": str(properties.get("CFBundleIdentifier", "")),
            "oldest": str(properties.get("MinimumOSVersion", "")),
            "main": main,
            "binaries": binaries,
            "transport": _plain(transport) if isinstance(transport, dict) else {},
            "url_schemes": sorted(schemes),
            "declared_schemes": declared(session, "url_schemes"),
        }


@deciding
def decide_binaries(seen: Observation, limits: Limits) -> Judgement:
    """CLI-18: every binary has the mitigations that `mitigations` lists, out of pie, arc, canary, nx-stack.

    Position independence concerns executables; reference counting those that use objects. A missing canary is for a
    person. Whether the App Store encrypted the binary is recorded.
    """
    required = list(limit(limits, "mitigations"))
    if not any(binary["name"] == seen["main"] and binary["readable"] for binary in seen["binaries"]):
        return judge(
            Verdict.INCONCLUSIVE, "无法读取应用主程序。", "The application's executable cannot be read.", [seen["main"]]
        )
    missing, doubts = [], []
    for binary in seen["binaries"]:
        if not binary["readable"]:
            doubts.append(f"{binary['name']}: cannot be read")
            continue
        absent = [name for name in required if binary["protections"].get(name) is False]
        doubts += [f"{binary['name']} ({binary['machine']}): {name}" for name in absent if name == "canary"]
        missing += [f"{binary['name']} ({binary['machine']}): {name}" for name in absent if name != "canary"]
    values = {
        "binaries": len(seen["binaries"]),
        "encrypted": [b["name"] for b in seen["binaries"] if b.get("encrypted")],
    }
    if missing:
        return judge(
            Verdict.FAIL, "二进制缺少防护措施。", "Binaries lack mitigations.", missing + doubts, values=values
        )
    if doubts:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "部分二进制未见栈保护或无法读取，须由人员判断。",
            "Some binaries show no stack canary or cannot be read: a person judges.",
            doubts,
            values=values,
        )
    return judge(Verdict.PASS, "二进制均具备防护措施。", "All binaries have the mitigations.", values=values)


@deciding
def decide_transport(seen: Observation, _: Limits) -> Judgement:
    """CLI-22: App Transport Security is on everywhere: no arbitrary loads, no insecure domain, TLS 1.2 at least."""
    transport: Mapping[str, Any] = seen["transport"]
    open_ones = [name for name in _OPENING if transport.get(name) is True]
    doubts = [name for name in ("NSAllowsLocalNetworking",) if transport.get(name) is True]
    domains = transport.get("NSExceptionDomains")
    for domain, rules in domains.items() if isinstance(domains, dict) else ():
        for name, value in rules.items() if isinstance(rules, dict) else ():
            if (value is True and _OPEN_DOMAIN.fullmatch(name)) or value in _OLD_TLS:
                open_ones.append(f"{domain}: {name} {value}")
            elif value is False and name.endswith("RequiresForwardSecrecy"):
                doubts.append(f"{domain}: {name} {value}")
    if open_ones:
        return judge(
            Verdict.FAIL,
            "应用传输安全被关闭或降低。",
            "App Transport Security is switched off or lowered.",
            open_ones + doubts,
        )
    if doubts:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "应用传输安全存在例外，须由人员判断。",
            "App Transport Security has exceptions: a person judges.",
            doubts,
        )
    return judge(Verdict.PASS, "应用传输安全全面启用。", "App Transport Security is on everywhere.")


@deciding
def decide_entitlements(seen: Observation, _: Limits) -> Judgement:
    """CLI-23: no debugger may attach (`get-task-allow`), and the URL schemes are those declared."""
    main = [binary for binary in seen["binaries"] if binary["name"] == seen["main"]]
    if any(binary.get("entitlements", {}).get("get-task-allow") is True for binary in main):
        return judge(
            Verdict.FAIL, "应用允许附加调试器。", "The application lets a debugger attach.", ["get-task-allow"]
        )
    undeclared = sorted(set(seen["url_schemes"]) - set(seen["declared_schemes"] or ()))
    if not main or not all(binary.get("entitlements") for binary in main):
        return judge(
            Verdict.INCONCLUSIVE,
            "主程序未签名或授权信息无法读取。",
            "The executable is not signed, or its entitlements cannot be read.",
            undeclared,
        )
    if undeclared:
        return judge(
            Verdict.INSPECTION_NEEDED,
            "存在未声明的 URL Scheme，任何应用均可抢注或调用。",
            "URL schemes are not declared; any application can claim or call them.",
            undeclared,
        )
    return judge(
        Verdict.PASS, "应用不可调试，URL Scheme 与声明一致。", "Not debuggable, and URL schemes are as declared."
    )


def _properties(data: bytes) -> dict[str, Any]:
    try:
        properties = plistlib.loads(data)
    except Exception as error:  # noqa: BLE001 - the parser raises whatever its input makes it raise
        raise NotAnArchive(
            why=Text(
                f"有属性列表无法读取（{type(error).__name__}）",
                f"a property list cannot be read ({type(error).__name__})",
            )
        ) from None
    if not isinstance(properties, dict):
        raise NotAnArchive(why=Text("有属性列表不是字典", "a property list is no dictionary"))
    return properties


def _plain(value: object, depth: int = _DEEPEST) -> object:
    """Return a property as JSON can hold it; dates, data and what lies too deep become their type's name."""
    if isinstance(value, bool | int | str) and depth:
        return value
    if isinstance(value, dict) and depth:
        return {str(key): _plain(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, list) and depth:
        return [_plain(inner, depth - 1) for inner in value]
    return type(value).__name__


def _binaries(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield every architecture of a Mach-O file."""
    import lief  # noqa: PLC0415 - heavy, only where it is measured

    lief.logging.disable()
    fat = lief.MachO.parse(data)
    if fat is None or not len(fat):
        yield {"readable": False}
        return
    for binary in fat:
        if len(binary.commands) != binary.header.nb_cmds:
            yield {"readable": False}
            continue
        imported = {symbol.name for symbol in binary.symbols}
        executable = binary.header.file_type == lief.MachO.Header.FILE_TYPE.EXECUTE
        uses_objects = any(name in imported for name in _OBJECTS)
        signature = bytes(binary.code_signature.content) if binary.code_signature else b""
        yield {
            "readable": True,
            "machine": binary.header.cpu_type.name,
            "encrypted": binary.encryption_info is not None and binary.encryption_info.crypt_id != 0,
            "entitlements": _plain(_entitlements(signature)),
            "protections": {
                "pie": binary.is_pie if executable else None,
                "arc": any(name in imported for name in _COUNTED) if uses_objects else None,
                "canary": any(name in imported for name in _CANARIES),
                "nx-stack": binary.has_nx_stack,
            },
        }


def _entitlements(signature: bytes) -> dict[str, Any]:
    """Return the entitlements in an embedded code signature (numbers of Apple's `cs_blobs.h`), empty where none."""
    words = [int.from_bytes(signature[at : at + 4]) for at in range(0, 12 + 8 * _MOST_BLOBS, 4)]
    if words[0] != _SIGNATURE:
        return {}
    for index in range(min(words[2], _MOST_BLOBS)):
        at = words[4 + 2 * index]
        if int.from_bytes(signature[at : at + 4]) == _ENTITLEMENTS:
            size = int.from_bytes(signature[at + 4 : at + 8])
            return _properties(signature[at + 8 : at + size])
    return {}
